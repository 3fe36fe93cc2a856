// Damaged files: opening or reading answers Corruption or IOError, never a wrong value and never a crash, and what is
// not damaged can be read.

#include <rocksdb/table.h>

#include "tests/errors/test_database.h"

namespace gneiss {
namespace {

using rocksdb::Status;

constexpr int kKeys = 200;

bool IsDamageReport(const Status& status) {
  return status.IsCorruption() || status.IsIOError() || status.IsPathNotFound();
}

// Two tables ("a", "b") and a log ("c"), closed.
class Damage : public testing::Test {
 protected:
  void SetUp() override {
    test_.options.avoid_flush_during_recovery = true;
    rocksdb::BlockBasedTableOptions table;
    table.block_size = 1024;
    table.no_block_cache = true;
    test_.options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    ASSERT_TRUE(test_.Open().ok());
    test_.Fill("a", kKeys);
    ASSERT_TRUE(test_.db->Flush({}).ok());
    test_.Fill("b", kKeys);
    ASSERT_TRUE(test_.db->Flush({}).ok());
    test_.Fill("c", kKeys);
    test_.Close();
    intact_ = test_.dir() + "_intact";
    std::filesystem::copy(test_.dir(), intact_);
  }
  void Restore() {
    test_.Close();
    std::filesystem::remove_all(test_.dir());
    std::filesystem::copy(intact_, test_.dir());
  }
  static std::string Flipped(std::string bytes, size_t at) {
    bytes.at(at) = static_cast<char>(bytes[at] ^ 0x5a);
    return bytes;
  }
  // Opens and reads. Returns the keys found; a value that was never written fails the test.
  std::map<std::string, std::string> FoundAfterOpen(Status* status) {
    *status = test_.Open();
    if (!status->ok()) return {};
    std::map<std::string, std::string> found = test_.Scan();
    for (const auto& [key, value] : found) {
      const auto at = test_.expected.find(key);
      EXPECT_TRUE(at != test_.expected.end() && at->second == value) << "never written: " << key;
    }
    *status = test_.scan_status;
    return found;
  }
  int GetsThatWork(const std::string& prefix) {
    int count = 0;
    for (auto at = test_.expected.lower_bound(prefix); at != test_.expected.end() && at->first.starts_with(prefix);
         ++at) {
      std::string value;
      const Status status = test_.db->Get({}, at->first, &value);
      if (status.ok()) {
        EXPECT_EQ(value, at->second);
        ++count;
      } else {
        EXPECT_TRUE(status.IsCorruption()) << at->first << ": " << status.ToString();
      }
    }
    return count;
  }

