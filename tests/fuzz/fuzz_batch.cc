// A WriteBatch's bytes: walked, and written to a database, which must take it whole or not at all.
#include <rocksdb/write_batch.h>

#include "tests/fuzz/disk_database.h"
#include "tests/fuzz/fuzz_target.h"

const char* FuzzCorpusName() { return ".log"; }

namespace {

class Walker : public rocksdb::WriteBatch::Handler {
 public:
  rocksdb::Status PutCF(uint32_t, const rocksdb::Slice&, const rocksdb::Slice&) override { return {}; }
  rocksdb::Status DeleteCF(uint32_t, const rocksdb::Slice&) override { return {}; }
  rocksdb::Status SingleDeleteCF(uint32_t, const rocksdb::Slice&) override { return {}; }
  rocksdb::Status MergeCF(uint32_t, const rocksdb::Slice&, const rocksdb::Slice&) override { return {}; }
  rocksdb::Status DeleteRangeCF(uint32_t, const rocksdb::Slice&, const rocksdb::Slice&) override { return {}; }
  rocksdb::Status PutBlobIndexCF(uint32_t, const rocksdb::Slice&, const rocksdb::Slice&) override { return {}; }
  rocksdb::Status PutEntityCF(uint32_t, const rocksdb::Slice&, const rocksdb::Slice&) override { return {}; }
  rocksdb::Status MarkBeginPrepare(bool) override { return {}; }
  rocksdb::Status MarkEndPrepare(const rocksdb::Slice&) override { return {}; }
  rocksdb::Status MarkCommit(const rocksdb::Slice&) override { return {}; }
  rocksdb::Status MarkCommitWithTimestamp(const rocksdb::Slice&, const rocksdb::Slice&) override { return {}; }
  rocksdb::Status MarkRollback(const rocksdb::Slice&) override { return {}; }
  rocksdb::Status MarkNoop(bool) override { return {}; }
};

// The batch is where a record of the log begins: behind the fragment's header.
constexpr size_t kFragmentHeaderBytes = 7;

struct OpenDatabase {
  OpenDatabase() : database({}) {
    database.options.create_if_missing = true;
    rocksdb::DB* opened = nullptr;
    FUZZ_CHECK(rocksdb::DB::Open(database.options, "/db", &opened).ok());
    db.reset(opened);
  }
  gneiss::fuzz::DiskDatabase database;
  std::unique_ptr<rocksdb::DB> db;
};

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  static std::unique_ptr<OpenDatabase> open;
  static int uses = 0;
  if (open == nullptr || ++uses % 5000 == 0) open = std::make_unique<OpenDatabase>();
  for (const size_t skipped : {size_t{0}, kFragmentHeaderBytes}) {
    if (size < skipped) continue;
    rocksdb::WriteBatch batch(gneiss::fuzz::ToString(bytes + skipped, size - skipped));
    Walker walker;
    batch.Iterate(&walker).PermitUncheckedError();
    rocksdb::WriteOptions options;
    options.disableWAL = true;
    const rocksdb::SequenceNumber before = open->db->GetLatestSequenceNumber();
    const rocksdb::Status status = open->db->Write(options, &batch);
    if (!status.ok()) FUZZ_CHECK(open->db->GetLatestSequenceNumber() == before);
    FUZZ_CHECK(open->db->Put(options, "key", "value").ok());
  }
  return 0;
}
