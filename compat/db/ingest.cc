// Table files from outside: IngestExternalFile and IngestExternalFiles.

#include <rocksdb/listener.h>

#include <set>

#include "compat/db/db_impl.h"
#include "compat/db/table_properties_map.h"
#include "compat/status_map.h"

namespace gneiss::compat {

namespace {

rocksdb::Status CheckArguments(const std::vector<rocksdb::IngestExternalFileArg>& args, bool allows_ingest_behind) {
  using rocksdb::Status;
  if (args.empty()) return Status::InvalidArgument("ingestion arg list is empty");
  std::set<const rocksdb::ColumnFamilyHandle*> families;
  for (const rocksdb::IngestExternalFileArg& arg : args) {
    if (arg.column_family == nullptr) return Status::InvalidArgument("column family handle is null");
    if (!families.insert(arg.column_family).second) {
      return Status::InvalidArgument("ingestion args have duplicate column families");
    }
  }
  for (size_t i = 0; i < args.size(); ++i) {
    if (args[i].external_files.empty()) {
      return Status::InvalidArgument("external_files[" + std::to_string(i) + "] is empty");
    }
  }
  for (const rocksdb::IngestExternalFileArg& arg : args) {
    if (arg.options.ingest_behind && !allows_ingest_behind) {
      return Status::InvalidArgument("can't ingest_behind file in DB with allow_ingest_behind=false");
    }
  }
  return Status::OK();
}

IngestParams ParamsOf(const rocksdb::IngestExternalFileArg& arg) {
  const rocksdb::IngestExternalFileOptions& options = arg.options;
  return {.family = FamilyOf(arg.column_family),
          .paths = arg.external_files,
          .moves_files = options.move_files,
          .falls_back_to_copy = options.failed_move_fall_back_to_copy,
          .keeps_snapshots_repeatable = options.snapshot_consistency,
          .allow_global_seq = options.allow_global_seqno,
          .allow_blocking_flush = options.allow_blocking_flush,
          .writes_global_seq = options.write_global_seqno,
          .verify_checksums = options.verify_checksums_before_ingest,
          .verify_readahead_bytes = options.verify_checksums_readahead_size,
          .fails_if_not_bottommost = options.fail_if_not_bottommost_level,
          .temperature = static_cast<uint8_t>(arg.file_temperature)};
}

}  // namespace

rocksdb::Status DbImpl::IngestExternalFile(rocksdb::ColumnFamilyHandle* family, const std::vector<std::string>& files,
                                           const rocksdb::IngestExternalFileOptions& options) {
  rocksdb::IngestExternalFileArg arg;
  arg.column_family = family;
  arg.external_files = files;
  arg.options = options;
  return IngestExternalFiles({arg});
}

rocksdb::Status DbImpl::IngestExternalFiles(const std::vector<rocksdb::IngestExternalFileArg>& args) {
  const rocksdb::DBOptions db_options = GetDBOptions();
  const rocksdb::Status checked = CheckArguments(args, db_options.allow_ingest_behind);
  if (!checked.ok()) return checked;
  std::vector<IngestParams> families;
  for (const rocksdb::IngestExternalFileArg& arg : args) families.push_back(ParamsOf(arg));
  std::vector<IngestedTable> ingested;
  const Status status = core_->database->Ingest(families, &ingested);
  for (const IngestedTable& table : ingested) {
    rocksdb::ExternalFileIngestionInfo info;
    info.cf_name = table.family->name;
    info.external_file_path = table.outside_path;
    info.internal_file_path = table.inside_path;
    info.global_seqno = table.seq;
    info.table_properties = RocksPropertiesOf(table.properties);
    for (const auto& listener : db_options.listeners) listener->OnExternalFileIngested(this, info);
  }
  return ToRocks(status);
}

rocksdb::Status DbImpl::CreateColumnFamilyWithImport(const rocksdb::ColumnFamilyOptions& options,
                                                     const std::string& name,
                                                     const rocksdb::ImportColumnFamilyOptions& import_options,
                                                     const rocksdb::ExportImportFilesMetaData& metadata,
                                                     rocksdb::ColumnFamilyHandle** handle) {
  if (options.comparator->Name() != metadata.db_comparator_name) {
    return rocksdb::Status::InvalidArgument("Comparator name mismatch");
  }
  std::vector<ImportedTable> files;
  for (const rocksdb::LiveFileMetaData& file : metadata.files) {
    if (file.oldest_blob_file_number != 0) {
      return rocksdb::Status::NotSupported(
          "importing a column family with blob files is not implemented by Gneiss yet");
    }
    files.push_back({.path = file.db_path + "/" + file.name,
                     .level = file.level,
                     .smallest_seq = file.smallest_seqno,
                     .largest_seq = file.largest_seqno,
                     .temperature = static_cast<uint8_t>(file.temperature)});
  }
  rocksdb::Status status = CreateColumnFamily(options, name, handle);
  if (!status.ok()) return status;
  status = ToRocks(core_->database->Import(FamilyOf(*handle), files, import_options.move_files));
  if (status.ok()) return status;
  DropColumnFamily(*handle).PermitUncheckedError();  // the first error counts
  DestroyColumnFamilyHandle(*handle).PermitUncheckedError();
  *handle = nullptr;
  return status;
}

}  // namespace gneiss::compat
