// Reads the directories that the reference library wrote, whole and damaged. GNEISS_SEED=<n> damages other bytes,
// GNEISS_FLIPS=<n> more of them in each file.

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/utilities/options_util.h>

#include <filesystem>

#include "engine/base/test_seed.h"
#include "tests/parity/check.h"
#include "tests/parity/damage.h"
#include "tests/parity/golden.h"
#include "tests/support/temp_dir.h"

namespace gneiss::parity {
namespace {

namespace fs = std::filesystem;
using rocksdb::Status;

// What one look at a directory found: an error somewhere, or a dump that all reads agree with.
struct Finding {
  Status opened, read;
  Dump dump;
};

class Golden : public testing::TestWithParam<GoldenVariant> {
 protected:
  Golden() : model_(GoldenModel(GetParam())) {}

  fs::path source() const { return fs::path(PARITY_GOLDEN_DIR) / GetParam().name; }
  fs::path copy() const { return fs::path(temp_.path()) / "db"; }
  void Restore() {
    fs::remove_all(copy());
    fs::copy(source(), copy());
  }
  // Opens and reads all: a scan each way, and a Get of every key of the model and of some that are not there.
  Finding Look(const rocksdb::Options& options);
  void ExpectModel(const Finding& finding) {
    ASSERT_TRUE(finding.opened.ok()) << finding.opened.ToString();
    ASSERT_TRUE(finding.read.ok()) << finding.read.ToString();
    EXPECT_EQ(Difference(model_, finding.dump), "");
  }
  std::string Judge(const fs::path& file, const Finding& finding) const;

  static void TearDownTestSuite() { damage_counts_.Print("damage in all variants"); }

  static inline DamageCounts damage_counts_;
  TempDir temp_;
  Model model_;

