// The engine as a whole, with a handful of writers and readers around one step of it: a commit, a rotation, an install,
// a drop of files, closing.
#include <algorithm>
#include <array>
#include <atomic>

#include "engine/base/read_guard.h"
#include "tests/schedules/engine_scenarios.h"
#include "tests/schedules/scheduled_database.h"

namespace gneiss::schedules {

namespace {

int NumberIn(const std::string& text) { return text.empty() ? 0 : std::atoi(text.c_str()); }
std::string Name(const char* what, int number) { return what + std::to_string(number); }
std::string Name(const char* what, int writer, int number) {
  return what + std::to_string(writer) + "-" + std::to_string(number);
}

// What writers have done so far, kept beside the database. Threads take turns and nothing here is a yield point.
struct Acknowledged {
  static constexpr int kWritersMax = 4;
  std::array<int, kWritersMax> batches{};
  std::array<int, kWritersMax> durable{};  // of these, that came with a sync or before one
};

// Each writer counts up: batch n holds n in both families, a key of its own, and one pair that all writers share.
class CountingWriters {
 public:
  CountingWriters(ScheduledDatabase* database, int writers) : database_(*database), writers_(writers) {}

  void Write(int writer, int batches, size_t value_bytes, Random random) {
    for (int number = 1; number <= batches; ++number) {
      BatchText batch;
      const std::string text = std::to_string(number);
      const std::string name = Name("", writer, number);
      batch.Put(Name("count", writer), text).Put(Name("count", writer), text, 1);
      batch.Put(Name("key", writer, number), std::string(value_bytes, 'v'));
      batch.Put("pair", name).Put("pair", name, 1);
      // Large batches are inserted by their own writers, beside each other.
      for (uint64_t left = random.OneIn(3) ? 70 : 0; left > 0; --left) batch.Put(Name("pad", writer), text);
      const bool is_durable = random.OneIn(2);
      database_.Write({.sync = is_durable}, &batch);
      done_.batches[static_cast<size_t>(writer)] = number;
      if (is_durable) done_.durable[static_cast<size_t>(writer)] = number;
      if (random.OneIn(3)) CheckCounts(nullptr, done_.batches);
    }
  }

  // A reader sees at least what was acknowledged before it began, and every batch whole.
  void CheckCounts(const Snapshot* snapshot, const std::array<int, Acknowledged::kWritersMax>& least) {
    const std::array<int, Acknowledged::kWritersMax> before = least;
    for (int writer = 0; writer < writers_; ++writer) {
      const int found = NumberIn(database_.Get(Name("count", writer), snapshot));
      const int wanted = before[static_cast<size_t>(writer)];
      SCHEDULE_CHECK(found >= wanted, "writer %d: read %d after %d was acknowledged", writer, found, wanted);
    }
  }
  void ReadAtASnapshot() {
    const Acknowledged before = done_;
    const Snapshot* const snapshot = database_.database->GetSnapshot();
    CheckCounts(snapshot, before.batches);
    for (int writer = 0; writer < writers_; ++writer) {
      const std::string first = database_.Get(Name("count", writer), snapshot, 0);
      const std::string second = database_.Get(Name("count", writer), snapshot, 1);
      SCHEDULE_CHECK(first == second, "a batch is seen in part: %s and %s", first.c_str(), second.c_str());
    }
    CheckWhole(database_.Scan(snapshot, 0), database_.Scan(snapshot, 1));
    database_.database->ReleaseSnapshot(snapshot);
  }
  void ReadWithIterators() {
    const Acknowledged before = done_;
    std::vector<std::unique_ptr<DbIterator>> iterators;
    CheckOk(database_.database->NewIterators({}, database_.families, &iterators), "NewIterators");
    const Contents first = ScheduledDatabase::Read(iterators[0].get());
    CheckWhole(first, ScheduledDatabase::Read(iterators[1].get()));
    CheckAtLeast(first, before.batches);
  }
  void ReadTogether() {
    const Acknowledged before = done_;
    std::array<PinnedValue, 2> values;
    std::array<MultiGetRequest, 2> requests;
    for (size_t i = 0; i < requests.size(); ++i) {
      requests[i].family = database_.families[i].get();
      requests[i].key = "pair";
      requests[i].value = &values[i];
    }
    database_.database->MultiGet({}, requests.data(), requests.size());
    SCHEDULE_CHECK(requests[0].status.code() == requests[1].status.code(), "MultiGet saw a batch in part");
    if (!requests[0].status.ok()) {
      SCHEDULE_CHECK(*std::max_element(before.batches.begin(), before.batches.end()) == 0, "MultiGet found nothing");
      return;
    }
    SCHEDULE_CHECK(values[0].slice() == values[1].slice(), "MultiGet saw a batch in part");
  }

