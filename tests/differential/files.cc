// Tables from outside and to outside, checkpoints, files by name and by range.

#include <rocksdb/comparator.h>
#include <rocksdb/convenience.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/utilities/checkpoint.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "session.h"

namespace differential {

namespace {

void RemoveAll(const std::string& path) {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

}  // namespace

Status Session::WriteTable(const Family& family, const std::string& path) {
  const Comparator* const order = family.options.comparator;
  const auto is_before = [order](const std::string& a, const std::string& b) { return order->Compare(a, b) < 0; };
  std::set<std::string, decltype(is_before)> keys(is_before);
  const std::string start = DrawKey();
  for (uint64_t i = 0, count = Draw(20); i < count; ++i) keys.insert(OneIn(2) ? DrawKey() : start + DrawKey());
  Options options(options_, family.options);
  SstFileWriter writer(EnvOptions(), options);
  Status status = writer.Open(path);
  for (const std::string& key : keys) {
    if (!status.ok()) return status;
    const uint64_t drawn = Draw(8);
    if (drawn == 0) {
      status = writer.Delete(key);
    } else if (drawn == 1 && family.options.merge_operator != nullptr) {
      status = writer.Merge(key, DrawOperand(family));
    } else {
      status = writer.Put(key, DrawValue());
    }
  }
  if (status.ok() && has_range_deletes_ && OneIn(4)) {
    const auto [begin, end] = DrawRange(family);
    status = writer.DeleteRange(begin, end);
  }
  if (status.ok() && OneIn(30)) Say("out of order", writer.Put("", "v").ToString());
  ExternalSstFileInfo info;
  if (status.ok()) status = writer.Finish(&info);
  Say("write table", status.ToString() + " " + std::to_string(info.num_entries) + " " +
                         std::to_string(info.num_range_del_entries) + " " + info.smallest_key + ".." +
                         info.largest_key + " " + info.smallest_range_del_key + ".." + info.largest_range_del_key);
  return status;
}

void Session::Ingest() {
  Family& family = DrawFamily();
  std::vector<std::string> paths;
  for (uint64_t i = 0, count = 1 + Draw(2); i < count; ++i) {
    const std::string path = FilePath("external" + std::to_string(i));
    if (WriteTable(family, path).ok()) paths.push_back(path);
  }
  if (paths.empty()) return;
  IngestExternalFileOptions options;
  options.move_files = OneIn(2);
  options.snapshot_consistency = !OneIn(4);
  options.allow_blocking_flush = !OneIn(4) || !IsArranged();
  options.write_global_seqno = OneIn(3);
  options.verify_checksums_before_ingest = OneIn(3);
  // Without a seq of its own a table changes what snapshots read, in RocksDB.
  if (!options.snapshot_consistency && !snapshots_.empty()) options.snapshot_consistency = true;
  family.has_ingested = true;
  const Status status = db_->IngestExternalFile(family.handle, paths, options);
  Say("ingest", status.ToString());
  // Whether that took a seq depends on where data lies.
  seq_at_open_ = db_->GetLatestSequenceNumber();
  for (const std::string& path : paths) RemoveAll(path);
}

void Session::ExportAndImport() {
  Family& family = DrawFamily();
  // RocksDB shows imported entries to older snapshots.
  // And it does not take what was ingested once.
  if (families_.size() >= 4 || !snapshots_.empty() || family.has_ingested) return;
  Checkpoint* made = nullptr;
  Checkpoint::Create(db_.get(), &made).PermitUncheckedError();
  const std::unique_ptr<Checkpoint> checkpoint(made);
  ExportImportFilesMetaData* exported = nullptr;
  Say("export", checkpoint->ExportColumnFamily(family.handle, FilePath("export"), &exported).ToString());
  const std::unique_ptr<ExportImportFilesMetaData> metadata(exported);
  if (metadata == nullptr) return;
  if (!has_blobs_) {  // an export leaves blob files behind
    ImportColumnFamilyOptions options;
    options.move_files = OneIn(2);
    const std::string name = "import" + std::to_string(step_);
    ColumnFamilyHandle* handle = nullptr;
    Say("import", db_->CreateColumnFamilyWithImport(family.options, name, options, *metadata, &handle).ToString());
    if (handle != nullptr) families_.push_back({name, family.options, handle, false, family.live_singles});
  }
  RemoveAll(FilePath("export"));
}

void Session::CheckCheckpoint() {
  Checkpoint* made = nullptr;
  Checkpoint::Create(db_.get(), &made).PermitUncheckedError();
  const std::unique_ptr<Checkpoint> checkpoint(made);
  const std::string path = FilePath("checkpoint");
  // RocksDB's is sometimes older than it was told when a flush goes on meanwhile, so it waits for one.
  const uint64_t log_size_for_flush = !IsArranged() || writes_without_log_ || OneIn(2) ? 0 : 1 << 30;
  if (options_.manual_wal_flush) db_->FlushWAL(false).PermitUncheckedError();
  const Status status = checkpoint->CreateCheckpoint(path, log_size_for_flush);
  Say("checkpoint", status.ToString());
  if (status.ok()) {
    std::vector<ColumnFamilyHandle*> handles;
    DB* db = nullptr;
    DBOptions options = options_;
    options.create_missing_column_families = false;
    Say("open checkpoint", DB::OpenForReadOnly(options, path, Descriptors(), &handles, &db).ToString());
    for (ColumnFamilyHandle* handle : handles) {
      Say("checkpoint of " + handle->GetName(), Fingerprint(db, handle));
      db->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
    }
    delete db;
  }
  RemoveAll(path);
}

// All of a family's into one level. Only what it does to the data is looked at.
void Session::CompactFiles() {
  Family& family = DrawFamily();
  ColumnFamilyMetaData metadata;
  db_->GetColumnFamilyMetaData(family.handle, &metadata);
  std::vector<std::string> files;
  for (const LevelMetaData& level : metadata.levels) {
    for (const SstFileMetaData& file : level.files) files.push_back(file.name);
  }
  CompactionOptions options;
  options.compression = OneIn(2) ? kSnappyCompression : kDisableCompressionOption;
  if (!files.empty()) {
    db_->CompactFiles(options, family.handle, files, family.options.num_levels - 1).PermitUncheckedError();
  }
  Say("compacted files of " + family.name, Fingerprint(db_.get(), family.handle));
}

// Snapshots would see it, in RocksDB. All data lies in one file, so that which one goes depends on its keys alone.
void Session::DeleteFiles() {
  if (!snapshots_.empty()) return;
  Family& family = DrawFamily();
  CompactRangeOptions whole;
  whole.bottommost_level_compaction = BottommostLevelCompaction::kForce;
  Say("compact whole", db_->CompactRange(whole, family.handle, nullptr, nullptr).ToString());
  std::vector<std::pair<std::string, std::string>> bounds;
  for (uint64_t i = 0, count = 1 + Draw(2); i < count; ++i) bounds.push_back(DrawRange(family));
  std::vector<Slice> slices;
  for (const auto& [low, high] : bounds) {
    slices.emplace_back(low);
    slices.emplace_back(high);
  }
  std::vector<RangePtr> ranges;
  for (size_t i = 0; i < slices.size(); i += 2) {
    ranges.emplace_back(OneIn(4) ? nullptr : &slices[i], OneIn(4) ? nullptr : &slices[i + 1]);
  }
  Say("delete files", DeleteFilesInRanges(db_.get(), family.handle, ranges.data(), ranges.size(), OneIn(2)).ToString());
}

}  // namespace differential
