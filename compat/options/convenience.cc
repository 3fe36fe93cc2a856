// The functions of convenience.h that work on a database or a file instead of on options.
#include <rocksdb/convenience.h>

#include <memory>

#include "compat/adapters/engine_file_system.h"
#include "compat/not_supported.h"
#include "compat/options/block_based_table.h"
#include "compat/options/db_internals.h"
#include "compat/options/engine_config.h"
#include "compat/status_map.h"
#include "engine/table/table_reader.h"

namespace gneiss::compat {

namespace {

// Reads every block of a table, past every cache.
Status VerifyTable(FileSystem* fs, const FileOptions& file_options, const TableReadConfig& config,
                   const std::string& path) {
  TableReader::OpenParams params;
  params.path = path;
  std::unique_ptr<RandomAccessFile> file;
  std::unique_ptr<TableReader> reader;
  GNEISS_RETURN_IF_ERROR(fs->OpenRandomAccess(path, file_options, &file));
  GNEISS_RETURN_IF_ERROR(fs->FileSize(path, &params.file_bytes));
  GNEISS_RETURN_IF_ERROR(TableReader::Open(config, params, std::move(file), &reader));
  return reader->VerifyChecksums(ReadParams());
}

}  // namespace

DbInternals* DbInternalsOf(rocksdb::DB* db) { return dynamic_cast<DbInternals*>(db->GetRootDB()); }

}  // namespace gneiss::compat

namespace rocksdb {

using gneiss::compat::DbInternalsOf;

void CancelAllBackgroundWork(DB* db, bool wait) {
  if (auto* internals = DbInternalsOf(db)) internals->CancelAllBackgroundWork(wait);
}

Status DeleteFilesInRanges(DB* db, ColumnFamilyHandle* column_family, const RangePtr* ranges, size_t n,
                           bool include_end) {
  if (auto* internals = DbInternalsOf(db)) {
    return internals->DeleteFilesInRanges(column_family, ranges, n, include_end);
  }
  return Status::NotSupported("DeleteFilesInRanges needs a database opened by this library");
}

Status DeleteFilesInRange(DB* db, ColumnFamilyHandle* column_family, const Slice* begin, const Slice* end,
                          bool include_end) {
  const RangePtr range(begin, end);
  return DeleteFilesInRanges(db, column_family, &range, 1, include_end);
}

Status VerifySstFileChecksum(const Options& options, const EnvOptions& env_options, const std::string& file_path) {
  return VerifySstFileChecksum(options, env_options, ReadOptions(), file_path);
}

// Neither read options nor the largest sequence number change which bytes are checked.
Status VerifySstFileChecksum(const Options& options, const EnvOptions& env_options, const ReadOptions&,
                             const std::string& file_path, const SequenceNumber&) {
  if (gneiss::compat::BlockBasedOptionsOf(options.table_factory.get()) == nullptr) {
    return gneiss::compat::NotBuilt("a TableFactory other than BlockBasedTable");
  }
  const std::unique_ptr<gneiss::FileSystem> adapted = gneiss::compat::NewEngineFileSystem(options.env->GetFileSystem());
  gneiss::FileSystem* fs = adapted == nullptr ? gneiss::FileSystem::Posix() : adapted.get();
  const gneiss::FileOptions file_options = {.use_direct_reads = env_options.use_direct_reads,
                                            .use_mmap_reads = env_options.use_mmap_reads};
  gneiss::TableReadConfig config = gneiss::compat::TableReadConfigOf(options);
  config.block_cache = nullptr;
  return gneiss::compat::ToRocks(gneiss::compat::VerifyTable(fs, file_options, config, file_path));
}

}  // namespace rocksdb
