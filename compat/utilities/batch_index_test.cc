// WriteBatchWithIndex against a plain map: random batches over a random base, read point by point and in both
// directions.
#include "compat/utilities/batch_index.h"

#include <gtest/gtest.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/utilities/stackable_db.h>
#include <rocksdb/utilities/write_batch_with_index.h>

#include <cstdlib>
#include <map>
#include <optional>
#include <random>

namespace {

using rocksdb::Iterator;
using rocksdb::PinnableSlice;
using rocksdb::ReadOptions;
using rocksdb::Slice;
using rocksdb::Status;
using rocksdb::WriteBatchWithIndex;

using Map = std::map<std::string, std::string>;

class MapIterator : public Iterator {
 public:
  explicit MapIterator(const Map* map) : map_(map), at_(map->end()) {}
  bool Valid() const override { return at_ != map_->end(); }
  void SeekToFirst() override { at_ = map_->begin(); }
  void SeekToLast() override { at_ = map_->empty() ? map_->end() : std::prev(map_->end()); }
  void Seek(const Slice& target) override { at_ = map_->lower_bound(target.ToString()); }
  void SeekForPrev(const Slice& target) override {
    at_ = map_->upper_bound(target.ToString());
    Prev();
  }
  void Next() override { ++at_; }
  void Prev() override { at_ = at_ == map_->begin() ? map_->end() : std::prev(at_); }
  Slice key() const override { return at_->first; }
  Slice value() const override { return at_->second; }
  Status status() const override { return Status::OK(); }

 private:
  const Map* map_;
  Map::const_iterator at_;
};

class Append : public rocksdb::AssociativeMergeOperator {
 public:
  const char* Name() const override { return "Append"; }
  bool Merge(const Slice&, const Slice* existing, const Slice& value, std::string* result,
             rocksdb::Logger*) const override {
    *result = (existing == nullptr ? "" : existing->ToString() + ",") + value.ToString();
    return true;
  }
};

class Family : public rocksdb::ColumnFamilyHandle {
 public:
  explicit Family(uint32_t id) : id_(id) {}
  const std::string& GetName() const override { return name_; }
  uint32_t GetID() const override { return id_; }
  Status GetDescriptor(rocksdb::ColumnFamilyDescriptor* descriptor) override {
    descriptor->options.merge_operator = std::make_shared<Append>();
    return Status::OK();
  }
  const rocksdb::Comparator* GetComparator() const override { return rocksdb::BytewiseComparator(); }

 private:
  uint32_t id_;
  std::string name_ = "family";
};

// Only what WriteBatchWithIndex asks of a database.
class MapDb : public rocksdb::StackableDB {
 public:
  explicit MapDb(const Map* map) : StackableDB(static_cast<rocksdb::DB*>(nullptr)), map_(map) {}
  using StackableDB::Get;
  Status Get(const ReadOptions&, rocksdb::ColumnFamilyHandle*, const Slice& key, PinnableSlice* value) override {
    const auto found = map_->find(key.ToString());
    if (found == map_->end()) return Status::NotFound();
    value->PinSelf(found->second);
    return Status::OK();
  }
  using StackableDB::MultiGet;
  void MultiGet(const ReadOptions& options, rocksdb::ColumnFamilyHandle* family, const size_t num_keys,
                const Slice* keys, PinnableSlice* values, Status* statuses, const bool) override {
    for (size_t i = 0; i < num_keys; ++i) statuses[i] = Get(options, family, keys[i], &values[i]);
  }

