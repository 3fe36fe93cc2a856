// What recovery makes of logs: filters, records that are logged in part, two-phase markers.

#include <rocksdb/convenience.h>
#include <rocksdb/wal_filter.h>

#include <map>

#include "tests/logs/log_database.h"

namespace gneiss {
namespace {

using Option = rocksdb::WalFilter::WalProcessingOption;

// Answers by the key of a batch's first put.
class KeyFilter : public rocksdb::WalFilter, private rocksdb::WriteBatch::Handler {
 public:
  const char* Name() const override { return "KeyFilter"; }
  void ColumnFamilyLogNumberMap(const std::map<uint32_t, uint64_t>& log_numbers,
                                const std::map<std::string, uint32_t>& ids) override {
    log_number_count = log_numbers.size();
    id_count = ids.size();
  }
  Option LogRecordFound(unsigned long long log_number, const std::string& file_name, const rocksdb::WriteBatch& batch,
                        rocksdb::WriteBatch* new_batch, bool* batch_changed) override {
    EXPECT_NE(0u, log_number);
    EXPECT_NE(std::string::npos, file_name.find(".log"));
    EXPECT_TRUE(batch.Iterate(this).ok());
    ++records;
    if (const auto changed = changes.find(key_); changed != changes.end()) {
      for (int i = 0; i < changed->second; ++i) EXPECT_TRUE(new_batch->Put(key_, "changed").ok());
      *batch_changed = true;
    }
    const auto answer = answers.find(key_);
    return answer == answers.end() ? Option::kContinueProcessing : answer->second;
  }
  std::map<std::string, Option> answers;
  std::map<std::string, int> changes;  // key -> how many puts the new batch has
  size_t log_number_count = 0;
  size_t id_count = 0;
  int records = 0;

