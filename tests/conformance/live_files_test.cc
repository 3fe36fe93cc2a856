// Live files, their metadata, table properties by file and by range.

#include <rocksdb/convenience.h>
#include <rocksdb/file_checksum.h>

#include <algorithm>
#include <ctime>

#include "tests/conformance/db_test.h"

namespace gneiss::conformance {

class LiveFilesTest : public DbTest {
 protected:
  std::vector<LiveFileMetaData> Live() {
    std::vector<LiveFileMetaData> files;
    db()->GetLiveFilesMetaData(&files);
    return files;
  }
};

TEST_F(LiveFilesTest, MetadataOfATable) {
  Open();
  PutTable({{"a", "1"}, {"c", "3"}});
  ASSERT_OK(Delete("b"));
  Flush();
  std::vector<LiveFileMetaData> files = Live();
  ASSERT_EQ(2u, files.size());
  std::sort(files.begin(), files.end(), [](const auto& x, const auto& y) { return x.file_number < y.file_number; });
  EXPECT_EQ("default", files[0].column_family_name);
  EXPECT_EQ(0, files[0].level);
  EXPECT_EQ("a", files[0].smallestkey);
  EXPECT_EQ("c", files[0].largestkey);
  EXPECT_EQ(1u, files[0].smallest_seqno);
  EXPECT_EQ(2u, files[0].largest_seqno);
  EXPECT_EQ(2u, files[0].num_entries);
  EXPECT_EQ(0u, files[0].num_deletions);
  EXPECT_EQ(1u, files[1].num_deletions);
  EXPECT_FALSE(files[0].being_compacted);
  EXPECT_EQ(kTableFile, files[0].file_type);
  EXPECT_EQ(Path(), files[0].db_path);
  EXPECT_EQ(Path(), files[0].directory);
  EXPECT_EQ("/" + files[0].relative_filename, files[0].name);
  EXPECT_EQ(ReadFile(files[0].relative_filename).size(), files[0].size);
  EXPECT_EQ(files[0].file_number, std::stoull(files[0].relative_filename));
  EXPECT_EQ("", files[0].file_checksum);
  EXPECT_EQ("Unknown", files[0].file_checksum_func_name);
  EXPECT_GT(files[0].file_creation_time, 1'600'000'000u);
}

TEST_F(LiveFilesTest, MetadataCoversFamilies) {
  OpenWith({"one"});
  PutTable({{"a", "1"}}, 0);
  PutTable({{"b", "1"}}, 1);
  std::string names;
  for (const LiveFileMetaData& file : Live()) names += file.column_family_name + " ";
  EXPECT_TRUE(names == "default one " || names == "one default ") << names;
}

TEST_F(LiveFilesTest, MetadataIsAddedToWhatIsThere) {
  Open();
  PutTable({{"a", "1"}});
  std::vector<LiveFileMetaData> files;
  db()->GetLiveFilesMetaData(&files);
  db()->GetLiveFilesMetaData(&files);
  ASSERT_EQ(2u, files.size());
  EXPECT_EQ(files[0].name, files[1].name);
}

TEST_F(LiveFilesTest, MetadataOfNothingIsEmpty) {
  Open();
  EXPECT_TRUE(Live().empty());
  ColumnFamilyMetaData family;
  db()->GetColumnFamilyMetaData(&family);
  EXPECT_EQ(0u, family.size);
  EXPECT_EQ(0u, family.file_count);
  EXPECT_EQ("default", family.name);
  EXPECT_EQ(7u, family.levels.size());
}

TEST_F(LiveFilesTest, ColumnFamilyMetaDataByLevel) {
  Open();
  PutTable({{"a", "1"}, {"b", "1"}});
  PutTable({{"a", "2"}, {"b", "2"}});
  Compact();
  PutTable({{"c", "3"}});
  ColumnFamilyMetaData family;
  db()->GetColumnFamilyMetaData(Family(0), &family);
  EXPECT_EQ(2u, family.file_count);
  ASSERT_EQ(7u, family.levels.size());
  EXPECT_EQ(1u, family.levels[0].files.size());
  EXPECT_EQ(1u, family.levels[1].files.size());
  EXPECT_EQ(0, family.levels[0].level);
  EXPECT_EQ(family.size, family.levels[0].size + family.levels[1].size);
  EXPECT_EQ("a", family.levels[1].files[0].smallestkey);
  EXPECT_EQ("b", family.levels[1].files[0].largestkey);
}

TEST_F(LiveFilesTest, AllColumnFamilyMetaData) {
  OpenWith({"one"});
  PutTable({{"a", "1"}}, 1);
  std::vector<ColumnFamilyMetaData> families;
  db()->GetAllColumnFamilyMetaData(&families);
  ASSERT_EQ(2u, families.size());
  size_t count = 0;
  for (const ColumnFamilyMetaData& family : families) count += family.file_count;
  EXPECT_EQ(1u, count);
}

TEST_F(LiveFilesTest, GetLiveFilesNamesWhatABackupNeeds) {
  Open();
  PutTable({{"a", "1"}});
  ASSERT_OK(Put("b", "2"));
  std::vector<std::string> names;
  uint64_t manifest_bytes = 0;
  ASSERT_OK(db()->GetLiveFiles(names, &manifest_bytes, true));
  std::string kinds;
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    EXPECT_EQ('/', name[0]);
    kinds += name.substr(1, 3) + " ";
    EXPECT_NE("", ReadFile(name.substr(1))) << name;
  }
  EXPECT_EQ(5u, names.size()) << kinds;  // two tables, CURRENT, MANIFEST, OPTIONS
  EXPECT_GT(manifest_bytes, 0u);
}

TEST_F(LiveFilesTest, GetLiveFilesWithoutFlush) {
  Open();
  ASSERT_OK(Put("b", "2"));
  std::vector<std::string> names;
  uint64_t manifest_bytes = 0;
  ASSERT_OK(db()->GetLiveFiles(names, &manifest_bytes, false));
  EXPECT_EQ(3u, names.size());
  EXPECT_EQ("", Levels());
}

TEST_F(LiveFilesTest, PropertiesOfAllTables) {
  Open();
  PutTable({{"a", "1"}, {"b", "22"}});
  TablePropertiesCollection tables;
  ASSERT_OK(db()->GetPropertiesOfAllTables(&tables));
  ASSERT_EQ(1u, tables.size());
  EXPECT_EQ(Path() + "/" + FilesEndingIn(".sst").at(0), tables.begin()->first);
  const TableProperties& table = *tables.begin()->second;
  EXPECT_EQ(2u, table.num_entries);
  EXPECT_EQ(18u, table.raw_key_size);
  EXPECT_EQ(3u, table.raw_value_size);
  EXPECT_EQ(1u, table.num_data_blocks);
  EXPECT_EQ(0u, table.num_deletions);
  EXPECT_EQ(0u, table.num_merge_operands);
  EXPECT_EQ(0u, table.num_range_deletions);
  EXPECT_EQ("default", table.column_family_name);
  EXPECT_EQ(0u, table.column_family_id);
  EXPECT_EQ("leveldb.BytewiseComparator", table.comparator_name);
  EXPECT_EQ("nullptr", table.merge_operator_name);
  EXPECT_EQ("nullptr", table.prefix_extractor_name);
  EXPECT_EQ("Snappy", table.compression_name);
  EXPECT_EQ("[]", table.property_collectors_names);
  EXPECT_EQ("", table.filter_policy_name);
  EXPECT_EQ(0u, table.filter_size);
  EXPECT_GT(table.index_size, 0u);
  EXPECT_GT(table.data_size, 0u);
  EXPECT_GT(table.creation_time, 1'600'000'000u);
  std::string db_id, session_id;
  ASSERT_OK(db()->GetDbIdentity(db_id));
  ASSERT_OK(db()->GetDbSessionId(session_id));
  EXPECT_EQ(db_id, table.db_id);
  EXPECT_EQ(session_id, table.db_session_id);
  EXPECT_EQ(std::stoull(FilesEndingIn(".sst").at(0)), table.orig_file_number);
}

TEST_F(LiveFilesTest, ATableTellsWhenItsOldestKeyWasWritten) {
  Open();
  const auto before = static_cast<uint64_t>(std::time(nullptr));
  ASSERT_OK(Put("a", "1"));
  const auto after = static_cast<uint64_t>(std::time(nullptr));
  ASSERT_OK(Put("b", "1"));
  Flush();
  TablePropertiesCollection tables;
  ASSERT_OK(db()->GetPropertiesOfAllTables(&tables));
  ASSERT_EQ(1u, tables.size());
  const TableProperties& table = *tables.begin()->second;
  EXPECT_GE(table.oldest_key_time, before);
  EXPECT_LE(table.oldest_key_time, after + 1);  // time() may be a tick behind other clocks
  EXPECT_EQ(table.creation_time, table.oldest_key_time);
  EXPECT_GE(table.file_creation_time, table.oldest_key_time);
}

TEST_F(LiveFilesTest, PropertiesOfTablesInRanges) {
  options_.disable_auto_compactions = true;
  Open();
  PutTable({{"a", "1"}});
  PutTable({{"c", "1"}});
  PutTable({{"e", "1"}});
  TablePropertiesCollection tables;
  const Range ranges[] = {{"b", "d"}};
  ASSERT_OK(db()->GetPropertiesOfTablesInRange(Family(0), ranges, 1, &tables));
  EXPECT_EQ(1u, tables.size());
  tables.clear();
  const Range two[] = {{"a", "b"}, {"d", "f"}};
  ASSERT_OK(db()->GetPropertiesOfTablesInRange(Family(0), two, 2, &tables));
  EXPECT_EQ(2u, tables.size());
}

TEST_F(LiveFilesTest, TableKindsAreCounted) {
  options_.merge_operator = nullptr;
  ASSERT_OK(MergeOperator::CreateFromString(ConfigOptions(), "stringappend", &options_.merge_operator));
  Open();
  ASSERT_OK(Put("a", "1"));
  ASSERT_OK(Delete("b"));
  ASSERT_OK(SingleDelete("c"));
  ASSERT_OK(Merge("d", "1"));
  ASSERT_OK(DeleteRange("x", "y"));
  Flush();
  TablePropertiesCollection tables;
  ASSERT_OK(db()->GetPropertiesOfAllTables(&tables));
  ASSERT_EQ(1u, tables.size());
  const TableProperties& table = *tables.begin()->second;
  EXPECT_EQ(5u, table.num_entries);
  EXPECT_EQ(3u, table.num_deletions);
  EXPECT_EQ(1u, table.num_merge_operands);
  EXPECT_EQ(1u, table.num_range_deletions);
  EXPECT_EQ("StringAppendOperator", table.merge_operator_name);
}

TEST_F(LiveFilesTest, FilterSizesAndPolicy) {
  TableOptions().filter_policy.reset(NewBloomFilterPolicy(10));
  UseTableOptions();
  Open();
  PutKeys(0, 99);
  Flush();
  TablePropertiesCollection tables;
  ASSERT_OK(db()->GetPropertiesOfAllTables(&tables));
  ASSERT_EQ(1u, tables.size());
  EXPECT_EQ("bloomfilter", tables.begin()->second->filter_policy_name);
  EXPECT_GE(tables.begin()->second->filter_size, 100u);
  EXPECT_EQ(100u, tables.begin()->second->num_filter_entries);
}

TEST_F(LiveFilesTest, SmallestAndLargestCoverRangeDeletions) {
  Open();
  ASSERT_OK(Put("m", "1"));
  ASSERT_OK(DeleteRange("a", "z"));
  Flush();
  const std::vector<LiveFileMetaData> files = Live();
  ASSERT_EQ(1u, files.size());
  EXPECT_EQ("a", files[0].smallestkey);
  EXPECT_EQ("z", files[0].largestkey);
}

TEST_F(LiveFilesTest, LiveFilesChecksumInfo) {
  Open();
  PutTable({{"a", "1"}});
  const std::unique_ptr<FileChecksumList> list(NewFileChecksumList());
  ASSERT_OK(db()->GetLiveFilesChecksumInfo(list.get()));
  EXPECT_EQ(1u, list->size());
}

}  // namespace gneiss::conformance
