// WriteBatch: what it counts, how it is iterated, save points, limits, protection bytes, and how the DB applies it.

#include "tests/conformance/db_test.h"

namespace gneiss::conformance {

namespace {

// Writes down every call in order.
class Recorder : public WriteBatch::Handler {
 public:
  Status PutCF(uint32_t family, const Slice& key, const Slice& value) override {
    return Note("Put", family, key.ToString() + "," + value.ToString());
  }
  Status DeleteCF(uint32_t family, const Slice& key) override { return Note("Delete", family, key.ToString()); }
  Status SingleDeleteCF(uint32_t family, const Slice& key) override {
    return Note("SingleDelete", family, key.ToString());
  }
  Status DeleteRangeCF(uint32_t family, const Slice& begin, const Slice& end) override {
    return Note("DeleteRange", family, begin.ToString() + "," + end.ToString());
  }
  Status MergeCF(uint32_t family, const Slice& key, const Slice& value) override {
    return Note("Merge", family, key.ToString() + "," + value.ToString());
  }
  void LogData(const Slice& blob) override { text_ += "LogData(" + blob.ToString() + ") "; }
  Status MarkBeginPrepare(bool) override { return Mark("BeginPrepare"); }
  Status MarkEndPrepare(const Slice& xid) override { return Mark("EndPrepare(" + xid.ToString() + ")"); }
  Status MarkCommit(const Slice& xid) override { return Mark("Commit(" + xid.ToString() + ")"); }
  Status MarkRollback(const Slice& xid) override { return Mark("Rollback(" + xid.ToString() + ")"); }
  Status MarkNoop(bool) override { return Status::OK(); }
  bool Continue() override { return calls_ < limit_; }

  const std::string& text() const { return text_; }
  void StopAfter(int calls) { limit_ = calls; }
  void FailWith(const Status& status) { failure_ = status; }

