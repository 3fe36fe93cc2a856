#include "engine/base/status.h"

#include <cerrno>
#include <cstring>

namespace gneiss {

Status Status::NotFound() {
  static const State* const state = new State{.code = Code::kNotFound, .is_static = true, .message = {}};
  return Status(state);
}

// Made when the library is loaded: later there may be no memory for them.
const Status::State Status::kOutOfMemory{
    .code = Code::kAborted, .sub_code = SubCode::kMemoryLimit, .is_static = true, .message = "no memory"};
const Status::State Status::kMemoryIsStale{.code = Code::kAborted,
                                           .sub_code = SubCode::kMemoryLimit,
                                           .severity = Severity::kFatalError,
                                           .is_static = true,
                                           .message = "no memory for what is on disk already; reopen the database"};

Status Status::OutOfMemory() { return Status(&kOutOfMemory); }
Status Status::MemoryIsStale() { return Status(&kMemoryIsStale); }

Status Status::Make(Code code, Slice message, Slice detail, SubCode sub_code) {
  std::string text(message);
  if (!message.empty() && !detail.empty()) text.append(": ");
  text.append(detail);
  return Status(new State{.code = code, .sub_code = sub_code, .message = std::move(text)});
}

Status Status::FromErrno(Slice context, int errno_value) {
  SubCode sub_code = SubCode::kNone;
  if (errno_value == ENOSPC) sub_code = SubCode::kNoSpace;
  if (errno_value == ENOENT) sub_code = SubCode::kPathNotFound;
  if (errno_value == ESTALE) sub_code = SubCode::kStaleFile;
  char buffer[256];
  return Make(Code::kIoError, context, strerror_r(errno_value, buffer, sizeof(buffer)), sub_code);
}

Status Status::WithSeverity(Severity severity) && {
  if (state_ == nullptr) return Status();
  return Status(new State{.code = code(), .sub_code = sub_code(), .severity = severity, .message = state_->message});
}

std::string Status::ToString() const {
  static constexpr const char* kNames[] = {"OK",
                                           "NotFound: ",
                                           "Corruption: ",
                                           "Not implemented: ",
                                           "Invalid argument: ",
                                           "IO error: ",
                                           "Merge in progress: ",
                                           "Result incomplete: ",
                                           "Shutdown in progress: ",
                                           "Operation timed out: ",
                                           "Operation aborted: ",
                                           "Resource busy: ",
                                           "Operation expired: ",
                                           "Operation failed. Try again.: ",
                                           "Compaction too large: ",
                                           "Column family dropped: "};
  std::string text = kNames[static_cast<size_t>(code())];
  text.append(message());
  return text;
}

}  // namespace gneiss
