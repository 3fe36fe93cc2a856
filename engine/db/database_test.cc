// The database as a whole, over a directory of its own: reads see what was written, also after flushes, compactions,
// reopening and at snapshots. The model is a std::map per snapshot.

#include <cstdlib>
#include <optional>
#include <thread>

#include "engine/base/random.h"
#include "engine/db/database_test_util.h"
#include "engine/io/file_name.h"

namespace gneiss {
namespace {

uint64_t Seed() {
  const char* const text = std::getenv("GNEISS_SEED");
  return text == nullptr ? 20221107 : std::strtoull(text, nullptr, 10);
}

TEST_F(DatabaseTest, ReadsItsWrites) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Put("a", "1").ok());
  ASSERT_TRUE(Put("b", "2").ok());
  EXPECT_EQ(Get("a"), "1");
  ASSERT_TRUE(database_->Write({}, Batch().Delete("a").Put("c", "3").rep()).ok());
  EXPECT_EQ(Get("a"), "NotFound: ");
  EXPECT_EQ(Get("c"), "3");
  EXPECT_EQ(database_->LatestSeq(), 4u);
  ASSERT_TRUE(database_->Flush({}, handles_).ok());
  EXPECT_EQ(Get("b"), "2");
  EXPECT_EQ(database_->LatestSeq(), 4u);  // installs consume no sequence number
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(Get("a"), "NotFound: ");
  EXPECT_EQ(Get("b"), "2");
  EXPECT_EQ(Get("c"), "3");
}

TEST_F(DatabaseTest, SnapshotsSurviveFlushAndCompaction) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Put("k", "old").ok());
  const Snapshot* const snapshot = database_->GetSnapshot();
  ASSERT_TRUE(Put("k", "new").ok());
  ASSERT_TRUE(database_->Flush({}, handles_).ok());
  ASSERT_TRUE(database_->CompactRange({}, handles_[0], nullptr, nullptr).ok());
  EXPECT_EQ(Get("k", snapshot), "old");
  EXPECT_EQ(Get("k"), "new");
  database_->ReleaseSnapshot(snapshot);
}

TEST_F(DatabaseTest, RangeDeletesHideOlderEntries) {
  ASSERT_TRUE(Open().ok());
  for (const char* key : {"a", "b", "c", "d"}) ASSERT_TRUE(Put(key, key).ok());
  ASSERT_TRUE(database_->Flush({}, handles_).ok());
  ASSERT_TRUE(database_->Write({}, Batch().DeleteRange("b", "d").rep()).ok());
  EXPECT_EQ(Get("b"), "NotFound: ");
  EXPECT_EQ(Scan(), (std::map<std::string, std::string>{{"a", "a"}, {"d", "d"}}));
  ASSERT_TRUE(database_->Flush({}, handles_).ok());
  EXPECT_EQ(Get("c"), "NotFound: ");
  ASSERT_TRUE(Put("c", "again").ok());
  ASSERT_TRUE(database_->CompactRange({}, handles_[0], nullptr, nullptr).ok());
  EXPECT_EQ(Scan(), (std::map<std::string, std::string>{{"a", "a"}, {"c", "again"}, {"d", "d"}}));
  EXPECT_EQ(Scan(), ScanBackward());
}

