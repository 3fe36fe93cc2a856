#pragma once

#include <cstdint>
#include <functional>
#include <optional>

namespace costs {

// How many system calls `work` makes in the calling thread, other threads left out: runs `prepare` and then `work` in a
// child process under ptrace. Nothing when tracing is not allowed here. A child that fails ends the program.
//
// Errors: `prepare` and `work` return whether they succeeded.
std::optional<int64_t> CountSystemCalls(const std::function<bool()>& prepare, const std::function<bool()>& work);

}  // namespace costs
