// Recovery: the logs are read back in order, each entry goes to its family's memtable under its old sequence number,
// and memtables that fill up become level-0 tables.

#include <algorithm>

#include "engine/db/database_impl.h"
#include "engine/io/file_name.h"
#include "engine/wal/log_reader.h"
#include "engine/wal/write_batch.h"

namespace gneiss {

namespace {

// Notes the first damage of a log; whether it ends the replay is the recovery mode's to say.
class DamageReporter : public LogReader::Reporter {
 public:
  DamageReporter(Logger* logger, std::string path) : logger_(logger), path_(std::move(path)) {}
  void Corruption(size_t bytes, const Status& why) override {
    Log(logger_, LogLevel::kWarn, "%s: dropping %zu bytes; %s", path_.c_str(), bytes, why.ToString().c_str());
    if (first_.ok()) first_ = why;
  }
  const Status& first() const { return first_; }

 private:
  Logger* const logger_;
  const std::string path_;
  Status first_;
};

}  // namespace

Status DatabaseImpl::ReplayLogs(const RecoveredState& state) {
  std::vector<std::string> names;
  const Status listed = config_.fs->List(wal_dir_, &names);
  if (!listed.ok() && !listed.IsPathNotFound()) return listed;
  uint64_t lowest_needed = state.min_log_number_to_keep;
  {
    MutexLock lock(&mutex_);
    lowest_needed = std::max(lowest_needed, MinLogNumber());
  }
  std::vector<uint64_t> numbers;
  for (const std::string& name : names) {
    uint64_t number = 0;
    FileKind kind;
    if (!ParseFileName(name, &number, &kind)) continue;
    // Numbers of leftovers are not used again. The names of old info logs carry times.
    if (kind != FileKind::kInfoLog && number >= next_file_number_.load()) next_file_number_.store(number + 1);
    if (kind == FileKind::kWal && number >= lowest_needed) numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  if (config_.is_read_only && config_.error_if_wal_file_exists && !numbers.empty()) {
    return Status::Corruption(
        "The db was opened in readonly mode with error_if_wal_file_exists flag but a WAL file already exists");
  }
  Replay replay;
  for (const uint64_t number : numbers) GNEISS_RETURN_IF_ERROR(ReplayLog(number, &replay));
  // Point-in-time: what lies behind the damage is gone, so no family may hold tables with data from behind it.
  std::vector<FamilyPtr> families;
  {
    MutexLock lock(&mutex_);
    for (const auto& [id, family] : families_) families.push_back(family);
  }
  if (replay.is_stopped && families.size() > 1) {
    for (const FamilyPtr& family : families) {
      if (family->log_number > replay.damaged_log && family->version->TableCount() > 0) {
        return Status::Corruption("SST file is ahead of WALs in CF " + family->name);
      }
    }
  }
  published_seq_.store(allocated_seq_, std::memory_order_release);
  if (config_.is_read_only) return Status::Ok();
  for (const FamilyPtr& family : families) {
    if (family->active->empty()) continue;
    // A family that filled up during the replay is flushed to the end: its log would be replayed over its tables.
    if (config_.avoid_flush_during_recovery && !replay.is_stopped && !replay.edits.contains(family->id)) continue;
    GNEISS_RETURN_IF_ERROR(FlushRecovered(family.get(), &replay));
  }
  const bool keeps_logs =
      std::any_of(families.begin(), families.end(), [](const auto& f) { return !f->active->empty(); });
  if (keeps_logs) {
    for (const uint64_t number : numbers) {
      uint64_t bytes = 0;
      GNEISS_RETURN_IF_ERROR(config_.fs->FileSize(WalName(wal_dir_, number), &bytes));
      wals_.AddRecovered(number, bytes);
    }
  }
  return StartWriting(state, &replay);
}

Status DatabaseImpl::ReplayLog(uint64_t number, Replay* replay) {
  const std::string path = WalName(wal_dir_, number);
  std::unique_ptr<SequentialFile> file;
  GNEISS_RETURN_IF_ERROR(config_.fs->OpenSequential(path, &file));
  Log(config_.logger, LogLevel::kInfo, "Recovering log #%llu mode %d", static_cast<unsigned long long>(number),
      static_cast<int>(config_.wal_recovery_mode));
  DamageReporter reporter(config_.logger, path);
  LogReader reader(std::move(file), number, &reporter);
  Slice record;
  Status status;
  while (reader.ReadRecord(&record, config_.wal_recovery_mode)) {
    if (record.size() < kBatchHeaderBytes) {
      reporter.Corruption(record.size(), Status::Corruption("log record too small"));
      continue;
    }
    if (replay->is_stopped) {
      // Replay goes on only where the damaged log had ended anyway: with the very next sequence number.
      if (BatchSeq(record) != replay->next_seq) return Status::Ok();
      replay->is_stopped = false;
    }
    status = ReplayBatch(record, number, replay);
    if (!status.ok()) {
      if (!status.IsCorruption() || config_.wal_recovery_mode != WalRecoveryMode::kSkipAnyCorruptedRecords) {
        if (status.IsCorruption()) reporter.Corruption(record.size(), status);
        break;
      }
      reporter.Corruption(record.size(), status);
      status = Status::Ok();
    }
  }
  if (!status.ok() && !status.IsCorruption()) return status;
  // A torn tail is no damage, but what follows in later logs may lie behind a gap.
  const bool is_cut = config_.wal_recovery_mode == WalRecoveryMode::kPointInTimeRecovery && reader.has_torn_tail();
  if (reporter.first().ok() && !is_cut) return Status::Ok();
  switch (config_.wal_recovery_mode) {
    case WalRecoveryMode::kSkipAnyCorruptedRecords:
      return Status::Ok();
    case WalRecoveryMode::kPointInTimeRecovery:
      Log(config_.logger, LogLevel::kWarn, "Point in time recovered to log #%llu seq #%llu",
          static_cast<unsigned long long>(number), static_cast<unsigned long long>(replay->next_seq));
      replay->is_stopped = true;
      replay->damaged_log = number;
      return Status::Ok();
    case WalRecoveryMode::kTolerateCorruptedTailRecords:  // LogReader does not report a torn tail in this mode
    case WalRecoveryMode::kAbsoluteConsistency:
      return reporter.first();
  }
  return Status::Ok();
}

Status DatabaseImpl::ReplayBatch(Slice rep, uint64_t log_number, Replay* replay) {
  BatchReader reader(rep);
  BatchRecord record;
  SeqNo seq = BatchSeq(rep);
  while (!reader.AtEnd()) {
    GNEISS_RETURN_IF_ERROR(reader.Next(&record));
    if (!IsDataRecord(record.kind)) {
      if (record.kind == Kind::kLogData || record.kind == Kind::kNoop) continue;
      return Status::NotSupported("the log holds two-phase commit markers, which are not implemented by Gneiss yet",
                                  WalName(wal_dir_, log_number));
    }
    ColumnFamily* const family = CommitFamily(record.column_family_id);
    // A family that is gone, or whose tables hold this log's data already.
    if (family != nullptr && log_number >= family->log_number) {
      family->active->Add(seq, record.kind, record.key, record.value, /*is_concurrent=*/false);
      replay->log_numbers.emplace(family->id, log_number);
      const bool is_full = family->active->MemoryUsage() >= family->write_buffer_bytes.load(std::memory_order_relaxed);
      if (is_full && !config_.is_read_only) {
        allocated_seq_ = std::max(allocated_seq_, seq);
        GNEISS_RETURN_IF_ERROR(FlushRecovered(family, replay));
      }
    }
    ++seq;
  }
  replay->next_seq = std::max(seq, BatchSeq(rep) + BatchCount(rep));
  if (replay->next_seq > 0) allocated_seq_ = std::max(allocated_seq_, replay->next_seq - 1);
  return Status::Ok();
}

Status DatabaseImpl::FlushRecovered(ColumnFamily* family, Replay* replay) {
  std::vector<OutputTable> outputs;
  std::vector<OutputBlobFile> blob_files;
  GNEISS_RETURN_IF_ERROR(WriteLevel0(family, {family->active}, next_job_id_.fetch_add(1), &outputs, &blob_files,
                                     BlobFileEvent::Reason::kRecovery));
  VersionEdit& edit = replay->edits[family->id];
  for (OutputTable& output : outputs) edit.added_tables.emplace_back(0, std::move(output.meta));
  for (OutputBlobFile& file : blob_files) edit.added_blob_files.push_back(std::move(file.meta));
  replay->log_numbers.erase(family->id);
  family->active = std::make_shared<Memtable>(
      Memtable::Config{.order = family->order, .arena_block_bytes = family->config()->arena_block_bytes},
      family->next_memtable_id++, allocated_seq_ + 1);
  MutexLock lock(&mutex_);
  InstallSuperVersion(family, /*preserves_snapshots=*/true);
  return Status::Ok();
}

}  // namespace gneiss
