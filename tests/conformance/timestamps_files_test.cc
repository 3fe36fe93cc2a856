// User-defined timestamps: batches that get theirs later, and table files written outside.
#include <rocksdb/comparator.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/sst_file_writer.h>

#include "tests/conformance/timestamps_test.h"

namespace gneiss::conformance {
namespace {

// ---- batches

class TimestampBatchTest : public TimestampTest {};

TEST_F(TimestampBatchTest, TimestampsAreFilledInLater) {
  Open();
  WriteBatch batch(0, 0, 0, 8);
  ASSERT_OK(batch.Put("a", "1"));
  ASSERT_OK(batch.Put(Family(0), "b", "2"));
  ASSERT_OK(batch.Delete("c"));
  ASSERT_OK(batch.SingleDelete("d"));
  ASSERT_OK(batch.DeleteRange(Family(0), "x", "z"));
  EXPECT_EQ("Invalid argument: write batch must have timestamp(s) set", db()->Write(WriteOptions(), &batch).ToString());
  ASSERT_OK(PutAt(1, "y", "old"));
  ASSERT_OK(batch.UpdateTimestamps(Ts(7), [](uint32_t) { return size_t{8}; }));
  ASSERT_OK(db()->Write(WriteOptions(), &batch));
  EXPECT_EQ("a=1@7 b=2@7", ScanAt(7));
  EXPECT_EQ("y=old@1", ScanAt(6));
  EXPECT_EQ("(none)@7", GetTimed(7, "c"));
  EXPECT_EQ("(none)@7", GetTimed(7, "d"));
  EXPECT_EQ("(none)@7", GetTimed(7, "y"));
}

TEST_F(TimestampBatchTest, APlaceholderIsMadeOfZeros) {
  WriteBatch batch(0, 0, 0, 8);
  ASSERT_OK(batch.Put("a", "1"));
  EXPECT_EQ(std::string("\x01\x09"
                        "a\0\0\0\0\0\0\0\0\x01"
                        "1",
                        13),
            batch.Data().substr(12));
}

TEST_F(TimestampBatchTest, UpdatesKeepToTheFamiliesTimestamps) {
  Open();
  ColumnFamilyOptions plain(options_);
  plain.comparator = BytewiseComparator();
  CreateFamily("plain", plain);
  WriteBatch batch(0, 0, 0, 8);
  ASSERT_OK(batch.Put(Family(0), "a", "1"));
  ASSERT_OK(batch.Put(Family(1), "a", "1"));
  EXPECT_EQ("Invalid argument: timestamp size mismatch",
            batch.UpdateTimestamps(Ts(1), [](uint32_t) { return size_t{4}; }).ToString());
  EXPECT_TRUE(batch.UpdateTimestamps(Ts(1), [](uint32_t) { return SIZE_MAX; }).IsNotFound());
  ASSERT_OK(batch.UpdateTimestamps(Ts(1), [](uint32_t family) { return size_t{family == 0 ? 8u : 0u}; }));
  ASSERT_OK(db()->Write(WriteOptions(), &batch));
  EXPECT_EQ("1@1", GetTimed(1, "a"));
  EXPECT_EQ("1", Get("a", 1));
}

TEST_F(TimestampBatchTest, AProtectedBatchMayBeUpdated) {
  Open();
  WriteBatch batch(0, 0, 8, 8);
  ASSERT_OK(batch.Put("a", "1"));
  ASSERT_OK(batch.Delete("b"));
  ASSERT_OK(batch.UpdateTimestamps(Ts(3), [](uint32_t) { return size_t{8}; }));
  EXPECT_OK(batch.VerifyChecksum());
  ASSERT_OK(db()->Write(WriteOptions(), &batch));
  EXPECT_EQ("1@3", GetTimed(3, "a"));
}

TEST_F(TimestampBatchTest, TheBatchMustKnowTheDefaultFamilysTimestamps) {
  Open();
  WriteBatch batch;
  EXPECT_EQ("Invalid argument: Default cf timestamp size mismatch", batch.Put(Family(0), "a", "1").ToString());
  EXPECT_EQ("Invalid argument: Default cf timestamp size mismatch", batch.Delete(Family(0), "a").ToString());
  ASSERT_OK(batch.Put(Family(0), "a", Ts(4), "1"));  // says it itself
  EXPECT_EQ("Invalid argument: timestamp size mismatch", batch.Put(Family(0), "a", "123", "1").ToString());
  EXPECT_EQ("Invalid argument: column family handle cannot be null", batch.Put(nullptr, "a", Ts(4), "1").ToString());
  ASSERT_OK(db()->Write(WriteOptions(), &batch));
  EXPECT_EQ("1@4", GetTimed(4, "a"));
}

TEST_F(TimestampBatchTest, PartsAndMergesAreRefused) {
  Open();
  WriteBatch batch(0, 0, 0, 8);
  const std::string refused = "Invalid argument: Cannot call this method on column family enabling timestamp";
  const Slice key("a");
  const Slice value("1");
  EXPECT_EQ(refused, batch.Put(Family(0), SliceParts(&key, 1), SliceParts(&value, 1)).ToString());
  EXPECT_EQ(refused, batch.Delete(Family(0), SliceParts(&key, 1)).ToString());
  EXPECT_EQ(refused, batch.SingleDelete(Family(0), SliceParts(&key, 1)).ToString());
  EXPECT_EQ(refused, batch.DeleteRange(Family(0), SliceParts(&key, 1), SliceParts(&value, 1)).ToString());
  EXPECT_EQ(refused, batch.Merge(Family(0), "a", "1").ToString());
  EXPECT_EQ(refused, batch.PutEntity(Family(0), "a", {{"", "1"}}).ToString());
  EXPECT_EQ("Not implemented: Merge does not support user-defined timestamp",
            batch.Merge(Family(0), "a", Ts(1), "1").ToString());
  EXPECT_EQ(0u, batch.Count());
}

TEST_F(TimestampBatchTest, AKeyMayBringItsTimestampAlong) {
  Open();
  WriteBatch batch;
  ASSERT_OK(batch.Put("a" + Ts(9), "1"));
  ASSERT_OK(db()->Write(WriteOptions(), &batch));
  EXPECT_EQ("1@9", GetTimed(9, "a"));
}

// ---- table files written outside

class TimestampFileTest : public TimestampTest {
 protected:
  std::string FileName() const { return Path() + "_file.sst"; }
  ~TimestampFileTest() override { Env::Default()->DeleteFile(FileName()).PermitUncheckedError(); }
};

TEST_F(TimestampFileTest, AFileIsWrittenReadAndTakenIn) {
  SstFileWriter writer(EnvOptions(), options_);
  ASSERT_OK(writer.Open(FileName()));
  const std::string refused = "Invalid argument: Timestamp size mismatch";
  EXPECT_EQ(refused, writer.Put("a", "1").ToString());
  EXPECT_EQ(refused, writer.Delete("a").ToString());
  EXPECT_EQ(refused, writer.Merge("a", "1").ToString());
  EXPECT_EQ(refused, writer.DeleteRange("a", "b").ToString());
  EXPECT_EQ(refused, writer.Put("a", "1234", "1").ToString());
  ASSERT_OK(writer.Put("a", Ts(20), "a2"));
  ASSERT_OK(writer.Put("a", Ts(10), "a1"));
  EXPECT_EQ("Invalid argument: Keys must be added in strict ascending order.",
            writer.Put("a", Ts(15), "late").ToString());
  ASSERT_OK(writer.Delete("b", Ts(30)));
  ASSERT_OK(writer.Put("b", Ts(5), "b1"));
  ASSERT_OK(writer.DeleteRange("x", "z", Ts(40)));
  ExternalSstFileInfo info;
  ASSERT_OK(writer.Finish(&info));
  EXPECT_EQ("a" + Ts(20), info.smallest_key);
  EXPECT_EQ("b" + Ts(5), info.largest_key);
  EXPECT_EQ("x" + Ts(40), info.smallest_range_del_key);
  EXPECT_EQ(4u, info.num_entries);

  SstFileReader reader(options_);
  ASSERT_OK(reader.Open(FileName()));
  const std::unique_ptr<Iterator> it(reader.NewIterator(At(10)));
  it->SeekToFirst();
  ASSERT_TRUE(it->Valid());
  EXPECT_EQ("a=a1@10", Entry(*it));
  it->Next();
  EXPECT_EQ("b=b1@5", Entry(*it));
  it->Next();
  EXPECT_FALSE(it->Valid());

  Open();
  ASSERT_OK(PutAt(1, "y", "old"));
  ASSERT_OK(db()->IngestExternalFile(Family(0), {FileName()}, IngestExternalFileOptions()));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ("a=a1@10 b=b1@5 y=old@1", ScanAt(19));
    EXPECT_EQ("a=a2@20 b=b1@5 y=old@1", ScanAt(29));
    EXPECT_EQ("a=a2@20 y=old@1", ScanAt(39));
    EXPECT_EQ("a=a2@20", ScanAt(40));
    EXPECT_EQ("(none)@30", GetTimed(50, "b"));
    EXPECT_EQ("a1@10", GetTimed(10, "a"));
    Compact();
  }
}

TEST_F(TimestampFileTest, AFileGoesAboveOlderVersionsOfItsKeys) {
  Open();
  ASSERT_OK(PutAt(10, "a", "old"));
  ASSERT_OK(PutAt(12, "k", "old"));
  Flush();
  Compact();
  SstFileWriter writer(EnvOptions(), options_);
  ASSERT_OK(writer.Open(FileName()));
  ASSERT_OK(writer.Put("k", Ts(11), "between"));  // starts behind what is there
  ASSERT_OK(writer.Finish());
  ASSERT_OK(PutAt(20, "k", "new"));
  ASSERT_OK(db()->IngestExternalFile(Family(0), {FileName()}, IngestExternalFileOptions()));
  EXPECT_EQ("a=old@10 k=old@12", ScanAt(12));
  EXPECT_EQ("a=old@10 k=between@11", ScanAt(11));
  EXPECT_EQ("a=old@10 k=new@20", ScanAt(20));
}

}  // namespace
}  // namespace gneiss::conformance
