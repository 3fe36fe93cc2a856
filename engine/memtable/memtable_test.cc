#include "engine/memtable/memtable.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/random.h"
#include "engine/base/test_seed.h"

namespace gneiss {
namespace {

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
const LengthOrder kLengthOrder;

std::vector<KeyOrder> AllOrders() {
  return {KeyOrder::Bytewise(), KeyOrder::ReverseBytewise(), KeyOrder::Custom(&kLengthOrder)};
}

struct InternalLess {
  KeyOrder order;
  bool operator()(const std::string& a, const std::string& b) const { return order.CompareInternal(a, b) < 0; }
};
using Model = std::map<std::string, std::string, InternalLess>;

std::string RandomUserKey(Random* random) {
  std::string key = random->OneIn(2) ? "a long common prefix " : "";
  for (uint64_t n = random->Uniform(7); n > 0; --n) key += static_cast<char>("\x00\x61\x62\xff"[random->Uniform(4)]);
  return key;
}

std::string Get(const Memtable& memtable, Slice user_key, SeqNo seq) {
  PinnedValue value;
  PointLookup lookup(user_key, seq, nullptr, &value);
  memtable.Get(SeekKey(user_key, seq), &lookup);
  const bool is_done = lookup.is_done();
  if (const Status status = lookup.Finish(); !status.ok()) return is_done ? "(deleted)" : "(none)";
  return std::string(value.slice());
}

std::string ModelGet(const Model& model, const KeyOrder& order, Slice user_key, SeqNo seq) {
  const auto it = model.lower_bound(std::string(SeekKey(user_key, seq).Encode()));
  if (it == model.end() || !order.Equal(UserKeyOf(it->first), user_key)) return "(none)";
  return TrailerKind(TrailerOf(it->first)) == Kind::kPut ? it->second : "(deleted)";
}

void ExpectSame(const InternalIterator& iterator, const Model& model, Model::const_iterator at) {
  ASSERT_EQ(iterator.Valid(), at != model.end());
  if (!iterator.Valid()) return;
  ASSERT_EQ(iterator.key(), at->first);
  ASSERT_EQ(iterator.value(), at->second);
}

void CheckScans(const Memtable& memtable, const Model& model) {
  auto iterator = memtable.NewIterator();
  EXPECT_FALSE(iterator->Valid());
  auto at = model.begin();
  for (iterator->SeekToFirst(); at != model.end(); iterator->Next(), ++at) {
    ASSERT_NO_FATAL_FAILURE(ExpectSame(*iterator, model, at));
  }
  EXPECT_FALSE(iterator->Valid());
  auto back = model.rbegin();
  for (iterator->SeekToLast(); back != model.rend(); iterator->Prev(), ++back) {
    ASSERT_NO_FATAL_FAILURE(ExpectSame(*iterator, model, std::prev(back.base())));
  }
  EXPECT_FALSE(iterator->Valid());
}

void RandomWalk(const Memtable& memtable, const Model& model, Random* random) {
  auto iterator = memtable.NewIterator();
  auto at = model.end();
  for (int step = 0; step < 500; ++step) {
    const uint64_t action = at == model.end() ? random->Uniform(2) : random->Uniform(20);
    std::string target;
    AppendInternalKey(&target, RandomUserKey(random), random->Uniform(5000), Kind::kPut);
    if (random->OneIn(4) && !model.empty()) {
      target = std::next(model.begin(), static_cast<long>(random->Uniform(model.size())))->first;
    }
    if (action == 0) {
      iterator->Seek(target);
      at = model.lower_bound(target);
    } else if (action == 1) {
      iterator->SeekForPrev(target);
      at = model.upper_bound(target);
      at = at == model.begin() ? model.end() : std::prev(at);
    } else if (action < 11) {
      iterator->Next();
      ++at;
    } else {
      iterator->Prev();
      at = at == model.begin() ? model.end() : std::prev(at);
    }
    ASSERT_NO_FATAL_FAILURE(ExpectSame(*iterator, model, at));
  }
}

TEST(MemtableTest, AgreesWithAModelInEveryOrder) {
  Random random(TestSeed(20240131));
  for (const KeyOrder& order : AllOrders()) {
    for (int round = 0; round < 12; ++round) {
      Memtable memtable({.order = order, .expected_bytes = 1 << 16}, 1, 0);
      Model model(InternalLess{order});
      const uint64_t count = random.Uniform(round < 8 ? 300 : 8000);
      uint64_t deletions = 0;
      for (SeqNo seq = 1; seq <= count; ++seq) {
        const std::string user_key = RandomUserKey(&random);
        const Kind kind = random.OneIn(4) ? Kind::kDelete : Kind::kPut;
        const std::string value = kind == Kind::kPut ? std::to_string(seq) + "v" : "";
        deletions += kind == Kind::kDelete ? 1 : 0;
        memtable.Add(seq, kind, user_key, value, random.OneIn(2));
        model[std::string(InternalKey(user_key, seq, kind).Encode())] = value;
        const SeqNo read_seq = random.Uniform(seq + 2);
        ASSERT_EQ(Get(memtable, user_key, seq), kind == Kind::kPut ? value : "(deleted)");
        const std::string other = RandomUserKey(&random);
        ASSERT_EQ(Get(memtable, other, read_seq), ModelGet(model, order, other, read_seq));
      }
      EXPECT_EQ(memtable.EntryCount(), count);
      EXPECT_EQ(memtable.DeletionCount(), deletions);
      EXPECT_EQ(memtable.first_seq(), count == 0 ? kSeqMax : 1);
      ASSERT_NO_FATAL_FAILURE(CheckScans(memtable, model));
      ASSERT_NO_FATAL_FAILURE(RandomWalk(memtable, model, &random));
    }
  }
}

std::string Number(uint64_t number) {
  std::string key(16, '0');
  for (int i = 0; i < 8; ++i) key[static_cast<size_t>(i)] = static_cast<char>(number >> (56 - 8 * i));
  return key;
}

// An entry begins with two sizes of one to five bytes each; entries lie side by side.
TEST(MemtableTest, KeysAndValuesOfAnySizeLieSideBySide) {
  Memtable memtable({}, 1, 1);
  const std::vector<size_t> sizes = {0, 1, 127, 128, 129, 16383, 16384, 70000, 1 << 21};
  SeqNo seq = 0;
  for (const size_t key_size : sizes) {
    for (const size_t value_size : sizes) {
      const std::string value(value_size, static_cast<char>('a' + seq % 26));
      memtable.Add(++seq, Kind::kPut, std::string(key_size, 'k'), value, false);
    }
  }
  seq = 0;
  for (const size_t key_size : sizes) {
    for (const size_t value_size : sizes) {
      const std::string value(value_size, static_cast<char>('a' + seq % 26));
      ASSERT_EQ(Get(memtable, std::string(key_size, 'k'), ++seq), value) << key_size << " " << value_size;
    }
  }
}

TEST(MemtableTest, LongRunsUpAndDown) {
  for (const KeyOrder& order : AllOrders()) {
    for (const bool is_ascending : {true, false}) {
      Memtable memtable({.order = order, .expected_bytes = 1 << 16}, 1, 0);
      Model model(InternalLess{order});
      for (uint64_t i = 1; i <= 20000; ++i) {
        const std::string user_key = Number(is_ascending ? i : 50000 - i);
        memtable.Add(i, Kind::kPut, user_key, user_key, false);
        model[std::string(InternalKey(user_key, i, Kind::kPut).Encode())] = user_key;
      }
      ASSERT_NO_FATAL_FAILURE(CheckScans(memtable, model));
    }
  }
}

// Keys that agree in more bytes than a head holds, in random order, deep enough for inner nodes to split.
TEST(MemtableTest, ManyKeysWithLongSharedPrefixes) {
  Random random(TestSeed(20240131));
  Memtable memtable({.expected_bytes = 1 << 16}, 1, 0);
  Model model(InternalLess{KeyOrder()});
  for (SeqNo seq = 1; seq <= 60000; ++seq) {
    const std::string user_key =
        (random.OneIn(3) ? "customer/orders/" : "customer/") + std::to_string(random.Uniform(1000000));
    memtable.Add(seq, Kind::kPut, user_key, "", false);
    model[std::string(InternalKey(user_key, seq, Kind::kPut).Encode())] = "";
  }
  ASSERT_NO_FATAL_FAILURE(CheckScans(memtable, model));
  for (const auto& [key, value] : model) {
    auto iterator = memtable.NewIterator();
    iterator->Seek(key);
    ASSERT_TRUE(iterator->Valid());
    ASSERT_EQ(iterator->key(), key);
  }
}

TEST(MemtableTest, IteratorsSeeWhatIsAddedLater) {
  Memtable memtable({.expected_bytes = 1 << 16}, 1, 0);
  auto iterator = memtable.NewIterator();
  iterator->SeekToFirst();
  EXPECT_FALSE(iterator->Valid());
  memtable.Add(1, Kind::kPut, "b", "1", false);
  iterator->SeekToFirst();
  ASSERT_TRUE(iterator->Valid());
  memtable.Add(2, Kind::kPut, "a", "2", false);
  iterator->Seek(SeekKey("a", kSeqMax).Encode());
  ASSERT_TRUE(iterator->Valid());
  EXPECT_EQ(iterator->value(), "2");
}

TEST(MemtableTest, TheNewestVersionOfManyIsFoundAtEverySeq) {
  Memtable memtable({.expected_bytes = 1 << 16}, 1, 0);
  for (SeqNo seq = 1; seq <= 3000; ++seq) memtable.Add(seq, Kind::kPut, "key", std::to_string(seq), false);
  for (SeqNo seq = 1; seq <= 3000; ++seq) ASSERT_EQ(Get(memtable, "key", seq), std::to_string(seq));
  EXPECT_EQ(Get(memtable, "key", 0), "(none)");
}

class CountOperator final : public MergeOperator {
 public:
  const char* Name() const override { return "count"; }
  bool FullMerge(Slice, const Slice* base, const std::vector<Slice>& operands, std::string* result) const override {
    *result = (base == nullptr ? "" : std::string(*base)) + "+" + std::to_string(operands.size());
    return operands.empty() || std::is_sorted(operands.begin(), operands.end());
  }
  bool PartialMerge(Slice, const std::vector<Slice>&, std::string*) const override { return false; }
};

TEST(MemtableTest, ALookupTakesOperandsDownToTheirBase) {
  const CountOperator count;
  Memtable memtable({.expected_bytes = 1 << 16}, 1, 0);
  memtable.Add(1, Kind::kPut, "key", "older", false);
  memtable.Add(2, Kind::kPut, "key", "base", false);
  for (SeqNo seq = 3; seq < 1003; ++seq) memtable.Add(seq, Kind::kMerge, "key", std::to_string(10000 + seq), false);
  memtable.Add(2000, Kind::kPut, "kez", "next", false);
  PinnedValue value;
  PointLookup lookup("key", kSeqMax, &count, &value);
  memtable.Get(SeekKey("key", kSeqMax), &lookup);
  ASSERT_TRUE(lookup.Finish().ok());
  EXPECT_EQ(value.slice(), "base+1000");
}

TEST(MemtableTest, RangeTombstonesLieApartAndCover) {
  Memtable memtable({.expected_bytes = 1 << 16}, 1, 0);
  EXPECT_FALSE(memtable.HasRangeTombstones());
  EXPECT_EQ(memtable.NewRangeTombstoneIterator(), nullptr);
  memtable.Add(1, Kind::kPut, "b", "old", false);
  memtable.Add(2, Kind::kRangeDelete, "a", "c", false);
  memtable.Add(3, Kind::kPut, "bb", "new", false);
  memtable.Add(4, Kind::kRangeDelete, "x", "z", false);
  EXPECT_TRUE(memtable.HasRangeTombstones());
  EXPECT_EQ(Get(memtable, "b", 1), "old");
  EXPECT_EQ(Get(memtable, "b", 2), "(deleted)");
  EXPECT_EQ(Get(memtable, "bb", 9), "new");
  EXPECT_EQ(Get(memtable, "c", 9), "(none)");

  auto iterator = memtable.NewIterator();
  int entries = 0;
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) ++entries;
  EXPECT_EQ(entries, 2);
  auto tombstones = memtable.NewRangeTombstoneIterator();
  tombstones->SeekToFirst();
  ASSERT_TRUE(tombstones->Valid());
  EXPECT_EQ(tombstones->key(), InternalKey("a", 2, Kind::kRangeDelete).Encode());
  EXPECT_EQ(tombstones->value(), "c");
  tombstones->Next();
  EXPECT_EQ(UserKeyOf(tombstones->key()), "x");
  tombstones->Next();
  EXPECT_FALSE(tombstones->Valid());
}

// A comparator's equal keys may have other bytes; so their memtables have no filter.
TEST(MemtableTest, KeysAreEqualAsTheirOrderHasIt) {
  class FirstByteOrder final : public UserOrder {
   public:
    const char* Name() const override { return "first byte"; }
    int Compare(Slice a, Slice b) const override { return a.substr(0, 1).compare(b.substr(0, 1)); }
    void FindShortestSeparator(std::string*, Slice) const override {}
    void FindShortSuccessor(std::string*) const override {}
  };
  const FirstByteOrder order;
  Memtable memtable({.order = KeyOrder::Custom(&order), .expected_bytes = 1 << 16}, 1, 0);
  memtable.Add(1, Kind::kPut, "apple", "1", false);
  EXPECT_EQ(Get(memtable, "avocado", 9), "1");
  EXPECT_EQ(Get(memtable, "banana", 9), "(none)");
}

TEST(MemtableTest, MemoryUsageGrowsWithTheData) {
  Memtable memtable({.expected_bytes = 1 << 16}, 1, 0);
  size_t previous = memtable.MemoryUsage();
  uint64_t bytes = 0;
  for (SeqNo seq = 1; seq <= 20000; ++seq) {
    memtable.Add(seq, Kind::kPut, Number(seq * 7919 % 20011), std::string(100, 'v'), seq % 2 == 0);
    bytes += 116;
    ASSERT_GE(memtable.MemoryUsage(), previous);
    previous = memtable.MemoryUsage();
    ASSERT_GE(previous, bytes);
  }
  EXPECT_GE(memtable.DataBytes(), bytes);
  EXPECT_LE(previous, 2 * bytes + (size_t{2} << 20));
}

TEST(MemtableTest, RangesAreEstimated) {
  Memtable memtable({.expected_bytes = 1 << 16}, 1, 0);
  EXPECT_EQ(memtable.EstimateRange("", "\xff").entries, 0u);
  const uint64_t count = 100000;
  for (uint64_t i = 0; i < count; ++i)
    memtable.Add(i, Kind::kPut, Number(i * 7919 % count), std::string(84, 'v'), false);
  for (const uint64_t width : {100ULL, 1000ULL, 30000ULL, 90000ULL}) {
    const Memtable::RangeEstimate estimate = memtable.EstimateRange(Number(5000), Number(5000 + width));
    EXPECT_GE(estimate.entries, width * 7 / 10 - 50) << width;
    EXPECT_LE(estimate.entries, width * 13 / 10 + 50) << width;
    EXPECT_GE(estimate.bytes, estimate.entries * 100);
    EXPECT_LE(estimate.bytes, estimate.entries * 150);
  }
  EXPECT_EQ(memtable.EstimateRange(Number(10), Number(10)).entries, 0u);
  EXPECT_EQ(memtable.EstimateRange(Number(20), Number(10)).entries, 0u);
}

// Writers add disjoint keys while readers look for what they know to be there.
void RunTogether(const KeyOrder& order, int writer_count, bool is_concurrent, bool is_sequential) {
  const uint64_t per_writer = 5000;
  Memtable memtable({.order = order, .expected_bytes = 1 << 16}, 1, 0);
  std::vector<std::atomic<uint64_t>> added(static_cast<size_t>(writer_count));
  const auto key_of = [=](uint64_t writer, uint64_t i) {
    const uint64_t place = is_sequential ? i : i * 7919 % per_writer;
    return Number(place * static_cast<uint64_t>(writer_count) + writer);
  };
  std::atomic<bool> is_over{false};
  std::vector<std::thread> threads;
  for (int w = 0; w < writer_count; ++w) {
    threads.emplace_back([&, w] {
      const auto writer = static_cast<uint64_t>(w);
      for (uint64_t i = 0; i < per_writer; ++i) {
        const std::string key = key_of(writer, i);
        memtable.Add(i + 1, Kind::kPut, key, key, is_concurrent);
        added[writer].store(i + 1, std::memory_order_release);
      }
    });
  }
  std::vector<std::thread> readers;
  for (uint64_t r = 0; r < 2; ++r) {
    readers.emplace_back([&, r] {
      Random random(TestSeed(20240131) + r);
      while (!is_over.load(std::memory_order_acquire)) {
        const uint64_t writer = random.Uniform(static_cast<uint64_t>(writer_count));
        const uint64_t limit = added[writer].load(std::memory_order_acquire);
        for (int n = 0; n < 50 && limit > 0; ++n) {
          const std::string key = key_of(writer, random.Uniform(limit));
          EXPECT_EQ(Get(memtable, key, kSeqMax), key);
        }
        // Entries that were there before the scan all show up, in order.
        uint64_t known = 0;
        for (const auto& count : added) known += count.load(std::memory_order_acquire);
        auto iterator = memtable.NewIterator();
        std::string previous;
        uint64_t seen = 0;
        const bool is_forward = random.OneIn(2);
        for (is_forward ? iterator->SeekToFirst() : iterator->SeekToLast(); iterator->Valid();
             is_forward ? iterator->Next() : iterator->Prev()) {
          if (seen > 0) {
            const int compared = order.CompareInternal(previous, iterator->key());
            EXPECT_TRUE(is_forward ? compared < 0 : compared > 0);
          }
          EXPECT_EQ(UserKeyOf(iterator->key()), iterator->value());
          previous = iterator->key();
          ++seen;
        }
        EXPECT_GE(seen, known);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  is_over.store(true, std::memory_order_release);
  for (std::thread& thread : readers) thread.join();

  uint64_t seen = 0;
  auto iterator = memtable.NewIterator();
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) ++seen;
  EXPECT_EQ(seen, per_writer * static_cast<uint64_t>(writer_count));
  EXPECT_EQ(memtable.EntryCount(), seen);
}

TEST(MemtableConcurrencyTest, OneWriter) {
  for (const KeyOrder& order : AllOrders()) RunTogether(order, 1, false, false);
}
TEST(MemtableConcurrencyTest, OneSequentialWriter) { RunTogether(KeyOrder(), 1, false, true); }
TEST(MemtableConcurrencyTest, SeveralWriters) {
  for (const KeyOrder& order : AllOrders()) RunTogether(order, 3, true, false);
}
TEST(MemtableConcurrencyTest, SeveralSequentialWriters) { RunTogether(KeyOrder(), 3, true, true); }

}  // namespace
}  // namespace gneiss