 private:
  const Map* map_;
};

uint64_t Seed() {
  const char* given = getenv("GNEISS_SEED");
  const uint64_t seed = given != nullptr ? strtoull(given, nullptr, 10) : std::random_device()();
  printf("GNEISS_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

class LayeredBatch : public ::testing::TestWithParam<bool> {
 protected:
  std::string Key() { return std::string(1, static_cast<char>('a' + random_() % 12)); }

  void RandomWrite() {
    const std::string key = Key();
    const std::string value = std::to_string(++writes_);
    switch (random_() % 4) {
      case 0:
        ASSERT_TRUE(batch_.Put(&family_, key, value).ok());
        model_[key] = value;
        break;
      case 1:
        ASSERT_TRUE(batch_.Delete(&family_, key).ok());
        model_.erase(key);
        break;
      case 2:
        ASSERT_TRUE(batch_.SingleDelete(&family_, key).ok());
        model_.erase(key);
        break;
      default:
        ASSERT_TRUE(batch_.Merge(&family_, key, value).ok());
        model_[key] = model_.count(key) != 0 ? model_[key] + "," + value : value;
        break;
    }
  }

  void ExpectAt(Iterator* iter, Map::const_iterator at) {
    ASSERT_TRUE(iter->status().ok()) << iter->status().ToString();
    ASSERT_EQ(at != model_.end(), iter->Valid());
    if (!iter->Valid()) return;
    EXPECT_EQ(at->first, iter->key().ToString());
    EXPECT_EQ(at->second, iter->value().ToString());
  }

  std::mt19937_64 random_{Seed()};
  int writes_ = 0;
  Family family_{3};
  Map base_;
  Map model_;
  WriteBatchWithIndex batch_{rocksdb::BytewiseComparator(), 0, GetParam()};
};

TEST_P(LayeredBatch, ReadsWhatAMapWouldHold) {
  for (int i = 0; i < 8; ++i) base_[Key()] = "base" + std::to_string(i);
  model_ = base_;
  MapDb db(&base_);
  for (int round = 0; round < 200; ++round) {
    RandomWrite();
    const std::string key = Key();
    PinnableSlice value;
    const Status status = batch_.GetFromBatchAndDB(&db, ReadOptions(), &family_, key, &value);
    ASSERT_EQ(model_.count(key) != 0, status.ok()) << status.ToString();
    if (status.ok()) {
      EXPECT_EQ(model_[key], value.ToString());
    }
  }
}

TEST_P(LayeredBatch, MultiGetAgreesWithGet) {
  for (int i = 0; i < 8; ++i) base_[Key()] = "base" + std::to_string(i);
  model_ = base_;
  MapDb db(&base_);
  for (int i = 0; i < 20; ++i) RandomWrite();
  std::vector<std::string> names;
  for (char c = 'a'; c < 'm'; ++c) names.emplace_back(1, c);
  const std::vector<Slice> keys(names.begin(), names.end());
  std::vector<PinnableSlice> values(keys.size());
  std::vector<Status> statuses(keys.size());
  batch_.MultiGetFromBatchAndDB(&db, ReadOptions(), &family_, keys.size(), keys.data(), values.data(), statuses.data(),
                                false);
  for (size_t i = 0; i < keys.size(); ++i) {
    ASSERT_EQ(model_.count(names[i]) != 0, statuses[i].ok());
    if (statuses[i].ok()) {
      EXPECT_EQ(model_[names[i]], values[i].ToString());
    }
  }
}

TEST_P(LayeredBatch, IteratesWithTheBase) {
  for (int round = 0; round < 50; ++round) {
    base_.clear();
    batch_.Clear();
    for (int i = 0; i < 6; ++i) base_[Key()] = "base" + std::to_string(i);
    model_ = base_;
    for (int i = 0; i < 12; ++i) RandomWrite();
    std::unique_ptr<Iterator> iter(batch_.NewIteratorWithBase(&family_, new MapIterator(&base_)));
    Map::const_iterator at = model_.end();
    for (int step = 0; step < 40; ++step) {
      const std::string target = Key();
      switch (at == model_.end() ? random_() % 4 : random_() % 8) {
        case 0:
          iter->SeekToFirst();
          at = model_.begin();
          break;
        case 1:
          iter->SeekToLast();
          at = model_.empty() ? model_.end() : std::prev(model_.end());
          break;
        case 2:
          iter->Seek(target);
          at = model_.lower_bound(target);
          break;
        case 3:
          iter->SeekForPrev(target);
          at = model_.upper_bound(target);
          at = at == model_.begin() ? model_.end() : std::prev(at);
          break;
        case 4:
        case 5:
          iter->Next();
          ++at;
          break;
        default:
          iter->Prev();
          at = at == model_.begin() ? model_.end() : std::prev(at);
          break;
      }
      ExpectAt(iter.get(), at);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(LayeredBatch, KeepsToTheBounds) {
  base_ = {{"a", "1"}, {"c", "3"}, {"e", "5"}};
  for (const char* key : {"b", "d", "f"}) ASSERT_TRUE(batch_.Put(&family_, key, "new").ok());
  const Slice lower = "b";
  const Slice upper = "e";
  ReadOptions options;
  options.iterate_lower_bound = &lower;
  options.iterate_upper_bound = &upper;
  // The base iterator keeps to the bounds by itself; here it is given only what lies between them.
  const Map bounded = {{"c", "3"}};
  std::unique_ptr<Iterator> iter(batch_.NewIteratorWithBase(&family_, new MapIterator(&bounded), &options));
  std::string forward;
  for (iter->SeekToFirst(); iter->Valid(); iter->Next()) forward += iter->key().ToString();
  EXPECT_EQ("bcd", forward);
  std::string backward;
  for (iter->SeekToLast(); iter->Valid(); iter->Prev()) backward += iter->key().ToString();
  EXPECT_EQ("dcb", backward);
}

TEST_P(LayeredBatch, RollsBackToASavePoint) {
  ASSERT_TRUE(batch_.Put(&family_, "a", "1").ok());
  batch_.SetSavePoint();
  ASSERT_TRUE(batch_.Put(&family_, "a", "2").ok());
  ASSERT_TRUE(batch_.Put(&family_, "b", "2").ok());
  ASSERT_TRUE(batch_.RollbackToSavePoint().ok());
  std::string value;
  EXPECT_TRUE(batch_.GetFromBatch(&family_, rocksdb::DBOptions(), "a", &value).ok());
  EXPECT_EQ("1", value);
  EXPECT_TRUE(batch_.GetFromBatch(&family_, rocksdb::DBOptions(), "b", &value).IsNotFound());
  EXPECT_TRUE(batch_.RollbackToSavePoint().IsNotFound());
}

TEST_P(LayeredBatch, ListsItsEntriesInOrder) {
  Family other(1);
  ASSERT_TRUE(batch_.Put(&family_, "b", "1").ok());
  ASSERT_TRUE(batch_.Delete(&family_, "a").ok());
  ASSERT_TRUE(batch_.Put(&family_, "b", "2").ok());
  ASSERT_TRUE(batch_.Put(&other, "c", "elsewhere").ok());
  ASSERT_TRUE(batch_.Merge(&family_, "b", "3").ok());
  std::string seen;
  std::unique_ptr<rocksdb::WBWIIterator> iter(batch_.NewIterator(&family_));
  for (iter->SeekToFirst(); iter->Valid(); iter->Next()) {
    const rocksdb::WriteEntry entry = iter->Entry();
    seen += std::to_string(entry.type) + entry.key.ToString() + entry.value.ToString() + " ";
  }
  // A key is listed once when keys are overwritten, but for merges.
  EXPECT_EQ(GetParam() ? "2a 0b2 1b3 " : "2a 0b1 0b2 1b3 ", seen);
  std::string value;
  EXPECT_TRUE(batch_.GetFromBatch(&family_, rocksdb::DBOptions(), "b", &value).ok());
  EXPECT_EQ("2,3", value);
}

TEST_P(LayeredBatch, StandsWhileTheBatchGrows) {
  base_ = {{"a", "1"}, {"z", "26"}};
  ASSERT_TRUE(batch_.Put(&family_, "m", "old").ok());
  std::unique_ptr<Iterator> iter(batch_.NewIteratorWithBase(&family_, new MapIterator(&base_)));
  iter->SeekToFirst();
  ASSERT_EQ("a", iter->key().ToString());
  // The other side stands on "m" meanwhile; enough is written to move the batch in memory.
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(batch_.Put(&family_, "m", "new" + std::to_string(i)).ok());
  iter->Next();
  ASSERT_TRUE(iter->Valid());
  EXPECT_EQ("m", iter->key().ToString());
  EXPECT_EQ("new999", iter->value().ToString());
}

INSTANTIATE_TEST_SUITE_P(Overwriting, LayeredBatch, ::testing::Bool());

}  // namespace