  // No writer's batches have a hole, and both families hold the same of them.
  void CheckWhole(const Contents& first, const Contents& second) const {
    const auto in = [](const Contents& contents, const std::string& key) {
      const auto found = contents.find(key);
      return found == contents.end() ? std::string() : found->second;
    };
    SCHEDULE_CHECK(in(first, "pair") == in(second, "pair"), "a batch in part: %s and %s", in(first, "pair").c_str(),
                   in(second, "pair").c_str());
    for (int writer = 0; writer < writers_; ++writer) {
      const std::string count = in(first, Name("count", writer));
      SCHEDULE_CHECK(count == in(second, Name("count", writer)), "writer %d: a batch in part", writer);
      const int batches = NumberIn(count);
      for (int number = 1; number <= batches; ++number) {
        SCHEDULE_CHECK(first.contains(Name("key", writer, number)), "writer %d: batch %d of %d is missing", writer,
                       number, batches);
      }
      SCHEDULE_CHECK(!first.contains(Name("key", writer, batches + 1)), "writer %d: more than it counts", writer);
    }
  }
  void CheckAtLeast(const Contents& contents, const std::array<int, Acknowledged::kWritersMax>& least) const {
    for (int writer = 0; writer < writers_; ++writer) {
      const auto found = contents.find(Name("count", writer));
      const int count = found == contents.end() ? 0 : NumberIn(found->second);
      SCHEDULE_CHECK(count >= least[static_cast<size_t>(writer)], "writer %d: %d of %d acknowledged batches", writer,
                     count, least[static_cast<size_t>(writer)]);
    }
  }

  // Called before a sync is asked for; then, when it succeeded, what was acknowledged before is durable.
  Acknowledged done() const { return done_; }
  void NoteDurable(const Acknowledged& before) {
    for (size_t i = 0; i < before.batches.size(); ++i) done_.durable[i] = std::max(done_.durable[i], before.batches[i]);
  }

