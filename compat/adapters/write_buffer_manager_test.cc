// Counting memtable memory, charging it to a cache, and stalling writers.
#include <gtest/gtest.h>
#include <rocksdb/cache.h>
#include <rocksdb/write_buffer_manager.h>

#include <memory>
#include <thread>
#include <vector>

#include "engine/base/mutex.h"

namespace rocksdb {
namespace {

constexpr size_t kDummy = 256 * 1024;

TEST(WriteBufferManager, CountsAndAsksForFlushes) {
  WriteBufferManager manager(10 << 20);
  EXPECT_TRUE(manager.enabled());
  EXPECT_FALSE(manager.cost_to_cache());
  manager.ReserveMem(8 << 20);
  EXPECT_FALSE(manager.ShouldFlush());
  manager.ReserveMem(1 << 20);
  EXPECT_TRUE(manager.ShouldFlush());  // above seven eighths, all of it mutable
  manager.ScheduleFreeMem(5 << 20);
  EXPECT_EQ(9u << 20, manager.memory_usage());
  EXPECT_EQ(4u << 20, manager.mutable_memtable_memory_usage());
  EXPECT_FALSE(manager.ShouldFlush());
  manager.FreeMem(5 << 20);
  EXPECT_EQ(4u << 20, manager.memory_usage());
  EXPECT_EQ(0u, manager.dummy_entries_in_cache_usage());
}

TEST(WriteBufferManager, WithoutALimitCountsNothing) {
  WriteBufferManager manager(0);
  manager.ReserveMem(100);
  EXPECT_EQ(0u, manager.memory_usage());
  EXPECT_FALSE(manager.ShouldFlush());
  manager.ScheduleFreeMem(100);
  manager.FreeMem(100);
}

TEST(WriteBufferManager, WhatWasCountedIsTakenOffWithoutALimitToo) {
  WriteBufferManager manager(1000);
  manager.ReserveMem(600);
  manager.SetBufferSize(0);
  manager.ReserveMem(50);  // not counted
  manager.ScheduleFreeMem(600);
  manager.FreeMem(600);
  manager.SetBufferSize(1000);
  EXPECT_EQ(0u, manager.memory_usage());
  EXPECT_EQ(0u, manager.mutable_memtable_memory_usage());
}

TEST(WriteStall, WhoLeavesIsNotSignalledByALimitThatGoes) {
  WriteBufferManager manager(1000, nullptr, true);
  manager.ReserveMem(1000);
  {
    class Counting final : public StallInterface {
     public:
      void Block() override {}
      void Signal() override { ++signals; }
      int signals = 0;
    } leaving;
    manager.BeginWriteStall(&leaving);
    manager.RemoveDBFromQueue(&leaving);
    manager.SetBufferSize(0);
    EXPECT_EQ(1, leaving.signals);
  }
}

class ChargedTest : public ::testing::Test {
 protected:
  const std::shared_ptr<Cache> cache_ = NewLRUCache(8 << 20, 0, false, 0.0, nullptr, false, kDontChargeCacheMetadata);
};

TEST_F(ChargedTest, HoldsDummiesForWhatIsUsed) {
  {
    WriteBufferManager manager(0, cache_);
    EXPECT_TRUE(manager.cost_to_cache());
    manager.ReserveMem(1);
    EXPECT_EQ(kDummy, manager.dummy_entries_in_cache_usage());
    manager.ReserveMem(4 * kDummy - 1);
    EXPECT_EQ(4 * kDummy, manager.dummy_entries_in_cache_usage());
    EXPECT_EQ(4 * kDummy, cache_->GetPinnedUsage());
    // Three quarters in use: nothing is given back yet.
    manager.FreeMem(kDummy);
    EXPECT_EQ(4 * kDummy, manager.dummy_entries_in_cache_usage());
    manager.FreeMem(1);
    EXPECT_EQ(3 * kDummy, manager.dummy_entries_in_cache_usage());
    manager.FreeMem(3 * kDummy - 1);
    EXPECT_EQ(0u, manager.dummy_entries_in_cache_usage());
    EXPECT_EQ(0u, cache_->GetPinnedUsage());
    manager.ReserveMem(2 * kDummy);
  }
  EXPECT_EQ(0u, cache_->GetUsage());
}

TEST_F(ChargedTest, AFullCacheIsNoError) {
  cache_->SetCapacity(3 * kDummy);
  cache_->SetStrictCapacityLimit(true);
  WriteBufferManager manager(100 * kDummy, cache_);
  manager.ReserveMem(10 * kDummy);
  EXPECT_EQ(10 * kDummy, manager.memory_usage());
  EXPECT_EQ(3 * kDummy, manager.dummy_entries_in_cache_usage());
  manager.FreeMem(10 * kDummy);
  EXPECT_EQ(0u, manager.dummy_entries_in_cache_usage());
}

TEST_F(ChargedTest, ManyThreadsAddUp) {
  WriteBufferManager manager(0, cache_);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&manager] {
      for (int i = 0; i < 200; ++i) {
        manager.ReserveMem(50'000);
        manager.FreeMem(50'000);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(0u, manager.memory_usage());
  EXPECT_EQ(0u, manager.dummy_entries_in_cache_usage());
}

class Writer final : public StallInterface {
 public:
  void Block() override {
    gneiss::MutexLock lock(&mutex_);
    while (signals_ == 0) signalled_.Wait(&mutex_);
  }
  void Signal() override {
    gneiss::MutexLock lock(&mutex_);
    ++signals_;
    signalled_.SignalAll();
  }
  int signals() {
    gneiss::MutexLock lock(&mutex_);
    return signals_;
  }

 private:
  gneiss::Mutex mutex_;
  gneiss::CondVar signalled_;
  int signals_ GUARDED_BY(mutex_) = 0;
};

TEST(WriteStall, EndsWhenMemoryIsFreed) {
  WriteBufferManager manager(1000, nullptr, true);
  Writer writer;
  manager.ReserveMem(1000);
  EXPECT_TRUE(manager.ShouldStall());
  manager.BeginWriteStall(&writer);
  EXPECT_TRUE(manager.IsStallActive());
  EXPECT_EQ(0, writer.signals());
  std::thread freeing([&manager] { manager.FreeMem(500); });
  writer.Block();
  freeing.join();
  EXPECT_EQ(1, writer.signals());
  EXPECT_FALSE(manager.IsStallActive());
  EXPECT_FALSE(manager.ShouldStall());
}

TEST(WriteStall, ThatHasEndedMeanwhileSignalsAtOnce) {
  WriteBufferManager manager(1000, nullptr, true);
  Writer writer;
  manager.ReserveMem(10);
  manager.BeginWriteStall(&writer);
  EXPECT_EQ(1, writer.signals());
  EXPECT_FALSE(manager.IsStallActive());
}

TEST(WriteStall, EndsWhenTheLimitGrowsOrGoes) {
  for (const size_t new_size : {size_t{5000}, size_t{0}}) {
    WriteBufferManager manager(1000, nullptr, true);
    Writer writer;
    manager.ReserveMem(1500);
    manager.BeginWriteStall(&writer);
    manager.SetBufferSize(1200);
    EXPECT_EQ(0, writer.signals());
    manager.SetBufferSize(new_size);
    EXPECT_EQ(1, writer.signals());
  }
}

TEST(WriteStall, AClosingDatabaseLeavesTheQueue) {
  WriteBufferManager manager(1000, nullptr, true);
  Writer leaving;
  Writer staying;
  manager.ReserveMem(1000);
  manager.BeginWriteStall(&leaving);
  manager.BeginWriteStall(&staying);
  manager.RemoveDBFromQueue(&leaving);
  EXPECT_EQ(1, leaving.signals());
  EXPECT_EQ(0, staying.signals());
  manager.FreeMem(1000);
  EXPECT_EQ(1, leaving.signals());
  EXPECT_EQ(1, staying.signals());
}

TEST(WriteStall, IsNotForThoseWhoDidNotAsk) {
  WriteBufferManager manager(1000);
  manager.ReserveMem(5000);
  EXPECT_FALSE(manager.ShouldStall());
}

}  // namespace
}  // namespace rocksdb
