// Table properties, checksums, wide columns, thread status names, and other small public values.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/compaction_job_stats.h>
#include <rocksdb/convenience.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/memory_allocator.h>
#include <rocksdb/table_properties.h>
#include <rocksdb/thread_status.h>
#include <rocksdb/version.h>
#include <rocksdb/wide_columns.h>

#include <memory>
#include <string>
#include <vector>

namespace rocksdb {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Version, IsTheOneWeStandInFor) {
  EXPECT_EQ("7.8.3", GetRocksVersionAsString());
  EXPECT_EQ("7.8", GetRocksVersionAsString(false));
  EXPECT_EQ("ldb (RocksDB) 7.8.3", GetRocksBuildInfoAsString("ldb"));
  EXPECT_THAT(GetRocksBuildInfoAsString("ldb", true), StartsWith("ldb (RocksDB) 7.8.3\n    rocksdb_build_git_tag: "));
}

TEST(TableProperties, PrintsAllOfThem) {
  TableProperties properties;
  properties.num_data_blocks = 2;
  properties.num_entries = 4;
  properties.raw_key_size = 10;
  properties.data_size = 100;
  properties.index_size = 20;
  properties.filter_size = 3;
  properties.index_key_is_user_key = 1;
  properties.comparator_name = "leveldb.BytewiseComparator";
  const std::string text = properties.ToString();
  EXPECT_THAT(text, StartsWith("# data blocks=2; # entries=4; # deletions=0; # merge operands=0; # range deletions=0; "
                               "raw key size=10; raw average key size=2.500000; raw value size=0; "
                               "raw average value size=0.000000; data block size=100; "
                               "index block size (user-key? 1, delta-value? 0)=20; filter block size=3; "
                               "# entries for filter=0; (estimated) table size=123; filter policy name=N/A; "));
  EXPECT_THAT(text, HasSubstr("column family ID=N/A; column family name=N/A; "
                              "comparator name=leveldb.BytewiseComparator; merge operator name=N/A; "));
  EXPECT_THAT(text, HasSubstr("original file number=0; unique ID=N/A; Sequence number to time mapping=; "));
  properties.index_partitions = 5;
  EXPECT_THAT(properties.ToString("\n", ": "), HasSubstr("# index partitions: 5\ntop-level index size: 0\n"));
  properties.seqno_to_time_mapping = std::string("\x02\x05\x0a\x01\x02", 5);
  EXPECT_THAT(properties.ToString(), HasSubstr("Sequence number to time mapping=5->10,6->12,; "));
  properties.seqno_to_time_mapping = std::string("\x02\x05", 2);
  EXPECT_THAT(properties.ToString(), HasSubstr("Sequence number to time mapping=N/A; "));
}

TEST(TableProperties, AddUp) {
  TableProperties sum;
  TableProperties one;
  one.num_entries = 3;
  one.data_size = 7;
  one.index_key_is_user_key = 1;
  sum.Add(one);
  sum.Add(one);
  EXPECT_EQ(6u, sum.num_entries);
  EXPECT_EQ(2u, sum.index_key_is_user_key);
  const auto map = sum.GetAggregatablePropertiesAsMap();
  EXPECT_EQ(15u, map.size());
  EXPECT_EQ(14u, map.at("data_size"));
  one.db_id = "0123456789";
  EXPECT_EQ(TableProperties().ApproximateMemoryUsage() + 10, one.ApproximateMemoryUsage());
}

TEST(TableProperties, FindCountersOfTheCollector) {
  UserCollectedProperties properties;
  bool is_present = true;
  EXPECT_EQ(0u, GetDeletedKeys(properties));
  EXPECT_EQ(0u, GetMergeOperands(properties, &is_present));
  EXPECT_FALSE(is_present);
  properties["rocksdb.deleted.keys"] = "\x07";
  properties["rocksdb.merge.operands"] = std::string("\x80\x01", 2);
  EXPECT_EQ(7u, GetDeletedKeys(properties));
  EXPECT_EQ(128u, GetMergeOperands(properties, &is_present));
  EXPECT_TRUE(is_present);
}

