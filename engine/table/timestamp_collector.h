// A TimestampCollector notes the oldest and the newest timestamp of a table's keys in its properties, as RocksDB does
// (docs/formats/timestamps.md).
//
// Owner:   belongs to one table's writer, which has checked that the keys hold timestamps. Threads: the writer's.
#pragma once

#include <map>
#include <string>

#include "engine/key/key_order.h"
#include "engine/table/property_collector.h"

namespace gneiss {

inline constexpr char kTimestampMinProperty[] = "rocksdb.timestamp_min";
inline constexpr char kTimestampMaxProperty[] = "rocksdb.timestamp_max";

class TimestampCollector final : public PropertyCollector {
 public:
  explicit TimestampCollector(const KeyOrder& order) : order_(order) {}

  void Add(const ParsedKey& key, Slice /*value*/, uint64_t /*file_bytes*/) override {
    const Slice timestamp = order_.TimestampOf(key.user_key);
    if (!has_any_ || order_.CompareTimestamp(timestamp, oldest_) < 0) oldest_ = timestamp;
    if (!has_any_ || order_.CompareTimestamp(timestamp, newest_) > 0) newest_ = timestamp;
    has_any_ = true;
  }
  bool Finish(std::map<std::string, std::string>* properties) override {
    properties->emplace(kTimestampMinProperty, oldest_);
    properties->emplace(kTimestampMaxProperty, newest_);
    return true;
  }

 private:
  const KeyOrder order_;
  bool has_any_ = false;
  std::string oldest_;
  std::string newest_;
};

}  // namespace gneiss
