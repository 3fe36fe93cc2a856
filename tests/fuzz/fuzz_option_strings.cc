// Option strings: of a database, a family, a table; maps of options; objects by name.
#include <rocksdb/convenience.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>

#include "tests/fuzz/disk_database.h"
#include "tests/fuzz/fuzz_target.h"

const char* FuzzCorpusName() { return "OPTIONS"; }

int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string text = gneiss::fuzz::ToString(bytes, size);
  rocksdb::ConfigOptions config;
  rocksdb::DBOptions db_options;
  if (rocksdb::GetDBOptionsFromString(config, {}, text, &db_options).ok()) {
    std::string again;
    FUZZ_CHECK(rocksdb::GetStringFromDBOptions(config, db_options, &again).ok());
  }
  rocksdb::ColumnFamilyOptions family_options;
  if (rocksdb::GetColumnFamilyOptionsFromString(config, {}, text, &family_options).ok()) {
    std::string again;
    FUZZ_CHECK(rocksdb::GetStringFromColumnFamilyOptions(config, family_options, &again).ok());
  }
  rocksdb::BlockBasedTableOptions table_options;
  rocksdb::GetBlockBasedTableOptionsFromString(config, {}, text, &table_options).PermitUncheckedError();
  std::unordered_map<std::string, std::string> map;
  rocksdb::StringToMap(text, &map).PermitUncheckedError();
  return 0;
}
