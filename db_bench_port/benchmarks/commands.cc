// Names in --benchmarks that do something between benchmarks and are not measured.
#include <rocksdb/stats_history.h>

#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <limits>
#include <memory>
#include <thread>
#include <vector>

#include "db_bench_port/benchmarks/benchmarks.h"
#include "db_bench_port/errors.h"
#include "db_bench_port/flags/flags.h"

namespace bench {
namespace {

constexpr int kNoLevel = std::numeric_limits<int>::max();

// The first level below `level` that holds a table.
int NextLevel(const std::vector<rocksdb::LiveFileMetaData>& tables, int level) {
  int next = kNoLevel;
  for (const auto& table : tables) {
    if (table.level > level) next = std::min(next, table.level);
  }
  return next;
}

// Compacts all of a level into the next that holds data. False when a table was compacted away meanwhile.
bool CompactLevelOnce(rocksdb::DB* db, int level) {
  std::vector<rocksdb::LiveFileMetaData> tables;
  db->GetLiveFilesMetaData(&tables);
  const int from = level == 0 ? 0 : NextLevel(tables, 0);
  std::vector<std::string> names;
  for (const auto& table : tables) {
    if (table.level == from) names.push_back(table.name);
  }
  if (names.empty()) {
    std::printf("compact%d found 0 files to compact\n", level);
    return true;
  }
  const int to = NextLevel(tables, from);
  if (to == kNoLevel) {
    std::printf("compact%d found no data beyond L%d\n", level, from);
    return true;
  }
  std::printf("compact%d found %zu files to compact from L%d to L%d\n", level, names.size(), from, to);
  rocksdb::CompactionOptions options;
  options.compression = rocksdb::kDisableCompressionOption;  // the level's own
  options.output_file_size_limit = db->GetOptions().target_file_size_base;
  const auto status = db->CompactFiles(options, names, to);
  if (!status.ok()) std::fprintf(stderr, "compact%d CompactFiles failed: %s\n", level, status.ToString().c_str());
  return status.ok();
}

void CompactLevel(const World& world, int level) {
  constexpr int kTries = 10;
  for (const auto& database : world.databases.all()) {
    int tries = 0;
    while (!CompactLevelOnce(database->db(), level)) {
      if (++tries == kTries) Fail("compact%d failed %d times", level, kTries);
      WaitForCompaction(world);
    }
  }
}

// Whether a flush or compaction runs or is due; its name if so.
const char* ActiveWork(rocksdb::DB* db) {
  for (const char* name : {"rocksdb.mem-table-flush-pending", "rocksdb.num-running-flushes",
                           "rocksdb.compaction-pending", "rocksdb.num-running-compactions"}) {
    uint64_t value = 0;
    if (!db->GetIntProperty(name, &value))
      Fail("waitforcompaction(%s): GetIntProperty(%s) failed", db->GetName().c_str(), name);
    if (value > 0) return name;
  }
  return nullptr;
}

void WaitForCompactionOf(rocksdb::DB* db) {
  std::printf("waitforcompaction(%s): started\n", db->GetName().c_str());
  // A thread that ends one compaction may pick up another a moment later, so quiet must last a while.
  constexpr int kQuietLooks = 20;
  for (int quiet = 0; quiet < kQuietLooks; ++quiet) {
    if (ActiveWork(db) != nullptr) quiet = 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  std::printf("waitforcompaction(%s): finished\n", db->GetName().c_str());
}

void PrintName(const World& world, rocksdb::DB* db) {
  if (world.databases.count() > 1) std::printf("\n==== DB: %s ===\n", db->GetName().c_str());
}

std::string Property(rocksdb::DB* db, const std::string& name) {
  std::string text;
  return db->GetProperty(name, &text) ? text : "(failed)";
}

void PrintProperty(const World& world, const char* name) {
  for (const auto& database : world.databases.all()) {
    PrintName(world, database->db());
    std::printf("\n%s\n", Property(database->db(), name).c_str());
  }
}

}  // namespace

void CompactAll(const World& world) {
  for (const auto& database : world.databases.all()) {
    CheckOk("compactall", database->db()->CompactRange(rocksdb::CompactRangeOptions(), nullptr, nullptr));
  }
}

void CompactLevel0(const World& world) { CompactLevel(world, 0); }
void CompactLevel1(const World& world) { CompactLevel(world, 1); }

void WaitForCompaction(const World& world) {
  for (const auto& database : world.databases.all()) WaitForCompactionOf(database->db());
}

void FlushAll(const World& world) {
  for (const auto& database : world.databases.all()) {
    CheckOk("Flush", database->db()->Flush(rocksdb::FlushOptions(), database->Families()));
  }
  std::printf("flush memtable\n");
}

void ResetStats(const World& world) {
  for (const auto& database : world.databases.all()) CheckOk("ResetStats", database->db()->ResetStats());
}

void PrintStats(const World& world) { PrintProperty(world, "rocksdb.stats"); }
void PrintLevelStats(const World& world) { PrintProperty(world, "rocksdb.levelstats"); }
void PrintTables(const World& world) { PrintProperty(world, "rocksdb.sstables"); }
void PrintCacheEntryStats(const World& world) { PrintProperty(world, "rocksdb.block-cache-entry-stats"); }

void PrintMemtableStats(const World& world) {
  for (const auto& database : world.databases.all()) {
    PrintName(world, database->db());
    for (const char* name : {"rocksdb.num-immutable-mem-table", "rocksdb.cur-size-active-mem-table",
                             "rocksdb.cur-size-all-mem-tables", "rocksdb.size-all-mem-tables",
                             "rocksdb.num-entries-active-mem-table", "rocksdb.num-entries-imm-mem-tables"}) {
      std::printf("%s: %s\n", name, Property(database->db(), name).c_str());
    }
  }
}

void PrintStatsHistory(const World& world) {
  for (const auto& database : world.databases.all()) {
    PrintName(world, database->db());
    std::unique_ptr<rocksdb::StatsHistoryIterator> history;
    const auto status = database->db()->GetStatsHistory(0, std::numeric_limits<uint64_t>::max(), &history);
    if (!status.ok()) {
      std::printf("%s\n", status.ToString().c_str());
      continue;
    }
    for (; history->Valid(); history->Next()) {
      const uint64_t time = history->GetStatsTime();
      std::printf("------ %s ------\n", world.settings.env->TimeToString(time).c_str());
      for (const auto& [name, value] : history->GetStatsMap()) {
        std::printf(" %" PRIu64 "   %s  %" PRIu64 "\n", time, name.c_str(), value);
      }
    }
  }
}

void VerifyAgainstTruth(const World& world) {
  rocksdb::DB* opened = nullptr;
  CheckOk("open truth_db", rocksdb::DB::OpenForReadOnly(world.databases.options(), FLAGS_truth_db, &opened));
  std::unique_ptr<rocksdb::DB> truth(opened);
  rocksdb::DB* db = world.databases.first().db();
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  std::unique_ptr<rocksdb::Iterator> expected(truth->NewIterator(options)), actual(db->NewIterator(options));
  std::fprintf(stderr, "Verifying db >= truth_db with ::Get...\n");
  std::string value;
  for (expected->SeekToFirst(); expected->Valid(); expected->Next()) {
    CheckOk("verify", db->Get(options, expected->key(), &value));
    if (expected->value() != value) Fail("verify: key %s has another value", expected->key().ToString(true).c_str());
  }
  std::fprintf(stderr, "Verifying db == truth_db...\n");
  expected->SeekToFirst();
  for (actual->SeekToFirst(); actual->Valid(); actual->Next(), expected->Next()) {
    if (!expected->Valid() || expected->key() != actual->key() || expected->value() != actual->value()) {
      Fail("verify: key %s is not in truth_db", actual->key().ToString(true).c_str());
    }
  }
  CheckOk("verify", actual->status());
  if (expected->Valid()) Fail("verify: key %s is missing", expected->key().ToString(true).c_str());
  std::fprintf(stderr, "...Verified\n");
}

}  // namespace bench
