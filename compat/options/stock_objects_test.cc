#include <rocksdb/comparator.h>
#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/memtablerep.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include "compat/options/engine_config.h"
#include "compat/options/filter_policy.h"
#include "compat/options/test_data.h"

namespace gneiss::compat {
namespace {

using rocksdb::Comparator;
using rocksdb::ConfigOptions;
using rocksdb::FilterBuildingContext;
using rocksdb::FilterPolicy;
using rocksdb::SliceTransform;
using rocksdb::Status;
using Owned = std::unique_ptr<const FilterPolicy>;

ConfigOptions Strict() {
  ConfigOptions how;
  how.ignore_unsupported_options = false;
  return how;
}

TEST(Comparators, OrdersAndShortening) {
  const Comparator* up = rocksdb::BytewiseComparator();
  const Comparator* down = rocksdb::ReverseBytewiseComparator();
  EXPECT_LT(up->Compare("a", "b"), 0);
  EXPECT_GT(down->Compare("a", "b"), 0);
  EXPECT_LT(up->Compare("a", "\xff"), 0) << "bytes are unsigned";
  std::string start = "abcdefgh";
  up->FindShortestSeparator(&start, "abzz");
  EXPECT_EQ(start, "abd");
  std::string key = "\xff\xff";
  up->FindShortSuccessor(&key);
  EXPECT_EQ(key, "\xff\xff");
  EXPECT_TRUE(up->IsSameLengthImmediateSuccessor("ab\xff", std::string("ac\0", 3)));
  EXPECT_FALSE(up->IsSameLengthImmediateSuccessor("ab", "ad"));
  EXPECT_FALSE(up->IsSameLengthImmediateSuccessor("ab", "ab"));
  EXPECT_FALSE(up->CanKeysWithDifferentByteContentsBeEqual());
}

TEST(Comparators, ByName) {
  const Comparator* comparator = nullptr;
  for (const Comparator* stock : {rocksdb::BytewiseComparator(), rocksdb::ReverseBytewiseComparator()}) {
    ASSERT_TRUE(Comparator::CreateFromString(Strict(), stock->Name(), &comparator).ok());
    EXPECT_EQ(comparator, stock);
  }
  EXPECT_TRUE(Comparator::CreateFromString(Strict(), "mine", &comparator).IsNotSupported());
  EXPECT_TRUE(Comparator::CreateFromString(Strict(), "", &comparator).ok());
  EXPECT_EQ(comparator, nullptr);
}

TEST(Comparators, Timestamps) {
  const Comparator* comparator = nullptr;
  ASSERT_TRUE(Comparator::CreateFromString(Strict(), "leveldb.BytewiseComparator.u64ts", &comparator).ok());
  EXPECT_EQ(comparator->timestamp_size(), 8u);
  const std::string older("\1\0\0\0\0\0\0\0", 8);
  const std::string newer("\0\1\0\0\0\0\0\0", 8);
  EXPECT_LT(comparator->CompareTimestamp(older, newer), 0);
  EXPECT_GT(comparator->Compare("a" + older, "a" + newer), 0) << "the newer comes first";
  EXPECT_LT(comparator->Compare("a" + older, "b" + newer), 0);
  EXPECT_EQ(comparator->CompareWithoutTimestamp("a", false, "a" + newer, true), 0);
}

TEST(SliceTransforms, ByName) {
  const struct {
    const char* name;
    const char* id;
  } cases[] = {{"fixed:4", "rocksdb.FixedPrefix.4"},
               {"rocksdb.FixedPrefix.12", "rocksdb.FixedPrefix.12"},
               {"capped:0", "rocksdb.CappedPrefix.0"},
               {"rocksdb.CappedPrefix.3", "rocksdb.CappedPrefix.3"},
               {"rocksdb.Noop", "rocksdb.Noop"}};
  for (const auto& c : cases) {
    std::shared_ptr<const SliceTransform> transform;
    ASSERT_TRUE(SliceTransform::CreateFromString(Strict(), c.name, &transform).ok()) << c.name;
    EXPECT_EQ(transform->GetId(), c.id);
    EXPECT_EQ(transform->AsString(), c.id);
    EXPECT_TRUE(transform->IsInstanceOf(c.id));
  }
  std::shared_ptr<const SliceTransform> transform;
  for (const char* bad : {"fixed", "fixed:", "fixed:x", "mine"}) {
    EXPECT_FALSE(SliceTransform::CreateFromString(Strict(), bad, &transform).ok()) << bad;
  }
}

TEST(SliceTransforms, Prefixes) {
  const std::unique_ptr<const SliceTransform> fixed(rocksdb::NewFixedPrefixTransform(3));
  EXPECT_FALSE(fixed->InDomain("ab"));
  EXPECT_EQ(fixed->Transform("abcd").ToString(), "abc");
  EXPECT_TRUE(fixed->SameResultWhenAppended("abc"));
  const std::unique_ptr<const SliceTransform> capped(rocksdb::NewCappedPrefixTransform(3));
  EXPECT_EQ(capped->Transform("ab").ToString(), "ab");
  EXPECT_FALSE(capped->SameResultWhenAppended("ab"));
  size_t length = 0;
  EXPECT_TRUE(capped->FullLengthEnabled(&length));
  EXPECT_EQ(length, 3u);
}

std::string Merge(const std::string& name, const char* existing, const std::vector<std::string>& operands) {
  std::shared_ptr<rocksdb::MergeOperator> merge;
  EXPECT_TRUE(rocksdb::MergeOperator::CreateFromString(Strict(), name, &merge).ok()) << name;
  const auto engine = MergeOperatorOf(merge, nullptr);
  const gneiss::Slice base = existing == nullptr ? gneiss::Slice() : gneiss::Slice(existing);
  std::string result;
  EXPECT_TRUE(
      engine->FullMerge("key", existing == nullptr ? nullptr : &base, {operands.begin(), operands.end()}, &result));
  return result;
}

TEST(MergeOperators, StockOnesThroughTheEnginesEyes) {
  EXPECT_EQ(Merge("put", "old", {"a", "b"}), "b");
  EXPECT_EQ(Merge("put_v1", nullptr, {"a", "b"}), "b");
  EXPECT_EQ(Merge("max", "b", {"a", "c", "abc"}), "c");
  EXPECT_EQ(Merge("max", "z", {"a"}), "z");
  EXPECT_EQ(Merge("stringappend", "a", {"b", "c"}), "a,b,c");
  EXPECT_EQ(Merge("stringappend", nullptr, {"b", "c"}), "b,c");
  EXPECT_EQ(Merge("stringappendtest", "a", {"b", "c"}), "a,b,c");
  EXPECT_EQ(Merge("stringappendtest", nullptr, {"b"}), "b");
  EXPECT_EQ(Merge("{id=stringappend;delimiter=||}", "a", {"b"}), "a||b");
  EXPECT_EQ(Merge("bytesxor", "\x01\x02", {"\x03"}), "\x02\x02");
  EXPECT_EQ(Merge("sortlist", nullptr, {"3,7", "1,5", "4"}), "1,3,4,5,7");
  const std::string one("\1\0\0\0\0\0\0\0", 8);
  EXPECT_EQ(Merge("uint64add", nullptr, {one, one, "short"}), std::string("\2\0\0\0\0\0\0\0", 8));
}

TEST(MergeOperators, PartialMerges) {
  std::shared_ptr<rocksdb::MergeOperator> merge;
  ASSERT_TRUE(rocksdb::MergeOperator::CreateFromString(Strict(), "stringappend", &merge).ok());
  std::string result;
  EXPECT_TRUE(MergeOperatorOf(merge, nullptr)->PartialMerge("key", {"a", "b", "c"}, &result));
  EXPECT_EQ(result, "a,b,c");
  ASSERT_TRUE(rocksdb::MergeOperator::CreateFromString(Strict(), "stringappendtest", &merge).ok());
  EXPECT_FALSE(MergeOperatorOf(merge, nullptr)->PartialMerge("key", {"a", "b"}, &result));
}

// Written before FullMergeV2.
class OldMergeOperator : public rocksdb::MergeOperator {
 public:
  const char* Name() const override { return "old"; }
  bool FullMerge(const rocksdb::Slice&, const rocksdb::Slice* existing, const std::deque<std::string>& operands,
                 std::string* value, rocksdb::Logger*) const override {
    *value = existing == nullptr ? "-" : existing->ToString();
    for (const std::string& operand : operands) *value += operand;
    return true;
  }
};

TEST(MergeOperators, OlderInterface) {
  const auto engine = MergeOperatorOf(std::make_shared<OldMergeOperator>(), nullptr);
  std::string result;
  EXPECT_TRUE(engine->FullMerge("key", nullptr, {"a", "b"}, &result));
  EXPECT_EQ(result, "-ab");
  EXPECT_FALSE(engine->PartialMerge("key", {"a", "b"}, &result));
}

TEST(FilterPolicies, Ids) {
  EXPECT_EQ(Owned(rocksdb::NewBloomFilterPolicy(9.9))->GetId(), "bloomfilter:9.9:false");
  EXPECT_EQ(Owned(rocksdb::NewBloomFilterPolicy(10))->GetId(), "bloomfilter:10:false");
  EXPECT_EQ(Owned(rocksdb::NewBloomFilterPolicy(0.3))->GetId(), "bloomfilter:0:false");
  EXPECT_EQ(Owned(rocksdb::NewBloomFilterPolicy(0.7))->GetId(), "bloomfilter:1:false");
  EXPECT_EQ(Owned(rocksdb::NewBloomFilterPolicy(1e9))->GetId(), "bloomfilter:100:false");
  EXPECT_EQ(Owned(rocksdb::NewRibbonFilterPolicy(12.345, 2))->GetId(), "ribbonfilter:12.345:2");
}

TEST(FilterPolicies, ByName) {
  for (const char* name :
       {"bloomfilter:4", "bloomfilter:4:true", "rocksdb.BloomFilter:9.5:false", "ribbonfilter:7.1",
        "rocksdb.RibbonFilter:7:-1", "rocksdb.internal.LegacyBloomFilter:10", "rocksdb.BuiltinBloomFilter"}) {
    std::shared_ptr<const FilterPolicy> policy;
    EXPECT_TRUE(FilterPolicy::CreateFromString(Strict(), name, &policy).ok()) << name;
    ASSERT_NE(policy, nullptr) << name;
    EXPECT_STREQ(policy->CompatibilityName(), "rocksdb.BuiltinBloomFilter");
  }
  for (const char* name : {"bloomfilter", "bloomfilter:x", "bloomfilter:4:maybe", "mine"}) {
    std::shared_ptr<const FilterPolicy> policy;
    EXPECT_FALSE(FilterPolicy::CreateFromString(Strict(), name, &policy).ok()) << name;
  }
}

TEST(FilterPolicies, BecomeEngineConfigs) {
  rocksdb::BlockBasedTableOptions table;
  EXPECT_EQ(FilterConfigOf(table).type, FilterConfig::Type::kNone);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(9.9));
  EXPECT_EQ(FilterConfigOf(table).type, FilterConfig::Type::kBloom);
  EXPECT_DOUBLE_EQ(FilterConfigOf(table).bits_per_key, 9.9);
  EXPECT_EQ(FilterConfigOf(table).policy_name, "bloomfilter");
  EXPECT_FALSE(FilterConfigOf(table).is_legacy_bloom);
  table.format_version = 4;
  EXPECT_TRUE(FilterConfigOf(table).is_legacy_bloom);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(0.1));
  EXPECT_EQ(FilterConfigOf(table).type, FilterConfig::Type::kNone);
}

