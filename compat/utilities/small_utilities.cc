// Public functions too small for a file of their own: memory_util.h, wal_filter.h, transaction.h.
#include <rocksdb/cache.h>
#include <rocksdb/utilities/memory_util.h>
#include <rocksdb/utilities/transaction.h>
#include <rocksdb/wal_filter.h>

#include "compat/options/load_object.h"

namespace rocksdb {

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
