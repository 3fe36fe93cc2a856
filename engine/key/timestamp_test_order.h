// The order of keys with a 64-bit little-endian timestamp, bare keys bytewise: what tests use where a database would
// have RocksDB's leveldb.BytewiseComparator.u64ts.
#pragma once

#include <string>

#include "engine/base/coding.h"
#include "engine/key/key_order.h"

namespace gneiss {

class TimestampTestOrder final : public UserOrder {
 public:
  static KeyOrder Get() {
    static const TimestampTestOrder order;
    return KeyOrder::Custom(&order, 8);
  }
  static std::string Timestamp(uint64_t time) {
    std::string bytes;
    PutU64(&bytes, time);
    return bytes;
  }
  static std::string Stored(Slice bare_key, uint64_t time) { return std::string(bare_key).append(Timestamp(time)); }

  const char* Name() const override { return "leveldb.BytewiseComparator.u64ts"; }
  int Compare(Slice a, Slice b) const override {
    const int by_key = CompareWithoutTimestamp(a, b);
    return by_key != 0 ? by_key : CompareTimestamp(b.substr(b.size() - 8), a.substr(a.size() - 8));
  }
  int CompareWithoutTimestamp(Slice a, Slice b) const override {
    return a.substr(0, a.size() - 8).compare(b.substr(0, b.size() - 8));
  }
  int CompareTimestamp(Slice a, Slice b) const override {
    const uint64_t first = DecodeU64(a.data());
    const uint64_t second = DecodeU64(b.data());
    return first < second ? -1 : (first > second ? 1 : 0);
  }
  const UserOrder* BareOrder() const override {
    static const Bare bare;
    return &bare;
  }
  void FindShortestSeparator(std::string* /*start*/, Slice /*limit*/) const override {}
  void FindShortSuccessor(std::string* /*key*/) const override {}

 private:
  class Bare final : public UserOrder {
   public:
    const char* Name() const override { return "bare"; }
    int Compare(Slice a, Slice b) const override { return a.compare(b); }
    void FindShortestSeparator(std::string* /*start*/, Slice /*limit*/) const override {}
    void FindShortSuccessor(std::string* /*key*/) const override {}
  };
};

}  // namespace gneiss
