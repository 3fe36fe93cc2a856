#include "tests/crash/ledger.h"

#include <cinttypes>
#include <cstdio>

namespace gneiss::crash {

namespace {
constexpr size_t kValueBytesMax = 500;
}  // namespace

uint64_t Ledger::Acknowledged() const {
  uint64_t sum = 0;
  for (const auto& count : (*this)->acknowledged) sum += count.load();
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
