#include "compat/options/options_file.h"

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/options_util.h>

#include <fstream>
#include <sstream>

#include "compat/options/block_based_table.h"
#include "compat/options/sanitize.h"
#include "compat/options/test_data.h"

namespace gneiss::compat {
namespace {

using rocksdb::ColumnFamilyDescriptor;
using rocksdb::ColumnFamilyOptions;
using rocksdb::ConfigOptions;
using rocksdb::DBOptions;
using rocksdb::Status;

std::string Replace(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

Status Parse(const std::string& text, ParsedOptionsFile* file, bool ignore_unknown = false) {
  ConfigOptions how;
  how.ignore_unknown_options = ignore_unknown;
  return ParseOptionsFile(how, text, file);
}

std::string ErrorOf(const std::string& text, bool ignore_unknown = false) {
  ParsedOptionsFile file;
  return Parse(text, &file, ignore_unknown).ToString();
}

class OptionsFileTest : public testing::Test {
 protected:
  const std::string default_text_ = ReadTestData("options_default.txt");
  const std::string changed_text_ = ReadTestData("options_changed.txt");
  const std::unique_ptr<rocksdb::Env> env_{rocksdb::NewMemEnv(rocksdb::Env::Default())};
};

TEST_F(OptionsFileTest, DefaultsRenderAsRocksDbWritesThem) {
  DBOptions db_options;
  db_options.create_if_missing = true;
  db_options.env = env_.get();
  db_options = SanitizeDbOptions("/db", db_options, /*read_only=*/true, nullptr);
  const ColumnFamilyOptions cf_options = SanitizeCfOptions(db_options, ColumnFamilyOptions());
  std::string text;
  ASSERT_TRUE(RenderOptionsFile(db_options, {"default"}, {cf_options}, &text).ok());
  EXPECT_EQ(text, default_text_);
}

TEST_F(OptionsFileTest, RocksDbFilesComeBackByteForByte) {
  for (const std::string& original : {default_text_, changed_text_}) {
    ParsedOptionsFile file;
    const Status s = Parse(original, &file);
    ASSERT_TRUE(s.ok()) << s.ToString();
    std::string text;
    ASSERT_TRUE(RenderOptionsFile(file.db_options, file.cf_names, file.cf_options, &text).ok());
    EXPECT_EQ(text, original);
  }
}

TEST_F(OptionsFileTest, ParsesValuesAndObjects) {
  ParsedOptionsFile file;
  ASSERT_TRUE(Parse(changed_text_, &file).ok());
  EXPECT_EQ(file.rocksdb_version[1], 8);
  EXPECT_EQ(file.cf_names, (std::vector<std::string>{"default", "two#"}));
  EXPECT_EQ(file.db_options.max_open_files, 3);
  EXPECT_EQ(file.db_options.db_host_id, "some:host#1");
  EXPECT_EQ(file.db_options.wal_dir, "/wal#dir:x");
  EXPECT_EQ(file.db_options.wal_recovery_mode, rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords);
  const ColumnFamilyOptions& cf = file.cf_options[1];
  EXPECT_EQ(cf.comparator, rocksdb::ReverseBytewiseComparator());
  EXPECT_EQ(cf.prefix_extractor->GetId(), "rocksdb.FixedPrefix.9");
  EXPECT_STREQ(cf.merge_operator->Name(), "StringAppendOperator");
  EXPECT_STREQ(cf.memtable_factory->Name(), "HashLinkListRepFactory");
  EXPECT_EQ(cf.compression_per_level.size(), 3u);
  EXPECT_EQ(cf.compression_opts.level, 5);
  EXPECT_EQ(cf.compaction_options_universal.stop_style, rocksdb::kCompactionStopStyleSimilarSize);
  EXPECT_EQ(cf.last_level_temperature, rocksdb::Temperature::kCold);
  const auto* table = BlockBasedOptionsOf(cf.table_factory.get());
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(table->block_size, 4097u);
  EXPECT_EQ(table->filter_policy->GetId(), "ribbonfilter:9.9:2");
  EXPECT_EQ(table->metadata_cache_options.partition_pinning, rocksdb::PinningTier::kNone);
}

TEST_F(OptionsFileTest, UnknownOptions) {
  const std::string unknown = Replace(default_text_, "  max_open_files=-1", "  max_open_filez=-1");
  EXPECT_EQ(ErrorOf(unknown), "Invalid argument: Could not find option: : max_open_filez");
  EXPECT_NE(ErrorOf(unknown, /*ignore_unknown=*/true), "OK") << "this release wrote the file: the name must be known";
  const std::string newer = Replace(unknown, "rocksdb_version=7.8.3", "rocksdb_version=7.9.0");
  EXPECT_NE(ErrorOf(newer), "OK");
  EXPECT_EQ(ErrorOf(newer, /*ignore_unknown=*/true), "OK");
}

TEST_F(OptionsFileTest, ObjectsThatNobodyCanMake) {
  ParsedOptionsFile file;
  ASSERT_TRUE(Parse(Replace(default_text_, "merge_operator=nullptr", "merge_operator=mine"), &file).ok());
  EXPECT_EQ(file.cf_options[0].merge_operator, nullptr);
  EXPECT_EQ(file.cf_texts[0].at("merge_operator"), "mine");
  ASSERT_TRUE(Parse(Replace(default_text_, "[TableOptions/BlockBasedTable ", "[TableOptions/MyTable "), &file).ok());
  EXPECT_EQ(file.cf_options[0].table_factory, nullptr);
}

TEST_F(OptionsFileTest, BadFiles) {
  const struct {
    std::string text;
    const char* error;
  } cases[] = {
      {"", "Corruption: A RocksDB Option file must have a single DBOptions section"},
      {"[DBOptions]\n", "Corruption: A RocksDB Option file must have a single CFOptions:default section"},
      {"hello\n", "Invalid argument: [RocksDBOptionsParser Error] : A valid statement must have a '='. (at line 1)"},
      {"\n# x\n =1\n",
       "Invalid argument: [RocksDBOptionsParser Error] : A valid statement must have a variable name. (at line 3)"},
      {"[Foo]\n", "Invalid argument: Unknown section [Foo]"},
      {"[TableOptions/]\n", "Invalid argument: Unknown section [TableOptions/]"},
      {"[CFOptions \"x\"]\n",
       "Invalid argument: [RocksDBOptionsParser Error] : Default column family must be the first CFOptions section in "
       "the option config file (at line 1)"},
      {default_text_ + "[DBOptions]\n",
       "Invalid argument: [RocksDBOptionsParser Error] : More than one DBOption section found in the option config "
       "file (at line 199)"},
      {default_text_ + "[CFOptions \"a\"]\n[CFOptions \"a\"]\n",
       "Invalid argument: [RocksDBOptionsParser Error] : Two identical column families found in option config file (at "
       "line 200)"},
      {default_text_ + "[TableOptions/X \"b\"]\n",
       "Invalid argument: [RocksDBOptionsParser Error] : Does not find a matched column family name in TableOptions "
       "section.  Column Family Name:b (at line 199)"},
      {Replace(default_text_, "=7.8.3", "=7..3"),
       "Invalid argument: A valid rocksdb_version must have at least one digit before each dot."},
      {Replace(default_text_, "=7.8.3", "=7.8.3.1"),
       "Invalid argument: A valid rocksdb_version can only contains at most 2 dots."},
      {Replace(default_text_, "=7.8.3", "=7.8."),
       "Invalid argument: A valid rocksdb_version must have at least one digit after each dot."},
      {Replace(default_text_, "=7.8.3", "=x"),
       "Invalid argument: A valid rocksdb_version can only contains dots and numbers."},
      {Replace(default_text_, "file_version=1.1", "file_version=0.9"),
       "Invalid argument: A valid options_file_version must be at least 1."},
      {Replace(default_text_, "max_open_files=-1", "max_open_files=x"),
       "Invalid argument: Error parsing max_open_files:stoi"},
      {Replace(default_text_, "block_size=4096", "block_sise=4096"),
       "Invalid argument: Could not find option: : block_sise"},
  };
  for (const auto& c : cases) EXPECT_EQ(ErrorOf(c.text), c.error);
}

// The example of docs/formats/options.md.
TEST_F(OptionsFileTest, ReadsTheExampleOfThePage) {
  std::ifstream page(GNEISS_OPTIONS_TESTDATA "/../../../docs/formats/options.md");
  std::string example;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("## Example")) example = "\n";
    if (!example.empty() && line.starts_with("    ")) example += line.substr(4) + "\n";
  }
  const auto begin_of = [](const std::string& text) { return text.substr(0, text.find("[DBOptions]")); };
  ASSERT_NE(example.find("[DBOptions]"), std::string::npos);
  std::string written = begin_of(default_text_), shown = begin_of(example);
  for (std::string* text : {&written, &shown}) std::erase(*text, '\n');
  EXPECT_EQ(written, shown);
  ParsedOptionsFile file;
  const Status s = Parse(example, &file);
  ASSERT_TRUE(s.ok()) << s.ToString();
  EXPECT_EQ(file.db_options.max_open_files, -1);
  EXPECT_EQ(file.cf_names, (std::vector<std::string>{"default", "two#"}));
  EXPECT_EQ(file.cf_options[1].compression_per_level.back(), rocksdb::kZSTD);
  EXPECT_STREQ(file.cf_options[1].merge_operator->Name(), "StringAppendOperator");
  EXPECT_EQ(BlockBasedOptionsOf(file.cf_options[1].table_factory.get())->block_size, 4096u);
  // Each line of the example is one that is written of these options.
  std::string text;
  ASSERT_TRUE(RenderOptionsFile(file.db_options, file.cf_names, file.cf_options, &text).ok());
  std::istringstream lines(example);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_NE(text.find(line + "\n"), std::string::npos) << line;
  }
}

