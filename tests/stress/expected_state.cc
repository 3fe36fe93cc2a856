#include "tests/stress/expected_state.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace gneiss::stress {

ExpectedState::ExpectedState(const std::string& file) {
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

ExpectedState::~ExpectedState() { munmap(counters_, sizeof(Counters)); }

uint64_t ExpectedState::Acknowledged() const {
  uint64_t sum = 0;
  for (const Counters::Writer& writer : counters_->writers) sum += writer.acknowledged.load();
  return sum;
}

}  // namespace gneiss::stress
