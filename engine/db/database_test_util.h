// What tests of the whole database share: a batch to fill, and a database in a directory of its own.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/db/database.h"
#include "engine/wal/write_batch.h"

namespace gneiss {

class Batch {
 public:
  Batch() { rep_.resize(kBatchHeaderBytes); }
  Batch& Put(Slice key, Slice value, uint32_t family = 0) {
    return Append(Kind::kPut, Kind::kColumnFamilyPut, family, key, &value);
  }
  Batch& Delete(Slice key, uint32_t family = 0) {
    return Append(Kind::kDelete, Kind::kColumnFamilyDelete, family, key, nullptr);
  }
  Batch& SingleDelete(Slice key) {
    return Append(Kind::kSingleDelete, Kind::kColumnFamilySingleDelete, 0, key, nullptr);
  }
  Batch& DeleteRange(Slice begin, Slice end) {
    return Append(Kind::kRangeDelete, Kind::kColumnFamilyRangeDelete, 0, begin, &end);
  }
  std::string* rep() { return &rep_; }

 private:
  Batch& Append(Kind tag, Kind family_tag, uint32_t family, Slice key, const Slice* value) {
    rep_.push_back(static_cast<char>(family == 0 ? tag : family_tag));
    if (family != 0) PutVarint32(&rep_, family);
    PutLengthPrefixed(&rep_, key);
    if (value != nullptr) PutLengthPrefixed(&rep_, *value);
    EncodeU32(rep_.data() + 8, BatchCount(rep_) + 1);
    return *this;
  }
  std::string rep_;
};

class DatabaseTest : public testing::Test {
 protected:
  DatabaseTest() {
    char name[] = "/tmp/gneiss_db_test_XXXXXX";
    dir_ = mkdtemp(name);
    config_.create_if_missing = true;
    family_.config.write_buffer_bytes = 64 << 10;
    family_.config.arena_block_bytes = 4 << 10;
    family_.config.compaction.level_base_bytes_max = 256 << 10;
    family_.config.compaction.target_file_bytes_base = 64 << 10;
    family_.config.table_read.block_cache = NewCache({.capacity_bytes = 1 << 20});
  }
  ~DatabaseTest() override {
    handles_.clear();
    database_.reset();
    DestroyDatabase(config_, dir_, {}).IgnoreError("the directory may be damaged on purpose");
  }

  Status Open(std::vector<FamilyDescriptor> families = {}) {
    handles_.clear();
    database_.reset();
    if (families.empty()) families.push_back(family_);
    return Database::Open(config_, dir_, families, &handles_, &database_);
  }
  Status Put(Slice key, Slice value) { return database_->Write({}, Batch().Put(key, value).rep()); }
  std::string Get(Slice key, const Snapshot* snapshot = nullptr) {
    PinnedValue value;
    const Status status = database_->Get({.snapshot = snapshot}, handles_[0].get(), key, &value);
    return status.ok() ? std::string(value.slice()) : status.ToString();
  }
  std::map<std::string, std::string> Scan(const Snapshot* snapshot = nullptr) {
    std::map<std::string, std::string> found;
    const auto iterator = database_->NewIterator({.snapshot = snapshot}, handles_[0]);
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
      EXPECT_TRUE(found.empty() || found.rbegin()->first < iterator->key());
      found.emplace(iterator->key(), iterator->value());
    }
    EXPECT_TRUE(iterator->status().ok()) << iterator->status().ToString();
    return found;
  }
  std::map<std::string, std::string> ScanBackward(const Snapshot* snapshot = nullptr) {
    std::map<std::string, std::string> found;
    const auto iterator = database_->NewIterator({.snapshot = snapshot}, handles_[0]);
    for (iterator->SeekToLast(); iterator->Valid(); iterator->Prev()) {
      EXPECT_TRUE(found.empty() || found.begin()->first > iterator->key());
      found.emplace(iterator->key(), iterator->value());
    }
    EXPECT_TRUE(iterator->status().ok()) << iterator->status().ToString();
    return found;
  }

  std::string dir_;
  DatabaseConfig config_;
  FamilyDescriptor family_;
  std::vector<FamilyPtr> handles_;
  std::unique_ptr<Database> database_;
};

}  // namespace gneiss
