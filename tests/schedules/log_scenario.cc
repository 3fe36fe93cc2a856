// The write-ahead logs alone: one thread that appends and begins new logs, others that sync, and a power cut.
#include <algorithm>
#include <map>

#include "engine/db/config.h"
#include "engine/db/wal_set.h"
#include "engine/io/file_name.h"
#include "engine/wal/log_reader.h"
#include "engine/wal/write_batch.h"
#include "tests/schedules/engine_scenarios.h"
#include "tests/schedules/scheduled_database.h"

namespace gneiss::schedules {

namespace {

constexpr const char* kDir = "/db";

struct Promised {
  SeqNo durable = 0;  // batches up to here were synced
  SeqNo flushed = 0;  // those up to here need no log any more
};

// Batch n of the logs has the sequence number n. Threads take turns and the numbers here are no yield points.
struct Logs {
  explicit Logs(bool is_manual_flush) {
    config.fs = &disk;
    config.manual_wal_flush = is_manual_flush;
    CheckOk(disk.CreateDir(kDir), "CreateDir");
    Rotate();
  }

  void Rotate() {
    first_seqs[++newest] = appended + 1;
    CheckOk(set.Rotate(newest, 0), "Rotate");
  }
  void Append() {
    BatchText batch;
    batch.Put("key", "value");
    SetBatchSeq(batch.rep()->data(), appended + 1);
    const Slice record(*batch.rep());
    CheckOk(set.Append(&record, 1), "Append");
    ++appended;
  }
  void Write(Random random) {
    for (uint64_t left = 2 + random.Uniform(6); left > 0; --left) {
      if (random.OneIn(3)) {
        Rotate();
      } else {
        Append();
      }
    }
  }

  void Sync() {
    const SeqNo before = appended;
    SyncedLogs synced;
    CheckOk(set.Sync(&synced), "Sync");
    CheckDurable(synced);
    promised.durable = std::max(promised.durable, before);
  }
  // A log that is called durable is so with all that it ever held.
  void CheckDurable(const SyncedLogs& synced) const {
    for (const auto& [number, bytes] : synced) {
      const SeqNo last = first_seqs.at(number + 1) - 1;
      const SeqNo found = LastSeqIn(*disk.AfterPowerCut(), number, first_seqs.at(number) - 1);
      SCHEDULE_CHECK(found == last, "log %d of %d bytes ends at %d, not at %d", static_cast<int>(number),
                     static_cast<int>(bytes), static_cast<int>(found), static_cast<int>(last));
    }
  }
  void SyncSome(Random random) {
    for (uint64_t left = 1 + random.Uniform(3); left > 0; --left) {
      switch (random.Uniform(4)) {
        case 0: {
          SyncedLogs synced;
          CheckOk(set.SyncClosed(&synced), "SyncClosed");
          CheckDurable(synced);
          break;
        }
        case 1: {  // what older logs held was flushed
          const uint64_t number = set.current_number();
          promised.flushed = std::max(promised.flushed, first_seqs.at(number) - 1);
          set.DropBelow(number);
          break;
        }
        default:
          Sync();
      }
    }
  }

  // The last of the batches `before + 1`, `before + 2`, ... that log `number` of `cut` still has.
  static SeqNo LastSeqIn(MemoryFileSystem& cut, uint64_t number, SeqNo before) {
    std::unique_ptr<SequentialFile> file;
    CheckOk(cut.OpenSequential(WalName(kDir, number), &file), "OpenSequential");
    LogReader reader(std::move(file), number, nullptr);
    for (Slice record; reader.ReadRecord(&record);) {
      if (BatchCount(record) > 0 && BatchSeq(record) == before + 1) ++before;
    }
    return before;
  }
  void CheckAfterPowerCut(MemoryFileSystem& cut, const Promised& promise) const {
    for (const auto& [number, first_seq] : first_seqs) {
      const auto next = first_seqs.find(number + 1);
      const SeqNo wanted = next == first_seqs.end() ? promise.durable : std::min(promise.durable, next->second - 1);
      if (wanted < first_seq || wanted <= promise.flushed) continue;
      const SeqNo found = LastSeqIn(cut, number, first_seq - 1);
      SCHEDULE_CHECK(found >= wanted, "batch %d was durable, log %d ends at %d", static_cast<int>(wanted),
                     static_cast<int>(number), static_cast<int>(found));
    }
  }

  MemoryFileSystem disk;
  DatabaseConfig config;
  WalSet set{config, kDir};
  uint64_t newest = 0;
  std::map<uint64_t, SeqNo> first_seqs;  // of each log
  SeqNo appended = 0;
  Promised promised;
};

}  // namespace

void LogsScenario(Random* random) {
  Logs logs(random->OneIn(4));
  std::unique_ptr<MemoryFileSystem> cut;
  Promised promised_at_cut;
  MarkBegin();
  std::vector<std::thread> threads;
  threads.emplace_back(&Logs::Write, &logs, Random(random->Next()));
  for (uint64_t left = 1 + random->Uniform(2); left > 0; --left)
    threads.emplace_back(&Logs::SyncSome, &logs, Random(random->Next()));
  if (random->OneIn(2)) {
    threads.emplace_back([&] {
      cut = logs.disk.AfterPowerCut();
      promised_at_cut = logs.promised;
    });
  }
  JoinAll(&threads);
  if (cut != nullptr) logs.CheckAfterPowerCut(*cut, promised_at_cut);
  logs.Sync();
  logs.CheckAfterPowerCut(*logs.disk.AfterPowerCut(), logs.promised);
  CheckOk(logs.set.Close(), "Close");
}

}  // namespace gneiss::schedules
