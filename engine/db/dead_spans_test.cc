// DeadSpans by themselves, and iterators over databases full of deleted keys: against a model, at snapshots, while
// others write, and over changes that bring no sequence numbers.

#include "engine/db/dead_spans.h"

#include <thread>

#include "engine/base/random.h"
#include "engine/base/read_guard.h"
#include "engine/base/test_seed.h"
#include "engine/db/database_test_util.h"

namespace gneiss {
namespace {

class DeadSpansTest : public testing::Test {
 protected:
  ~DeadSpansTest() override { ReclaimAll(); }
  std::string Find(Slice key, SeqNo seq, Epoch epoch = 0) {
    std::string first, last;
    const bool is_found = spans_.Find(key, {.epoch = epoch, .seq = seq, .complete_seq = seq}, &first, &last);
    return is_found ? first + ".." + last : "-";
  }
  void Report(Slice first, Slice last, SeqNo seq, Epoch epoch = 0) {
    spans_.Report(first, last, {.epoch = epoch, .seq = seq, .complete_seq = seq});
  }
  DeadSpans spans_{KeyOrder::Bytewise()};
};

TEST_F(DeadSpansTest, ASecondWalkAfterTheAcknowledgementConfirms) {
  EXPECT_FALSE(spans_.IsWatching());
  Report("b", "m", 10);
  EXPECT_TRUE(spans_.IsWatching());
  EXPECT_TRUE(spans_.NeedsAcknowledgement());
  Report("b", "m", 11);
  EXPECT_EQ(Find("c", 100), "-") << "a write could have been on its way at either walk";
  spans_.Acknowledge(12);
  EXPECT_FALSE(spans_.NeedsAcknowledgement());
  Report("b", "m", 11);
  EXPECT_EQ(Find("c", 100), "-") << "this view need not see what was written up to 12";
  Report("b", "m", 12);
  EXPECT_EQ(Find("a", 100), "-");
  EXPECT_EQ(Find("b", 100), "b..m");
  EXPECT_EQ(Find("m", 12), "b..m");
  EXPECT_EQ(Find("ma", 12), "-");
  EXPECT_EQ(Find("c", 11), "-") << "an older view may see live keys";
  EXPECT_EQ(Find("c", 100, 1), "-") << "another epoch";
}

TEST_F(DeadSpansTest, AWriteBreaksWhatItHits) {
  for (const bool is_confirmed : {false, true}) {
    Report("b", "m", 10);
    spans_.Acknowledge(10);
    if (is_confirmed) {
      Report("c", "d", 10);  // a part of the candidate
      EXPECT_EQ(Find("c", 10), "c..d");
    }
    spans_.NoteWrite("a");
    spans_.NoteWrite("n");
    EXPECT_TRUE(spans_.IsWatching());
    spans_.NoteWrite("k");  // not in the part, but whoever watches the candidate for it knows only the whole
    EXPECT_FALSE(spans_.IsWatching());
    EXPECT_EQ(Find("c", 10), "-");
    Report("b", "m", 10);
    EXPECT_EQ(Find("c", 10), "-");
    spans_.NoteWrite("k");
  }
}

TEST_F(DeadSpansTest, SpansGrowAndAreFew) {
  for (char last = 'c'; last <= 'x'; ++last) {
    Report("b", std::string(1, last), 10);
    spans_.Acknowledge(10);
  }
  Report("b", "x", 10);
  EXPECT_EQ(Find("c", 10), "b..x");
  for (int i = 0; i < 1000; ++i) {
    const std::string prefix = "z" + std::to_string(1000 + i);
    Report(prefix + "a", prefix + "b", 10);
    spans_.Acknowledge(10);
    Report(prefix + "a", prefix + "b", 10);
    EXPECT_EQ(Find(prefix + "a", 10), prefix + "a.." + prefix + "b");
  }
  EXPECT_EQ(Find("c", 10), "-") << "the oldest were forgotten";
}

TEST_F(DeadSpansTest, AnEpochForgetsOlderOnes) {
  Report("b", "m", 10);
  spans_.Acknowledge(10);
  Report("b", "m", 10);
  Report("c", "d", 11, 1);
  EXPECT_EQ(Find("c", 10), "-");
  spans_.Acknowledge(11);
  Report("b", "m", 12, 0);
  Report("c", "d", 12, 1);
  EXPECT_EQ(Find("c", 12, 1), "c..d");
}

TEST_F(DeadSpansTest, WhatNobodyUsesAges) {
  Report("b", "m", 10);
  spans_.Acknowledge(10);
  Report("b", "m", 10);
  spans_.Age();
  EXPECT_EQ(Find("c", 10), "b..m");
  spans_.Age();
  EXPECT_EQ(Find("c", 10), "b..m");
  spans_.Age();
  spans_.Age();
  EXPECT_FALSE(spans_.IsWatching());
}

class DeadKeysTest : public DatabaseTest {
 protected:
  static constexpr int kKeys = 4000;
  static std::string Key(int i) { return "key" + std::to_string(100'000 + i); }
  void DeleteAll(int begin, int end) {
    for (int i = begin; i < end; ++i) ASSERT_TRUE(database_->Write({}, Batch().Delete(Key(i)).rep()).ok());
  }
  std::string SeekTo(Slice key, const Snapshot* snapshot = nullptr) {
    const auto iterator = database_->NewIterator({.snapshot = snapshot}, handles_[0]);
    iterator->Seek(key);
    EXPECT_TRUE(iterator->status().ok());
    return iterator->Valid() ? std::string(iterator->key()) : "-";
  }
  std::string SeekBack(Slice key) {
    const auto iterator = database_->NewIterator({}, handles_[0]);
    iterator->SeekForPrev(key);
    return iterator->Valid() ? std::string(iterator->key()) : "-";
  }
};

TEST_F(DeadKeysTest, AreJumpedOverUntilOneIsWrittenAgain) {
  ASSERT_TRUE(Open().ok());
  for (int i = 0; i < kKeys; ++i) ASSERT_TRUE(Put(Key(i), "v").ok());
  const Snapshot* const full = database_->GetSnapshot();
  DeleteAll(1, kKeys - 1);
  DeadSpans& spans = handles_[0]->dead_spans;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(SeekTo(Key(1)), Key(kKeys - 1));
  std::string first, last;
  const DeadSpans::View now = {.epoch = 0, .seq = database_->LatestSeq(), .complete_seq = database_->LatestSeq()};
  ASSERT_TRUE(spans.Find(Key(kKeys / 2), now, &first, &last));
  EXPECT_EQ(last, Key(kKeys - 2));
  EXPECT_EQ(SeekBack(Key(kKeys - 2)), Key(0));
  EXPECT_EQ(SeekTo(Key(kKeys / 2), full), Key(kKeys / 2)) << "a snapshot from before";
  ASSERT_TRUE(Put(Key(kKeys / 2), "again").ok());
  EXPECT_EQ(SeekTo(Key(1)), Key(kKeys / 2));
  EXPECT_EQ(SeekBack(Key(kKeys - 2)), Key(kKeys / 2));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(SeekTo(Key(kKeys / 2 + 1)), Key(kKeys - 1));
  database_->ReleaseSnapshot(full);
}

TEST_F(DeadKeysTest, OneIteratorRemembersItsOwnWay) {
  ASSERT_TRUE(Open().ok());
  for (int i = 0; i < kKeys; ++i) ASSERT_TRUE(Put(Key(i), "v").ok());
  DeleteAll(1, kKeys - 1);
  const auto iterator = database_->NewIterator({}, handles_[0]);
  ASSERT_TRUE(Put(Key(5), "not seen").ok());
  for (int i = 0; i < 4; ++i) {
    iterator->Seek(Key(1));
    ASSERT_TRUE(iterator->Valid());
    EXPECT_EQ(iterator->key(), Key(kKeys - 1));
    iterator->Prev();
    ASSERT_TRUE(iterator->Valid());
    EXPECT_EQ(iterator->key(), Key(0));
    iterator->Next();
    ASSERT_TRUE(iterator->Valid());
    EXPECT_EQ(iterator->key(), Key(kKeys - 1));
  }
}

TEST_F(DeadKeysTest, BoundsEndInsideASpan) {
  ASSERT_TRUE(Open().ok());
  for (int i = 0; i < kKeys; ++i) ASSERT_TRUE(Put(Key(i), "v").ok());
  DeleteAll(0, kKeys);
  ASSERT_TRUE(Put("zzz", "live").ok());
  const std::string lower = Key(kKeys / 4), upper = Key(kKeys / 2);
  const Slice lower_slice = lower, upper_slice = upper;
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(SeekTo(Key(0)), "zzz");
    const auto iterator =
        database_->NewIterator({.lower_bound = &lower_slice, .upper_bound = &upper_slice}, handles_[0]);
    iterator->SeekToFirst();
    EXPECT_FALSE(iterator->Valid());
    iterator->SeekToLast();
    EXPECT_FALSE(iterator->Valid());
    EXPECT_TRUE(iterator->status().ok());
  }
}

TEST_F(DeadKeysTest, AreAsTheModelSaysAtEverySnapshot) {
  Random random(TestSeed(77));
  ASSERT_TRUE(Open().ok());
  std::map<std::string, std::string> model;
  struct Past {
    const Snapshot* snapshot;
    std::map<std::string, std::string> model;
    std::unique_ptr<DbIterator> iterator;
  };
  std::vector<Past> past;
  const auto check_seeks = [&](DbIterator* iterator, const std::map<std::string, std::string>& expected) {
    for (int i = 0; i < 6; ++i) {
      const std::string target = Key(static_cast<int>(random.Uniform(kKeys)));
      const bool is_forward = random.OneIn(2);
      auto at = expected.lower_bound(target);
      if (is_forward) {
        iterator->Seek(target);
      } else {
        iterator->SeekForPrev(target);
        at = expected.upper_bound(target);
        at = at == expected.begin() ? expected.end() : std::prev(at);
      }
      ASSERT_EQ(iterator->Valid(), at != expected.end()) << target << (is_forward ? " forward" : " back");
      if (at == expected.end()) continue;
      ASSERT_EQ(iterator->key(), at->first) << target;
      ASSERT_EQ(iterator->value(), at->second);
      is_forward ? iterator->Next() : iterator->Prev();
      const bool is_end = is_forward ? std::next(at) == expected.end() : at == expected.begin();
      ASSERT_EQ(iterator->Valid(), !is_end);
      if (is_end) continue;
      ASSERT_EQ(iterator->key(), is_forward ? std::next(at)->first : std::prev(at)->first);
    }
  };
  for (int step = 0; step < 120; ++step) {
    const int begin = static_cast<int>(random.Uniform(kKeys));
    const int end = std::min(kKeys, begin + static_cast<int>(random.Uniform(kKeys)));
    switch (random.Uniform(8)) {
      case 0:
      case 1:  // a long run of deletions
        for (int i = begin; i < end; ++i) {
          ASSERT_TRUE(database_->Write({}, Batch().Delete(Key(i)).rep()).ok());
          model.erase(Key(i));
        }
        break;
      case 2:
        ASSERT_TRUE(database_->Write({}, Batch().DeleteRange(Key(begin), Key(end)).rep()).ok());
        model.erase(model.lower_bound(Key(begin)), model.lower_bound(Key(end)));
        break;
      case 3:
        for (int i = begin; i < end; i += 1 + static_cast<int>(random.Uniform(3))) {
          ASSERT_TRUE(Put(Key(i), std::to_string(step)).ok());
          model[Key(i)] = std::to_string(step);
        }
        break;
      case 4:
        if (random.OneIn(2)) {
          ASSERT_TRUE(database_->Flush({}, handles_).ok());
        } else {
          ASSERT_TRUE(database_->CompactRange({}, handles_[0], nullptr, nullptr).ok());
        }
        break;
      case 5: {
        const Snapshot* const snapshot = random.OneIn(2) ? database_->GetSnapshot() : nullptr;
        past.push_back({snapshot, model, database_->NewIterator({.snapshot = snapshot}, handles_[0])});
        if (past.size() > 5) {
          if (past.front().snapshot != nullptr) database_->ReleaseSnapshot(past.front().snapshot);
          past.erase(past.begin());
        }
        break;
      }
      default:
        ASSERT_TRUE(Put(Key(begin), "single").ok());
        model[Key(begin)] = "single";
        break;
    }
    const auto iterator = database_->NewIterator({}, handles_[0]);
    check_seeks(iterator.get(), model);
    for (Past& each : past) {
      check_seeks(each.iterator.get(), each.model);
      if (each.snapshot == nullptr) continue;
      const auto again = database_->NewIterator({.snapshot = each.snapshot}, handles_[0]);
      check_seeks(again.get(), each.model);
    }
    if (HasFatalFailure()) FAIL() << "step " << step;
  }
  for (Past& each : past) {
    each.iterator.reset();
    if (each.snapshot != nullptr) database_->ReleaseSnapshot(each.snapshot);
  }
}

// Whoever has seen a write acknowledged finds it, however dead the keys around it are known to be.
TEST_F(DeadKeysTest, AcknowledgedWritesAreFoundAmongThem) {
  family_.config.write_buffer_bytes = 32 << 10;
  ASSERT_TRUE(Open().ok());
  DeleteAll(0, kKeys);
  std::atomic<int> alive{-1};  // round * kKeys + the key that is certainly there, or -1
  std::atomic<bool> is_over{false};
  std::vector<std::thread> threads;
  threads.emplace_back([&] {
    Random random(TestSeed(5));
    for (int i = 0; i < 500 && !HasFailure(); ++i) {
      const int key = static_cast<int>(random.Uniform(kKeys));
      EXPECT_TRUE(Put(Key(key), "v").ok());
      alive = i * kKeys + key;
      std::this_thread::yield();
      alive = -1;
      EXPECT_TRUE(database_->Write({}, Batch().Delete(Key(key)).rep()).ok());
    }
    is_over = true;
  });
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      Random random(TestSeed(6) + static_cast<uint64_t>(t));
      while (!is_over && !HasFailure()) {
        const int before = alive;
        const auto iterator = database_->NewIterator({}, handles_[0]);
        const int after = alive;
        if (random.OneIn(2)) {
          iterator->Seek(Key(0));
        } else {
          iterator->SeekForPrev(Key(kKeys));
        }
        // Nothing was deleted between the two readings, so the iterator was made while the key was there.
        if (before < 0 || before != after) continue;
        EXPECT_TRUE(iterator->Valid() && iterator->key() == Key(before % kKeys)) << Key(before % kKeys);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace gneiss
