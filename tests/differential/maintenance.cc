// What changes files without changing contents, options, the log, misuse, and facts about all of it.

#include <rocksdb/convenience.h>
#include <rocksdb/experimental.h>
#include <rocksdb/transaction_log.h>

#include <algorithm>

#include "session.h"

namespace differential {

void Session::Flush() {
  FlushOptions options;
  options.allow_write_stall = OneIn(2);
  if (!OneIn(3)) return Say("flush", db_->Flush(options, DrawFamily().handle).ToString());
  std::vector<ColumnFamilyHandle*> handles;
  for (const Family& family : families_) handles.push_back(family.handle);
  Say("flush all", db_->Flush(options, handles).ToString());
}

void Session::CompactRange() {
  Family& family = DrawFamily();
  CompactRangeOptions options;
  options.bottommost_level_compaction = static_cast<BottommostLevelCompaction>(Draw(4));
  options.exclusive_manual_compaction = OneIn(3);
  options.allow_write_stall = OneIn(2);
  options.max_subcompactions = static_cast<uint32_t>(Draw(3));
  options.blob_garbage_collection_policy = static_cast<BlobGarbageCollectionPolicy>(Draw(3));
  options.blob_garbage_collection_age_cutoff = OneIn(2) ? 1.0 : -1;
  if (IsArranged() && OneIn(4)) {
    options.change_level = true;
    options.target_level = static_cast<int>(Draw(static_cast<uint64_t>(family.options.num_levels) + 1)) - 1;
  }
  const std::string history_start = Timestamp(history_start_);
  const Slice history_start_slice(history_start);
  if (IsTimed() && history_start_ != 0 && OneIn(2)) options.full_history_ts_low = &history_start_slice;
  const auto [low, high] = DrawRange(family);
  const Slice begin(low), end(high);
  const bool has_begin = OneIn(2), has_end = OneIn(2);
  const Status status =
      db_->CompactRange(options, family.handle, has_begin ? &begin : nullptr, has_end ? &end : nullptr);
  Say("compact", options.change_level ? "" : status.ToString());  // what may be moved depends on where data lies
}

void Session::ChangeOptions() {
  Family& family = DrawFamily();
  const std::pair<std::string, std::string> family_options[] = {
      {"max_sequential_skip_in_iterations", std::to_string(1 + Draw(8))},
      {"write_buffer_size", std::to_string(65536 << Draw(4))},
      {"min_blob_size", std::to_string(20 << Draw(6))},
      {"blob_garbage_collection_age_cutoff", OneIn(2) ? "1.0" : "0.25"},
      {"compression", OneIn(2) ? "kZSTD" : "kNoCompression"},
      {"block_based_table_factory", "{block_size=" + std::to_string(256 << Draw(5)) + "}"},
      {"paranoid_file_checks", OneIn(2) ? "true" : "false"},
      {"level0_file_num_compaction_trigger", std::to_string(2 + Draw(4))},
      {"no_such_option", "1"},
      {"write_buffer_size", "many"},
      {"num_levels", "4"},
      {"comparator", "leveldb.BytewiseComparator"},
  };
  const std::pair<std::string, std::string> db_options[] = {
      {"max_background_jobs", std::to_string(2 + Draw(3))},
      {"max_total_wal_size", IsArranged() ? "0" : "200000"},
      {"bytes_per_sync", std::to_string(Draw(3) << 20)},
      {"avoid_flush_during_shutdown", "false"},
      {"max_open_files", OneIn(2) ? "-1" : "30"},
      {"no_such_option", "1"},
      {"create_if_missing", "false"},
      {"max_background_jobs", "some"},
  };
  if (OneIn(3)) {
    const auto& [name, value] = db_options[Draw(8)];
    return Say("set db option " + name, db_->SetDBOptions({{name, value}}).ToString());
  }
  const auto& [name, value] = family_options[Draw(12)];
  if (IsArranged() && name == "write_buffer_size") return;
  Say("set option " + name, db_->SetOptions(family.handle, {{name, value}}).ToString());
}

void Session::PauseOrCall() {
  Family& family = DrawFamily();
  switch (Draw(11)) {
    case 0:
      Say("pause", db_->PauseBackgroundWork().ToString());
      WriteOne();
      return Say("continue", db_->ContinueBackgroundWork().ToString());
    case 1:
      Say("disable deletions", db_->DisableFileDeletions().ToString());
      Flush();
      return Say("enable deletions", db_->EnableFileDeletions(OneIn(2)).ToString());
    case 2:
      Say("lock wal", db_->LockWAL().ToString());
      return Say("unlock wal", db_->UnlockWAL().ToString());
    case 3:
      return Say("sync wal", db_->SyncWAL().ToString());
    case 4:
      return Say("flush wal", db_->FlushWAL(OneIn(2)).ToString());
    case 5:
      return Say("verify", db_->VerifyChecksum().ToString());
    case 6:
      db_->DisableManualCompaction();
      CompactRange();
      return db_->EnableManualCompaction();
    case 7: {
      const auto [low, high] = DrawRange(family);
      const Slice begin(low), end(high);
      if (IsArranged() || IsTimed()) return;
      return Say("suggest", experimental::SuggestCompactRange(db_.get(), family.handle, &begin, &end).ToString());
    }
    case 8:
      if (IsArranged()) return;
      return Say("auto compaction", db_->EnableAutoCompaction({family.handle}).ToString());
    case 9: {
      VectorLogPtr logs;
      std::unique_ptr<LogFile> log;
      const std::string status = db_->GetSortedWalFiles(logs).ToString();
      return Say("logs", status + " " + db_->GetCurrentWalFile(&log).ToString());
    }
    default: {
      std::vector<std::string> files;
      uint64_t manifest_size = 0;
      Say("live files", db_->GetLiveFiles(files, &manifest_size, OneIn(2)).ToString());
    }
  }
}

void Session::ReadUpdates() {
  const SequenceNumber last = db_->GetLatestSequenceNumber();
  if (last == seq_at_open_) return;
  if (options_.manual_wal_flush) db_->FlushWAL(false).PermitUncheckedError();
  const SequenceNumber from = seq_at_open_ + 1 + Draw(last - seq_at_open_ + 2);
  std::unique_ptr<TransactionLogIterator> updates;
  const Status status = db_->GetUpdatesSince(from, &updates);
  std::string text = status.ToString();
  for (int i = 0; status.ok() && i < 20 && updates->Valid(); ++i, updates->Next()) {
    const BatchResult batch = updates->GetBatch();
    text += " " + SeqSinceOpen(batch.sequence) + "+" + std::to_string(batch.writeBatchPtr->Count());
  }
  if (status.ok()) text += " " + updates->status().ToString();
  Say("updates since " + SeqSinceOpen(from), text);
}

void Session::RaiseHistoryStart() {
  history_start_ = std::max(history_start_, Draw(time_ + 1));
  for (Family& family : families_) {
    const Status status = db_->IncreaseFullHistoryTsLow(family.handle, Timestamp(history_start_));
    std::string now;
    const Status read = db_->GetFullHistoryTsLow(family.handle, &now);
    Say("history start", status.ToString() + " " + read.ToString() + " " + Slice(now).ToString(true));
  }
}

// Calls that must fail, all alike.
void Session::Misuse() {
  Family& family = DrawFamily();
  std::string value;
  switch (Draw(10)) {
    case 0:
      return Say("drop default", db_->DropColumnFamily(db_->DefaultColumnFamily()).ToString());
    case 1: {
      ColumnFamilyHandle* handle = nullptr;
      return Say("create again", db_->CreateColumnFamily(family.options, "default", &handle).ToString());
    }
    case 2:
      return Say("delete no file", db_->DeleteFile("/000000.sst").ToString());
    case 3: {
      const std::unique_ptr<Iterator> none(db_->NewIterator(ReadOptions(), family.handle));
      return Say("no such property", none->GetProperty("rocksdb.none", &value).ToString());
    }
    case 4:
      return Say("ingest no file",
                 db_->IngestExternalFile(family.handle, {FilePath("none")}, IngestExternalFileOptions()).ToString());
    case 5:
      return Say("no iterator", std::to_string(db_->GetIntProperty(family.handle, "rocksdb.none", nullptr)));
    case 6: {
      const std::string time = Timestamp(3);
      const Slice time_slice(IsTimed() ? Slice(time.data(), 3) : Slice(time));
      ReadOptions options;
      options.timestamp = &time_slice;
      Say("get at wrong time", db_->Get(options, family.handle, "k", &value).ToString());
      const std::unique_ptr<Iterator> iterator(db_->NewIterator(options, family.handle));
      return Say("scan at wrong time", iterator->status().ToString());
    }
    case 7:
      if (IsTimed()) {
        Say("put without time", db_->Put(WriteOptions(), family.handle, "k", "v").ToString());
        Say("delete without time", db_->Delete(WriteOptions(), family.handle, "k").ToString());
        return Say("get without time", db_->Get(ReadOptions(), family.handle, "k", &value).ToString());
      }
      return Say("put with time", db_->Put(WriteOptions(), family.handle, "k", Timestamp(1), "v").ToString());
    case 8: {
      WriteOptions options;
      options.sync = options.disableWAL = true;
      return Say("sync without wal", db_->Put(options, family.handle, "k", "v").ToString());
    }
    default: {
      std::unique_ptr<TransactionLogIterator> updates;
      return Say("updates of tomorrow",
                 db_->GetUpdatesSince(db_->GetLatestSequenceNumber() + 100, &updates).ToString());
    }
  }
}

std::string Session::Property(Family* family, const std::string& name) {
  std::string value;
  return db_->GetProperty(family->handle, "rocksdb." + name, &value) ? value : "(none)";
}

void Session::Facts() {
  Family& family = DrawFamily();
  std::string text = SeqSinceOpen(db_->GetLatestSequenceNumber());
  for (const char* name : {"num-snapshots", "background-errors", "is-file-deletions-enabled", "no-such-property"}) {
    text += " " + Property(&family, name);
  }
  uint64_t oldest = 0;
  if (db_->GetIntProperty("rocksdb.oldest-snapshot-sequence", &oldest)) {
    text += " " + (oldest == 0 ? "0" : oldest < seq_at_open_ ? "older" : SeqSinceOpen(oldest));
  }
  if (IsArranged()) {
    for (const char* name : {"num-immutable-mem-table", "mem-table-flush-pending", "num-entries-active-mem-table",
                             "num-deletes-active-mem-table", "num-entries-imm-mem-tables", "is-write-stopped",
                             "actual-delayed-write-rate"}) {
      text += " " + Property(&family, name);
    }
  }
  Say("facts of " + family.name, text);
}

}  // namespace differential
