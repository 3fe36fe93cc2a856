// A system that has no thread to give for a while: nothing ends, nothing is lost, and the work is done when it has.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/sst_file_manager.h>

#include <atomic>
#include <cerrno>
#include <string>
#include <thread>

#include "tests/support/temp_dir.h"

namespace {
std::atomic<int> refusals_left{0};
std::atomic<int> refusals{0};
}  // namespace

extern "C" int pthread_create(pthread_t* id, const pthread_attr_t* attributes, void* (*function)(void*),
                              void* argument) {
  if (refusals_left > 0 && refusals_left.fetch_sub(1) > 0) {
    ++refusals;
    return EAGAIN;
  }
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const auto create = reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"));
  return create(id, attributes, function, argument);
}

namespace {

void RefuseThreads(int count) {
  refusals = 0;
  refusals_left = count;
}

class NoThreadsTest : public testing::Test {
 protected:
  void SetUp() override {
    options_.create_if_missing = true;
    RefuseThreads(3);
  }
  void TearDown() override { refusals_left = 0; }

  // Flushes and merges a few times; what was written is there, also after opening again.
  void UseDatabase() {
    rocksdb::DB* db = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(options_, temp_.path() + "/db", &db).ok());
    for (int round = 0; round < 6; ++round) {
      ASSERT_TRUE(db->Put({}, std::to_string(round), "value").ok());
      ASSERT_TRUE(db->Flush({}).ok());
      refusals_left = 3;
    }
    ASSERT_TRUE(db->CompactRange({}, nullptr, nullptr).ok());
    delete db;
    ASSERT_TRUE(rocksdb::DB::Open(options_, temp_.path() + "/db", &db).ok());
    std::string value;
    for (int round = 0; round < 6; ++round) EXPECT_TRUE(db->Get({}, std::to_string(round), &value).ok()) << round;
    delete db;
    EXPECT_GT(refusals, 0);
  }

  gneiss::TempDir temp_;
  rocksdb::Options options_;
};

TEST_F(NoThreadsTest, FlushesAndMergesWait) {
  options_.max_background_jobs = 4;
  options_.max_subcompactions = 4;
  options_.level0_file_num_compaction_trigger = 2;
  UseDatabase();
}

TEST_F(NoThreadsTest, PeriodicWorkWaits) {
  options_.stats_dump_period_sec = 1;
  UseDatabase();
}

TEST_F(NoThreadsTest, DeletingAtARateWaits) {
  options_.sst_file_manager.reset(rocksdb::NewSstFileManager(rocksdb::Env::Default(), nullptr, "", 1 << 20));
  UseDatabase();
}

TEST_F(NoThreadsTest, AnEnvDoesWithTheThreadsItHas) {
  rocksdb::Env* const env = rocksdb::Env::Default();
  static std::atomic<int> runs{0};
  const auto run = [](void*) { ++runs; };
  env->SetBackgroundThreads(1, rocksdb::Env::USER);
  env->Schedule(run, nullptr, rocksdb::Env::USER);
  RefuseThreads(1);
  env->SetBackgroundThreads(3, rocksdb::Env::USER);
  for (int i = 0; i < 10; ++i) {
    refusals_left = 1;
    env->Schedule(run, nullptr, rocksdb::Env::USER);
  }
  while (runs < 11) std::this_thread::yield();
  EXPECT_GT(refusals, 0);
}

TEST_F(NoThreadsTest, AnEnvWaitsForItsFirstThread) {
  rocksdb::Env* const env = rocksdb::Env::Default();
  static std::atomic<int> runs{0};
  env->SetBackgroundThreads(1, rocksdb::Env::BOTTOM);
  RefuseThreads(3);
  env->Schedule([](void*) { ++runs; }, nullptr, rocksdb::Env::BOTTOM);
  env->StartThread([](void*) { ++runs; }, nullptr);
  env->WaitForJoin();
  while (runs < 2) std::this_thread::yield();
  EXPECT_GT(refusals, 0);
}

}  // namespace
