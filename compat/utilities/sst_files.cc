// rocksdb/sst_file_writer.h and sst_file_reader.h: table files alone, outside of a database.
#include <rocksdb/convenience.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/sst_file_writer.h>

#include <algorithm>

#include "compat/adapters/engine_file_system.h"
#include "compat/adapters/property_collector.h"
#include "compat/db/iterator.h"
#include "compat/db/read_params.h"
#include "compat/db/table_properties_map.h"
#include "compat/not_supported.h"
#include "compat/options/block_based_table.h"
#include "compat/options/engine_config.h"
#include "compat/status_map.h"
#include "compat/utilities/unique_id.h"
#include "engine/base/coding.h"
#include "engine/db/external_table.h"
#include "engine/db/table_scan.h"
#include "engine/table/meta_blocks.h"
#include "engine/table/table_writer.h"

namespace rocksdb {

using gneiss::Kind;
using gneiss::compat::NotBuilt;
using gneiss::compat::ToEngine;
using gneiss::compat::ToRocks;

namespace {

// The environment's file system as the engine's.
class EngineFiles {
 public:
  explicit EngineFiles(Env* env)
      : adapted_(gneiss::compat::NewEngineFileSystem((env == nullptr ? Env::Default() : env)->GetFileSystem())) {}
  gneiss::FileSystem* get() const { return adapted_ == nullptr ? gneiss::FileSystem::Posix() : adapted_.get(); }

 private:
  const std::unique_ptr<gneiss::FileSystem> adapted_;
};

bool IsBlockBased(const Options& options) {
  return gneiss::compat::BlockBasedOptionsOf(options.table_factory.get()) != nullptr;
}

// The files are made for the last level, so they are compressed as its tables are.
void SetCompression(const Options& options, gneiss::TableWriteConfig* config) {
  CompressionType type = options.compression;
  CompressionOptions details = options.compression_opts;
  if (options.bottommost_compression != kDisableCompressionOption) {
    type = options.bottommost_compression;
    if (options.bottommost_compression_opts.enabled) details = options.bottommost_compression_opts;
  } else if (!options.compression_per_level.empty()) {
    type = options.compression_per_level.back();
  }
  config->compression = gneiss::compat::CompressionOf(type);
  config->compression_config = gneiss::compat::CompressionConfigOf(details);
  config->compression_name = gneiss::CompressionName(config->compression);
}

gneiss::TableWriteConfig WriteConfigOf(const Options& options, const ColumnFamilyHandle* family, bool skip_filters) {
  gneiss::TableWriteConfig config;
  config.format = gneiss::compat::TableFormatOf(options);
  if (skip_filters) config.format.filter.type = gneiss::FilterConfig::Type::kNone;
  config.order = gneiss::compat::KeyOrderOf(options.comparator);
  config.prefix_extractor = gneiss::compat::PrefixExtractorOf(options.prefix_extractor);
  SetCompression(options, &config);
  config.column_family_id = family == nullptr ? static_cast<uint32_t>(gneiss::kUnknownColumnFamily) : family->GetID();
  if (family != nullptr) config.column_family_name = family->GetName();
  if (options.merge_operator != nullptr) config.merge_operator_name = options.merge_operator->Name();
  config.comparator_name = options.comparator->Name();
  config.db_id = "SST Writer";
  config.db_session_id = gneiss::compat::NewSessionId();
  config.host_id = options.db_host_id;
  if (config.host_id == kHostnameForDbHostId) {
    options.env->GetHostNameString(&config.host_id).PermitUncheckedError();  // a table without a host name is fine
  }
  config.property_collectors = gneiss::compat::PropertyCollectorsOf(options.table_properties_collector_factories);
  // Version 2: the global sequence number, 0 as yet, has its place among the properties.
  gneiss::PutU32(&config.user_properties[gneiss::kExternalVersionProperty], 2);
  gneiss::PutU64(&config.user_properties[gneiss::kGlobalSeqProperty], 0);
  return config;
}

// The checksum that a database with the factory would keep of the file.
Status ChecksumOf(FileChecksumGenFactory* factory, gneiss::FileSystem* fs, ExternalSstFileInfo* info) {
  FileChecksumGenContext context;
  context.file_name = info->file_path;
  const std::unique_ptr<FileChecksumGenerator> generator = factory->CreateFileChecksumGenerator(context);
  if (generator == nullptr) return Status::OK();
  std::unique_ptr<gneiss::SequentialFile> file;
  gneiss::Status status = fs->OpenSequential(info->file_path, &file);
  std::string scratch(size_t{64} << 10, '\0');
  gneiss::Slice piece("begin");
  while (status.ok() && !piece.empty()) {
    status = file->Read(scratch.size(), &piece, scratch.data());
    if (status.ok()) generator->Update(piece.data(), piece.size());
  }
  if (!status.ok()) return ToRocks(status);
  generator->Finalize();
  info->file_checksum = generator->GetChecksum();
  info->file_checksum_func_name = generator->Name();
  return Status::OK();
}

Status TimestampMismatch() { return Status::InvalidArgument("Timestamp size mismatch"); }

}  // namespace

// ---- SstFileWriter

struct SstFileWriter::Rep {
  Rep(const EnvOptions& env, const Options& all_options, const Comparator* comparator,
      ColumnFamilyHandle* column_family, bool no_filters)
      : env_options(env), options(all_options), family(column_family), skip_filters(no_filters), files(options.env) {
    options.comparator = comparator;
    if (options.env == nullptr) options.env = Env::Default();
  }