TEST_F(OptionsFileTest, CommentsAndBlanks) {
  ParsedOptionsFile file;
  ASSERT_TRUE(Parse(Replace(default_text_, "num_levels=7", "num_levels = 6 # seven\r"), &file).ok());
  EXPECT_EQ(file.cf_options[0].num_levels, 6);
  ASSERT_TRUE(Parse(Replace(default_text_, "db_host_id=__hostname__", "db_host_id=a\\#b # c"), &file).ok());
  EXPECT_EQ(file.db_options.db_host_id, "a#b");
}

TEST_F(OptionsFileTest, WriteVerifiesAndLoadsBack) {
  ASSERT_TRUE(env_->CreateDirIfMissing("/db").ok());
  ParsedOptionsFile parsed;
  ASSERT_TRUE(Parse(changed_text_, &parsed).ok());
  rocksdb::FileSystem* fs = env_->GetFileSystem().get();
  for (const char* name : {"/db/OPTIONS-000007", "/db/OPTIONS-000012"}) {
    const Status s = WriteOptionsFile(parsed.db_options, parsed.cf_names, parsed.cf_options, name, fs);
    ASSERT_TRUE(s.ok()) << s.ToString();
  }
  std::string name;
  ASSERT_TRUE(rocksdb::GetLatestOptionsFileName("/db", env_.get(), &name).ok());
  EXPECT_EQ(name, "OPTIONS-000012");

  DBOptions db_options;
  std::vector<ColumnFamilyDescriptor> families;
  auto cache = rocksdb::NewLRUCache(12345);
  ASSERT_TRUE(rocksdb::LoadLatestOptions("/db", env_.get(), &db_options, &families, false, &cache).ok());
  ASSERT_EQ(families.size(), 2u);
  EXPECT_EQ(families[1].name, "two#");
  EXPECT_EQ(BlockBasedOptionsOf(families[1].options.table_factory.get())->block_cache, cache);
}

