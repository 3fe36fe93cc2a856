// A SuperVersion is what one reader needs: the active memtable, the sealed ones, and the Version. Immutable, counted.
//
// Owner:   made with one reference; the VersionHistory holds it while it can be selected. Unref by the last holder
//          frees memtables and tables.
// Threads: immutable but for its counter. Acquire it through VersionHistory.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/memtable/memtable.h"
#include "engine/version/version.h"

namespace gneiss {

// Counts installs that change what an open snapshot would read. In memory only; no sequence number is used up.
using Epoch = uint64_t;

class SuperVersion {
 public:
  SuperVersion(MemtablePtr active_memtable, std::vector<MemtablePtr> sealed_newest_first, VersionPtr version_to_read)
      : active(std::move(active_memtable)),
        sealed(std::move(sealed_newest_first)),
        version(std::move(version_to_read)) {}

  const MemtablePtr active;
  const std::vector<MemtablePtr> sealed;
  const VersionPtr version;
  Epoch epoch = 0;      // set by VersionHistory::Install, before readers see it
  uint64_t number = 0;  // grows with every install (rocksdb.current-super-version-number)

  void Ref() const { references_.fetch_add(1, std::memory_order_relaxed); }
  void Unref() const {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  ~SuperVersion() = default;
  mutable std::atomic<uint64_t> references_{1};
};

// Owns one reference.
struct DropReference {
  void operator()(const SuperVersion* super_version) const { super_version->Unref(); }
};
using SuperVersionPtr = std::unique_ptr<SuperVersion, DropReference>;

}  // namespace gneiss
