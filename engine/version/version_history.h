// The VersionHistory is the ordered list of a column family's SuperVersions still needed, each stamped with the epoch
// of its install. Snapshot reads stay repeatable because they select by epoch (DESIGN section 3).
//
// Rules:   1. A read without a snapshot takes the newest entry; one at a snapshot takes the newest entry with
//             entry.epoch <= snapshot.epoch, then filters entries by seq.
//          2. An install that keeps what every snapshot reads (rotation, flush, snapshot-preserving compaction)
//          replaces
//             the newest entry and inherits its epoch. Any other install appends, with the next epoch.
//          3. An entry stays only while it is the newest or some live snapshot selects it.
// Owner:   holds one reference to each entry.
// Threads: Newest and Select are lock-free and need a ReadGuard for as long as the result is used (or Ref it inside the
//          guard). Install and Trim need the database's state mutex.
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

  // Rule 2, first half. Takes over the caller's reference.
  void InstallPreserving(SuperVersion* next);
  // Rule 2, second half: `epoch` is new, higher than any snapshot's; `live_snapshot_epochs` ascending.
  void InstallChanging(SuperVersion* next, Epoch epoch, const std::vector<Epoch>& live_snapshot_epochs);
  // Rule 3, after snapshots were released.
  void Trim(const std::vector<Epoch>& live_snapshot_epochs);

  size_t EntryCount() const { return view_.load(std::memory_order_acquire)->entries.size(); }

 private:
  struct View {
    std::vector<const SuperVersion*> entries;  // oldest first, never empty once installed
  };
  void Publish(std::unique_ptr<View> next, std::vector<const SuperVersion*> dropped);
  static std::vector<const SuperVersion*> Needed(const std::vector<const SuperVersion*>& entries,
                                                 const std::vector<Epoch>& live_snapshot_epochs,
                                                 std::vector<const SuperVersion*>* dropped);

  std::atomic<const View*> view_{nullptr};
  uint64_t installs_ = 0;
};

}  // namespace gneiss
