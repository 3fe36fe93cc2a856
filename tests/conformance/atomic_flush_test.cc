// DBOptions::atomic_flush: families become durable together, which tells when writes go without the log.

#include <mutex>
#include <set>

#include "tests/conformance/db_test.h"
#include "tests/support/copy_directory.h"

namespace gneiss::conformance {

namespace {

// The names of the families that were flushed.
class FlushedFamilies : public EventListener {
 public:
  void OnFlushCompleted(DB*, const FlushJobInfo& info) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    names_.insert(info.cf_name);
  }
  std::set<std::string> names() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return names_;
  }

 private:
  std::mutex mutex_;
  std::set<std::string> names_;
};

}  // namespace

class AtomicFlushTest : public DbTest {
 protected:
  AtomicFlushTest() {
    options_.atomic_flush = true;
    options_.disable_auto_compactions = true;
    options_.create_missing_column_families = true;
    write_options_.disableWAL = true;
  }
  void OpenThree() { OpenWith({"one", "two"}); }
  void PutEverywhere(const std::string& key, const std::string& value) {
    WriteBatch batch;
    for (ColumnFamilyHandle* family : Handles()) ASSERT_OK(batch.Put(family, key, value));
    ASSERT_OK(db()->Write(write_options_, &batch));
  }
  // "1|1|": tables per level, by family.
  std::string AllLevels() {
    std::string levels;
    for (size_t i = 0; i < Handles().size(); ++i) levels += Levels(i) + "|";
    return levels;
  }
  // Opens a copy of the files as they are now: what a crash would leave.
  std::vector<std::string> AfterCrash() {
    const std::string copy = Path() + "_crashed";
    CopyLiveDirectory(Path(), copy);
    std::vector<ColumnFamilyDescriptor> families;
    for (ColumnFamilyHandle* family : Handles()) families.emplace_back(family->GetName(), options_);
    std::vector<ColumnFamilyHandle*> handles;
    DB* raw = nullptr;
    EXPECT_OK(DB::Open(options_, copy, families, &handles, &raw));
    const std::unique_ptr<DB> opened(raw);
    std::vector<std::string> contents;
    for (ColumnFamilyHandle* family : handles) {
      std::string content;
      const std::unique_ptr<Iterator> iterator(opened->NewIterator({}, family));
      for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) content += At(*iterator) + " ";
      contents.push_back(content);
      EXPECT_OK(opened->DestroyColumnFamilyHandle(family));
    }
    return contents;
  }
  using Contents = std::vector<std::string>;
};

TEST_F(AtomicFlushTest, ManualFlushTakesTheFamiliesThatItIsGiven) {
  OpenThree();
  PutEverywhere("a", "1");
  ASSERT_OK(db()->Flush(FlushOptions(), {Family(0), Family(2)}));
  EXPECT_EQ("1||1|", AllLevels());
  EXPECT_EQ((Contents{"a=1 ", "", "a=1 "}), AfterCrash());
  ASSERT_OK(db()->Flush(FlushOptions(), Family(1)));
  EXPECT_EQ("1|1|1|", AllLevels());
  EXPECT_EQ((Contents{"a=1 ", "a=1 ", "a=1 "}), AfterCrash());
}

TEST_F(AtomicFlushTest, FlushOfNothingOrOfNoFamilyIsFine) {
  OpenThree();
  EXPECT_OK(db()->Flush(FlushOptions(), Handles()));
  EXPECT_OK(db()->Flush(FlushOptions(), std::vector<ColumnFamilyHandle*>()));
  EXPECT_EQ("|||", AllLevels());
}

TEST_F(AtomicFlushTest, FamiliesWithoutDataGetNoTable) {
  OpenThree();
  ASSERT_OK(Put("a", "1", 1));
  ASSERT_OK(db()->Flush(FlushOptions(), Handles()));
  EXPECT_EQ("|1||", AllLevels());
}

