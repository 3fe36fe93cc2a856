// Writes the golden directories, with the reference library alone:
//
//     make_golden DIRECTORY      (LD_LIBRARY_PATH unset; it says which library it runs with)
//
// Run again only to add a variant: the others are kept as they are.
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/utilities/transaction_db.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "tests/parity/golden.h"
#include "tests/parity/operation.h"
#include "tests/parity/timed_golden.h"

namespace gneiss::parity {
namespace {

void Must(const rocksdb::Status& status, const std::string& what) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s: %s\n", what.c_str(), status.ToString().c_str());
  std::_Exit(1);
}

void Write(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family, const std::vector<Entry>& entries) {
  for (const Entry& entry : entries) {
    rocksdb::Status status;
    switch (entry.kind) {
      case Entry::Kind::kPut:
        status = db->Put({}, family, entry.key, entry.value);
        break;
      case Entry::Kind::kDelete:
        status = db->Delete({}, family, entry.key);
        break;
      case Entry::Kind::kSingleDelete:
        status = db->SingleDelete({}, family, entry.key);
        break;
      default:
        status = db->Merge({}, family, entry.key, entry.value);
        break;
    }
    Must(status, entry.key);
  }
}

void Ingest(rocksdb::DB* db, const rocksdb::Options& options, const std::string& file, bool writes_global_seq) {
  rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), options);
  Must(writer.Open(file), file);
  Must(writer.Put("even000", GoldenValue("even000", 3)), file);
  Must(writer.Put("ingested", GoldenValue("ingested", 3)), file);
  Must(writer.Finish(), file);
  rocksdb::IngestExternalFileOptions how;
  how.move_files = true;
  how.write_global_seqno = writes_global_seq;
  Must(db->IngestExternalFile({file}, how), file);
}

void Transact(rocksdb::TransactionDB* db) {
  const std::unique_ptr<rocksdb::Transaction> committed(db->BeginTransaction({}));
  Must(committed->SetName("first"), "first");
  Must(committed->Put("committed", GoldenValue("committed", 4)), "first");
  Must(committed->Prepare(), "first");
  Must(committed->Commit(), "first");
  const std::unique_ptr<rocksdb::Transaction> rolled_back(db->BeginTransaction({}));
  Must(rolled_back->SetName("second"), "second");
  Must(rolled_back->Put("rolled back", "1"), "second");
  Must(rolled_back->Prepare(), "second");
  Must(rolled_back->Rollback(), "second");
}

void Fill(const GoldenVariant& variant, const std::string& directory) {
  const rocksdb::Options options = GoldenOptions(variant);
  rocksdb::DB* db = nullptr;
  rocksdb::TransactionDB* transactions = nullptr;
  if (variant.has_transactions) {
    Must(rocksdb::TransactionDB::Open(options, {}, directory, &transactions), directory);
    db = transactions;
  } else {
    Must(rocksdb::DB::Open(options, directory, &db), directory);
  }
  rocksdb::ColumnFamilyHandle* const family = db->DefaultColumnFamily();
  rocksdb::ColumnFamilyHandle *other = nullptr, *dropped = nullptr;
  Write(db, family, GoldenEntries(0));
  if (variant.has_families) {
    Must(db->CreateColumnFamily(options, "other", &other), "other");
    Must(db->CreateColumnFamily(options, "dropped", &dropped), "dropped");
    Write(db, other, GoldenEntries(0));
    Write(db, dropped, GoldenEntries(0));
    Must(db->Flush({}, {family, other, dropped}), "flush");
    Must(db->DropColumnFamily(dropped), "dropped");
  } else {
    Must(db->Flush({}), "flush");
  }
  Write(db, family, GoldenEntries(1));
  std::string begin = "even060", end = "even066";
  if (options.comparator == rocksdb::ReverseBytewiseComparator()) {
    // "even060" and "even066" not included: in this order a range begins above.
    begin = "even065\xff";
    end = "even05\xff";
  }
  if (transactions == nullptr) {
    Must(db->DeleteRange({}, family, begin, end), "range");
  } else {
    for (const char* key : {"even060", "even062", "even064"}) Must(db->Delete({}, key), key);  // it knows no ranges
  }
  if (variant.has_entities) {
    Must(db->PutEntity({}, family, "entity1", {{"", "entity1#0"}, {"column", "a"}}), "entity");
    Must(db->PutEntity({}, family, "entity2", {{"column", "b"}}), "entity");
  }
  Must(db->Flush({}), "flush");
  if (variant.compacts) Must(db->CompactRange({}, nullptr, nullptr), "compact");
  if (variant.has_ingested_file) Ingest(db, options, directory + "/outside", variant.writes_global_seq);
  if (transactions != nullptr) Transact(transactions);
  if (variant.has_logged_entity) {
    const std::string value = GoldenValue(kGoldenLoggedEntity, 5);
    Must(db->PutEntity({}, family, kGoldenLoggedEntity, {{"", value}, {"column", "c"}}), "entity");
  }
  for (int i = 0; i < kGoldenLogKeys; ++i) {
    Must(db->Put({}, GoldenLogKey(i), GoldenValue(GoldenLogKey(i), 0)), "log");
  }
  if (variant.is_killed) std::_Exit(0);
  for (rocksdb::ColumnFamilyHandle* each : {other, dropped}) {
    if (each != nullptr) Must(db->DestroyColumnFamilyHandle(each), "handle");
  }
  Must(db->Close(), "close");
  delete db;
}

