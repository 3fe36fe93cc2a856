#include "engine/version/version_history.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "engine/base/read_guard.h"
#include "engine/version/version_test_util.h"

namespace gneiss {
namespace {

// SuperVersions told apart by their Version: it has `mark` levels.
SuperVersionPtr Marked(int mark) {
  return SuperVersionPtr(new SuperVersion(nullptr, {}, std::make_shared<const Version>(KeyOrder::Bytewise(), mark)));
}
int MarkOf(const SuperVersion* super_version) { return super_version->version->LevelCount(); }

TEST(VersionHistoryTest, ReadersTakeTheNewest) {
  VersionHistory history;
  history.InstallPreserving(Marked(1));
  EXPECT_EQ(MarkOf(history.Newest()), 1);
  history.InstallPreserving(Marked(2));
  EXPECT_EQ(MarkOf(history.Newest()), 2);
  EXPECT_EQ(history.Newest()->number, 2u);
  EXPECT_EQ(history.Newest()->epoch, 0u);
  EXPECT_EQ(history.EntryCount(), 1u) << "nothing that a snapshot reads has changed";
  EXPECT_EQ(MarkOf(history.Select(0)), 2);
}

TEST(VersionHistoryTest, ASnapshotKeepsWhatItSelects) {
  VersionHistory history;
  history.InstallPreserving(Marked(1));
  history.InstallChanging(Marked(2), 1, {0});
  EXPECT_EQ(history.EntryCount(), 2u);
  EXPECT_EQ(MarkOf(history.Select(0)), 1);
  EXPECT_EQ(MarkOf(history.Select(1)), 2);
  EXPECT_EQ(MarkOf(history.Newest()), 2);
  history.InstallPreserving(Marked(3));
  EXPECT_EQ(MarkOf(history.Select(0)), 1);
  EXPECT_EQ(MarkOf(history.Select(1)), 3) << "a preserving install replaces the newest entry";
  history.Trim({});
  EXPECT_EQ(history.EntryCount(), 1u);
  EXPECT_EQ(MarkOf(history.Newest()), 3);
}

TEST(VersionHistoryTest, EntriesBetweenSnapshotsGo) {
  VersionHistory history;
  history.InstallPreserving(Marked(1));
  for (int epoch = 1; epoch <= 50; ++epoch) history.InstallChanging(Marked(epoch + 1), static_cast<Epoch>(epoch), {0});
  EXPECT_EQ(history.EntryCount(), 2u) << "the one snapshot and the newest, whatever lies between";
  EXPECT_EQ(MarkOf(history.Select(0)), 1);
}

TEST(VersionHistoryTest, WithoutSnapshotsOneEntryIsLeft) {
  VersionHistory history;
  history.InstallPreserving(Marked(1));
  history.InstallChanging(Marked(2), 1, {});
  EXPECT_EQ(history.EntryCount(), 1u);
}

TEST(VersionHistoryTest, DroppedEntriesAreFreedByReclaim) {
  ReclaimAll();
  VersionHistory history;
  history.InstallPreserving(Marked(1));
  const SuperVersion* read = history.Newest();
  const std::weak_ptr<const Version> version = read->version;
  {
    ReadGuard guard;
    read->Ref();
    history.InstallPreserving(Marked(2));
    Reclaim();
    EXPECT_FALSE(version.expired());
    EXPECT_EQ(MarkOf(read), 1) << "usable inside the guard";
  }
  ReclaimAll();
  EXPECT_FALSE(version.expired()) << "a reference was taken";
  read->Unref();
  EXPECT_TRUE(version.expired());
}

TEST(VersionHistoryTest, TheHistoryFreesWhatItHolds) {
  std::weak_ptr<const Version> version;
  {
    VersionHistory history;
    auto first = Marked(1);
    version = first->version;
    history.InstallPreserving(std::move(first));
  }
  EXPECT_TRUE(version.expired());
}

// The naive model keeps every SuperVersion ever installed, with the epoch of its install; a preserving install stands
// in for the entry it replaces. Snapshots must read as the model says at every step, and nothing more may be kept than
// the newest and one entry for each distinct selection.
TEST(VersionHistoryTest, SelectsAsTheModelDoes) {
  Random random(TestSeed());
  for (int round = 0; round < 30; ++round) {
    VersionHistory history;
    std::vector<std::pair<Epoch, int>> model;  // epoch, mark
    std::multiset<Epoch> snapshots;
    Epoch epoch = 0;
    int mark = 0;
    const auto live = [&] { return std::vector<Epoch>(snapshots.begin(), snapshots.end()); };
    const auto selected = [&](Epoch at) {
      size_t i = model.size() - 1;
      while (i > 0 && model[i].first > at) --i;
      return model[i];
    };
    history.InstallPreserving(Marked(++mark));
    model.emplace_back(epoch, mark);
    for (int step = 0; step < 200; ++step) {
      switch (random.Uniform(5)) {
        case 0:
          snapshots.insert(epoch);
          break;
        case 1:
          if (!snapshots.empty()) {
            snapshots.erase(std::next(snapshots.begin(), static_cast<ptrdiff_t>(random.Uniform(snapshots.size()))));
            history.Trim(live());
          }
          break;
        case 2:
          history.InstallPreserving(Marked(++mark));
          model.back().second = mark;
          break;
        default:
          history.InstallChanging(Marked(++mark), ++epoch, live());
          model.emplace_back(epoch, mark);
      }
      std::set<Epoch> needed{model.back().first};
      for (const Epoch at : snapshots) {
        ASSERT_EQ(MarkOf(history.Select(at)), selected(at).second);
        needed.insert(selected(at).first);
      }
      ASSERT_EQ(MarkOf(history.Newest()), mark);
      if (snapshots.empty()) history.Trim({});
      ASSERT_EQ(history.EntryCount(), needed.size());
    }
  }
  ReclaimAll();
}

// Readers take and leave SuperVersions while others are installed; sanitizers watch.
TEST(VersionHistoryTest, ReadersRunBesideInstalls) {
  VersionHistory history;
  history.InstallPreserving(Marked(1));
  std::atomic<bool> is_stopping{false};
  std::atomic<int> reads{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&, i] {
      uint64_t last = 0;
      while (!is_stopping.load(std::memory_order_relaxed)) {
        const SuperVersion* kept = nullptr;
        {
          ReadGuard guard;
          kept = i == 0 ? history.Select(0) : history.Newest();
          kept->Ref();
          ASSERT_GE(history.EntryCount(), 1u);
        }
        ASSERT_GE(kept->number, last);
        last = kept->number;
        ASSERT_GE(MarkOf(kept), 1);
        kept->Unref();
        reads.fetch_add(1, std::memory_order_relaxed);
      }
    });
  }
  Epoch epoch = 0;
  for (int step = 0; step < 3000; ++step) {
    if (step % 3 == 0) {
      history.InstallChanging(Marked(2), ++epoch, {});
    } else {
      history.InstallPreserving(Marked(3));
    }
    if (step % 16 == 0) Reclaim();
  }
  while (reads.load() < 100) std::this_thread::yield();
  is_stopping.store(true);
  for (auto& reader : readers) reader.join();
  ReclaimAll();
}

}  // namespace
}  // namespace gneiss
