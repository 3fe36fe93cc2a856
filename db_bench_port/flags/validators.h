#pragma once

#include <cstdint>

// Ranges of flags, checked while the command line is read. Each prints what is wrong and returns false.
namespace bench {

bool IsPercent(const char* flag, int32_t value);              // 1 to 99
bool IsShardBits(const char* flag, int32_t value);            // below 20
bool IsTableCacheShardBits(const char* flag, int32_t value);  // 1 to 19
bool IsPrefixSize(const char* flag, int32_t value);
bool FitsInThirtyTwoBits(const char* flag, uint64_t value);

}  // namespace bench
