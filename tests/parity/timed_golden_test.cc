// Reads the directory with timestamps that the reference library wrote: as it is, compacted, written on, and damaged.

#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <algorithm>
#include <filesystem>

#include "engine/base/test_seed.h"
#include "tests/parity/damage.h"
#include "tests/parity/timed_golden.h"
#include "tests/support/temp_dir.h"

namespace gneiss::parity {
namespace {

class TimedGolden : public testing::Test {
 protected:
  TimedGolden() {
    Restore();
    Open();
  }
  static std::string Source() { return std::string(PARITY_GOLDEN_DIR) + "/timestamps"; }
  void Restore() {
    db_.reset();
    std::filesystem::remove_all(Directory());
    std::filesystem::copy(Source(), Directory());
  }
  std::string Directory() const { return temp_.path() + "/db"; }
  void Open() {
    db_.reset();
    rocksdb::DB* db = nullptr;
    const rocksdb::Status status = rocksdb::DB::Open(TimedGoldenOptions(), Directory(), &db);
    ASSERT_TRUE(status.ok()) << status.ToString();
    db_.reset(db);
  }
  // Versions before the start of history may have lost their times; all are shown as of time 0.
  static std::vector<TimedVersion> Untimed(std::vector<TimedVersion> versions) {
    for (TimedVersion& version : versions) {
      if (version.time < kTimedGoldenStart) version.time = 0;
    }
    return versions;
  }
  void ExpectModel(const TimedModel& model) {
    const TimedView view(model, "default", model.writes.size());
    for (uint64_t time = kTimedGoldenStart; time <= model.now + 1; ++time) {
      const std::string bytes = Ts(time);
      const rocksdb::Slice slice(bytes);
      rocksdb::ReadOptions options;
      options.timestamp = &slice;
      std::vector<TimedVersion> found;
      const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(options));
      for (it->SeekToFirst(); it->Valid(); it->Next()) {
        found.push_back({it->key().ToString(), TimeOf(it->timestamp()), it->value().ToString()});
      }
      ASSERT_TRUE(it->status().ok()) << it->status().ToString();
      ASSERT_EQ(Untimed(view.Scan(time)), Untimed(found)) << time;
      std::vector<TimedVersion> backward;
      for (it->SeekToLast(); it->Valid(); it->Prev()) {
        backward.insert(backward.begin(), {it->key().ToString(), TimeOf(it->timestamp()), it->value().ToString()});
      }
      ASSERT_EQ(found, backward) << time;
      for (int key = 5; key < 55; ++key) {
        const std::string name = "key" + std::to_string(key);
        const TimedWrite* const write = view.Find(name, time);
        std::string value;
        const rocksdb::Status status = db_->Get(options, name, &value);
        const bool is_there = write != nullptr && write->kind == TimedWrite::Kind::kPut;
        ASSERT_EQ(is_there ? write->value : "none", status.ok() ? value : "none") << name << " at " << time;
        ASSERT_TRUE(status.ok() || status.IsNotFound()) << status.ToString();
      }
    }
  }

  TempDir temp_;
  std::unique_ptr<rocksdb::DB> db_;
};

TEST_F(TimedGolden, IsReadWholeAndCompacted) {
  std::string low;
  ASSERT_TRUE(db_->GetFullHistoryTsLow(nullptr, &low).ok());
  EXPECT_EQ(Ts(kTimedGoldenStart), low);
  ExpectModel(TimedGoldenModel());
  ASSERT_TRUE(db_->CompactRange({}, nullptr, nullptr).ok());
  ExpectModel(TimedGoldenModel());
  Open();
  ExpectModel(TimedGoldenModel());
}

TEST_F(TimedGolden, IsWrittenOn) {
  TimedModel model = TimedGoldenModel();
  ASSERT_TRUE(db_->Put({}, "key20", Ts(50), "fifth").ok());
  ASSERT_TRUE(db_->DeleteRange({}, db_->DefaultColumnFamily(), "key30", "key40", Ts(51)).ok());
  model.writes.push_back({TimedWrite::Kind::kPut, "default", "key20", "fifth", 50});
  model.writes.push_back({TimedWrite::Kind::kDeleteRange, "default", "key30", "key40", 51});
  model.now = 51;
  ExpectModel(model);
  ASSERT_TRUE(db_->Flush({}).ok());
  ASSERT_TRUE(db_->CompactRange({}, nullptr, nullptr).ok());
  ExpectModel(model);
}

// What is read of a damaged directory at some times: an error, or all that was found.
class TimedDamage : public TimedGolden {
 protected:
  using Versions = std::map<uint64_t, std::vector<TimedVersion>>;

