// The VersionHistory is the ordered list of a column family's SuperVersions still needed, each stamped with the epoch
// of its install. Snapshot reads stay repeatable because they select by epoch (DESIGN section 3).
//
// Rules:   1. A read without a snapshot takes the newest entry; one at a snapshot takes the newest entry with
//             entry.epoch <= snapshot.epoch, then filters entries by seq.
//          2. An install that keeps what every snapshot reads (rotation, flush, snapshot-preserving compaction)
//             replaces the newest entry and inherits its epoch. Any other install appends, with the next epoch.
//          3. An entry stays only while it is the newest or some live snapshot selects it.
// Owner:   holds one reference to each entry. What an install or a trim drops is released by the next Reclaim
//          (engine/base/read_guard.h), which the caller runs once it holds no lock.
// Threads: Newest, Select and EntryCount are lock-free and need a ReadGuard for as long as the result is used (or Ref
// it
//          inside the guard). Install and Trim need the database's state mutex.
#pragma once

#include <atomic>
#include <vector>

#include "engine/version/super_version.h"

namespace gneiss {

class VersionHistory {
 public:
  VersionHistory() = default;
  ~VersionHistory();
  VersionHistory(const VersionHistory&) = delete;
  VersionHistory& operator=(const VersionHistory&) = delete;

  const SuperVersion* Newest() const { return view_.load(std::memory_order_acquire)->entries.back(); }
  const SuperVersion* Select(Epoch snapshot_epoch) const;

  // Rule 2, first half. The first install of all is of epoch 0. Where memory is short nothing is installed
  // (std::bad_alloc).
  void InstallPreserving(SuperVersionPtr next);
  // Rule 2, second half: `epoch` is new, higher than any snapshot's; `live_snapshot_epochs` ascending.
  void InstallChanging(SuperVersionPtr next, Epoch epoch, const std::vector<Epoch>& live_snapshot_epochs);
  // Rule 3, after snapshots were released.
  void Trim(const std::vector<Epoch>& live_snapshot_epochs);

  size_t EntryCount() const { return view_.load(std::memory_order_acquire)->entries.size(); }

 private:
  using Entries = std::vector<const SuperVersion*>;
  struct View {
    Entries entries;  // oldest first, never empty
  };
  void Publish(Entries entries, Entries dropped);
  static size_t IndexFor(const Entries& entries, Epoch snapshot_epoch);
  static Entries Needed(const Entries& entries, const std::vector<Epoch>& live_snapshot_epochs, Entries* dropped);

  std::atomic<const View*> view_{nullptr};  // null until the first install
  uint64_t installs_ = 0;
};

}  // namespace gneiss
