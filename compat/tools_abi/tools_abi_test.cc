// What db_bench and cache_bench call, pinned by values that RocksDB 7.8.3 computed.
#include <gtest/gtest.h>
#include <rocksdb/table_properties.h>

#include <thread>

#include "compat/adapters/bucket_histogram.h"
#include "compat/tools_abi/counted_file_system.h"
#include "compat/tools_abi/histogram.h"
#include "compat/tools_abi/internals.h"
#include "compat/tools_abi/port.h"
#include "compat/tools_abi/tool_objects.h"

namespace rocksdb {

namespace {

TEST(Internals, SplitsAsGetlineDoes) {
  EXPECT_EQ((std::vector<std::string>{"a", "b", "", "c"}), StringSplit("a,b,,c,", ','));
  EXPECT_TRUE(StringSplit("", ',').empty());
}

TEST(Internals, PrintsSizes) {
  EXPECT_EQ("0.00 KB", BytesToHumanString(0));
  EXPECT_EQ("1.50 KB", BytesToHumanString(1536));
  EXPECT_EQ("5.00 TB", BytesToHumanString(uint64_t{5} << 40));
}

TEST(Internals, HashesAsRocksDb) { EXPECT_EQ(0xe5f7b82156a07a14u, Hash64("hello world", 11)); }

TEST(Internals, DrawsRocksDbsStrings) {
  // A Random is its seed.
  uint32_t seed = 301;
  auto* random = reinterpret_cast<Random*>(&seed);
  EXPECT_EQ("^{Vhz\"!/%wMZ;'a F/RE", random->RandomString(20));
  std::string text;
  EXPECT_EQ("ZJ4Tw@%NXxZJ4Tw@%NXxZJ4Tw@%NXxZJ4Tw@%NXx", test::CompressibleString(random, 0.25, 40, &text).ToString());
  EXPECT_EQ(125346318u, seed);
}

TEST(Internals, MakesRocksDbsCacheKeys) {
  TableProperties properties;
  properties.db_id = "f4a1c0de-0001-4c3b-9a77-000000000042";
  properties.db_session_id = "5TAQQKUZJ5YQGZL9C3AD";
  properties.orig_file_number = 77;
  OffsetableCacheKey key;
  bool is_stable;
  BlockBasedTable::SetupBaseCacheKey(&properties, "X", 3, &key, &is_stable);
  EXPECT_TRUE(is_stable);
  EXPECT_EQ(0xc77250e6b65fc359u, key.file());
  EXPECT_EQ(0xa517c8e82a6440c7u, key.offset());
  BlockBasedTable::SetupBaseCacheKey(nullptr, "5TAQQKUZJ5YQGZL9C3AE", 3, &key, &is_stable);
  EXPECT_FALSE(is_stable);
  EXPECT_EQ(0x338b006703be3cadu, key.file());
  EXPECT_EQ(0x6517c8e82a6440c7u, key.offset());
  BlockBasedTable::SetupBaseCacheKey(nullptr, "short", 3, &key, &is_stable);
  EXPECT_EQ(0x5f03fb24e67acdebu, key.file());
  EXPECT_EQ(0x917bfb97ab480e48u, key.offset());
}

TEST(Histogram, AgreesWithTheLibrarysOwn) {
  HistogramImpl histogram;
  HistogramImpl half;
  gneiss::compat::BucketHistogram own;
  for (uint64_t i = 1; i <= 1000; ++i) {
    const uint64_t value = i * i % 7919;
    (i % 2 == 0 ? histogram : half).Add(value);
    own.Add(value);
  }
  histogram.Merge(half);
  EXPECT_EQ(own.ToString(), histogram.ToString());
  EXPECT_EQ(1000u, histogram.num());
  EXPECT_DOUBLE_EQ(own.Percentile(99.9), histogram.Percentile(99.9));
  histogram.Clear();
  EXPECT_TRUE(histogram.Empty());
}

TEST(BytesXor, KeepsTheLongerTail) {
  const BytesXOROperator xor_operator;
  std::string value;
  const Slice existing("\x01\x02\x03", 3);
  xor_operator.XOR(&existing, Slice("\x01\x03", 2), &value);
  EXPECT_EQ(std::string("\x00\x01\x03", 3), value);
  xor_operator.XOR(nullptr, "new", &value);
  EXPECT_EQ("new", value);
}

TEST(SortList, ReadsNumbers) {
  std::vector<int> numbers;
  SortList().MakeVector(numbers, "1,-5,30");
  EXPECT_EQ((std::vector<int>{1, -5, 30}), numbers);
}

TEST(MutableOptions, KnowsFileSizesPerLevel) {
  Options options;
  options.num_levels = 4;
  options.target_file_size_base = 100;
  options.target_file_size_multiplier = 3;
  const MutableCFOptions mutable_options(options);
  EXPECT_EQ(100u, MaxFileSizeForLevel(mutable_options, 0, kCompactionStyleLevel, 1, false));
  EXPECT_EQ(100u, MaxFileSizeForLevel(mutable_options, 1, kCompactionStyleLevel, 1, false));
  EXPECT_EQ(900u, MaxFileSizeForLevel(mutable_options, 3, kCompactionStyleLevel, 1, false));
  EXPECT_EQ(100u, MaxFileSizeForLevel(mutable_options, 3, kCompactionStyleLevel, 2, true));
}

TEST(CountedFileSystem, CountsWhatPasses) {
  std::unique_ptr<Env> memory(NewMemEnv(Env::Default()));
  auto counted = std::make_shared<CountedFileSystem>(memory->GetFileSystem());
  ASSERT_TRUE(WriteStringToFile(counted.get(), "twelve bytes", "/file").ok());
  std::string whole;
  ASSERT_TRUE(ReadFileToString(counted.get(), "/file", &whole).ok());
  ASSERT_TRUE(counted->DeleteFile("/file", IOOptions(), nullptr).ok());
  const auto* counters = static_cast<const FileOpCounters*>(counted->GetOptionsPtr("FileOpCounters"));
  EXPECT_EQ(2, counters->opens);
  EXPECT_EQ(2, counters->closes);
  EXPECT_EQ(1, counters->deletes);
  EXPECT_EQ(12u, counters->writes.bytes);
  EXPECT_EQ(12u, counters->reads.bytes);
  EXPECT_NE(std::string::npos, counters->PrintCounters().find("Num bytes written: 12\n"));
}

TEST(Port, WakesAWaiter) {
  port::Mutex mutex(false);
  port::CondVar condition(&mutex);
  bool is_set = false;
  std::thread setter([&] {
    mutex.Lock();
    is_set = true;
    condition.SignalAll();
    mutex.Unlock();
  });
  mutex.Lock();
  while (!is_set) condition.Wait();
  EXPECT_TRUE(condition.TimedWait(1));  // a time long past
  mutex.Unlock();
  setter.join();
}

}  // namespace
}  // namespace rocksdb