  // Keys are bare; the timestamp must be of the comparator's size, which may be none.
  Status Add(const Slice& bare_key, const Slice& timestamp, const Slice& value, Kind kind);
  Status AddTombstone(const Slice& bare_begin, const Slice& bare_end, const Slice& timestamp);
  Status AddStored(const Slice& user_key, const Slice& value, Kind kind);
  Status WriteTombstones();
  Status Finish();
  int Compare(const Slice& a, const Slice& b) const { return options.comparator->Compare(a, b); }

  const EnvOptions env_options;
  Options options;
  ColumnFamilyHandle* const family;
  const bool skip_filters;
  const EngineFiles files;
  uint64_t next_file_number = 1;
  std::unique_ptr<gneiss::WritableFile> file;
  std::unique_ptr<gneiss::TableWriter> writer;                  // null: no file is open
  std::vector<std::pair<std::string, std::string>> tombstones;  // written at the end, in order
  std::string internal_key;
  ExternalSstFileInfo info;
};

Status SstFileWriter::Rep::Add(const Slice& bare_key, const Slice& timestamp, const Slice& value, Kind kind) {
  if (options.comparator->timestamp_size() != timestamp.size()) return TimestampMismatch();
  if (timestamp.empty()) return AddStored(bare_key, value, kind);
  return AddStored(bare_key.ToString().append(timestamp.data(), timestamp.size()), value, kind);
}

Status SstFileWriter::Rep::AddStored(const Slice& user_key, const Slice& value, Kind kind) {
  if (writer == nullptr) return Status::InvalidArgument("File is not opened");
  if (info.num_entries == 0) {
    info.smallest_key.assign(user_key.data(), user_key.size());
  } else if (Compare(user_key, info.largest_key) <= 0) {
    return Status::InvalidArgument("Keys must be added in strict ascending order.");
  }
  internal_key.clear();
  gneiss::AppendInternalKey(&internal_key, ToEngine(user_key), 0, kind);
  const gneiss::Status status = writer->Add(internal_key, ToEngine(value));
  if (!status.ok()) return ToRocks(status);
  ++info.num_entries;
  info.largest_key.assign(user_key.data(), user_key.size());
  info.file_size = writer->FileBytes();
  return Status::OK();
}

Status SstFileWriter::Rep::AddTombstone(const Slice& bare_begin, const Slice& bare_end, const Slice& timestamp) {
  if (options.comparator->timestamp_size() != timestamp.size()) return TimestampMismatch();
  const std::string begin = bare_begin.ToString().append(timestamp.data(), timestamp.size());
  const std::string end = bare_end.ToString().append(timestamp.data(), timestamp.size());
  if (writer == nullptr) return Status::InvalidArgument("File is not opened");
  if (tombstones.empty() || Compare(begin, info.smallest_range_del_key) < 0) {
    info.smallest_range_del_key = begin;
  }
  if (tombstones.empty() || Compare(end, info.largest_range_del_key) > 0) {
    info.largest_range_del_key = end;
  }
  tombstones.emplace_back(begin, end);
  ++info.num_range_del_entries;
  return Status::OK();
}

// They come in any order; of those that begin alike the longest says it all.
Status SstFileWriter::Rep::WriteTombstones() {
  std::sort(tombstones.begin(), tombstones.end(), [this](const auto& a, const auto& b) {
    const int compared = Compare(a.first, b.first);
    return compared != 0 ? compared < 0 : Compare(b.second, a.second) < 0;
  });
  const auto begins_alike = [this](const auto& a, const auto& b) { return Compare(a.first, b.first) == 0; };
  tombstones.erase(std::unique(tombstones.begin(), tombstones.end(), begins_alike), tombstones.end());
  for (const auto& [begin, end] : tombstones) {
    internal_key.clear();
    gneiss::AppendInternalKey(&internal_key, begin, 0, Kind::kRangeDelete);
    const gneiss::Status status = writer->Add(internal_key, end);
    if (!status.ok()) return ToRocks(status);
  }
  return Status::OK();
}

Status SstFileWriter::Rep::Finish() {
  Status status = WriteTombstones();
  if (status.ok()) status = ToRocks(writer->Finish());
  info.file_size = writer->FileBytes();
  if (status.ok()) status = ToRocks(file->Sync());
  if (status.ok()) status = ToRocks(file->Close());
  if (status.ok() && options.file_checksum_gen_factory != nullptr) {
    status = ChecksumOf(options.file_checksum_gen_factory.get(), files.get(), &info);
  }
  writer.reset();
  file.reset();
  if (!status.ok()) files.get()->Remove(info.file_path).IgnoreError("the first error counts");
  return status;
}

SstFileWriter::SstFileWriter(const EnvOptions& env_options, const Options& options, const Comparator* user_comparator,
                             ColumnFamilyHandle* column_family, bool /*invalidate_page_cache*/,
                             Env::IOPriority /*io_priority*/, bool skip_filters)
    : rep_(std::make_unique<Rep>(env_options, options, user_comparator, column_family, skip_filters)) {}

SstFileWriter::~SstFileWriter() = default;

Status SstFileWriter::Open(const std::string& file_path) {
  if (!IsBlockBased(rep_->options)) return NotBuilt("a TableFactory other than BlockBasedTable");
  rep_->writer.reset();
  const gneiss::FileOptions file_options = {.use_direct_writes = rep_->env_options.use_direct_writes};
  const gneiss::Status created = rep_->files.get()->Create(file_path, file_options, &rep_->file);
  if (!created.ok()) return ToRocks(created);
  gneiss::TableWriteConfig config = WriteConfigOf(rep_->options, rep_->family, rep_->skip_filters);
  config.file_number = rep_->next_file_number++;
  rep_->writer = std::make_unique<gneiss::TableWriter>(config, rep_->file.get());
  rep_->tombstones.clear();
  rep_->info = ExternalSstFileInfo();
  rep_->info.file_path = file_path;
  rep_->info.version = 2;
  rep_->info.file_checksum_func_name = kUnknownFileChecksumFuncName;
  return Status::OK();
}

Status SstFileWriter::Add(const Slice& user_key, const Slice& value) { return Put(user_key, value); }
Status SstFileWriter::Put(const Slice& user_key, const Slice& value) {
  return rep_->Add(user_key, Slice(), value, Kind::kPut);
}
Status SstFileWriter::Put(const Slice& user_key, const Slice& timestamp, const Slice& value) {
  return rep_->Add(user_key, timestamp, value, Kind::kPut);
}
Status SstFileWriter::Merge(const Slice& user_key, const Slice& value) {
  return rep_->Add(user_key, Slice(), value, Kind::kMerge);
}
Status SstFileWriter::Delete(const Slice& user_key) { return rep_->Add(user_key, Slice(), Slice(), Kind::kDelete); }
Status SstFileWriter::Delete(const Slice& user_key, const Slice& timestamp) {
  return rep_->Add(user_key, timestamp, Slice(), Kind::kDeleteWithTimestamp);
}
Status SstFileWriter::DeleteRange(const Slice& begin_key, const Slice& end_key) {
  return rep_->AddTombstone(begin_key, end_key, Slice());
}
Status SstFileWriter::DeleteRange(const Slice& begin_key, const Slice& end_key, const Slice& timestamp) {
  return rep_->AddTombstone(begin_key, end_key, timestamp);
}

Status SstFileWriter::Finish(ExternalSstFileInfo* file_info) {
  if (rep_->writer == nullptr) return Status::InvalidArgument("File is not opened");
  if (rep_->info.num_entries == 0 && rep_->info.num_range_del_entries == 0) {
    return Status::InvalidArgument("Cannot create sst file with no entries");
  }
  const Status status = rep_->Finish();
  if (file_info != nullptr) *file_info = rep_->info;
  return status;
}

uint64_t SstFileWriter::FileSize() { return rep_->info.file_size; }

// ---- SstFileReader

namespace {

// A file that is open. Shared with its iterators, which may outlive their reader, or its next Open.
struct OpenedFile {
  std::shared_ptr<const EngineFiles> files;
  gneiss::FamilyConfig config;  // which the table borrows
  std::unique_ptr<const gneiss::TableReader> table;
};

}  // namespace

struct SstFileReader::Rep {
  explicit Rep(const Options& all_options)
      : options(all_options), files(std::make_shared<const EngineFiles>(options.env)) {}

