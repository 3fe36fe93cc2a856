// The calls over write-ahead logs: reading updates back, listing logs, flushing, syncing and locking them.

#include <rocksdb/transaction_log.h>

#include <atomic>

#include "tests/conformance/db_test.h"

namespace gneiss::conformance {

namespace {

// "+a=1 -b": what a batch does to the default family.
class BatchText : public WriteBatch::Handler {
 public:
  Status PutCF(uint32_t, const Slice& key, const Slice& value) override {
    text += "+" + key.ToString() + "=" + value.ToString() + " ";
    return Status::OK();
  }
  Status DeleteCF(uint32_t, const Slice& key) override {
    text += "-" + key.ToString() + " ";
    return Status::OK();
  }
  std::string text;
};

}  // namespace

class LogCallsTest : public DbTest {
 protected:
  // "1:+a=1 |2:-a |": each batch with its first sequence number.
  std::string Updates(SequenceNumber since) {
    std::unique_ptr<TransactionLogIterator> iterator;
    const Status status = db()->GetUpdatesSince(since, &iterator);
    if (!status.ok()) return status.ToString();
    std::string text;
    for (; iterator->Valid(); iterator->Next()) {
      BatchResult result = iterator->GetBatch();
      BatchText batch;
      EXPECT_OK(result.writeBatchPtr->Iterate(&batch));
      text += std::to_string(result.sequence) + ":" + batch.text + "|";
    }
    EXPECT_OK(iterator->status());
    return text;
  }
  VectorLogPtr Logs() {
    VectorLogPtr logs;
    EXPECT_OK(db()->GetSortedWalFiles(logs));
    return logs;
  }
};

// ---------------------------------------------------------------- GetUpdatesSince

TEST_F(LogCallsTest, UpdatesComeInOrderWithTheirSequenceNumbers) {
  Open();
  ASSERT_OK(Put("a", "1"));
  WriteBatch batch;
  ASSERT_OK(batch.Put("b", "2"));
  ASSERT_OK(batch.Delete("a"));
  ASSERT_OK(db()->Write({}, &batch));
  ASSERT_OK(Put("c", "3"));
  EXPECT_EQ("1:+a=1 |2:+b=2 -a |4:+c=3 |", Updates(0));
  EXPECT_EQ("1:+a=1 |2:+b=2 -a |4:+c=3 |", Updates(1));
  EXPECT_EQ("4:+c=3 |", Updates(4));
}

TEST_F(LogCallsTest, UpdatesBeginWithTheBatchThatHoldsTheNumber) {
  Open();
  WriteBatch batch;
  ASSERT_OK(batch.Put("a", "1"));
  ASSERT_OK(batch.Put("b", "2"));
  ASSERT_OK(db()->Write({}, &batch));
  EXPECT_EQ("1:+a=1 +b=2 |", Updates(2));
}

TEST_F(LogCallsTest, UpdatesNotYetWrittenAreNotFound) {
  Open();
  ASSERT_OK(Put("a", "1"));
  std::unique_ptr<TransactionLogIterator> iterator;
  EXPECT_TRUE(db()->GetUpdatesSince(5, &iterator).IsNotFound());
}

TEST_F(LogCallsTest, UpdatesReachOverLogs) {
  options_.WAL_ttl_seconds = 3600;  // flushed logs stay
  Open();
  ASSERT_OK(Put("a", "1"));
  Flush();
  ASSERT_OK(Put("b", "2"));
  Flush();
  ASSERT_OK(Put("c", "3"));
  EXPECT_EQ("1:+a=1 |2:+b=2 |3:+c=3 |", Updates(0));
}

TEST_F(LogCallsTest, UpdatesSurviveReopening) {
  options_.WAL_ttl_seconds = 3600;
  Open();
  ASSERT_OK(Put("a", "1"));
  Reopen();
  ASSERT_OK(Put("b", "2"));
  EXPECT_EQ("1:+a=1 |2:+b=2 |", Updates(0));
}

TEST_F(LogCallsTest, AnIteratorAtTheEndGoesOnWithWhatComes) {
  Open();
  ASSERT_OK(Put("a", "1"));
  std::unique_ptr<TransactionLogIterator> iterator;
  ASSERT_OK(db()->GetUpdatesSince(0, &iterator));
  ASSERT_TRUE(iterator->Valid());
  iterator->Next();
  EXPECT_FALSE(iterator->Valid());
  ASSERT_OK(Put("b", "2"));
  iterator->Next();
  ASSERT_TRUE(iterator->Valid());
  EXPECT_EQ(2u, iterator->GetBatch().sequence);
}

// ---------------------------------------------------------------- listing

TEST_F(LogCallsTest, SortedLogsAreAliveAndInOrder) {
  Open();
  ASSERT_OK(Put("a", "1"));
  const VectorLogPtr logs = Logs();
  ASSERT_EQ(1u, logs.size());
  EXPECT_EQ(kAliveLogFile, logs[0]->Type());
  EXPECT_EQ(1u, logs[0]->StartSequence());
  EXPECT_GT(logs[0]->SizeFileBytes(), 0u);
  EXPECT_TRUE(logs[0]->PathName().ends_with(".log")) << logs[0]->PathName();
}

TEST_F(LogCallsTest, FlushedLogsAreArchivedWhereTheyAreKept) {
  options_.WAL_ttl_seconds = 3600;
  Open();
  ASSERT_OK(Put("a", "1"));
  Flush();
  ASSERT_OK(Put("b", "1"));
  EXPECT_TRUE(Eventually([this] {
    const VectorLogPtr logs = Logs();
    return logs.size() == 2 && logs[0]->Type() == kArchivedLogFile && logs[1]->Type() == kAliveLogFile;
  }));
  const VectorLogPtr logs = Logs();
  EXPECT_LT(logs[0]->LogNumber(), logs[1]->LogNumber());
  EXPECT_NE(std::string::npos, logs[0]->PathName().find("archive")) << logs[0]->PathName();
}

TEST_F(LogCallsTest, TheCurrentLogIsTheNewest) {
  Open();
  ASSERT_OK(Put("a", "1"));
  std::unique_ptr<LogFile> current;
  ASSERT_OK(db()->GetCurrentWalFile(&current));
  EXPECT_EQ(Logs().back()->LogNumber(), current->LogNumber());
  EXPECT_EQ(kAliveLogFile, current->Type());
}

// ---------------------------------------------------------------- flushing, syncing, locking

TEST_F(LogCallsTest, FlushWritesOutWhatManualFlushHoldsBack) {
  options_.manual_wal_flush = true;
  Open();
  ASSERT_OK(Put("a", "1"));
  ASSERT_OK(db()->FlushWAL(/*sync=*/false));
  EXPECT_EQ("1:+a=1 |", Updates(0));
  ASSERT_OK(Put("b", "2"));
  ASSERT_OK(db()->FlushWAL(/*sync=*/true));
  EXPECT_EQ("1:+a=1 |2:+b=2 |", Updates(0));
}

TEST_F(LogCallsTest, SyncMayBeCalledAtAnyTime) {
  Open();
  EXPECT_OK(db()->SyncWAL());
  ASSERT_OK(Put("a", "1"));
  EXPECT_OK(db()->SyncWAL());
  EXPECT_OK(db()->SyncWAL());
  Flush();
  EXPECT_OK(db()->SyncWAL());
}

TEST_F(LogCallsTest, LockHoldsWritesUpUntilUnlock) {
  Open();
  ASSERT_OK(Put("a", "1"));
  ASSERT_OK(db()->LockWAL());
  const SequenceNumber locked_at = db()->GetLatestSequenceNumber();
  std::atomic<bool> is_written{false};
  std::thread writer([&] {
    EXPECT_OK(Put("b", "2"));
    is_written = true;
  });
  EXPECT_EQ("1", Get("a"));  // reads go on
  EXPECT_EQ(locked_at, db()->GetLatestSequenceNumber());
  EXPECT_FALSE(is_written);
  ASSERT_OK(db()->UnlockWAL());
  writer.join();
  EXPECT_EQ("2", Get("b"));
  EXPECT_EQ(locked_at + 1, db()->GetLatestSequenceNumber());
}

}  // namespace gneiss::conformance
