// The smaller utilities: encryption, traces, aggregation, the simulated cache, deletion triggers.
#include <gtest/gtest.h>
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/env.h>
#include <rocksdb/env_encryption.h>
#include <rocksdb/sst_partitioner.h>
#include <rocksdb/trace_reader_writer.h>
#include <rocksdb/utilities/agg_merge.h>
#include <rocksdb/utilities/env_mirror.h>
#include <rocksdb/utilities/sim_cache.h>
#include <rocksdb/utilities/table_properties_collectors.h>

#include "engine/base/coding.h"

namespace {

using rocksdb::Env;
using rocksdb::EnvOptions;
using rocksdb::Slice;
using rocksdb::Status;

std::unique_ptr<Env> MemoryEnv() { return std::unique_ptr<Env>(rocksdb::NewMemEnv(Env::Default())); }

std::string Digits(size_t size) {
  std::string text;
  for (size_t i = 0; text.size() < size; ++i) text += std::to_string(i) + ";";
  return text.substr(0, size);
}

class Encryption : public ::testing::Test {
 protected:
  void SetUp() override {
    std::shared_ptr<rocksdb::EncryptionProvider> provider;
    ASSERT_TRUE(rocksdb::EncryptionProvider::CreateFromString(rocksdb::ConfigOptions(), "CTR://test", &provider).ok());
    env_.reset(rocksdb::NewEncryptedEnv(memory_.get(), provider));
  }