 private:
  rocksdb::Status PutCF(uint32_t, const rocksdb::Slice& key, const rocksdb::Slice&) override {
    key_ = key.ToString();
    return rocksdb::Status::OK();
  }
  void LogData(const rocksdb::Slice&) override {}
  std::string key_;
};

class FilterTest : public ::testing::Test {
 protected:
  FilterTest() {
    data_.Open();
    for (const char* key : {"a", "b", "c"}) data_.Put(key, "1");
    data_.Close();
    data_.options.wal_filter = &filter_;
  }
  KeyFilter filter_;
  LogDatabase data_;
};

TEST_F(FilterTest, SeesEveryRecord) {
  data_.Open();
  EXPECT_EQ(3, filter_.records);
  EXPECT_EQ(1u, filter_.log_number_count);
  EXPECT_EQ(1u, filter_.id_count);
  EXPECT_EQ("1", data_.Get("b"));
}

TEST_F(FilterTest, LeavesRecordsOut) {
  filter_.answers["b"] = Option::kIgnoreCurrentRecord;
  data_.Open();
  EXPECT_EQ("1", data_.Get("a"));
  EXPECT_EQ("NotFound: ", data_.Get("b"));
  EXPECT_EQ("1", data_.Get("c"));
}

TEST_F(FilterTest, ChangesRecords) {
  filter_.changes["b"] = 1;
  data_.Open();
  EXPECT_EQ("changed", data_.Get("b"));
  EXPECT_EQ("1", data_.Get("c"));
}

TEST_F(FilterTest, MayNotAddRecords) {
  filter_.changes["b"] = 2;
  const rocksdb::Status status = data_.TryOpen();
  EXPECT_TRUE(status.IsNotSupported()) << status.ToString();
}

TEST_F(FilterTest, StopsTheReplayForGood) {
  filter_.answers["b"] = Option::kStopReplay;
  data_.Open();
  EXPECT_EQ("1", data_.Get("a"));
  EXPECT_EQ("NotFound: ", data_.Get("b"));
  EXPECT_EQ("NotFound: ", data_.Get("c"));
  data_.options.wal_filter = nullptr;
  data_.Open();
  EXPECT_EQ("1", data_.Get("a"));
  EXPECT_EQ("NotFound: ", data_.Get("c"));
}

TEST_F(FilterTest, CorruptionIsWhatTheModeMakesOfIt) {
  filter_.answers["b"] = Option::kCorruptedRecord;
  data_.options.wal_recovery_mode = rocksdb::WALRecoveryMode::kAbsoluteConsistency;
  const rocksdb::Status status = data_.TryOpen();
  EXPECT_EQ("Corruption: Corruption reported by Wal Filter : KeyFilter", status.ToString());
  data_.options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  data_.Open();
  EXPECT_EQ("1", data_.Get("a"));
  EXPECT_EQ("NotFound: ", data_.Get("c"));
}

TEST(TerminationPoint, WhatLiesBehindItIsNotInTheLog) {
  LogDatabase data;
  data.Open();
  rocksdb::WriteBatch batch;
  ASSERT_TRUE(batch.Put("a", "1").ok());
  batch.MarkWalTerminationPoint();
  ASSERT_TRUE(batch.Put("b", "2").ok());
  ASSERT_TRUE(data.db->Write({}, &batch).ok());
  EXPECT_EQ("1", data.Get("a"));
  EXPECT_EQ("2", data.Get("b"));
  EXPECT_EQ(2u, data.db->GetLatestSequenceNumber());
  data.Open();
  EXPECT_EQ("1", data.Get("a"));
  EXPECT_EQ("NotFound: ", data.Get("b"));
}

// ---- two-phase markers. RocksDB 7.8.3 applies a section that comes through DB::Write at once, so that what it shows
// differs before and after a restart; here it waits for its commit.

constexpr char kBeginPrepare = 0x09, kEndPrepare = 0x0a, kCommit = 0x0b, kRollback = 0x0c;

std::string Name(const std::string& name) { return std::string(1, static_cast<char>(name.size())) + name; }

// A batch of one put between the markers.
rocksdb::WriteBatch Prepare(const std::string& name, const std::string& key, const std::string& value) {
  rocksdb::WriteBatch put;
  EXPECT_TRUE(put.Put(key, value).ok());
  const std::string& rep = put.Data();
  return rocksdb::WriteBatch(rep.substr(0, 12) + kBeginPrepare + rep.substr(12) + kEndPrepare + Name(name));
}
rocksdb::WriteBatch Marker(char kind, const std::string& name) {
  return rocksdb::WriteBatch(std::string(12, '\0') + kind + Name(name));
}

class TwoPhaseOnlyOurs : public ::testing::Test {
 protected:
  TwoPhaseOnlyOurs() {
    data_.options.allow_2pc = true;
    data_.Open();
  }
  void Write(rocksdb::WriteBatch batch) {
    const rocksdb::Status status = data_.db->Write({}, &batch);
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  LogDatabase data_;
};

TEST_F(TwoPhaseOnlyOurs, APreparedSectionIsAppliedByItsCommit) {
  Write(Prepare("x", "a", "1"));
  EXPECT_EQ("NotFound: ", data_.Get("a"));
  EXPECT_EQ(0u, data_.db->GetLatestSequenceNumber());
  data_.Put("b", "2");
  Write(Marker(kCommit, "x"));
  EXPECT_EQ("1", data_.Get("a"));
  EXPECT_EQ(2u, data_.db->GetLatestSequenceNumber());
  data_.Open();
  EXPECT_EQ("1", data_.Get("a"));
  EXPECT_EQ("2", data_.Get("b"));
  EXPECT_EQ(2u, data_.db->GetLatestSequenceNumber());
}

TEST_F(TwoPhaseOnlyOurs, ItWaitsOverReopeningsAndFlushes) {
  Write(Prepare("x", "a", "1"));
  for (int i = 0; i < 3; ++i) {
    data_.Put("b", std::to_string(i));
    data_.Flush();
    data_.Open();
    EXPECT_EQ("NotFound: ", data_.Get("a"));
  }
  Write(Marker(kCommit, "x"));
  EXPECT_EQ("1", data_.Get("a"));
  data_.Open();
  EXPECT_EQ("1", data_.Get("a"));
}

TEST_F(TwoPhaseOnlyOurs, ItsLogGoesOnlyWhenItsDataIsInTables) {
  Write(Prepare("x", "a", "1"));
  const std::string log = data_.WalNames().front();
  data_.Put("b", "1");
  data_.Flush();
  data_.Put("b", "2");
  Write(Marker(kCommit, "x"));  // in a later log than the section
  data_.Open();
  EXPECT_EQ("1", data_.Get("a"));
  data_.Flush();
  data_.Close();
  EXPECT_FALSE(std::filesystem::exists(data_.dir() + log));
  data_.Open();
  EXPECT_EQ("1", data_.Get("a"));
}

TEST_F(TwoPhaseOnlyOurs, ARollbackForgetsIt) {
  Write(Prepare("x", "a", "1"));
  Write(Marker(kRollback, "x"));
  Write(Marker(kCommit, "x"));
  EXPECT_EQ("NotFound: ", data_.Get("a"));
  data_.Open();
  EXPECT_EQ("NotFound: ", data_.Get("a"));
}

TEST_F(TwoPhaseOnlyOurs, OneBatchMayDoItAll) {
  const std::string rep = Prepare("x", "a", "1").Data();
  Write(rocksdb::WriteBatch(rep + kCommit + Name("x")));
  EXPECT_EQ("1", data_.Get("a"));
  EXPECT_EQ(1u, data_.db->GetLatestSequenceNumber());
}

TEST_F(TwoPhaseOnlyOurs, WithoutTheOptionLogsWithSectionsAreRefused) {
  Write(Prepare("x", "a", "1"));
  data_.Close();
  data_.options.allow_2pc = false;
  const rocksdb::Status status = data_.TryOpen();
  EXPECT_EQ("Not implemented: WAL contains prepared transactions. Open with TransactionDB::Open().", status.ToString());
  data_.options.allow_2pc = true;
  data_.Open();
  Write(Marker(kCommit, "x"));
  EXPECT_EQ("1", data_.Get("a"));
  data_.Flush();
  data_.options.allow_2pc = false;
  data_.Open();
  EXPECT_EQ("1", data_.Get("a"));
  rocksdb::WriteBatch batch = Marker(kCommit, "y");
  EXPECT_TRUE(data_.db->Write({}, &batch).IsNotSupported());
}

// ---- commits that bring the timestamp of what they commit

class TimedTwoPhaseOnlyOurs : public ::testing::Test {
 protected:
  TimedTwoPhaseOnlyOurs() {
    data_.options.allow_2pc = true;
    data_.Open();
    rocksdb::ColumnFamilyOptions options;
    EXPECT_TRUE(rocksdb::Comparator::CreateFromString(rocksdb::ConfigOptions(), "leveldb.BytewiseComparator.u64ts",
                                                      &options.comparator)
                    .ok());
    timed_options_ = options;
    rocksdb::ColumnFamilyHandle* handle = nullptr;
    EXPECT_TRUE(data_.db->CreateColumnFamily(options, "timed", &handle).ok());
    timed_.reset(handle);
  }
  ~TimedTwoPhaseOnlyOurs() override { timed_.reset(); }

