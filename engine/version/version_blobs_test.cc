#include <gtest/gtest.h>

#include "engine/version/version_test_util.h"

namespace gneiss {
namespace {

using Numbers = std::vector<uint64_t>;

class NotingReaper final : public FileReaper {
 public:
  void TableUnreferenced(uint64_t /*number*/, const std::string& /*directory*/,
                         std::unique_ptr<TableRemains> /*remains*/) override {}
  void BlobFileUnreferenced(uint64_t number, const std::string& path) override {
    EXPECT_EQ(path, BlobName("dir", number));
    gone.push_back(number);
  }
  Numbers gone;
};

class VersionBlobsTest : public ::testing::Test {
 protected:
  Status Apply(const VersionEdit& edit) {
    VersionPtr next;
    Status status = version_->Apply(edit, tables_.Maker(), &next, [this](const BlobFileMeta& meta) {
      return std::make_shared<BlobFile>(meta, opener_, reaper_);
    });
    if (!status.ok()) return status;
    for (const BlobFileUse& use : version_->blob_files()) {
      if (next->FindBlobFile(use.file->meta().number) == nullptr) use.file->MarkObsolete();
    }
    version_ = next;
    return status;
  }
  Numbers BlobFiles() const {
    Numbers numbers;
    for (const BlobFileUse& use : version_->blob_files()) numbers.push_back(use.file->meta().number);
    return numbers;
  }

  static BlobFileMeta BlobMeta(uint64_t number) { return {.number = number, .blob_count = 10, .blob_bytes = 1000}; }
  static TableMeta Table(uint64_t number, Slice smallest, Slice largest, uint64_t oldest_blob_file) {
    TableMeta meta = MetaOf(number, smallest, largest);
    meta.oldest_blob_file_number = oldest_blob_file;
    return meta;
  }
  // Blob files 10, 11, 12, 13; table 1 refers to 10 and later ones, table 3 to 12 and later ones.
  void Fill() {
    VersionEdit edit;
    for (uint64_t number = 10; number < 14; ++number) edit.added_blob_files.push_back(BlobMeta(number));
    edit.added_tables = {{1, Table(1, "a", "c", 10)}, {1, Table(3, "d", "f", 12)}};
    ASSERT_TRUE(Apply(edit).ok());
    ASSERT_EQ(BlobFiles(), (Numbers{10, 11, 12, 13}));
  }

  TestTables tables_;
  std::shared_ptr<NotingReaper> reaper_ = std::make_shared<NotingReaper>();
  std::shared_ptr<const BlobFileOpener> opener_ =
      std::make_shared<const BlobFileOpener>(BlobFileOpener::Config{.fs = FileSystem::Posix(), .path = "dir"});
  VersionPtr version_ = std::make_shared<const Version>(tables_.order(), kLevelsDefault);
};

TEST_F(VersionBlobsTest, LinksTablesToTheirOldestFile) {
  Fill();
  EXPECT_EQ(version_->FindBlobFile(10)->linked_tables, (Numbers{1}));
  EXPECT_EQ(version_->FindBlobFile(11)->linked_tables, (Numbers{}));
  EXPECT_EQ(version_->FindBlobFile(12)->linked_tables, (Numbers{3}));
  EXPECT_EQ(version_->FindBlobFile(14), nullptr);
  EXPECT_EQ(opener_->AllFileBytes(), 4 * 1062u);
  VersionEdit snapshot;
  version_->AppendTo(&snapshot);
  EXPECT_EQ(snapshot.added_blob_files.size(), 4u);
  EXPECT_TRUE(snapshot.blob_garbage.empty());
}

TEST_F(VersionBlobsTest, FilesOlderThanAnyLinkGo) {
  Fill();
  VersionPtr reader = version_;
  VersionEdit edit;
  edit.deleted_tables = {{1, 1}};
  ASSERT_TRUE(Apply(edit).ok());
  EXPECT_EQ(BlobFiles(), (Numbers{12, 13}));
  EXPECT_EQ(reaper_->gone, Numbers{}) << "an old Version still needs them";
  EXPECT_EQ(opener_->AllFileBytes(), 4 * 1062u);
  reader.reset();
  EXPECT_EQ(reaper_->gone, (Numbers{10, 11}));
  EXPECT_EQ(opener_->AllFileBytes(), 2 * 1062u);
  // Without any link there is no oldest one: what is not all garbage stays, as RocksDB has it.
  edit.deleted_tables = {{1, 3}};
  ASSERT_TRUE(Apply(edit).ok());
  EXPECT_EQ(BlobFiles(), (Numbers{12, 13}));
}

TEST_F(VersionBlobsTest, UnlinkedFilesOfGarbageGo) {
  Fill();
  VersionEdit edit;
  edit.blob_garbage = {{.file_number = 11, .blob_count = 4, .blob_bytes = 400}};
  ASSERT_TRUE(Apply(edit).ok());
  VersionEdit snapshot;
  version_->AppendTo(&snapshot);
  ASSERT_EQ(snapshot.blob_garbage.size(), 1u);
  EXPECT_EQ(snapshot.blob_garbage[0].blob_bytes, 400u);
  edit.blob_garbage = {{.file_number = 11, .blob_count = 6, .blob_bytes = 600},
                       {.file_number = 13, .blob_count = 10, .blob_bytes = 1000}};
  ASSERT_TRUE(Apply(edit).ok());
  EXPECT_EQ(BlobFiles(), (Numbers{10, 12}));
  EXPECT_EQ(reaper_->gone, (Numbers{11, 13}));
}

TEST_F(VersionBlobsTest, MovedTablesKeepTheirLink) {
  Fill();
  VersionEdit move;
  move.deleted_tables = {{1, 1}};
  move.added_tables = {{2, Table(1, "a", "c", 10)}};
  ASSERT_TRUE(Apply(move).ok());
  EXPECT_EQ(BlobFiles(), (Numbers{10, 11, 12, 13}));
  EXPECT_EQ(version_->FindBlobFile(10)->linked_tables, (Numbers{1}));
}

TEST_F(VersionBlobsTest, ContradictionsAreRefused) {
  Fill();
  const auto text = [&](const VersionEdit& edit) { return Apply(edit).ToString(); };
  VersionEdit adds;
  adds.added_blob_files.push_back(BlobMeta(11));
  EXPECT_EQ(text(adds), "Corruption: VersionBuilder: Blob file #11 already added");
  VersionEdit wastes;
  wastes.blob_garbage = {{.file_number = 9, .blob_count = 1, .blob_bytes = 1}};
  EXPECT_EQ(text(wastes), "Corruption: VersionBuilder: Blob file #9 not found");
  wastes.blob_garbage = {{.file_number = 11, .blob_count = 11, .blob_bytes = 1}};
  EXPECT_EQ(text(wastes), "Corruption: VersionBuilder: Garbage overflow for blob file #11");
  wastes.blob_garbage = {{.file_number = 11, .blob_count = 1, .blob_bytes = 1001}};
  EXPECT_EQ(text(wastes), "Corruption: VersionBuilder: Garbage overflow for blob file #11");
  wastes.blob_garbage = {{.file_number = 10, .blob_count = 10, .blob_bytes = 1000}};
  EXPECT_EQ(text(wastes), "Corruption: VersionBuilder: Blob file #10 consists entirely of garbage");
  PinnedValue value;
  EXPECT_EQ(version_->ReadBlob({}, "k", Slice("\x01\x09\x40\x05\x00", 5), &value).ToString(),
            "Corruption: Invalid blob file number");
}

}  // namespace
}  // namespace gneiss
