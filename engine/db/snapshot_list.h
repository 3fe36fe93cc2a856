// A Snapshot is a point in a database's history: a sequence number and an epoch. The SnapshotList knows the open ones.
//
// Owner:   the list owns snapshots until Release. A snapshot released after the database closed is freed safely.
// Threads: every method is safe from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/key/internal_key.h"
#include "engine/version/super_version.h"

namespace gneiss {

class Snapshot {
 public:
  SeqNo seq() const { return seq_; }
  Epoch epoch() const { return epoch_; }
  int64_t unix_seconds() const { return unix_seconds_; }
  bool is_write_conflict_boundary() const { return is_write_conflict_boundary_; }

 private:
  friend class SnapshotList;
  SeqNo seq_ = 0;
  Epoch epoch_ = 0;
  int64_t unix_seconds_ = 0;
  bool is_write_conflict_boundary_ = false;
  Snapshot* older_ = nullptr;  // a circular list, guarded by SnapshotList::mutex_
  Snapshot* newer_ = nullptr;
};

class SnapshotList {
 public:
  SnapshotList();
  ~SnapshotList();
  SnapshotList(const SnapshotList&) = delete;
  SnapshotList& operator=(const SnapshotList&) = delete;

  // `read_seq` is read under the list's lock, so that snapshots are listed in seq order.
  const Snapshot* Take(const std::atomic<SeqNo>& read_seq, int64_t unix_seconds,
                       bool is_write_conflict_boundary = false) EXCLUDES(mutex_);
  void Release(const Snapshot* snapshot) EXCLUDES(mutex_);

  size_t Count() const EXCLUDES(mutex_);
  // Distinct seqs and epochs of the open snapshots, ascending.
  std::vector<SeqNo> Seqs() const EXCLUDES(mutex_);
  std::vector<Epoch> Epochs() const EXCLUDES(mutex_);
  // Seq and time of the oldest one; false when there is none.
  bool Oldest(SeqNo* seq, int64_t* unix_seconds) const EXCLUDES(mutex_);

  Epoch CurrentEpoch() const EXCLUDES(mutex_);
  // Begins the next epoch: `install` makes it true (VersionHistory::InstallChanging), told the epoch and the epochs of
  // the snapshots that are older. No snapshot is taken meanwhile: it would see the state before and then the one after.
  void BeginEpoch(const std::function<void(Epoch epoch, const std::vector<Epoch>& live_epochs)>& install)
      EXCLUDES(mutex_);

 private:
  mutable Mutex mutex_;
  Snapshot head_ GUARDED_BY(mutex_);
  size_t count_ GUARDED_BY(mutex_) = 0;
  Epoch epoch_ GUARDED_BY(mutex_) = 0;
};

}  // namespace gneiss
