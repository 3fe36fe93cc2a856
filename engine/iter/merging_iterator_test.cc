#include "engine/iter/merging_iterator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "engine/base/random.h"
#include "engine/base/test_seed.h"

namespace gneiss {
namespace {

struct Entry {
  std::string key;  // internal
  std::string value;
};

constexpr size_t kNeverFails = SIZE_MAX - 1;

// Entries in order, with a place to fail at.
class VectorIterator final : public InternalIterator {
 public:
  VectorIterator(const KeyOrder& order, std::vector<Entry> entries, size_t fail_at = kNeverFails)
      : order_(order), entries_(std::move(entries)), fail_at_(fail_at), at_(entries_.size()) {
    std::sort(entries_.begin(), entries_.end(),
              [this](const Entry& a, const Entry& b) { return order_.CompareInternal(a.key, b.key) < 0; });
  }
  bool Valid() const override { return at_ < entries_.size() && at_ != fail_at_; }
  void SeekToFirst() override { at_ = 0; }
  void SeekToLast() override { at_ = entries_.size() - 1; }
  void Seek(Slice target) override {
    at_ = 0;
    while (at_ < entries_.size() && order_.CompareInternal(entries_[at_].key, target) < 0) ++at_;
  }
  void SeekForPrev(Slice target) override {
    at_ = entries_.size() - 1;
    while (at_ < entries_.size() && order_.CompareInternal(entries_[at_].key, target) > 0) --at_;
  }
  void Next() override {
    EXPECT_TRUE(Valid());
    ++at_;
  }
  void Prev() override {
    EXPECT_TRUE(Valid());
    --at_;
  }
  Slice key() const override { return entries_[at_].key; }
  Slice value() const override { return entries_[at_].value; }
  Status status() const override { return at_ == fail_at_ ? Status::IoError("child") : Status::Ok(); }

 private:
  const KeyOrder order_;
  std::vector<Entry> entries_;
  const size_t fail_at_;
  size_t at_;
};

// Orders by length, then bytewise.
class LengthOrder final : public UserOrder {
 public:
  const char* Name() const override { return "length"; }
  int Compare(Slice a, Slice b) const override {
    if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
    return a.compare(b);
  }
  void FindShortestSeparator(std::string*, Slice) const override {}
  void FindShortSuccessor(std::string*) const override {}
};

std::string RandomUserKey(Random* random) {
  std::string key = random->OneIn(2) ? "longcommonprefix" : "";
  for (uint64_t n = random->Uniform(4); n > 0; --n) key += static_cast<char>("\x00\x61\x62\xff"[random->Uniform(4)]);
  return key;
}

// What the merge must show: all entries in order, equal keys by child.
struct Model {
  KeyOrder order;
  std::vector<Entry> entries;
  size_t at = SIZE_MAX;  // past either end: not valid

