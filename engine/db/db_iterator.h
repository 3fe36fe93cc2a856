// A DbIterator shows the live keys of one column family at one point in history, in user-key order.
//
// Owner:   holds a reference to its SuperVersion. key() and value() are borrowed until the next move.
// Threads: one thread at a time.
// Errors:  status() after Valid() turned false. A bound that is crossed just ends the iteration.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/stats.h"
#include "engine/db/dead_run.h"
#include "engine/db/timestamp_view.h"
#include "engine/iter/internal_iterator.h"
#include "engine/iter/range_tombstones.h"
#include "engine/key/key_order.h"
#include "engine/key/merge_operator.h"
#include "engine/table/key_buffer.h"
#include "engine/version/super_version.h"

namespace gneiss {

class ColumnFamily;
class Snapshot;

struct IteratorParams {
  ReadParams table;
  const Snapshot* snapshot = nullptr;
  const Slice* lower_bound = nullptr;  // inclusive; the Slices stay valid while the iterator lives
  const Slice* upper_bound = nullptr;  // exclusive
  // For a family with timestamps: what a reader at `timestamp` sees; with `start_timestamp` every version between the
  // two. Then keys, targets and bounds have timestamps: BeforeVersions for the bounds, `timestamp` for Seek and
  // `start_timestamp` for SeekForPrev. Otherwise all of them are bare.
  const Slice* timestamp = nullptr;
  const Slice* start_timestamp = nullptr;
  // The prefix filter is asked only where that changes nothing; otherwise a caller's Seek in a family with prefixes is
  // for the keys of the target's prefix (unless total_order_seek).
  bool auto_prefix_mode = false;
  bool memtable_only = false;
  uint64_t max_skippable_internal_keys = 0;  // 0: no limit; else Incomplete when a move hides more
};

class DbIterator {
 public:
  struct Source {
    const SuperVersion* super_version = nullptr;  // one reference is taken over
    std::shared_ptr<ColumnFamily> family;
    KeyOrder order;                         // of the keys of `entries`
    std::unique_ptr<SeekScope> seek_scope;  // which the tables among `entries` look at; may be null
    std::unique_ptr<InternalIterator> entries;
    const TimestampView* view = nullptr;                         // `entries`, where the family has timestamps
    std::shared_ptr<const RangeTombstoneList> range_tombstones;  // null: none
    SeqNo seq = 0;
    SeqNo complete_seq = 0;           // DeadSpans::View's
    DeadSpans* dead_spans = nullptr;  // the family's; null: this iterator neither uses nor reports any
    const MergeOperator* merge_operator = nullptr;
    StatsSink* stats = nullptr;
    Clock* clock = Clock::System();  // for the time that seeks take
    uint64_t skips_before_reseek_max = 8;
  };
  DbIterator(const IteratorParams& params, Source source);
  ~DbIterator();
  DbIterator(const DbIterator&) = delete;
  DbIterator& operator=(const DbIterator&) = delete;

  bool Valid() const { return is_valid_; }
  void SeekToFirst();
  void SeekToLast();
  void Seek(Slice user_key);
  void SeekForPrev(Slice user_key);
  void Next();
  void Prev();
  Slice key() const { return key_; }
  Slice value() const { return value_; }  // of a wide-column entity, the default column
  // The entity as it is stored, where is_entity().
  bool is_entity() const { return is_entity_; }
  Slice entity() const { return entity_; }
  Status status() const { return status_; }
  // Of the version shown; the family has timestamps.
  Slice timestamp() const { return source_.view->shown_timestamp(); }
  Slice stored_internal_key() const { return source_.view->shown_internal_key(); }
  uint64_t super_version_number() const { return source_.super_version->number; }
  SeqNo seq() const { return source_.seq; }
  const std::shared_ptr<ColumnFamily>& family() const { return source_.family; }

 private:
  using Direction = DeadRun::Direction;

  // Records how long a seek took when it goes; costs nothing without statistics.
  class SeekTimer {
   public:
    explicit SeekTimer(const Source& source)
        : source_(source.stats != nullptr && source.stats->WantsTimers() ? &source : nullptr),
          start_us_(source_ != nullptr ? source_->clock->NowMicros() : 0) {}
    SeekTimer(const SeekTimer&) = delete;
    SeekTimer& operator=(const SeekTimer&) = delete;
    ~SeekTimer() {
      if (source_ != nullptr) source_->stats->Record(Histogram::kSeek, source_->clock->NowMicros() - start_us_);
    }

   private:
    const Source* const source_;
    const uint64_t start_us_;
  };

  bool ShowNextPut(Slice internal_key, Slice value);
  bool FindNextVisible(bool skip_current_user_key);
  bool FindNextVisible(bool has_entry, Slice internal_key, bool skip_current_user_key);
  bool IsDead(const ParsedKey& entry) const;
  bool ShowLive(const ParsedKey& entry);
  bool MergeForward();
  bool FindPrevVisible();
  bool StepBackInKey(ParsedKey* entry, uint64_t* skipped_total);
  bool ResolveReverse(ParsedKey entry, bool* is_live, uint64_t* skipped_total);
  bool ResolveBySeek(bool* is_live);
  bool FoldOperands(const Slice* base);
  bool ReadBlob(Slice reference, Slice user_key);
  bool ShowEntity(Slice entity);
  void SeekBefore(Slice user_key);
  void SeekEntries(Slice user_key, SeqNo seq);
  void SeekForCaller(Slice user_key);
  void SeekFrom(Slice user_key, bool is_prefix_only);
  void SeekBehind(Slice user_key);
  void SwitchToForward();
  void SwitchToReverse();
  bool IsBelowLower(Slice user_key) const;
  bool IsPastUpper(Slice user_key) const;
  bool IsCovered(const ParsedKey& entry) const;
  bool Parse(Slice internal_key, ParsedKey* entry);
  bool ParseCurrent(ParsedKey* entry);
  bool CurrentKey(Slice* internal_key) const;
  bool IsOverSkipBudget(uint64_t* skipped);
  bool EndWithError(Status status);
  Slice SaveKey(Slice user_key) {  // which is not saved_key_
    saved_bytes_.Assign(user_key);
    const Slice saved(saved_bytes_.data(), user_key.size());
    saved_key_ = saved;
    return saved;
  }

  const IteratorParams params_;
  Source source_;
  const KeyOrder order_;
  InternalIterator* const entries_;             // source_.entries
  const RangeTombstoneList* const tombstones_;  // source_.range_tombstones, or null where that has none
  Direction direction_ = Direction::kForward;
  bool is_valid_ = false;
  bool is_entry_current_ = false;  // forward: entries_ stands on the entry shown
  Slice key_;
  Slice value_;
  bool is_entity_ = false;
  Slice entity_;
  KeyBuffer saved_bytes_;
  Slice saved_key_;  // in saved_bytes_
  std::string saved_value_;
  PinnedValue blob_value_;     // the value shown, where it lies in a blob file
  std::string last_dead_key_;  // reverse
  std::vector<std::string> operands_newest_first_;
  DeadRun dead_run_;
  uint64_t skipped_ = 0;          // hidden entries passed, for counters
  bool has_newer_entry_ = false;  // reverse: the key just resolved has entries that are newer than seq
  Status status_;
};

// For a family with timestamps: puts a TimestampView over source->entries, whose order is source->order.
void ShowVersions(const IteratorParams& params, DbIterator::Source* source);

}  // namespace gneiss
