// One operation on everything there is.
#include <rocksdb/trace_reader_writer.h>
#include <rocksdb/utilities/backup_engine.h>
#include <rocksdb/utilities/replayer.h>

#include <cstdio>
#include <memory>
#include <vector>

#include "db_bench_port/benchmarks/benchmarks.h"
#include "db_bench_port/errors.h"
#include "db_bench_port/flags/flags.h"

namespace bench {
namespace {

// Large sequential reads; of the read options only those that matter to them.
rocksdb::ReadOptions VerifyOptions(const Params& params) {
  rocksdb::ReadOptions options;
  options.adaptive_readahead = params.read_options.adaptive_readahead;
  options.async_io = params.read_options.async_io;
  options.rate_limiter_priority = params.read_options.rate_limiter_priority;
  options.readahead_size = params.read_options.readahead_size;
  return options;
}

std::shared_ptr<rocksdb::RateLimiter> BackupLimiter(uint64_t bytes_per_second) {
  return NewLimiter(bytes_per_second, rocksdb::RateLimiter::Mode::kAllIo);
}

}  // namespace

void Compact(BenchThread& thread) {
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  CheckOk("compact", thread.PickDatabase().db()->CompactRange(options, nullptr, nullptr));
}

void VerifyChecksums(BenchThread& thread) {
  CheckOk("VerifyChecksum", thread.PickDatabase().db()->VerifyChecksum(VerifyOptions(thread.params)));
}

void VerifyFileChecksums(BenchThread& thread) {
  CheckOk("VerifyFileChecksums", thread.PickDatabase().db()->VerifyFileChecksums(VerifyOptions(thread.params)));
}

void Backup(BenchThread& thread) {
  rocksdb::BackupEngineOptions options(FLAGS_backup_dir);
  options.backup_rate_limiter = BackupLimiter(FLAGS_backup_rate_limit);
  options.destroy_old_data = true;
  rocksdb::BackupEngine* opened = nullptr;
  CheckOk("backup open", rocksdb::BackupEngine::Open(thread.world.settings.env, options, &opened));
  std::unique_ptr<rocksdb::BackupEngine> engine(opened);
  CheckOk("backup", engine->CreateNewBackup(thread.PickDatabase().db()));
  std::vector<rocksdb::BackupInfo> backups;
  engine->GetBackupInfo(&backups);
  if (backups.size() != 1) Fail("backup error: %zu backups instead of one", backups.size());
}

void Restore(BenchThread& thread) {
  rocksdb::BackupEngineOptions options(FLAGS_backup_dir);
  options.restore_rate_limiter = BackupLimiter(FLAGS_restore_rate_limit);
  rocksdb::BackupEngineReadOnly* opened = nullptr;
  CheckOk("restore open", rocksdb::BackupEngineReadOnly::Open(thread.world.settings.env, options, &opened));
  std::unique_ptr<rocksdb::BackupEngineReadOnly> engine(opened);
  CheckOk("restore", engine->RestoreDBFromLatestBackup(FLAGS_restore_dir, FLAGS_restore_dir));
}

void Replay(BenchThread& thread) {
  Database& database = thread.world.databases.first();
  std::unique_ptr<rocksdb::TraceReader> reader;
  CheckOk("trace",
          rocksdb::NewFileTraceReader(thread.world.settings.env, rocksdb::EnvOptions(), FLAGS_trace_file, &reader));
  std::unique_ptr<rocksdb::Replayer> replayer;
  CheckOk("replayer", database.db()->NewDefaultReplayer(database.Families(), std::move(reader), &replayer));
  CheckOk("prepare replay", replayer->Prepare());
  const rocksdb::ReplayOptions options(static_cast<uint32_t>(FLAGS_trace_replay_threads),
                                       FLAGS_trace_replay_fast_forward);
  CheckOk("replay", replayer->Replay(options, nullptr));
  std::printf("Replay completed from trace_file: %s\n", FLAGS_trace_file.c_str());
}

}  // namespace bench
