// A secondary that goes on from where it stopped: what it shows after each catch-up, what its iterators keep, how much
// it reads.
#include <rocksdb/merge_operator.h>
#include <rocksdb/options.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "tests/support/counting_file_system.h"
#include "tests/support/database.h"

namespace gneiss {
namespace {

using rocksdb::ColumnFamilyHandle;
using rocksdb::Status;

void Check(const Status& status) { ASSERT_TRUE(status.ok()) << status.ToString(); }

// Appends with commas.
class Append : public rocksdb::AssociativeMergeOperator {
 public:
  bool Merge(const rocksdb::Slice&, const rocksdb::Slice* existing, const rocksdb::Slice& operand, std::string* merged,
             rocksdb::Logger*) const override {
    *merged = existing == nullptr ? "" : existing->ToString() + ",";
    merged->append(operand.data(), operand.size());
    return true;
  }
  const char* Name() const override { return "Append"; }
};

Content ScanOf(rocksdb::Iterator* iterator) {
  Content found;
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
    found[iterator->key().ToString()] = iterator->value().ToString();
  }
  EXPECT_TRUE(iterator->status().ok()) << iterator->status().ToString();
  return found;
}

Content ScanOf(rocksdb::DB* db, ColumnFamilyHandle* family) {
  const std::unique_ptr<rocksdb::Iterator> iterator(db->NewIterator({}, family));
  return ScanOf(iterator.get());
}

// A primary and a secondary with the same families.
class Follow : public ::testing::Test {
 protected:
  Follow() { options_.merge_operator = std::make_shared<Append>(); }
  ~Follow() override {
    CloseSecondary();
    ClosePrimary();
  }

  void OpenPrimary() {
    ClosePrimary();
    options_.create_missing_column_families = true;
    Open(/*is_secondary=*/false, names_, &families_, &primary_);
  }
  void OpenSecondary() {
    CloseSecondary();
    Open(/*is_secondary=*/true, names_, &followed_, &secondary_);
  }
  void Open(bool is_secondary, const std::vector<std::string>& names, std::vector<ColumnFamilyHandle*>* handles,
            std::unique_ptr<rocksdb::DB>* db) {
    std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
    for (const std::string& name : names) descriptors.emplace_back(name, options_);
    rocksdb::DB* opened = nullptr;
    rocksdb::DBOptions db_options = options_;
    if (is_secondary) {
      db_options.max_open_files = -1;
      db_options.env = secondary_env_.get();
      Check(
          rocksdb::DB::OpenAsSecondary(db_options, dir(), temp_.path() + "/secondary", descriptors, handles, &opened));
    } else {
      Check(rocksdb::DB::Open(db_options, dir(), descriptors, handles, &opened));
    }
    db->reset(opened);
  }
  static void Close(std::vector<ColumnFamilyHandle*>* handles, std::unique_ptr<rocksdb::DB>* db) {
    for (ColumnFamilyHandle* handle : *handles) Check((*db)->DestroyColumnFamilyHandle(handle));
    handles->clear();
    db->reset();
  }
  void ClosePrimary() { Close(&families_, &primary_); }
  void CloseSecondary() { Close(&followed_, &secondary_); }

  void Put(const std::string& key, const std::string& value, size_t family = 0) {
    Check(primary_->Put({}, families_[family], key, value));
  }
  void Flush(size_t family = 0) { Check(primary_->Flush({}, families_[family])); }
  void CatchUp() { Check(secondary_->TryCatchUpWithPrimary()); }
  // How many bytes that took.
  uint64_t CountedCatchUp() {
    counting_->Clear();
    CatchUp();
    return counting_->read_bytes();
  }
  std::string Get(const std::string& key, size_t family = 0, const rocksdb::Snapshot* snapshot = nullptr) {
    rocksdb::ReadOptions read;
    read.snapshot = snapshot;
    std::string value;
    const Status status = secondary_->Get(read, followed_[family], key, &value);
    return status.ok() ? value : status.IsNotFound() ? "(none)" : status.ToString();
  }
  void RecycleLogs() {
    options_.recycle_log_file_num = 2;
    options_.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;  // else they are not
  }
  // Both show the same, whatever way one looks.
  void ExpectSame() {
    for (size_t i = 0; i < followed_.size(); ++i) {
      const Content expected = ScanOf(primary_.get(), families_[i]);
      EXPECT_EQ(expected, ScanOf(secondary_.get(), followed_[i])) << names_[i];
      for (const auto& [key, value] : expected) EXPECT_EQ(value, Get(key, i));
    }
    EXPECT_EQ(primary_->GetLatestSequenceNumber(), secondary_->GetLatestSequenceNumber());
  }
  // The newest.
  std::string LogPath() const {
    std::string newest;
    for (const auto& entry : std::filesystem::directory_iterator(dir())) {
      const std::string path = entry.path();
      if (path.ends_with(".log")) newest = std::max(newest, path);
    }
    return newest;
  }
  std::string dir() const { return temp_.path() + "/db"; }