  static Versions Expected(const TimedModel& model) {
    const TimedView view(model, "default", model.writes.size());
    Versions versions;
    for (const uint64_t time : kTimes) versions[time] = Untimed(view.Scan(time));
    return versions;
  }
  rocksdb::Status Look(Versions* versions) {
    db_.reset();
    rocksdb::DB* db = nullptr;
    rocksdb::Status status = rocksdb::DB::Open(TimedGoldenOptions(), Directory(), &db);
    if (!status.ok()) return status;
    db_.reset(db);
    for (const uint64_t time : kTimes) {
      status = ReadAt(time, &(*versions)[time]);
      if (!status.ok()) return status;
    }
    return status;
  }
  rocksdb::Status ReadAt(uint64_t time, std::vector<TimedVersion>* found) {
    const std::string bytes = Ts(time);
    const rocksdb::Slice slice(bytes);
    rocksdb::ReadOptions options;
    options.timestamp = &slice;
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(options));
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
      found->push_back({it->key().ToString(), TimeOf(it->timestamp()), it->value().ToString()});
    }
    if (!it->status().ok()) return it->status();
    for (const TimedVersion& version : *found) {
      std::string value;
      const rocksdb::Status status = db_->Get(options, version.key, &value);
      if (!status.ok() && !status.IsNotFound()) return status;
      EXPECT_EQ(version.value, value) << version.key << ": Get and scan differ";
    }
    *found = Untimed(std::move(*found));
    return it->status();
  }
  // As after a torn end: the log's first writes alone, or, of a MANIFEST, nothing that was never written.
  static bool IsTornEnd(const std::string& file, const Versions& found) {
    TimedModel model = TimedGoldenModel();
    if (file.ends_with(".log")) {
      for (size_t i = TimedGoldenWrites(kTimedGoldenSteps - 1).size(); i > 0; --i) {
        model.writes.pop_back();
        if (found == Expected(model)) return true;
      }
      return false;
    }
    if (!file.starts_with("MANIFEST")) return false;
    for (const auto& [time, versions] : found) {
      for (const TimedVersion& version : versions) {
        const auto is_it = [&version, time = time](const TimedWrite& write) {
          return write.key == version.key && write.value == version.value && write.time <= time;
        };
        if (std::none_of(model.writes.begin(), model.writes.end(), is_it)) return false;
      }
    }
    return true;
  }

  static constexpr uint64_t kTimes[] = {kTimedGoldenStart, 19, 20, 25, 27, 40, 42};
};

TEST_F(TimedDamage, IsToldOrHarmless) {
  const Versions expected = Expected(TimedGoldenModel());
  Dice dice(TestSeed(20221108));
  DamageCounts counts;
  for (const auto& entry : std::filesystem::directory_iterator(Source())) {
    const std::string file = entry.path().filename();
    const std::string bytes = ReadBytes(entry.path());
    for (int i = 0; i < 2 * DamagesPerFile() && !bytes.empty(); ++i) {
      const Damage damage = Damage::Draw(bytes, i, &dice);
      Restore();
      WriteBytes(Directory() + "/" + file, damage.bytes);
      Versions found;
      const rocksdb::Status status = Look(&found);
      counts.Add(file, damage.is_cut, !status.ok());
      EXPECT_TRUE(!status.ok() || found == expected || IsTornEnd(file, found))
          << file << (damage.is_cut ? " cut at " : " flipped at ") << damage.at << " of " << bytes.size();
    }
  }
  counts.Print("damage with timestamps");
  EXPECT_GT(counts.Told(), 0);
}

}  // namespace
}  // namespace gneiss::parity
