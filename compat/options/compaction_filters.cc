// Compaction filters by name: only what a program registered itself. RocksDB's one stock filter belongs to Cassandra's
// value format, which is not built.
#include <rocksdb/compaction_filter.h>

#include "compat/options/load_object.h"

namespace rocksdb {

Status CompactionFilter::CreateFromString(const ConfigOptions& config_options, const std::string& name,
                                          const CompactionFilter** result) {
  auto* filter = const_cast<CompactionFilter*>(*result);
  Status s = gneiss::compat::LoadObject(config_options, name, &filter);
  if (s.ok()) *result = filter;
  return s;
}

Status CompactionFilterFactory::CreateFromString(const ConfigOptions& config_options, const std::string& name,
                                                 std::shared_ptr<CompactionFilterFactory>* result) {
  return gneiss::compat::LoadObject(config_options, name, result);
}

}  // namespace rocksdb