TEST_F(DatabaseTest, FamiliesAreSeparateAndComeBack) {
  ASSERT_TRUE(Open().ok());
  FamilyDescriptor descriptor = family_;
  descriptor.name = "other";
  FamilyPtr other;
  ASSERT_TRUE(database_->CreateFamily(descriptor, &other).ok());
  ASSERT_TRUE(database_->Write({}, Batch().Put("k", "default").Put("k", "other", other->id).rep()).ok());
  PinnedValue value;
  ASSERT_TRUE(database_->Get({}, other.get(), "k", &value).ok());
  EXPECT_EQ(value.slice(), "other");
  EXPECT_EQ(Get("k"), "default");
  EXPECT_TRUE(Open().IsInvalidArgument());
  ASSERT_TRUE(Open({family_, descriptor}).ok());
  ASSERT_TRUE(database_->Get({}, handles_[1].get(), "k", &value).ok());
  EXPECT_EQ(value.slice(), "other");
  ASSERT_TRUE(database_->DropFamily(handles_[1]).ok());
  ASSERT_TRUE(database_->Get({}, handles_[1].get(), "k", &value).ok()) << "a dropped family stays readable";
  value.Reset();
  Batch batch;
  batch.Put("k", "v", handles_[1]->id);
  EXPECT_TRUE(database_->Write({}, batch.rep()).IsInvalidArgument());
  ASSERT_TRUE(Put("k", "still writable").ok());
  ASSERT_TRUE(Open().ok());
}

TEST_F(DatabaseTest, TimesInTheNamesOfInfoLogsAreNoFileNumbers) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Put("a", "1").ok());
  database_.reset();
  ASSERT_TRUE(WriteWholeFile(config_.fs, dir_ + "/LOG.old.1795621207421979", "", false).ok());
  ASSERT_TRUE(Open().ok());
  std::vector<std::string> names;
  ASSERT_TRUE(config_.fs->List(dir_, &names).ok());
  for (const std::string& name : names) {
    uint64_t number = 0;
    FileKind kind;
    ASSERT_TRUE(ParseFileName(name, &number, &kind)) << name;
    EXPECT_TRUE(number < 100 || kind == FileKind::kInfoLog) << name;
  }
}

TEST_F(DatabaseTest, AFamilyCreatedLaterGetsItsPathsMade) {
  ASSERT_TRUE(Open().ok());
  FamilyDescriptor other = family_;
  other.name = "other";
  other.config.paths = {dir_ + "/first", dir_ + "/second"};
  FamilyPtr handle;
  ASSERT_TRUE(database_->CreateFamily(other, &handle).ok());
  ASSERT_TRUE(database_->Write({}, Batch().Put("a", "1", handle->id).rep()).ok());
  const Status flushed = database_->Flush({}, {handle});
  EXPECT_TRUE(flushed.ok()) << flushed.ToString();
}

// A MANIFEST that another thread begins anew at any moment holds exactly the families that exist.
TEST_F(DatabaseTest, FamiliesComeAndGoWhileManifestsRollOver) {
  config_.manifest_bytes_max = 1;
  ASSERT_TRUE(Open().ok());
  std::atomic<bool> is_done{false};
  const auto flush_on = [&] {
    while (!is_done.load()) {
      EXPECT_TRUE(Put("a", "1").ok());
      EXPECT_TRUE(database_->Flush({}, {handles_[0]}).ok());
    }
  };
  std::thread flusher(flush_on);
  FamilyDescriptor other = family_;
  std::vector<FamilyDescriptor> expected = {family_};
  for (int i = 0; i < 60; ++i) {
    other.name = "family" + std::to_string(i);
    FamilyPtr handle;
    EXPECT_TRUE(database_->CreateFamily(other, &handle).ok());
    EXPECT_TRUE(database_->Write({}, Batch().Put("b", "2", handle->id).rep()).ok());
    if (i % 4 != 0) {
      EXPECT_TRUE(database_->DropFamily(handle).ok());
    } else {
      expected.push_back(other);
    }
    if (i % 10 != 9) continue;
    is_done.store(true);
    flusher.join();
    handle.reset();
    const Status opened = Open(expected);  // refuses families that it is not asked to open
    ASSERT_TRUE(opened.ok()) << opened.ToString();
    for (size_t k = 1; k < handles_.size(); ++k) {
      PinnedValue value;
      EXPECT_TRUE(database_->Get({}, handles_[k].get(), "b", &value).ok()) << expected[k].name;
    }
    is_done.store(false);
    flusher = std::thread(flush_on);
  }
  is_done.store(true);
  flusher.join();
}

