#include "compat/utilities/unique_id.h"

#include <rocksdb/table_properties.h>
#include <rocksdb/unique_id.h>
#include <unistd.h>
#include <xxhash.h>

#include <atomic>
#include <charconv>
#include <cstring>
#include <random>

#include "engine/base/coding.h"

namespace gneiss::compat {

using rocksdb::Status;

namespace {

constexpr size_t kSessionDigitsMin = 13;
constexpr size_t kSessionDigitsMax = 24;
constexpr size_t kUpperDigits = 8;
constexpr size_t kLowerDigits = 12;  // 36^12 is a little more than 2^62
constexpr uint64_t kLowerMask = UINT64_MAX >> 2;

uint64_t RandomWord() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

// Ids of one process share random upper bits; the lower ones are a random start xor a counter, so they never repeat.
// A forked child falls back to fresh random numbers.
struct SessionSequence {
  uint64_t upper = RandomWord();
  uint64_t lower = RandomWord();
  std::atomic<uint64_t> next{0};
  pid_t process = getpid();
};

SessionSequence& Sequence() {
  static SessionSequence sequence;
  return sequence;
}

void AppendBase36(uint64_t number, size_t digits, std::string* text) {
  text->resize(text->size() + digits);
  for (char* at = &text->back(); digits > 0; --digits, --at) {
    *at = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[number % 36];
    number /= 36;
  }
}

bool ParseBase36(const char* begin, const char* end, uint64_t* number) {
  const auto [after, error] = std::from_chars(begin, end, *number, 36);
  return error == std::errc() && after == end;
}

Status PublicUniqueId(const rocksdb::TableProperties& properties, size_t words, std::string* id) {
  id->clear();
  std::array<uint64_t, 3> internal;
  Status status =
      InternalUniqueId({properties.db_id, properties.db_session_id, properties.orig_file_number}, &internal);
  if (!status.ok()) return status;
  // The words leave scrambled, so that any prefix of the id is as good as a hash. The constants keep zeros zero.
  uint64_t in[2] = {internal[0] + 6417269962128484497U, internal[1] + 17391078804906429400U};
  const XXH128_hash_t out = XXH3_128bits(in, sizeof(in));
  PutU64(id, out.low64);
  PutU64(id, out.high64);
  if (words == 3) PutU64(id, internal[2] + out.low64 + out.high64);
  return status;
}

}  // namespace

std::string NewSessionId() {
  SessionSequence& sequence = Sequence();
  for (;;) {
    const bool is_forked = sequence.process != getpid();
    const uint64_t upper = is_forked ? RandomWord() : sequence.upper;
    const uint64_t lower =
        is_forked ? RandomWord() : sequence.lower ^ sequence.next.fetch_add(1, std::memory_order_relaxed);
    // Zero would read as "no unique id" in a MANIFEST.
    if (lower != 0) return EncodeSessionId(upper, lower);
  }
}

void ResetSessionIds() {
  SessionSequence& sequence = Sequence();
  sequence.upper = RandomWord();
  sequence.lower = RandomWord();
  sequence.next = 0;
  sequence.process = getpid();
}

std::string EncodeSessionId(uint64_t upper, uint64_t lower) {
  std::string id;
  AppendBase36(upper << 2 | lower >> 62, kUpperDigits, &id);
  AppendBase36(lower & kLowerMask, kLowerDigits, &id);
  return id;
}

Status DecodeSessionId(const std::string& session_id, uint64_t* upper, uint64_t* lower) {
  if (session_id.empty()) return Status::NotSupported("Missing db_session_id");
  if (session_id.size() < kSessionDigitsMin) return Status::NotSupported("Too short db_session_id");
  if (session_id.size() > kSessionDigitsMax) return Status::NotSupported("Too long db_session_id");
  const char* const begin = session_id.data();
  const char* const end = begin + session_id.size();
  uint64_t front;
  uint64_t back;
  if (!ParseBase36(begin, end - kLowerDigits, &front) || !ParseBase36(end - kLowerDigits, end, &back)) {
    return Status::NotSupported("Bad digit in db_session_id");
  }
  *upper = front >> 2;
  *lower = (back & kLowerMask) | front << 62;
  return Status::OK();
}

std::array<uint64_t, 3> InternalUniqueId(const std::string& db_id, uint64_t session_upper, uint64_t session_lower,
                                         uint64_t file_number) {
  const XXH128_hash_t db_hash = XXH3_128bits_withSeed(db_id.data(), db_id.size(), session_upper);
  return {session_lower, db_hash.high64 ^ file_number, db_hash.low64};
}

Status InternalUniqueId(const TableIdentity& identity, std::array<uint64_t, 3>* id) {
  if (identity.db_id.empty()) return Status::NotSupported("Missing db_id");
  if (identity.file_number == 0) return Status::NotSupported("Missing or bad file number");
  uint64_t upper;
  uint64_t lower;
  Status status = DecodeSessionId(identity.session_id, &upper, &lower);
  if (status.ok()) *id = InternalUniqueId(identity.db_id, upper, lower, identity.file_number);
  return status;
}

}  // namespace gneiss::compat

namespace rocksdb {

Status GetUniqueIdFromTableProperties(const TableProperties& props, std::string* out_id) {
  return gneiss::compat::PublicUniqueId(props, 2, out_id);
}

Status GetExtendedUniqueIdFromTableProperties(const TableProperties& props, std::string* out_id) {
  return gneiss::compat::PublicUniqueId(props, 3, out_id);
}

std::string UniqueIdToHumanString(const std::string& id) {
  const std::string hex = Slice(id).ToString(/*hex=*/true);
  std::string text;
  for (size_t i = 0; i < hex.size(); i += 16) {
    if (i > 0) text += '-';
    text.append(hex, i, 16);
  }
  return text;
}

}  // namespace rocksdb