 private:
  Status CheckGets(rocksdb::DB* db, const Handles& handles, const Dump& dump) const;
};

Status ScanBothWays(rocksdb::DB* db, const Handles& handles, Dump* dump) {
  for (const auto& [name, handle] : handles) {
    rocksdb::ReadOptions options;
    options.total_order_seek = true;
    const std::unique_ptr<rocksdb::Iterator> iterator(db->NewIterator(options, handle));
    Pairs backward;
    for (iterator->SeekToLast(); iterator->Valid(); iterator->Prev()) {
      backward.emplace_back(iterator->key().ToString(), iterator->value().ToString());
    }
    if (!iterator->status().ok()) return iterator->status();
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
      (*dump)[name].emplace_back(iterator->key().ToString(), iterator->value().ToString());
    }
    if (!iterator->status().ok()) return iterator->status();
    if (!std::equal(backward.rbegin(), backward.rend(), (*dump)[name].begin(), (*dump)[name].end())) {
      return Status::Aborted("the scans differ");
    }
  }
  return Status::OK();
}

// Every Get says what the scan said, or an error.
Status Golden::CheckGets(rocksdb::DB* db, const Handles& handles, const Dump& dump) const {
  for (const auto& [name, pairs] : dump) {
    const std::map<std::string, std::string> found(pairs.begin(), pairs.end());
    std::vector<std::string> keys = {"", "even", "even999", "log", "zz"};
    for (const Family& family : model_.families) {
      for (const auto& [key, value] : family.map) keys.push_back(key);
    }
    for (const std::string& key : keys) {
      std::string value;
      const Status status = db->Get({}, handles.at(name), key, &value);
      const auto at = found.find(key);
      if (status.ok() && (at == found.end() || at->second != value)) return Status::Aborted("Get finds another", key);
      if (status.IsNotFound() && at != found.end()) return Status::Aborted("Get does not find", key);
    }
  }
  return Status::OK();
}

Finding Golden::Look(const rocksdb::Options& options) {
  Finding finding;
  rocksdb::DBOptions db_options = options;
  db_options.create_if_missing = false;
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (const Family& family : model_.families) descriptors.emplace_back(family.plan.name, options);
  std::vector<rocksdb::ColumnFamilyHandle*> opened;
  rocksdb::DB* raw = nullptr;
  finding.opened = rocksdb::DB::Open(db_options, copy().string(), descriptors, &opened, &raw);
  if (!finding.opened.ok()) return finding;
  const std::unique_ptr<rocksdb::DB> db(raw);
  Handles handles;
  for (rocksdb::ColumnFamilyHandle* handle : opened) handles[handle->GetName()] = handle;
  finding.read = ScanBothWays(db.get(), handles, &finding.dump);
  if (finding.read.ok() || !finding.read.IsAborted()) {
    // After a scan that met damage, Gets are only asked not to crash and not to make values up.
    const Status gets = CheckGets(db.get(), handles, finding.read.ok() ? finding.dump : Dump());
    if (finding.read.ok()) finding.read = gets;
  }
  for (rocksdb::ColumnFamilyHandle* handle : opened) db->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  return finding;
}

// What the library does not have yet it refuses by name; such a variant waits for it.
#define SKIP_WHERE_NOT_BUILT(finding)                                                  \
  do {                                                                                 \
    const Status& refusal = (finding).opened.ok() ? (finding).read : (finding).opened; \
    if (refusal.IsNotSupported()) GTEST_SKIP() << "not built: " << refusal.ToString(); \
  } while (false)

TEST_P(Golden, ReadsAlikeWithPlainOptions) {
  Restore();
  const Finding finding = Look(GoldenPlainOptions(GetParam()));
  SKIP_WHERE_NOT_BUILT(finding);
  ExpectModel(finding);
  ExpectModel(Look(GoldenPlainOptions(GetParam())));  // as this library left it
}

TEST_P(Golden, ReadsAlikeWithTheWritersOptions) {
  Restore();
  const Finding finding = Look(GoldenOptions(GetParam()));
  SKIP_WHERE_NOT_BUILT(finding);
  ExpectModel(finding);
}

TEST_P(Golden, ReadsAlikeAfterACompaction) {
  Restore();
  rocksdb::Options options = GoldenPlainOptions(GetParam());
  const Finding finding = Look(options);
  SKIP_WHERE_NOT_BUILT(finding);
  {
    std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
    for (const Family& family : model_.families) descriptors.emplace_back(family.plan.name, options);
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* raw = nullptr;
    const Status opened = rocksdb::DB::Open(options, copy().string(), descriptors, &handles, &raw);
    ASSERT_TRUE(opened.ok()) << opened.ToString();
    const std::unique_ptr<rocksdb::DB> db(raw);
    rocksdb::CompactRangeOptions all;
    all.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    for (rocksdb::ColumnFamilyHandle* handle : handles) {
      const Status compacted = db->CompactRange(all, handle, nullptr, nullptr);
      EXPECT_TRUE(compacted.ok()) << compacted.ToString();
      db->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
    }
  }
  ExpectModel(Look(options));
}

// --- damage

// The value begins with its key, so it was written once, if perhaps not last.
bool WasEverWritten(const std::string& key, const std::string& value) {
  return value.starts_with(key + "#") || (key == "entity2" && value.empty());
}

// "" when the finding is an error, or right, or as old as damage to this file may make it; else what is wrong.
std::string Golden::Judge(const fs::path& file, const Finding& finding) const {
  if (finding.read.IsAborted()) return finding.read.ToString();
  if (!finding.opened.ok() || !finding.read.ok()) return {};
  const std::string wrong = Difference(model_, finding.dump);
  if (wrong.empty()) return {};
  const std::string name = file.filename();
  const bool is_log = file.extension() == ".log";
  // The end of a log or MANIFEST may pass for one that was being written: then the state before it holds.
  if (!is_log && !name.starts_with("MANIFEST")) return wrong;
  Dump dump = finding.dump;
  int found = 0;
  for (const auto& [family, pairs] : dump) {
    for (const auto& [key, value] : pairs) {
      if (!WasEverWritten(key, value)) return "never written: " + key + "=" + value;
      found += family == "default" && key.starts_with("log");
    }
  }
  if (!is_log) return {};
  // A log's writes are there up to some moment: the first `found` of them, and everything from elsewhere.
  Model shorter = model_;
  for (int i = found; i < kGoldenLogKeys; ++i) shorter.families.front().map.erase(GoldenLogKey(i));
  if (found == 0 && !Difference(shorter, dump).empty()) {
    shorter.families.front().map.erase("committed");
    shorter.families.front().map.erase(kGoldenLoggedEntity);
  }
  return Difference(shorter, dump);
}

TEST_P(Golden, DamageIsToldOrHarmless) {
  const rocksdb::Options options = GoldenPlainOptions(GetParam());
  Restore();
  SKIP_WHERE_NOT_BUILT(Look(options));
  uint64_t name_hash = 0;
  for (const char letter : GetParam().name) name_hash = name_hash * 31 + static_cast<unsigned char>(letter);
  Dice dice(TestSeed(20221107) ^ name_hash);
  DamageCounts counts;
  for (const auto& entry : fs::directory_iterator(source())) {
    const fs::path file = entry.path().filename();
    const std::string bytes = ReadBytes(entry.path());
    for (int i = 0; i < DamagesPerFile() && !bytes.empty(); ++i) {
      const Damage damage = Damage::Draw(bytes, i, &dice);
      Restore();
      WriteBytes(copy() / file, damage.bytes);
      const Finding finding = Look(options);
      bool is_told = !finding.opened.ok() || !finding.read.ok();
      const std::string wrong = Judge(file, finding);
      if (file.string().starts_with("OPTIONS")) {
        rocksdb::DBOptions db_options;
        std::vector<rocksdb::ColumnFamilyDescriptor> families;
        is_told |= !LoadOptionsFromFile({}, (copy() / file).string(), &db_options, &families).ok();
      }
      counts.Add(file, damage.is_cut, is_told);
      damage_counts_.Add(file, damage.is_cut, is_told);
      // Without checksums damage to a block cannot be told; it must only not crash.
      if (!GetParam().has_checksums && file.extension() == ".sst") continue;
      EXPECT_EQ(wrong, "") << file << (damage.is_cut ? " cut at " : " flipped at ") << damage.at << " of "
                           << bytes.size();
    }
  }
  EXPECT_GT(counts.Told(), 0);
}

TEST(GoldenOptions, AreLoadedFromTheReferencesFile) {
  const fs::path source = fs::path(PARITY_GOLDEN_DIR) / "manifest_families";
  rocksdb::DBOptions db_options;
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  rocksdb::ConfigOptions config;
  const Status loaded = rocksdb::LoadLatestOptions(config, source.string(), &db_options, &families);
  ASSERT_TRUE(loaded.ok()) << loaded.ToString();
  ASSERT_EQ(families.size(), 2u);
  EXPECT_EQ(families[0].name, "default");
  EXPECT_EQ(families[1].name, "other");
  EXPECT_TRUE(families[1].options.disable_auto_compactions);
  EXPECT_TRUE(db_options.avoid_flush_during_shutdown);
  EXPECT_STREQ(families[0].options.merge_operator->Name(), "StringAppendOperator");
  const Status fits = rocksdb::CheckOptionsCompatibility(config, source.string(), db_options, families);
  EXPECT_TRUE(fits.ok()) << fits.ToString();
}

// A variant without its directory is one that make_golden was not run for.
TEST(GoldenOptions, EveryVariantHasItsDirectory) {
  for (const GoldenVariant& variant : GoldenVariants()) {
    EXPECT_TRUE(fs::exists(fs::path(PARITY_GOLDEN_DIR) / variant.name / "CURRENT")) << variant.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Variants, Golden, testing::ValuesIn(GoldenVariants()),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace gneiss::parity
