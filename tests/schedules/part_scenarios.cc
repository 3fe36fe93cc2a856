// The engine's small mechanisms one by one: reclamation, the cache, the history of versions, the commit queue.
#include "tests/schedules/engine_scenarios.h"

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/coding.h"
#include "engine/base/mutex.h"
#include "engine/base/read_guard.h"
#include "engine/cache/cache.h"
#include "engine/db/commit_queue.h"
#include "engine/db/snapshot_list.h"
#include "engine/version/version_history.h"
#include "tests/schedules/scheduled_database.h"

namespace gneiss::schedules {

// Readers follow a pointer that writers replace. What a reader holds inside its guard must not be freed, and all that
// was replaced must be freed in the end, once.
void ReclaimScenario(Random* random) {
  struct Object {
    explicit Object(int* live_count) : live(live_count) { ++*live; }
    ~Object() { --*live; }
    int* const live;
    const uint64_t mark = 0x1234;
  };
  int live = 0;
  std::atomic<Object*> newest{new Object(&live)};
  MarkBegin();
  std::vector<std::thread> threads;
  const uint64_t readers = 1 + random->Uniform(3);
  for (uint64_t i = 0; i < readers; ++i) {
    threads.emplace_back([&newest, rounds = 1 + random->Uniform(4), is_nested = random->OneIn(2)] {
      for (uint64_t round = 0; round < rounds; ++round) {
        ReadGuard guard;
        const Object* const object = newest.load(std::memory_order_acquire);
        if (is_nested) ReadGuard inner;
        std::atomic<int>{0}.store(1);  // something may happen meanwhile
        SCHEDULE_CHECK(object->mark == 0x1234, "a reader saw a freed object");
      }
    });
  }
  const uint64_t writers = 1 + random->Uniform(2);
  for (uint64_t i = 0; i < writers; ++i) {
    threads.emplace_back([&newest, &live, rounds = 1 + random->Uniform(4), waits = random->OneIn(2)] {
      for (uint64_t round = 0; round < rounds; ++round) {
        Object* const old = newest.exchange(new Object(&live), std::memory_order_acq_rel);
        Retire([old] { delete old; });
        if (waits) {
          ReclaimAll();
        } else {
          Reclaim();
        }
      }
    });
  }
  JoinAll(&threads);
  ReclaimAll();
  SCHEDULE_CHECK(live == 1, "%d objects live", live);
  delete newest.load();
}

namespace {

struct CachedNumber {
  CachedNumber(int* live_count, uint64_t value) : live(live_count), number(value) { ++*live; }
  ~CachedNumber() { --*live; }
  int* const live;
  const uint64_t number;
};
void DeleteCached(Slice key, void* value) {
  auto* const cached = static_cast<CachedNumber*>(value);
  SCHEDULE_CHECK(DecodeU64(key.data()) == cached->number, "a value is deleted under another key");
  delete cached;
}

std::string CacheKey(uint64_t number) {
  std::string key(16, 'k');
  EncodeU64(key.data(), number);
  return key;
}

// One thread's calls. What it holds keeps its value, whatever others do.
void UseCache(Cache* cache, int* live, Random random) {
  std::array<uint32_t, 4> places{};
  for (uint64_t left = 4 + random.Uniform(24); left > 0; --left) {
    const uint64_t number = random.Uniform(places.size());
    const std::string key = CacheKey(number);
    Cache::Handle* handle = nullptr;
    switch (random.Uniform(8)) {
      case 0:
      case 1:
      case 2: {
        auto* const value = new CachedNumber(live, number);
        const Status status = cache->Insert(key, value, 1 + random.Uniform(3), DeleteCached, Cache::Priority::kLow,
                                            random.OneIn(2) ? &handle : nullptr);
        if (!status.ok()) delete value;
        break;
      }
      case 3:
        cache->Erase(key);
        break;
      case 4:
        cache->EraseUnreferenced();
        break;
      case 5:
        cache->SetCapacity(1 + random.Uniform(8));
        break;
      case 6:
        handle = cache->Lookup(key);
        break;
      default:
        handle = cache->Lookup(key, &places[number]);
    }
    if (handle == nullptr) continue;
    if (random.OneIn(3)) {
      cache->Ref(handle);
      cache->Release(handle);
    }
    const auto* const found = static_cast<const CachedNumber*>(cache->Value(handle));
    SCHEDULE_CHECK(found->number == number, "another key's value");
    cache->Release(handle, random.OneIn(4));
  }
}

}  // namespace

void CacheScenario(Random* random) {
  int live = 0;
  auto cache = NewCache({.capacity_bytes = 2 + random->Uniform(6),
                         .shard_bits = 0,
                         .is_strict = random->OneIn(3),
                         .charges_metadata = false});
  MarkBegin();
  std::vector<std::thread> threads;
  for (uint64_t left = 2 + random->Uniform(3); left > 0; --left)
    threads.emplace_back(UseCache, cache.get(), &live, Random(random->Next()));
  JoinAll(&threads);
  SCHEDULE_CHECK(cache->GetPinnedUsage() == 0, "%zu bytes are pinned by nobody", cache->GetPinnedUsage());
  SCHEDULE_CHECK(cache->GetUsage() <= cache->GetCapacity(), "%zu of %zu", cache->GetUsage(), cache->GetCapacity());
  cache->EraseUnreferenced();
  SCHEDULE_CHECK(cache->GetUsage() == 0, "%zu bytes are left of nothing", cache->GetUsage());
  SCHEDULE_CHECK(live == 0, "%d values live", live);
  cache.reset();
}

namespace {

// A family's history as the engine drives it: installs under a lock, snapshots and readers beside it. SuperVersions are
// told apart by their Version's number of levels.
struct History {
  SuperVersionPtr Made(int mark) {
    return SuperVersionPtr(new SuperVersion(nullptr, {}, std::make_shared<const Version>(KeyOrder::Bytewise(), mark)));
  }
  static int MarkOf(const SuperVersion* super_version) { return super_version->version->LevelCount(); }