  static std::string Time(char time) { return time + std::string(7, '\0'); }
  void Reopen() {
    timed_.reset();
    data_.Close();
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* opened = nullptr;
    const rocksdb::Status status = rocksdb::DB::Open(
        data_.options, data_.dir(), {{"default", data_.options}, {"timed", timed_options_}}, &handles, &opened);
    ASSERT_TRUE(status.ok()) << status.ToString();
    data_.db.reset(opened);
    for (rocksdb::ColumnFamilyHandle* handle : handles) {
      if (handle->GetName() == "timed") {
        timed_.reset(handle);
      } else {
        delete handle;
      }
    }
  }
  // Puts into both families, and a range deletion in the timed one, between the markers.
  void Prepare(const std::string& name) {
    rocksdb::WriteBatch changes;
    EXPECT_TRUE(changes.Put("plain", "1").ok());
    EXPECT_TRUE(changes.DeleteRange(timed_.get(), "a", "c").ok());
    EXPECT_TRUE(changes.Put(timed_.get(), "key", "2").ok());
    const std::string& rep = changes.Data();
    EXPECT_EQ("OK", Write(rep.substr(0, 12) + kBeginPrepare + rep.substr(12) + kEndPrepare + Name(name)));
  }
  std::string Commit(const std::string& name, const std::string& time) {
    return Write(std::string(12, '\0') + kCommitWithTimestamp + Name(time) + Name(name));
  }
  std::string Write(const std::string& rep) {
    rocksdb::WriteBatch batch(rep);
    return data_.db->Write({}, &batch).ToString();
  }
  std::string Get(const std::string& key, char time, std::string* found = nullptr) {
    const std::string bytes = Time(time);
    const rocksdb::Slice slice(bytes);
    rocksdb::ReadOptions options;
    options.timestamp = &slice;
    std::string value, timestamp;
    const rocksdb::Status status = data_.db->Get(options, timed_.get(), key, &value, &timestamp);
    if (found != nullptr) *found = timestamp;
    return status.ok() ? value : status.ToString();
  }
  void ExpectCommitted() {
    EXPECT_EQ("1", data_.Get("plain"));
    std::string time;
    EXPECT_EQ("2", Get("key", 9, &time));
    EXPECT_EQ(Time(5), time);
    EXPECT_EQ("NotFound: ", Get("key", 4)) << "it was not there before its time";
    EXPECT_EQ("old", Get("b", 4)) << "nor was the deletion";
    EXPECT_EQ("NotFound: ", Get("b", 5));
  }

