// DB::GetUpdatesSince: reading committed batches back from the logs.

#include <atomic>
#include <fstream>
#include <thread>

#include "tests/logs/log_database.h"

namespace gneiss {
namespace {

using rocksdb::Status;
using Updates = std::vector<Update>;

TEST(Updates, BatchesInOrderFromAnySequenceNumber) {
  LogDatabase data;
  data.Open();
  data.Put("a", "1");
  rocksdb::WriteBatch batch;
  ASSERT_TRUE(batch.Put("b", "2").ok());
  ASSERT_TRUE(batch.PutLogData("note").ok());
  ASSERT_TRUE(batch.Delete("a").ok());
  ASSERT_TRUE(data.db->Write({}, &batch).ok());
  data.Put("c", "3");
  const Updates all = {{1, "+0.a=1"}, {2, "+0.b=2#note-0.a"}, {4, "+0.c=3"}};
  for (const auto& [seq, first] : std::vector<std::pair<uint64_t, size_t>>{{0, 0}, {1, 0}, {2, 1}, {3, 1}, {4, 2}}) {
    const auto iterator = data.Since(seq);
    ASSERT_TRUE(data.since_status.ok()) << data.since_status.ToString();
    EXPECT_EQ(Updates(all.begin() + static_cast<ptrdiff_t>(first), all.end()), ReadAll(iterator.get())) << seq;
    EXPECT_TRUE(iterator->status().ok());
  }
}

TEST(Updates, WhatIsNotWrittenYetIsNotFound) {
  LogDatabase data;
  data.Open();
  data.Put("a", "1");
  data.Since(2);
  EXPECT_EQ("NotFound: Requested sequence not yet written in the db", data.since_status.ToString());
}

TEST(Updates, TheIteratorFollowsTheTailOfItsLog) {
  LogDatabase data;
  data.Open();
  data.Put("a", "1");
  const auto iterator = data.Since(1);
  EXPECT_EQ(Updates({{1, "+0.a=1"}}), ReadAll(iterator.get()));
  EXPECT_TRUE(iterator->status().ok());
  data.Put("b", "2");
  data.Put("c", std::string(100'000, 'x'));  // several blocks
  iterator->Next();
  EXPECT_EQ(Updates({{2, "+0.b=2"}, {3, "+0.c=" + std::string(100'000, 'x')}}), ReadAll(iterator.get()));
  EXPECT_TRUE(iterator->status().ok());
}

TEST(Updates, ALogThatBeganLaterAsksForANewIterator) {
  LogDatabase data;
  data.options.WAL_ttl_seconds = 1000;
  data.Open();
  data.Put("a", "1");
  const auto iterator = data.Since(1);
  data.Flush();
  data.Put("b", "2");
  EXPECT_EQ(Updates({{1, "+0.a=1"}}), ReadAll(iterator.get()));
  EXPECT_EQ("Operation failed. Try again.: Create a new iterator to fetch the new tail.",
            iterator->status().ToString());
  const auto fresh = data.Since(2);
  EXPECT_EQ(Updates({{2, "+0.b=2"}}), ReadAll(fresh.get()));
}

TEST(Updates, ArchivedLogsAreReadOnToTheLiveOne) {
  LogDatabase data;
  data.options.WAL_ttl_seconds = 1000;
  data.Open();
  Updates all;
  for (uint64_t i = 1; i <= 6; ++i) {
    data.Put("k" + std::to_string(i), "v");
    all.push_back({i, "+0.k" + std::to_string(i) + "=v"});
    if (i % 2 == 0) data.Flush();
  }
  data.Put("k7", "v");
  all.push_back({7, "+0.k7=v"});
  EXPECT_EQ(all, ReadAll(data.Since(1).get()));
  data.Open();
  EXPECT_EQ(all, ReadAll(data.Since(0).get()));
  EXPECT_EQ(Updates(all.begin() + 4, all.end()), ReadAll(data.Since(5).get()));
}

// Without an archive the logs go with their flush: the iterator begins at the first batch there is.
TEST(Updates, WhatIsGoneIsSkippedAtTheBeginning) {
  LogDatabase data;
  data.Open();
  data.Put("a", "1");
  data.Flush();
  data.Put("b", "2");
  EXPECT_EQ(1u, data.WalNames().size());  // waits for the deletion
  EXPECT_EQ(Updates({{2, "+0.b=2"}}), ReadAll(data.Since(1).get()));
}

TEST(Updates, AGapBetweenBatchesEndsIt) {
  LogDatabase data;
  data.Open();
  data.Put("a", "1");
  rocksdb::WriteOptions unlogged;
  unlogged.disableWAL = true;
  ASSERT_TRUE(data.db->Put(unlogged, "b", "2").ok());
  data.Put("c", "3");
  const auto iterator = data.Since(1);
  EXPECT_EQ(Updates({{1, "+0.a=1"}}), ReadAll(iterator.get()));
  EXPECT_FALSE(iterator->Valid());
  EXPECT_EQ("NotFound: Gap in sequence numbers", iterator->status().ToString());
}

TEST(Updates, AnEmptyDatabaseHasNone) {
  LogDatabase data;
  data.Open();
  const auto iterator = data.Since(0);
  ASSERT_TRUE(data.since_status.ok());
  EXPECT_FALSE(iterator->Valid());
  EXPECT_TRUE(iterator->status().ok());
}

TEST(Updates, DamageInTheMiddleIsNotPassedOver) {
  LogDatabase data;
  data.options.WAL_ttl_seconds = 1000;
  data.Open();
  data.Put("a", std::string(1000, 'a'));
  data.Put("b", std::string(50'000, 'b'));
  data.Put("c", "3");
  data.Flush();
  data.Put("d", "4");
  const std::string log = data.dir() + data.WalNames().front();
  std::fstream file(log, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(5000);  // in the second batch
  file.put('?');
  file.close();
  const auto iterator = data.Since(1);
  EXPECT_EQ(1u, ReadAll(iterator.get()).size());
  EXPECT_EQ("NotFound: Gap in sequence numbers", iterator->status().ToString());
}

TEST(Updates, ReadWhileWriting) {
  LogDatabase data;
  data.options.WAL_ttl_seconds = 1000;
  data.options.write_buffer_size = 64 << 10;
  data.Open();
  constexpr uint64_t kBatches = 3000;
  std::thread writer([&data] {
    for (uint64_t i = 0; i < kBatches; ++i) data.Put("k" + std::to_string(i), std::string(i % 200, 'x'));
  });
  uint64_t next = 1;
  while (next <= kBatches) {
    const auto iterator = data.Since(next);
    if (data.since_status.IsNotFound()) {  // not written yet
      std::this_thread::yield();
      continue;
    }
    if (iterator == nullptr) {
      ADD_FAILURE() << data.since_status.ToString();
      break;
    }
    for (const Update& update : ReadAll(iterator.get())) {
      ASSERT_EQ(next, update.seq);
      ASSERT_EQ("+0.k" + std::to_string(next - 1) + "=" + std::string((next - 1) % 200, 'x'), update.text);
      ++next;
    }
    ASSERT_TRUE(iterator->status().ok() || iterator->status().IsTryAgain()) << iterator->status().ToString();
  }
  writer.join();
}

}  // namespace
}  // namespace gneiss
