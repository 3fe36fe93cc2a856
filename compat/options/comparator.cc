// The stock comparators, and making one from its name.
#include <rocksdb/comparator.h>
#include <rocksdb/slice.h>

#include <cstdint>
#include <cstring>

#include "compat/options/load_object.h"
#include "compat/options/stock_objects.h"
#include "compat/options/text.h"
#include "engine/base/coding.h"
#include "engine/key/key_order.h"

namespace gneiss::compat {

namespace {

using rocksdb::Comparator;

constexpr char kTimestampName[] = "leveldb.BytewiseComparator.u64ts";

gneiss::Slice View(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

// The engine's own order under RocksDB's interface.
class StockComparator : public Comparator {
 public:
  explicit StockComparator(KeyOrder order) : order_(order) {}

  const char* Name() const override { return order_.Name(); }
  int Compare(const rocksdb::Slice& a, const rocksdb::Slice& b) const override {
    return order_.Compare(View(a), View(b));
  }
  bool Equal(const rocksdb::Slice& a, const rocksdb::Slice& b) const override { return a == b; }
  void FindShortestSeparator(std::string* start, const rocksdb::Slice& limit) const override {
    order_.FindShortestSeparator(start, View(limit));
  }
  void FindShortSuccessor(std::string* key) const override { order_.FindShortSuccessor(key); }
  bool CanKeysWithDifferentByteContentsBeEqual() const override { return false; }
  using Comparator::CompareWithoutTimestamp;
  int CompareWithoutTimestamp(const rocksdb::Slice& a, bool, const rocksdb::Slice& b, bool) const override {
    return Compare(a, b);
  }
  bool EqualWithoutTimestamp(const rocksdb::Slice& a, const rocksdb::Slice& b) const override { return a == b; }

  // t is s plus one, as numbers of the same length. Answered for the ascending order only.
  bool IsSameLengthImmediateSuccessor(const rocksdb::Slice& s, const rocksdb::Slice& t) const override {
    if (!order_.is_bytewise() || s.size() != t.size()) return false;
    const size_t at = s.difference_offset(t);
    if (at >= s.size() || static_cast<uint8_t>(s[at]) + 1 != static_cast<uint8_t>(t[at])) return false;
    for (size_t i = at + 1; i < s.size(); ++i) {
      if (static_cast<uint8_t>(s[i]) != 0xff || t[i] != 0) return false;
    }
    return true;
  }

 private:
  const KeyOrder order_;
};

// Bytewise user keys followed by a 64-bit little-endian timestamp; of equal keys the newer comes first.
class BytewiseWithTimestamp : public Comparator {
 public:
  BytewiseWithTimestamp() : Comparator(sizeof(uint64_t)) {}

  const char* Name() const override { return kTimestampName; }
  int Compare(const rocksdb::Slice& a, const rocksdb::Slice& b) const override {
    const int by_key = CompareWithoutTimestamp(a, true, b, true);
    return by_key != 0 ? by_key : -CompareTimestamp(TimestampOf(a), TimestampOf(b));
  }
  using Comparator::CompareWithoutTimestamp;
  int CompareWithoutTimestamp(const rocksdb::Slice& a, bool a_has_ts, const rocksdb::Slice& b,
                              bool b_has_ts) const override {
    return KeyOf(a, a_has_ts).compare(KeyOf(b, b_has_ts));
  }
  int CompareTimestamp(const rocksdb::Slice& ts1, const rocksdb::Slice& ts2) const override {
    const uint64_t first = DecodeU64(ts1.data());
    const uint64_t second = DecodeU64(ts2.data());
    return first < second ? -1 : first > second ? 1 : 0;
  }
  void FindShortestSeparator(std::string*, const rocksdb::Slice&) const override {}
  void FindShortSuccessor(std::string*) const override {}

 private:
  rocksdb::Slice KeyOf(const rocksdb::Slice& key, bool has_timestamp) const {
    return {key.data(), has_timestamp ? key.size() - timestamp_size() : key.size()};
  }
  rocksdb::Slice TimestampOf(const rocksdb::Slice& key) const {
    return {key.data() + key.size() - timestamp_size(), timestamp_size()};
  }
};

const Comparator* StockByName(const std::string& name) {
  static const auto* const with_timestamp = new BytewiseWithTimestamp();
  for (const Comparator* stock : {rocksdb::BytewiseComparator(), rocksdb::ReverseBytewiseComparator(),
                                  static_cast<const Comparator*>(with_timestamp)}) {
    if (name == stock->Name()) return stock;
  }
  return nullptr;
}

}  // namespace

void RegisterComparators(rocksdb::ObjectLibrary& library) {
  for (const char* name : {"leveldb.BytewiseComparator", "rocksdb.ReverseBytewiseComparator", kTimestampName}) {
    library.AddFactory<const Comparator>(
        name, [](const std::string& id, std::unique_ptr<const Comparator>*, std::string*) { return StockByName(id); });
  }
}

}  // namespace gneiss::compat

namespace rocksdb {

// Never destroyed: databases closed by static destructors still compare keys.
const Comparator* BytewiseComparator() {
  static const auto* const comparator = new gneiss::compat::StockComparator(gneiss::KeyOrder::Bytewise());
  return comparator;
}

const Comparator* ReverseBytewiseComparator() {
  static const auto* const comparator = new gneiss::compat::StockComparator(gneiss::KeyOrder::ReverseBytewise());
  return comparator;
}

Status Comparator::CreateFromString(const ConfigOptions& opts, const std::string& id, const Comparator** comp) {
  // A stock comparator has no options; those of the old one must not be handed to it.
  if (const Comparator* stock = gneiss::compat::StockByName(id)) {
    *comp = stock;
    return Status::OK();
  }
  // "nullptr" is no way to lose the comparator there is; an empty text is.
  if (id == gneiss::compat::kNullText) return Status::NotSupported("Cannot reset object ");
  return gneiss::compat::LoadObject<const Comparator*>(opts, id, gneiss::compat::StockByName, comp);
}

}  // namespace rocksdb
