#include "tests/support/drawn_options.h"

#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include "tests/parity/dice.h"
#include "tests/support/joiner.h"

namespace gneiss {

using parity::Dice;
using parity::SeedFor;

namespace {

class SilentLogger : public rocksdb::Logger {
 public:
  using Logger::Logv;
  void Logv(const char*, va_list) override {}
};

void DrawTable(Dice* dice, rocksdb::ColumnFamilyOptions* family) {
  rocksdb::BlockBasedTableOptions table;
  table.block_size = dice->Pick({512, 1024, 4096});
  if (dice->Coin()) table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.cache_index_and_filter_blocks = dice->Coin();
  if (dice->OneIn(4)) table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.checksum = dice->Pick({rocksdb::kCRC32c, rocksdb::kXXH3});
  family->table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
}

void DrawFamily(Dice* dice, rocksdb::ColumnFamilyOptions* family, std::string* text) {
  family->merge_operator = std::make_shared<Joiner>();
  family->write_buffer_size = size_t{64} << 10;
  family->arena_block_size = 4096;
  family->max_write_buffer_number = static_cast<int>(dice->Between(2, 4));
  family->level0_file_num_compaction_trigger = static_cast<int>(dice->Between(2, 4));
  family->target_file_size_base = dice->Pick({16, 64}) << 10;
  family->max_bytes_for_level_base = dice->Pick({64, 256}) << 10;
  family->compression = dice->Pick({rocksdb::kNoCompression, rocksdb::kSnappyCompression, rocksdb::kZSTD});
  family->level_compaction_dynamic_level_bytes = dice->Coin();
  family->disable_auto_compactions = dice->OneIn(6);
  if (dice->OneIn(4)) {
    family->compaction_style = rocksdb::kCompactionStyleUniversal;
    *text += " universal";
  }
  if (dice->OneIn(3)) {
    family->enable_blob_files = true;
    family->min_blob_size = 60;
    family->blob_file_size = 16 << 10;
    family->enable_blob_garbage_collection = dice->Coin();
    family->blob_garbage_collection_age_cutoff = 0.5;
    *text += " blobs";
  }
  DrawTable(dice, family);
}

void DrawOpening(Dice* dice, rocksdb::DBOptions* db, std::string* text) {
  db->max_background_jobs = static_cast<int>(dice->Between(2, 4));
  if (dice->OneIn(3)) {
    db->max_manifest_file_size = dice->Pick({1, 600, 3000});
    *text += " small manifests";
  }
  if (dice->OneIn(3)) {
    db->avoid_flush_during_recovery = true;
    *text += " avoid_flush_during_recovery";
  }
  db->avoid_flush_during_shutdown = dice->Coin();
  if (dice->OneIn(5)) db->max_total_wal_size = 64 << 10;
  db->use_fsync = dice->Coin();
  if (dice->OneIn(4)) db->bytes_per_sync = 8 << 10;
  if (dice->OneIn(4)) db->wal_bytes_per_sync = 4 << 10;
  db->enable_pipelined_write = dice->OneIn(4);
  if (dice->OneIn(4)) {
    db->wal_compression = rocksdb::kZSTD;
    *text += " wal_compression";
  }
}

}  // namespace

std::shared_ptr<rocksdb::Logger> NewSilentLogger() { return std::make_shared<SilentLogger>(); }

DrawnOptions DrawOptions(uint64_t seed, uint64_t opening, const std::string& directory) {
  DrawnOptions drawn;
  rocksdb::DBOptions* const db = &drawn.db;
  Dice life(SeedFor(seed, 0, 1));
  DrawFamily(&life, &drawn.family, &drawn.text);
  db->create_if_missing = true;
  db->create_missing_column_families = true;
  db->info_log = NewSilentLogger();
  db->stats_dump_period_sec = 0;
  db->stats_persist_period_sec = 0;
  if (life.OneIn(4)) {
    db->wal_dir = directory + "/logs";
    drawn.text += " wal_dir";
  }
  if (life.OneIn(5)) {
    db->db_paths = {{directory, 100 << 10}, {directory + "/more", uint64_t{1} << 30}};
    drawn.text += " db_paths";
  }
  if (life.OneIn(5)) {
    db->WAL_ttl_seconds = 3600;
    drawn.text += " archive";
  }
  using Mode = rocksdb::WALRecoveryMode;
  db->wal_recovery_mode =
      life.Pick({Mode::kPointInTimeRecovery, Mode::kPointInTimeRecovery, Mode::kPointInTimeRecovery,
                 Mode::kPointInTimeRecovery, Mode::kTolerateCorruptedTailRecords, Mode::kAbsoluteConsistency});
  drawn.text += " mode " + std::to_string(static_cast<int>(db->wal_recovery_mode));
  if (life.OneIn(6)) {
    db->manual_wal_flush = true;
    drawn.text += " manual_wal_flush";
  }
  if (life.OneIn(4)) {
    db->track_and_verify_wals_in_manifest = true;
    drawn.text += " track_wals";
  }
  Dice now(SeedFor(seed, opening, 2));
  DrawOpening(&now, db, &drawn.text);
  return drawn;
}

}  // namespace gneiss
