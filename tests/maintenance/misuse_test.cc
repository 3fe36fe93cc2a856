// Misuse that RocksDB leaves undefined: what outlives Close or the DB, closing twice, calls while another thread
// closes. Here it gives a clear Status or works on. Run under ASan and TSan.
#include <rocksdb/convenience.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "tests/support/database.h"

namespace gneiss {
namespace {

using rocksdb::Status;

class Misuse : public ::testing::Test {
 protected:
  void SetUp() override {
    if (IsOnReference()) GTEST_SKIP() << "undefined in RocksDB";
    database_.options.disable_auto_compactions = false;
    database_.Open();
    database_.Table({"a", "b", "c"});
    database_.Put("d", "vd");
  }

  Database database_;
};

TEST_F(Misuse, IteratorsOutliveTheDatabase) {
  std::unique_ptr<rocksdb::Iterator> iterator(database_.db->NewIterator({}));
  std::unique_ptr<rocksdb::Iterator> unused(database_.db->NewIterator({}));
  iterator->SeekToFirst();
  database_.Close();
  std::filesystem::remove_all(database_.dir());
  std::string keys;
  for (; iterator->Valid(); iterator->Next()) keys += iterator->key().ToString();
  EXPECT_EQ("abcd", keys);
  EXPECT_TRUE(iterator->status().ok());
  iterator->SeekToLast();
  EXPECT_EQ("vd", iterator->value().ToString());
}

TEST_F(Misuse, HandlesOutliveTheDatabase) {
  rocksdb::ColumnFamilyHandle* handle = nullptr;
  ASSERT_TRUE(database_.db->CreateColumnFamily({}, "second", &handle).ok());
  database_.Close();
  EXPECT_EQ("second", handle->GetName());
  rocksdb::ColumnFamilyDescriptor descriptor;
  EXPECT_TRUE(handle->GetDescriptor(&descriptor).ok());
  delete handle;
}

TEST_F(Misuse, PinnedValuesOutliveTheDatabase) {
  rocksdb::PinnableSlice value;
  ASSERT_TRUE(database_.db->Get({}, database_.db->DefaultColumnFamily(), "b", &value).ok());
  database_.Close();
  EXPECT_EQ("vb", value.ToString());
}

// What a block in the cache holds outlives the database; an iterator keeps the cache too, a PinnableSlice needs
// somebody who does.
TEST_F(Misuse, PinnedBlocksOutliveTheDatabase) {
  Database database;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(1 << 20);
  database.options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  table.block_cache.reset();
  database.Open();
  database.Table({"a", "b"});
  rocksdb::PinnableSlice value;
  ASSERT_TRUE(database.db->Get({}, database.db->DefaultColumnFamily(), "a", &value).ok());
  rocksdb::ReadOptions read;
  read.pin_data = true;
  std::unique_ptr<rocksdb::Iterator> iterator(database.db->NewIterator(read));
  iterator->SeekToFirst();
  ASSERT_TRUE(iterator->Valid());
  const rocksdb::Slice pinned = iterator->key();
  iterator->Next();
  database.Close();
  EXPECT_EQ("va", value.ToString());
  value.Reset();
  database.options = rocksdb::Options();
  EXPECT_EQ("a", pinned.ToString());
  EXPECT_EQ("b", iterator->key().ToString());
}

TEST_F(Misuse, WhatIsToldOfTablesOutlivesTheDatabase) {
  rocksdb::TablePropertiesCollection properties;
  ASSERT_TRUE(database_.db->GetPropertiesOfAllTables(&properties).ok());
  std::vector<rocksdb::LiveFileMetaData> files;
  database_.db->GetLiveFilesMetaData(&files);
  database_.Close();
  ASSERT_EQ(1u, properties.size());
  EXPECT_EQ(3u, properties.begin()->second->num_entries);
  ASSERT_EQ(1u, files.size());
  EXPECT_EQ("a", files[0].smallestkey);
}

// An iterator over a family whose name and handle are gone, and then its database.
TEST_F(Misuse, IteratorsOutliveADroppedFamily) {
  rocksdb::ColumnFamilyHandle* handle = nullptr;
  ASSERT_TRUE(database_.db->CreateColumnFamily({}, "second", &handle).ok());
  ASSERT_TRUE(database_.db->Put({}, handle, "k", "1").ok());
  ASSERT_TRUE(database_.db->Flush({}, handle).ok());
  const std::unique_ptr<rocksdb::Iterator> iterator(database_.db->NewIterator({}, handle));
  ASSERT_TRUE(database_.db->DropColumnFamily(handle).ok());
  ASSERT_TRUE(database_.db->DestroyColumnFamilyHandle(handle).ok());
  database_.Close();
  iterator->SeekToFirst();
  ASSERT_TRUE(iterator->Valid());
  EXPECT_EQ("1", iterator->value().ToString());
}

TEST_F(Misuse, ReadersOfATableFileGoBeforeTheirIterators) {
  auto reader = std::make_unique<rocksdb::SstFileReader>(database_.options);
  ASSERT_TRUE(reader->Open(database_.dir() + database_.Names(0).front()).ok());
  const std::unique_ptr<rocksdb::Iterator> iterator(reader->NewIterator({}));
  reader.reset();
  database_.Close();
  iterator->SeekToFirst();
  ASSERT_TRUE(iterator->Valid());
  EXPECT_EQ("a", iterator->key().ToString());
}

TEST_F(Misuse, SnapshotsKeepADatabaseFromClosing) {
  const rocksdb::Snapshot* const snapshot = database_.db->GetSnapshot();
  EXPECT_TRUE(database_.db->Close().IsAborted());
  database_.Put("e", "still open");
  EXPECT_EQ("a b c d", database_.Keys(snapshot));
  database_.db->ReleaseSnapshot(snapshot);
  EXPECT_TRUE(database_.db->Close().ok());
}

TEST_F(Misuse, EveryCallAfterCloseHasAnAnswer) {
  rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), database_.options);
  const std::string file = database_.temp_path() + "/file.sst";
  ASSERT_TRUE(writer.Open(file).ok());
  ASSERT_TRUE(writer.Put("x", "1").ok());
  ASSERT_TRUE(writer.Finish().ok());

