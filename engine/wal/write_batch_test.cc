#include "engine/wal/write_batch.h"

#include <gtest/gtest.h>

#include <memory>

#include "engine/base/random.h"
#include "engine/base/test_seed.h"

namespace gneiss {
namespace {

std::string Header(SeqNo seq, uint32_t count) {
  std::string rep;
  PutU64(&rep, seq);
  PutU32(&rep, count);
  return rep;
}

std::string Tag(Kind kind) { return std::string(1, static_cast<char>(kind)); }

std::string Prefixed(Slice bytes) {
  std::string out;
  PutLengthPrefixed(&out, bytes);
  return out;
}

std::string Family(uint32_t id) {
  std::string out;
  PutVarint32(&out, id);
  return out;
}

struct TagCase {
  std::string bytes;
  BatchRecord record;
  std::string damage;  // what a cut record is told to be
};

BatchRecord Record(Kind kind, uint32_t family, Slice key, Slice value) {
  BatchRecord record;
  record.kind = kind;
  record.column_family_id = family;
  record.key = key;
  record.value = value;
  return record;
}

std::vector<TagCase> AllTags() {
  const std::string key = "user key";
  static const std::string long_value(300, 'v');
  std::vector<TagCase> cases;
  const auto add = [&](Kind kind, Kind family_kind, bool has_value, const std::string& damage) {
    const std::string strings = Prefixed("user key") + (has_value ? Prefixed(long_value) : "");
    const Slice value = has_value ? Slice(long_value) : Slice();
    cases.push_back({Tag(kind) + strings, Record(kind, 0, "user key", value), damage});
    cases.push_back({Tag(family_kind) + Family(3000) + strings, Record(kind, 3000, "user key", value), damage});
  };
  add(Kind::kPut, Kind::kColumnFamilyPut, true, "bad WriteBatch Put");
  add(Kind::kDelete, Kind::kColumnFamilyDelete, false, "bad WriteBatch Delete");
  add(Kind::kSingleDelete, Kind::kColumnFamilySingleDelete, false, "bad WriteBatch Delete");
  add(Kind::kMerge, Kind::kColumnFamilyMerge, true, "bad WriteBatch Merge");
  add(Kind::kRangeDelete, Kind::kColumnFamilyRangeDelete, true, "bad WriteBatch DeleteRange");
  add(Kind::kBlobIndex, Kind::kColumnFamilyBlobIndex, true, "bad WriteBatch BlobIndex");
  add(Kind::kWideColumn, Kind::kColumnFamilyWideColumn, true, "bad WriteBatch PutEntity");
  cases.push_back(
      {Tag(Kind::kLogData) + Prefixed("blob"), Record(Kind::kLogData, 0, "blob", ""), "bad WriteBatch Blob"});
  for (const Kind kind : {Kind::kNoop, Kind::kBeginPrepare, Kind::kBeginPersistedPrepare, Kind::kBeginUnprepare}) {
    cases.push_back({Tag(kind), Record(kind, 0, "", ""), ""});
  }
  cases.push_back(
      {Tag(Kind::kEndPrepare) + Prefixed("xid"), Record(Kind::kEndPrepare, 0, "xid", ""), "bad EndPrepare XID"});
  cases.push_back({Tag(Kind::kCommit) + Prefixed("xid"), Record(Kind::kCommit, 0, "xid", ""), "bad Commit XID"});
  cases.push_back({Tag(Kind::kRollback) + Prefixed("xid"), Record(Kind::kRollback, 0, "xid", ""), "bad Rollback XID"});
  cases.push_back({Tag(Kind::kCommitWithTimestamp) + Prefixed("12345678") + Prefixed("xid"),
                   Record(Kind::kCommitWithTimestamp, 0, "xid", "12345678"), "bad commit timestamp"});
  return cases;
}

void ExpectSame(const BatchRecord& got, const BatchRecord& expected) {
  EXPECT_EQ(got.kind, expected.kind);
  EXPECT_EQ(got.column_family_id, expected.column_family_id);
  EXPECT_EQ(got.key, expected.key);
  EXPECT_EQ(got.value, expected.value);
}

// docs/formats/write_batch.md shows these bytes.
TEST(WriteBatchTest, BytesOfTheFormatPage) {
  const std::string rep(
      "\x64\x00\x00\x00\x00\x00\x00\x00"
      "\x03\x00\x00\x00"
      "\x01\x01k\x03val"
      "\x04\x07\x01k"
      "\x0f\x01"
      "a\x01"
      "b",
      12 + 7 + 4 + 5);
  ASSERT_TRUE(HasBatchHeader(rep));
  EXPECT_EQ(BatchSeq(rep), 100u);
  EXPECT_EQ(BatchCount(rep), 3u);
  BatchReader reader(rep);
  BatchRecord record;
  ASSERT_TRUE(reader.Next(&record).ok());
  ExpectSame(record, Record(Kind::kPut, 0, "k", "val"));
  ASSERT_TRUE(reader.Next(&record).ok());
  ExpectSame(record, Record(Kind::kDelete, 7, "k", ""));
  EXPECT_FALSE(reader.AtEnd());
  ASSERT_TRUE(reader.Next(&record).ok());
  ExpectSame(record, Record(Kind::kRangeDelete, 0, "a", "b"));
  EXPECT_TRUE(reader.AtEnd());
}

TEST(WriteBatchTest, EveryTag) {
  const std::vector<TagCase> cases = AllTags();
  std::string rep = Header(1, static_cast<uint32_t>(cases.size()));
  for (const TagCase& tag : cases) rep += tag.bytes;
  BatchReader reader(rep);
  for (const TagCase& tag : cases) {
    BatchRecord record;
    ASSERT_TRUE(reader.Next(&record).ok());
    ExpectSame(record, tag.record);
  }
  EXPECT_TRUE(reader.AtEnd());
  BatchRecord record;
  EXPECT_TRUE(reader.Next(&record).IsCorruption());
}

TEST(WriteBatchTest, EveryCutIsCorruption) {
  for (const TagCase& tag : AllTags()) {
    for (size_t cut = 1; cut < tag.bytes.size(); ++cut) {
      // A buffer of exactly this size, so that a sanitizer sees a read behind it.
      const std::string rep = Header(1, 1) + tag.bytes.substr(0, cut);
      const std::unique_ptr<char[]> exact(new char[rep.size()]);
      rep.copy(exact.get(), rep.size());
      BatchReader reader(Slice(exact.get(), rep.size()));
      BatchRecord record;
      EXPECT_EQ(reader.Next(&record).ToString(), "Corruption: " + tag.damage);
    }
  }
}

TEST(WriteBatchTest, UnknownTags) {
  for (int tag = 0; tag < 256; ++tag) {
    const bool is_known = tag <= 0x17 && tag != static_cast<int>(Kind::kDeleteWithTimestamp);
    const std::string rep = Header(1, 1) + static_cast<char>(tag) + std::string(8, '\0');
    BatchReader reader(rep);
    BatchRecord record;
    const Status status = reader.Next(&record);
    EXPECT_EQ(status.ok(), is_known) << tag;
    EXPECT_TRUE(is_known || status.ToString() == "Corruption: unknown WriteBatch tag");
  }
}

TEST(WriteBatchTest, HeaderFields) {
  std::string rep = Header(0x0102030405060708, 77);
  EXPECT_EQ(BatchSeq(rep), 0x0102030405060708u);
  EXPECT_EQ(BatchCount(rep), 77u);
  SetBatchSeq(rep.data(), 5);
  EXPECT_EQ(BatchSeq(rep), 5u);
  EXPECT_EQ(BatchCount(rep), 77u);
  EXPECT_TRUE(BatchReader(rep).AtEnd());
  EXPECT_FALSE(HasBatchHeader(Slice(rep).substr(0, 11)));
}

TEST(WriteBatchTest, DataRecordsAreThoseThatGoToMemtables) {
  for (const TagCase& tag : AllTags()) {
    const Kind kind = tag.record.kind;
    const bool is_marker = kind == Kind::kLogData || kind == Kind::kNoop || kind == Kind::kBeginPrepare ||
                           kind == Kind::kBeginPersistedPrepare || kind == Kind::kBeginUnprepare ||
                           kind == Kind::kEndPrepare || kind == Kind::kCommit || kind == Kind::kRollback ||
                           kind == Kind::kCommitWithTimestamp;
    EXPECT_EQ(IsDataRecord(kind), !is_marker);
  }
}

TEST(WriteBatchTest, RandomBytesNeverReachBeyondTheEnd) {
  Random random(TestSeed(5));
  for (int round = 0; round < 20000; ++round) {
    const size_t size = kBatchHeaderBytes + random.Uniform(60);
    const std::unique_ptr<char[]> exact(new char[size]);
    for (size_t i = 0; i < size; ++i) {
      exact[i] = static_cast<char>(random.OneIn(3) ? random.Next() : random.Uniform(0x18));
    }
    BatchReader reader(Slice(exact.get(), size));
    size_t records = 0;
    for (BatchRecord record; !reader.AtEnd() && reader.Next(&record).ok();) {
      for (const Slice part : {record.key, record.value}) {
        ASSERT_TRUE(part.empty() || (part.data() >= exact.get() && part.data() + part.size() <= exact.get() + size));
      }
      ++records;
    }
    ASSERT_LE(records, size);
  }
}

}  // namespace
}  // namespace gneiss
