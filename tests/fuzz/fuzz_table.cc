// A table file: opened, checked, read both ways and by key.
#include <rocksdb/sst_file_reader.h>

#include "tests/fuzz/disk_database.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/parts.h"

const char* FuzzCorpusName() { return ".sst"; }

int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace gneiss;
  disk::Image image;
  std::string& table = image.files["/db/000009.sst"] = fuzz::ToString(bytes, size);
  if (size % 8 != 0) fuzz::RightTableChecksums(&table);
  fuzz::DiskDatabase database(std::move(image));
  rocksdb::SstFileReader reader(database.options);
  if (!reader.Open("/db/000009.sst").ok()) return 0;
  reader.VerifyChecksum().PermitUncheckedError();
  const std::unique_ptr<rocksdb::Iterator> iterator(reader.NewIterator({}));
  size_t entries = 0;
  std::string middle;
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
    if (++entries % 16 == 0) middle = iterator->key().ToString();
    // Each entry takes a few bytes of some block; a compressed block may hold a few thousand times its size.
    FUZZ_CHECK(entries < 100'000'000);
  }
  iterator->Seek(middle);
  for (int i = 0; i < 100 && iterator->Valid(); ++i) iterator->Prev();
  iterator->SeekToLast();
  for (int i = 0; i < 100 && iterator->Valid(); ++i) iterator->Prev();
  return 0;
}