  rocksdb::DB* const db = database_.db.get();
  rocksdb::ColumnFamilyHandle* const family = db->DefaultColumnFamily();
  const std::string table = database_.Names(0).front();
  ASSERT_TRUE(db->Close().ok());
  EXPECT_TRUE(db->Close().ok());  // again
  const auto names = [&] {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(database_.dir())) found.push_back(entry.path());
    std::sort(found.begin(), found.end());
    return found;
  };
  const std::vector<std::string> files = names();

  rocksdb::ColumnFamilyHandle* created = nullptr;
  const rocksdb::Slice begin("a"), end("z");
  const std::vector<std::pair<const char*, Status>> refused = {
      {"Put", db->Put({}, "x", "1")},
      {"Delete", db->Delete({}, "x")},
      {"Flush", db->Flush({})},
      {"CompactRange", db->CompactRange({}, nullptr, nullptr)},
      {"CompactFiles", db->CompactFiles({}, {table}, 1)},
      {"PromoteL0", rocksdb::experimental::PromoteL0(db, family, 1)},
      {"DeleteFile", db->DeleteFile(table)},
      {"IngestExternalFile", db->IngestExternalFile({file}, {})},
      {"CreateColumnFamily", db->CreateColumnFamily({}, "second", &created)},
      {"SetOptions", db->SetOptions({{"write_buffer_size", "1000000"}})},
      {"SetDBOptions", db->SetDBOptions({{"max_background_jobs", "7"}})},
      {"FlushWAL", db->FlushWAL(false)},
      {"Resume", db->Resume()},
  };
  for (const auto& [name, status] : refused) EXPECT_TRUE(status.IsShutdownInProgress()) << name << status.ToString();
  EXPECT_FALSE(db->Write({}, nullptr).ok());
  EXPECT_TRUE(rocksdb::DeleteFilesInRange(db, family, &begin, &end).ok());  // there is nothing below level 0
  EXPECT_EQ(files, names());                                                // none of them touched the directory

  // Reading goes on.
  EXPECT_EQ("a b c d", database_.Keys());
  EXPECT_EQ("vd", database_.Get("d"));
  std::string value;
  EXPECT_TRUE(db->GetProperty("rocksdb.stats", &value));
  EXPECT_EQ(4u, db->GetLatestSequenceNumber());
  const rocksdb::Snapshot* const snapshot = db->GetSnapshot();
  EXPECT_EQ("a b c d", database_.Keys(snapshot));
  db->ReleaseSnapshot(snapshot);
  db->SyncWAL().PermitUncheckedError();
  EXPECT_TRUE(db->PauseBackgroundWork().ok());
  EXPECT_TRUE(db->ContinueBackgroundWork().ok());
  rocksdb::CancelAllBackgroundWork(db, true);

  // Another one may have the directory now.
  Database other;
  rocksdb::DB* opened = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(database_.options, database_.dir(), &opened).ok());
  const std::unique_ptr<rocksdb::DB> second(opened);
  EXPECT_TRUE(second->Put({}, "e", "1").ok());
  EXPECT_TRUE(db->Put({}, "f", "1").IsShutdownInProgress());
  EXPECT_EQ("a b c d", database_.Keys());
}

