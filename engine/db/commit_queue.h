// The CommitQueue orders writers into groups: one leader at a time commits its own batch and those that queued behind
// it.
//
// Idea:    a stack of waiting writers grown by compare-and-swap, as in LevelDB's descendants. Who finds it empty leads
//          at once: a lone writer takes no lock, waits for nobody and wakes nobody.
// Owner:   writers live on their threads' stacks until their state is kDone.
// Threads: Join, and what follows by role, from any thread. FormGroup, LaunchInserts and Finish only by the leader
//          (Finish by the last inserter when inserts were launched).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "engine/base/status.h"
#include "engine/db/database.h"
#include "engine/wal/batch_steps.h"

namespace gneiss {

struct CommitGroup;

// What a batch with two-phase markers, or one that is logged in part, needs besides (marked_batch.cc).
struct MarkedBatch {
  struct Undo {
    std::string name;
    PreparedPtr before;  // null: there was none
  };
  std::vector<BatchStep> steps;
  std::vector<Undo> undo;
  std::string log_record;  // empty: the batch as it is
};

struct Writer {
  enum State : uint32_t { kWaiting, kLeading, kInserting, kDone };

  Writer(const WriteParams& write_params, std::string* batch_rep) : params(write_params), rep(batch_rep) {}
  explicit Writer(const WriteParams& write_params) : params(write_params), is_exclusive(true) {}

  const WriteParams params;
  std::string* const rep = nullptr;  // null: exclusive
  const bool is_exclusive = false;   // leads alone, for rotation and changes of the family set
  bool reads_back = false;           // needs what the batches before it wrote (successive_merges.cc)
  bool is_skipped = false;           // refused before the log: takes no part in the group
  SeqNo first_seq = 0;
  Status status;
  std::unique_ptr<MarkedBatch> marked;  // null for plain batches
  CommitGroup* group = nullptr;
  Writer* older = nullptr;
  Writer* newer = nullptr;
  std::atomic<uint32_t> state{kWaiting};
};

// A part of the queue: the leader, and the writers behind it up to `last`, linked by `newer`.
struct CommitGroup {
  class Iterator {
   public:
    Iterator(Writer* writer, Writer* last) : writer_(writer), last_(last) {}
    Writer* operator*() const { return writer_; }
    Iterator& operator++() {
      writer_ = writer_ == last_ ? nullptr : writer_->newer;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return writer_ != other.writer_; }

   private:
    Writer* writer_;
    Writer* const last_;
  };
  Iterator begin() const { return {leader, last}; }
  Iterator end() const { return {nullptr, last}; }

  Writer* leader = nullptr;
  Writer* last = nullptr;
  size_t writer_count = 0;
  SeqNo last_seq = 0;
  uint64_t entry_count = 0;
  bool needs_sync = false;
  bool is_in_order = false;  // its batches go into the memtables one after the other
  bool disable_wal = false;
  std::atomic<size_t> inserting{0};
  std::atomic<bool> has_failed{false};  // some entry did not get into its memtable
};

class CommitQueue {
 public:
  enum class Role { kLeader, kInserter, kDone };

  // Blocks until the writer leads, shall insert its own batch, or is done.
  Role Join(Writer* writer);
  // Leads at once if nobody is there, else does nothing. For exclusive writers.
  bool TryLead(Writer* writer);

  // Collects the writers behind the leader that can share its log write, up to `bytes_max` of batches.
  void FormGroup(Writer* leader, uint64_t bytes_max, CommitGroup* group);

  // Lets the followers insert their own batches; the leader then inserts its own and calls FinishInsert as they do.
  void LaunchInserts(CommitGroup* group);
  // True for the last one: it finishes the group. Others wait until they are done (WaitDone).
  bool FinishInsert(CommitGroup* group) { return group->inserting.fetch_sub(1, std::memory_order_acq_rel) == 1; }
  void WaitDone(Writer* writer);

  // Hands leadership on and marks every other writer of the group done. `self` is the caller's own writer.
  void Finish(CommitGroup* group, Writer* self);
  // The same for an exclusive writer that leads: it is its own group.
  void FinishAlone(Writer* writer) {
    CommitGroup group;
    FormGroup(writer, 0, &group);
    Finish(&group, writer);
  }

 private:
  static void WaitWhile(Writer* writer, uint32_t state);
  static void SetState(Writer* writer, uint32_t state);
  static void LinkNewer(Writer* newest);

  std::atomic<Writer*> newest_{nullptr};
};

}  // namespace gneiss
