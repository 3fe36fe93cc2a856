// The Ledger says how far a turn came. It is a mapped file, so it outlives a SIGKILL as the log does.
//
// Errors: a file that cannot be mapped ends the program.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace gneiss::parity {

class Ledger {
 public:
  struct Counts {
    std::atomic<uint64_t> seed;
    std::atomic<uint64_t> turn;
    std::atomic<uint64_t> is_running;  // 1 from the turn's first operation to its orderly end
    std::atomic<uint64_t> safe;        // operations that must have outlived a kill
    std::atomic<uint64_t> begun;
  };
  explicit Ledger(const std::string& file);
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;
  ~Ledger();
  Counts* operator->() { return counts_; }

 private:
  Counts* counts_ = nullptr;
};

}  // namespace gneiss::parity
