// Put, Delete, SingleDelete, Get, and each field of WriteOptions.

#include <rocksdb/rate_limiter.h>
#include <rocksdb/statistics.h>

#include "tests/conformance/db_test.h"

namespace gneiss::conformance {

using WriteTest = DbTest;

TEST_F(WriteTest, GetReturnsWhatWasPut) {
  Open();
  ASSERT_OK(Put("a", "1"));
  EXPECT_EQ("1", Get("a"));
  EXPECT_EQ("(none)", Get("b"));
}

TEST_F(WriteTest, PutOverwrites) {
  Open();
  ASSERT_OK(Put("a", "1"));
  ASSERT_OK(Put("a", "2"));
  EXPECT_EQ("2", Get("a"));
  Flush();
  ASSERT_OK(Put("a", "3"));
  EXPECT_EQ("3", Get("a"));
  EXPECT_EQ("a=3", Scan());
}

TEST_F(WriteTest, DeleteRemovesAndIsIdempotent) {
  Open();
  ASSERT_OK(Put("a", "1"));
  ASSERT_OK(Delete("a"));
  EXPECT_EQ("(none)", Get("a"));
  ASSERT_OK(Delete("a"));
  ASSERT_OK(Delete("never was"));
  EXPECT_EQ("", Scan());
}

TEST_F(WriteTest, DeleteHidesWhatATableHolds) {
  Open();
  PutTable({{"a", "1"}, {"b", "2"}});
  ASSERT_OK(Delete("a"));
  EXPECT_EQ("(none)", Get("a"));
  Flush();
  EXPECT_EQ("(none)", Get("a"));
  Compact();
  EXPECT_EQ("b=2", Scan());
}

TEST_F(WriteTest, KeysAndValuesMayBeEmpty) {
  Open();
  ASSERT_OK(Put("", "empty key"));
  ASSERT_OK(Put("empty value", ""));
  EXPECT_EQ("empty key", Get(""));
  EXPECT_EQ("", Get("empty value"));
  Flush();
  EXPECT_EQ("empty key", Get(""));
  EXPECT_EQ("", Get("empty value"));
  EXPECT_EQ("=empty key empty value=", Scan());
  ASSERT_OK(Delete(""));
  EXPECT_EQ("(none)", Get(""));
}

TEST_F(WriteTest, KeysAndValuesAreAnyBytes) {
  Open();
  const std::string key("\0\xff\n\0", 4);
  const std::string value("\xff\0\x80", 3);
  ASSERT_OK(Put(key, value));
  EXPECT_EQ(value, Get(key));
  Reopen();
  EXPECT_EQ(value, Get(key));
}

TEST_F(WriteTest, ValuesMayBeLargerThanTheWriteBuffer) {
  options_.write_buffer_size = 64 << 10;
  Open();
  const std::string large = RandomBytes(3 << 20, 1);
  ASSERT_OK(Put("large", large));
  ASSERT_OK(Put("small", "s"));
  EXPECT_EQ(large, Get("large"));
  Reopen();
  EXPECT_EQ(large, Get("large"));
  EXPECT_EQ("s", Get("small"));
}

TEST_F(WriteTest, LongKeysWork) {
  Open();
  const std::string key = RandomBytes(100'000, 2);
  ASSERT_OK(Put(key, "long"));
  Flush();
  EXPECT_EQ("long", Get(key));
}

TEST_F(WriteTest, SingleDeleteRemovesAKeyPutOnce) {
  Open();
  ASSERT_OK(Put("a", "1"));
  ASSERT_OK(SingleDelete("a"));
  EXPECT_EQ("(none)", Get("a"));
  Flush();
  EXPECT_EQ("(none)", Get("a"));
}

TEST_F(WriteTest, SingleDeleteMeetsItsPutInACompaction) {
  Open();
  PutTable({{"a", "1"}, {"b", "2"}});
  ASSERT_OK(SingleDelete("a"));
  Flush();
  EXPECT_EQ("b=2", Scan());
  Compact(Forced());
  EXPECT_EQ("b=2", Scan());
  TablePropertiesCollection tables;
  ASSERT_OK(db()->GetPropertiesOfAllTables(&tables));
  ASSERT_EQ(1u, tables.size());
  EXPECT_EQ(1u, tables.begin()->second->num_entries);
  EXPECT_EQ(0u, tables.begin()->second->num_deletions);
}

TEST_F(WriteTest, SingleDeleteAndItsPutVanishInOneFlush) {
  Open();
  ASSERT_OK(Put("a", "1"));
  ASSERT_OK(SingleDelete("a"));
  ASSERT_OK(Put("b", "2"));
  Flush();
  TablePropertiesCollection tables;
  ASSERT_OK(db()->GetPropertiesOfAllTables(&tables));
  ASSERT_EQ(1u, tables.size());
  EXPECT_EQ(1u, tables.begin()->second->num_entries);
}

TEST_F(WriteTest, ADeleteUnderASingleDeleteIsCorruption) {
  Open();
  ASSERT_OK(Delete("a"));
  ASSERT_OK(SingleDelete("a"));
  const Status status = db()->Flush(FlushOptions());
  EXPECT_TRUE(status.IsCorruption()) << status.ToString();
}

TEST_F(WriteTest, ADeleteUnderASingleDeletePassesWhereContractsAreNotEnforced) {
  options_.enforce_single_del_contracts = false;
  Open();
  ASSERT_OK(Put("a", "1"));
  ASSERT_OK(Put("b", "1"));
  Flush();
  ASSERT_OK(Delete("a"));
  ASSERT_OK(SingleDelete("a"));
  Flush();
  Compact();
  // What such a mixture means is left undefined; RocksDB drops both deletions.
  EXPECT_EQ(IsReference() ? "a=1 b=1" : "b=1", Scan());
}

TEST_F(WriteTest, PutAfterSingleDeleteIsSeen) {
  Open();
  ASSERT_OK(Put("a", "1"));
  ASSERT_OK(SingleDelete("a"));
  ASSERT_OK(Put("a", "2"));
  Flush();
  Compact();
  EXPECT_EQ("2", Get("a"));
}

TEST_F(WriteTest, EachEntryTakesOneSequenceNumber) {
  Open();
  const SequenceNumber before = db()->GetLatestSequenceNumber();
  ASSERT_OK(Put("a", "1"));
  EXPECT_EQ(before + 1, db()->GetLatestSequenceNumber());
  ASSERT_OK(Delete("b"));
  ASSERT_OK(SingleDelete("c"));
  EXPECT_EQ(before + 3, db()->GetLatestSequenceNumber());
  ASSERT_OK(DeleteRange("x", "y"));
  EXPECT_EQ(before + 4, db()->GetLatestSequenceNumber());
  WriteBatch batch;
  for (int i = 0; i < 10; ++i) ASSERT_OK(batch.Put(Key(i), "v"));
  ASSERT_OK(db()->Write(WriteOptions(), &batch));
  EXPECT_EQ(before + 14, db()->GetLatestSequenceNumber());
}

TEST_F(WriteTest, AnEmptyBatchTakesNoSequenceNumber) {
  Open();
  ASSERT_OK(Put("a", "1"));
  const SequenceNumber before = db()->GetLatestSequenceNumber();
  WriteBatch batch;
  ASSERT_OK(db()->Write(WriteOptions(), &batch));
  EXPECT_EQ(before, db()->GetLatestSequenceNumber());
}

TEST_F(WriteTest, FlushAndCompactionTakeNoSequenceNumber) {
  Open();
  PutTable({{"a", "1"}});
  PutTable({{"a", "2"}});
  const SequenceNumber before = db()->GetLatestSequenceNumber();
  Flush();
  Compact();
  EXPECT_EQ(before, db()->GetLatestSequenceNumber());
}

TEST_F(WriteTest, SequenceNumbersGoOnAfterReopening) {
  Open();
  PutKeys(0, 9);
  const SequenceNumber before = db()->GetLatestSequenceNumber();
  Reopen();
  EXPECT_EQ(before, db()->GetLatestSequenceNumber());
  ASSERT_OK(Put("a", "1"));
  EXPECT_EQ(before + 1, db()->GetLatestSequenceNumber());
}

TEST_F(WriteTest, WritesSurviveReopening) {
  Open();
  PutKeys(0, 99);
  ASSERT_OK(Delete(Key(5)));
  Reopen();
  EXPECT_EQ("v", Get(Key(0)));
  EXPECT_EQ("v", Get(Key(99)));
  EXPECT_EQ("(none)", Get(Key(5)));
}

TEST_F(WriteTest, ManyThreadsWriteAtOnce) {
  Open();
  constexpr int kThreads = 4, kWrites = 250;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < kWrites; ++i) ASSERT_OK(Put("t" + std::to_string(t) + Key(i), std::to_string(i)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(uint64_t{kThreads * kWrites}, db()->GetLatestSequenceNumber());
  for (int t = 0; t < kThreads; ++t) EXPECT_EQ("249", Get("t" + std::to_string(t) + Key(249)));
}

TEST_F(WriteTest, SyncSyncsTheLog) {
  options_.statistics = CreateDBStatistics();
  Open();
  ASSERT_OK(Put("a", "1"));
  EXPECT_EQ(0u, options_.statistics->getTickerCount(WAL_FILE_SYNCED));
  write_options_.sync = true;
  ASSERT_OK(Put("b", "2"));
  EXPECT_EQ(1u, options_.statistics->getTickerCount(WAL_FILE_SYNCED));
}

TEST_F(WriteTest, AnEmptyBatchWithSyncSyncsTheLog) {
  options_.statistics = CreateDBStatistics();
  Open();
  ASSERT_OK(Put("a", "1"));
  write_options_.sync = true;
  WriteBatch batch;
  ASSERT_OK(db()->Write(write_options_, &batch));
  EXPECT_EQ(1u, options_.statistics->getTickerCount(WAL_FILE_SYNCED));
}

TEST_F(WriteTest, DisableWalWritesNoLog) {
  options_.statistics = CreateDBStatistics();
  Open();
  write_options_.disableWAL = true;
  ASSERT_OK(Put("a", "1"));
  EXPECT_EQ("1", Get("a"));
  EXPECT_EQ(0u, options_.statistics->getTickerCount(WAL_FILE_BYTES));
  EXPECT_EQ(0u, options_.statistics->getTickerCount(WRITE_WITH_WAL));
}

TEST_F(WriteTest, ClosingFlushesWhatIsInNoLog) {
  Open();
  write_options_.disableWAL = true;
  ASSERT_OK(Put("a", "1"));
  Reopen();
  EXPECT_EQ("1", Get("a"));
}

// The write to another family seals the full memtable, which then waits for a second one. RocksDB 7.8.3 flushes at
// Close only families whose active memtable holds something (DBImpl::CancelAllBackgroundWork), and loses what waits.
TEST_F(WriteTest, ClosingFlushesSealedMemtablesThatAreInNoLog) {
  options_.write_buffer_size = 64 << 10;
  options_.min_write_buffer_number_to_merge = 2;
  options_.max_write_buffer_number = 4;
  OpenWith({"one"});
  write_options_.disableWAL = true;
  const auto sealed = [this] {
    uint64_t memtables = 0;
    EXPECT_TRUE(db()->GetIntProperty(Family(1), DB::Properties::kNumImmutableMemTable, &memtables));
    return memtables;
  };
  int keys = 0;
  while (sealed() == 0) {
    ASSERT_OK(db()->Put(write_options_, Family(1), Key(keys), RandomBytes(4096, 1)));
    ASSERT_LT(++keys, 100);
    ASSERT_OK(db()->Put(write_options_, Family(0), "elsewhere", "1"));
  }
  Reopen();
  EXPECT_EQ("1", Get("elsewhere"));
  std::string value;
  const Status last = db()->Get(ReadOptions(), Family(1), Key(keys - 1), &value);
  EXPECT_EQ(IsReference(), last.IsNotFound()) << last.ToString();
}

TEST_F(WriteTest, AvoidFlushDuringShutdownLosesWhatIsInNoLog) {
  options_.avoid_flush_during_shutdown = true;
  Open();
  ASSERT_OK(Put("logged", "1"));
  write_options_.disableWAL = true;
  ASSERT_OK(Put("not logged", "1"));
  Reopen();
  EXPECT_EQ("1", Get("logged"));
  EXPECT_EQ("(none)", Get("not logged"));
}

TEST_F(WriteTest, SyncWithoutLogIsInvalid) {
  Open();
  write_options_.sync = true;
  write_options_.disableWAL = true;
  EXPECT_EQ("Invalid argument: Sync writes has to enable WAL.", Put("a", "1").ToString());
  EXPECT_EQ("(none)", Get("a"));
}

TEST_F(WriteTest, IgnoreMissingColumnFamiliesSkipsDroppedOnes) {
  OpenWith({"one"});
  ASSERT_OK(db()->DropColumnFamily(Family(1)));
  WriteBatch batch;
  ASSERT_OK(batch.Put(Family(1), "a", "dropped"));
  ASSERT_OK(batch.Put(Family(0), "b", "kept"));
  write_options_.ignore_missing_column_families = true;
  ASSERT_OK(db()->Write(write_options_, &batch));
  EXPECT_EQ("kept", Get("b"));
  EXPECT_EQ("(none)", Get("a", 1));
}

TEST_F(WriteTest, WritingToADroppedFamilyIsInvalid) {
  OpenWith({"one"});
  ASSERT_OK(db()->DropColumnFamily(Family(1)));
  EXPECT_EQ("Invalid argument: Invalid column family specified in write batch", Put("a", "1", 1).ToString());
}

TEST_F(WriteTest, NoSlowdownWritesWhenNothingStalls) {
  Open();
  write_options_.no_slowdown = true;
  ASSERT_OK(Put("a", "1"));
  EXPECT_EQ("1", Get("a"));
}

TEST_F(WriteTest, NoSlowdownFailsInsteadOfWaiting) {
  options_.write_buffer_size = 64 << 10;
  options_.max_write_buffer_number = 2;
  Open();
  ASSERT_OK(db()->PauseBackgroundWork());  // so that nothing is flushed and the buffers fill up
  write_options_.no_slowdown = true;
  Status status;
  for (int i = 0; i < 1000 && status.ok(); ++i) status = Put(Key(i), RandomBytes(1000, static_cast<uint32_t>(i)));
  EXPECT_TRUE(status.IsIncomplete()) << status.ToString();
  EXPECT_EQ(1u, IntProperty(DB::Properties::kIsWriteStopped));
  ASSERT_OK(db()->ContinueBackgroundWork());
  EXPECT_TRUE(Eventually([this] { return Put("after", "1").ok(); }));
}

TEST_F(WriteTest, LowPriorityWritesGoThroughWhenNothingIsBehind) {
  Open();
  write_options_.low_pri = true;
  ASSERT_OK(Put("a", "1"));
  EXPECT_EQ("1", Get("a"));
}

TEST_F(WriteTest, MemtableInsertHintPerBatchChangesNothingVisible) {
  Open();
  write_options_.memtable_insert_hint_per_batch = true;
  WriteBatch batch;
  for (int i = 0; i < 100; ++i) ASSERT_OK(batch.Put(Key(i), std::to_string(i)));
  ASSERT_OK(db()->Write(write_options_, &batch));
  EXPECT_EQ("42", Get(Key(42)));
}

TEST_F(WriteTest, RateLimiterPriorityMustBeUserOrTotal) {
  Open();
  write_options_.rate_limiter_priority = Env::IO_HIGH;
  const Status status = Put("a", "1");
  EXPECT_TRUE(status.IsInvalidArgument()) << status.ToString();
  EXPECT_EQ("(none)", Get("a"));
}

TEST_F(WriteTest, RateLimiterPriorityNeedsAutomaticLogFlushes) {
  options_.manual_wal_flush = true;
  Open();
  write_options_.rate_limiter_priority = Env::IO_USER;
  const Status status = Put("a", "1");
  EXPECT_TRUE(status.IsInvalidArgument()) << status.ToString();
}

TEST_F(WriteTest, RateLimiterPriorityNeedsALog) {
  Open();
  write_options_.rate_limiter_priority = Env::IO_USER;
  write_options_.disableWAL = true;
  const Status status = Put("a", "1");
  EXPECT_TRUE(status.IsInvalidArgument()) << status.ToString();
}

TEST_F(WriteTest, RateLimiterIsChargedForTheLog) {
  options_.rate_limiter.reset(NewGenericRateLimiter(100 << 20, 100'000, 10, RateLimiter::Mode::kAllIo));
  Open();
  write_options_.rate_limiter_priority = Env::IO_USER;
  ASSERT_OK(Put("a", std::string(1000, 'x')));
  EXPECT_GT(options_.rate_limiter->GetTotalBytesThrough(Env::IO_USER), 1000);
}

TEST_F(WriteTest, ProtectionBytesMayBeZeroOrEight) {
  Open();
  write_options_.protection_bytes_per_key = 8;
  ASSERT_OK(Put("a", "1"));
  EXPECT_EQ("1", Get("a"));
  ASSERT_OK(Delete("a"));
  EXPECT_EQ("(none)", Get("a"));
}

TEST_F(WriteTest, ProtectionBytesProtectABatch) {
  Open();
  write_options_.protection_bytes_per_key = 8;
  WriteBatch batch;
  ASSERT_OK(batch.Put("a", "1"));
  ASSERT_OK(db()->Write(write_options_, &batch));
  EXPECT_EQ(8u, batch.GetProtectionBytesPerKey());
  EXPECT_OK(batch.VerifyChecksum());
  EXPECT_EQ("1", Get("a"));
}

TEST_F(WriteTest, OtherProtectionBytesAreRefused) {
  Open();
  write_options_.protection_bytes_per_key = 4;
  WriteBatch plain;
  ASSERT_OK(plain.Put("a", "1"));
  const char* const text = "Not implemented: WriteBatch protection info must be zero or eight bytes/key";
  EXPECT_EQ(text, db()->Write(write_options_, &plain).ToString());
  WriteBatch guarded(0, 0, 8, 0);
  ASSERT_OK(guarded.Put("a", "1"));
  EXPECT_EQ(text, db()->Write(write_options_, &guarded).ToString());
  EXPECT_EQ("(none)", Get("a"));
}

TEST_F(WriteTest, TimestampsAreRefusedWithoutATimestampComparator) {
  Open();
  const Slice ts("12345678");
  EXPECT_TRUE(db()->Put(WriteOptions(), "a", ts, "1").IsInvalidArgument());
  EXPECT_TRUE(db()->Delete(WriteOptions(), "a", ts).IsInvalidArgument());
  EXPECT_TRUE(db()->SingleDelete(WriteOptions(), "a", ts).IsInvalidArgument());
  EXPECT_EQ("(none)", Get("a"));
}

TEST_F(WriteTest, WritingANullBatchIsInvalid) {
  Open();
  EXPECT_EQ("Invalid argument: Batch is nullptr!", db()->Write(WriteOptions(), nullptr).ToString());
}

TEST_F(WriteTest, ManualWalFlushKeepsTheLogInMemory) {
  options_.manual_wal_flush = true;
  Open();
  ASSERT_OK(Put("a", "1"));
  ASSERT_EQ(1u, FilesEndingIn(".log").size());
  EXPECT_EQ("", ReadFile(FilesEndingIn(".log")[0]).substr(0, 1));
  ASSERT_OK(db()->FlushWAL(false));
  EXPECT_NE("", ReadFile(FilesEndingIn(".log")[0]).substr(0, 1));
}

TEST_F(WriteTest, FlushWalAndSyncWalSucceedOnAnyLog) {
  Open();
  ASSERT_OK(db()->FlushWAL(false));
  ASSERT_OK(db()->FlushWAL(true));
  ASSERT_OK(Put("a", "1"));
  ASSERT_OK(db()->FlushWAL(true));
  ASSERT_OK(db()->SyncWAL());
}

TEST_F(WriteTest, GetIntoAPinnableSlicePins) {
  Open();
  ASSERT_OK(Put("a", "in memory"));
  PinnableSlice value;
  ASSERT_OK(db()->Get(ReadOptions(), Family(0), "a", &value));
  EXPECT_EQ("in memory", value.ToString());
  value.Reset();
  Flush();
  ASSERT_OK(db()->Get(ReadOptions(), Family(0), "a", &value));
  EXPECT_EQ("in memory", value.ToString());
}

TEST_F(WriteTest, APinnedValueOutlivesOverwriteAndCompaction) {
  Open();
  PutTable({{"a", "first"}});
  PinnableSlice value;
  ASSERT_OK(db()->Get(ReadOptions(), Family(0), "a", &value));
  PutTable({{"a", "second"}});
  Compact();
  EXPECT_EQ("first", value.ToString());
  EXPECT_EQ("second", Get("a"));
}

TEST_F(WriteTest, AFailedGetLeavesNotFound) {
  Open();
  std::string value = "untouched";
  const Status status = db()->Get(ReadOptions(), "absent", &value);
  EXPECT_TRUE(status.IsNotFound());
  EXPECT_EQ("NotFound: ", status.ToString());
}

}  // namespace gneiss::conformance
