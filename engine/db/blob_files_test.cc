// Blob files under readers, a writer, flushes and compactions at once: no read loses a value or meets an older one, and
// in the end no file is left that nobody needs.

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/random.h"
#include "engine/base/test_seed.h"
#include "engine/db/database.h"
#include "engine/io/file_name.h"
#include "engine/wal/write_batch.h"

namespace gneiss {
namespace {

constexpr uint64_t kKeys = 150;
constexpr uint64_t kWrites = 5000;

std::string KeyOf(uint64_t i) { return "key" + std::to_string(1000 + i); }

// Tells its key and the write that made it.
std::string ValueOf(uint64_t key, uint64_t write) {
  return KeyOf(key) + "@" + std::to_string(write) + "@" + std::string(write % 7 == 0 ? 10 : 300 + write % 50, 'v');
}

// The write that made the value; fails when it is not one of the key's.
uint64_t WriteOf(Slice key, Slice value) {
  const std::string text(value);
  const std::string prefix = std::string(key) + "@";
  EXPECT_EQ(text.substr(0, prefix.size()), prefix);
  const uint64_t write = std::strtoull(text.c_str() + prefix.size(), nullptr, 10);
  EXPECT_EQ(text, ValueOf(std::strtoull(prefix.c_str() + 3, nullptr, 10) - 1000, write));
  return write;
}

class BlobFilesTest : public testing::TestWithParam<int> {
 protected:
  BlobFilesTest() {
    char name[] = "/tmp/gneiss_blob_files_XXXXXX";
    dir_ = mkdtemp(name);
    config_.create_if_missing = true;
    config_.max_open_files = GetParam();
    family_.config.write_buffer_bytes = 48 << 10;
    family_.config.arena_block_bytes = 4 << 10;
    CompactionConfig& compaction = family_.config.compaction;
    compaction.level0_compaction_trigger = 2;
    compaction.target_file_bytes_base = 4 << 10;
    compaction.level_base_bytes_max = 16 << 10;
    compaction.subcompactions_max = 2;
    compaction.blob = {.writes_files = true,
                       .value_bytes_min = 100,
                       .file_bytes_max = 16 << 10,
                       .collects_garbage = true,
                       .age_cutoff = 0.5,
                       .force_threshold = 0.4};
    if (GetParam() > 0) family_.config.blob_cache = NewCache({.capacity_bytes = 32 << 10});
  }
  ~BlobFilesTest() override {
    handles_.clear();
    database_.reset();
    std::filesystem::remove_all(dir_);
  }

  Status Put(uint64_t key, uint64_t write) {
    std::string rep(kBatchHeaderBytes, '\0');
    rep.push_back(static_cast<char>(Kind::kPut));
    PutLengthPrefixed(&rep, KeyOf(key));
    PutLengthPrefixed(&rep, ValueOf(key, write));
    EncodeU32(rep.data() + 8, 1);
    return database_->Write({}, &rep);
  }

  void WriteAll() {
    Random random(seed_);
    for (uint64_t write = 1; write <= kWrites; ++write) {
      const uint64_t key = random.Uniform(kKeys);
      ASSERT_TRUE(Put(key, write).ok());
      last_[key] = write;
      if (write % 1700 != 0) continue;
      const CompactRangeParams params{.collects_blob_garbage = true, .blob_age_cutoff = 1};
      const Status status = database_->CompactRange(params, handles_[0], nullptr, nullptr);
      ASSERT_TRUE(status.ok()) << status.ToString();
    }
  }

  void ReadUntilDone(uint64_t reader) {
    Random random(seed_ + reader);
    std::map<uint64_t, uint64_t> seen;
    while (!is_done_.load()) {
      const uint64_t key = random.Uniform(kKeys);
      PinnedValue value;
      const Status status = database_->Get({}, handles_[0].get(), KeyOf(key), &value);
      ASSERT_TRUE(status.ok() || (status.IsNotFound() && seen[key] == 0)) << status.ToString();
      if (!status.ok()) continue;
      const uint64_t write = WriteOf(KeyOf(key), value.slice());
      ASSERT_GE(write, seen[key]);
      seen[key] = write;
      if (!random.OneIn(50)) continue;
      const auto iterator = database_->NewIterator({}, handles_[0]);
      for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) WriteOf(iterator->key(), iterator->value());
      ASSERT_TRUE(iterator->status().ok()) << iterator->status().ToString();
    }
  }

  const uint64_t seed_ = TestSeed(1611);
  std::string dir_;
  DatabaseConfig config_;
  FamilyDescriptor family_;
  std::vector<FamilyPtr> handles_;
  std::unique_ptr<Database> database_;
  std::map<uint64_t, uint64_t> last_;
  std::atomic<bool> is_done_{false};
};

TEST_P(BlobFilesTest, ReadersNeverMissAValue) {
  ASSERT_TRUE(Database::Open(config_, dir_, {family_}, &handles_, &database_).ok());
  std::vector<std::thread> readers;
  for (uint64_t reader = 1; reader <= 2; ++reader) readers.emplace_back([this, reader] { ReadUntilDone(reader); });
  WriteAll();
  is_done_.store(true);
  for (std::thread& reader : readers) reader.join();
  ASSERT_TRUE(database_->WaitForBackgroundWork().ok());
  for (const auto& [key, write] : last_) {
    PinnedValue value;
    ASSERT_TRUE(database_->Get({}, handles_[0].get(), KeyOf(key), &value).ok());
    EXPECT_EQ(value.slice(), ValueOf(key, write));
  }
  size_t needed = database_->Facts(handles_[0]).version->blob_files().size();
  EXPECT_GT(needed, 0u);
  ASSERT_TRUE(database_->Close().ok());
  handles_.clear();
  database_.reset();
  size_t found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(dir_)) found += entry.path().extension() == ".blob";
  EXPECT_EQ(found, needed);
}

INSTANTIATE_TEST_SUITE_P(OpenFiles, BlobFilesTest, testing::Values(-1, 12));

}  // namespace
}  // namespace gneiss
