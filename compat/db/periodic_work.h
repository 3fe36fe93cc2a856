// Work that repeats while a database is open.
//
// One thread serves all databases of the process; it begins with the first piece of work and ends with the last, so
// that databases that ask for none cost none. Work that takes long delays the others'.
//
// Units:   periods in seconds, by the machine's steady clock.
// Owner:   a PeriodicWork owns its pieces and ends them when it goes.
// Threads: safe from any thread. After Stop, or after a piece was set anew, its old work runs no more: both wait for
// it. Errors:  none.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>

namespace gneiss::compat {

class PeriodicWork {
 public:
  PeriodicWork() = default;
  ~PeriodicWork() { Stop(); }
  PeriodicWork(const PeriodicWork&) = delete;
  PeriodicWork& operator=(const PeriodicWork&) = delete;

  // The piece `name` is done every so often from now on; the first time within a period. 0: it is not.
  void Set(const char* name, uint64_t period_seconds, std::function<void()> work);
  void Stop();  // for good

 private:
  struct Piece {
    uint64_t timer_id = 0;
    uint64_t period_seconds = 0;
  };

  std::mutex mutex_;
  std::map<const char*, Piece> pieces_;
  bool is_stopped_ = false;
};

}  // namespace gneiss::compat