  std::unique_ptr<Env> memory_ = MemoryEnv();
  std::unique_ptr<Env> env_;
};

TEST_F(Encryption, ReadsBackWhatItWrote) {
  const std::string text = Digits(10000);
  std::unique_ptr<rocksdb::WritableFile> file;
  ASSERT_TRUE(env_->NewWritableFile("/file", &file, EnvOptions()).ok());
  for (size_t at = 0; at < text.size(); at += 777) ASSERT_TRUE(file->Append(text.substr(at, 777)).ok());
  ASSERT_TRUE(file->Close().ok());

  std::string whole;
  ASSERT_TRUE(rocksdb::ReadFileToString(env_.get(), "/file", &whole).ok());
  EXPECT_EQ(text, whole);
  uint64_t size;
  ASSERT_TRUE(env_->GetFileSize("/file", &size).ok());
  EXPECT_EQ(text.size(), size);

  std::unique_ptr<rocksdb::RandomAccessFile> reader;
  ASSERT_TRUE(env_->NewRandomAccessFile("/file", &reader, EnvOptions()).ok());
  char scratch[100];
  for (const size_t offset : {0, 1, 31, 32, 33, 4095, 9950}) {
    Slice result;
    ASSERT_TRUE(reader->Read(offset, 50, &result, scratch).ok());
    EXPECT_EQ(text.substr(offset, 50), result.ToString());
  }
}

TEST_F(Encryption, StoresNothingInTheClear) {
  const std::string text(1000, 'x');
  ASSERT_TRUE(rocksdb::WriteStringToFile(env_.get(), text, "/file").ok());
  std::string stored;
  ASSERT_TRUE(rocksdb::ReadFileToString(memory_.get(), "/file", &stored).ok());
  EXPECT_EQ(4096 + text.size(), stored.size());
  EXPECT_EQ(std::string::npos, stored.find("xxxxxxxx"));
}

TEST_F(Encryption, GoesOnWhereAReopenedFileEnded) {
  ASSERT_TRUE(rocksdb::WriteStringToFile(env_.get(), "first ", "/file").ok());
  std::unique_ptr<rocksdb::WritableFile> file;
  ASSERT_TRUE(env_->ReopenWritableFile("/file", &file, EnvOptions()).ok());
  ASSERT_TRUE(file->Append("second").ok());
  ASSERT_TRUE(file->Close().ok());
  std::string whole;
  ASSERT_TRUE(rocksdb::ReadFileToString(env_.get(), "/file", &whole).ok());
  EXPECT_EQ("first second", whole);
}

TEST_F(Encryption, RefusesAFileCutWithinItsPrefix) {
  ASSERT_TRUE(rocksdb::WriteStringToFile(memory_.get(), "short", "/file").ok());
  std::string whole;
  EXPECT_TRUE(rocksdb::ReadFileToString(env_.get(), "/file", &whole).IsCorruption());
}

TEST(TraceFile, ReadsRecordByRecord) {
  const auto env = MemoryEnv();
  std::unique_ptr<rocksdb::TraceWriter> writer;
  ASSERT_TRUE(rocksdb::NewFileTraceWriter(env.get(), EnvOptions(), "/trace", &writer).ok());
  std::vector<std::string> records;
  for (const size_t payload : {0, 5, 40000}) {
    std::string record;
    gneiss::PutU64(&record, 1000 + payload);
    record.push_back(1);
    gneiss::PutU32(&record, static_cast<uint32_t>(payload));
    record += Digits(payload);
    records.push_back(record);
    ASSERT_TRUE(writer->Write(record).ok());
  }
  ASSERT_TRUE(writer->Close().ok());

  std::unique_ptr<rocksdb::TraceReader> reader;
  ASSERT_TRUE(rocksdb::NewFileTraceReader(env.get(), EnvOptions(), "/trace", &reader).ok());
  for (int round = 0; round < 2; ++round) {
    std::string record;
    for (const std::string& expected : records) {
      ASSERT_TRUE(reader->Read(&record).ok());
      EXPECT_EQ(expected, record);
    }
    EXPECT_TRUE(reader->Read(&record).IsIncomplete());
    ASSERT_TRUE(reader->Reset().ok());
  }
}

TEST(TraceFile, ReportsACutRecord) {
  const auto env = MemoryEnv();
  std::string record(9, '\0');
  gneiss::PutU32(&record, 100);
  ASSERT_TRUE(rocksdb::WriteStringToFile(env.get(), record + "only this", "/trace").ok());
  std::unique_ptr<rocksdb::TraceReader> reader;
  ASSERT_TRUE(rocksdb::NewFileTraceReader(env.get(), EnvOptions(), "/trace", &reader).ok());
  EXPECT_TRUE(reader->Read(&record).IsCorruption());
}

TEST(EnvMirror, KeepsBothEnvsEqual) {
  const auto a = MemoryEnv();
  const auto b = MemoryEnv();
  rocksdb::EnvMirror mirror(a.get(), b.get());
  std::unique_ptr<rocksdb::WritableFile> file;
  ASSERT_TRUE(mirror.NewWritableFile("/file", &file, EnvOptions()).ok());
  ASSERT_TRUE(file->Append("mirrored").ok());
  ASSERT_TRUE(file->Close().ok());
  for (Env* env : {a.get(), b.get(), static_cast<Env*>(&mirror)}) {
    std::string whole;
    ASSERT_TRUE(rocksdb::ReadFileToString(env, "/file", &whole).ok());
    EXPECT_EQ("mirrored", whole);
  }
}

TEST(EnvMirror, DiesWhenTheEnvsDiffer) {
  const auto a = MemoryEnv();
  const auto b = MemoryEnv();
  ASSERT_TRUE(rocksdb::WriteStringToFile(a.get(), "one", "/file").ok());
  ASSERT_TRUE(rocksdb::WriteStringToFile(b.get(), "two", "/file").ok());
  rocksdb::EnvMirror mirror(a.get(), b.get());
  std::unique_ptr<rocksdb::SequentialFile> file;
  ASSERT_TRUE(mirror.NewSequentialFile("/file", &file, EnvOptions()).ok());
  char scratch[10];
  Slice result;
  EXPECT_DEATH((void)file->Read(3, &result, scratch), "differ in Read");
}

// Adds decimal numbers.
class Sum : public rocksdb::Aggregator {
 public:
  bool Aggregate(const std::vector<Slice>& values, std::string& result) const override {
    long sum = 0;
    for (const Slice& value : values) sum += strtol(value.ToString().c_str(), nullptr, 10);
    result = std::to_string(sum);
    return true;
  }
};

class AggMerge : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(rocksdb::AddAggregator("sum", std::make_unique<Sum>()).ok()); }

  static std::string Operand(const char* function, const char* payload) {
    std::string operand;
    EXPECT_TRUE(rocksdb::EncodeAggFuncAndPayload(function, payload, operand).ok());
    return operand;
  }
  static std::string Merge(const std::vector<std::string>& operands) {
    const std::vector<Slice> list(operands.begin(), operands.end());
    std::string value;
    Slice existing;
    rocksdb::MergeOperator::MergeOperationOutput out(value, existing);
    EXPECT_TRUE(rocksdb::GetAggMergeOperator()->FullMergeV2(
        rocksdb::MergeOperator::MergeOperationInput("key", nullptr, list, nullptr), &out));
    return value;
  }
};