  void InstallPreserving() {
    MutexLock lock(&mutex);
    history.InstallPreserving(Made(content));
  }
  void InstallChanging() {
    MutexLock lock(&mutex);
    snapshots.BeginEpoch([this](Epoch epoch, const std::vector<Epoch>& live_epochs) {
      history.InstallChanging(Made(++content), epoch, live_epochs);
    });
  }
  void Trim() {
    MutexLock lock(&mutex);
    history.Trim(snapshots.Epochs());
  }
  int MarkAt(Epoch epoch) {
    ReadGuard guard;
    const SuperVersion* const selected = history.Select(epoch);
    selected->Ref();
    const int mark = MarkOf(selected);
    selected->Unref();
    return mark;
  }

  Mutex mutex;
  int content = 1;  // guarded by the mutex
  std::atomic<SeqNo> read_seq{1};
  SnapshotList snapshots;
  VersionHistory history;
};

void TakeSnapshots(History* history, Random random) {
  for (uint64_t left = 1 + random.Uniform(3); left > 0; --left) {
    const Snapshot* const snapshot = history->snapshots.Take(history->read_seq, 0);
    const int mark = history->MarkAt(snapshot->epoch());
    for (uint64_t again = 1 + random.Uniform(3); again > 0; --again) {
      const int now = history->MarkAt(snapshot->epoch());
      SCHEDULE_CHECK(now == mark, "a snapshot read %d and now %d", mark, now);
    }
    history->snapshots.Release(snapshot);
    if (random.OneIn(2)) history->Trim();
    if (random.OneIn(2)) Reclaim();
  }
}

void Install(History* history, Random random) {
  for (uint64_t left = 1 + random.Uniform(4); left > 0; --left) {
    if (random.OneIn(2)) {
      history->InstallChanging();
    } else {
      history->InstallPreserving();
    }
    if (random.OneIn(2)) Reclaim();
  }
}

}  // namespace

void HistoryScenario(Random* random) {
  History history;
  history.InstallPreserving();
  MarkBegin();
  std::vector<std::thread> threads;
  for (uint64_t left = 1 + random->Uniform(3); left > 0; --left)
    threads.emplace_back(TakeSnapshots, &history, Random(random->Next()));
  for (uint64_t left = 1 + random->Uniform(2); left > 0; --left)
    threads.emplace_back(Install, &history, Random(random->Next()));
  JoinAll(&threads);
  history.Trim();
  SCHEDULE_CHECK(history.history.EntryCount() == 1, "%zu entries without a snapshot", history.history.EntryCount());
  const std::weak_ptr<const Version> old = history.history.Newest()->version;
  history.InstallChanging();
  ReclaimAll();
  SCHEDULE_CHECK(old.expired(), "a replaced Version is not freed");
}

namespace {

// What the commit path does with a queue, with counters in the place of the log and the memtables.
struct Queue {
  void Write(bool is_large) {
    std::string rep(is_large ? 200 : 20, 'b');
    Writer writer(WriteParams{}, &rep);
    switch (queue.Join(&writer)) {
      case CommitQueue::Role::kLeader:
        Lead(&writer, is_large);
        break;
      case CommitQueue::Role::kInserter:
        ++inserted;
        if (queue.FinishInsert(writer.group)) {
          Finish(writer.group, &writer);
        } else {
          queue.WaitDone(&writer);
        }
        break;
      case CommitQueue::Role::kDone:
        break;
    }
    SCHEDULE_CHECK(writer.first_seq != 0, "a writer returned before it was committed");
  }

