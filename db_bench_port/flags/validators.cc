#include "db_bench_port/flags/validators.h"

#include <cstdio>
#include <limits>
#include <string>

namespace bench {
namespace {

bool Check(bool is_good, const char* flag, const std::string& value, const char* range) {
  if (!is_good) std::fprintf(stderr, "--%s=%s is out of range: %s\n", flag, value.c_str(), range);
  return is_good;
}

}  // namespace

bool IsPercent(const char* flag, int32_t value) {
  return Check(value > 0 && value < 100, flag, std::to_string(value), "1 to 99");
}

bool IsShardBits(const char* flag, int32_t value) {
  return Check(value < 20, flag, std::to_string(value), "at most 19");
}

bool IsTableCacheShardBits(const char* flag, int32_t value) {
  return Check(value > 0 && value < 20, flag, std::to_string(value), "1 to 19");
}

bool IsPrefixSize(const char* flag, int32_t value) {
  return Check(value >= 0 && value < 2000000000, flag, std::to_string(value), "0 to 1999999999");
}

bool FitsInThirtyTwoBits(const char* flag, uint64_t value) {
  return Check(value <= std::numeric_limits<uint32_t>::max(), flag, std::to_string(value), "at most 4294967295");
}

}  // namespace bench