TEST_F(AggMerge, AppliesTheNamedFunction) {
  EXPECT_EQ(Operand("sum", "6"), Merge({Operand("sum", "1"), Operand("", "2"), Operand("sum", "3")}));
}

TEST_F(AggMerge, KeepsWhatItCannotAggregate) {
  const std::string packed = Merge({"\xff", Operand("sum", "1")});
  Slice function;
  Slice payload;
  ASSERT_TRUE(rocksdb::ExtractAggFuncAndValue(packed, function, payload));
  EXPECT_EQ(rocksdb::kErrorFuncName, function.ToString());
  std::vector<Slice> list;
  ASSERT_TRUE(rocksdb::ExtractList(payload, list));
  ASSERT_EQ(2u, list.size());
  EXPECT_EQ("\xff", list[0].ToString());
}

TEST_F(AggMerge, RefusesUnknownFunctions) {
  std::string operand;
  EXPECT_TRUE(rocksdb::EncodeAggFuncAndPayload("unheard of", "1", operand).IsInvalidArgument());
  EXPECT_TRUE(rocksdb::AddAggregator(rocksdb::kErrorFuncName, std::make_unique<Sum>()).IsInvalidArgument());
}

TEST(SimCache, CountsWhatTheOtherCapacityWouldHit) {
  const auto cache = rocksdb::NewSimCache(rocksdb::NewLRUCache(1 << 20, 0), 10, 0);
  const auto nothing = [](const Slice&, void*) {};
  for (const char* key : {"a", "b"}) {
    ASSERT_TRUE(cache->Insert(key, nullptr, 4, nothing).ok());
  }
  for (const char* key : {"a", "b", "c"}) {
    if (auto* handle = cache->Lookup(key)) cache->Release(handle);
  }
  EXPECT_EQ(2u, cache->get_hit_counter());
  EXPECT_EQ(1u, cache->get_miss_counter());
  EXPECT_EQ("SimCache MISSes:  1\nSimCache HITs:    2\nSimCache HITRATE: 66.67\n", cache->ToString());
  cache->reset_counter();
  EXPECT_EQ(0u, cache->get_hit_counter());
}

TEST(CompactOnDeletion, AsksWhenAWindowFillsWithDeletions) {
  const auto factory = rocksdb::NewCompactOnDeletionCollectorFactory(128, 3);
  for (const int deletions : {2, 3}) {
    std::unique_ptr<rocksdb::TablePropertiesCollector> collector(
        factory->CreateTablePropertiesCollector(rocksdb::TablePropertiesCollectorFactory::Context()));
    for (int i = 0; i < deletions; ++i) {
      ASSERT_TRUE(collector->AddUserKey("k", "", rocksdb::kEntryDelete, 0, 0).ok());
    }
    EXPECT_EQ(deletions == 3, collector->NeedCompact());
  }
}

TEST(CompactOnDeletion, ForgetsDeletionsThatLeftTheWindow) {
  const auto factory = rocksdb::NewCompactOnDeletionCollectorFactory(128, 3);
  std::unique_ptr<rocksdb::TablePropertiesCollector> collector(
      factory->CreateTablePropertiesCollector(rocksdb::TablePropertiesCollectorFactory::Context()));
  for (int i = 0; i < 1000; ++i) {
    const auto type = i % 100 == 0 ? rocksdb::kEntryDelete : rocksdb::kEntryPut;
    ASSERT_TRUE(collector->AddUserKey("k", "", type, 0, 0).ok());
  }
  EXPECT_FALSE(collector->NeedCompact());
}

TEST(SstPartitioner, CutsWhereThePrefixChanges) {
  const auto factory = rocksdb::NewSstPartitionerFixedPrefixFactory(2);
  const auto partitioner = factory->CreatePartitioner(rocksdb::SstPartitioner::Context());
  const Slice aa1 = "aa1";
  const Slice aa2 = "aa2";
  const Slice ab1 = "ab1";
  EXPECT_EQ(rocksdb::kNotRequired, partitioner->ShouldPartition(rocksdb::PartitionerRequest(aa1, aa2, 0)));
  EXPECT_EQ(rocksdb::kRequired, partitioner->ShouldPartition(rocksdb::PartitionerRequest(aa2, ab1, 0)));
  EXPECT_TRUE(partitioner->CanDoTrivialMove("a", "a"));
  EXPECT_FALSE(partitioner->CanDoTrivialMove("aa", "ab"));
}

}  // namespace
