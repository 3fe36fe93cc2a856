// A Status is the outcome of an operation: OK, or a code with a message.
//
// Units:   sizeof(Status) is one pointer; an OK Status is a null pointer and costs nothing to make, move or test.
// Owner:   the Status owns its message. NotFound() without a message is shared and never allocates.
// Threads: a plain value.
// Errors:  codes and sub-codes carry the numbers of rocksdb::Status (status.h of 7.8.3), so that
//          compat/status_map.cc is a copy of fields.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>

#include "engine/base/slice.h"

namespace gneiss {

class [[nodiscard]] Status {
 public:
  enum class Code : uint8_t {
    kOk = 0,
    kNotFound = 1,
    kCorruption = 2,
    kNotSupported = 3,
    kInvalidArgument = 4,
    kIoError = 5,
    kMergeInProgress = 6,
    kIncomplete = 7,
    kShutdownInProgress = 8,
    kTimedOut = 9,
    kAborted = 10,
    kBusy = 11,
    kExpired = 12,
    kTryAgain = 13,
    kCompactionTooLarge = 14,
    kColumnFamilyDropped = 15,
  };
  enum class SubCode : uint8_t {
    kNone = 0,
    kMutexTimeout = 1,
    kLockTimeout = 2,
    kLockLimit = 3,
    kNoSpace = 4,
    kDeadlock = 5,
    kStaleFile = 6,
    kMemoryLimit = 7,
    kSpaceLimit = 8,
    kPathNotFound = 9,
    kMergeOperandsInsufficientCapacity = 10,
    kManualCompactionPaused = 11,
    kOverwritten = 12,
    kTxnNotPrepared = 13,
    kIoFenced = 14,
  };
  // How bad a background error is, with rocksdb::Status::Severity's numbers.
  enum class Severity : uint8_t {
    kNoError = 0,
    kSoftError = 1,
    kHardError = 2,
    kFatalError = 3,
    kUnrecoverableError = 4
  };

  Status() = default;
  ~Status() { Free(); }
  Status(const Status& other) noexcept : state_(Share(other.state_)) {}
  Status(Status&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  Status& operator=(const Status& other) noexcept {
    const State* const state = Share(other.state_);
    Free();
    state_ = state;
    return *this;
  }
  Status& operator=(Status&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }

  static Status Ok() { return Status(); }
  static Status NotFound();       // shared, does not allocate
  static Status OutOfMemory();    // the same
  static Status MemoryIsStale();  // the same: memory lacks a part of what is on disk, only reopening helps. Fatal
  // The message is `message`, or "message: detail" when there is a detail (often a file name).
  static Status NotFound(Slice message, Slice detail = {}) { return Make(Code::kNotFound, message, detail); }
  static Status Corruption(Slice message, Slice detail = {}) { return Make(Code::kCorruption, message, detail); }
  static Status NotSupported(Slice message, Slice detail = {}) { return Make(Code::kNotSupported, message, detail); }
  static Status InvalidArgument(Slice message, Slice detail = {}) {
    return Make(Code::kInvalidArgument, message, detail);
  }
  static Status IoError(Slice message, Slice detail = {}) { return Make(Code::kIoError, message, detail); }
  static Status Incomplete(Slice message, Slice detail = {}) { return Make(Code::kIncomplete, message, detail); }
  static Status ShutdownInProgress(Slice message = {}, Slice detail = {}) {
    return Make(Code::kShutdownInProgress, message, detail);
  }
  static Status TimedOut(Slice message, Slice detail = {}) { return Make(Code::kTimedOut, message, detail); }
  static Status Aborted(Slice message, Slice detail = {}) { return Make(Code::kAborted, message, detail); }
  static Status Busy(Slice message, Slice detail = {}) { return Make(Code::kBusy, message, detail); }
  static Status TryAgain(Slice message, Slice detail = {}) { return Make(Code::kTryAgain, message, detail); }
  static Status ColumnFamilyDropped(Slice message, Slice detail = {}) {
    return Make(Code::kColumnFamilyDropped, message, detail);
  }
  static Status Make(Code code, Slice message, Slice detail = {}, SubCode sub_code = SubCode::kNone);

  // The errno's text becomes the detail; ENOSPC, ENOENT and ESTALE set the sub-code as RocksDB does.
  static Status FromErrno(Slice context, int errno_value);

  bool ok() const { return state_ == nullptr; }
  Code code() const { return state_ ? state_->code : Code::kOk; }
  SubCode sub_code() const { return state_ ? state_->sub_code : SubCode::kNone; }
  Severity severity() const { return state_ ? state_->severity : Severity::kNoError; }
  Slice message() const { return state_ ? Slice(state_->message) : Slice(); }
  bool IsNotFound() const { return code() == Code::kNotFound; }
  bool IsCorruption() const { return code() == Code::kCorruption; }
  bool IsIoError() const { return code() == Code::kIoError; }
  bool IsIncomplete() const { return code() == Code::kIncomplete; }
  bool IsNotSupported() const { return code() == Code::kNotSupported; }
  bool IsInvalidArgument() const { return code() == Code::kInvalidArgument; }
  bool IsShutdownInProgress() const { return code() == Code::kShutdownInProgress; }
  bool IsBusy() const { return code() == Code::kBusy; }
  bool IsColumnFamilyDropped() const { return code() == Code::kColumnFamilyDropped; }
  bool IsMemoryLimit() const { return code() == Code::kAborted && sub_code() == SubCode::kMemoryLimit; }
  bool IsNoSpace() const { return IsIoError() && sub_code() == SubCode::kNoSpace; }
  bool IsPathNotFound() const { return IsIoError() && sub_code() == SubCode::kPathNotFound; }

  Status WithSeverity(Severity severity) &&;
  std::string ToString() const;

  // Says that dropping this Status is meant, and why.
  void IgnoreError(const char* /*reason*/) const {}

 private:
  struct State {
    Code code;
    SubCode sub_code = SubCode::kNone;
    Severity severity = Severity::kNoError;
    bool is_static = false;  // never freed
    std::string message;
    mutable std::atomic<uint32_t> owners{1};  // a Status is passed on where there may be no memory to copy it
  };

  static const State kOutOfMemory;
  static const State kMemoryIsStale;

  explicit Status(const State* state) : state_(state) {}
  static const State* Share(const State* state) {
    if (state != nullptr && !state->is_static) state->owners.fetch_add(1, std::memory_order_relaxed);
    return state;
  }
  void Free() {
    if (state_ != nullptr && !state_->is_static && state_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      delete state_;
    }
    state_ = nullptr;
  }

  const State* state_ = nullptr;
};

#define GNEISS_RETURN_IF_ERROR(expr)          \
  do {                                        \
    ::gneiss::Status gneiss_status_ = (expr); \
    if (!gneiss_status_.ok()) [[unlikely]]    \
      return gneiss_status_;                  \
  } while (0)

}  // namespace gneiss
