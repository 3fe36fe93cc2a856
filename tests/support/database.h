// A database in a directory of its own, its tables laid out by the test.
//
// Owner:   the object owns directory and database; what a test takes from `db` must be gone before it.
// Errors:  every call but those that return a Status fails the test.
#pragma once

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/experimental.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/temp_dir.h"

namespace gneiss {

// The test runs on RocksDB's own library, which does some things otherwise.
inline bool IsOnReference() { return std::getenv("GNEISS_ON_REFERENCE") != nullptr; }

using Content = std::map<std::string, std::string>;

class Database {
 public:
  Database() {
    options.create_if_missing = true;
    options.disable_auto_compactions = true;
    options.compression = rocksdb::kNoCompression;
  }
  ~Database() { Close(); }

  void Open() {
    Close();
    rocksdb::DB* opened = nullptr;
    const rocksdb::Status status = rocksdb::DB::Open(options, dir(), &opened);
    ASSERT_TRUE(status.ok()) << status.ToString();
    db.reset(opened);
  }
  void Close() { db.reset(); }
  std::string dir() const { return temp_.path() + "/db"; }
  const std::string& temp_path() const { return temp_.path(); }

  void Put(const std::string& key, const std::string& value) {
    const rocksdb::Status status = db->Put({}, key, value);
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  void Flush() {
    const rocksdb::Status status = db->Flush({});
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  // One level-0 table with these keys; each value is `value` and the key.
  void Table(const std::vector<std::string>& keys, const std::string& value = "v") {
    for (const std::string& key : keys) Put(key, value + key);
    Flush();
  }
  void Promote(int level) {
    const rocksdb::Status status = rocksdb::experimental::PromoteL0(db.get(), db->DefaultColumnFamily(), level);
    ASSERT_TRUE(status.ok()) << status.ToString();
  }

  std::string Get(const std::string& key, const rocksdb::Snapshot* snapshot = nullptr) {
    rocksdb::ReadOptions read;
    read.snapshot = snapshot;
    std::string value;
    const rocksdb::Status status = db->Get(read, key, &value);
    return status.ok() ? value : status.IsNotFound() ? "(none)" : status.ToString();
  }
  Content Scan(const rocksdb::Snapshot* snapshot = nullptr) {
    rocksdb::ReadOptions read;
    read.snapshot = snapshot;
    Content found;
    const std::unique_ptr<rocksdb::Iterator> iterator(db->NewIterator(read));
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
      found[iterator->key().ToString()] = iterator->value().ToString();
    }
    EXPECT_TRUE(iterator->status().ok()) << iterator->status().ToString();
    return found;
  }
  // The keys, one after the other.
  std::string Keys(const rocksdb::Snapshot* snapshot = nullptr) {
    std::string keys;
    for (const auto& [key, value] : Scan(snapshot)) keys += (keys.empty() ? "" : " ") + key;
    return keys;
  }
  // "0:2 3:1": two tables in level 0, one in level 3.
  std::string Levels() {
    rocksdb::ColumnFamilyMetaData metadata;
    db->GetColumnFamilyMetaData(&metadata);
    std::string text;
    for (const rocksdb::LevelMetaData& level : metadata.levels) {
      if (level.files.empty()) continue;
      text += (text.empty() ? "" : " ") + std::to_string(level.level) + ":" + std::to_string(level.files.size());
    }
    return text;
  }
  // The names of a level's tables, in the order of the metadata.
  std::vector<std::string> Names(int level) {
    rocksdb::ColumnFamilyMetaData metadata;
    db->GetColumnFamilyMetaData(&metadata);
    std::vector<std::string> names;
    for (const rocksdb::SstFileMetaData& file : metadata.levels.at(static_cast<size_t>(level)).files) {
      names.push_back(file.name);
    }
    return names;
  }

  rocksdb::Options options;
  std::unique_ptr<rocksdb::DB> db;

 private:
  TempDir temp_;
};

}  // namespace gneiss