TEST(FileChecksum, IsCrc32cBigEndian) {
  const auto factory = GetFileChecksumGenCrc32cFactory();
  EXPECT_STREQ("FileChecksumGenCrc32cFactory", factory->Name());
  FileChecksumGenContext context;
  auto generator = factory->CreateFileChecksumGenerator(context);
  EXPECT_STREQ(kStandardDbFileChecksumFuncName, generator->Name());
  generator->Update("12345", 5);
  generator->Update("6789", 4);
  generator->Finalize();
  EXPECT_EQ("\xe3\x06\x92\x83", generator->GetChecksum());
  context.requested_checksum_func_name = "another";
  EXPECT_EQ(nullptr, factory->CreateFileChecksumGenerator(context));
  std::shared_ptr<FileChecksumGenFactory> made;
  EXPECT_TRUE(FileChecksumGenFactory::CreateFromString(ConfigOptions(), factory->Name(), &made).ok());
  EXPECT_EQ(factory, made);
}

TEST(FileChecksum, ListInsertsFindsAndRemoves) {
  const std::unique_ptr<FileChecksumList> list(NewFileChecksumList());
  EXPECT_TRUE(list->InsertOneFileChecksum(5, "a", "f").ok());
  EXPECT_TRUE(list->InsertOneFileChecksum(5, "b", "g").ok());
  EXPECT_EQ(1u, list->size());
  std::string checksum;
  std::string function;
  EXPECT_TRUE(list->SearchOneFileChecksum(5, &checksum, &function).ok());
  EXPECT_EQ("b", checksum);
  EXPECT_EQ("g", function);
  EXPECT_TRUE(list->SearchOneFileChecksum(6, &checksum, &function).IsNotFound());
  EXPECT_TRUE(list->SearchOneFileChecksum(5, nullptr, &function).IsInvalidArgument());
  std::vector<uint64_t> numbers;
  std::vector<std::string> checksums;
  std::vector<std::string> functions;
  EXPECT_TRUE(list->GetAllFileChecksums(&numbers, &checksums, &functions).ok());
  EXPECT_EQ(std::vector<uint64_t>{5}, numbers);
  EXPECT_TRUE(list->RemoveOneFileChecksum(5).ok());
  EXPECT_TRUE(list->RemoveOneFileChecksum(5).IsNotFound());
  EXPECT_TRUE(list->InsertOneFileChecksum(6, "a", "f").ok());
  list->reset();
  EXPECT_EQ(0u, list->size());
}

TEST(WideColumns, DecodesNamesAndValues) {
  // Version 1, two columns: "" of 2 bytes, "col" of 1 byte.
  const std::string encoded(
      "\x01\x02\x00\x02\x03"
      "col\x01"
      "xyz",
      12);
  PinnableWideColumns columns;
  ASSERT_TRUE(columns.SetWideColumnValue(encoded).ok());
  EXPECT_EQ((WideColumns{{kDefaultWideColumnName, "xy"}, {"col", "z"}}), columns.columns());
  columns.Reset();
  EXPECT_EQ(kNoWideColumns, columns.columns());
  columns.SetPlainValue("plain");
  EXPECT_EQ((WideColumns{{"", "plain"}}), columns.columns());
}

TEST(WideColumns, RejectsWhatItCannotDecode) {
  PinnableWideColumns columns;
  const auto status_of = [&columns](const std::string& encoded) {
    columns.Reset();
    return columns.SetWideColumnValue(encoded).ToString();
  };
  EXPECT_EQ("Corruption: Error decoding wide column version", status_of(""));
  EXPECT_EQ("Not implemented: Unsupported wide column version", status_of("\x02"));
  EXPECT_EQ("Corruption: Error decoding number of wide columns", status_of("\x01"));
  EXPECT_EQ("Corruption: Error decoding wide column name", status_of(std::string("\x01\x01\x05", 3)));
  EXPECT_EQ("Corruption: Error decoding wide column value size", status_of(std::string("\x01\x01\x01"
                                                                                       "a",
                                                                                       4)));
  EXPECT_EQ("Corruption: Error decoding wide column value payload", status_of(std::string("\x01\x01\x01"
                                                                                          "a\x02x",
                                                                                          6)));
  EXPECT_EQ("Corruption: Wide columns out of order", status_of(std::string("\x01\x02\x01"
                                                                           "b\x00\x01"
                                                                           "a\x00",
                                                                           8)));
  EXPECT_EQ("OK", status_of(std::string("\x01\x00", 2)));
}

