// A PropertyCollector watches what goes into one table and adds properties of its own to it. Collectors are how a user
// counts things per table, or asks for a table to be compacted.
//
// Owner:   the factory is shared by the column family's tables; a collector belongs to one table's writer.
// Threads: a factory is called from any thread, a collector from the writer's.
// Errors:  Finish answers false when the collector failed: its properties are left out, the table is written all the
//          same.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "engine/key/internal_key.h"

namespace gneiss {

class PropertyCollector {
 public:
  virtual ~PropertyCollector() = default;
  // Every entry, range tombstones too. `file_bytes` have been written before it.
  virtual void Add(const ParsedKey& key, Slice value, uint64_t file_bytes) = 0;
  virtual void AddBlock(uint64_t /*raw_bytes*/) {}  // a data block has been written
  virtual bool Finish(std::map<std::string, std::string>* properties) = 0;
  // After Finish: whether the table should be compacted soon.
  virtual bool NeedsCompaction() const { return false; }
};

class PropertyCollectorFactory {
 public:
  virtual ~PropertyCollectorFactory() = default;
  virtual std::string Name() const = 0;  // listed in the property rocksdb.property.collectors
  // May answer null: nothing to collect here. `level` -1: unknown.
  virtual std::unique_ptr<PropertyCollector> Create(uint32_t column_family_id, int level) const = 0;
};

}  // namespace gneiss