 private:
  Status Note(const std::string& what, uint32_t family, const std::string& arguments) {
    ++calls_;
    text_ += what + (family == 0 ? "" : std::to_string(family)) + "(" + arguments + ") ";
    return failure_;
  }
  Status Mark(const std::string& what) {
    text_ += what + " ";
    return Status::OK();
  }
  std::string text_;
  int calls_ = 0;
  int limit_ = 1000;
  Status failure_;
};

std::string ContentsOf(const WriteBatch& batch) {
  Recorder recorder;
  const Status status = batch.Iterate(&recorder);
  return recorder.text() + (status.ok() ? "" : status.ToString());
}

}  // namespace

class WriteBatchTest : public DbTest {};

TEST_F(WriteBatchTest, ANewOneIsEmpty) {
  const WriteBatch batch;
  EXPECT_EQ(0u, batch.Count());
  EXPECT_EQ(12u, batch.GetDataSize());
  EXPECT_EQ("", ContentsOf(batch));
  EXPECT_FALSE(batch.HasPut());
  EXPECT_FALSE(batch.HasDelete());
}

TEST_F(WriteBatchTest, IterateGivesEntriesInOrder) {
  WriteBatch batch;
  ASSERT_OK(batch.Put("a", "1"));
  ASSERT_OK(batch.Delete("b"));
  ASSERT_OK(batch.SingleDelete("c"));
  ASSERT_OK(batch.DeleteRange("d", "e"));
  ASSERT_OK(batch.Merge("f", "2"));
  ASSERT_OK(batch.PutLogData("note"));
  EXPECT_EQ("Put(a,1) Delete(b) SingleDelete(c) DeleteRange(d,e) Merge(f,2) LogData(note) ", ContentsOf(batch));
  EXPECT_EQ(5u, batch.Count());
}

TEST_F(WriteBatchTest, LogDataIsNotCounted) {
  WriteBatch batch;
  ASSERT_OK(batch.PutLogData("a note"));
  EXPECT_EQ(0u, batch.Count());
  EXPECT_GT(batch.GetDataSize(), 12u);
}

TEST_F(WriteBatchTest, LogDataReachesNoTable) {
  Open();
  WriteBatch batch;
  ASSERT_OK(batch.PutLogData("a note"));
  ASSERT_OK(batch.Put("a", "1"));
  ASSERT_OK(db()->Write(WriteOptions(), &batch));
  EXPECT_EQ("a=1", Scan());
  EXPECT_EQ(1u, db()->GetLatestSequenceNumber());
}

TEST_F(WriteBatchTest, ClearEmptiesIt) {
  WriteBatch batch;
  ASSERT_OK(batch.Put("a", "1"));
  batch.Clear();
  EXPECT_EQ(0u, batch.Count());
  EXPECT_EQ(12u, batch.GetDataSize());
  ASSERT_OK(batch.Put("b", "2"));
  EXPECT_EQ("Put(b,2) ", ContentsOf(batch));
}

TEST_F(WriteBatchTest, DataIsTheFormatOnDisk) {
  WriteBatch batch;
  ASSERT_OK(batch.Put("k", "v"));
  EXPECT_EQ(std::string("\0\0\0\0\0\0\0\0\1\0\0\0\1\1k\1v", 17), batch.Data());
  EXPECT_EQ(17u, batch.GetDataSize());
}

TEST_F(WriteBatchTest, ABatchIsMadeFromItsData) {
  WriteBatch batch;
  ASSERT_OK(batch.Put("a", "1"));
  ASSERT_OK(batch.Delete("b"));
  const WriteBatch again(batch.Data());
  EXPECT_EQ(2u, again.Count());
  EXPECT_EQ("Put(a,1) Delete(b) ", ContentsOf(again));
  EXPECT_TRUE(again.HasPut());
  EXPECT_TRUE(again.HasDelete());
}

TEST_F(WriteBatchTest, TruncatedDataIsCorruption) {
  const WriteBatch batch(std::string(5, '\0'));
  Recorder recorder;
  EXPECT_EQ("Corruption: malformed WriteBatch (too small)", batch.Iterate(&recorder).ToString());
}

TEST_F(WriteBatchTest, AWrongCountIsCorruption) {
  WriteBatch batch;
  ASSERT_OK(batch.Put("a", "1"));
  std::string data = batch.Data();
  data[8] = 2;
  Recorder recorder;
  EXPECT_EQ("Corruption: WriteBatch has wrong count", WriteBatch(data).Iterate(&recorder).ToString());
}

TEST_F(WriteBatchTest, AnUnknownTagIsCorruption) {
  WriteBatch batch;
  ASSERT_OK(batch.Put("a", "1"));
  std::string data = batch.Data();
  data[12] = 0x7f;
  Recorder recorder;
  const Status status = WriteBatch(data).Iterate(&recorder);
  EXPECT_EQ("Corruption: unknown WriteBatch tag", status.ToString().substr(0, 34));
}

TEST_F(WriteBatchTest, ABadBatchIsRefusedByTheDb) {
  Open();
  WriteBatch batch;
  ASSERT_OK(batch.Put("a", "1"));
  ASSERT_OK(batch.Put("b", "1"));
  WriteBatch cut(batch.Data().substr(0, batch.Data().size() - 1));
  const Status status = db()->Write(WriteOptions(), &cut);
  EXPECT_TRUE(status.IsCorruption()) << status.ToString();
}

TEST_F(WriteBatchTest, HasTellsTheKinds) {
  WriteBatch batch;
  EXPECT_FALSE(batch.HasPut() || batch.HasDelete() || batch.HasSingleDelete() || batch.HasDeleteRange() ||
               batch.HasMerge() || batch.HasBeginPrepare() || batch.HasEndPrepare() || batch.HasCommit() ||
               batch.HasRollback());
  ASSERT_OK(batch.Put("a", "1"));
  EXPECT_TRUE(batch.HasPut());
  EXPECT_FALSE(batch.HasDelete());
  ASSERT_OK(batch.Delete("a"));
  EXPECT_TRUE(batch.HasDelete());
  ASSERT_OK(batch.SingleDelete("a"));
  EXPECT_TRUE(batch.HasSingleDelete());
  ASSERT_OK(batch.DeleteRange("a", "b"));
  EXPECT_TRUE(batch.HasDeleteRange());
  ASSERT_OK(batch.Merge("a", "b"));
  EXPECT_TRUE(batch.HasMerge());
}

TEST_F(WriteBatchTest, KeysAndValuesInPartsAreJoined) {
  const Slice key_parts[] = {"a", "b", "c"};
  const Slice value_parts[] = {"1", "2"};
  WriteBatch batch;
  ASSERT_OK(batch.Put(SliceParts(key_parts, 3), SliceParts(value_parts, 2)));
  ASSERT_OK(batch.Delete(SliceParts(key_parts, 2)));
  ASSERT_OK(batch.SingleDelete(SliceParts(key_parts, 1)));
  ASSERT_OK(batch.Merge(SliceParts(key_parts, 3), SliceParts(value_parts, 1)));
  const Slice end_parts[] = {"b", "x"};
  ASSERT_OK(batch.DeleteRange(SliceParts(key_parts, 1), SliceParts(end_parts, 2)));
  EXPECT_EQ("Put(abc,12) Delete(ab) SingleDelete(a) Merge(abc,1) DeleteRange(a,bx) ", ContentsOf(batch));
}

TEST_F(WriteBatchTest, AHandlerMayStop) {
  WriteBatch batch;
  for (int i = 0; i < 5; ++i) ASSERT_OK(batch.Delete(std::to_string(i)));
  Recorder recorder;
  recorder.StopAfter(2);
  EXPECT_OK(batch.Iterate(&recorder));
  EXPECT_EQ("Delete(0) Delete(1) ", recorder.text());
}

TEST_F(WriteBatchTest, AHandlersErrorIsReturned) {
  WriteBatch batch;
  ASSERT_OK(batch.Put("a", "1"));
  ASSERT_OK(batch.Put("b", "1"));
  Recorder recorder;
  recorder.FailWith(Status::Aborted("enough"));
  EXPECT_EQ("Operation aborted: enough", batch.Iterate(&recorder).ToString());
  EXPECT_EQ("Put(a,1) ", recorder.text());
}

TEST_F(WriteBatchTest, TheDefaultHandlerRefusesFamilies) {
  OpenWith({"one"});
  class OnlyDefault : public WriteBatch::Handler {
   public:
    void Put(const Slice&, const Slice&) override { ++puts; }
    void Delete(const Slice&) override { ++deletes; }
    int puts = 0, deletes = 0;
  } handler;
  WriteBatch batch;
  ASSERT_OK(batch.Put("a", "1"));
  ASSERT_OK(batch.Delete("a"));
  EXPECT_OK(batch.Iterate(&handler));
  EXPECT_EQ(1, handler.puts);
  EXPECT_EQ(1, handler.deletes);
  ASSERT_OK(batch.Put(Family(1), "a", "1"));
  EXPECT_EQ("Invalid argument: non-default column family and PutCF not implemented",
            batch.Iterate(&handler).ToString());
}

TEST_F(WriteBatchTest, EntriesCarryTheirFamily) {
  OpenWith({"one", "two"});
  WriteBatch batch;
  ASSERT_OK(batch.Put(Family(1), "a", "1"));
  ASSERT_OK(batch.Delete(Family(2), "b"));
  ASSERT_OK(batch.SingleDelete(Family(1), "c"));
  ASSERT_OK(batch.DeleteRange(Family(2), "d", "e"));
  ASSERT_OK(batch.Merge(Family(1), "f", "2"));
  ASSERT_OK(batch.Put(Family(0), "g", "3"));
  EXPECT_EQ("Put1(a,1) Delete2(b) SingleDelete1(c) DeleteRange2(d,e) Merge1(f,2) Put(g,3) ", ContentsOf(batch));
}

TEST_F(WriteBatchTest, OneBatchIsSeenWholeInAllFamilies) {
  OpenWith({"one", "two"});
  WriteBatch batch;
  ASSERT_OK(batch.Put(Family(0), "a", "0"));
  ASSERT_OK(batch.Put(Family(1), "a", "1"));
  ASSERT_OK(batch.Put(Family(2), "a", "2"));
  ASSERT_OK(db()->Write(WriteOptions(), &batch));
  EXPECT_EQ("0", Get("a", 0));
  EXPECT_EQ("1", Get("a", 1));
  EXPECT_EQ("2", Get("a", 2));
  Reopen();
  EXPECT_EQ("0", Get("a", 0));
  EXPECT_EQ("1", Get("a", 1));
  EXPECT_EQ("2", Get("a", 2));
}

TEST_F(WriteBatchTest, LaterEntriesWinOverEarlierOnes) {
  Open();
  WriteBatch batch;
  ASSERT_OK(batch.Put("a", "1"));
  ASSERT_OK(batch.Delete("a"));
  ASSERT_OK(batch.Put("a", "2"));
  ASSERT_OK(batch.Put("b", "1"));
  ASSERT_OK(batch.Delete("b"));
  ASSERT_OK(db()->Write(WriteOptions(), &batch));
  EXPECT_EQ("a=2", Scan());
}

TEST_F(WriteBatchTest, ABatchCanBeWrittenTwice) {
  Open();
  WriteBatch batch;
  ASSERT_OK(batch.Put("a", "1"));
  ASSERT_OK(db()->Write(WriteOptions(), &batch));
  ASSERT_OK(Put("a", "2"));
  ASSERT_OK(db()->Write(WriteOptions(), &batch));
  EXPECT_EQ("1", Get("a"));
  EXPECT_EQ(3u, db()->GetLatestSequenceNumber());
}

TEST_F(WriteBatchTest, CopiesAreIndependent) {
  WriteBatch batch;
  ASSERT_OK(batch.Put("a", "1"));
  WriteBatch copy(batch);
  ASSERT_OK(copy.Put("b", "2"));
  EXPECT_EQ("Put(a,1) ", ContentsOf(batch));
  EXPECT_EQ("Put(a,1) Put(b,2) ", ContentsOf(copy));
  batch = copy;
  EXPECT_EQ(2u, batch.Count());
  const WriteBatch moved(std::move(copy));
  EXPECT_EQ("Put(a,1) Put(b,2) ", ContentsOf(moved));
}

TEST_F(WriteBatchTest, SavePointsRollBackInOrder) {
  WriteBatch batch;
  ASSERT_OK(batch.Put("a", "1"));
  batch.SetSavePoint();
  ASSERT_OK(batch.Put("b", "2"));
  batch.SetSavePoint();
  ASSERT_OK(batch.Delete("c"));
  ASSERT_OK(batch.RollbackToSavePoint());
  EXPECT_EQ("Put(a,1) Put(b,2) ", ContentsOf(batch));
  EXPECT_FALSE(batch.HasDelete());
  ASSERT_OK(batch.RollbackToSavePoint());
  EXPECT_EQ("Put(a,1) ", ContentsOf(batch));
  EXPECT_EQ(1u, batch.Count());
}

TEST_F(WriteBatchTest, RollingBackWithoutASavePointIsNotFound) {
  WriteBatch batch;
  ASSERT_OK(batch.Put("a", "1"));
  EXPECT_EQ("NotFound: ", batch.RollbackToSavePoint().ToString());
  EXPECT_EQ(1u, batch.Count());
}

TEST_F(WriteBatchTest, PopSavePointForgetsIt) {
  WriteBatch batch;
  EXPECT_TRUE(batch.PopSavePoint().IsNotFound());
  batch.SetSavePoint();
  ASSERT_OK(batch.Put("a", "1"));
  EXPECT_OK(batch.PopSavePoint());
  EXPECT_TRUE(batch.RollbackToSavePoint().IsNotFound());
  EXPECT_EQ(1u, batch.Count());
}

TEST_F(WriteBatchTest, ASavePointOfAnEmptyBatchClearsIt) {
  WriteBatch batch;
  batch.SetSavePoint();
  ASSERT_OK(batch.Put("a", "1"));
  ASSERT_OK(batch.Merge("a", "1"));
  ASSERT_OK(batch.RollbackToSavePoint());
  EXPECT_EQ("", ContentsOf(batch));
  EXPECT_EQ(12u, batch.GetDataSize());
  EXPECT_FALSE(batch.HasMerge());
}

TEST_F(WriteBatchTest, MaxBytesRefusesWhatDoesNotFit) {
  WriteBatch batch(0, 20);
  ASSERT_OK(batch.Put("a", "1"));
  const Status status = batch.Put("a much longer key", "and value");
  EXPECT_TRUE(status.IsMemoryLimit()) << status.ToString();
  EXPECT_EQ(1u, batch.Count());
  EXPECT_EQ("Put(a,1) ", ContentsOf(batch));
}

TEST_F(WriteBatchTest, SetMaxBytesTakesEffect) {
  WriteBatch batch;
  ASSERT_OK(batch.Put("a", "1"));
  batch.SetMaxBytes(batch.GetDataSize());
  EXPECT_TRUE(batch.Put("b", "2").IsMemoryLimit());
  batch.SetMaxBytes(0);
  EXPECT_OK(batch.Put("b", "2"));
}

TEST_F(WriteBatchTest, ProtectionBytesAreZeroOrEight) {
  WriteBatch plain;
  EXPECT_EQ(0u, plain.GetProtectionBytesPerKey());
  WriteBatch batch(0, 0, 8, 0);
  EXPECT_EQ(8u, batch.GetProtectionBytesPerKey());
  ASSERT_OK(batch.Put("a", "1"));
  ASSERT_OK(batch.Merge("b", "1"));
  ASSERT_OK(batch.DeleteRange("c", "d"));
  EXPECT_OK(batch.VerifyChecksum());
}

TEST_F(WriteBatchTest, ProtectedBatchesAreWritten) {
  Open();
  WriteBatch batch(0, 0, 8, 0);
  ASSERT_OK(batch.Put("a", "1"));
  ASSERT_OK(batch.Put("b", "2"));
  ASSERT_OK(batch.Delete("a"));
  ASSERT_OK(db()->Write(WriteOptions(), &batch));
  EXPECT_EQ("b=2", Scan());
}

TEST_F(WriteBatchTest, SavePointsWorkWithProtection) {
  Open();
  WriteBatch batch(0, 0, 8, 0);
  ASSERT_OK(batch.Put("a", "1"));
  batch.SetSavePoint();
  ASSERT_OK(batch.Put("b", "2"));
  ASSERT_OK(batch.RollbackToSavePoint());
  EXPECT_OK(batch.VerifyChecksum());
  ASSERT_OK(db()->Write(WriteOptions(), &batch));
  EXPECT_EQ("a=1", Scan());
}

TEST_F(WriteBatchTest, GetWriteBatchGivesItself) {
  WriteBatch batch;
  WriteBatchBase* const base = &batch;
  EXPECT_EQ(&batch, base->GetWriteBatch());
}

TEST_F(WriteBatchTest, MergeNeedsAnOperatorInItsFamily) {
  Open();
  WriteBatch batch;
  ASSERT_OK(batch.Merge("a", "1"));
  const Status status = db()->Write(WriteOptions(), &batch);
  EXPECT_TRUE(status.IsNotSupported() || status.IsInvalidArgument()) << status.ToString();
}

TEST_F(WriteBatchTest, PutWithTimestampNeedsAHandle) {
  WriteBatch batch;
  const Status status = batch.Put(nullptr, "a", "ts", "1");
  EXPECT_TRUE(status.IsInvalidArgument()) << status.ToString();
}

TEST_F(WriteBatchTest, PutEntityNeedsAHandle) {
  WriteBatch batch;
  const Status status = batch.PutEntity(nullptr, "a", {});
  EXPECT_TRUE(status.IsInvalidArgument()) << status.ToString();
}

TEST_F(WriteBatchTest, LargeBatchesAreAtomicAcrossReopening) {
  options_.write_buffer_size = 64 << 10;
  Open();
  WriteBatch batch;
  for (int i = 0; i < 999; ++i) ASSERT_OK(batch.Put(Key(i), RandomBytes(200, static_cast<uint32_t>(i))));
  ASSERT_OK(db()->Write(WriteOptions(), &batch));
  EXPECT_EQ(RandomBytes(200, 998), Get(Key(998)));
  Reopen();
  for (const int i : {0, 500, 998}) EXPECT_EQ(RandomBytes(200, static_cast<uint32_t>(i)), Get(Key(i)));
}

}  // namespace gneiss::conformance