TEST(CompactionJobStats, ResetAndAdd) {
  CompactionJobStats sum;
  CompactionJobStats one;
  one.num_input_records = 3;
  one.num_output_files = 2;
  one.num_single_del_mismatch = 1;
  one.is_manual_compaction = true;
  one.smallest_output_key_prefix = "a";
  sum.Add(one);
  sum.Add(one);
  EXPECT_EQ(6u, sum.num_input_records);
  EXPECT_EQ(4u, sum.num_output_files);
  EXPECT_EQ(2u, sum.num_single_del_mismatch);
  EXPECT_FALSE(sum.is_manual_compaction);
  one.Reset();
  EXPECT_EQ(0u, one.num_input_records);
  EXPECT_EQ("", one.smallest_output_key_prefix);
}

TEST(ThreadStatus, NamesEverything) {
  EXPECT_EQ("High Pri", ThreadStatus::GetThreadTypeName(ThreadStatus::HIGH_PRIORITY));
  EXPECT_EQ("Bottom Pri", ThreadStatus::GetThreadTypeName(ThreadStatus::BOTTOM_PRIORITY));
  EXPECT_EQ("Unknown", ThreadStatus::GetThreadTypeName(ThreadStatus::NUM_THREAD_TYPES));
  EXPECT_EQ("Compaction", ThreadStatus::GetOperationName(ThreadStatus::OP_COMPACTION));
  EXPECT_EQ("", ThreadStatus::GetOperationName(static_cast<ThreadStatus::OperationType>(77)));
  EXPECT_EQ("CompactionJob::Run", ThreadStatus::GetOperationStageName(ThreadStatus::STAGE_COMPACTION_RUN));
  EXPECT_EQ("Mutex Wait", ThreadStatus::GetStateName(ThreadStatus::STATE_MUTEX_WAIT));
  EXPECT_EQ("BytesMemtables", ThreadStatus::GetOperationPropertyName(ThreadStatus::OP_FLUSH, 1));
  EXPECT_EQ("", ThreadStatus::GetOperationPropertyName(ThreadStatus::OP_FLUSH, 3));
  EXPECT_EQ("", ThreadStatus::GetOperationPropertyName(ThreadStatus::OP_UNKNOWN, 0));
  EXPECT_EQ("", ThreadStatus::MicrosToString(0));
  EXPECT_EQ("9999 us", ThreadStatus::MicrosToString(9999));
  EXPECT_EQ("12.345 ms", ThreadStatus::MicrosToString(12345));
  EXPECT_EQ("12.346 sec", ThreadStatus::MicrosToString(12'345'678));
  EXPECT_EQ("02:3.500 M:S", ThreadStatus::MicrosToString(123'500'000));
  EXPECT_EQ("01:00:1.000 H:M:S", ThreadStatus::MicrosToString(3'601'000'000));
}

TEST(ThreadStatus, TakesPropertiesApart) {
  const uint64_t properties[ThreadStatus::kNumOperationProperties] = {9, (uint64_t{1} << 32) | 2, 2 | 8, 30, 40, 50};
  const std::map<std::string, uint64_t> expected = {
      {"JobID", 9},         {"BaseInputLevel", 1},   {"OutputLevel", 2}, {"IsManual", 1},     {"IsDeletion", 0},
      {"IsTrivialMove", 1}, {"TotalInputBytes", 30}, {"BytesRead", 40},  {"BytesWritten", 50}};
  EXPECT_EQ(expected, ThreadStatus::InterpretOperationProperties(ThreadStatus::OP_COMPACTION, properties));
  EXPECT_TRUE(ThreadStatus::InterpretOperationProperties(ThreadStatus::OP_UNKNOWN, properties).empty());
}

TEST(MemoryAllocator, JemallocIsNotBuiltTheDefaultIs) {
  JemallocAllocatorOptions options;
  std::shared_ptr<MemoryAllocator> allocator;
  EXPECT_TRUE(NewJemallocNodumpAllocator(options, &allocator).IsNotSupported());
  EXPECT_TRUE(NewJemallocNodumpAllocator(options, nullptr).IsInvalidArgument());
  ASSERT_TRUE(MemoryAllocator::CreateFromString(ConfigOptions(), "DefaultMemoryAllocator", &allocator).ok());
  ASSERT_NE(nullptr, allocator);
  void* const memory = allocator->Allocate(100);
  EXPECT_NE(nullptr, memory);
  allocator->Deallocate(memory);
}

}  // namespace
}  // namespace rocksdb
