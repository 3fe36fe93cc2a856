// A TestDatabase is a database in a directory of its own, with a map of what must be in it.
//
// Owner:   the directory and the open database; handles and iterators of it must be gone before Close().
// Errors:  Open() returns the Status; the other calls fail the test.
#pragma once

#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/temp_dir.h"

namespace gneiss {

class TestDatabase {
 public:
  TestDatabase() {
    options.create_if_missing = true;
    options.disable_auto_compactions = true;
    options.compression = rocksdb::kNoCompression;
  }

  rocksdb::Status Open() {
    Close();
    rocksdb::DB* opened = nullptr;
    const rocksdb::Status status = rocksdb::DB::Open(options, dir(), &opened);
    EXPECT_EQ(status.ok(), opened != nullptr) << status.ToString();
    db.reset(opened);
    return status;
  }
  void Close() { db.reset(); }

  rocksdb::Status Put(const std::string& key, const std::string& value, bool sync = false) {
    rocksdb::WriteOptions write;
    write.sync = sync;
    const rocksdb::Status status = db->Put(write, key, value);
    if (status.ok()) expected[key] = value;
    return status;
  }
  // Keys PREFIX000.. with values of their own.
  void Fill(const std::string& prefix, int count) {
    for (int i = 0; i < count; ++i) {
      const std::string number = std::to_string(1000 + i);
      ASSERT_TRUE(Put(prefix + number, std::string(100, static_cast<char>('a' + i % 26)) + number).ok());
    }
  }

  // Everything expected is there, and nothing else but `also_allowed`.
  void ExpectAll(const std::map<std::string, std::string>& also_allowed = {}) {
    std::map<std::string, std::string> found = Scan();
    for (const auto& [key, value] : also_allowed) {
      if (expected.contains(key)) continue;
      const auto at = found.find(key);
      if (at == found.end()) continue;
      EXPECT_EQ(at->second, value);
      found.erase(at);
    }
    EXPECT_EQ(expected.size(), found.size());
    EXPECT_TRUE(expected == found);
  }
  std::map<std::string, std::string> Scan() {
    std::map<std::string, std::string> found;
    const std::unique_ptr<rocksdb::Iterator> iterator(db->NewIterator({}));
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
      found[iterator->key().ToString()] = iterator->value().ToString();
    }
    scan_status = iterator->status();
    return found;
  }

  std::string dir() const { return temp_.path() + "/db"; }
  // The files whose name begins or ends so, in order.
  std::vector<std::string> Files(const std::string& part) const {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(dir())) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with(part) || name.ends_with(part)) files.push_back(entry.path().string());
    }
    std::sort(files.begin(), files.end());
    return files;
  }

  rocksdb::Options options;
  std::unique_ptr<rocksdb::DB> db;
  std::map<std::string, std::string> expected;
  rocksdb::Status scan_status;

 private:
  TempDir temp_;
};

inline std::string ReadFile(const std::string& name) {
  std::ifstream in(name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}
inline void WriteFile(const std::string& name, const std::string& bytes) {
  std::ofstream(name, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace gneiss
