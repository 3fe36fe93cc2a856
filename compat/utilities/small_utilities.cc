// Public functions too small for a file of their own: leveldb_options.h, memory_util.h, secondary_cache.h,
// wal_filter.h, transaction.h.
#include <rocksdb/cache.h>
#include <rocksdb/comparator.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/secondary_cache.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/leveldb_options.h>
#include <rocksdb/utilities/memory_util.h>
#include <rocksdb/utilities/transaction.h>
#include <rocksdb/wal_filter.h>

#include "compat/options/load_object.h"
#include "compat/options/option_field.h"

namespace rocksdb {

namespace {

const gneiss::compat::OptionMap& CompressedCacheFields() {
  using Fields = CompressedSecondaryCacheOptions;
  using gneiss::compat::FieldOf;
  static const auto* fields = gneiss::compat::NewOptionMap(
      {{"capacity", FieldOf<Fields>(&Fields::capacity)},
       {"num_shard_bits", FieldOf<Fields>(&Fields::num_shard_bits)},
       {"compression_type", FieldOf<Fields>(&Fields::compression_type)},
       {"compress_format_version", FieldOf<Fields>(&Fields::compress_format_version)},
       {"enable_custom_split_merge", FieldOf<Fields>(&Fields::enable_custom_split_merge)}});
  return *fields;
}

}  // namespace

LevelDBOptions::LevelDBOptions()
    : comparator(BytewiseComparator()),
      create_if_missing(false),
      error_if_exists(false),
      paranoid_checks(false),
      env(Env::Default()),
      info_log(nullptr),
      write_buffer_size(4 << 20),
      max_open_files(1000),
      block_cache(nullptr),
      block_size(4096),
      block_restart_interval(16),
      compression(kSnappyCompression),
      filter_policy(nullptr) {}

// The converted options own the log, the cache and the filter policy from then on.
Options ConvertOptions(const LevelDBOptions& leveldb_options) {
  BlockBasedTableOptions table;
  table.block_cache.reset(leveldb_options.block_cache);
  table.block_size = leveldb_options.block_size;
  table.block_restart_interval = leveldb_options.block_restart_interval;
  table.filter_policy.reset(leveldb_options.filter_policy);

  Options options;
  options.create_if_missing = leveldb_options.create_if_missing;
  options.error_if_exists = leveldb_options.error_if_exists;
  options.paranoid_checks = leveldb_options.paranoid_checks;
  options.env = leveldb_options.env;
  options.info_log.reset(leveldb_options.info_log);
  options.write_buffer_size = leveldb_options.write_buffer_size;
  options.max_open_files = leveldb_options.max_open_files;
  options.compression = leveldb_options.compression;
  options.table_factory.reset(NewBlockBasedTableFactory(table));
  return options;
}

Status MemoryUtil::GetApproximateMemoryUsageByType(const std::vector<DB*>& dbs,
                                                   const std::unordered_set<const Cache*> cache_set,
                                                   std::map<UsageType, uint64_t>* usage_by_type) {
  const std::pair<UsageType, const std::string&> kSources[] = {
      {kMemTableTotal, DB::Properties::kSizeAllMemTables},
      {kMemTableUnFlushed, DB::Properties::kCurSizeAllMemTables},
      {kTableReadersTotal, DB::Properties::kEstimateTableReadersMem},
  };
  usage_by_type->clear();
  for (DB* db : dbs) {
    for (const auto& [type, property] : kSources) {
      uint64_t bytes = 0;
      if (db->GetAggregatedIntProperty(property, &bytes)) (*usage_by_type)[type] += bytes;
    }
  }
  for (const Cache* cache : cache_set) {
    if (cache != nullptr) (*usage_by_type)[kCacheTotal] += cache->GetUsage();
  }
  return Status::OK();
}

Status SecondaryCache::CreateFromString(const ConfigOptions& config_options, const std::string& value,
                                        std::shared_ptr<SecondaryCache>* result) {
  constexpr char kCompressed[] = "compressed_secondary_cache://";
  if (value.rfind(kCompressed, 0) != 0) {
    return gneiss::compat::LoadObject<std::shared_ptr<SecondaryCache>>(config_options, value, nullptr, result);
  }
  CompressedSecondaryCacheOptions options;
  Status status = OptionTypeInfo::ParseStruct(config_options, "", &CompressedCacheFields(), "",
                                              value.substr(sizeof(kCompressed) - 1), &options);
  if (status.ok()) *result = NewCompressedSecondaryCache(options);
  return status;
}

Status WalFilter::CreateFromString(const ConfigOptions& options, const std::string& value, WalFilter** result) {
  return gneiss::compat::LoadObject<WalFilter*>(options, value, nullptr, result);
}

Status Transaction::CommitAndTryCreateSnapshot(std::shared_ptr<TransactionNotifier> notifier, TxnTimestamp ts,
                                               std::shared_ptr<const Snapshot>* snapshot) {
  if (snapshot != nullptr) snapshot->reset();
  const TxnTimestamp already_set = GetCommitTimestamp();
  if (already_set == kMaxTxnTimestamp) {
    if (ts == kMaxTxnTimestamp) return Status::InvalidArgument("Commit timestamp unset");
    Status status = SetCommitTimestamp(ts);
    if (!status.ok()) return status;
  } else if (ts != kMaxTxnTimestamp && ts != already_set) {
    return Status::InvalidArgument("Different commit ts specified");
  }
  SetSnapshotOnNextOperation(notifier);
  Status status = Commit();
  if (status.ok() && snapshot != nullptr) *snapshot = GetTimestampedSnapshot();
  return status;
}

}  // namespace rocksdb
