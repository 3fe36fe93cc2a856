// A ColumnFamily is one sorted space of keys inside a database: its memtables, its Version and the history of both.
//
// Owner:   shared by the database and by handles; a dropped family stays readable through a live handle.
// Threads: id, name, order and history (reads) are safe from any thread. The fields under "state" are guarded by the
//          database's state mutex; `active` changes only in the commit path, with the state mutex held as well, so a
//          committing writer may read it without the mutex.
#pragma once

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/base/read_guard.h"
#include "engine/base/thread_pool.h"
#include "engine/compaction/choose.h"
#include "engine/db/config.h"
#include "engine/db/counters.h"
#include "engine/db/dead_spans.h"
#include "engine/db/events.h"
#include "engine/memtable/memtable.h"
#include "engine/version/version_history.h"

namespace gneiss {

// A memtable that takes no more writes, and the log that holds only newer data.
struct SealedMemtable {
  MemtablePtr memtable;
  uint64_t next_log_number = 0;        // once this is flushed, the family needs no log below
  uint64_t prepared_log = UINT64_MAX;  // the oldest log of a transaction committed into it
  uint64_t cut = 0;                    // what was sealed together is flushed together, where flushes are atomic
};

class ColumnFamily {
 public:
  ColumnFamily(uint32_t family_id, std::string family_name, FamilyConfig family_config,
               std::shared_ptr<const TableOpener> table_opener, std::shared_ptr<const BlobFileOpener> blob_file_opener)
      : id(family_id),
        name(std::move(family_name)),
        order(family_config.order),
        dead_spans(family_config.order),
        opener(std::move(table_opener)),
        blob_opener(std::move(blob_file_opener)),
        first_merge_operator_(family_config.compaction.merge_operator) {
    SetConfig(std::make_shared<const FamilyConfig>(std::move(family_config)));
  }

  const uint32_t id;
  const std::string name;
  const KeyOrder order;
  DeadSpans dead_spans;
  const std::shared_ptr<const TableOpener> opener;
  const std::shared_ptr<const BlobFileOpener> blob_opener;
  VersionHistory history;
  std::atomic<bool> is_dropped{false};
  std::atomic<size_t> write_buffer_bytes{0};
  std::atomic<size_t> successive_merges_max{0};
  std::atomic<bool> wants_rotation{false};  // the commit leader seals the active memtable before the next group
  std::atomic<const MergeOperator*> merge_operator{nullptr};
  std::atomic<uint64_t> active_prepared_log{UINT64_MAX};  // as SealedMemtable's, of the active memtable

  // --- state, guarded by the database's state mutex ---
  MemtablePtr active;
  std::deque<SealedMemtable> sealed;  // oldest first
  VersionPtr version;
  CompactionState compaction_state;
  CompactCursors cursors;
  uint64_t log_number = 0;  // no log below holds unflushed data of this family
  uint64_t next_memtable_id = 1;
  FlushCause flush_cause = FlushCause::kWriteBufferFull;  // of the next flush
  bool is_flush_requested = false;                        // flush all sealed memtables, however few
  bool is_flushing = false;
  bool is_flush_queued = false;
  bool is_compaction_queued = false;
  int running_compactions = 0;
  // Where running merges and ingestions will put tables: until they are done no other may write to the same keys of
  // that level. By the number of the merge's first input, or of the table taken in.
  struct OutputClaim {
    int level = 0;
    std::string first_user_key;
    std::string last_user_key;
  };
  std::map<uint64_t, OutputClaim> output_claims;
  StallCondition stall = StallCondition::kNormal;
  std::vector<std::weak_ptr<const Version>> versions;  // those that may still be alive, newest last
  int manual_compactions = 0;                          // waiting or running: automatic ones hold back
  std::vector<LevelCounters> levels;
  FamilyCounters counters;