TEST(FilterPolicies, RibbonGivesWayToBloomOnUpperLevels) {
  rocksdb::BlockBasedTableOptions table;
  table.filter_policy.reset(rocksdb::NewRibbonFilterPolicy(10, 1));
  FilterBuildingContext context(table);
  EXPECT_EQ(FilterConfigFor(context).type, FilterConfig::Type::kRibbon) << "an unknown level counts as the last";
  context.level_at_creation = 0;
  EXPECT_EQ(FilterConfigFor(context).type, FilterConfig::Type::kBloom);
  context.level_at_creation = 1;
  EXPECT_EQ(FilterConfigFor(context).type, FilterConfig::Type::kRibbon);
  context.reason = rocksdb::TableFileCreationReason::kFlush;
  EXPECT_EQ(FilterConfigFor(context).type, FilterConfig::Type::kBloom);
  context.compaction_style = rocksdb::kCompactionStyleFIFO;
  EXPECT_EQ(FilterConfigFor(context).type, FilterConfig::Type::kRibbon);
}

// The documented way of a user's own policy: choose a stock one per table.
class ChoosingPolicy : public FilterPolicy {
 public:
  const char* Name() const override { return "choosing"; }
  const char* CompatibilityName() const override { return bloom_->CompatibilityName(); }
  rocksdb::FilterBitsBuilder* GetBuilderWithContext(const FilterBuildingContext& context) const override {
    return context.level_at_creation < 2 ? nullptr : bloom_->GetBuilderWithContext(context);
  }
  rocksdb::FilterBitsReader* GetFilterBitsReader(const rocksdb::Slice& contents) const override {
    return bloom_->GetFilterBitsReader(contents);
  }

