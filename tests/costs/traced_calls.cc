#include "tests/costs/traced_calls.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace costs {
namespace {

constexpr int kCannotTrace = 77;

[[noreturn]] void Child(const std::function<bool()>& prepare, const std::function<bool()>& work) {
  if (!prepare()) _exit(2);
  if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(kCannotTrace);
  raise(SIGSTOP);  // the parent traces from here ...
  const bool is_done = work();
  raise(SIGSTOP);  // ... to here
  _exit(is_done ? 0 : 3);
}

// Waits for the next stop of the child; its wait status.
int NextStop(pid_t child) {
  int status = 0;
  if (waitpid(child, &status, __WALL) != child) {
    std::perror("waitpid");
    std::abort();
  }
  return status;
}

bool IsStoppedBy(int status, int signal) { return WIFSTOPPED(status) && WSTOPSIG(status) == signal; }

// Lets the child run from its first SIGSTOP to the second. Each system call stops it twice, going in and coming out.
int64_t CountUntilSecondStop(pid_t child) {
  constexpr int kSystemCallStop = SIGTRAP | 0x80;
  int64_t stops = 0;
  while (true) {
    ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
    const int status = NextStop(child);
    if (IsStoppedBy(status, SIGSTOP)) break;
    if (!IsStoppedBy(status, kSystemCallStop)) {
      std::fprintf(stderr, "the traced child stopped with status %x\n", status);
      std::abort();
    }
    ++stops;
  }
  return stops / 2;
}

// raise() itself makes system calls around the signal; an empty piece of work tells how many.
int64_t CallsOfNothing() {
  static const int64_t calls = CountSystemCalls([] { return true; }, nullptr).value();
  return calls;
}

}  // namespace

std::optional<int64_t> CountSystemCalls(const std::function<bool()>& prepare, const std::function<bool()>& work) {
  const pid_t child = fork();
  if (child == 0)
    Child(
        prepare, work ? work : [] { return true; });
  int status = NextStop(child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kCannotTrace) return std::nullopt;
  if (!IsStoppedBy(status, SIGSTOP)) {
    std::fprintf(stderr, "the child could not prepare: status %x\n", status);
    std::abort();
  }
  ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
  const int64_t calls = CountUntilSecondStop(child);
  ptrace(PTRACE_CONT, child, nullptr, nullptr);
  status = NextStop(child);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    std::fprintf(stderr, "the child's work failed: status %x\n", status);
    std::abort();
  }
  return work ? calls - CallsOfNothing() : calls;
}

}  // namespace costs