  static constexpr char kCommitWithTimestamp = 0x15;
  LogDatabase data_;
  rocksdb::ColumnFamilyOptions timed_options_;
  std::unique_ptr<rocksdb::ColumnFamilyHandle> timed_;
};

TEST_F(TimedTwoPhaseOnlyOurs, TheCommitBringsTheTime) {
  ASSERT_TRUE(data_.db->Put({}, timed_.get(), "b", Time(1), "old").ok());
  Prepare("x");
  EXPECT_EQ("NotFound: ", Get("key", 9));
  EXPECT_EQ("OK", Commit("x", Time(5)));
  ExpectCommitted();
  Reopen();
  ExpectCommitted();
  ASSERT_TRUE(data_.db->Flush({}, timed_.get()).ok());
  Reopen();
  ExpectCommitted();
}

TEST_F(TimedTwoPhaseOnlyOurs, ItIsBroughtToWhatWaitedOverAReopening) {
  ASSERT_TRUE(data_.db->Put({}, timed_.get(), "b", Time(1), "old").ok());
  Prepare("x");
  Reopen();
  EXPECT_EQ("NotFound: ", Get("key", 9));
  EXPECT_EQ("OK", Commit("x", Time(5)));
  Reopen();
  ExpectCommitted();
}

TEST_F(TimedTwoPhaseOnlyOurs, ATimeOfAnotherSizeCommitsNothing) {
  ASSERT_TRUE(data_.db->Put({}, timed_.get(), "b", Time(1), "old").ok());
  Prepare("x");
  EXPECT_EQ("Invalid argument: timestamp size mismatch", Commit("x", "1234"));
  EXPECT_EQ("Invalid argument: Timestamp is empty", Commit("x", ""));
  EXPECT_EQ("NotFound: ", data_.Get("plain"));
  EXPECT_EQ("OK", Commit("x", Time(5)));  // it still waits
  ExpectCommitted();
}

}  // namespace
}  // namespace gneiss