  static rocksdb::Options DefaultOptions() {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.disable_auto_compactions = true;
    options.compression = rocksdb::kNoCompression;
    return options;
  }

  rocksdb::Options options_ = DefaultOptions();
  std::vector<std::string> names_ = {"default", "two"};
  std::vector<ColumnFamilyHandle*> families_;
  std::vector<ColumnFamilyHandle*> followed_;
  TempDir temp_;
  const std::shared_ptr<CountingFileSystem> counting_ = std::make_shared<CountingFileSystem>();
  const std::unique_ptr<rocksdb::Env> secondary_env_ = rocksdb::NewCompositeEnv(counting_);
  std::unique_ptr<rocksdb::DB> primary_;
  std::unique_ptr<rocksdb::DB> secondary_;
};

// ---- what it shows

TEST_F(Follow, WritesOfAllKinds) {
  OpenPrimary();
  Put("a", "1");
  OpenSecondary();
  for (int i = 0; i < 20; ++i) {
    Put("k" + std::to_string(i), std::to_string(i), i % 2);
    Check(primary_->Merge({}, families_[0], "merged", std::to_string(i)));
    if (i % 5 == 4) Check(primary_->Delete({}, families_[0], "k" + std::to_string(i - 4)));
    if (i == 12) Check(primary_->DeleteRange({}, families_[1], "k1", "k5"));
    CatchUp();
    ExpectSame();
    CatchUp();  // nothing is new
    ExpectSame();
  }
}

TEST_F(Follow, MergesEachOperandOnce) {
  OpenPrimary();
  OpenSecondary();
  std::string expected;
  for (int i = 0; i < 12; ++i) {
    Check(primary_->Merge({}, families_[0], "k", std::to_string(i)));
    expected += (i == 0 ? "" : ",") + std::to_string(i);
    if (i % 3 == 1) CatchUp();
    if (i % 3 == 2) Flush();
    if (i == 7) Check(primary_->CompactRange({}, families_[0], nullptr, nullptr));
    CatchUp();
    if (!IsOnReference()) {
      EXPECT_EQ(expected, Get("k"));
    }
  }
}

TEST_F(Follow, FlushesCompactionsAndLogs) {
  OpenPrimary();
  Put("a", "1", 1);  // keeps the first log
  OpenSecondary();
  if (IsOnReference()) GTEST_SKIP() << "goes on reading memtables that a flush replaced";
  for (int i = 0; i < 6; ++i) {
    Put("k", std::to_string(i));
    Put("k" + std::to_string(i), "x");
    CatchUp();
    ExpectSame();
    Flush();
    if (i % 2 == 0) CatchUp();
    if (i % 2 == 0) ExpectSame();
    Put("k", "in the next log");
    if (i == 3) Check(primary_->CompactRange({}, families_[0], nullptr, nullptr));
    CatchUp();
    ExpectSame();
  }
  Flush(1);  // all logs but the last go
  CatchUp();
  ExpectSame();
  Put("k", "last");
  CatchUp();
  ExpectSame();
}

TEST_F(Follow, FlushesThatItMissed) {
  OpenPrimary();
  OpenSecondary();
  if (IsOnReference()) GTEST_SKIP() << "goes on reading memtables that a flush replaced";
  Put("a", "1");
  Put("a", "1", 1);
  CatchUp();
  // The tail of the first log is never seen: it goes with the flushes.
  Put("b", "2");
  Put("b", "2", 1);
  Flush();
  Flush(1);
  Put("c", "3");
  CatchUp();
  ExpectSame();
  // Part of what a table holds was in memory, part of it never.
  Put("d", "4");
  CatchUp();
  Check(primary_->Merge({}, families_[0], "m", "5"));
  Put("e", "6", 1);
  Flush();
  CatchUp();
  ExpectSame();
}

TEST_F(Follow, NewManifests) {
  options_.max_manifest_file_size = 1;
  OpenPrimary();
  OpenSecondary();
  if (IsOnReference()) GTEST_SKIP() << "goes on reading memtables that a flush replaced";
  for (int i = 0; i < 6; ++i) {
    Put("k", std::to_string(i));
    Check(primary_->Merge({}, families_[1], "m", std::to_string(i)));
    if (i % 2 == 0) CatchUp();
    Flush(i % 2);
    CatchUp();
    ExpectSame();
  }
}

TEST_F(Follow, APrimaryThatIsOpenedAgain) {
  for (const bool keeps_logs : {false, true}) {
    options_.avoid_flush_during_recovery = keeps_logs;
    OpenPrimary();
    if (secondary_ == nullptr) OpenSecondary();
    for (int i = 0; i < 4; ++i) {
      Check(primary_->Merge({}, families_[i % 2], "m", std::to_string(i)));
      Put("k" + std::to_string(i), "x");
      if (i % 2 == 0) CatchUp();
      OpenPrimary();
      if (i % 2 == 1) Put("k", std::to_string(i));
      CatchUp();
      if (!IsOnReference()) ExpectSame();
    }
  }
}

TEST_F(Follow, CompressedAndRecycledLogs) {
  for (const bool is_compressed : {false, true}) {
    options_.wal_compression = is_compressed ? rocksdb::kZSTD : rocksdb::kNoCompression;
    RecycleLogs();
    CloseSecondary();
    OpenPrimary();
    OpenSecondary();
    for (int i = 0; i < 30; ++i) {
      CatchUp();  // mostly of a log without records
      Put("k" + std::to_string(i), std::string(3000, 'v'), i % 2);
      Check(primary_->Merge({}, families_[0], "m", std::to_string(i)));
      if (i % 4 != 0) CatchUp();
      if (i % 7 == 6) Flush(0);
      if (i % 7 == 6) Flush(1);
      CatchUp();
      if (!IsOnReference()) ExpectSame();
    }
  }
}

// The MANIFEST then tells of sequence numbers whose entries are not in the log yet.
TEST_F(Follow, LogsThatAreWrittenLate) {
  options_.manual_wal_flush = true;
  OpenPrimary();
  OpenSecondary();
  for (int i = 0; i < 2; ++i) {
    Put("a", std::to_string(i));
    Flush();
  }
  Put("early", "1", 1);
  Check(primary_->FlushWAL(false));
  CatchUp();
  Put("late", "2", 1);
  Check(primary_->CompactRange({}, families_[0], nullptr, nullptr));
  CatchUp();
  EXPECT_EQ("(none)", Get("late", 1));
  const std::unique_ptr<rocksdb::Iterator> iterator(secondary_->NewIterator({}, followed_[1]));
  const Content before = ScanOf(iterator.get());
  Check(primary_->FlushWAL(false));
  CatchUp();
  EXPECT_EQ(before, ScanOf(iterator.get()));
  EXPECT_EQ("2", Get("late", 1));
  EXPECT_EQ("1", Get("a"));
}

TEST_F(Follow, FamiliesThatComeAndGo) {
  OpenPrimary();
  Check(primary_->Merge({}, families_[1], "m", "1"));
  OpenSecondary();
  if (IsOnReference()) GTEST_SKIP() << "a dropped family that it had not opened is corruption to it";
  ColumnFamilyHandle* third = nullptr;
  Check(primary_->CreateColumnFamily(options_, "three", &third));
  Check(primary_->Put({}, third, "k", "3"));
  Check(primary_->Merge({}, families_[1], "m", "2"));
  CatchUp();
  EXPECT_EQ("1,2", Get("m", 1));
  Check(primary_->DropColumnFamily(third));
  Check(primary_->DestroyColumnFamilyHandle(third));
  Check(primary_->Merge({}, families_[1], "m", "3"));
  CatchUp();
  EXPECT_EQ("1,2,3", Get("m", 1));
  // What was there stays readable, and stays as it was: the log still has it, for the other family.
  Put("k", "v");
  Check(primary_->DropColumnFamily(families_[1]));
  for (int i = 0; i < 3; ++i) {
    Put("k", std::to_string(i));
    CatchUp();
    EXPECT_EQ("1,2,3", Get("m", 1));
    EXPECT_EQ(std::to_string(i), Get("k"));
  }
}

// ---- what readers keep

TEST_F(Follow, IteratorsAndSnapshotsKeepWhatTheyShow) {
  options_.level0_file_num_compaction_trigger = 100;
  OpenPrimary();
  OpenSecondary();
  if (IsOnReference()) GTEST_SKIP() << "goes on reading memtables that a flush replaced; has no snapshots";
  struct Held {
    std::unique_ptr<rocksdb::Iterator> iterator;
    const rocksdb::Snapshot* snapshot;
    Content content;
  };
  std::vector<Held> held;
  for (int i = 0; i < 40; ++i) {
    Put("k" + std::to_string(i % 7), std::to_string(i));
    Check(primary_->Merge({}, families_[0], "m", std::to_string(i)));
    if (i % 3 == 1) Check(primary_->Delete({}, families_[0], "k" + std::to_string(i % 5)));
    if (i % 6 == 5) Flush();
    if (i % 12 == 11) Check(primary_->CompactRange({}, families_[0], nullptr, nullptr));
    CatchUp();
    held.push_back({.iterator = std::unique_ptr<rocksdb::Iterator>(secondary_->NewIterator({}, followed_[0])),
                    .snapshot = secondary_->GetSnapshot(),
                    .content = ScanOf(primary_.get(), families_[0])});
    for (const Held& each : held) {
      EXPECT_EQ(each.content, ScanOf(each.iterator.get()));
      // Iterators of a secondary take no snapshot.
      for (const auto& [key, value] : each.content) EXPECT_EQ(value, Get(key, 0, each.snapshot));
    }
  }
  for (const Held& each : held) secondary_->ReleaseSnapshot(each.snapshot);
}

// Iterators remember long runs of deleted keys; a later write into one must be seen.
TEST_F(Follow, WritesWhereAllWasDeleted) {
  OpenPrimary();
  for (int i = 1000; i < 5000; ++i) Put(std::to_string(i), "x");
  for (int i = 1000; i < 5000; ++i) Check(primary_->Delete({}, families_[0], std::to_string(i)));
  OpenSecondary();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(Content(), ScanOf(secondary_.get(), followed_[0]));
  for (int i = 0; i < 3; ++i) {
    Put("300" + std::to_string(i), "alive");
    CatchUp();
    const auto found = ScanOf(secondary_.get(), followed_[0]);
    EXPECT_EQ(static_cast<size_t>(i + 1), found.size());
    EXPECT_EQ(found, ScanOf(secondary_.get(), followed_[0]));
  }
}

// Batches over two families, flushes of either, a compacting primary: nobody sees half a batch or an older one again.
TEST_F(Follow, ReadersBesideABusyPrimary) {
  options_.disable_auto_compactions = false;
  options_.level0_file_num_compaction_trigger = 2;
  options_.write_buffer_size = 64 << 10;
  OpenPrimary();
  Put("count", "0", 0);
  Put("count", "0", 1);
  OpenSecondary();
  if (IsOnReference()) GTEST_SKIP() << "shows mixtures";
  constexpr int kBatches = 2000;
  std::atomic<int> written{0};
  std::atomic<bool> is_over{false};
  std::thread writer([&] {
    for (int i = 1; i <= kBatches; ++i) {
      rocksdb::WriteBatch batch;
      const std::string number = std::to_string(i);
      Check(batch.Put(families_[0], "k" + std::to_string(i % 50), number + std::string(200, 'x')));
      if (i % 10 == 0) Check(batch.Put(families_[1], "k" + std::to_string(i % 50), number + std::string(400, 'x')));
      Check(batch.Put(families_[0], "count", number));
      Check(batch.Put(families_[1], "count", number));
      Check(primary_->Write({}, &batch));
      written = i;
    }
  });
  std::thread reader([&] {
    int before = 0;
    while (!is_over) {
      std::vector<rocksdb::Iterator*> iterators;
      Check(secondary_->NewIterators({}, followed_, &iterators));
      std::string counts[2];
      for (size_t i = 0; i < 2; ++i) {
        const std::unique_ptr<rocksdb::Iterator> iterator(iterators[i]);
        iterator->Seek("count");
        ASSERT_TRUE(iterator->Valid()) << iterator->status().ToString();
        counts[i] = iterator->value().ToString();
      }
      EXPECT_EQ(counts[0], counts[1]);
      EXPECT_GE(std::stoi(counts[0]), before);
      before = std::stoi(counts[0]);
      const int alone = std::stoi(Get("count"));
      EXPECT_GE(alone, before);
    }
  });
  while (written < kBatches) {
    const int at_least = written;
    CatchUp();
    const int count = std::stoi(Get("count"));
    EXPECT_GE(count, at_least);
  }
  is_over = true;
  reader.join();
  writer.join();
  CatchUp();
  ExpectSame();
}

// ---- damage

TEST_F(Follow, DamageAtTheEndOfTheLog) {
  OpenPrimary();
  Put("a", "1");
  OpenSecondary();
  Put("b", "2");
  CatchUp();
  EXPECT_EQ("2", Get("b"));
  const std::string value(100, 'z');
  Put("c", value);
  const auto overwrite = [&](const std::string& bytes, std::streamoff at) {
    std::fstream file(LogPath(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(at);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  };
  std::ifstream log(LogPath(), std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(log)), std::istreambuf_iterator<char>());
  const auto at = static_cast<std::streamoff>(bytes.find(value));
  overwrite("damage", at + 10);
  if (IsOnReference()) GTEST_SKIP() << "answers with the damage";
  for (int i = 0; i < 2; ++i) {
    CatchUp();
    EXPECT_EQ("2", Get("b"));
    EXPECT_EQ("(none)", Get("c"));
  }
  overwrite(value, at);
  CatchUp();
  EXPECT_EQ(value, Get("c"));
  ExpectSame();
}

TEST_F(Follow, ALogThatBecameShorter) {
  OpenPrimary();
  Put("a", "1");
  Put("b", "2");
  Check(primary_->SyncWAL());
  OpenSecondary();
  EXPECT_EQ("2", Get("b"));
  std::ifstream log(LogPath(), std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(log)), std::istreambuf_iterator<char>());
  const std::string copy = temp_.path() + "/copy";
  {
    std::ofstream out(copy, std::ios::binary);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.find("b") - 5));
  }
  std::filesystem::rename(copy, LogPath());
  if (IsOnReference()) return;
  CatchUp();
  EXPECT_EQ("1", Get("a"));
  EXPECT_EQ("(none)", Get("b"));
}