TEST_F(DatabaseTest, OpenRefusesWhatItShould) {
  config_.create_if_missing = false;
  EXPECT_EQ(Open().ToString(), "Invalid argument: " + dir_ + "/CURRENT: does not exist (create_if_missing is false)");
  config_.create_if_missing = true;
  ASSERT_TRUE(Open().ok());
  std::unique_ptr<Database> second;
  std::vector<FamilyPtr> handles;
  EXPECT_TRUE(Database::Open(config_, dir_, {family_}, &handles, &second).IsIoError());
  config_.error_if_exists = true;
  EXPECT_EQ(Open().ToString(), "Invalid argument: " + dir_ + ": exists (error_if_exists is true)");
  config_.error_if_exists = false;
  family_.config.order = KeyOrder::ReverseBytewise();
  EXPECT_EQ(Open().ToString(),
            "Invalid argument: rocksdb.ReverseBytewiseComparator: does not match existing comparator "
            "leveldb.BytewiseComparator");
}

// Random batches, flushes, compactions, reopenings and snapshots against std::map.
TEST_F(DatabaseTest, AgreesWithAModel) {
  const uint64_t seed = Seed();
  SCOPED_TRACE("GNEISS_SEED=" + std::to_string(seed));
  Random random(seed);
  ASSERT_TRUE(Open().ok());
  std::map<std::string, std::string> model;
  std::vector<std::pair<const Snapshot*, std::map<std::string, std::string>>> snapshots;
  const auto key_of = [&] { return "key" + std::to_string(random.Uniform(3000)); };
  for (int step = 0; step < 4000; ++step) {
    const uint64_t dice = random.Uniform(1000);
    if (dice < 5) {
      ASSERT_TRUE(database_->Flush({}, handles_).ok());
    } else if (dice < 7) {
      ASSERT_TRUE(database_->CompactRange({}, handles_[0], nullptr, nullptr).ok());
    } else if (dice < 9) {
      for (const auto& [snapshot, state] : snapshots) database_->ReleaseSnapshot(snapshot);
      snapshots.clear();
      ASSERT_TRUE(Open().ok());
    } else if (dice < 20 && snapshots.size() < 5) {
      snapshots.emplace_back(database_->GetSnapshot(), model);
    } else if (dice < 30 && !snapshots.empty()) {
      database_->ReleaseSnapshot(snapshots.front().first);
      snapshots.erase(snapshots.begin());
    } else if (dice < 40) {
      std::string begin = key_of();
      std::string end = key_of();
      if (end < begin) std::swap(begin, end);
      if (random.OneIn(3)) {
        ASSERT_TRUE(database_->Write({}, Batch().DeleteRange(begin, end).rep()).ok());
        model.erase(model.lower_bound(begin), model.lower_bound(end));
      }
    } else {
      Batch batch;
      for (uint64_t i = 0; i <= random.Uniform(8); ++i) {
        const std::string key = key_of();
        if (random.OneIn(4)) {
          batch.Delete(key);
          model.erase(key);
        } else {
          const std::string value(random.Uniform(200), static_cast<char>('a' + random.Uniform(26)));
          batch.Put(key, value);
          model[key] = value;
        }
      }
      ASSERT_TRUE(database_->Write({}, batch.rep()).ok());
    }
    const std::string key = key_of();
    const auto expected = model.find(key);
    ASSERT_EQ(Get(key), expected == model.end() ? "NotFound: " : expected->second) << "step " << step << " " << key;
    if (step % 400 == 0) {
      ASSERT_EQ(Scan(), model) << "step " << step;
      ASSERT_EQ(ScanBackward(), model) << "step " << step;
      for (const auto& [snapshot, state] : snapshots) {
        ASSERT_EQ(Scan(snapshot), state) << "step " << step;
        ASSERT_EQ(ScanBackward(snapshot), state) << "step " << step;
      }
    }
  }
  for (const auto& [snapshot, state] : snapshots) {
    EXPECT_EQ(Scan(snapshot), state);
    database_->ReleaseSnapshot(snapshot);
  }
  EXPECT_EQ(Scan(), model);
}