TEST_F(OptionsFileTest, NoFileToLoad) {
  ASSERT_TRUE(env_->CreateDirIfMissing("/empty").ok());
  std::string name;
  const Status s = rocksdb::GetLatestOptionsFileName("/empty", env_.get(), &name);
  EXPECT_TRUE(s.IsNotFound());
  EXPECT_EQ(s.subcode(), Status::kPathNotFound);
}

TEST_F(OptionsFileTest, Compatibility) {
  ASSERT_TRUE(env_->CreateDirIfMissing("/db").ok());
  ParsedOptionsFile parsed;
  ASSERT_TRUE(Parse(default_text_, &parsed).ok());
  ASSERT_TRUE(WriteOptionsFile(parsed.db_options, parsed.cf_names, parsed.cf_options, "/db/OPTIONS-000007",
                               env_->GetFileSystem().get())
                  .ok());
  const std::vector<ColumnFamilyDescriptor> same = {{"default", parsed.cf_options[0]}};
  const auto check = [&](const DBOptions& db_options, const std::vector<ColumnFamilyDescriptor>& families) {
    return rocksdb::CheckOptionsCompatibility("/db", env_.get(), db_options, families).ToString();
  };
  EXPECT_EQ(check(parsed.db_options, same), "OK");

  DBOptions db_options = parsed.db_options;
  db_options.max_open_files = 5;
  EXPECT_EQ(check(db_options, same), "OK") << "harmless differences are compatible";
  ConfigOptions exact;
  exact.env = env_.get();
  EXPECT_EQ(rocksdb::CheckOptionsCompatibility(exact, "/db", db_options, same).ToString(),
            "Invalid argument: [RocksDBOptionsParser]: failed the verification on DBOptions::max_open_files -- -- The "
            "specified one is 5 while the persisted one is -1.\n");

  auto families = same;
  families[0].options.comparator = rocksdb::ReverseBytewiseComparator();
  EXPECT_EQ(
      check(parsed.db_options, families),
      "Invalid argument: [RocksDBOptionsParser]: failed the verification on ColumnFamilyOptions::comparator.id--- "
      "The specified one is rocksdb.ReverseBytewiseComparator while the persisted one is "
      "leveldb.BytewiseComparator.\n");
  families = same;
  families.emplace_back("other", ColumnFamilyOptions());
  EXPECT_NE(check(parsed.db_options, families), "OK");
  families = same;
  families[0].options.table_factory.reset(rocksdb::NewPlainTableFactory());
  EXPECT_NE(check(parsed.db_options, families), "OK");
}

}  // namespace
}  // namespace gneiss::compat
