// An ExternalTable is a table file written outside of the database (rocksdb::SstFileWriter) that is to become one of a
// column family's own.
//
// Terms:   its entries are stored with seq 0; once taken in they all carry one seq, the global one, which the MANIFEST
//          knows and which may also be written into the file's properties.
// Owner:   a plain value; the files belong to the caller.
// Errors:  Corruption or InvalidArgument with RocksDB's texts for a file that is no such table.
#pragma once

#include <cstdint>
#include <string>

#include "engine/version/table_file.h"

namespace gneiss {

inline constexpr uint64_t kUnknownColumnFamily = INT32_MAX;  // in the properties of a table that is for any

struct ExternalTable {
  std::string outside_path;
  std::string inside_path;  // empty until it lies in the database's directory
  bool is_copy = false;     // else a link
  TableMeta meta;           // with seq 0 in its keys until it is placed
  TableProperties properties;
  uint64_t original_seq = 0;
  uint64_t global_seq_offset = 0;  // in the file; 0: has none
  int level = 0;
};

struct ExternalTableChecks {
  bool verify_checksums = false;
  size_t readahead_bytes = 0;
  bool needs_global_seq = true;  // what version 1 of the format cannot give
};

// Opens the file and fills the table from it, all but where it will lie.
Status LookAtExternalTable(const TableOpener& opener, const std::string& path, const ExternalTableChecks& checks,
                           ExternalTable* table);

// The same for a table of another database, which has sequence numbers: table->meta says from which to which.
Status LookAtExportedTable(const TableOpener& opener, const std::string& path, ExternalTable* table);

// Puts the file under `inside_path`, durably: as a link when `moves` (falling back to a copy when asked and links are
// not supported), else as a copy. On a failure nothing is left there.
Status BringInside(FileSystem* fs, const std::string& inside_path, bool moves, bool may_fall_back,
                   ExternalTable* table);

// Gives all entries their seq: in the keys of the meta and, when asked and the file system can, in the file.
Status AssignGlobalSeq(FileSystem* fs, SeqNo seq, bool writes_file, ExternalTable* table);

}  // namespace gneiss
