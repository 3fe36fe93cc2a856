// KeyOrder is how user keys sort: bytewise, reverse bytewise, or as the user's own comparator says.
//
// It is a value: a kind and a pointer. The two built-in orders are compared inline; only kCustom makes a virtual call.
// Owner:   a custom UserOrder belongs to the caller of the engine and must outlive the database.
// Threads: safe from any thread.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>

#include "engine/key/internal_key.h"

namespace gneiss {

class UserOrder {
 public:
  virtual ~UserOrder() = default;
  virtual const char* Name() const = 0;
  virtual int Compare(Slice a, Slice b) const = 0;
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
  static KeyOrder Custom(const UserOrder* order) { return KeyOrder(Type::kCustom, order); }

  Type type() const { return type_; }
  bool is_bytewise() const { return type_ == Type::kBytewise; }
  const char* Name() const;  // "leveldb.BytewiseComparator", "rocksdb.ReverseBytewiseComparator", or the user's

  // Orders user keys.
  int Compare(Slice a, Slice b) const {
    if (type_ == Type::kBytewise) [[likely]]
      return a.compare(b);
    if (type_ == Type::kReverseBytewise) return b.compare(a);
    return custom_->Compare(a, b);
  }
  // Equal in this order. For the built-in orders: equal bytes.
  bool Equal(Slice a, Slice b) const { return type_ == Type::kCustom ? custom_->Compare(a, b) == 0 : a == b; }

  // Orders internal keys: user key ascending, trailer (seq, kind) descending.
  int CompareInternal(Slice a, Slice b) const {
    const int by_user_key = Compare(UserKeyOf(a), UserKeyOf(b));
    if (by_user_key != 0) return by_user_key;
    const uint64_t trailer_a = TrailerOf(a);
    const uint64_t trailer_b = TrailerOf(b);
    return trailer_a > trailer_b ? -1 : (trailer_a < trailer_b ? 1 : 0);
  }

  // Index keys may be shortened: *start becomes a key in [*start, limit).
  void FindShortestSeparator(std::string* start, Slice limit) const;
  void FindShortSuccessor(std::string* key) const;
  // The same for internal keys: a shortened user key gets (kSeqMax, kKindForSeek).
  void FindShortestInternalSeparator(std::string* start, Slice limit) const;
  void FindShortInternalSuccessor(std::string* key) const;

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
  KeyOrder(Type type, const UserOrder* custom) : type_(type), custom_(custom) {}

  Type type_ = Type::kBytewise;
  const UserOrder* custom_ = nullptr;
};

}  // namespace gneiss
