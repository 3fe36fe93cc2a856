// DBOptions::sst_file_manager: which files it knows, how much they may take up, and how fast they go.

#include <rocksdb/sst_file_manager.h>
#include <rocksdb/statistics.h>

#include <map>

#include "tests/conformance/db_test.h"

namespace gneiss::conformance {

class SstFileManagerTest : public DbTest {
 protected:
  SstFileManagerTest() {
    options_.statistics = CreateDBStatistics();
    options_.disable_auto_compactions = true;
    options_.compression = kNoCompression;
    UseManager(0);
  }
  ~SstFileManagerTest() override { Close(); }

  void UseManager(int64_t bytes_per_second, double trash_ratio = 0.25) {
    manager_.reset(NewSstFileManager(Env::Default(), nullptr, "", bytes_per_second, true, nullptr, trash_ratio));
    options_.sst_file_manager = manager_;
  }
  // Of the tables that there are, by name.
  std::map<std::string, uint64_t> Tables() {
    std::vector<LiveFileMetaData> tables;
    db()->GetLiveFilesMetaData(&tables);
    std::map<std::string, uint64_t> sizes;
    for (const LiveFileMetaData& table : tables) sizes[table.name] = table.size;
    return sizes;
  }
  // Of the files that the manager knows, without their directory.
  std::map<std::string, uint64_t> Tracked() {
    std::map<std::string, uint64_t> sizes;
    for (const auto& [path, size] : manager_->GetTrackedFiles()) sizes[path.substr(path.rfind('/'))] = size;
    return sizes;
  }
  uint64_t Ticks(Tickers ticker) const { return options_.statistics->getTickerCount(ticker); }