TEST_F(AtomicFlushTest, AFullMemtableFlushesAllFamilies) {
  const auto flushed = std::make_shared<FlushedFamilies>();
  options_.listeners = {flushed};
  options_.write_buffer_size = 64 << 10;
  OpenThree();
  PutEverywhere("a", "1");
  for (int i = 0; FilesAt(0, 1) == 0; ++i) ASSERT_OK(Put(Key(i % 1000), RandomBytes(1000, 1), 1));
  EXPECT_TRUE(Eventually([&] { return FilesAt(0, 0) == 1 && FilesAt(0, 2) == 1; }));
  EXPECT_TRUE(Eventually([&] { return flushed->names() == std::set<std::string>{"default", "one", "two"}; }));
  const Contents contents = AfterCrash();
  EXPECT_EQ("a=1 ", contents[0]);
  EXPECT_EQ("a=1 ", contents[1].substr(0, 4));
  EXPECT_EQ("a=1 ", contents[2]);
}

TEST_F(AtomicFlushTest, CompactionFlushesAllFamilies) {
  OpenThree();
  PutEverywhere("a", "1");
  Compact(1);
  EXPECT_EQ((Contents{"a=1 ", "a=1 ", "a=1 "}), AfterCrash());
  EXPECT_EQ(1, FilesAt(0, 0));
  EXPECT_EQ(1, FilesAt(0, 2));
}

TEST_F(AtomicFlushTest, CloseFlushesWhatHasNoLog) {
  OpenThree();
  PutEverywhere("a", "1");
  PutEverywhere("b", "2");
  Reopen();
  EXPECT_EQ("a=1 b=2", Scan(0));
  EXPECT_EQ("a=1 b=2", Scan(1));
  EXPECT_EQ("a=1 b=2", Scan(2));
}

TEST_F(AtomicFlushTest, FlushWithoutWaitIsTakenUp) {
  OpenThree();
  PutEverywhere("a", "1");
  FlushOptions no_wait;
  no_wait.wait = false;
  no_wait.allow_write_stall = true;
  ASSERT_OK(db()->Flush(no_wait, Handles()));
  EXPECT_TRUE(Eventually([&] { return AllLevels() == "1|1|1|"; }));
}

TEST_F(AtomicFlushTest, DroppedFamiliesAreLeftOut) {
  OpenThree();
  PutEverywhere("a", "1");
  ASSERT_OK(db()->DropColumnFamily(Family(1)));
  EXPECT_EQ("a=1", Scan(1));  // readable through its handle
  ASSERT_OK(db()->Flush(FlushOptions(), {Family(0), Family(2)}));
  EXPECT_EQ("1||1|", AllLevels());
  EXPECT_EQ("a=1", Scan(1));
}

TEST_F(AtomicFlushTest, NewFamiliesTakePart) {
  OpenThree();
  PutEverywhere("a", "1");
  ASSERT_OK(db()->Flush(FlushOptions(), Handles()));
  CreateFamily("three", options_);
  PutEverywhere("b", "2");
  EXPECT_EQ((Contents{"a=1 ", "a=1 ", "a=1 ", ""}), AfterCrash());
  ASSERT_OK(db()->Flush(FlushOptions(), Handles()));
  EXPECT_EQ((Contents{"a=1 b=2 ", "a=1 b=2 ", "a=1 b=2 ", "b=2 "}), AfterCrash());
}

TEST_F(AtomicFlushTest, LoggedWritesSurviveBesides) {
  OpenThree();
  PutEverywhere("a", "1");
  ASSERT_OK(db()->Flush(FlushOptions(), Handles()));
  write_options_.disableWAL = false;
  PutEverywhere("b", "2");
  EXPECT_EQ((Contents{"a=1 b=2 ", "a=1 b=2 ", "a=1 b=2 "}), AfterCrash());
}

TEST_F(AtomicFlushTest, LiveFilesHoldAllFamilies) {
  OpenThree();
  PutEverywhere("a", "1");
  std::vector<std::string> files;
  uint64_t manifest_bytes = 0;
  ASSERT_OK(db()->GetLiveFiles(files, &manifest_bytes, /*flush_memtable=*/true));
  EXPECT_EQ("1|1|1|", AllLevels());
}

TEST_F(AtomicFlushTest, GoesWithoutPipelinedWrites) {
  options_.enable_pipelined_write = true;
  const Status status = TryOpen();
  EXPECT_TRUE(status.IsInvalidArgument()) << status.ToString();
}

TEST_F(AtomicFlushTest, OneMemtableIsEnoughForAFlush) {
  options_.min_write_buffer_number_to_merge = 3;
  options_.max_write_buffer_number = 6;
  OpenThree();
  EXPECT_EQ(1, db()->GetOptions(Family(1)).min_write_buffer_number_to_merge);
}

}  // namespace gneiss::conformance
