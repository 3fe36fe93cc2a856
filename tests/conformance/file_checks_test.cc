// Options that let the database look twice at its files: paranoid_file_checks, verify_sst_unique_id_in_manifest,
// fail_if_options_file_error.

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <filesystem>

#include "tests/conformance/db_test.h"

namespace gneiss::conformance {

namespace {

// When asked to, writes one wrong bit into the next table, or no OPTIONS files.
class FaultyDisk : public FileSystemWrapper {
 public:
  FaultyDisk() : FileSystemWrapper(FileSystem::Default()) {}
  const char* Name() const override { return "FaultyDisk"; }

  IOStatus NewWritableFile(const std::string& name, const FileOptions& options, std::unique_ptr<FSWritableFile>* file,
                           IODebugContext* debug) override {
    if (refuses_options.load() && name.find("OPTIONS") != std::string::npos) return IOStatus::IOError("no OPTIONS");
    IOStatus status = target()->NewWritableFile(name, options, file, debug);
    if (status.ok() && name.ends_with(".sst")) *file = std::make_unique<File>(this, std::move(*file));
    return status;
  }

  std::atomic<bool> flips_a_bit{false};
  std::atomic<bool> refuses_options{false};

 private:
  class File : public FSWritableFileOwnerWrapper {
   public:
    File(FaultyDisk* disk, std::unique_ptr<FSWritableFile>&& file)
        : FSWritableFileOwnerWrapper(std::move(file)), disk_(disk) {}
    IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
      if (data.empty() || !disk_->flips_a_bit.exchange(false)) return target()->Append(data, options, debug);
      std::string wrong = data.ToString();
      wrong[wrong.size() > 20 ? 20 : 0] ^= 1;  // of the first block of data
      return target()->Append(wrong, options, debug);
    }
    IOStatus Append(const Slice& data, const IOOptions& options, const DataVerificationInfo&,
                    IODebugContext* debug) override {
      return Append(data, options, debug);
    }

   private:
    FaultyDisk* const disk_;
  };
};

}  // namespace

class FileChecksTest : public DbTest {
 protected:
  FileChecksTest() {
    env_ = NewCompositeEnv(disk_);
    options_.env = env_.get();
    options_.disable_auto_compactions = true;
    options_.compression = kNoCompression;
  }
  ~FileChecksTest() override { Close(); }

  // Two tables of one key and the same size, each under the name of the other.
  void SwapTwoTables() {
    Open();
    PutTable({{"a", "old"}});
    PutTable({{"a", "new"}});
    EXPECT_EQ("new", Get("a"));
    std::vector<LiveFileMetaData> files;
    db()->GetLiveFilesMetaData(&files);
    ASSERT_EQ(2u, files.size());
    ASSERT_EQ(files[0].size, files[1].size);
    Close();
    const std::string one = Path() + files[0].name;
    const std::string other = Path() + files[1].name;
    std::filesystem::rename(one, one + ".aside");
    std::filesystem::rename(other, one);
    std::filesystem::rename(one + ".aside", other);
  }

  const std::shared_ptr<FaultyDisk> disk_ = std::make_shared<FaultyDisk>();
  std::unique_ptr<Env> env_;
};

TEST_F(FileChecksTest, ParanoidFileChecksLookAtWhatAFlushWrote) {
  options_.paranoid_file_checks = true;
  Open();
  PutKeys(0, 99, RandomBytes(100, 1));
  disk_->flips_a_bit = true;
  const Status status = db()->Flush(FlushOptions());
  EXPECT_TRUE(status.IsCorruption()) << status.ToString();
  EXPECT_EQ(0, FilesAt(0));
  EXPECT_EQ(RandomBytes(100, 1), Get(Key(0)));  // from memory
  Close();
  Open();  // from the log
  EXPECT_EQ(RandomBytes(100, 1), Get(Key(0)));
  EXPECT_EQ(RandomBytes(100, 1), Get(Key(99)));
}

TEST_F(FileChecksTest, OtherwiseDamageIsFoundByReaders) {
  Open();
  PutKeys(0, 99, RandomBytes(100, 1));
  disk_->flips_a_bit = true;
  ASSERT_OK(db()->Flush(FlushOptions()));
  std::string value;
  const Status status = db()->Get(ReadOptions(), Key(0), &value);
  EXPECT_TRUE(status.IsCorruption()) << status.ToString();
}

