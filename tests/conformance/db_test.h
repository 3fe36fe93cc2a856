// The fixture of every conformance case: a small database in a directory of its own, and short names for what cases do.
//
// Cases are written from what the public headers promise, include nothing else of RocksDB, and run on Gneiss's library
// and on RocksDB's own. Where RocksDB itself is wrong a case says so, names the fix and asks IsReference().
//
// Owner:   the fixture owns the DB, its handles and its directory.
// Threads: as the DB.
// Errors:  what a helper cannot do fails the case.
#pragma once

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/conformance/loaded_library.h"
#include "tests/support/temp_dir.h"

namespace gneiss::conformance {

using namespace rocksdb;  // NOLINT: the suite is about nothing but these names

inline testing::AssertionResult IsOk(const Status& status) {
  if (status.ok()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << status.ToString();
}
#define EXPECT_OK(expression) EXPECT_TRUE(::gneiss::conformance::IsOk(expression))
#define ASSERT_OK(expression) ASSERT_TRUE(::gneiss::conformance::IsOk(expression))

// Waits for what only a background thread can bring about. False when it did not happen in time.
inline bool Eventually(const std::function<bool()>& is_true) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!is_true()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

// "key007": keys that sort as their numbers do.
inline std::string Key(int number) {
  char text[16];
  std::snprintf(text, sizeof(text), "key%03d", number);
  return text;
}

// `size` bytes that no compression makes smaller, the same for the same seed.
inline std::string RandomBytes(size_t size, uint32_t seed) {
  std::string bytes(size, '\0');
  uint64_t state = seed * 2654435761u + 88172645463325252ull;
  for (char& byte : bytes) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

class DbTest : public testing::Test {
 protected:
  DbTest();
  ~DbTest() override { Close(); }

  const std::string& Path() const { return path_; }
  BlockBasedTableOptions& TableOptions() { return table_options_; }
  void UseTableOptions() { options_.table_factory.reset(NewBlockBasedTableFactory(table_options_)); }

  // Opens with options_; every family of family_names_ beside the default one, all with the same options.
  Status TryOpen();
  void Open();
  void OpenWith(const std::vector<std::string>& more_families);
  void Close();
  void Reopen();
  DB* db() const { return db_.get(); }
  ColumnFamilyHandle* Family(size_t i) const { return handles_[i]; }
  void CreateFamily(const std::string& name, const ColumnFamilyOptions& options);
  void ForgetHandle(size_t i) { handles_.erase(handles_.begin() + static_cast<std::ptrdiff_t>(i)); }
  std::vector<ColumnFamilyHandle*>& Handles() { return handles_; }

  Status Put(const std::string& key, const std::string& value, size_t family = 0) {
    return db_->Put(write_options_, handles_[family], key, value);
  }
  Status Delete(const std::string& key, size_t family = 0) {
    return db_->Delete(write_options_, handles_[family], key);
  }
  Status SingleDelete(const std::string& key, size_t family = 0) {
    return db_->SingleDelete(write_options_, handles_[family], key);
  }
  Status Merge(const std::string& key, const std::string& value, size_t family = 0) {
    return db_->Merge(write_options_, handles_[family], key, value);
  }
  Status DeleteRange(const std::string& begin, const std::string& end, size_t family = 0) {
    return db_->DeleteRange(write_options_, handles_[family], begin, end);
  }
  // Puts "key<first>".."key<last>", each with `value`.
  void PutKeys(int first, int last, const std::string& value = "v");

  // The value, or "(none)", or the text of the status.
  std::string Get(const std::string& key, size_t family = 0) { return Get(read_options_, key, family); }
  std::string Get(const ReadOptions& options, const std::string& key, size_t family = 0);
  std::string GetAt(const Snapshot* snapshot, const std::string& key, size_t family = 0);

  // "a=1 b=2": everything, forwards or backwards.
  std::string Scan(size_t family = 0) { return Scan(read_options_, family); }
  std::string Scan(const ReadOptions& options, size_t family = 0);
  std::string ScanBack(const ReadOptions& options, size_t family = 0);
  std::string ScanBack(size_t family = 0) { return ScanBack(read_options_, family); }
  std::unique_ptr<Iterator> NewIterator(size_t family = 0) { return NewIterator(read_options_, family); }
  std::unique_ptr<Iterator> NewIterator(const ReadOptions& options, size_t family = 0) {
    return std::unique_ptr<Iterator>(db_->NewIterator(options, handles_[family]));
  }

  void Flush(size_t family = 0) { ASSERT_OK(db_->Flush(FlushOptions(), handles_[family])); }
  // Rewrites the last level too.
  static CompactRangeOptions Forced() {
    CompactRangeOptions options;
    options.bottommost_level_compaction = BottommostLevelCompaction::kForce;
    return options;
  }
  void Compact(size_t family = 0) { Compact(CompactRangeOptions(), family); }
  void Compact(const CompactRangeOptions& options, size_t family = 0) {
    ASSERT_OK(db_->CompactRange(options, handles_[family], nullptr, nullptr));
  }
  // Puts, and flushes them into a table of level 0.
  void PutTable(const std::vector<std::pair<std::string, std::string>>& entries, size_t family = 0);

  std::string Property(const std::string& name, size_t family = 0);
  uint64_t IntProperty(const std::string& name, size_t family = 0);
  int FilesAt(int level, size_t family = 0);
  // "2,0,1": tables per level, without the empty levels at the end; "" when there are none.
  std::string Levels(size_t family = 0);
  std::vector<std::string> FilesEndingIn(const std::string& suffix) const;
  std::string ReadFile(const std::string& name) const;

  Options options_;
  ReadOptions read_options_;
  WriteOptions write_options_;
  std::vector<std::string> family_names_;

 private:
  TempDir directory_;
  const std::string path_;
  BlockBasedTableOptions table_options_;
  std::unique_ptr<DB> db_;
  std::vector<ColumnFamilyHandle*> handles_;  // [0] is the default family's
};

// "a=1" at the iterator, or "(end)", or the text of its status.
std::string At(const Iterator& iterator);

}  // namespace gneiss::conformance
