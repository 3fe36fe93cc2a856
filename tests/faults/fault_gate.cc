#include "tests/faults/fault_gate.h"

namespace gneiss::faults {

using disk::Call;
using rocksdb::IOStatus;

namespace {

bool ChangesDisk(Call call) {
  switch (call) {
    case Call::kOpenForWriting:
    case Call::kAppend:
    case Call::kSync:
    case Call::kTruncate:
    case Call::kRename:
    case Call::kLink:
    case Call::kCreateDir:
    case Call::kSyncDir:
      return true;
    default:
      return false;
  }
}

bool IsPromise(Call call, const std::string& path) {
  const bool is_promising_file = path.ends_with(".log") || path.find("/MANIFEST") != std::string::npos;
  return is_promising_file && (call == Call::kAppend || call == Call::kSync);
}

}  // namespace

IOStatus FaultGate::Enter(Call call, const std::string& path, size_t* bytes) {
  const std::lock_guard lock(mutex_);
  if (is_dead_) {
    *bytes = 0;
    return IOStatus::IOError("the process has died");
  }
  if (fault_.changes_only && !ChangesDisk(call)) return IOStatus::OK();
  ++calls_;
  const bool fails = fault_.at != 0 && (calls_ == fault_.at || (fault_.is_lasting && calls_ > fault_.at));
  if (!fails) return IOStatus::OK();
  if (fired_.empty()) fired_ = std::string(disk::NameOf(call)) + " " + path;
  has_fired_on_promise_ = has_fired_on_promise_ || IsPromise(call, path);
  *bytes = *bytes * fault_.short_thousandths / 1000;
  if (fault_.error == Fault::Error::kNoSpace) return IOStatus::NoSpace("No space left on device", path);
  return IOStatus::IOError("Input/output error", path);
}

void FaultGate::Arm(const Fault& fault) {
  const std::lock_guard lock(mutex_);
  fault_ = fault;
  calls_ = 0;
}

void FaultGate::Die() {
  const std::lock_guard lock(mutex_);
  is_dead_ = true;
}

uint64_t FaultGate::Calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

bool FaultGate::HasFired() const { return !Fired().empty(); }

std::string FaultGate::Fired() const {
  const std::lock_guard lock(mutex_);
  return fired_;
}

bool FaultGate::HasFiredOnPromise() const {
  const std::lock_guard lock(mutex_);
  return has_fired_on_promise_;
}

std::string ToString(const Fault& fault) {
  return std::string(fault.error == Fault::Error::kNoSpace ? "no space" : "I/O error") + " at call " +
         std::to_string(fault.at) + (fault.is_lasting ? ", lasting" : ", once") +
         (fault.changes_only ? ", only calls that change the disk" : "") + ", appends cut at " +
         std::to_string(fault.short_thousandths) + "/1000";
}

}  // namespace gneiss::faults
