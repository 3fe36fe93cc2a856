// Reads the directory with timestamps that the reference library wrote: as it is, compacted, and written on.

#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <filesystem>

#include "tests/parity/timed_golden.h"
#include "tests/support/temp_dir.h"

namespace gneiss::parity {
namespace {

class TimedGolden : public testing::Test {
 protected:
  TimedGolden() {
    std::filesystem::copy(std::string(PARITY_GOLDEN_DIR) + "/timestamps", Directory());
    Open();
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

}  // namespace
}  // namespace gneiss::parity
