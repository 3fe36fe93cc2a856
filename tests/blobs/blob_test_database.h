// A database whose values of 50 bytes and more lie in blob files, with a map of what must be in it.
//
// Owner:   its directory and the open database.
// Errors:  fail the test.
#pragma once

#include <rocksdb/merge_operator.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/errors/test_database.h"

namespace gneiss {

class AppendWithComma final : public rocksdb::AssociativeMergeOperator {
 public:
  bool Merge(const rocksdb::Slice&, const rocksdb::Slice* base, const rocksdb::Slice& operand, std::string* result,
             rocksdb::Logger*) const override {
    if (base != nullptr) *result = base->ToString() + ",";
    result->append(operand.data(), operand.size());
    return true;
  }
  const char* Name() const override { return "Append"; }
};

class BlobDatabase : public TestDatabase {
 public:
  BlobDatabase() {
    options.enable_blob_files = true;
    options.min_blob_size = 50;
    options.merge_operator = std::make_shared<AppendWithComma>();
  }

  // `count` values of `version`, every third of them short.
  void FillVersion(int count, int version, int step = 1) {
    for (int i = 0; i < count; i += step) {
      std::string value = std::to_string(i) + "." + std::to_string(version);
      if (i % 3 != 0) value.append(100, static_cast<char>('a' + i % 26));
      ASSERT_TRUE(Put(KeyOf(i), value).ok());
    }
  }
  static std::string KeyOf(int i) { return "key" + std::to_string(1000 + i); }

  void Flush() { ASSERT_TRUE(db->Flush({}).ok()); }
  void Compact(rocksdb::BlobGarbageCollectionPolicy policy = rocksdb::BlobGarbageCollectionPolicy::kUseDefault,
               double age_cutoff = -1) {
    ASSERT_TRUE(TryCompact(policy, age_cutoff).ok());
  }
  rocksdb::Status TryCompact(
      rocksdb::BlobGarbageCollectionPolicy policy = rocksdb::BlobGarbageCollectionPolicy::kUseDefault,
      double age_cutoff = -1) {
    rocksdb::CompactRangeOptions compact;
    compact.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    compact.blob_garbage_collection_policy = policy;
    compact.blob_garbage_collection_age_cutoff = age_cutoff;
    return db->CompactRange(compact, nullptr, nullptr);
  }

  // Every way of reading finds what is expected.
  void ExpectAllWays() {
    ExpectAll();
    std::map<std::string, std::string> backwards;
    const std::unique_ptr<rocksdb::Iterator> iterator(db->NewIterator({}));
    for (iterator->SeekToLast(); iterator->Valid(); iterator->Prev()) {
      backwards[iterator->key().ToString()] = iterator->value().ToString();
    }
    EXPECT_TRUE(iterator->status().ok()) << iterator->status().ToString();
    EXPECT_TRUE(backwards == expected);
    std::vector<rocksdb::Slice> keys;
    for (const auto& [key, value] : expected) {
      rocksdb::PinnableSlice found;
      ASSERT_TRUE(db->Get({}, db->DefaultColumnFamily(), key, &found).ok()) << key;
      EXPECT_EQ(found, value);
      keys.emplace_back(key);
    }
    std::vector<rocksdb::PinnableSlice> values(keys.size());
    std::vector<rocksdb::Status> statuses(keys.size());
    db->MultiGet({}, db->DefaultColumnFamily(), keys.size(), keys.data(), values.data(), statuses.data());
    for (size_t i = 0; i < keys.size(); ++i) {
      ASSERT_TRUE(statuses[i].ok());
      EXPECT_EQ(values[i], expected[keys[i].ToString()]);
    }
  }

  std::vector<rocksdb::BlobMetaData> BlobFiles() {
    rocksdb::ColumnFamilyMetaData metadata;
    db->GetColumnFamilyMetaData(&metadata);
    EXPECT_EQ(metadata.blob_file_count, metadata.blob_files.size());
    return metadata.blob_files;
  }
  uint64_t IntProperty(const std::string& name) {
    uint64_t value = 0;
    EXPECT_TRUE(db->GetIntProperty("rocksdb." + name, &value)) << name;
    return value;
  }
};

}  // namespace gneiss
