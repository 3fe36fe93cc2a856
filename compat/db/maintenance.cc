// Flush, compaction and the other calls that tend a database.

#include "compat/db/db_impl.h"
#include "compat/db/read_params.h"
#include "compat/db/timestamps.h"
#include "compat/not_supported.h"
#include "compat/status_map.h"

namespace gneiss::compat {

rocksdb::Status DbImpl::Flush(const rocksdb::FlushOptions& options, rocksdb::ColumnFamilyHandle* family) {
  return Flush(options, std::vector<rocksdb::ColumnFamilyHandle*>{family});
}

rocksdb::Status DbImpl::Flush(const rocksdb::FlushOptions& options,
                              const std::vector<rocksdb::ColumnFamilyHandle*>& families) {
  std::vector<FamilyPtr> engine_families;
  for (const rocksdb::ColumnFamilyHandle* family : families) engine_families.push_back(FamilyOf(family));
  return ToRocks(core_->database->Flush(
      FlushParams{.wait = options.wait, .allow_write_stall = options.allow_write_stall}, engine_families));
}

rocksdb::Status DbImpl::CompactRange(const rocksdb::CompactRangeOptions& options, rocksdb::ColumnFamilyHandle* family,
                                     const rocksdb::Slice* begin, const rocksdb::Slice* end) {
  if (disabled_manual_compactions_.load() > 0) {
    return rocksdb::Status::Incomplete(rocksdb::Status::SubCode::kManualCompactionPaused);
  }
  if (options.target_path_id > 0 && options.target_path_id >= core_->OptionsOf(family->GetName()).cf_paths.size()) {
    return rocksdb::Status::InvalidArgument("Invalid target path ID");
  }
  if (options.full_history_ts_low != nullptr && !options.full_history_ts_low->empty()) {
    if (begin != nullptr || end != nullptr) {
      return rocksdb::Status::InvalidArgument("Cannot specify compaction range with full_history_ts_low");
    }
    const rocksdb::Status raised = IncreaseFullHistoryTsLow(family, options.full_history_ts_low->ToString());
    if (!raised.ok()) return raised;
  }
  CompactRangeParams params{
      .exclusive = options.exclusive_manual_compaction,
      .change_level = options.change_level,
      .target_level = options.target_level,
      .target_path_id = options.target_path_id,
      .bottommost = static_cast<CompactRangeParams::Bottommost>(options.bottommost_level_compaction),
      .allow_write_stall = options.allow_write_stall,
      .subcompactions_max = static_cast<int>(options.max_subcompactions),
      .canceled = options.canceled != nullptr ? options.canceled : &are_manual_compactions_canceled_,
      .blob_age_cutoff = options.blob_garbage_collection_age_cutoff};
  if (options.blob_garbage_collection_policy != rocksdb::BlobGarbageCollectionPolicy::kUseDefault) {
    params.collects_blob_garbage =
        options.blob_garbage_collection_policy == rocksdb::BlobGarbageCollectionPolicy::kForce;
  }
  const RangeBound first(begin, FamilyOf(family)->order);
  const RangeBound last(end, FamilyOf(family)->order);
  return ToRocks(core_->database->CompactRange(params, FamilyOf(family), first.get(), last.get()));
}

rocksdb::Status DbImpl::PauseBackgroundWork() { return ToRocks(core_->database->PauseBackgroundWork()); }
rocksdb::Status DbImpl::ContinueBackgroundWork() { return ToRocks(core_->database->ContinueBackgroundWork()); }

rocksdb::Status DbImpl::EnableAutoCompaction(const std::vector<rocksdb::ColumnFamilyHandle*>& families) {
  rocksdb::Status result;
  for (rocksdb::ColumnFamilyHandle* family : families) {
    const rocksdb::Status status = SetOptions(family, {{"disable_auto_compactions", "false"}});
    if (!status.ok()) result = status;
  }
  return result;
}

void DbImpl::DisableManualCompaction() {
  ++disabled_manual_compactions_;
  are_manual_compactions_canceled_.store(true);
}
void DbImpl::EnableManualCompaction() {
  if (--disabled_manual_compactions_ == 0) are_manual_compactions_canceled_.store(false);
}

rocksdb::Status DbImpl::DisableFileDeletions() { return ToRocks(core_->database->DisableFileDeletions()); }
rocksdb::Status DbImpl::EnableFileDeletions(bool force) { return ToRocks(core_->database->EnableFileDeletions(force)); }

rocksdb::Status DbImpl::VerifyChecksum(const rocksdb::ReadOptions& options) {
  return ToRocks(core_->database->VerifyChecksums(TableParamsOf(options)));
}

rocksdb::Status DbImpl::VerifyFileChecksums(const rocksdb::ReadOptions&) {
  return ToRocks(core_->database->VerifyFileChecksums());
}

void DbImpl::CancelAllBackgroundWork(bool wait) { core_->database->CancelBackgroundWork(wait); }

rocksdb::Status DbImpl::IncreaseFullHistoryTsLow(rocksdb::ColumnFamilyHandle* family, std::string ts_low) {
  const FamilyPtr& inner = FamilyOf(family == nullptr ? DefaultColumnFamily() : family);
  if (!inner->order.has_timestamps()) {
    return rocksdb::Status::InvalidArgument("Timestamp is not enabled in this column family");
  }
  if (inner->order.timestamp_bytes() != ts_low.size()) {
    return rocksdb::Status::InvalidArgument("ts_low size mismatch");
  }
  return ToRocks(core_->database->RaiseHistoryStart(inner, ts_low));
}

rocksdb::Status DbImpl::TrimHistory(const std::vector<rocksdb::ColumnFamilyHandle*>& families,
                                    const std::string& trim_ts) {
  for (const rocksdb::ColumnFamilyHandle* family : families) {
    const FamilyPtr& inner = FamilyOf(family);
    if (!inner->order.has_timestamps()) continue;
    if (!trim_ts.empty() && inner->order.timestamp_bytes() != trim_ts.size()) {
      return rocksdb::Status::InvalidArgument("trim_ts size mismatch");
    }
    const CompactRangeParams params{.bottommost = CompactRangeParams::Bottommost::kForceOptimized,
                                    .trim_timestamp = trim_ts};
    rocksdb::Status status = ToRocks(core_->database->CompactRange(params, inner, nullptr, nullptr));
    if (!status.ok()) return status;
  }
  return rocksdb::Status::OK();
}

rocksdb::Status DbImpl::GetFullHistoryTsLow(rocksdb::ColumnFamilyHandle* family, std::string* ts_low) {
  if (ts_low == nullptr) return rocksdb::Status::InvalidArgument("ts_low is nullptr");
  const FamilyPtr& inner = FamilyOf(family == nullptr ? DefaultColumnFamily() : family);
  if (!inner->order.has_timestamps()) {
    return rocksdb::Status::InvalidArgument("Timestamp is not enabled in this column family");
  }
  *ts_low = inner->HistoryStart();
  return rocksdb::Status::OK();
}
}  // namespace gneiss::compat
