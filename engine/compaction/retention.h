// Retention decides which entries of a merged, sorted input a flush or compaction keeps.
//
// Rules, per user key, newest entry first (all snapshots that are open or may still be opened matter):
//   1. In each stripe between neighbouring snapshots only the newest entry is kept; merge operands are folded within a
//   stripe.
//   2. A tombstone goes when no older entry can exist below (bottommost, or no deeper table overlaps the key) and no
//   snapshot
//      separates it from now.
//   3. A single-delete goes together with the Put it meets in its stripe.
//   4. At the bottommost level the newest kept Put visible to every snapshot gets seq 0.
//   5. Entries covered by a newer range tombstone of their own stripe go.
// Where keys have timestamps, each version of a key (its bytes with the timestamp) counts as a key of its own for these
// rules: all history is kept. Only versions older than `history_start` count as one key together, of which the newest
// is kept as above: reads at or after history_start cannot tell. At the bottommost level that one gets timestamp 0 too.
// Owner:   borrows its input; key() and value() hold until Next().
// Threads: one thread.
// Errors:  status(): Corruption for unparsable keys or merge failures, the input's errors, cancellation
// (ShutdownInProgress).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/logger.h"
#include "engine/base/stats.h"
#include "engine/compaction/compaction_config.h"
#include "engine/iter/blob_values.h"
#include "engine/iter/internal_iterator.h"
#include "engine/iter/range_tombstones.h"
#include "engine/key/key_order.h"

namespace gneiss {

class Retention {
 public:
  struct Params {
    KeyOrder order;
    std::vector<SeqNo> snapshots;  // ascending seqs of open snapshots; the newest data is always kept
    SeqNo earliest_write_conflict_snapshot = kSeqMax;
    bool enforces_single_delete_contracts = true;  // a Delete under a SingleDelete is Corruption, as RocksDB has it
    bool is_bottommost = false;
    int level = 0;                                        // for filters: of the newest input, as RocksDB has it
    std::function<bool(Slice user_key)> is_absent_below;  // null: never known
    const MergeOperator* merge_operator = nullptr;
    EntryFilter* filter = nullptr;
    const RangeTombstoneList* range_tombstones = nullptr;  // of the input
    std::string history_start;  // full_history_ts_low; empty: all history is kept, or keys have no timestamps
    const BlobValues* blob_values = nullptr;  // null: an entry's value is never needed from a blob file
    const std::atomic<bool>* is_cancelled = nullptr;
    StatsSink* stats = nullptr;
    Logger* logger = nullptr;
  };
  struct Counts {
    uint64_t input_entries = 0;
    uint64_t input_deletions = 0;
    uint64_t input_key_bytes = 0;
    uint64_t input_value_bytes = 0;
    uint64_t dropped_hidden = 0;    // shadowed by a newer entry
    uint64_t dropped_obsolete = 0;  // tombstones with nothing below
    uint64_t dropped_by_filter = 0;
    uint64_t dropped_range_deleted = 0;
    bool filter_changed_anything = false;  // then the install must append to the VersionHistory
  };

  Retention(Params params, InternalIterator* input);  // input is positioned at its first entry
  ~Retention();

  bool Valid() const;
  void Next();
  Slice key() const;  // internal key, maybe rewritten
  Slice value() const;
  const Status& status() const;
  const Counts& counts() const;

 private:
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

// Internal key of the start, end user key.
using RangeTombstones = std::vector<std::pair<InternalKey, std::string>>;

// What a flush or compaction keeps of its range tombstones, for TableOutput: of each piece of the list the newest of
// each stripe, and at the bottommost level none that every snapshot sees. In internal-key order. Neighbours of one seq
// stay apart, as in RocksDB's tables. Where keys have timestamps all are kept, but for those of the bottommost level
// that every snapshot sees and that are older than `history_start`.
RangeTombstones RetainRangeTombstones(const KeyOrder& order, const RangeTombstoneList& list,
                                      const std::vector<SeqNo>& snapshots, bool is_bottommost,
                                      Slice history_start = {});

}  // namespace gneiss
