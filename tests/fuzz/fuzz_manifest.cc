// A MANIFEST: its families listed, and the database opened read-only.
#include "tests/fuzz/disk_database.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/parts.h"

const char* FuzzCorpusName() { return "MANIFEST"; }

int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace gneiss;
  disk::Image image;
  image.files["/db/CURRENT"] = "MANIFEST-000005\n";
  std::string& manifest = image.files["/db/MANIFEST-000005"] = fuzz::ToString(bytes, size);
  if (size % 8 != 0) fuzz::RightLogChecksums(&manifest);
  fuzz::DiskDatabase database(std::move(image));
  std::vector<std::string> families;
  const rocksdb::Status listed = rocksdb::DB::ListColumnFamilies(database.options, "/db", &families);
  if (!listed.ok() || families.size() > 100) return 0;
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = rocksdb::DB::OpenForReadOnly(database.options, "/db", &opened);
  const std::unique_ptr<rocksdb::DB> db(opened);
  if (!status.ok()) return 0;
  std::string value;
  db->Get({}, "key", &value).PermitUncheckedError();
  return 0;
}
