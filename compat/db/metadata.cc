// What a database says of its files and sizes.

#include <rocksdb/file_checksum.h>
#include <rocksdb/transaction_log.h>

#include "compat/db/db_impl.h"
#include "compat/db/table_properties_map.h"
#include "compat/db/timestamps.h"
#include "compat/not_supported.h"
#include "compat/status_map.h"
#include "engine/io/file_name.h"

namespace gneiss::compat {

namespace {

std::string BaseName(const std::string& path) { return path.substr(path.rfind('/')); }

void FillFileMetaData(const TableFile& table, int level, const std::string& path, rocksdb::SstFileMetaData* out) {
  const TableMeta& meta = table.meta();
  out->relative_filename = BaseName(path).substr(1);
  out->name = BaseName(path);
  out->directory = path.substr(0, path.rfind('/'));
  out->db_path = out->directory;
  out->file_number = meta.number;
  out->file_type = rocksdb::kTableFile;
  out->size = meta.file_bytes;
  out->smallest_seqno = meta.smallest_seq;
  out->largest_seqno = meta.largest_seq;
  out->smallestkey = std::string(meta.smallest.user_key());
  out->largestkey = std::string(meta.largest.user_key());
  out->oldest_blob_file_number = meta.oldest_blob_file_number;
  out->oldest_ancester_time = meta.oldest_ancestor_unix_seconds;
  out->file_creation_time = meta.file_creation_unix_seconds;
  out->file_checksum = meta.file_checksum;
  out->file_checksum_func_name =
      meta.file_checksum_function.empty() ? rocksdb::kUnknownFileChecksumFuncName : meta.file_checksum_function;
  // The counts stand in the table itself; a new one may not have been opened yet.
  if (ReaderRef reader; table.Reader(level, &reader).ok()) {
    out->num_entries = reader->properties().entries;
    out->num_deletions = reader->properties().deletions;
  }
}

void FillFamilyMetaData(const FamilyPtr& family, const FamilyFacts& facts, rocksdb::ColumnFamilyMetaData* out) {
  out->name = family->name;
  out->size = 0;
  out->file_count = 0;
  out->levels.clear();
  for (int number = 0; number < facts.version->LevelCount(); ++number) {
    std::vector<rocksdb::SstFileMetaData> files;
    uint64_t bytes = 0;
    facts.version->level(number).ForEachTable([&](const TableFilePtr& table) {
      FillFileMetaData(*table, number, family->opener->PathOf(table->meta()), &files.emplace_back());
      files.back().being_compacted = table->is_being_compacted;
      bytes += table->meta().file_bytes;
    });
    out->size += bytes;
    out->file_count += files.size();
    out->levels.emplace_back(number, bytes, std::move(files));
  }
  const std::string& directory = family->blob_opener->config().path;
  out->blob_file_size = 0;
  out->blob_files.clear();
  for (const BlobFileUse& use : facts.version->blob_files()) {
    const BlobFileMeta& meta = use.file->meta();
    out->blob_files.emplace_back(meta.number, BlobName("", meta.number), directory, meta.FileBytes(), meta.blob_count,
                                 meta.blob_bytes, use.garbage_count, use.garbage_bytes, meta.checksum_method,
                                 meta.checksum);
    out->blob_file_size += meta.FileBytes();
  }
  out->blob_file_count = out->blob_files.size();
}

// Tables written before the MANIFEST kept the time say it in their properties.
uint64_t CreationTimeOf(const TableFile& table, int level) {
  if (table.meta().file_creation_unix_seconds != 0) return table.meta().file_creation_unix_seconds;
  ReaderRef reader;
  return table.Reader(level, &reader).ok() ? reader->properties().file_creation_unix_seconds : 0;
}

}  // namespace

rocksdb::Status DbImpl::GetApproximateSizes(const rocksdb::SizeApproximationOptions& options,
                                            rocksdb::ColumnFamilyHandle* family, const rocksdb::Range* ranges, int n,
                                            uint64_t* sizes) {
  if (!options.include_memtables && !options.include_files) return rocksdb::Status::InvalidArgument("Invalid options");
  for (int i = 0; i < n; ++i) {
    const RangeBound start(&ranges[i].start, FamilyOf(family)->order);
    const RangeBound limit(&ranges[i].limit, FamilyOf(family)->order);
    sizes[i] = core_->database->ApproximateBytes(FamilyOf(family), start.slice(), limit.slice(), options.include_files,
                                                 options.include_memtables);
  }
  return rocksdb::Status::OK();
}

void DbImpl::GetApproximateMemTableStats(rocksdb::ColumnFamilyHandle* family, const rocksdb::Range& range,
                                         uint64_t* count, uint64_t* size) {
  const RangeBound start(&range.start, FamilyOf(family)->order);
  const RangeBound limit(&range.limit, FamilyOf(family)->order);
  const Memtable::RangeEstimate estimate =
      core_->database->EstimateMemtables(FamilyOf(family), start.slice(), limit.slice());
  *count = estimate.entries;
  *size = estimate.bytes;
}

int DbImpl::NumberLevels(rocksdb::ColumnFamilyHandle* family) { return core_->OptionsOf(family->GetName()).num_levels; }
int DbImpl::MaxMemCompactionLevel(rocksdb::ColumnFamilyHandle*) { return 0; }
int DbImpl::Level0StopWriteTrigger(rocksdb::ColumnFamilyHandle* family) {
  return core_->OptionsOf(family->GetName()).level0_stop_writes_trigger;
}

rocksdb::Status DbImpl::GetDbIdentity(std::string& identity) const {
  identity = core_->database->Identity();
  return rocksdb::Status::OK();
}
rocksdb::Status DbImpl::GetDbSessionId(std::string& session_id) const {
  session_id = core_->session_id;
  return rocksdb::Status::OK();
}

rocksdb::Status DbImpl::GetLiveFiles(std::vector<std::string>& files, uint64_t* manifest_bytes, bool flush_memtable) {
  return ToRocks(core_->database->GetLiveFiles(&files, manifest_bytes, flush_memtable));
}

void DbImpl::GetColumnFamilyMetaData(rocksdb::ColumnFamilyHandle* family, rocksdb::ColumnFamilyMetaData* metadata) {
  FillFamilyMetaData(FamilyOf(family), core_->database->Facts(FamilyOf(family)), metadata);
}

void DbImpl::GetAllColumnFamilyMetaData(std::vector<rocksdb::ColumnFamilyMetaData>* metadata) {
  metadata->clear();
  for (const FamilyPtr& family : AllFamilies()) {
    FillFamilyMetaData(family, core_->database->Facts(family), &metadata->emplace_back());
  }
}

void DbImpl::GetLiveFilesMetaData(std::vector<rocksdb::LiveFileMetaData>* metadata) {
  for (const FamilyPtr& family : AllFamilies()) {
    const FamilyFacts facts = core_->database->Facts(family);
    for (int level = 0; level < facts.version->LevelCount(); ++level) {
      facts.version->level(level).ForEachTable([&](const TableFilePtr& table) {
        rocksdb::LiveFileMetaData& file = metadata->emplace_back();
        FillFileMetaData(*table, level, family->opener->PathOf(table->meta()), &file);
        file.column_family_name = family->name;
        file.level = level;
      });
    }
  }
}

rocksdb::Status DbImpl::GetLiveFilesChecksumInfo(rocksdb::FileChecksumList* checksums) {
  if (checksums == nullptr) return rocksdb::Status::InvalidArgument("checksum_list is nullptr");
  checksums->reset();
  std::vector<rocksdb::LiveFileMetaData> files;
  GetLiveFilesMetaData(&files);
  for (const rocksdb::LiveFileMetaData& file : files) {
    const rocksdb::Status status =
        checksums->InsertOneFileChecksum(file.file_number, file.file_checksum, file.file_checksum_func_name);
    if (!status.ok()) return status;
  }
  for (const FamilyPtr& family : AllFamilies()) {
    const FamilyFacts facts = core_->database->Facts(family);
    for (const BlobFileUse& use : facts.version->blob_files()) {
      const BlobFileMeta& meta = use.file->meta();
      const rocksdb::Status status = checksums->InsertOneFileChecksum(meta.number, meta.checksum, meta.checksum_method);
      if (!status.ok()) return status;
    }
  }
  return rocksdb::Status::OK();
}

rocksdb::Status DbImpl::GetPropertiesOfAllTables(rocksdb::ColumnFamilyHandle* family,
                                                 rocksdb::TablePropertiesCollection* properties) {
  const FamilyPtr& engine_family = FamilyOf(family);
  const FamilyFacts facts = core_->database->Facts(engine_family);
  Status status;
  for (int level = 0; level < facts.version->LevelCount(); ++level) {
    facts.version->level(level).ForEachTable([&](const TableFilePtr& table) {
      ReaderRef reader;
      if (status.ok()) status = table->Reader(level, &reader);
      if (!status.ok()) return;
      (*properties)[engine_family->opener->PathOf(table->meta())] =
          std::make_shared<const rocksdb::TableProperties>(RocksPropertiesOf(reader->properties()));
    });
  }
  return ToRocks(status);
}

rocksdb::Status DbImpl::GetPropertiesOfTablesInRange(rocksdb::ColumnFamilyHandle* family, const rocksdb::Range* ranges,
                                                     size_t n, rocksdb::TablePropertiesCollection* properties) {
  const FamilyPtr& engine_family = FamilyOf(family);
  const FamilyFacts facts = core_->database->Facts(engine_family);
  for (size_t i = 0; i < n; ++i) {
    const RangeBound begin(&ranges[i].start, engine_family->order);
    const RangeBound end(&ranges[i].limit, engine_family->order);
    for (int level = 0; level < facts.version->LevelCount(); ++level) {
      for (const TableFilePtr& table : facts.version->Overlapping(level, begin.get(), end.get())) {
        ReaderRef reader;
        const Status status = table->Reader(level, &reader);
        if (!status.ok()) return ToRocks(status);
        (*properties)[engine_family->opener->PathOf(table->meta())] =
            std::make_shared<const rocksdb::TableProperties>(RocksPropertiesOf(reader->properties()));
      }
    }
  }
  return rocksdb::Status::OK();
}

rocksdb::Status DbImpl::GetCreationTimeOfOldestFile(uint64_t* creation_time) {
  if (GetDBOptions().max_open_files != -1) {
    return rocksdb::Status::NotSupported("This API only works if max_open_files = -1");
  }
  *creation_time = UINT64_MAX;
  for (const FamilyPtr& family : AllFamilies()) {
    const FamilyFacts facts = core_->database->Facts(family);
    for (int level = 0; level < facts.version->LevelCount(); ++level) {
      facts.version->level(level).ForEachTable([&](const TableFilePtr& table) {
        // An unknown time counts as 0: no time is earlier.
        *creation_time = std::min(*creation_time, CreationTimeOf(*table, level));
      });
    }
  }
  return rocksdb::Status::OK();
}

}  // namespace gneiss::compat