  TestDatabase test_;
  std::string intact_;
};

TEST_F(Damage, Current) {
  for (const std::string text : {"", "MANIFEST-0000", "MANIFEST-999999\n", "nonsense\n", "\n"}) {
    WriteFile(test_.dir() + "/CURRENT", text);
    const Status status = test_.Open();
    EXPECT_TRUE(IsDamageReport(status)) << "CURRENT holds '" << text << "': " << status.ToString();
    Restore();
  }
  ASSERT_TRUE(test_.Open().ok());
  test_.ExpectAll();
}

TEST_F(Damage, ManifestFlipped) {
  const std::string name = test_.Files("MANIFEST-").at(0);
  const std::string bytes = ReadFile(name);
  // The last record may pass for one that was being written; what is before it may not.
  for (size_t at = 0; at < bytes.size() / 2; at += 3) {
    WriteFile(name, Flipped(bytes, at));
    const Status status = test_.Open();
    EXPECT_TRUE(status.IsCorruption()) << "byte " << at << ": " << status.ToString();
    Restore();
  }
  ASSERT_TRUE(test_.Open().ok());
  test_.ExpectAll();
}

TEST_F(Damage, ManifestCut) {
  const std::string name = test_.Files("MANIFEST-").at(0);
  const std::string bytes = ReadFile(name);
  for (size_t size = 0; size < bytes.size(); size += 5) {
    WriteFile(name, bytes.substr(0, size));
    Status status;
    FoundAfterOpen(&status);
    EXPECT_TRUE(status.ok() || IsDamageReport(status)) << "cut at " << size << ": " << status.ToString();
    Restore();
  }
}

TEST_F(Damage, TableDataFlipped) {
  const std::string name = test_.Files(".sst").at(0);
  const std::string bytes = ReadFile(name);
  WriteFile(name, Flipped(bytes, bytes.size() / 4));
  ASSERT_TRUE(test_.Open().ok());
  const int found = GetsThatWork("a");
  EXPECT_LT(found, kKeys);
  EXPECT_GT(found, kKeys * 3 / 4) << "one block of many is damaged";
  EXPECT_EQ(GetsThatWork("b"), kKeys);
  EXPECT_EQ(GetsThatWork("c"), kKeys);
  test_.Scan();
  EXPECT_TRUE(test_.scan_status.IsCorruption()) << test_.scan_status.ToString();
  rocksdb::CompactRangeOptions all;  // by default disjoint tables would only be moved down
  all.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  const Status compacted = test_.db->CompactRange(all, nullptr, nullptr);
  EXPECT_TRUE(compacted.IsCorruption()) << compacted.ToString();
  EXPECT_EQ(GetsThatWork("b"), kKeys);
  Restore();
  ASSERT_TRUE(test_.Open().ok());
  test_.ExpectAll();
}

TEST_F(Damage, TableAnywhereFlipped) {
  const std::string name = test_.Files(".sst").at(0);
  const std::string bytes = ReadFile(name);
  const size_t step = std::max<size_t>(1, bytes.size() / 60);
  for (size_t at = 0; at < bytes.size(); at += step) {
    WriteFile(name, Flipped(bytes, at));
    Status status;
    const auto found = FoundAfterOpen(&status);
    EXPECT_TRUE(status.ok() ? found.size() == test_.expected.size() : IsDamageReport(status) || status.IsNotSupported())
        << "byte " << at << " of " << bytes.size() << ": " << status.ToString() << ", " << found.size() << " keys";
    Restore();
  }
}

TEST_F(Damage, TableCutOrMissing) {
  const std::string name = test_.Files(".sst").at(0);
  const std::string bytes = ReadFile(name);
  for (const size_t size : {size_t{0}, size_t{1}, size_t{52}, size_t{53}, bytes.size() / 2, bytes.size() - 1}) {
    WriteFile(name, bytes.substr(0, size));
    const Status status = test_.Open();
    EXPECT_TRUE(IsDamageReport(status)) << "cut at " << size << ": " << status.ToString();
    Restore();
  }
  std::filesystem::remove(name);
  const Status status = test_.Open();
  EXPECT_TRUE(IsDamageReport(status)) << status.ToString();
  Restore();
  ASSERT_TRUE(test_.Open().ok());
  test_.ExpectAll();
}

// A point in time: what was written before the damage is there, nothing of what came after.
TEST_F(Damage, LogFlippedOrCut) {
  const std::string name = test_.Files(".log").back();
  const std::string bytes = ReadFile(name);
  ASSERT_GT(bytes.size(), 10'000u);
  for (size_t at = 5; at < bytes.size(); at += bytes.size() / 25) {
    for (const bool is_cut : {false, true}) {
      WriteFile(name, is_cut ? bytes.substr(0, at) : Flipped(bytes, at));
      Status status;
      const auto found = FoundAfterOpen(&status);
      ASSERT_TRUE(status.ok()) << status.ToString();
      const size_t of_log = found.size() - 2 * kKeys;
      EXPECT_EQ(of_log, at * kKeys / bytes.size()) << "damage at " << at << " of " << bytes.size();
      if (of_log > 0) {
        EXPECT_EQ(found.rbegin()->first, "c" + std::to_string(1000 + of_log - 1));
      }
      Restore();
    }
  }
}

TEST_F(Damage, LogFlippedWithAbsoluteConsistency) {
  const std::string name = test_.Files(".log").back();
  const std::string bytes = ReadFile(name);
  test_.options.wal_recovery_mode = rocksdb::WALRecoveryMode::kAbsoluteConsistency;
  WriteFile(name, Flipped(bytes, bytes.size() / 2));
  EXPECT_TRUE(test_.Open().IsCorruption());
  Restore();
  ASSERT_TRUE(test_.Open().ok());
  test_.ExpectAll();
}

TEST_F(Damage, LogFlippedSkippingDamage) {
  const std::string name = test_.Files(".log").back();
  const std::string bytes = ReadFile(name);
  test_.options.wal_recovery_mode = rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords;
  WriteFile(name, Flipped(bytes, bytes.size() / 2));
  Status status;
  const auto found = FoundAfterOpen(&status);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_GT(found.size(), 2u * kKeys + kKeys / 2 - 2);
  EXPECT_LT(found.size(), 3u * kKeys);
}

}  // namespace
}  // namespace gneiss
