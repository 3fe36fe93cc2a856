// Filter policies as the engine sees them: which filter a table gets.
//
// RocksDB's FilterPolicy hands out FilterBitsBuilder objects, a class that its public headers only name. Users can
// subclass FilterPolicy and choose, per table, which stock policy builds its filter; the builder they pass on is ours
// and carries the engine's FilterConfig.
//
// Owner:   as the public headers say: the New...Policy functions return an object the caller owns.
// Threads: policies are immutable.
#pragma once

#include <rocksdb/filter_policy.h>
#include <rocksdb/slice.h>
#include <rocksdb/table.h>

#include "engine/filter/filter.h"

namespace rocksdb {

// The choice of a filter for one table.
class FilterBitsBuilder {
 public:
  explicit FilterBitsBuilder(gneiss::FilterConfig config) : config_(std::move(config)) {}
  const gneiss::FilterConfig& config() const { return config_; }

 private:
  const gneiss::FilterConfig config_;
};

// A filter block that is being asked.
class FilterBitsReader {
 public:
  explicit FilterBitsReader(const Slice& contents) : reader_({contents.data(), contents.size()}) {}
  bool MayMatch(const Slice& key) const { return reader_.MayMatch({key.data(), key.size()}); }

 private:
  const gneiss::FilterReader reader_;
};

}  // namespace rocksdb

namespace gneiss::compat {

// The filter of a table made in `context` (its level, its reason, its table options); kNone without a policy.
FilterConfig FilterConfigFor(const rocksdb::FilterBuildingContext& context);

// The filter of a table of which nothing is known but the options. A Ribbon policy with a bloom_before_level keeps it
// in the config for whoever knows the level.
FilterConfig FilterConfigOf(const rocksdb::BlockBasedTableOptions& table_options);

}  // namespace gneiss::compat