  const Options options;
  const std::shared_ptr<const EngineFiles> files;
  std::shared_ptr<const OpenedFile> opened;  // null: no file is open
};

SstFileReader::SstFileReader(const Options& options) : rep_(std::make_unique<Rep>(options)) {}

SstFileReader::~SstFileReader() = default;

Status SstFileReader::Open(const std::string& file_path) {
  Rep* const r = rep_.get();
  if (!IsBlockBased(r->options)) return NotBuilt("a TableFactory other than BlockBasedTable");
  r->opened.reset();
  const auto opened = std::make_shared<OpenedFile>();
  opened->files = r->files;
  gneiss::FamilyConfig& config = opened->config;
  config.order = gneiss::compat::KeyOrderOf(r->options.comparator);
  config.table_read = gneiss::compat::TableReadConfigOf(r->options);
  config.compaction.merge_operator = gneiss::compat::MergeOperatorOf(r->options.merge_operator, r->options.info_log);
  config.skips_before_reseek_max = std::max<uint64_t>(1, r->options.max_sequential_skip_in_iterations);
  const gneiss::FileOptions file_options = {.use_direct_reads = r->options.use_direct_reads,
                                            .use_mmap_reads = r->options.allow_mmap_reads};
  gneiss::TableReader::OpenParams params;
  params.path = file_path;
  gneiss::FileSystem* const fs = r->files->get();
  std::unique_ptr<gneiss::RandomAccessFile> file;
  std::unique_ptr<gneiss::TableReader> table;
  gneiss::Status status = fs->FileSize(file_path, &params.file_bytes);
  if (status.ok()) status = fs->OpenRandomAccess(file_path, file_options, &file);
  if (status.ok()) status = gneiss::TableReader::Open(config.table_read, params, std::move(file), &table);
  if (status.ok()) {
    opened->table = std::move(table);
    r->opened = opened;
  }
  return ToRocks(status);
}

Iterator* SstFileReader::NewIterator(const ReadOptions& options) {
  const std::shared_ptr<const OpenedFile> opened = rep_->opened;
  if (opened == nullptr) return NewErrorIterator(Status::InvalidArgument("File is not opened"));
  const size_t timestamp_bytes = opened->config.order.timestamp_bytes();
  const auto fits = [&](const Slice* timestamp) {
    return timestamp == nullptr || timestamp->size() == timestamp_bytes;
  };
  const bool has_timestamp = options.timestamp != nullptr;
  if (has_timestamp != (timestamp_bytes != 0) || !fits(options.timestamp) || !fits(options.iter_start_ts)) {
    return NewErrorIterator(TimestampMismatch());
  }
  ReadOptions read = options;
  read.tailing = false;  // the file does not change
  read.snapshot = nullptr;
  const gneiss::SeqNo seq = options.snapshot == nullptr ? gneiss::kSeqMax : options.snapshot->GetSequenceNumber();
  // There is no database behind it, only options.
  auto core = std::make_shared<gneiss::compat::DbCore>();
  core->db_options = rep_->options;
  if (core->db_options.env == nullptr) core->db_options.env = Env::Default();
  auto iterator = std::make_unique<gneiss::compat::IteratorHandle>(
      std::move(core), read, read.prefix_same_as_start ? rep_->options.prefix_extractor : nullptr,
      opened->config.order);
  const auto release = [](void* kept, void*) { delete static_cast<std::shared_ptr<const OpenedFile>*>(kept); };
  iterator->RegisterCleanup(release, new std::shared_ptr<const OpenedFile>(opened), nullptr);
  iterator->Adopt(gneiss::NewTableScan(opened->config, *opened->table, iterator->ParamsOf(), seq));
  return iterator.release();
}

std::shared_ptr<const TableProperties> SstFileReader::GetTableProperties() const {
  if (rep_->opened == nullptr) return nullptr;
  return std::make_shared<const TableProperties>(gneiss::compat::RocksPropertiesOf(rep_->opened->table->properties()));
}

Status SstFileReader::VerifyChecksum(const ReadOptions& options) {
  if (rep_->opened == nullptr) return Status::InvalidArgument("File is not opened");
  return ToRocks(rep_->opened->table->VerifyChecksums(gneiss::compat::TableParamsOf(options)));
}

}  // namespace rocksdb
