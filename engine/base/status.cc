#include "engine/base/status.h"

#include <cerrno>
#include <cstring>

namespace gneiss {

Status Status::NotFound() {
  static const State* const shared = [] {
    auto* state = new State{.code = Code::kNotFound, .message = {}};
    state->is_shared = true;
    return state;
  }();
  return Status(shared);
}

Status Status::Make(Code code, Slice message, Slice detail, SubCode sub_code) {
  auto* state = new State{.code = code, .sub_code = sub_code, .message = std::string(message)};
  if (!detail.empty()) {
    if (!message.empty()) state->message.append(": ");
    state->message.append(detail);
  }
  return Status(state);
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
  auto* state = new State(*state_);
  state->is_shared = false;
  state->severity = severity;
  return Status(state);
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
