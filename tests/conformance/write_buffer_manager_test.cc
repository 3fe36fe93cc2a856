// DBOptions::write_buffer_manager: what memtables take is counted, charged, and limited over several databases.

#include <rocksdb/cache.h>
#include <rocksdb/write_buffer_manager.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "tests/conformance/db_test.h"

namespace gneiss::conformance {

namespace {

constexpr size_t kKiB = size_t{1} << 10;
constexpr size_t kMiB = size_t{1} << 20;

class FlushReasons : public EventListener {
 public:
  void OnFlushCompleted(DB*, const FlushJobInfo& info) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    flushes_.emplace_back(info.cf_name, info.flush_reason);
  }
  std::vector<std::pair<std::string, FlushReason>> flushes() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return flushes_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::pair<std::string, FlushReason>> flushes_;
};

}  // namespace

class WriteBufferManagerTest : public DbTest {
 protected:
  WriteBufferManagerTest() {
    options_.arena_block_size = 4 * kKiB;
    options_.write_buffer_size = 64 * kMiB;
    options_.disable_auto_compactions = true;
    options_.create_missing_column_families = true;
  }
  ~WriteBufferManagerTest() override {
    second_.reset();
    if (second_path_.empty()) return;
    EXPECT_OK(DestroyDB(second_path_, Options()));
  }

  void Use(size_t bytes, std::shared_ptr<Cache> cache = nullptr, bool allow_stall = false) {
    manager_ = std::make_shared<WriteBufferManager>(bytes, std::move(cache), allow_stall);
    options_.write_buffer_manager = manager_;
  }
  // A second database, with the same options and so the same manager.
  void OpenSecond() {
    second_path_ = Path() + "_second";
    DB* raw = nullptr;
    Options options = options_;
    options.listeners.clear();
    ASSERT_OK(DB::Open(options, second_path_, &raw));
    second_.reset(raw);
  }
  // `count` values of 1000 bytes.
  void PutKilobytes(int count, size_t family = 0) {
    for (int i = 0; i < count; ++i) {
      ASSERT_OK(Put(Key(next_), RandomBytes(1000, static_cast<uint32_t>(next_)), family));
      ++next_;
    }
  }
  void PutKilobytes(DB* db, int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_OK(db->Put(write_options_, Key(next_), RandomBytes(1000, static_cast<uint32_t>(next_))));
      ++next_;
    }
  }
  // Memory that nobody will ask this database to flush: as if another one had sealed it.
  void TakeElsewhere(size_t bytes) {
    manager_->ReserveMem(bytes);
    manager_->ScheduleFreeMem(bytes);
  }
  WriteOptions WithoutSlowdown() const {
    WriteOptions options;
    options.no_slowdown = true;
    return options;
  }

  std::shared_ptr<WriteBufferManager> manager_;
  std::unique_ptr<DB> second_;
  std::string second_path_;
  int next_ = 0;
};