  std::shared_ptr<SstFileManager> manager_;
};

TEST_F(SstFileManagerTest, KnowsTheTables) {
  Open();
  for (uint32_t i = 1; i <= 3; ++i) {
    PutTable({{"a", RandomBytes(1000 * i, i)}, {"b", "1"}});
    EXPECT_EQ(Tables(), Tracked());
  }
  uint64_t sum = 0;
  for (const auto& [name, size] : Tables()) sum += size;
  EXPECT_EQ(sum, manager_->GetTotalSize());
  Compact();
  EXPECT_TRUE(Eventually([&] { return Tracked() == Tables(); }));
  EXPECT_EQ(1u, Tracked().size());
}

TEST_F(SstFileManagerTest, KnowsThemAfterOpening) {
  Open();
  PutTable({{"a", RandomBytes(1000, 1)}});
  PutTable({{"b", RandomBytes(1000, 2)}});
  Close();
  UseManager(0);
  Open();
  EXPECT_EQ(2u, Tracked().size());
  EXPECT_EQ(Tables(), Tracked());
}

TEST_F(SstFileManagerTest, KnowsBlobFiles) {
  options_.enable_blob_files = true;
  Open();
  PutTable({{"a", RandomBytes(1000, 1)}});
  EXPECT_EQ(2u, Tracked().size());
  EXPECT_LT(1000u, manager_->GetTotalSize());
  Close();
  const uint64_t size = manager_->GetTotalSize();
  UseManager(0);
  Open();
  EXPECT_EQ(size, manager_->GetTotalSize());
}

TEST_F(SstFileManagerTest, AFlushBeyondTheLimitStopsWrites) {
  Open();
  PutTable({{"a", RandomBytes(5000, 1)}});
  EXPECT_FALSE(manager_->IsMaxAllowedSpaceReached());
  manager_->SetMaxAllowedSpaceUsage(manager_->GetTotalSize() + 1);
  EXPECT_FALSE(manager_->IsMaxAllowedSpaceReached());
  ASSERT_OK(Put("b", RandomBytes(5000, 2)));
  const Status flushed = db()->Flush(FlushOptions());
  EXPECT_TRUE(flushed.IsIOError()) << flushed.ToString();
  EXPECT_EQ(Status::kSpaceLimit, flushed.subcode()) << flushed.ToString();
  EXPECT_NE(std::string::npos, flushed.ToString().find("Max allowed space was reached")) << flushed.ToString();
  EXPECT_TRUE(manager_->IsMaxAllowedSpaceReached());
  EXPECT_EQ(Status::kSpaceLimit, Put("c", "1").subcode());
  EXPECT_EQ(RandomBytes(5000, 2), Get("b"));  // what was written stays
  manager_->SetMaxAllowedSpaceUsage(0);
  EXPECT_TRUE(Eventually([&] { return Put("c", "1").ok(); }));  // by itself
  Flush();
  Reopen();
  EXPECT_EQ(RandomBytes(5000, 2), Get("b"));
  EXPECT_EQ("1", Get("c"));
}

TEST_F(SstFileManagerTest, ACompactionNeedsRoom) {
  Open();
  PutTable({{"a", RandomBytes(5000, 1)}, {"c", "1"}});
  PutTable({{"a", RandomBytes(5000, 2)}, {"b", "2"}});
  manager_->SetMaxAllowedSpaceUsage(manager_->GetTotalSize() * 3 / 2);
  const Status status = db()->CompactRange(CompactRangeOptions(), nullptr, nullptr);
  EXPECT_TRUE(status.IsCompactionTooLarge()) << status.ToString();
  EXPECT_EQ(1u, Ticks(COMPACTION_CANCELLED));
  EXPECT_EQ("2", Levels());
  ASSERT_OK(Put("b", "1"));  // writes go on
  manager_->SetMaxAllowedSpaceUsage(0);
  Compact();
  EXPECT_EQ("0,1", Levels());
  EXPECT_EQ(RandomBytes(5000, 2), Get("a"));
}

TEST_F(SstFileManagerTest, TheCompactionBufferIsRoomToo) {
  Open();
  PutTable({{"a", RandomBytes(5000, 1)}, {"c", "1"}});
  PutTable({{"a", RandomBytes(5000, 2)}, {"b", "2"}});
  manager_->SetMaxAllowedSpaceUsage(manager_->GetTotalSize() * 3);
  manager_->SetCompactionBufferSize(1 << 20);
  EXPECT_TRUE(db()->CompactRange(CompactRangeOptions(), nullptr, nullptr).IsCompactionTooLarge());
  manager_->SetCompactionBufferSize(0);
  Compact();
}

TEST_F(SstFileManagerTest, WithoutARateFilesGoAtOnce) {
  Open();
  PutTable({{"a", "1"}, {"c", "1"}});
  PutTable({{"a", "2"}, {"b", "2"}});
  Compact();
  EXPECT_TRUE(Eventually([&] { return Tracked().size() == 1; }));
  EXPECT_LE(2u, Ticks(FILES_DELETED_IMMEDIATELY));
  EXPECT_EQ(0u, Ticks(FILES_MARKED_TRASH));
}

TEST_F(SstFileManagerTest, WithARateTheyBecomeTrash) {
  UseManager(1 << 20, /*trash_ratio=*/100);
  Open();
  PutTable({{"a", RandomBytes(5000, 1)}, {"c", "1"}});
  PutTable({{"a", RandomBytes(5000, 2)}, {"b", "2"}});
  Compact();
  EXPECT_TRUE(Eventually([&] { return Ticks(FILES_MARKED_TRASH) >= 2; }));
  EXPECT_TRUE(Eventually([&] { return FilesEndingIn(".trash").empty() && manager_->GetTotalTrashSize() == 0; }));
  EXPECT_TRUE(Eventually([&] { return FilesEndingIn(".sst").size() == 1; }));
  EXPECT_TRUE(Eventually([&] { return Tracked() == Tables(); }));
  EXPECT_EQ(RandomBytes(5000, 2), Get("a"));
}

TEST_F(SstFileManagerTest, TrashThatIsLeftGoesAtTheNextOpening) {
  UseManager(1, /*trash_ratio=*/1000);  // years
  Open();
  PutTable({{"a", RandomBytes(5000, 1)}, {"c", "1"}});
  PutTable({{"a", RandomBytes(5000, 2)}, {"b", "2"}});
  Compact();
  EXPECT_TRUE(Eventually([&] { return Ticks(FILES_MARKED_TRASH) >= 2; }));
  Close();
  EXPECT_LE(1u, FilesEndingIn(".trash").size());
  options_.sst_file_manager = nullptr;
  manager_.reset();
  UseManager(0);
  Open();
  EXPECT_TRUE(Eventually([&] { return FilesEndingIn(".trash").empty(); }));
  EXPECT_EQ(RandomBytes(5000, 2), Get("a"));
}

}  // namespace gneiss::conformance
