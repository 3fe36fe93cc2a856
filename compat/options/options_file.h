// OPTIONS files: the options of a database as the text that RocksDB 7.8.3 writes and reads.
//
//     [Version]                          rocksdb_version=7.8.3, options_file_version=1.1
//     [DBOptions]                        name=value, one per line, indented by two blanks
//     [CFOptions "default"]              one such pair of sections per column family, "default" first
//     [TableOptions/BlockBasedTable "default"]
//
// '#' starts a comment unless a backslash stands before it; values are escaped (text.h). Objects appear by name, and
// what a name cannot bring back (a user's comparator, listeners, caches) is absent or null after reading.
//
// Owner:   everything is returned by value; environments and file systems are borrowed.
// Threads: plain functions.
// Errors:  InvalidArgument with RocksDB's texts for what does not parse, with the line number; Corruption for a missing
//          section; I/O errors as they come.
#pragma once

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/file_system.h>
#include <rocksdb/options.h>

#include <string>
#include <vector>

#include "compat/options/option_field.h"

namespace gneiss::compat {

// The whole file. The two vectors are parallel.
rocksdb::Status RenderOptionsFile(const rocksdb::DBOptions& db_options, const std::vector<std::string>& cf_names,
                                  const std::vector<rocksdb::ColumnFamilyOptions>& cf_options, std::string* text);

// Its parts: what stands before the families, and the two sections of one family; both are appended to *text.
rocksdb::Status RenderOptionsFileHead(const rocksdb::DBOptions& db_options, std::string* text);
rocksdb::Status RenderFamilySections(const std::string& name, const rocksdb::ColumnFamilyOptions& options,
                                     std::string* text);

// Renders, writes, syncs, reads back and compares.
rocksdb::Status WriteOptionsFile(const rocksdb::DBOptions& db_options, const std::vector<std::string>& cf_names,
                                 const std::vector<rocksdb::ColumnFamilyOptions>& cf_options,
                                 const std::string& file_name, rocksdb::FileSystem* fs);

// What a file says: the options, and the text of each section for comparing objects by name.
struct ParsedOptionsFile {
  int rocksdb_version[3] = {0, 0, 0};
  int file_version[2] = {0, 0};
  rocksdb::DBOptions db_options;
  StringMap db_texts;
  std::vector<std::string> cf_names;
  std::vector<rocksdb::ColumnFamilyOptions> cf_options;
  std::vector<StringMap> cf_texts;
};

// `how.ignore_unknown_options` holds only for files of a newer release than this one: an older file has no business
// with unknown names.
rocksdb::Status ParseOptionsFile(const rocksdb::ConfigOptions& how, const std::string& text, ParsedOptionsFile* parsed);
rocksdb::Status ReadOptionsFile(const rocksdb::ConfigOptions& how, const std::string& file_name,
                                rocksdb::FileSystem* fs, ParsedOptionsFile* parsed);

// InvalidArgument or Corruption, naming the first option that differs more than how.sanity_level allows.
rocksdb::Status VerifyOptionsFile(const rocksdb::ConfigOptions& how, const rocksdb::DBOptions& db_options,
                                  const std::vector<std::string>& cf_names,
                                  const std::vector<rocksdb::ColumnFamilyOptions>& cf_options,
                                  const std::string& file_name, rocksdb::FileSystem* fs);

}  // namespace gneiss::compat