// Only what a reader needs.
void Tidy(const GoldenVariant& variant, const std::string& directory) {
  std::vector<std::filesystem::path> all;
  for (const auto& each : std::filesystem::directory_iterator(directory)) all.push_back(each.path());
  for (const std::filesystem::path& path : all) {
    const std::string name = path.filename();
    const bool is_info = name.starts_with("LOG") || name == "LOCK";
    if (is_info || (name.starts_with("OPTIONS") && !variant.keeps_options_file)) std::filesystem::remove(path);
    if (variant.is_renamed && path.extension() == ".sst") {
      std::filesystem::rename(path, std::filesystem::path(path).replace_extension(".ldb"));
    }
  }
}

std::string Ts(uint64_t time) {
  std::string bytes(8, '\0');
  for (size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(time >> (8 * i));
  return bytes;
}

void FillTimed(const std::string& directory) {
  rocksdb::Options options = TimedGoldenOptions();
  options.create_if_missing = true;
  rocksdb::BlockBasedTableOptions table;
  table.block_size = 512;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  rocksdb::DB* db = nullptr;
  Must(rocksdb::DB::Open(options, directory, &db), directory);
  for (int step = 0; step < kTimedGoldenSteps; ++step) {
    if (step == 2) Must(db->IncreaseFullHistoryTsLow(db->DefaultColumnFamily(), Ts(kTimedGoldenStart)), "start");
    for (const TimedWrite& write : TimedGoldenWrites(step)) {
      rocksdb::Status status;
      if (write.kind == TimedWrite::Kind::kPut) status = db->Put({}, write.key, Ts(write.time), write.value);
      if (write.kind == TimedWrite::Kind::kDelete) status = db->Delete({}, write.key, Ts(write.time));
      if (write.kind == TimedWrite::Kind::kDeleteRange) {
        status = db->DeleteRange({}, db->DefaultColumnFamily(), write.key, write.value, Ts(write.time));
      }
      Must(status, write.key);
    }
    if (step < 2) Must(db->Flush({}), "flush");
  }
  Must(db->Close(), "close");
  delete db;
}

int Main(const std::string& root) {
  if (const std::string directory = root + "/timestamps"; !std::filesystem::exists(directory)) {
    std::filesystem::create_directories(directory);
    FillTimed(directory);
    Tidy({.name = "timestamps"}, directory);
  }
  for (const GoldenVariant& variant : GoldenVariants()) {
    const std::string directory = root + "/" + variant.name;
    if (std::filesystem::exists(directory)) continue;
    std::filesystem::create_directories(directory);
    const pid_t child = fork();  // a killed writer ends its process
    if (child == 0) {
      Fill(variant, directory);
      std::_Exit(0);
    }
    int ended = 0;
    if (waitpid(child, &ended, 0) != child || ended != 0) return 1;
    Tidy(variant, directory);
    std::printf("%s\n", variant.name.c_str());
  }
  return 0;
}

}  // namespace
}  // namespace gneiss::parity

int main(int argc, char** argv) { return argc == 2 ? gneiss::parity::Main(argv[1]) : 2; }
