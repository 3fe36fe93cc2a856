#include "tests/crash/ledger.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>

namespace gneiss::crash {

namespace {
constexpr size_t kValueBytesMax = 500;
}  // namespace

Ledger::Ledger(const std::string& file) {
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

Ledger::~Ledger() { munmap(counters_, sizeof(Counters)); }

uint64_t Ledger::Acknowledged() const {
  uint64_t sum = 0;
  for (const auto& count : counters_->acknowledged) sum += count.load();
  return sum;
}

std::string KeyOf(int thread, uint64_t number) {
  char text[32];
  std::snprintf(text, sizeof(text), "r%d-%012" PRIu64, thread, number);
  return text;
}

std::string HeadKeyOf(int thread) { return "head" + std::to_string(thread); }

std::string ValueOf(int thread, uint64_t number) {
  const uint64_t mixed = (number * 2 + static_cast<uint64_t>(thread) + 1) * 0x9e3779b97f4a7c15u;
  std::string value = std::to_string(mixed);
  const size_t bytes = value.size() + mixed % kValueBytesMax;
  while (value.size() < bytes) value += value;
  value.resize(bytes);
  return value;
}

}  // namespace gneiss::crash