 private:
  const Owned bloom_{rocksdb::NewBloomFilterPolicy(7)};
};

TEST(FilterPolicies, UsersOwn) {
  rocksdb::BlockBasedTableOptions table;
  table.filter_policy = std::make_shared<ChoosingPolicy>();
  FilterBuildingContext context(table);
  context.level_at_creation = 1;
  EXPECT_EQ(FilterConfigFor(context).type, FilterConfig::Type::kNone);
  context.level_at_creation = 2;
  EXPECT_EQ(FilterConfigFor(context).type, FilterConfig::Type::kBloom);
  EXPECT_EQ(FilterConfigFor(context).bits_per_key, 7);
  EXPECT_EQ(FilterConfigFor(context).policy_name, "choosing");
}

TEST(MemtableFactories, ByName) {
  const struct {
    const char* text;
    const char* id;
  } cases[] = {{"skip_list", "SkipListFactory"},
               {"skip_list:16", "SkipListFactory:16"},
               {"vector:1024", "VectorRepFactory"},
               {"prefix_hash:10", "HashSkipListRepFactory"},
               {"hash_linkedlist", "HashLinkListRepFactory"}};
  for (const auto& c : cases) {
    std::unique_ptr<rocksdb::MemTableRepFactory> factory;
    ASSERT_TRUE(rocksdb::GetMemTableRepFactoryFromString(c.text, &factory).ok()) << c.text;
    EXPECT_EQ(factory->GetId(), c.id);
  }
  std::unique_ptr<rocksdb::MemTableRepFactory> factory;
  for (const char* bad : {"cuckoo", "skip_list:x", "skip_list:1:2", "mine", "nullptr"}) {
    EXPECT_FALSE(rocksdb::GetMemTableRepFactoryFromString(bad, &factory).ok()) << bad;
  }
}

