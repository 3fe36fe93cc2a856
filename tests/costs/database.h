#pragma once

#include <gtest/gtest.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include <cstdio>
#include <memory>
#include <string>

#include "tests/support/temp_dir.h"

namespace costs {

constexpr int kKeys = 20000;

inline std::string Key(int number) {
  char key[17];
  std::snprintf(key, sizeof(key), "%016d", number);
  return key;
}

// A database of 20 000 keys of 16 bytes with values of 100, whose block cache holds all of it.
class Database {
 public:
  explicit Database(int bloom_bits) {
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(64 << 20);
    if (bloom_bits > 0) table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(bloom_bits));
    rocksdb::Options options;
    options.create_if_missing = true;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    rocksdb::DB* opened = nullptr;
    const auto status = rocksdb::DB::Open(options, directory_.path(), &opened);
    EXPECT_TRUE(status.ok()) << status.ToString();
    db_.reset(opened);
  }

  void Fill() {
    const std::string value(100, 'v');
    for (int i = 0; i < kKeys; ++i) EXPECT_TRUE(db_->Put(rocksdb::WriteOptions(), Key(i), value).ok());
  }

  // All keys in tables of one level, every block in the cache.
  void CompactAndWarmUp() {
    EXPECT_TRUE(db_->CompactRange(rocksdb::CompactRangeOptions(), nullptr, nullptr).ok());
    std::unique_ptr<rocksdb::Iterator> iterator(db_->NewIterator(rocksdb::ReadOptions()));
    int seen = 0;
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) ++seen;
    EXPECT_EQ(seen, kKeys);
    std::string value;
    for (int i = 0; i < kKeys; ++i) EXPECT_TRUE(db_->Get(rocksdb::ReadOptions(), Key(i), &value).ok());
  }

  rocksdb::DB* operator->() { return db_.get(); }
  rocksdb::DB* get() { return db_.get(); }

 private:
  gneiss::TempDir directory_;
  std::unique_ptr<rocksdb::DB> db_;
};

}  // namespace costs
