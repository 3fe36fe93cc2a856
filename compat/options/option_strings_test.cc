#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/object_registry.h>

#include <map>

#include "compat/options/block_based_table.h"
#include "compat/options/mutable_options.h"
#include "compat/options/options_file.h"
#include "compat/options/test_data.h"
#include "compat/options/text.h"

namespace gneiss::compat {
namespace {

using rocksdb::BlockBasedTableOptions;
using rocksdb::ColumnFamilyOptions;
using rocksdb::ConfigOptions;
using rocksdb::DBOptions;
using rocksdb::Options;
using rocksdb::Status;

std::string CfError(const std::string& text) {
  ColumnFamilyOptions options;
  return GetColumnFamilyOptionsFromString(ColumnFamilyOptions(), text, &options).ToString();
}

ColumnFamilyOptions CfFrom(const std::string& text) {
  ColumnFamilyOptions options;
  const Status s = GetColumnFamilyOptionsFromString(ColumnFamilyOptions(), text, &options);
  EXPECT_TRUE(s.ok()) << text << ": " << s.ToString();
  return options;
}

DBOptions DbFrom(const std::string& text) {
  DBOptions options;
  const Status s = GetDBOptionsFromString(DBOptions(), text, &options);
  EXPECT_TRUE(s.ok()) << text << ": " << s.ToString();
  return options;
}

TEST(StringToMap, BracesAndErrors) {
  const auto map = [](const std::string& text) {
    StringMap values;
    const Status s = rocksdb::StringToMap(text, &values);
    if (!s.ok()) return s.ToString();
    std::string shown;
    for (const auto& [name, value] : std::map<std::string, std::string>(values.begin(), values.end())) {
      shown += "[" + name + "|" + value + "]";
    }
    return shown;
  };
  EXPECT_EQ(map("a=b; c = d ;"), "[a|b][c|d]");
  EXPECT_EQ(map("{a={b=c;d={e}};f=g}"), "[a|b=c;d={e}][f|g]");
  EXPECT_EQ(map("a=b=c"), "[a|b=c]");
  EXPECT_EQ(map(""), "");
  EXPECT_EQ(map("a"), "Invalid argument: Mismatched key value pair, '=' expected");
  EXPECT_EQ(map("a={b"), "Invalid argument: Mismatched curly braces for nested options");
  EXPECT_EQ(map("a={b}c"), "Invalid argument: Unexpected chars after nested options");
  EXPECT_EQ(map("a};b=1"), "Invalid argument: Unexpected char in key");
  EXPECT_EQ(map("=1"), "Invalid argument: Empty key found");
}

TEST(OptionText, NumbersAndEscapes) {
  EXPECT_EQ(ParseUint64("19G"), 19ull << 30);
  EXPECT_EQ(ParseInt64("-2k"), -2048);
  EXPECT_EQ(ParseInt("3m"), 3 << 20);
  EXPECT_EQ(ParseUint64("7x"), 7u);
  EXPECT_THROW(ParseUint64("x"), std::invalid_argument);
  EXPECT_THROW(ParseUint32("5000000000"), std::out_of_range);
  EXPECT_THROW(ParseBool("yes"), std::invalid_argument);
  const std::string raw = "a:b#c\\d\r\n";
  EXPECT_EQ(EscapeOption(raw), "a\\:b\\#c\\\\d\\r\\n");
  EXPECT_EQ(UnescapeOption(EscapeOption(raw)), raw);
  EXPECT_EQ(TrimText(" \t a b \n"), "a b");
}

TEST(OptionStrings, EveryNameParsesToItsOwnText) {
  ParsedOptionsFile file;
  ASSERT_TRUE(ParseOptionsFile(ConfigOptions(), ReadTestData("options_changed.txt"), &file).ok());
  ConfigOptions how;
  how.depth = ConfigOptions::kDepthDetailed;
  for (const auto& [name, value] : file.db_texts) {
    DBOptions options;
    ASSERT_TRUE(GetDBOptionsFromMap(how, DBOptions(), {{name, value}}, &options).ok()) << name;
    std::string shown;
    ASSERT_TRUE(AsConfigurable(options)->GetOption(how, name, &shown).ok()) << name;
    EXPECT_EQ(shown, value) << name;
  }
  for (const auto& [name, value] : file.cf_texts[0]) {
    if (name == "table_factory") continue;  // shown with its options
    ColumnFamilyOptions options;
    ASSERT_TRUE(GetColumnFamilyOptionsFromMap(how, ColumnFamilyOptions(), {{name, value}}, &options).ok()) << name;
    std::string shown;
    ASSERT_TRUE(AsConfigurable(options)->GetOption(how, name, &shown).ok()) << name;
    EXPECT_EQ(shown, value) << name;
  }
}

TEST(OptionStrings, RetiredNamesAreReadAndIgnored) {
  for (const char* name : {"filter_deletes", "hard_rate_limit", "max_mem_compaction_level", "snap_refresh_nanos"}) {
    EXPECT_EQ(CfError(std::string(name) + "=anything"), "OK") << name;
  }
  for (const char* name : {"allow_os_buffer", "disableDataSync", "rate_limiter", "preserve_deletes"}) {
    DbFrom(std::string(name) + "=anything");
  }
}

TEST(OptionStrings, WholeRoundTrip) {
  ParsedOptionsFile file;
  ASSERT_TRUE(ParseOptionsFile(ConfigOptions(), ReadTestData("options_changed.txt"), &file).ok());
  std::string text;
  ASSERT_TRUE(GetStringFromColumnFamilyOptions(&text, file.cf_options[0]).ok());
  ColumnFamilyOptions again;
  ConfigOptions how;
  ASSERT_TRUE(GetColumnFamilyOptionsFromString(how, ColumnFamilyOptions(), text, &again).ok());
  std::string mismatch;
  EXPECT_TRUE(AsConfigurable(file.cf_options[0])->AreEquivalent(how, AsConfigurable(again).get(), &mismatch))
      << mismatch;
  again.write_buffer_size += 1;
  EXPECT_FALSE(AsConfigurable(file.cf_options[0])->AreEquivalent(how, AsConfigurable(again).get(), &mismatch));
  EXPECT_EQ(mismatch, "write_buffer_size");
}

TEST(OptionStrings, ErrorsSayWhat) {
  EXPECT_EQ(CfError("write_buffer_size=abc"), "Invalid argument: Error parsing write_buffer_size:stoull");
  EXPECT_EQ(CfError("compression=zstd"), "Invalid argument: Error parsing:: compression");
  EXPECT_EQ(CfError("prepopulate_blob_cache=x"), "Invalid argument: No mapping for enum : prepopulate_blob_cache");
  EXPECT_EQ(CfError("no_such_option=1"), "Invalid argument: Could not find option: : no_such_option");
  EXPECT_EQ(CfError("compression_opts={levl=5}"), "Invalid argument: Unrecognized option: compression_opts.levl");
  EXPECT_EQ(CfError("compression_opts=4:5"),
            "Invalid argument: unable to parse the specified CF option compression_opts");
  EXPECT_EQ(CfError("block_based_table_factory={block_siz=4k}"),
            "Invalid argument: Could not find option: : block_based_table_factory");
}

TEST(OptionStrings, AFailureLeavesTheBase) {
  ColumnFamilyOptions base;
  base.num_levels = 5;
  ColumnFamilyOptions options;
  EXPECT_FALSE(GetColumnFamilyOptionsFromString(base, "write_buffer_size=1;num_levels=x", &options).ok());
  EXPECT_EQ(options.num_levels, 5);
  EXPECT_EQ(options.write_buffer_size, base.write_buffer_size);
}

TEST(OptionStrings, OldListSyntax) {
  const ColumnFamilyOptions six = CfFrom("compression_opts=4:5:6:7:8:true");
  EXPECT_EQ(six.compression_opts.zstd_max_train_bytes, 8u);
  EXPECT_TRUE(six.compression_opts.enabled);
  EXPECT_EQ(six.compression_opts.parallel_threads, 1u);
  const ColumnFamilyOptions nine = CfFrom("compression_opts=4:5:6:7:8:2:true:100:false");
  EXPECT_EQ(nine.compression_opts.parallel_threads, 2u);
  EXPECT_EQ(nine.compression_opts.max_dict_buffer_bytes, 100u);
  EXPECT_FALSE(nine.compression_opts.use_zstd_dict_trainer);
  EXPECT_EQ(CfFrom("compaction_options_fifo=23").compaction_options_fifo.max_table_files_size, 23u);
}

TEST(OptionStrings, NestedNames) {
  EXPECT_EQ(CfFrom("compression_opts.level=7").compression_opts.level, 7);
  EXPECT_EQ(CfFrom("compaction_options_universal.size_ratio=60").compaction_options_universal.size_ratio, 60u);
  const ColumnFamilyOptions table = CfFrom("block_based_table_factory={block_size=8k;filter_policy=bloomfilter:9}");
  EXPECT_EQ(BlockBasedOptionsOf(table.table_factory.get())->block_size, 8192u);
  EXPECT_EQ(BlockBasedOptionsOf(table.table_factory.get())->filter_policy->GetId(), "bloomfilter:9:false");
}

TEST(OptionStrings, UnsupportedObjects) {
  ConfigOptions strict;
  strict.ignore_unsupported_options = false;
  ColumnFamilyOptions options;
  EXPECT_EQ(GetColumnFamilyOptionsFromString(strict, ColumnFamilyOptions(), "merge_operator=mine", &options).ToString(),
            "Invalid argument: Could not load MergeOperator: mine");
  EXPECT_EQ(CfFrom("merge_operator=mine").merge_operator, nullptr);
  EXPECT_EQ(CfFrom("comparator=mine").comparator, rocksdb::BytewiseComparator());
}

TEST(OptionStrings, DbAndCfTogether) {
  Options options;
  ASSERT_TRUE(GetOptionsFromString(Options(), "write_buffer_size=10;max_open_files=3", &options).ok());
  EXPECT_EQ(options.write_buffer_size, 10u);
  EXPECT_EQ(options.max_open_files, 3);
  EXPECT_FALSE(GetOptionsFromString(Options(), "max_open_files=4;foo=1", &options).ok());
}

TEST(OptionStrings, RateLimiterFromNumber) {
  const DBOptions options = DbFrom("rate_limiter_bytes_per_sec=1024");
  ASSERT_NE(options.rate_limiter, nullptr);
}

TEST(OptionStrings, BlockBasedTableByApiGeneration) {
  BlockBasedTableOptions options;
  EXPECT_TRUE(
      GetBlockBasedTableOptionsFromString(BlockBasedTableOptions(), "checksum=kxxHash;block_cache=1M", &options).ok());
  EXPECT_EQ(options.checksum, rocksdb::kxxHash);
  // The older API reports an object that nobody can make, the newer one leaves the option alone.
  EXPECT_FALSE(GetBlockBasedTableOptionsFromString(BlockBasedTableOptions(), "filter_policy=mine", &options).ok());
  EXPECT_TRUE(
      GetBlockBasedTableOptionsFromString(ConfigOptions(), BlockBasedTableOptions(), "filter_policy=mine", &options)
          .ok());
}

TEST(MutableOptions, OnlyMutableOnesChange) {
  ColumnFamilyOptions options;
  const DBOptions db_options;
  const auto apply = [&](const StringMap& values) {
    return ApplyMutableCfOptions(db_options, values, &options).ToString();
  };
  EXPECT_EQ(apply({}), "Invalid argument: empty input");
  EXPECT_EQ(apply({{"write_buffer_size", "128k"}}), "OK");
  EXPECT_EQ(options.write_buffer_size, 128u << 10);
  EXPECT_EQ(apply({{"num_levels", "3"}}), "Invalid argument: Option not changeable: num_levels");
  EXPECT_EQ(apply({{"comparator", "rocksdb.ReverseBytewiseComparator"}}),
            "Invalid argument: Option not changeable: comparator");
  EXPECT_EQ(apply({{"nothing", "3"}}), "Invalid argument: Could not find option: : nothing");
  EXPECT_EQ(apply({{"write_buffer_size", "1"}, {"num_levels", "3"}}),
            "Invalid argument: Option not changeable: num_levels");
  EXPECT_EQ(options.write_buffer_size, 128u << 10) << "all or nothing";
  EXPECT_EQ(apply({{"compression", "kXpressCompression"}}),
            "Invalid argument: Compression type Xpress is not linked with the binary.");
}

TEST(MutableOptions, TableOptionsChangeInPlace) {
  ColumnFamilyOptions options;
  const auto* table = BlockBasedOptionsOf(options.table_factory.get());
  const auto apply = [&](const std::string& value) {
    return ApplyMutableCfOptions(DBOptions(), {{"block_based_table_factory", value}}, &options).ToString();
  };
  EXPECT_EQ(apply("{block_size=8192}"), "OK");
  EXPECT_EQ(table->block_size, 8192u);
  EXPECT_EQ(BlockBasedOptionsOf(options.table_factory.get()), table);
  EXPECT_EQ(apply("{checksum=kCRC32c}"), "Invalid argument: Option not changeable: checksum");
}

TEST(MutableOptions, DbOptions) {
  DBOptions options;
  EXPECT_TRUE(ApplyMutableDbOptions({{"max_background_jobs", "7"}}, &options).ok());
  EXPECT_EQ(options.max_background_jobs, 7);
  EXPECT_EQ(options.bytes_per_sync, 1u << 20);
  EXPECT_EQ(ApplyMutableDbOptions({{"create_if_missing", "1"}}, &options).ToString(),
            "NotFound: Unrecognized option: create_if_missing");
  EXPECT_TRUE(ApplyMutableDbOptions({}, &options).IsInvalidArgument());
  DBOptions other = options;
  EXPECT_TRUE(MutableDbOptionsAreEqual(options, other));
  other.max_background_jobs = 8;
  EXPECT_FALSE(MutableDbOptionsAreEqual(options, other));
}

TEST(MutableOptions, NamesAreTheOnesRocksDbHas) {
  EXPECT_EQ(MutableDbFields().size(), 19u);
  EXPECT_EQ(ImmutableDbFields().size(), 81u);
  EXPECT_EQ(MutableCfFields().size(), 62u);
  EXPECT_EQ(ImmutableCfFields().size(), 31u);
}

// ---- Configurable ----

struct InnerOptions {
  static const char* kName() { return "Inner"; }
  int size = 1;
  bool is_on = false;
};

class Inner : public rocksdb::Customizable {
 public:
  static const char* Type() { return "Inner"; }
  static Status CreateFromString(const ConfigOptions&, const std::string& id, std::shared_ptr<Inner>* result) {
    if (id.empty() || id == "none") {
      result->reset();
      return Status::OK();
    }
    *result = std::make_shared<Inner>();
    return Status::OK();
  }
  Inner() {
    static const OptionMap* const fields =
        NewOptionMap({{"size", Field(&InnerOptions::size, rocksdb::OptionTypeFlags::kMutable)},
                      {"is_on", Field(&InnerOptions::is_on)}});
    RegisterOptions(&options, fields);
  }
  const char* Name() const override { return "Inner"; }
  InnerOptions options;
};

struct OuterOptions {
  static const char* kName() { return "Outer"; }
  std::string text = "t";
  std::shared_ptr<Inner> inner = std::make_shared<Inner>();
};

class Outer : public rocksdb::Configurable {
 public:
  Outer() {
    static const OptionMap* const fields =
        NewOptionMap({{"text", Field(&OuterOptions::text)},
                      {"inner", rocksdb::OptionTypeInfo::AsCustomSharedPtr<Inner>(
                                    OffsetOf<OuterOptions>(&OuterOptions::inner),
                                    rocksdb::OptionVerificationType::kNormal, rocksdb::OptionTypeFlags::kAllowNull)}});
    RegisterOptions(&options, fields);
  }
  OuterOptions options;
};

TEST(Configurable, NestedObjects) {
  Outer outer;
  const ConfigOptions how;
  EXPECT_TRUE(outer.ConfigureFromString(how, "text=a;inner.Inner.size=5").ok());
  EXPECT_EQ(outer.options.inner->options.size, 5);
  EXPECT_EQ(outer.ToString(how), "{text=a;inner={id=Inner;size=5;is_on=false;};}");
  std::string value;
  EXPECT_TRUE(outer.GetOption(how, "inner.size", &value).ok());
  EXPECT_EQ(value, "5");
  EXPECT_TRUE(outer.GetOption(how, "nothing", &value).IsNotFound());
  std::unordered_set<std::string> names;
  EXPECT_TRUE(outer.GetOptionNames(how, &names).ok());
  EXPECT_EQ(names, (std::unordered_set<std::string>{"text", "inner"}));
}

TEST(Configurable, AFailureIsTakenBack) {
  Outer outer;
  ASSERT_TRUE(outer.ConfigureFromString(ConfigOptions(), "text=before").ok());
  EXPECT_TRUE(outer.ConfigureFromString(ConfigOptions(), "text=after;nothing=1").IsNotFound());
  EXPECT_EQ(outer.options.text, "before");
}

TEST(Configurable, MutableInsideImmutable) {
  Outer outer;
  ConfigOptions how;
  how.mutable_options_only = true;
  EXPECT_TRUE(outer.ConfigureFromString(how, "inner={size=9}").ok());
  EXPECT_EQ(outer.options.inner->options.size, 9);
  EXPECT_TRUE(outer.ConfigureFromString(how, "inner={is_on=true}").IsInvalidArgument());
  EXPECT_TRUE(outer.ConfigureFromString(how, "inner=none").IsInvalidArgument());
  EXPECT_TRUE(outer.ConfigureFromString(how, "text=x").IsInvalidArgument());
}

TEST(Configurable, Equivalence) {
  Outer a;
  Outer b;
  std::string mismatch;
  EXPECT_TRUE(a.AreEquivalent(ConfigOptions(), &b, &mismatch));
  b.options.inner->options.is_on = true;
  EXPECT_FALSE(a.AreEquivalent(ConfigOptions(), &b, &mismatch));
  EXPECT_EQ(mismatch, "inner.is_on");
  b.options.inner = nullptr;
  EXPECT_FALSE(a.AreEquivalent(ConfigOptions(), &b, &mismatch));
}

TEST(ObjectRegistry, PatternsMatchLeftToRight) {
  using Pattern = rocksdb::ObjectLibrary::PatternEntry;
  EXPECT_TRUE(Pattern("A", false).AddNumber(":").Matches("A:-12"));
  EXPECT_FALSE(Pattern("A", false).AddNumber(":").Matches("A:1.5"));
  EXPECT_FALSE(Pattern("A", false).AddNumber(":").Matches("A"));
  EXPECT_TRUE(Pattern("A").AddNumber(":", false).Matches("A:1.5"));
  EXPECT_TRUE(Pattern("A").AnotherName("B").AddSuffix("!").Matches("B!"));
  EXPECT_FALSE(Pattern("A").AddSuffix("!").Matches("A!!"));
  EXPECT_TRUE(Pattern::AsIndividualId("A").Matches("A@0x12#34"));
  EXPECT_FALSE(Pattern("A").AddSeparator("@").Matches("A@"));
  EXPECT_TRUE(Pattern("A").AddSeparator("@", false).Matches("A@"));
}

TEST(ObjectRegistry, OwnFactoriesComeFirst) {
  auto registry = rocksdb::ObjectRegistry::NewInstance();
  registry->AddLibrary("mine")->AddFactory<rocksdb::MergeOperator>(
      "put", [](const std::string&, std::unique_ptr<rocksdb::MergeOperator>*, std::string* error) {
        *error = "no luck with";
        return static_cast<rocksdb::MergeOperator*>(nullptr);
      });
  std::unique_ptr<rocksdb::MergeOperator> made;
  EXPECT_EQ(registry->NewUniqueObject<rocksdb::MergeOperator>("put", &made).ToString(),
            "Invalid argument: no luck with: put");
  EXPECT_TRUE(rocksdb::ObjectRegistry::NewInstance()->NewUniqueObject<rocksdb::MergeOperator>("put", &made).ok());
  EXPECT_TRUE(registry->NewUniqueObject<rocksdb::MergeOperator>("nothing", &made).IsNotSupported());
}

TEST(ObjectRegistry, ListsStockObjects) {
  auto registry = rocksdb::ObjectRegistry::NewInstance();
  for (const char* type : {"Comparator", "MergeOperator", "FilterPolicy", "SliceTransform", "TableFactory",
                           "MemTableRepFactory", "FlushBlockPolicyFactory"}) {
    EXPECT_GT(registry->GetFactoryCount(type), 0u) << type;
  }
  std::vector<std::string> names;
  registry->GetFactoryNames("TableFactory", &names);
  EXPECT_EQ(names, (std::vector<std::string>{"BlockBasedTable", "PlainTable", "CuckooTable"}));
}

}  // namespace
}  // namespace gneiss::compat
