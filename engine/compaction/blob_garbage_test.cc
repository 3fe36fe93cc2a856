#include <gtest/gtest.h>

#include <map>

#include "engine/compaction/blob_garbage_meter.h"
#include "engine/compaction/compaction_test_util.h"
#include "engine/compaction/retention.h"

namespace gneiss {
namespace {

std::string Reference(uint64_t file_number, uint64_t size = 100) {
  std::string bytes;
  AppendBlobReference(&bytes, {.file_number = file_number, .offset = 64, .size = size});
  return bytes;
}

TEST(BlobGarbageMeterTest, ComparesWhatComesInWithWhatGoesOut) {
  BlobGarbageMeter meter;
  const InternalKey reference("key", 5, Kind::kBlobIndex);
  const InternalKey put("key", 5, Kind::kPut);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(meter.AddIn(reference.Encode(), Reference(7)).ok());
  ASSERT_TRUE(meter.AddIn(reference.Encode(), Reference(8)).ok());
  ASSERT_TRUE(meter.AddIn(put.Encode(), "not a reference").ok());
  ASSERT_TRUE(meter.AddOut(reference.Encode(), Reference(7)).ok());
  ASSERT_TRUE(meter.AddOut(reference.Encode(), Reference(8)).ok());
  ASSERT_TRUE(meter.AddOut(reference.Encode(), Reference(9)).ok());
  const std::vector<BlobGarbage> garbage = meter.Garbage();
  ASSERT_EQ(garbage.size(), 1u);
  EXPECT_EQ(garbage[0].file_number, 7u);
  EXPECT_EQ(garbage[0].blob_count, 2u);
  EXPECT_EQ(garbage[0].blob_bytes, 2 * (100u + 32 + 3));
  EXPECT_TRUE(meter.AddIn(reference.Encode(), "\x07").IsCorruption());
  EXPECT_TRUE(meter.AddIn(reference.Encode(), std::string("\x00\x05value", 7)).IsCorruption());
}

TEST(BlobGarbageMeterTest, TheIteratorCountsEachEntryOnce) {
  const TestEntries entries = {{"a", 5, Kind::kBlobIndex, Reference(7)},
                               {"b", 4, Kind::kPut, "x"},
                               {"c", 3, Kind::kBlobIndex, Reference(7)},
                               {"d", 2, Kind::kBlobIndex, Reference(8)}};
  BlobGarbageMeter meter;
  auto input = std::make_unique<VectorIterator>(KeyOrder::Bytewise(), entries);
  input->SeekToFirst();
  const auto counting = NewBlobCountingIterator(std::move(input), &meter);
  Slice key;
  Slice value;
  ASSERT_TRUE(counting->Valid());
  ASSERT_TRUE(counting->NextEntry(&key, &value));
  counting->Next();
  ASSERT_TRUE(counting->NextEntry(&key, &value));
  EXPECT_FALSE(counting->NextEntry(&key, &value));
  EXPECT_TRUE(counting->status().ok());
  const std::vector<BlobGarbage> garbage = meter.Garbage();
  ASSERT_EQ(garbage.size(), 2u);
  EXPECT_EQ(garbage[0].blob_count, 2u);
  EXPECT_EQ(garbage[1].blob_count, 1u);
}

TEST(BlobGarbageMeterTest, ABadReferenceEndsTheInput) {
  BlobGarbageMeter meter;
  auto input = std::make_unique<VectorIterator>(
      KeyOrder::Bytewise(), TestEntries{{"a", 5, Kind::kPut, "x"}, {"b", 4, Kind::kBlobIndex, "\x01"}});
  input->SeekToFirst();
  const auto counting = NewBlobCountingIterator(std::move(input), &meter);
  Slice key;
  Slice value;
  EXPECT_FALSE(counting->NextEntry(&key, &value));
  EXPECT_FALSE(counting->Valid());
  EXPECT_TRUE(counting->status().IsCorruption());
}

// Values by reference.
class MapValues final : public BlobValues {
 public:
  Status Read(Slice /*user_key*/, Slice reference, PinnedValue* value) const override {
    const auto found = values.find(std::string(reference));
    if (found == values.end()) return Status::Corruption("no such blob");
    value->CopyBytes(found->second);
    return Status::Ok();
  }
  std::map<std::string, std::string> values;
};

TEST(RetentionBlobTest, MergesOntoBlobs) {
  const AppendOperator append(true);
  MapValues blobs;
  blobs.values["ref"] = "base";
  const TestEntries input = {
      {"a", 9, Kind::kMerge, "x"}, {"a", 8, Kind::kBlobIndex, "ref"}, {"b", 7, Kind::kBlobIndex, "untouched"}};
  VectorIterator iterator(KeyOrder::Bytewise(), input);
  iterator.SeekToFirst();
  Retention retention({.merge_operator = &append, .blob_values = &blobs}, &iterator);
  ASSERT_TRUE(retention.Valid());
  EXPECT_EQ(TrailerKind(TrailerOf(retention.key())), Kind::kPut);
  EXPECT_EQ(retention.value().substr(0, 4), "base");
  retention.Next();
  ASSERT_TRUE(retention.Valid());
  EXPECT_EQ(TrailerKind(TrailerOf(retention.key())), Kind::kBlobIndex);
  EXPECT_EQ(retention.value(), "untouched");
  retention.Next();
  EXPECT_FALSE(retention.Valid());
  EXPECT_TRUE(retention.status().ok());
}

TEST(RetentionBlobTest, AMissingBaseIsAnError) {
  const AppendOperator append(true);
  const MapValues blobs;
  VectorIterator iterator(KeyOrder::Bytewise(), {{"a", 9, Kind::kMerge, "x"}, {"a", 8, Kind::kBlobIndex, "nowhere"}});
  iterator.SeekToFirst();
  Retention retention({.merge_operator = &append, .blob_values = &blobs}, &iterator);
  EXPECT_FALSE(retention.Valid());
  EXPECT_EQ(retention.status().ToString(), "Corruption: no such blob");
}

// ---- when old blob files force a compaction

class ForcedBlobGcTest : public ::testing::Test {
 protected:
  // Blob files 10 to 13 of 1000 bytes each, garbage as given; table 1 (level 1) links to 10, table 3 (level 2) to 12.
  void Fill(const std::vector<uint64_t>& garbage_bytes) {
    VersionEdit edit;
    for (uint64_t i = 0; i < 4; ++i) {
      edit.added_blob_files.push_back({.number = 10 + i, .blob_count = 100, .blob_bytes = 1000});
      if (garbage_bytes[i] == 0) continue;
      edit.blob_garbage.push_back({.file_number = 10 + i, .blob_count = 50, .blob_bytes = garbage_bytes[i]});
    }
    edit.added_tables = {{1, Table(1, "a", "c", 10)}, {2, Table(3, "d", "f", 12)}};
    const auto opener = std::make_shared<const BlobFileOpener>(BlobFileOpener::Config{});
    const auto table_opener = std::make_shared<const TableOpener>(TableOpener::Config{.paths = {"dir"}});
    ASSERT_TRUE(
        Version(KeyOrder::Bytewise(), 7)
            .Apply(
                edit, [&](const TableMeta& meta) { return std::make_shared<TableFile>(meta, table_opener, nullptr); },
                &version_, [&](const BlobFileMeta& meta) { return std::make_shared<BlobFile>(meta, opener, nullptr); })
            .ok());
  }
  static TableMeta Table(uint64_t number, Slice smallest, Slice largest, uint64_t oldest_blob_file) {
    TableMeta meta;
    meta.number = number;
    meta.file_bytes = 1000;
    meta.smallest = InternalKey(smallest, 9, Kind::kBlobIndex);
    meta.largest = InternalKey(largest, 8, Kind::kBlobIndex);
    meta.smallest_seq = 8;
    meta.largest_seq = 9;
    meta.oldest_blob_file_number = oldest_blob_file;
    return meta;
  }
  std::optional<CompactionWork> Choose(double age_cutoff, double force_threshold) {
    CompactionConfig config;
    config.blob.collects_garbage = true;
    config.blob.age_cutoff = age_cutoff;
    config.blob.force_threshold = force_threshold;
    return ChooseCompaction(*version_, ComputeCompactionState(*version_, config, 0), config, 0, nullptr);
  }
  VersionPtr version_;
};

TEST_F(ForcedBlobGcTest, RewritesTheTablesOfTheOldestBatch) {
  Fill({700, 500, 900, 0});
  const auto work = Choose(0.5, 0.6);
  ASSERT_TRUE(work.has_value());
  EXPECT_STREQ(work->reason, "ForcedBlobGC");
  EXPECT_EQ(work->reason_number, 17);
  ASSERT_EQ(work->inputs.size(), 1u);
  ASSERT_EQ(work->inputs[0].tables.size(), 1u);
  EXPECT_EQ(work->inputs[0].tables[0]->meta().number, 1u);
  EXPECT_EQ(work->output_level, 1);
  EXPECT_EQ(work->type, CompactionWork::Type::kMerge);
  work->MarkInputs(true);
  EXPECT_FALSE(Choose(0.5, 0.6).has_value()) << "it is being done";
  work->MarkInputs(false);
}

TEST_F(ForcedBlobGcTest, WaitsWhileTheBatchIsNotWorthIt) {
  Fill({700, 400, 900, 0});
  EXPECT_FALSE(Choose(0.5, 0.6).has_value()) << "the batch is 10 and 11: 1100 of 2000";
  EXPECT_TRUE(Choose(0.5, 0.55).has_value());
  EXPECT_FALSE(Choose(0.25, 0.1).has_value()) << "11 belongs to the batch but is not old";
  EXPECT_FALSE(Choose(0, 0.1).has_value());
  EXPECT_FALSE(Choose(0.5, 1).has_value());
}

}  // namespace
}  // namespace gneiss
