// rocksdb/ldb_tool.h and utilities/ldb_cmd.h
#include <rocksdb/ldb_tool.h>
#include <rocksdb/utilities/ldb_cmd.h>

#include <cstdio>
#include <cstdlib>

#include "compat/not_supported.h"

namespace rocksdb {

using gneiss::compat::FailNotBuilt;
using gneiss::compat::NotBuilt;

const std::string LDBCommand::ARG_ENV_URI = "env_uri";
const std::string LDBCommand::ARG_FS_URI = "fs_uri";
const std::string LDBCommand::ARG_DB = "db";
const std::string LDBCommand::ARG_PATH = "path";
const std::string LDBCommand::ARG_SECONDARY_PATH = "secondary_path";
const std::string LDBCommand::ARG_HEX = "hex";
const std::string LDBCommand::ARG_KEY_HEX = "key_hex";
const std::string LDBCommand::ARG_VALUE_HEX = "value_hex";
const std::string LDBCommand::ARG_CF_NAME = "column_family";
const std::string LDBCommand::ARG_TTL = "ttl";
const std::string LDBCommand::ARG_TTL_START = "start_time";
const std::string LDBCommand::ARG_TTL_END = "end_time";
const std::string LDBCommand::ARG_TIMESTAMP = "timestamp";
const std::string LDBCommand::ARG_TRY_LOAD_OPTIONS = "try_load_options";
const std::string LDBCommand::ARG_DISABLE_CONSISTENCY_CHECKS = "disable_consistency_checks";
const std::string LDBCommand::ARG_IGNORE_UNKNOWN_OPTIONS = "ignore_unknown_options";
const std::string LDBCommand::ARG_FROM = "from";
const std::string LDBCommand::ARG_TO = "to";
const std::string LDBCommand::ARG_MAX_KEYS = "max_keys";
const std::string LDBCommand::ARG_BLOOM_BITS = "bloom_bits";
const std::string LDBCommand::ARG_FIX_PREFIX_LEN = "fix_prefix_len";
const std::string LDBCommand::ARG_COMPRESSION_TYPE = "compression_type";
const std::string LDBCommand::ARG_COMPRESSION_MAX_DICT_BYTES = "compression_max_dict_bytes";
const std::string LDBCommand::ARG_BLOCK_SIZE = "block_size";
const std::string LDBCommand::ARG_AUTO_COMPACTION = "auto_compaction";
const std::string LDBCommand::ARG_DB_WRITE_BUFFER_SIZE = "db_write_buffer_size";
const std::string LDBCommand::ARG_WRITE_BUFFER_SIZE = "write_buffer_size";
const std::string LDBCommand::ARG_FILE_SIZE = "file_size";
const std::string LDBCommand::ARG_CREATE_IF_MISSING = "create_if_missing";
const std::string LDBCommand::ARG_NO_VALUE = "no_value";
const std::string LDBCommand::ARG_ENABLE_BLOB_FILES = "enable_blob_files";
const std::string LDBCommand::ARG_MIN_BLOB_SIZE = "min_blob_size";
const std::string LDBCommand::ARG_BLOB_FILE_SIZE = "blob_file_size";
const std::string LDBCommand::ARG_BLOB_COMPRESSION_TYPE = "blob_compression_type";
const std::string LDBCommand::ARG_ENABLE_BLOB_GARBAGE_COLLECTION = "enable_blob_garbage_collection";
const std::string LDBCommand::ARG_BLOB_GARBAGE_COLLECTION_AGE_CUTOFF = "blob_garbage_collection_age_cutoff";
const std::string LDBCommand::ARG_BLOB_GARBAGE_COLLECTION_FORCE_THRESHOLD = "blob_garbage_collection_force_threshold";
const std::string LDBCommand::ARG_BLOB_COMPACTION_READAHEAD_SIZE = "blob_compaction_readahead_size";
const std::string LDBCommand::ARG_BLOB_FILE_STARTING_LEVEL = "blob_file_starting_level";
const std::string LDBCommand::ARG_PREPOPULATE_BLOB_CACHE = "prepopulate_blob_cache";
const std::string LDBCommand::ARG_DECODE_BLOB_INDEX = "decode_blob_index";
const std::string LDBCommand::ARG_DUMP_UNCOMPRESSED_BLOBS = "dump_uncompressed_blobs";

const char* LDBCommand::DELIM = " ==> ";

LDBOptions::LDBOptions() = default;

void LDBTool::Run(int argc, char** argv, Options db_options, const LDBOptions& ldb_options,
                  const std::vector<ColumnFamilyDescriptor>* column_families) {
  exit(LDBCommandRunner::RunCommand(argc, argv, db_options, ldb_options, column_families));
}

int LDBCommandRunner::RunCommand(int, char const* const*, Options, const LDBOptions&,
                                 const std::vector<ColumnFamilyDescriptor>*) {
  fprintf(stderr, "%s\n", NotBuilt("LDBTool").ToString().c_str());
  return 1;
}

void LDBCommandRunner::PrintHelp(const LDBOptions&, const char*, bool) { FailNotBuilt("LDBTool"); }

LDBCommand::LDBCommand(const std::map<std::string, std::string>&, const std::vector<std::string>&, bool,
                       const std::vector<std::string>&) {
  FailNotBuilt("LDBCommand");
}

LDBCommand* LDBCommand::SelectCommand(const ParsedParams&) { FailNotBuilt("LDBCommand"); }

LDBCommand* LDBCommand::InitFromCmdLineArgs(const std::vector<std::string>&, const Options&, const LDBOptions&,
                                            const std::vector<ColumnFamilyDescriptor>*,
                                            const std::function<LDBCommand*(const ParsedParams&)>&) {
  FailNotBuilt("LDBCommand");
}

LDBCommand* LDBCommand::InitFromCmdLineArgs(int, char const* const*, const Options&, const LDBOptions&,
                                            const std::vector<ColumnFamilyDescriptor>*) {
  FailNotBuilt("LDBCommand");
}

void LDBCommand::Run() { FailNotBuilt("LDBCommand"); }
void LDBCommand::OpenDB() { FailNotBuilt("LDBCommand"); }
void LDBCommand::CloseDB() { FailNotBuilt("LDBCommand"); }
void LDBCommand::PrepareOptions() { FailNotBuilt("LDBCommand"); }
void LDBCommand::OverrideBaseOptions() { FailNotBuilt("LDBCommand"); }
void LDBCommand::OverrideBaseCFOptions(ColumnFamilyOptions*) { FailNotBuilt("LDBCommand"); }
bool LDBCommand::ValidateCmdLineOptions() { FailNotBuilt("LDBCommand"); }
ColumnFamilyHandle* LDBCommand::GetCfHandle() { FailNotBuilt("LDBCommand"); }
std::string LDBCommand::HexToString(const std::string&) { FailNotBuilt("LDBCommand"); }
std::string LDBCommand::StringToHex(const std::string&) { FailNotBuilt("LDBCommand"); }
std::string LDBCommand::HelpRangeCmdArgs() { FailNotBuilt("LDBCommand"); }
std::vector<std::string> LDBCommand::BuildCmdLineOptions(std::vector<std::string>) { FailNotBuilt("LDBCommand"); }

bool LDBCommand::ParseKeyValue(const std::string&, std::string*, std::string*, bool, bool) {
  FailNotBuilt("LDBCommand");
}

std::string LDBCommand::PrintKeyValue(const std::string&, const std::string&, bool, bool) {
  FailNotBuilt("LDBCommand");
}

std::string LDBCommand::PrintKeyValue(const std::string&, const std::string&, bool) { FailNotBuilt("LDBCommand"); }

bool LDBCommand::ParseIntOption(const std::map<std::string, std::string>&, const std::string&, int&,
                                LDBCommandExecuteResult&) {
  FailNotBuilt("LDBCommand");
}

bool LDBCommand::ParseDoubleOption(const std::map<std::string, std::string>&, const std::string&, double&,
                                   LDBCommandExecuteResult&) {
  FailNotBuilt("LDBCommand");
}

bool LDBCommand::ParseStringOption(const std::map<std::string, std::string>&, const std::string&, std::string*) {
  FailNotBuilt("LDBCommand");
}

bool LDBCommand::ParseCompressionTypeOption(const std::map<std::string, std::string>&, const std::string&,
                                            CompressionType&, LDBCommandExecuteResult&) {
  FailNotBuilt("LDBCommand");
}

bool LDBCommand::ParseBooleanOption(const std::map<std::string, std::string>&, const std::string&, bool) {
  FailNotBuilt("LDBCommand");
}

bool LDBCommand::IsKeyHex(const std::map<std::string, std::string>&, const std::vector<std::string>&) {
  FailNotBuilt("LDBCommand");
}

bool LDBCommand::IsValueHex(const std::map<std::string, std::string>&, const std::vector<std::string>&) {
  FailNotBuilt("LDBCommand");
}

bool LDBCommand::IsTryLoadOptions(const std::map<std::string, std::string>&, const std::vector<std::string>&) {
  FailNotBuilt("LDBCommand");
}

bool LDBCommand::StringToBool(std::string) { FailNotBuilt("LDBCommand"); }

}  // namespace rocksdb
