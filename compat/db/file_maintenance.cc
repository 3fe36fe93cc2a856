// Calls that work on single tables: compacting the ones named, moving and dropping them unread.

#include <rocksdb/env.h>

#include <deque>

#include "compat/db/db_impl.h"
#include "compat/db/job_info.h"
#include "compat/db/timestamps.h"
#include "compat/options/engine_config.h"
#include "compat/status_map.h"
#include "engine/io/file_name.h"

namespace gneiss::compat {

namespace {

// The digits before the last dot; 0 when there are none.
uint64_t TableNumberOf(const std::string& name) {
  const size_t dot = name.find_last_of('.');
  if (dot == std::string::npos) return 0;
  size_t first = dot;
  while (first > 0 && name[first - 1] >= '0' && name[first - 1] <= '9') --first;
  uint64_t number = 0;
  for (size_t i = first; i < dot; ++i) number = number * 10 + static_cast<uint64_t>(name[i] - '0');
  return number;
}

// A caller's range, whose bounds it keeps.
class RangeSlices {
 public:
  RangeSlices(const rocksdb::Slice* begin, const rocksdb::Slice* end, const KeyOrder& order)
      : begin_(begin, order), end_(end, order) {}
  OptionalRange range() const { return {.begin = begin_.get(), .end = end_.get()}; }

 private:
  const RangeBound begin_;
  const RangeBound end_;
};

}  // namespace

rocksdb::Status DbImpl::CompactFiles(const rocksdb::CompactionOptions& options, rocksdb::ColumnFamilyHandle* family,
                                     const std::vector<std::string>& input_file_names, int output_level,
                                     int output_path_id, std::vector<std::string>* output_file_names,
                                     rocksdb::CompactionJobInfo* info) {
  if (family == nullptr) return rocksdb::Status::InvalidArgument("ColumnFamilyHandle must be non-null.");
  if (disabled_manual_compactions_.load() > 0) {
    return rocksdb::Status::Incomplete(rocksdb::Status::SubCode::kManualCompactionPaused);
  }
  const FamilyPtr& engine_family = FamilyOf(family);
  if (output_path_id < 0 && engine_family->opener->config().paths.size() > 1) {
    return rocksdb::Status::NotSupported("Automatic output path selection is not yet supported in CompactFiles()");
  }
  CompactFilesParams params{.output_level = output_level,
                            .path_id = static_cast<uint32_t>(std::max(output_path_id, 0)),
                            .output_file_bytes_max = options.output_file_size_limit,
                            .subcompactions_max = static_cast<int>(options.max_subcompactions),
                            .canceled = &are_manual_compactions_canceled_};
  for (const std::string& name : input_file_names) params.table_numbers.push_back(TableNumberOf(name));
  if (options.compression != rocksdb::kDisableCompressionOption) {
    params.compression = CompressionOf(options.compression);
  }
  CompactFilesReport report;
  const Status status = core_->database->CompactFiles(params, engine_family, &report);
  if (output_file_names != nullptr) {
    for (const OutputTable& output : report.result.outputs) {
      output_file_names->push_back(engine_family->opener->PathOf(output.meta));
    }
    for (const OutputBlobFile& file : report.result.blob_files) {
      output_file_names->push_back(engine_family->blob_opener->PathOf(file.meta.number));
    }
  }
  if (info != nullptr && !report.work.inputs.empty()) {
    *info = JobInfoOf({.family_id = engine_family->id,
                       .family_name = engine_family->name,
                       .job_id = report.job_id,
                       .work = &report.work,
                       .result = &report.result,
                       .status = status,
                       .opener = engine_family->opener.get(),
                       .compression = report.compression,
                       .blob_opener = engine_family->blob_opener.get(),
                       .blob_compression = engine_family->config()->compaction.blob.compression});
  }
  return ToRocks(status);
}

rocksdb::Status DbImpl::SuggestCompactRange(rocksdb::ColumnFamilyHandle* family, const rocksdb::Slice* begin,
                                            const rocksdb::Slice* end) {
  return ToRocks(
      core_->database->SuggestCompactRange(FamilyOf(family), RangeSlices(begin, end, FamilyOf(family)->order).range()));
}

rocksdb::Status DbImpl::PromoteL0(rocksdb::ColumnFamilyHandle* family, int target_level) {
  return ToRocks(core_->database->PromoteLevel0(FamilyOf(family), target_level));
}

rocksdb::Status DbImpl::DeleteFilesInRanges(rocksdb::ColumnFamilyHandle* family, const rocksdb::RangePtr* ranges,
                                            size_t n, bool include_end) {
  std::deque<RangeSlices> slices;
  for (size_t i = 0; i < n; ++i) slices.emplace_back(ranges[i].start, ranges[i].limit, FamilyOf(family)->order);
  std::vector<OptionalRange> engine_ranges;
  for (const RangeSlices& each : slices) engine_ranges.push_back(each.range());
  return ToRocks(core_->database->DeleteFilesInRanges(FamilyOf(family), engine_ranges, include_end));
}

rocksdb::Status DbImpl::DeleteFile(std::string name) {
  while (!name.empty() && name.front() == '/') name.erase(0, 1);
  const std::string archive = "archive/";
  const bool is_archived = name.starts_with(archive);
  if (is_archived) name.erase(0, archive.size());
  uint64_t number = 0;
  FileKind kind;
  if (!ParseFileName(name, &number, &kind) || (kind != FileKind::kTable && kind != FileKind::kWal)) {
    return rocksdb::Status::InvalidArgument("Invalid file name");
  }
  if (kind == FileKind::kWal) {
    if (!is_archived) return rocksdb::Status::NotSupported("Delete only supported for archived logs");
    const std::string path = core_->db_options.wal_dir + "/" + archive + name;
    return core_->db_options.env->DeleteFile(path);
  }
  return ToRocks(core_->database->DeleteTable(number));
}

}  // namespace gneiss::compat