 private:
  ScheduledDatabase& database_;
  const int writers_;
  Acknowledged done_;
};

void CallAroundTheLog(ScheduledDatabase* database, CountingWriters* writers, Random random) {
  Database* const db = database->database.get();
  for (uint64_t left = 1 + random.Uniform(3); left > 0; --left) {
    const Acknowledged before = writers->done();
    switch (random.Uniform(4)) {
      case 0:
        CheckOk(db->SyncWal(), "SyncWal");
        writers->NoteDurable(before);
        break;
      case 1:
        CheckOk(db->FlushWal(true), "FlushWal");
        writers->NoteDurable(before);
        break;
      case 2:
        CheckOk(db->FlushWal(false), "FlushWal");
        break;
      default:
        CheckOk(db->LockWal(), "LockWal");
        CheckOk(db->UnlockWal(), "UnlockWal");
    }
  }
}

void ReadAround(CountingWriters* writers, Random random) {
  for (uint64_t left = 1 + random.Uniform(4); left > 0; --left) {
    switch (random.Uniform(3)) {
      case 0:
        writers->ReadAtASnapshot();
        break;
      case 1:
        writers->ReadWithIterators();
        break;
      default:
        writers->ReadTogether();
    }
  }
}

// Opens what a failure of the power or of the process left, and checks it.
void CheckRecovered(ScheduledDatabase* original, const CountingWriters& writers, MemoryFileSystem* disk,
                    const std::array<int, Acknowledged::kWritersMax>& least) {
  ScheduledDatabase recovered;
  recovered.config = original->config;
  recovered.family_config = original->family_config;
  recovered.Open(disk);
  const Contents first = recovered.Scan(nullptr, 0);
  writers.CheckWhole(first, recovered.Scan(nullptr, 1));
  writers.CheckAtLeast(first, least);
}

struct Failure {
  std::unique_ptr<MemoryFileSystem> disk;
  Acknowledged done;
};

}  // namespace

// Several writers, with and without sync, small and large batches; readers; calls around the log; and at some moment
// the power fails.
void CommitScenario(Random* random) {
  MemoryFileSystem disk;
  ScheduledDatabase database;
  database.config.write_group_bytes_max = random->OneIn(2) ? 1 << 20 : 200;
  database.config.allow_concurrent_memtable_write = !random->OneIn(4);
  database.config.manual_wal_flush = random->OneIn(4);
  database.Open(&disk);
  const int count = 2 + static_cast<int>(random->Uniform(3));
  CountingWriters writers(&database, count);
  Failure power_cut;
  Failure kill;
  MarkBegin();
  std::vector<std::thread> threads;
  for (int writer = 0; writer < count; ++writer) {
    threads.emplace_back(&CountingWriters::Write, &writers, writer, 1 + static_cast<int>(random->Uniform(5)), 10,
                         Random(random->Next()));
  }
  if (random->OneIn(2)) threads.emplace_back(CallAroundTheLog, &database, &writers, Random(random->Next()));
  if (random->OneIn(2)) threads.emplace_back(ReadAround, &writers, Random(random->Next()));
  threads.emplace_back([&] { power_cut = {.disk = disk.AfterPowerCut(), .done = writers.done()}; });
  threads.emplace_back([&] { kill = {.disk = disk.AfterKill(), .done = writers.done()}; });
  JoinAll(&threads);
  const Acknowledged done = writers.done();
  const Contents all = database.Scan(nullptr, 0);
  writers.CheckWhole(all, database.Scan(nullptr, 1));
  writers.CheckAtLeast(all, done.batches);
  CheckRecovered(&database, writers, power_cut.disk.get(), power_cut.done.durable);
  // With manual_wal_flush, what nobody flushed may be lost with the process.
  if (!database.config.manual_wal_flush) CheckRecovered(&database, writers, kill.disk.get(), kill.done.batches);
}

// Buffers that hold a few batches, so that writers rotate, wait for flushes, and readers meet both.
void RotationScenario(Random* random) {
  MemoryFileSystem disk;
  ScheduledDatabase database;
  database.family_config.write_buffer_bytes = 3 << 10;
  database.family_config.write_buffers_max = 2 + static_cast<int>(random->Uniform(2));
  database.family_config.compaction.disable_auto_compactions = random->OneIn(2);
  database.family_config.compaction.level0_compaction_trigger = 2;
  database.config.is_flush_atomic = random->OneIn(3);
  database.Open(&disk);
  const int count = 1 + static_cast<int>(random->Uniform(3));
  CountingWriters writers(&database, count);
  Failure power_cut;
  Failure kill;
  MarkBegin();
  std::vector<std::thread> threads;
  for (int writer = 0; writer < count; ++writer) {
    threads.emplace_back(&CountingWriters::Write, &writers, writer, 2 + static_cast<int>(random->Uniform(7)), 700,
                         Random(random->Next()));
  }
  threads.emplace_back(ReadAround, &writers, Random(random->Next()));
  if (random->OneIn(2)) {
    threads.emplace_back([&, waits = random->OneIn(2)] {
      const Status status = database.database->Flush({.wait = waits, .allow_write_stall = true}, database.families);
      // Who does not want to wait is refused while writes are stopped.
      if (waits || status.code() != Status::Code::kTryAgain) CheckOk(status, "Flush");
    });
  }
  threads.emplace_back([&] { power_cut = {.disk = disk.AfterPowerCut(), .done = writers.done()}; });
  threads.emplace_back([&] { kill = {.disk = disk.AfterKill(), .done = writers.done()}; });
  JoinAll(&threads);
  const Contents all = database.Scan(nullptr, 0);
  writers.CheckWhole(all, database.Scan(nullptr, 1));
  writers.CheckAtLeast(all, writers.done().batches);
  CheckOk(database.database->WaitForBackgroundWork(), "WaitForBackgroundWork");
  CheckRecovered(&database, writers, power_cut.disk.get(), power_cut.done.durable);
  CheckRecovered(&database, writers, kill.disk.get(), kill.done.batches);
}

namespace {

// One writer whose contents after each step are known, so that a view can be checked whole: it holds its own number.
struct SteppedWriter {
  static constexpr int kKeys = 5;
  static Contents After(int step) {
    Contents contents;
    for (int number = 1; number <= step; ++number) {
      contents["step"] = std::to_string(number);
      const std::string key = Name("key", number % kKeys);
      if (number % 7 == 0) {
        contents.erase(key);
      } else {
        contents[key] = Value(number);
      }
    }
    return contents;
  }
  static std::string Value(int number) { return std::string(300, static_cast<char>('a' + number % 26)); }

