// SharedCounters maps a file of counters: what a process wrote there is true whenever and however it dies, and whoever
// ends it sees the same.
//
// Counters: a struct of nothing but atomics; all zero in a new file.
// Owner:    owns the mapping. Threads: as the counters.
// Errors:   a file that cannot be mapped ends the program.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace gneiss {

template <typename Counters>
class SharedCounters {
 public:
  explicit SharedCounters(const std::string& file) {
    const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    void* memory = MAP_FAILED;
    if (fd >= 0 && ftruncate(fd, sizeof(Counters)) == 0) {
      memory = mmap(nullptr, sizeof(Counters), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    }
    if (memory == MAP_FAILED) {
      std::perror(file.c_str());
      std::abort();
    }
    close(fd);
    counters_ = static_cast<Counters*>(memory);
  }
  SharedCounters(const SharedCounters&) = delete;
  SharedCounters& operator=(const SharedCounters&) = delete;
  ~SharedCounters() { munmap(counters_, sizeof(Counters)); }

  Counters* operator->() { return counters_; }
  const Counters* operator->() const { return counters_; }

 private:
  Counters* counters_;
};

}  // namespace gneiss