TEST_F(FileChecksTest, ParanoidFileChecksLookAtWhatACompactionWrote) {
  options_.paranoid_file_checks = true;
  Open();
  PutKeys(0, 99, RandomBytes(100, 1));
  Flush();
  PutKeys(50, 149, RandomBytes(100, 2));
  Flush();
  disk_->flips_a_bit = true;
  const Status status = db()->CompactRange(CompactRangeOptions(), nullptr, nullptr);
  EXPECT_TRUE(status.IsCorruption()) << status.ToString();
  EXPECT_EQ("2", Levels());
  EXPECT_EQ(RandomBytes(100, 1), Get(Key(0)));
  EXPECT_EQ(RandomBytes(100, 2), Get(Key(149)));
}

TEST_F(FileChecksTest, ParanoidFileChecksPassWhatIsWhole) {
  options_.paranoid_file_checks = true;
  options_.target_file_size_base = 4 << 10;
  Open();
  for (int round = 0; round < 3; ++round) {
    PutKeys(round * 30, round * 30 + 99, RandomBytes(100, static_cast<uint32_t>(round)));
    ASSERT_OK(DeleteRange(Key(round * 30 + 5), Key(round * 30 + 8)));
    ASSERT_OK(Delete(Key(round * 30 + 20)));
    Flush();
  }
  Compact();
  EXPECT_EQ("(none)", Get(Key(5)));
  EXPECT_EQ(RandomBytes(100, 2), Get(Key(100)));
  EXPECT_EQ("(none)", Get(Key(80)));
  ASSERT_OK(db()->SetOptions({{"paranoid_file_checks", "false"}}));
  EXPECT_FALSE(db()->GetOptions().paranoid_file_checks);
}

TEST_F(FileChecksTest, ATableUnderAnothersNameIsFound) {
  SwapTwoTables();
  Status status = TryOpen();
  std::string value;
  if (status.ok()) status = db()->Get(ReadOptions(), "a", &value);
  EXPECT_TRUE(status.IsCorruption()) << status.ToString();
  EXPECT_NE(std::string::npos, status.ToString().find("Mismatch in unique ID on table file")) << status.ToString();
}

TEST_F(FileChecksTest, WithoutTheCheckItIsTakenForTheOther) {
  SwapTwoTables();
  options_.verify_sst_unique_id_in_manifest = false;
  Open();
  EXPECT_EQ("old", Get("a"));
}

TEST_F(FileChecksTest, TablesOfAllOriginsHaveTheirIds) {
  Open();
  PutTable({{"a", "1"}, {"b", "2"}});
  PutTable({{"a", "3"}, {"c", "4"}});
  Compact();
  PutTable({{"d", "5"}});
  Reopen();
  EXPECT_EQ("a=3 b=2 c=4 d=5", Scan());
  EXPECT_OK(db()->VerifyChecksum());
}

TEST_F(FileChecksTest, AnOptionsFileThatCannotBeWrittenIsOnlyLogged) {
  disk_->refuses_options = true;
  Open();
  ASSERT_OK(Put("a", "1"));
  EXPECT_OK(db()->SetOptions({{"write_buffer_size", "131072"}}));
  EXPECT_EQ(131072u, db()->GetOptions().write_buffer_size);
  EXPECT_OK(db()->SetDBOptions({{"max_background_jobs", "3"}}));
  CreateFamily("one", options_);
  EXPECT_TRUE(FilesEndingIn(".dbtmp").empty());
  EXPECT_EQ("1", Get("a"));
}

TEST_F(FileChecksTest, OrTheOpeningFails) {
  disk_->refuses_options = true;
  options_.fail_if_options_file_error = true;
  const Status status = TryOpen();
  EXPECT_TRUE(status.IsIOError()) << status.ToString();
  EXPECT_NE(std::string::npos, status.ToString().find("Unable to persist")) << status.ToString();
  disk_->refuses_options = false;
  Open();
}

TEST_F(FileChecksTest, OrTheCallThatChangesOptions) {
  options_.fail_if_options_file_error = true;
  Open();
  disk_->refuses_options = true;
  const Status status = db()->SetOptions({{"write_buffer_size", "131072"}});
  EXPECT_TRUE(status.IsIOError()) << status.ToString();
  EXPECT_EQ(131072u, db()->GetOptions().write_buffer_size);  // all the same
  EXPECT_TRUE(db()->SetDBOptions({{"max_background_jobs", "3"}}).IsIOError());
  disk_->refuses_options = false;
  EXPECT_OK(db()->SetOptions({{"write_buffer_size", "262144"}}));
}

}  // namespace gneiss::conformance