  void Write(int steps) {
    for (int end = done + steps; done < end;) {
      const int number = done + 1;
      BatchText batch;
      batch.Put("step", std::to_string(number));
      const std::string key = Name("key", number % kKeys);
      if (number % 7 == 0) {
        batch.Delete(key);
      } else {
        batch.Put(key, Value(number));
      }
      database->Write({}, &batch);
      done = number;
    }
  }
  // `before`: steps acknowledged before the view was taken.
  static void Check(const Contents& view, int before) {
    const auto found = view.find("step");
    const int step = found == view.end() ? 0 : NumberIn(found->second);
    SCHEDULE_CHECK(step >= before, "a view of step %d, taken after %d was acknowledged", step, before);
    const Contents wanted = After(step);
    if (view == wanted) return;
    for (const auto& [key, value] : wanted) {
      SCHEDULE_CHECK(view.contains(key), "step %d: %s is missing", step, key.c_str());
      SCHEDULE_CHECK(view.at(key) == value, "step %d: %s has an old value", step, key.c_str());
    }
    Fail("step %d: a deleted key is back", step);
  }

  ScheduledDatabase* database = nullptr;
  int done = 0;
};

void ReadViews(ScheduledDatabase* database, const SteppedWriter* writer, Random random) {
  for (uint64_t left = 1 + random.Uniform(3); left > 0; --left) {
    if (random.OneIn(2)) {
      for (int reads = 0; reads < 8; ++reads) {
        const int least = writer->done;
        const int step = NumberIn(database->Get("step"));
        SCHEDULE_CHECK(step >= least, "Get found step %d after %d was acknowledged", step, least);
      }
    }
    const int before = writer->done;
    if (random.OneIn(2)) {
      SteppedWriter::Check(database->Scan(), before);
      continue;
    }
    const Snapshot* const snapshot = database->database->GetSnapshot();
    const auto iterator = database->database->NewIterator({}, database->families[0]);
    const Contents first = database->Scan(snapshot);
    SteppedWriter::Check(first, before);
    SteppedWriter::Check(ScheduledDatabase::Read(iterator.get()), before);
    for (const auto& [key, value] : first) {
      SCHEDULE_CHECK(database->Get(key, snapshot) == value, "%s differs between Get and a scan", key.c_str());
    }
    SCHEDULE_CHECK(database->Scan(snapshot) == first, "a snapshot does not read the same twice");
    SteppedWriter::Check(ScheduledDatabase::Read(iterator.get()), before);
    database->database->ReleaseSnapshot(snapshot);
  }
}

void MakeSmall(ScheduledDatabase* database, Random* random) {
  FamilyConfig& family = database->family_config;
  family.write_buffer_bytes = 2 << 10;
  family.compaction.level0_compaction_trigger = 2;
  family.compaction.level_base_bytes_max = 4 << 10;
  family.compaction.target_file_bytes_base = random->OneIn(2) ? 1 << 10 : 64 << 10;
  family.compaction.subcompactions_max = 1 + static_cast<int>(random->Uniform(2));
  database->config.background_compactions_max = 1 + static_cast<int>(random->Uniform(2));
  database->config.max_open_files = random->OneIn(3) ? 10 : -1;
}

void Compact(ScheduledDatabase* database) {
  CheckOk(database->database->CompactRange({.exclusive = false}, database->families[0], nullptr, nullptr),
          "CompactRange");
}

}  // namespace

// A key is overwritten and flushed again and again, so that a reader's view may be gone a moment after it was chosen.
// Short, so that most switches fall into a Get.
void GetScenario(Random* random) {
  MemoryFileSystem disk;
  ScheduledDatabase database;
  database.family_config.compaction.level0_compaction_trigger = 2 + static_cast<int>(random->Uniform(3));
  database.Open(&disk);
  SteppedWriter writer{.database = &database};
  writer.Write(1 + static_cast<int>(random->Uniform(3)));
  MarkBegin();
  std::vector<std::thread> threads;
  for (uint64_t left = 1 + random->Uniform(2); left > 0; --left) {
    threads.emplace_back([&, gets = 2 + random->Uniform(4)] {
      for (uint64_t i = 0; i < gets; ++i) {
        const int least = writer.done;
        const int step = NumberIn(database.Get("step"));
        SCHEDULE_CHECK(step >= least, "Get found step %d after %d was acknowledged", step, least);
      }
    });
  }
  for (uint64_t left = 1 + random->Uniform(3); left > 0; --left) {
    writer.Write(1 + static_cast<int>(random->Uniform(2)));
    CheckOk(database.database->Flush({.allow_write_stall = true}, {database.families[0]}), "Flush");
  }
  JoinAll(&threads);
}

// Flushes and merges install Versions while readers hold views of older ones.
void InstallScenario(Random* random) {
  MemoryFileSystem disk;
  ScheduledDatabase database;
  MakeSmall(&database, random);
  database.Open(&disk);
  SteppedWriter writer{.database = &database};
  writer.Write(static_cast<int>(random->Uniform(20)));
  MarkBegin();
  std::vector<std::thread> threads;
  threads.emplace_back(&SteppedWriter::Write, &writer, 4 + static_cast<int>(random->Uniform(12)));
  for (uint64_t left = 1 + random->Uniform(2); left > 0; --left)
    threads.emplace_back(ReadViews, &database, &writer, Random(random->Next()));
  if (random->OneIn(2)) threads.emplace_back(Compact, &database);
  if (random->OneIn(2)) {
    threads.emplace_back(
        [&] { CheckOk(database.database->Flush({.allow_write_stall = true}, database.families), "Flush"); });
  }
  JoinAll(&threads);
  SteppedWriter::Check(database.Scan(), writer.done);
  CheckOk(database.database->WaitForBackgroundWork(), "WaitForBackgroundWork");
  SteppedWriter::Check(database.Scan(), writer.done);
  Reclaim();
}

// Whole tables are dropped beside readers: a snapshot goes on reading what it read, live reads may lose it.
void DropScenario(Random* random) {
  MemoryFileSystem disk;
  ScheduledDatabase database;
  MakeSmall(&database, random);
  database.family_config.compaction.target_file_bytes_base = 512;
  database.Open(&disk);
  SteppedWriter writer{.database = &database};
  writer.Write(10 + static_cast<int>(random->Uniform(10)));
  Compact(&database);
  MarkBegin();
  std::vector<std::thread> threads;
  for (uint64_t left = 1 + random->Uniform(2); left > 0; --left) {
    threads.emplace_back([&database, times = 1 + random->Uniform(3)] {
      for (uint64_t i = 0; i < times; ++i) {
        const Snapshot* const snapshot = database.database->GetSnapshot();
        const Contents first = database.Scan(snapshot);
        for (const auto& [key, value] : first) {
          SCHEDULE_CHECK(database.Get(key, snapshot) == value, "a snapshot lost %s", key.c_str());
        }
        SCHEDULE_CHECK(database.Scan(snapshot) == first, "a snapshot does not read the same twice");
        database.database->ReleaseSnapshot(snapshot);
      }
    });
  }
  threads.emplace_back([&database, from = Name("key", static_cast<int>(random->Uniform(4)))] {
    const Slice begin = from;
    const Slice end = "kez";
    CheckOk(database.database->DeleteFilesInRanges(database.families[0], {{.begin = &begin, .end = &end}}, true),
            "DeleteFilesInRanges");
  });
  threads.emplace_back(&SteppedWriter::Write, &writer, static_cast<int>(random->Uniform(8)));
  if (random->OneIn(2)) threads.emplace_back(Compact, &database);
  JoinAll(&threads);
  SCHEDULE_CHECK(NumberIn(database.Get("step")) == writer.done, "the last step was lost");
  CheckOk(database.database->WaitForBackgroundWork(), "WaitForBackgroundWork");
}

// Closing meets flushes and merges that run, and iterators that go on reading, some until the database is gone.
void CloseScenario(Random* random) {
  MemoryFileSystem disk;
  auto database = std::make_unique<ScheduledDatabase>();
  MakeSmall(database.get(), random);
  database->config.avoid_flush_during_shutdown = random->OneIn(2);
  database->Open(&disk);
  SteppedWriter writer{.database = database.get()};
  MarkBegin();
  writer.Write(6 + static_cast<int>(random->Uniform(20)));
  const int done = writer.done;
  std::vector<std::thread> threads;
  for (uint64_t left = 1 + random->Uniform(2); left > 0; --left) {
    std::shared_ptr<DbIterator> iterator = database->database->NewIterator({}, database->families[0]);
    threads.emplace_back([iterator = std::move(iterator), done, times = 1 + random->Uniform(3)] {
      for (uint64_t i = 0; i < times; ++i) SteppedWriter::Check(ScheduledDatabase::Read(iterator.get()), done);
    });
  }
  const DatabaseConfig config = database->config;
  const FamilyConfig family_config = database->family_config;
  CheckOk(database->database->Close(), "Close");
  if (random->OneIn(2)) JoinAll(&threads);
  database.reset();
  JoinAll(&threads);
  ScheduledDatabase reopened;
  reopened.config = config;
  reopened.family_config = family_config;
  reopened.Open(&disk);
  SteppedWriter::Check(reopened.Scan(), done);
}

}  // namespace gneiss::schedules