  bool Valid() const { return at < entries.size(); }
  void Seek(Slice target) {
    for (at = 0; at < entries.size() && order.CompareInternal(entries[at].key, target) < 0;) ++at;
  }
  void SeekForPrev(Slice target) {
    for (at = entries.size() - 1; at < entries.size() && order.CompareInternal(entries[at].key, target) > 0;) --at;
  }
};

struct Pair {
  std::unique_ptr<InternalIterator> iterator;
  Model model;
};

Pair RandomPair(const KeyOrder& order, Random* random) {
  Pair pair;
  pair.model.order = order;
  std::vector<std::unique_ptr<InternalIterator>> children;
  const uint64_t child_count = 1 + random->Uniform(random->OneIn(3) ? 30 : 5);
  for (uint64_t c = 0; c < child_count; ++c) {
    std::vector<Entry> entries;
    for (uint64_t n = random->OneIn(4) ? 0 : random->Uniform(40); n > 0; --n) {
      std::string key;
      AppendInternalKey(&key, RandomUserKey(random), random->Uniform(5), Kind::kPut);
      const bool is_new =
          std::none_of(entries.begin(), entries.end(), [&key](const Entry& entry) { return entry.key == key; });
      if (is_new) entries.push_back({key, std::to_string(c) + "/" + std::to_string(n)});
    }
    pair.model.entries.insert(pair.model.entries.end(), entries.begin(), entries.end());
    children.push_back(std::make_unique<VectorIterator>(order, std::move(entries)));
  }
  std::stable_sort(pair.model.entries.begin(), pair.model.entries.end(),
                   [&order](const Entry& a, const Entry& b) { return order.CompareInternal(a.key, b.key) < 0; });
  pair.iterator = NewMergingIterator(order, std::move(children));
  return pair;
}

void Step(Pair* pair, Random* random) {
  Model& model = pair->model;
  InternalIterator* const iterator = pair->iterator.get();
  std::string target;
  AppendInternalKey(&target, RandomUserKey(random), random->Uniform(6), Kind::kPut);
  uint64_t action = random->Uniform(40);
  if (!model.Valid() && action >= 4) action %= 4;
  if (action == 0) {
    iterator->SeekToFirst();
    model.at = 0;
  } else if (action == 1) {
    iterator->SeekToLast();
    model.at = model.entries.size() - 1;
  } else if (action == 2) {
    iterator->Seek(target);
    model.Seek(target);
  } else if (action == 3) {
    iterator->SeekForPrev(target);
    model.SeekForPrev(target);
  } else if (action < 20) {
    iterator->Next();
    ++model.at;
  } else if (action < 26) {
    Slice key;
    Slice value;
    ++model.at;
    ASSERT_EQ(iterator->NextEntry(&key, &value), model.Valid());
    if (model.Valid()) {
      ASSERT_EQ(key, model.entries[model.at].key);
      ASSERT_EQ(value, model.entries[model.at].value);
    }
  } else if (action < 32) {
    iterator->Prev();
    --model.at;
  } else {
    Slice key;
    --model.at;
    ASSERT_EQ(iterator->PrevKey(&key), model.Valid());
    if (model.Valid()) {
      ASSERT_EQ(key, model.entries[model.at].key);
    }
  }
  ASSERT_EQ(iterator->Valid(), model.Valid());
  ASSERT_TRUE(iterator->status().ok());
  if (!model.Valid()) return;
  ASSERT_EQ(iterator->key(), model.entries[model.at].key);
  ASSERT_EQ(iterator->value(), model.entries[model.at].value);
}

TEST(MergingIteratorTest, AgreesWithAModelInEveryOrder) {
  Random random(TestSeed(20240131));
  const LengthOrder by_length;
  for (const KeyOrder& order : {KeyOrder::Bytewise(), KeyOrder::ReverseBytewise(), KeyOrder::Custom(&by_length)}) {
    for (int round = 0; round < 150; ++round) {
      Pair pair = RandomPair(order, &random);
      EXPECT_FALSE(pair.iterator->Valid());
      for (int step = 0; step < 300; ++step) ASSERT_NO_FATAL_FAILURE(Step(&pair, &random)) << "step " << step;
    }
  }
}

TEST(MergingIteratorTest, NoChildrenAndTheEmptyIterator) {
  auto none = NewMergingIterator(KeyOrder(), {});
  none->SeekToFirst();
  EXPECT_FALSE(none->Valid());
  EXPECT_TRUE(none->status().ok());
  auto failed = NewEmptyIterator(Status::Corruption("why"));
  failed->SeekToLast();
  EXPECT_FALSE(failed->Valid());
  EXPECT_TRUE(failed->status().IsCorruption());
}

TEST(MergingIteratorTest, OneChildIsReturnedAsItIs) {
  std::vector<std::unique_ptr<InternalIterator>> children;
  children.push_back(std::make_unique<VectorIterator>(KeyOrder(), std::vector<Entry>{}));
  const InternalIterator* const child = children.front().get();
  EXPECT_EQ(NewMergingIterator(KeyOrder(), std::move(children)).get(), child);
}

std::unique_ptr<InternalIterator> MergeWithAFailingChild() {
  std::vector<Entry> odd;
  std::vector<Entry> even;
  for (int i = 0; i < 10; ++i) {
    const std::string user_key(1, static_cast<char>('a' + i));
    (i % 2 == 0 ? even : odd).push_back({std::string(InternalKey(user_key, 1, Kind::kPut).Encode()), ""});
  }
  std::vector<std::unique_ptr<InternalIterator>> children;
  children.push_back(std::make_unique<VectorIterator>(KeyOrder(), even));
  children.push_back(std::make_unique<VectorIterator>(KeyOrder(), odd, 2));  // fails at "f"
  return NewMergingIterator(KeyOrder(), std::move(children));
}

TEST(MergingIteratorTest, AFailedChildEndsTheIteration) {
  auto iterator = MergeWithAFailingChild();
  std::string seen;
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) seen += iterator->key()[0];
  EXPECT_EQ(seen, "abcd");
  EXPECT_TRUE(iterator->status().IsIoError());

  seen.clear();
  for (iterator->SeekToLast(); iterator->Valid(); iterator->Prev()) seen += iterator->key()[0];
  EXPECT_EQ(seen, "jih");
  EXPECT_TRUE(iterator->status().IsIoError());

  iterator->Seek(InternalKey("f", 1, Kind::kPut).Encode());
  EXPECT_FALSE(iterator->Valid());
  EXPECT_TRUE(iterator->status().IsIoError());

  iterator->Seek(InternalKey("g", 1, Kind::kPut).Encode());
  ASSERT_TRUE(iterator->Valid());
  EXPECT_TRUE(iterator->status().ok());
  EXPECT_EQ(iterator->key()[0], 'g');
}

// Counts comparisons: a child that stays in the lead costs one each.
class CountingOrder final : public UserOrder {
 public:
  const char* Name() const override { return "counting"; }
  int Compare(Slice a, Slice b) const override {
    ++count;
    return a.compare(b);
  }
  void FindShortestSeparator(std::string*, Slice) const override {}
  void FindShortSuccessor(std::string*) const override {}
  mutable int count = 0;
};

TEST(MergingIteratorTest, ALeadingChildCostsOneComparisonPerStep) {
  const CountingOrder counting;
  const KeyOrder order = KeyOrder::Custom(&counting);
  std::vector<std::unique_ptr<InternalIterator>> children;
  for (int c = 0; c < 16; ++c) {
    std::vector<Entry> entries;
    for (int i = 0; i < 1000; ++i) {
      const std::string user_key = std::to_string(100000 + c * 1000 + i);
      entries.push_back({std::string(InternalKey(user_key, 1, Kind::kPut).Encode()), ""});
    }
    children.push_back(std::make_unique<VectorIterator>(order, std::move(entries)));
  }
  auto iterator = NewMergingIterator(order, std::move(children));
  iterator->SeekToFirst();
  counting.count = 0;
  for (int i = 0; i < 900; ++i) iterator->Next();
  EXPECT_LE(counting.count, 910);
}

}  // namespace
}  // namespace gneiss
