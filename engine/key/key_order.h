// KeyOrder is how user keys sort: bytewise, reverse bytewise, or as the user's own comparator says.
//
// It is a value: a kind and a pointer. The two built-in orders are compared inline; only kCustom makes a virtual call.
//
// Timestamps: a custom order may say that every user key ends in a timestamp of so many bytes, as the stored keys of a
//          family with user-defined timestamps do (docs/formats/timestamps.md). Then versions of one key differ in
//          their timestamps alone. Compare and Equal leave timestamps out: where tables begin and end, what overlaps,
//          what is one key. CompareStored and CompareInternal count them, newest first: in which order versions lie.
//          A key without its timestamp is called bare.
// Owner:   a custom UserOrder belongs to the caller of the engine and must outlive the database.
// Threads: safe from any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

#include "engine/base/short_bytes.h"
#include "engine/key/internal_key.h"

namespace gneiss {

class UserOrder {
 public:
  virtual ~UserOrder() = default;
  virtual const char* Name() const = 0;
  virtual int Compare(Slice a, Slice b) const = 0;  // with timestamps, where keys have them
  // For orders with timestamps: keys that both have one, compared without; and two timestamps, the older is less.
  virtual int CompareWithoutTimestamp(Slice a, Slice b) const { return Compare(a, b); }
  virtual int CompareTimestamp(Slice /*a*/, Slice /*b*/) const { return 0; }
  // How bare keys sort.
  virtual const UserOrder* BareOrder() const { return this; }
  // Replace *start by a short key in [*start, limit), *key by a short key >= *key. Doing nothing is right too.
  virtual void FindShortestSeparator(std::string* start, Slice limit) const = 0;
  virtual void FindShortSuccessor(std::string* key) const = 0;
};

class KeyOrder {
 public:
  enum class Type : uint8_t { kBytewise, kReverseBytewise, kCustom };

  KeyOrder() = default;  // bytewise
  static KeyOrder Bytewise() { return KeyOrder(Type::kBytewise, nullptr); }
  static KeyOrder ReverseBytewise() { return KeyOrder(Type::kReverseBytewise, nullptr); }
  static KeyOrder Custom(const UserOrder* order, uint32_t timestamp_bytes = 0) {
    return KeyOrder(Type::kCustom, order, timestamp_bytes);
  }

  Type type() const { return type_; }
  bool is_bytewise() const { return type_ == Type::kBytewise; }
  const char* Name() const;  // "leveldb.BytewiseComparator", "rocksdb.ReverseBytewiseComparator", or the user's

  // Orders user keys, timestamps left out.
  int Compare(Slice a, Slice b) const {
    if (type_ == Type::kBytewise) [[likely]]
      return CompareBytes(a, b);
    if (type_ == Type::kReverseBytewise) return CompareBytes(b, a);
    return timestamp_bytes_ == 0 ? custom_->Compare(a, b) : custom_->CompareWithoutTimestamp(a, b);
  }
  // Equal in this order, timestamps left out. For the built-in orders: equal bytes.
  bool Equal(Slice a, Slice b) const { return type_ == Type::kCustom ? Compare(a, b) == 0 : a == b; }
  // Orders user keys with their timestamps: of one key the newer comes first.
  int CompareStored(Slice a, Slice b) const {
    if (type_ == Type::kBytewise) [[likely]]
      return CompareBytes(a, b);
    if (type_ == Type::kReverseBytewise) return CompareBytes(b, a);
    return custom_->Compare(a, b);
  }

  uint32_t timestamp_bytes() const { return timestamp_bytes_; }
  bool has_timestamps() const { return timestamp_bytes_ != 0; }
  int CompareTimestamp(Slice a, Slice b) const { return has_timestamps() ? custom_->CompareTimestamp(a, b) : 0; }
  bool HoldsTimestamp(Slice user_key) const { return user_key.size() >= timestamp_bytes_; }  // unless damaged
  // Need a key that HoldsTimestamp.
  Slice BareKey(Slice user_key) const { return {user_key.data(), user_key.size() - timestamp_bytes_}; }
  Slice TimestampOf(Slice user_key) const {
    return {user_key.data() + user_key.size() - timestamp_bytes_, timestamp_bytes_};
  }
  // The order of keys of which each version counts as a key of its own.
  KeyOrder OfVersions() const { return has_timestamps() ? Custom(custom_) : *this; }
  KeyOrder OfBareKeys() const { return has_timestamps() ? Custom(custom_->BareOrder()) : *this; }
  // The places before the newest and behind the oldest version that a bare key can have: by contract a timestamp
  // with all bits set is the newest, one with none the oldest.
  std::string BeforeVersions(Slice bare_key) const { return std::string(bare_key).append(timestamp_bytes_, '\xff'); }
  std::string BehindVersions(Slice bare_key) const { return std::string(bare_key).append(timestamp_bytes_, '\0'); }
  // A key at the timestamp of another one; the key itself where keys have none.
  std::string AtTimestampOf(Slice other, Slice user_key) const {
    return std::string(BareKey(user_key)).append(TimestampOf(other));
  }

  // Orders internal keys: user key with timestamp ascending, trailer (seq, kind) descending.
  int CompareInternal(Slice a, Slice b) const {
    const int by_user_key = CompareStored(UserKeyOf(a), UserKeyOf(b));
    if (by_user_key != 0) return by_user_key;
    const uint64_t trailer_a = TrailerOf(a);
    const uint64_t trailer_b = TrailerOf(b);
    return trailer_a > trailer_b ? -1 : (trailer_a < trailer_b ? 1 : 0);
  }

  // Index keys may be shortened: *start becomes a key in [*start, limit).
  void FindShortestSeparator(std::string* start, Slice limit) const;
  void FindShortSuccessor(std::string* key) const;
  // The same for internal keys, into a string that keeps its memory: a shortened user key gets (kSeqMax, kKindForSeek).
  void ShortestInternalSeparator(Slice start, Slice limit, std::string* separator) const;
  void ShortInternalSuccessor(Slice key, std::string* successor) const;

  // The first eight bytes of a user key as a number. For the bytewise order HeadOf(a) < HeadOf(b) implies a < b, and
  // equal heads decide nothing. Other orders use no heads.
  static uint64_t HeadOf(Slice user_key) {
    if (user_key.size() >= 8) [[likely]]
      return LoadBigEndian64(user_key.data());
    unsigned char padded[8] = {};
    std::memcpy(padded, user_key.data(), user_key.size());
    return LoadBigEndian64(reinterpret_cast<const char*>(padded));
  }

 private:
  KeyOrder(Type type, const UserOrder* custom, uint32_t timestamp_bytes = 0)
      : type_(type), timestamp_bytes_(timestamp_bytes), custom_(custom) {}

  bool EndShortened(Slice user_key, std::string* shortened) const;  // false: it is none

  Type type_ = Type::kBytewise;
  uint32_t timestamp_bytes_ = 0;
  const UserOrder* custom_ = nullptr;
};

}  // namespace gneiss
