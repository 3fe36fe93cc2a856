// An OPTIONS file.
#include <rocksdb/utilities/options_util.h>

#include "tests/fuzz/disk_database.h"
#include "tests/fuzz/fuzz_target.h"

const char* FuzzCorpusName() { return "OPTIONS"; }

int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace gneiss;
  disk::Image image;
  image.files["/db/OPTIONS-000007"] = fuzz::ToString(bytes, size);
  fuzz::DiskDatabase database(std::move(image));
  for (const bool ignores_unknown : {false, true}) {
    rocksdb::ConfigOptions config;
    config.env = database.options.env;
    config.ignore_unknown_options = ignores_unknown;
    rocksdb::DBOptions db_options;
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    const rocksdb::Status status = rocksdb::LoadOptionsFromFile(config, "/db/OPTIONS-000007", &db_options, &families);
    if (status.ok()) FUZZ_CHECK(!families.empty());
  }
  return 0;
}