// ---- engine configs ----

class CaselessComparator : public Comparator {
 public:
  const char* Name() const override { return "caseless"; }
  int Compare(const rocksdb::Slice& a, const rocksdb::Slice& b) const override {
    return strcasecmp(a.ToString().c_str(), b.ToString().c_str());
  }
  void FindShortestSeparator(std::string*, const rocksdb::Slice&) const override {}
  void FindShortSuccessor(std::string*) const override {}
};

TEST(EngineConfig, KeyOrders) {
  EXPECT_TRUE(KeyOrderOf(rocksdb::BytewiseComparator()).is_bytewise());
  EXPECT_EQ(KeyOrderOf(rocksdb::ReverseBytewiseComparator()).type(), KeyOrder::Type::kReverseBytewise);
  const CaselessComparator caseless;
  const KeyOrder order = KeyOrderOf(&caseless);
  EXPECT_EQ(order.type(), KeyOrder::Type::kCustom);
  EXPECT_STREQ(order.Name(), "caseless");
  EXPECT_TRUE(order.Equal("ABC", "abc"));
  EXPECT_LT(order.Compare("abc", "B"), 0);
}

TEST(EngineConfig, PrefixExtractors) {
  EXPECT_EQ(PrefixExtractorOf(nullptr), nullptr);
  for (const char* name : {"fixed:2", "capped:2"}) {
    std::shared_ptr<const SliceTransform> transform;
    ASSERT_TRUE(SliceTransform::CreateFromString(Strict(), name, &transform).ok());
    const auto extractor = PrefixExtractorOf(transform);
    EXPECT_EQ(extractor->Name(), transform->AsString());
    EXPECT_EQ(extractor->InDomain("a"), transform->InDomain("a"));
    EXPECT_EQ(extractor->Prefix("abc"), "ab");
    EXPECT_TRUE(extractor->IsByLength());
  }
}

