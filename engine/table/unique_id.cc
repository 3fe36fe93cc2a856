#include "engine/table/unique_id.h"

#include <xxhash.h>

namespace gneiss {

namespace {

constexpr size_t kSessionDigitsMin = 13;
constexpr size_t kSessionDigitsMax = 24;
constexpr size_t kLowDigits = 12;  // 36^12 is a little more than 2^62
constexpr int kLowBits = 62;
constexpr uint64_t kLowMask = (uint64_t{1} << kLowBits) - 1;

bool ParseBase36(Slice digits, uint64_t* number) {
  *number = 0;
  for (const char c : digits) {
    uint64_t digit;
    if (c >= '0' && c <= '9') {
      digit = static_cast<uint64_t>(c - '0');
    } else if (c >= 'A' && c <= 'Z') {
      digit = static_cast<uint64_t>(c - 'A') + 10;
    } else if (c >= 'a' && c <= 'z') {
      digit = static_cast<uint64_t>(c - 'a') + 10;
    } else {
      return false;
    }
    *number = *number * 36 + digit;
  }
  return true;
}

}  // namespace

std::array<uint64_t, 2> TableUniqueId(Slice db_id, Slice db_session_id, uint64_t file_number) {
  const size_t digits = db_session_id.size();
  if (db_id.empty() || file_number == 0 || digits < kSessionDigitsMin || digits > kSessionDigitsMax) return {};
  uint64_t front;
  uint64_t back;
  if (!ParseBase36(db_session_id.substr(0, digits - kLowDigits), &front) ||
      !ParseBase36(db_session_id.substr(digits - kLowDigits), &back)) {
    return {};
  }
  const uint64_t session_high = front >> 2;
  const uint64_t session_low = (back & kLowMask) | (front << kLowBits);
  const XXH128_hash_t db_hash = XXH3_128bits_withSeed(db_id.data(), db_id.size(), session_high);
  return {session_low, db_hash.high64 ^ file_number};
}

}  // namespace gneiss