  // Memory for memtables is made ready ahead in there. Before the first memtable is made; what is made then may outlive
  // the pool, but nothing is added to it.
  void PrepareMemtableMemoryIn(ThreadPool* pool) {
    memtable_blocks_->SetBackground([pool](const std::function<void()>& job) { return pool->TrySubmit(job); });
  }
  std::shared_ptr<MemoryBudget> memtable_budget;  // set once, before the first memtable is made

  std::shared_ptr<const FamilyConfig> config() const {
    MutexLock lock(&config_mutex_);
    return config_;
  }
  // For callers that share nothing with others, whose ReadGuard was open before and keeps it.
  const FamilyConfig& GuardedConfig() const { return *guarded_config_.load(std::memory_order_acquire); }
  // The caller Reclaims.
  void SetConfig(std::shared_ptr<const FamilyConfig> next) {
    write_buffer_bytes.store(next->write_buffer_bytes, std::memory_order_relaxed);
    successive_merges_max.store(next->successive_merges_max, std::memory_order_relaxed);
    guarded_config_.store(next.get(), std::memory_order_release);
    {
      MutexLock lock(&config_mutex_);
      std::swap(config_, next);
    }
    if (next != nullptr) Retire([last = std::move(next)] {});
  }
  // The next one for `active`: all that it takes is newer than earliest_seq. A filter serves its readers.
  MemtablePtr NewMemtable(SeqNo earliest_seq, bool is_filtered = true) {
    const auto current = config();
    memtable_blocks_->Expect(current->write_buffer_bytes, current->wants_huge_pages);
    const Memtable::Config memtable_config = {.order = order,
                                              .expected_bytes = is_filtered ? current->write_buffer_bytes : 0,
                                              .arena_block_bytes = current->arena_block_bytes,
                                              .blocks = memtable_blocks_,
                                              .clock = current->table_read.clock,
                                              .budget = memtable_budget};
    return std::make_shared<Memtable>(memtable_config, next_memtable_id++, earliest_seq);
  }
  // RocksDB's full_history_ts_low, of a family with timestamps: older versions of a key may go but for the newest of
  // them, and nobody reads at an older timestamp. It only grows. Empty: all history is kept.
  std::string HistoryStart() const {
    MutexLock lock(&config_mutex_);
    return history_start_;
  }
  void SetHistoryStart(Slice timestamp) {
    MutexLock lock(&config_mutex_);
    history_start_ = timestamp;
  }
  Status CheckReadTimestamp(Slice timestamp) const;  // InvalidArgument before the history start
  bool IsFull(const Memtable& memtable) const {
    return memtable.UsedBytes() >= write_buffer_bytes.load(std::memory_order_relaxed);
  }
  SeqNo FirstSeqInMemory() const {  // kSeqMax: there is nothing
    SeqNo first = active->first_seq();
    for (const SealedMemtable& each : sealed) first = std::min(first, each.memtable->first_seq());
    return first;
  }
  // Its newest tables were ingested after what is in memory, and merge within level 0 only once that is flushed
  // (Level0RowStarts).
  bool MemoryBarsLevel0() const { return version->level(0).LargestSeq() > FirstSeqInMemory(); }
  std::vector<MemtablePtr> SealedNewestFirst() const {
    std::vector<MemtablePtr> memtables;
    for (auto it = sealed.rbegin(); it != sealed.rend(); ++it) memtables.push_back(it->memtable);
    return memtables;
  }

 private:
  // What merge_operator points to. A later config brings an equal one, but readers may hold this.
  const std::shared_ptr<const MergeOperator> first_merge_operator_;
  const std::shared_ptr<BlockPool> memtable_blocks_ = std::make_shared<BlockPool>();
  mutable Mutex config_mutex_;
  std::shared_ptr<const FamilyConfig> config_ GUARDED_BY(config_mutex_);
  std::atomic<const FamilyConfig*> guarded_config_{nullptr};  // config_
  std::string history_start_ GUARDED_BY(config_mutex_);
};

using FamilyPtr = std::shared_ptr<ColumnFamily>;

}  // namespace gneiss
