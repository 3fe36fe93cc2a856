// What callers do to single tables: compact, drop and move them; and values kept in blob files.

#include <rocksdb/convenience.h>

#include <filesystem>
#include <fstream>

#include "tests/conformance/db_test.h"

namespace gneiss::conformance {

class FilesTest : public DbTest {
 protected:
  FilesTest() { options_.disable_auto_compactions = true; }
  std::vector<std::string> TablesAt(int level) {
    ColumnFamilyMetaData family;
    db()->GetColumnFamilyMetaData(&family);
    std::vector<std::string> names;
    for (const SstFileMetaData& file : family.levels[static_cast<size_t>(level)].files) names.push_back(file.name);
    return names;
  }
};

TEST_F(FilesTest, CompactFilesMovesThemDown) {
  Open();
  PutTable({{"a", "1"}, {"b", "1"}});
  PutTable({{"a", "2"}, {"b", "2"}});
  std::vector<std::string> outputs;
  ASSERT_OK(db()->CompactFiles(CompactionOptions(), TablesAt(0), 1, -1, &outputs));
  EXPECT_EQ("0,1", Levels());
  EXPECT_EQ(1u, outputs.size());
  EXPECT_EQ("a=2 b=2", Scan());
}

TEST_F(FilesTest, CompactFilesTellsTheJob) {
  Open();
  PutTable({{"a", "1"}, {"b", "1"}});
  PutTable({{"a", "2"}, {"b", "2"}});
  CompactionJobInfo info;
  ASSERT_OK(db()->CompactFiles(CompactionOptions(), Family(0), TablesAt(0), 2, -1, nullptr, &info));
  EXPECT_EQ(0, info.base_input_level);
  EXPECT_EQ(2, info.output_level);
  EXPECT_EQ(2u, info.input_files.size());
  EXPECT_EQ(1u, info.output_files.size());
  EXPECT_EQ("0,0,1", Levels());
}

TEST_F(FilesTest, CompactFilesOfNoneIsInvalid) {
  Open();
  EXPECT_TRUE(db()->CompactFiles(CompactionOptions(), std::vector<std::string>(), 1).IsInvalidArgument());
}

TEST_F(FilesTest, CompactFilesOfAnUnknownFileIsInvalid) {
  Open();
  PutTable({{"a", "1"}});
  EXPECT_FALSE(db()->CompactFiles(CompactionOptions(), {"/999999.sst"}, 1).ok());
}

TEST_F(FilesTest, CompactFilesUpwardsIsInvalid) {
  Open();
  PutTable({{"a", "1"}});
  CompactRangeOptions to_three;
  to_three.change_level = true;
  to_three.target_level = 3;
  Compact(to_three);
  EXPECT_TRUE(db()->CompactFiles(CompactionOptions(), TablesAt(3), 1).IsInvalidArgument());
}

TEST_F(FilesTest, CompactFilesIsRefusedWhileManualCompactionsAre) {
  Open();
  PutTable({{"a", "1"}});
  db()->DisableManualCompaction();
  EXPECT_TRUE(db()->CompactFiles(CompactionOptions(), TablesAt(0), 1).IsIncomplete());
  db()->EnableManualCompaction();
}

TEST_F(FilesTest, DeleteFilesInRangeDropsWholeFilesOnly) {
  Open();
  PutTable({{"a", "1"}, {"c", "1"}});
  CompactRangeOptions to_one;
  to_one.change_level = true;
  to_one.target_level = 2;
  Compact(to_one);
  PutTable({{"d", "1"}, {"f", "1"}});
  const Slice file_begin("a"), file_end("b");
  ASSERT_OK(DeleteFilesInRange(db(), Family(0), &file_begin, &file_end));
  EXPECT_EQ("1", Get("a"));  // the file reaches beyond the range
  const Slice all_end("c");
  ASSERT_OK(DeleteFilesInRange(db(), Family(0), &file_begin, &all_end));
  EXPECT_EQ("(none)", Get("a"));
  EXPECT_EQ("1", Get("d"));  // level 0 is left alone
}

TEST_F(FilesTest, DeleteFilesInRangeMayLeaveTheEndOut) {
  Open();
  PutTable({{"a", "1"}, {"c", "1"}});
  CompactRangeOptions to_one;
  to_one.change_level = true;
  to_one.target_level = 1;
  Compact(to_one);
  const Slice begin("a"), end("c");
  ASSERT_OK(DeleteFilesInRange(db(), Family(0), &begin, &end, false));
  EXPECT_EQ("1", Get("a"));
  ASSERT_OK(DeleteFilesInRange(db(), Family(0), nullptr, nullptr));
  EXPECT_EQ("", Scan());
}

TEST_F(FilesTest, DeleteFilesInRangesTakesSeveral) {
  Open();
  PutTable({{"a", "1"}});
  PutTable({{"m", "1"}});
  PutTable({{"x", "1"}});
  CompactRangeOptions to_one;
  to_one.change_level = true;
  to_one.target_level = 1;
  Compact(to_one);
  ASSERT_EQ("0,3", Levels());
  const Slice a("a"), b("b"), x("x"), z("z");
  const RangePtr ranges[] = {{&a, &b}, {&x, &z}};
  ASSERT_OK(DeleteFilesInRanges(db(), Family(0), ranges, 2));
  EXPECT_EQ("m=1", Scan());
}

TEST_F(FilesTest, DeleteFileDropsTheOldestOfLevelZero) {
  Open();
  PutTable({{"a", "1"}});
  PutTable({{"b", "1"}});
  const std::vector<std::string> tables = FilesEndingIn(".sst");
  EXPECT_TRUE(db()->DeleteFile(tables[1]).IsInvalidArgument());  // newer data must not go before older
  ASSERT_OK(db()->DeleteFile(tables[0]));
  EXPECT_EQ("b=1", Scan());
}

TEST_F(FilesTest, DeleteFileOfAnUnknownNameIsInvalid) {
  Open();
  EXPECT_TRUE(db()->DeleteFile("999999.sst").IsInvalidArgument());
  EXPECT_TRUE(db()->DeleteFile("nonsense").IsInvalidArgument());
}

TEST_F(FilesTest, SuggestCompactRangeKeepsTheData) {
  Open();
  PutTable({{"a", "1"}});
  PutTable({{"b", "1"}});
  ASSERT_OK(db()->SuggestCompactRange(Family(0), nullptr, nullptr));
  EXPECT_EQ("a=1 b=1", Scan());
}

TEST_F(FilesTest, PromoteL0MovesWhatDoesNotOverlap) {
  Open();
  PutTable({{"a", "1"}});
  PutTable({{"b", "1"}});
  ASSERT_OK(db()->PromoteL0(Family(0), 2));
  EXPECT_EQ("0,0,2", Levels());
  EXPECT_EQ("a=1 b=1", Scan());
}

TEST_F(FilesTest, PromoteL0RefusesWhatOverlaps) {
  Open();
  PutTable({{"a", "1"}, {"c", "1"}});
  PutTable({{"b", "1"}});
  EXPECT_TRUE(db()->PromoteL0(Family(0), 2).IsInvalidArgument());
  EXPECT_EQ("2", Levels());
}

TEST_F(FilesTest, CreationTimeOfTheOldestFile) {
  Open();
  PutTable({{"a", "1"}});
  uint64_t seconds = 0;
  ASSERT_OK(db()->GetCreationTimeOfOldestFile(&seconds));
  EXPECT_GT(seconds, 1'600'000'000u);
}

TEST_F(FilesTest, ResetStatsBeginsAnew) {
  Open();
  PutTable({{"a", "1"}});
  ASSERT_OK(db()->ResetStats());
  std::map<std::string, std::string> map;
  ASSERT_TRUE(db()->GetMapProperty(DB::Properties::kDBStats, &map));
  EXPECT_EQ("0", map["db.user_keys_written"]);
}

// A crash leaves files behind that no MANIFEST knows. They are deleted by name in the background, so a new file must
// not bear one of their names, in whichever directory they lie.
TEST_F(FilesTest, NumbersOfLeftoversAreNotUsedAgain) {
  options_.wal_dir = Path() + "/logs";
  options_.db_paths = {{Path() + "/first", 1 << 30}, {Path() + "/second", 1 << 30}};
  Open();
  PutTable({{"a", "1"}});
  Close();
  constexpr int kLeftovers = 60;
  const auto name_of = [](int number) {
    char name[24];
    std::snprintf(name, sizeof(name), "/%06d.sst", number);
    return std::string(name);
  };
  for (int number = 5; number < kLeftovers; ++number) {
    const std::string path = Path() + "/first" + name_of(number);
    if (!std::filesystem::exists(path)) std::ofstream(path) << "left over";
  }
  Open();
  PutTable({{"b", "1"}});
  PutTable({{"c", "1"}});
  ASSERT_EQ(3u, TablesAt(0).size());
  EXPECT_LT(name_of(kLeftovers - 1), TablesAt(0)[0]);
  EXPECT_LT(name_of(kLeftovers - 1), TablesAt(0)[1]);
  EXPECT_TRUE(Eventually([&] { return !std::filesystem::exists(Path() + "/first" + name_of(kLeftovers - 1)); }));
  Reopen();
  EXPECT_EQ("a=1 b=1 c=1", Scan());
}

// ---------------------------------------------------------------- blob files

class BlobFilesTest : public DbTest {
 protected:
  BlobFilesTest() {
    options_.enable_blob_files = true;
    options_.min_blob_size = 100;
    options_.disable_auto_compactions = true;
  }
};

TEST_F(BlobFilesTest, LargeValuesGoThereSmallOnesStay) {
  Open();
  PutTable({{"large", std::string(1000, 'x')}, {"small", "s"}});
  EXPECT_EQ(1u, FilesEndingIn(".blob").size());
  EXPECT_EQ(std::string(1000, 'x'), Get("large"));
  EXPECT_EQ("s", Get("small"));
  EXPECT_EQ("large=" + std::string(1000, 'x') + " small=s", Scan());
  EXPECT_EQ("small=s large=" + std::string(1000, 'x'), ScanBack());
}

TEST_F(BlobFilesTest, SmallValuesAloneMakeNoFile) {
  Open();
  PutTable({{"a", "1"}});
  EXPECT_TRUE(FilesEndingIn(".blob").empty());
  EXPECT_EQ(0u, IntProperty(DB::Properties::kNumBlobFiles));
}

TEST_F(BlobFilesTest, TheySurviveReopening) {
  Open();
  PutTable({{"a", RandomBytes(1000, 1)}});
  Reopen();
  EXPECT_EQ(RandomBytes(1000, 1), Get("a"));
  options_.enable_blob_files = false;
  Reopen();
  EXPECT_EQ(RandomBytes(1000, 1), Get("a"));
}

TEST_F(BlobFilesTest, PropertiesAndMetadataTellOfThem) {
  Open();
  PutTable({{"a", RandomBytes(1000, 1)}});
  const std::string name = FilesEndingIn(".blob").at(0);
  EXPECT_EQ(1u, IntProperty(DB::Properties::kNumBlobFiles));
  EXPECT_EQ(ReadFile(name).size(), IntProperty(DB::Properties::kTotalBlobFileSize));
  EXPECT_EQ(ReadFile(name).size(), IntProperty(DB::Properties::kLiveBlobFileSize));
  EXPECT_EQ(0u, IntProperty(DB::Properties::kLiveBlobFileGarbageSize));
  ColumnFamilyMetaData family;
  db()->GetColumnFamilyMetaData(&family);
  ASSERT_EQ(1u, family.blob_file_count);
  EXPECT_EQ(name, family.blob_files[0].blob_file_name.substr(family.blob_files[0].blob_file_name.size() - name.size()));
  EXPECT_EQ(1u, family.blob_files[0].total_blob_count);
}

TEST_F(BlobFilesTest, OverwrittenValuesBecomeGarbage) {
  Open();
  PutTable({{"a", RandomBytes(1000, 1)}, {"b", RandomBytes(1000, 2)}});
  PutTable({{"a", RandomBytes(1000, 3)}, {"b", "small"}});
  Compact();
  EXPECT_EQ(RandomBytes(1000, 3), Get("a"));
  EXPECT_EQ("small", Get("b"));
  EXPECT_TRUE(Eventually([this] { return FilesEndingIn(".blob").size() == 1; }));
}

TEST_F(BlobFilesTest, GarbageCollectionRewritesOldFiles) {
  options_.enable_blob_garbage_collection = true;
  options_.blob_garbage_collection_age_cutoff = 1.0;
  Open();
  PutTable({{"a", RandomBytes(1000, 1)}, {"b", RandomBytes(1000, 2)}});
  PutTable({{"a", RandomBytes(1000, 3)}, {"c", RandomBytes(1000, 4)}});
  const std::vector<std::string> before = FilesEndingIn(".blob");
  Compact();
  EXPECT_TRUE(Eventually([&] {
    const std::vector<std::string> now = FilesEndingIn(".blob");
    return now.size() == 1 && now[0] > before[1];
  }));
  EXPECT_EQ(RandomBytes(1000, 2), Get("b"));
  EXPECT_EQ(RandomBytes(1000, 3), Get("a"));
}

TEST_F(BlobFilesTest, CompressedOnesReadTheSame) {
  for (const CompressionType type : {kSnappyCompression, kLZ4Compression, kZSTD}) {
    options_.blob_compression_type = type;
    Open();
    PutTable({{"a", std::string(5000, 'x')}});
    EXPECT_EQ(std::string(5000, 'x'), Get("a"));
    Close();
  }
}

TEST_F(BlobFilesTest, BlobFileSizeCutsFiles) {
  options_.blob_file_size = 3000;
  Open();
  for (int i = 0; i < 10; ++i) ASSERT_OK(Put(Key(i), RandomBytes(1000, static_cast<uint32_t>(i))));
  Flush();
  EXPECT_GE(FilesEndingIn(".blob").size(), 3u);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(RandomBytes(1000, static_cast<uint32_t>(i)), Get(Key(i)));
}

TEST_F(BlobFilesTest, MultiGetReadsThem) {
  Open();
  PutTable({{"a", RandomBytes(1000, 1)}, {"b", "s"}, {"c", RandomBytes(1000, 3)}});
  std::vector<std::string> values;
  const std::vector<Status> statuses = db()->MultiGet(ReadOptions(), {"a", "b", "c", "d"}, &values);
  EXPECT_EQ(RandomBytes(1000, 1), values[0]);
  EXPECT_EQ("s", values[1]);
  EXPECT_EQ(RandomBytes(1000, 3), values[2]);
  EXPECT_TRUE(statuses[3].IsNotFound());
}

TEST_F(BlobFilesTest, MergesStandOnThem) {
  ASSERT_OK(MergeOperator::CreateFromString(ConfigOptions(), "stringappend", &options_.merge_operator));
  Open();
  PutTable({{"a", std::string(200, 'x')}});
  ASSERT_OK(Merge("a", "y"));
  EXPECT_EQ(std::string(200, 'x') + ",y", Get("a"));
  EXPECT_EQ("a=" + std::string(200, 'x') + ",y", Scan());
  Flush();
  Compact();
  EXPECT_EQ(std::string(200, 'x') + ",y", Get("a"));
}

TEST_F(BlobFilesTest, StartingLevelHoldsThemBack) {
  options_.blob_file_starting_level = 1;
  Open();
  PutTable({{"a", RandomBytes(1000, 1)}, {"b", "1"}});
  PutTable({{"a", RandomBytes(1000, 2)}, {"b", "1"}});
  EXPECT_TRUE(FilesEndingIn(".blob").empty());
  Compact();
  EXPECT_EQ(1u, FilesEndingIn(".blob").size());
  EXPECT_EQ(RandomBytes(1000, 2), Get("a"));
}

TEST_F(BlobFilesTest, SetOptionsTurnsThemOn) {
  options_.enable_blob_files = false;
  Open();
  PutTable({{"a", RandomBytes(1000, 1)}});
  EXPECT_TRUE(FilesEndingIn(".blob").empty());
  ASSERT_OK(db()->SetOptions({{"enable_blob_files", "true"}}));
  PutTable({{"b", RandomBytes(1000, 1)}});
  EXPECT_EQ(1u, FilesEndingIn(".blob").size());
}

}  // namespace gneiss::conformance