// Each thread goes on until it is refused; nobody crashes, and what was answered with OK is there afterwards.
TEST_F(Misuse, ThreadsMeetAClosingDatabase) {
  for (int round = 0; round < 5; ++round) {
    Database database;
    database.options.write_buffer_size = 64 << 10;
    database.options.level0_file_num_compaction_trigger = 2;
    database.Open();
    rocksdb::DB* const db = database.db.get();
    std::atomic<int> written{0};
    std::atomic<bool> is_closed{false};
    std::vector<std::thread> threads;
    threads.emplace_back([&] {
      for (int i = 0;; ++i) {
        const Status status = db->Put({}, "k" + std::to_string(i), std::string(100, 'x'));
        if (!status.ok()) {
          EXPECT_TRUE(status.IsShutdownInProgress()) << status.ToString();
          return;
        }
        written = i + 1;
      }
    });
    threads.emplace_back([&] {
      while (!is_closed) {
        const std::unique_ptr<rocksdb::Iterator> iterator(db->NewIterator({}));
        for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
        }
        EXPECT_TRUE(iterator->status().ok());
      }
    });
    threads.emplace_back([&] {
      while (true) {
        const Status status = db->Flush({});
        if (!status.ok()) {
          EXPECT_TRUE(status.IsShutdownInProgress()) << status.ToString();
          return;
        }
      }
    });
    threads.emplace_back([&] {
      while (true) {
        const Status status = db->CompactRange({}, nullptr, nullptr);
        if (status.ok()) continue;
        EXPECT_TRUE(status.IsShutdownInProgress() || status.IsIncomplete()) << status.ToString();
        if (status.IsShutdownInProgress() || is_closed) return;
      }
    });
    while (written < 500) std::this_thread::yield();
    std::thread second_closer([&] { EXPECT_TRUE(db->Close().ok()); });
    EXPECT_TRUE(db->Close().ok());
    second_closer.join();
    is_closed = true;
    for (std::thread& thread : threads) thread.join();
    const int expected = written;
    database.Open();
    for (int i = 0; i < expected; ++i) ASSERT_NE("(none)", database.Get("k" + std::to_string(i))) << i;
  }
}

}  // namespace
}  // namespace gneiss
