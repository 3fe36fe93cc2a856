// A FaultGate counts a database's calls to its file system and lets one of them fail, or one and all that follow.
//
// Threads: safe from any thread.
#pragma once

#include <mutex>
#include <string>

#include "tests/disk/disk_file_system.h"

namespace gneiss::faults {

struct Fault {
  uint64_t at = 0;  // fails the call of this number, from 1 on; 0: none
  enum class Error : uint8_t { kIoError, kNoSpace } error = Error::kIoError;
  bool is_lasting = false;         // until healed
  bool changes_only = false;       // counts and fails only calls that change the disk, as a full disk does
  uint64_t short_thousandths = 0;  // an append that fails writes so much of its bytes first
};

class FaultGate : public disk::Gate {
 public:
  rocksdb::IOStatus Enter(disk::Call call, const std::string& path, size_t* bytes) override;

  void Arm(const Fault& fault);  // counts anew
  void Heal() { Arm({}); }
  void Die();
  uint64_t Calls() const;
  bool HasFired() const;
  // The first call that failed, in words, and what it was.
  std::string Fired() const;
  // A failure there must not stay unknown: what the database promises rests on these files.
  bool HasFiredOnPromise() const;

 private:
  mutable std::mutex mutex_;
  Fault fault_;
  uint64_t calls_ = 0;
  bool is_dead_ = false;
  std::string fired_;
  bool has_fired_on_promise_ = false;
};

std::string ToString(const Fault& fault);

}  // namespace gneiss::faults