TEST(EngineConfig, Tables) {
  rocksdb::BlockBasedTableOptions table;
  table.block_size = 1234;
  table.checksum = rocksdb::kxxHash64;
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(5));
  rocksdb::ColumnFamilyOptions options;
  options.comparator = rocksdb::ReverseBytewiseComparator();
  options.prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(3));
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  const TableFormat format = TableFormatOf(options);
  EXPECT_EQ(format.block_bytes, 1234u);
  EXPECT_EQ(format.checksum, ChecksumType::kXxHash64);
  EXPECT_EQ(format.index_type, IndexType::kTwoLevel);
  EXPECT_TRUE(format.data_block_hash_index);
  EXPECT_EQ(format.filter.type, FilterConfig::Type::kBloom);
  const TableReadConfig read = TableReadConfigOf(options);
  EXPECT_EQ(read.order.type(), KeyOrder::Type::kReverseBytewise);
  EXPECT_NE(read.block_cache, nullptr);
  EXPECT_EQ(read.prefix_extractor->Name(), "rocksdb.FixedPrefix.3");
}

TEST(EngineConfig, Compactions) {
  rocksdb::ColumnFamilyOptions options;
  options.compression_per_level = {rocksdb::kNoCompression, rocksdb::kZSTDNotFinalCompression};
  options.compression_opts.level = 3;
  options.num_levels = 5;
  rocksdb::DBOptions db_options;
  db_options.max_subcompactions = 4;
  CompactionConfig config = CompactionConfigOf(options, db_options);
  EXPECT_EQ(config.compression_per_level, (std::vector<Compression>{Compression::kNone, Compression::kZstd}));
  EXPECT_FALSE(config.has_bottommost_compression);
  EXPECT_EQ(config.bottommost_compression_config.level, 3);
  EXPECT_EQ(config.level_count, 5);
  EXPECT_EQ(config.subcompactions_max, 4);
  EXPECT_EQ(config.merge_operator, nullptr);
  options.bottommost_compression = rocksdb::kZlibCompression;
  options.bottommost_compression_opts.enabled = true;
  options.bottommost_compression_opts.level = 9;
  config = CompactionConfigOf(options, db_options);
  EXPECT_TRUE(config.has_bottommost_compression);
  EXPECT_EQ(config.bottommost_compression, Compression::kZlib);
  EXPECT_EQ(config.bottommost_compression_config.level, 9);
}

}  // namespace
}  // namespace gneiss::compat