TEST_F(DatabaseTest, ManyWritersCommitInOrder) {
  ASSERT_TRUE(Open().ok());
  constexpr int kThreads = 4;
  constexpr int kBatches = 2000;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kBatches; ++i) {
        Batch batch;
        // Both keys of a batch always carry the same value.
        const std::string value = std::to_string(t) + ":" + std::to_string(i);
        batch.Put("left", value).Put("t" + std::to_string(t) + "." + std::to_string(i), value).Put("right", value);
        ASSERT_TRUE(database_->Write({.sync = false}, batch.rep()).ok());
        if (i % 50 == 0) {
          const Snapshot* const snapshot = database_->GetSnapshot();
          ASSERT_EQ(Get("left", snapshot), Get("right", snapshot));
          database_->ReleaseSnapshot(snapshot);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(database_->LatestSeq(), static_cast<SeqNo>(kThreads * kBatches * 3));
  EXPECT_EQ(Scan().size(), static_cast<size_t>(kThreads * kBatches + 2));
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(Scan().size(), static_cast<size_t>(kThreads * kBatches + 2));
}

// A table without a filter of its own is not read for keys that its memtable did not hold.
TEST_F(DatabaseTest, ANewTableKeepsTheFilterOfItsMemtable) {
  family_.config.write_buffer_bytes = 1 << 20;
  family_.config.compaction.disable_auto_compactions = true;
  const auto misses_without_reading = [this] {
    int count = 0;
    for (int i = 0; i < 100; ++i) {
      PinnedValue value;
      const std::string key = "key" + std::to_string(100000 + i) + "x";
      count += database_->Get({.table = {.cache_only = true}}, handles_[0].get(), key, &value).IsNotFound() ? 1 : 0;
    }
    return count;
  };
  Random random(Seed());
  const auto put = [&](int n) {
    std::string value(100, '\0');
    for (char& byte : value) byte = static_cast<char>(random.Uniform(256));
    return Put("key" + std::to_string(100000 + n), value);
  };
  ASSERT_TRUE(Open().ok());
  for (int i = 0; i < 5000; ++i) ASSERT_TRUE(put(i).ok());
  ASSERT_TRUE(database_->Flush({}, handles_).ok());
  EXPECT_GE(misses_without_reading(), 85);
  for (int i = 0; i < 5000; ++i) ASSERT_NE(Get("key" + std::to_string(100000 + i)), "NotFound: ") << i;
  // Not where it is large beside its table.
  ASSERT_TRUE(put(0).ok());
  ASSERT_TRUE(put(4999).ok());
  ASSERT_TRUE(database_->Flush({}, handles_).ok());
  EXPECT_EQ(misses_without_reading(), 0);
}

TEST_F(DatabaseTest, ATornLogTailIsCut) {
  ASSERT_TRUE(Open().ok());
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Put("key" + std::to_string(i), "value").ok());
  handles_.clear();
  database_.reset();
  std::vector<std::string> names;
  ASSERT_TRUE(FileSystem::Posix()->List(dir_, &names).ok());
  for (const std::string& name : names) {
    if (name.size() < 4 || name.substr(name.size() - 4) != ".log") continue;
    uint64_t bytes = 0;
    ASSERT_TRUE(FileSystem::Posix()->FileSize(dir_ + "/" + name, &bytes).ok());
    if (bytes <= 10) continue;
    ASSERT_EQ(truncate((dir_ + "/" + name).c_str(), static_cast<off_t>(bytes - 7)), 0);
  }
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(Scan().size(), 99u);
  EXPECT_EQ(Get("key98"), "value");
}

}  // namespace
}  // namespace gneiss