// ---- how much it reads

TEST_F(Follow, ReadsWhatIsNew) {
  OpenPrimary();
  for (int i = 0; i < 50; ++i) {
    Put(std::to_string(i), "x");
    Flush();
  }
  std::mt19937 random(1);
  const auto noise = [&](size_t size) {
    std::string bytes(size, 0);
    for (char& byte : bytes) byte = static_cast<char>(random());
    return bytes;
  };
  for (int i = 0; i < 300; ++i) Put("log" + std::to_string(i), noise(10000));
  OpenSecondary();
  CatchUp();
  const uint64_t idle_bytes = CountedCatchUp();
  EXPECT_LT(idle_bytes, 1000u);
  Put("one", "more");
  const uint64_t one_bytes = CountedCatchUp();
  EXPECT_LT(one_bytes, 80'000u);  // a block or two
  EXPECT_EQ("more", Get("one"));
  for (int i = 0; i < 30; ++i) Put("new" + std::to_string(i), noise(10000));
  const uint64_t new_bytes = CountedCatchUp();
  EXPECT_GE(new_bytes, 300'000u);
  EXPECT_LT(new_bytes, 400'000u);
  ExpectSame();
  Flush();
  counting_->Clear();
  CatchUp();
  const uint64_t flush_bytes = counting_->read_bytes();  // of the table: index and footer
  EXPECT_LT(flush_bytes, 150'000u);
  if (!IsOnReference()) ExpectSame();
}

// A log may have room for much more than is in it.
TEST_F(Follow, ReadsNoRoomInLogs) {
  OpenPrimary();
  Put("a", "1");
  OpenSecondary();
  Put("b", "2", 1);  // keeps the first log
  CatchUp();
  Flush();
  Put("c", "3");
  EXPECT_LT(CountedCatchUp(), 200'000u);
  CloseSecondary();
  counting_->Clear();
  OpenSecondary();
  EXPECT_LT(counting_->read_bytes(), 300'000u);
  EXPECT_EQ("3", Get("c"));
}

// ---- against a model

class FollowRandomly : public Follow, public ::testing::WithParamInterface<int> {
 protected:
  void Step() {
    const size_t family = random_() % 3;
    const std::string key = "k" + std::to_string(random_() % 30);
    const std::string value = std::to_string(random_()) + std::string(random_() % 10 == 0 ? 5000 : 10, 'v');
    Content& model = model_[family];
    switch (random_() % 16) {
      case 0: {
        const std::string end = "k" + std::to_string(random_() % 30);
        if (key >= end) break;
        Check(primary_->DeleteRange({}, families_[family], key, end));
        model.erase(model.lower_bound(key), model.lower_bound(end));
        break;
      }
      case 1:
      case 2:
        Check(primary_->Delete({}, families_[family], key));
        model.erase(key);
        break;
      case 3:
      case 4:
        Check(primary_->Merge({}, families_[family], key, value));
        model[key] = model.count(key) == 0 ? value : model[key] + "," + value;
        break;
      case 5: {
        rocksdb::WriteBatch batch;
        for (size_t i = 0; i < 3; ++i) Check(batch.Put(families_[i], key, value));
        Check(primary_->Write({}, &batch));
        for (Content& each : model_) each[key] = value;
        break;
      }
      case 6:
        if (random_() % 3 == 0) Flush(family);
        break;
      case 7:
        if (random_() % 8 == 0) Check(primary_->CompactRange({}, families_[family], nullptr, nullptr));
        break;
      case 8:
        if (random_() % 16 == 0) OpenPrimary();
        break;
      case 9:
        if (random_() % 40 != 0) break;
        held_.clear();
        OpenSecondary();
        break;
      default:
        Put(key, value, family);
        model[key] = value;
    }
  }
  void CatchUpAndCompare() {
    CatchUp();
    for (size_t i = 0; i < 3; ++i) {
      ASSERT_EQ(model_[i], ScanOf(secondary_.get(), followed_[i])) << names_[i];
      const std::string key = "k" + std::to_string(random_() % 30);
      ASSERT_EQ(model_[i].count(key) == 0 ? "(none)" : model_[i][key], Get(key, i));
    }
  }

  struct Held {
    std::unique_ptr<rocksdb::Iterator> iterator;
    Content content;
  };
  std::mt19937 random_;
  std::vector<Content> model_ = std::vector<Content>(3);
  std::vector<Held> held_;
};

TEST_P(FollowRandomly, LikeAModel) {
  if (IsOnReference()) GTEST_SKIP() << "merges operands twice, goes on reading memtables that a flush replaced";
  const char* const given = std::getenv("GNEISS_SEED");
  const unsigned seed = given != nullptr ? static_cast<unsigned>(std::atoi(given)) : std::random_device()();
  SCOPED_TRACE("GNEISS_SEED=" + std::to_string(seed));
  std::printf("GNEISS_SEED=%u\n", seed);
  random_.seed(seed + static_cast<unsigned>(GetParam()));
  names_ = {"default", "two", "three"};
  options_.write_buffer_size = 64 << 10;
  options_.disable_auto_compactions = random_() % 2 == 0;
  options_.level0_file_num_compaction_trigger = 2;
  if (random_() % 3 == 0) options_.max_manifest_file_size = 500;
  if (random_() % 3 == 0) options_.wal_compression = rocksdb::kZSTD;
  if (random_() % 3 == 0) RecycleLogs();
  if (random_() % 3 == 0) options_.avoid_flush_during_recovery = true;
  if (random_() % 3 == 0) options_.track_and_verify_wals_in_manifest = true;
  if (random_() % 3 == 0) options_.atomic_flush = true;
  if (random_() % 3 == 0) options_.enable_blob_files = true;
  if (random_() % 3 == 0) options_.max_total_wal_size = 40 << 10;
  OpenPrimary();
  OpenSecondary();
  for (int i = 0; i < 400 && !HasFatalFailure(); ++i) {
    for (int steps = static_cast<int>(random_() % 12); steps > 0; --steps) Step();
    if (HasFatalFailure()) return;
    CatchUpAndCompare();
    if (HasFatalFailure()) return;
    if (random_() % 50 == 0) held_.clear();
    if (random_() % 20 == 0 || held_.empty()) {
      held_.push_back({.iterator = std::unique_ptr<rocksdb::Iterator>(secondary_->NewIterator({}, followed_[1])),
                       .content = model_[1]});
    }
    for (const Held& each : held_) ASSERT_EQ(each.content, ScanOf(each.iterator.get()));
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, FollowRandomly, ::testing::Range(0, 4));

}  // namespace
}  // namespace gneiss