  void Lead(Writer* writer, bool in_parallel) {
    SCHEDULE_CHECK(!is_leading, "two leaders");
    is_leading = true;
    CommitGroup group;
    queue.FormGroup(writer, 100, &group);
    size_t count = 0;
    for (Writer* member : group) {
      SCHEDULE_CHECK(member->first_seq == 0, "a batch is committed twice");
      member->first_seq = ++committed;
      ++count;
    }
    SCHEDULE_CHECK(count == group.writer_count, "%zu of %zu writers", count, group.writer_count);
    if (in_parallel && group.writer_count > 1) {
      queue.LaunchInserts(&group);
      ++inserted;
      if (!queue.FinishInsert(&group)) {
        queue.WaitDone(writer);
        return;
      }
    }
    Finish(&group, writer);
  }
  void Finish(CommitGroup* group, Writer* self) {
    is_leading = false;
    queue.Finish(group, self);
  }

  void RunAlone() {
    Writer writer(WriteParams{});
    SCHEDULE_CHECK(queue.Join(&writer) == CommitQueue::Role::kLeader, "an exclusive writer does not lead");
    SCHEDULE_CHECK(!is_leading, "two leaders");
    is_leading = true;
    is_leading = false;
    queue.FinishAlone(&writer);
  }
  void TryAlone() {
    Writer writer(WriteParams{});
    if (!queue.TryLead(&writer)) return;
    SCHEDULE_CHECK(!is_leading, "two leaders");
    queue.FinishAlone(&writer);
  }

  CommitQueue queue;
  bool is_leading = false;
  uint64_t committed = 0;
  uint64_t inserted = 0;
};

}  // namespace

void QueueScenario(Random* random) {
  Queue queue;
  uint64_t batches = 0;
  MarkBegin();
  std::vector<std::thread> threads;
  for (uint64_t left = 2 + random->Uniform(3); left > 0; --left) {
    const uint64_t rounds = 1 + random->Uniform(3);
    batches += rounds;
    threads.emplace_back([&queue, rounds, is_large = random->OneIn(2)] {
      for (uint64_t round = 0; round < rounds; ++round) queue.Write(is_large);
    });
  }
  if (random->OneIn(2)) {
    threads.emplace_back([&queue, waits = random->OneIn(2)] {
      if (waits) {
        queue.RunAlone();
      } else {
        queue.TryAlone();
      }
    });
  }
  JoinAll(&threads);
  SCHEDULE_CHECK(queue.committed == batches, "%llu of %llu batches", static_cast<unsigned long long>(queue.committed),
                 static_cast<unsigned long long>(batches));
}

}  // namespace gneiss::schedules