TEST_F(WriteBufferManagerTest, CountsWhatMemtablesTake) {
  Use(100 * kMiB);
  Open();
  const size_t before = manager_->memory_usage();
  EXPECT_LT(before, 64 * kKiB);
  PutKilobytes(500);
  EXPECT_GE(manager_->memory_usage(), before + 500'000);
  EXPECT_LT(manager_->memory_usage(), before + 1000'000);
  EXPECT_EQ(manager_->memory_usage(), manager_->mutable_memtable_memory_usage());
}

TEST_F(WriteBufferManagerTest, WithoutALimitNothingIsCounted) {
  Use(0);
  Open();
  PutKilobytes(100);
  EXPECT_FALSE(manager_->enabled());
  EXPECT_EQ(0u, manager_->memory_usage());
  EXPECT_EQ(0u, manager_->mutable_memtable_memory_usage());
  EXPECT_FALSE(manager_->ShouldFlush());
}

TEST_F(WriteBufferManagerTest, AFlushGivesItBack) {
  Use(100 * kMiB);
  Open();
  PutKilobytes(500);
  Flush();
  EXPECT_LT(manager_->mutable_memtable_memory_usage(), 100'000u);
  EXPECT_TRUE(Eventually([this] { return manager_->memory_usage() < 100'000; }));
}

TEST_F(WriteBufferManagerTest, AnIteratorKeepsItTaken) {
  Use(100 * kMiB);
  Open();
  PutKilobytes(500);
  std::unique_ptr<Iterator> iterator = NewIterator();
  iterator->SeekToFirst();
  Flush();
  EXPECT_GE(manager_->memory_usage(), 500'000u);
  EXPECT_LT(manager_->mutable_memtable_memory_usage(), 100'000u);
  int entries = 0;
  for (; iterator->Valid(); iterator->Next()) ++entries;
  EXPECT_EQ(500, entries);
  iterator.reset();
  EXPECT_TRUE(Eventually([this] { return manager_->memory_usage() < 100'000; }));
}

TEST_F(WriteBufferManagerTest, SealedMemoryIsNotMutable) {
  Use(100 * kMiB);
  options_.min_write_buffer_number_to_merge = 3;
  options_.max_write_buffer_number = 6;
  options_.write_buffer_size = 128 * kKiB;
  Open();
  PutKilobytes(200);  // less than three buffers
  EXPECT_GE(IntProperty(DB::Properties::kNumImmutableMemTable), 1u);
  EXPECT_GE(manager_->memory_usage(), 200'000u);
  EXPECT_LE(manager_->mutable_memtable_memory_usage(), manager_->memory_usage() - 100'000);
}

TEST_F(WriteBufferManagerTest, ClosingGivesAllBack) {
  Use(100 * kMiB);
  OpenWith({"one"});
  PutKilobytes(100, 0);
  PutKilobytes(100, 1);
  EXPECT_GE(manager_->memory_usage(), 200'000u);
  Close();
  EXPECT_EQ(0u, manager_->memory_usage());
  EXPECT_EQ(0u, manager_->mutable_memtable_memory_usage());
}

TEST_F(WriteBufferManagerTest, IsSharedByDatabases) {
  Use(100 * kMiB);
  Open();
  OpenSecond();
  PutKilobytes(100);
  PutKilobytes(second_.get(), 200);
  EXPECT_GE(manager_->memory_usage(), 300'000u);
  Close();
  EXPECT_GE(manager_->memory_usage(), 200'000u);
  EXPECT_LT(manager_->memory_usage(), 300'000u);
  second_.reset();
  EXPECT_EQ(0u, manager_->memory_usage());
}

TEST_F(WriteBufferManagerTest, ADroppedFamilyGivesItsPartBack) {
  Use(100 * kMiB);
  OpenWith({"one"});
  PutKilobytes(300, 1);
  ASSERT_OK(db()->DropColumnFamily(Family(1)));
  EXPECT_GE(manager_->memory_usage(), 300'000u);  // the handle reads on
  ASSERT_OK(db()->DestroyColumnFamilyHandle(Family(1)));
  ForgetHandle(1);
  EXPECT_TRUE(Eventually([this] { return manager_->memory_usage() < 100'000; }));
}

TEST_F(WriteBufferManagerTest, CountsWhatRecoveryBringsBack) {
  options_.avoid_flush_during_recovery = true;
  Use(100 * kMiB);
  Open();
  PutKilobytes(200);
  Close();
  EXPECT_EQ(0u, manager_->memory_usage());
  Open();
  EXPECT_GE(manager_->memory_usage(), 200'000u);
}

TEST_F(WriteBufferManagerTest, DbWriteBufferSizeMakesOne) {
  options_.db_write_buffer_size = 32 * kMiB;
  Open();
  const std::shared_ptr<WriteBufferManager> own = db()->GetDBOptions().write_buffer_manager;
  ASSERT_NE(nullptr, own);
  EXPECT_EQ(32 * kMiB, own->buffer_size());
  PutKilobytes(100);
  EXPECT_GE(own->memory_usage(), 100'000u);
}

// ---------------------------------------------------------------- flushes

TEST_F(WriteBufferManagerTest, TheLimitFlushes) {
  Use(kMiB);
  const auto reasons = std::make_shared<FlushReasons>();
  options_.listeners.push_back(reasons);
  Open();
  PutKilobytes(1200);
  ASSERT_TRUE(Eventually([&] { return !reasons->flushes().empty(); }));
  EXPECT_EQ(FlushReason::kWriteBufferManager, reasons->flushes().front().second);
  EXPECT_GE(FilesAt(0), 1);
  Close();
  Open();
  for (int i = 0; i < 1200; i += 100) EXPECT_EQ(RandomBytes(1000, static_cast<uint32_t>(i)), Get(Key(i)));
}

TEST_F(WriteBufferManagerTest, TheOldestMemtableGoesFirst) {
  Use(kMiB);
  const auto reasons = std::make_shared<FlushReasons>();
  options_.listeners.push_back(reasons);
  OpenWith({"one", "two"});
  // Memtables whose data begins in this order.
  for (const size_t family : {size_t{2}, size_t{1}, size_t{0}}) {
    PutKilobytes(1, family);
    Flush(family);
    PutKilobytes(1, family);
  }
  ASSERT_TRUE(Eventually([&] { return reasons->flushes().size() == 3; }));
  PutKilobytes(100, 0);
  PutKilobytes(300, 1);
  PutKilobytes(200, 2);
  PutKilobytes(400, 0);
  ASSERT_TRUE(Eventually([&] { return reasons->flushes().size() > 3; }));
  const auto first = reasons->flushes()[3];
  EXPECT_EQ("two", first.first);
  EXPECT_EQ(FlushReason::kWriteBufferManager, first.second);
}

TEST_F(WriteBufferManagerTest, AWriterFlushesForOthersToo) {
  Use(kMiB);
  Open();
  OpenSecond();
  PutKilobytes(10);
  manager_->ReserveMem(kMiB);  // another database's active memtables
  EXPECT_TRUE(manager_->ShouldFlush());
  PutKilobytes(1);
  EXPECT_TRUE(Eventually([this] { return FilesAt(0) == 1; }));
  std::string files;
  ASSERT_TRUE(second_->GetProperty("rocksdb.num-files-at-level0", &files));
  EXPECT_EQ("0", files);  // it wrote nothing
  manager_->ScheduleFreeMem(kMiB);
  manager_->FreeMem(kMiB);
}

TEST_F(WriteBufferManagerTest, ASmallerLimitHoldsFromTheNextWrite) {
  Use(100 * kMiB);
  Open();
  PutKilobytes(600);
  EXPECT_EQ(0, FilesAt(0));
  manager_->SetBufferSize(512 * kKiB);
  PutKilobytes(1);
  EXPECT_TRUE(Eventually([this] { return FilesAt(0) == 1; }));
}

TEST_F(WriteBufferManagerTest, AtomicFlushesTakeAllFamilies) {
  Use(kMiB);
  options_.atomic_flush = true;
  OpenWith({"one"});
  PutKilobytes(10, 1);
  PutKilobytes(1000, 0);
  EXPECT_TRUE(Eventually([this] { return FilesAt(0, 0) >= 1 && FilesAt(0, 1) == 1; }));
}

TEST_F(WriteBufferManagerTest, WithoutStallsTheLimitHoldsUpNobody) {
  Use(64 * kKiB);
  Open();
  TakeElsewhere(kMiB);
  EXPECT_FALSE(manager_->ShouldStall());
  ASSERT_OK(db()->Put(WithoutSlowdown(), "a", "1"));
  PutKilobytes(300);
  EXPECT_EQ("1", Get("a"));
  manager_->FreeMem(kMiB);
}

// ---------------------------------------------------------------- the cache

TEST_F(WriteBufferManagerTest, ChargesTheCache) {
  const std::shared_ptr<Cache> cache = NewLRUCache(32 * kMiB);
  Use(100 * kMiB, cache);
  Open();
  const size_t before = manager_->dummy_entries_in_cache_usage();
  PutKilobytes(2000);
  EXPECT_GE(manager_->dummy_entries_in_cache_usage(), manager_->memory_usage());
  EXPECT_GE(manager_->dummy_entries_in_cache_usage(), before + 2'000'000 - 256 * kKiB);
  EXPECT_GE(cache->GetPinnedUsage(), manager_->dummy_entries_in_cache_usage());
  Close();
  EXPECT_EQ(0u, manager_->dummy_entries_in_cache_usage());
  EXPECT_EQ(0u, manager_->memory_usage());
}

TEST_F(WriteBufferManagerTest, ChargesTheCacheWithoutALimitToo) {
  const std::shared_ptr<Cache> cache = NewLRUCache(32 * kMiB);
  Use(0, cache);
  Open();
  PutKilobytes(1000);
  EXPECT_GE(manager_->memory_usage(), 1'000'000u);
  EXPECT_EQ(0u, manager_->mutable_memtable_memory_usage());
  EXPECT_GE(manager_->dummy_entries_in_cache_usage(), 1'000'000u);
  EXPECT_GE(cache->GetPinnedUsage(), 1'000'000u);
  Flush();
  // Given back slowly: what is used tends to rise again.
  EXPECT_TRUE(Eventually(
      [this] { return manager_->memory_usage() < 100'000 && manager_->dummy_entries_in_cache_usage() <= 512 * kKiB; }));
}

TEST_F(WriteBufferManagerTest, ACacheWithoutRoomStopsNoWrite) {
  const std::shared_ptr<Cache> cache = NewLRUCache(512 * kKiB, 0, /*strict_capacity_limit=*/true);
  Use(100 * kMiB, cache);
  Open();
  PutKilobytes(2000);
  EXPECT_GE(manager_->memory_usage(), 2'000'000u);
  EXPECT_LE(manager_->dummy_entries_in_cache_usage(), 512 * kKiB);
}

// ---------------------------------------------------------------- stalls

TEST_F(WriteBufferManagerTest, WhoWillNotWaitIsToldSo) {
  Use(kMiB, nullptr, /*allow_stall=*/true);
  Open();
  ASSERT_OK(db()->Put(WithoutSlowdown(), "a", "1"));
  TakeElsewhere(kMiB);
  const Status status = db()->Put(WithoutSlowdown(), "a", "2");
  EXPECT_TRUE(status.IsIncomplete()) << status.ToString();
  EXPECT_EQ("1", Get("a"));
  manager_->FreeMem(kMiB);
  ASSERT_OK(db()->Put(WithoutSlowdown(), "a", "3"));
  EXPECT_EQ("3", Get("a"));
}

TEST_F(WriteBufferManagerTest, WritersWaitUntilMemoryIsFreed) {
  Use(kMiB, nullptr, /*allow_stall=*/true);
  Open();
  OpenSecond();
  TakeElsewhere(kMiB);
  std::atomic<int> done{0};
  std::thread one([&] {
    EXPECT_OK(Put("a", "1"));
    ++done;
  });
  std::thread two([&] {
    EXPECT_OK(second_->Put(WriteOptions(), "a", "1"));
    ++done;
  });
  EXPECT_TRUE(Eventually([this] { return manager_->IsStallActive(); }));
  EXPECT_EQ(0, done.load());
  EXPECT_EQ("(none)", Get("a"));
  manager_->FreeMem(kMiB);
  one.join();
  two.join();
  EXPECT_EQ("1", Get("a"));
  EXPECT_FALSE(manager_->IsStallActive());
}

TEST_F(WriteBufferManagerTest, ALargerLimitEndsTheWait) {
  Use(kMiB, nullptr, /*allow_stall=*/true);
  Open();
  TakeElsewhere(kMiB);
  std::thread writer([this] { EXPECT_OK(Put("a", "1")); });
  EXPECT_TRUE(Eventually([this] { return manager_->IsStallActive(); }));
  manager_->SetBufferSize(8 * kMiB);
  writer.join();
  EXPECT_EQ("1", Get("a"));
  manager_->FreeMem(kMiB);
}

TEST_F(WriteBufferManagerTest, SeveralWritersWaitAndAllGetOn) {
  Use(kMiB, nullptr, /*allow_stall=*/true);
  Open();
  TakeElsewhere(kMiB);
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i) writers.emplace_back([this, i] { EXPECT_OK(Put(Key(i), "v")); });
  EXPECT_TRUE(Eventually([this] { return manager_->IsStallActive(); }));
  manager_->FreeMem(kMiB);
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ("key000=v key001=v key002=v key003=v", Scan());
}

TEST_F(WriteBufferManagerTest, WritersThatStallGetOn) {
  Use(kMiB, nullptr, /*allow_stall=*/true);
  Open();
  OpenSecond();
  std::thread other([this] {
    for (int i = 0; i < 3000; ++i) {
      ASSERT_OK(second_->Put(WriteOptions(), Key(i % 1000), RandomBytes(1000, static_cast<uint32_t>(i))));
    }
  });
  PutKilobytes(3000);
  other.join();
  EXPECT_EQ(RandomBytes(1000, 2999), Get(Key(2999)));
  EXPECT_EQ(RandomBytes(1000, 0), Get(Key(0)));
}

// In RocksDB these wait behind the writer that stalls.
TEST_F(WriteBufferManagerTest, AFlushGetsPastWritersThatWait) {
  if (IsReference()) GTEST_SKIP();
  Use(kMiB, nullptr, /*allow_stall=*/true);
  Open();
  ASSERT_OK(Put("a", "1"));
  TakeElsewhere(kMiB);
  std::thread writer([this] { EXPECT_OK(Put("b", "2")); });
  EXPECT_TRUE(Eventually([this] { return manager_->IsStallActive(); }));
  Flush();
  EXPECT_EQ(1, FilesAt(0));
  manager_->FreeMem(kMiB);
  writer.join();
}

TEST_F(WriteBufferManagerTest, ClosingEndsTheWait) {
  if (IsReference()) GTEST_SKIP();
  Use(kMiB, nullptr, /*allow_stall=*/true);
  Open();
  TakeElsewhere(kMiB);
  Status written;
  std::thread writer([&] { written = Put("a", "1"); });
  EXPECT_TRUE(Eventually([this] { return manager_->IsStallActive(); }));
  EXPECT_OK(db()->Close());
  writer.join();
  EXPECT_TRUE(written.IsShutdownInProgress()) << written.ToString();
  manager_->FreeMem(kMiB);
}

// While one memtable is being flushed another fills up: then that has to go too.
TEST_F(WriteBufferManagerTest, AFlushThatIsNotEnoughIsFollowedByAnother) {
  if (IsReference()) GTEST_SKIP();
  Use(kMiB, nullptr, /*allow_stall=*/true);
  Open();
  ASSERT_OK(Put("a", "1"));
  ASSERT_OK(db()->PauseBackgroundWork());
  manager_->ReserveMem(kMiB);
  std::thread first([this] { EXPECT_OK(Put("b", "2")); });
  EXPECT_TRUE(Eventually([this] { return manager_->IsStallActive(); }));
  EXPECT_EQ(1u, IntProperty(DB::Properties::kNumImmutableMemTable));
  manager_->SetBufferSize(100 * kMiB);
  first.join();  // into the next memtable, while the one before waits
  manager_->ScheduleFreeMem(kMiB);
  manager_->FreeMem(kMiB);
  manager_->SetBufferSize(100);
  std::thread second([this] { EXPECT_OK(Put("c", "3")); });
  EXPECT_TRUE(Eventually([this] { return manager_->IsStallActive(); }));
  ASSERT_OK(db()->ContinueBackgroundWork());
  second.join();
  EXPECT_EQ("a=1 b=2 c=3", Scan());
}

// A limit below the smallest memtable: RocksDB stalls for good.
TEST_F(WriteBufferManagerTest, ATinyLimitStillLetsWritersThrough) {
  if (IsReference()) GTEST_SKIP();
  Use(100, nullptr, /*allow_stall=*/true);
  Open();
  for (int i = 0; i < 20; ++i) ASSERT_OK(Put(Key(i), "v"));
  EXPECT_EQ("v", Get(Key(0)));
  EXPECT_EQ("v", Get(Key(19)));
}

}  // namespace gneiss::conformance
