#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

#include "engine/wal/log_test_util.h"

namespace gneiss::log_test {
namespace {

std::string FromHex(Slice hex) {
  std::string bytes;
  std::string digits;
  for (const char c : hex) {
    if (c == ' ') continue;
    digits.push_back(c);
    if (digits.size() == 2) {
      bytes.push_back(static_cast<char>(std::strtoul(digits.c_str(), nullptr, 16)));
      digits.clear();
    }
  }
  return bytes;
}

std::vector<LogWriter::Config> AllFormats() {
  return {{},
          {.log_number = 7, .is_recyclable = true},
          {.compression = Compression::kZstd},
          {.log_number = 7, .is_recyclable = true, .compression = Compression::kZstd}};
}

// docs/formats/log.md shows these bytes.
TEST(LogTest, BytesOfTheFormatPage) {
  EXPECT_EQ(WriteLog({"gneiss", ""}).bytes, FromHex("95 4a 33 df 06 00 01 67 6e 65 69 73 73 "
                                                    "05 2b 28 43 00 00 01"));
  EXPECT_EQ(WriteLog({"gneiss"}, {.log_number = 9, .is_recyclable = true}).bytes,
            FromHex("78 20 95 19 06 00 05 09 00 00 00 67 6e 65 69 73 73"));
  EXPECT_EQ(WriteLog({""}, {.compression = Compression::kZstd}).bytes, FromHex("e1 2c 08 f8 04 00 09 07 00 00 00 "
                                                                               "05 2b 28 43 00 00 01"));
}

TEST(LogTest, RecordsOfAllSizesRoundTrip) {
  std::vector<std::string> records;
  for (const size_t size : {0, 1, 2, 10, 100, 1000, 20000, 32750, 32757, 32761, 32762, 65536, 300000, 3, 0}) {
    records.push_back(size == 0 ? "" : NumberedRecord(records.size(), static_cast<size_t>(size)));
  }
  for (const LogWriter::Config& config : AllFormats()) {
    const LogImage image = WriteLog(records, config);
    for (const WalRecoveryMode mode : kAllModes) {
      const ReadResult result = ReadLog(image.bytes, mode, config.log_number);
      EXPECT_EQ(result.records, records);
      EXPECT_EQ(result.ends, image.ends);
      EXPECT_TRUE(result.reports.empty());
      EXPECT_FALSE(result.has_torn_tail);
      EXPECT_EQ(result.is_recycled, config.is_recyclable);
    }
  }
}

// The first record leaves 0 to 20 bytes of the block: what is smaller than a header becomes a trailer.
TEST(LogTest, BlockBoundaries) {
  for (const bool is_recyclable : {false, true}) {
    const size_t header_bytes = is_recyclable ? 11 : 7;
    for (size_t left = 0; left <= 20; ++left) {
      const std::vector<std::string> records = {std::string(kLogBlockBytes - header_bytes - left, 'x'), "second", "",
                                                std::string(40000, 'y')};
      const LogImage image = WriteLog(records, {.log_number = 3, .is_recyclable = is_recyclable});
      const ReadResult result = ReadLog(image.bytes, kAbsolute, 3);
      EXPECT_EQ(result.records, records) << left;
      EXPECT_TRUE(result.reports.empty()) << left;
      const uint64_t second_begins = left < header_bytes ? kLogBlockBytes : kLogBlockBytes - left;
      EXPECT_EQ(result.offsets[1], second_begins) << left;
    }
  }
}

TEST(LogTest, WriterGoesOnWhereAFileEnds) {
  for (const size_t size : {5u, 32757u, 32760u, 40000u}) {
    LogImage image = WriteLog({std::string(size, 'a')});
    MemoryFileState state;
    state.bytes = image.bytes;
    state.position = image.bytes.size();
    LogWriter writer({.initial_bytes = image.bytes.size()}, WritableOver(&state));
    ASSERT_TRUE(writer.AddRecord("more").ok());
    EXPECT_EQ(writer.FileBytes(), state.bytes.size());
    EXPECT_EQ(ReadLog(state.bytes, kAbsolute).records, (std::vector<std::string>{std::string(size, 'a'), "more"}));
  }
}

TEST(LogTest, OneWritePerGroup) {
  MemoryFileState state;
  LogWriter writer({}, WritableOver(&state));
  const Slice records[] = {"one", "two", "three"};
  ASSERT_TRUE(writer.AddRecords(records, 3).ok());
  EXPECT_EQ(state.appends, 1);
  ASSERT_TRUE(writer.Sync().ok());
  EXPECT_EQ(state.appends, 1);
  EXPECT_EQ(state.syncs, 1);
  EXPECT_EQ(ReadLog(state.bytes, kAbsolute).records, (std::vector<std::string>{"one", "two", "three"}));
}

TEST(LogTest, ManualFlushKeepsRecordsUntilAsked) {
  MemoryFileState state;
  {
    LogWriter writer({.is_manual_flush = true}, WritableOver(&state));
    ASSERT_TRUE(writer.AddRecord("one").ok());
    EXPECT_EQ(writer.FileBytes(), 10u);
    EXPECT_EQ(state.bytes, "");
    ASSERT_TRUE(writer.Flush().ok());
    EXPECT_EQ(state.bytes.size(), 10u);
    ASSERT_TRUE(writer.AddRecord("two").ok());
    ASSERT_TRUE(writer.Sync().ok());
    EXPECT_EQ(state.bytes.size(), 20u);
    ASSERT_TRUE(writer.AddRecord("three").ok());
    ASSERT_TRUE(writer.Close().ok());
    ASSERT_TRUE(writer.Close().ok());
  }
  EXPECT_EQ(state.closes, 1);
  EXPECT_EQ(ReadLog(state.bytes, kAbsolute).records, (std::vector<std::string>{"one", "two", "three"}));
}

// A large record goes to the file from the caller's memory, which the caller may use for the next one.
TEST(LogTest, LargeRecordsOutOfOnePlace) {
  for (const bool is_manual_flush : {false, true}) {
    MemoryFileState state;
    LogWriter writer({.is_manual_flush = is_manual_flush}, WritableOver(&state));
    std::vector<std::string> expected;
    std::string place;
    size_t large_bytes = 0;
    for (const size_t size : {70'000, 10, 200'000, 65'536, 65'535, 3, 100'000}) {
      place = NumberedRecord(expected.size(), size);
      expected.push_back(place);
      state.watched = place;
      if (size >= 65'536) large_bytes += size;
      const Slice group[] = {"before", place, "behind"};
      ASSERT_TRUE(writer.AddRecords(group, 3).ok());
    }
    place.assign(200'000, 'z');
    EXPECT_EQ(state.bytes.empty(), is_manual_flush);
    ASSERT_TRUE(writer.Flush().ok());
    EXPECT_EQ(state.appends, is_manual_flush ? 1 : 7);
    EXPECT_EQ(state.appended_in_place, is_manual_flush ? 0 : large_bytes);
    std::vector<std::string> read = ReadLog(state.bytes, kAbsolute).records;
    std::erase_if(read, [](const std::string& record) { return record == "before" || record == "behind"; });
    EXPECT_TRUE(read == expected);
    EXPECT_EQ(writer.FileBytes(), state.bytes.size());
  }
}

TEST(LogTest, DestructorHandsOverWhatIsBuffered) {
  MemoryFileState state;
  {
    LogWriter writer({.is_manual_flush = true}, WritableOver(&state));
    ASSERT_TRUE(writer.AddRecord("one").ok());
  }
  EXPECT_EQ(ReadLog(state.bytes, kAbsolute).records, std::vector<std::string>{"one"});
}

TEST(LogTest, AllocatesAheadInSteps) {
  MemoryFileState state;
  LogWriter writer({.allocate_ahead_bytes = 1000}, WritableOver(&state));
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(writer.AddRecord(std::string(93, 'x')).ok());  // 100 bytes each
  EXPECT_EQ(state.allocations, (std::vector<std::pair<uint64_t, uint64_t>>{{0, 1000}, {1000, 1000}, {2000, 1000}}));
  ASSERT_TRUE(writer.AddRecord(std::string(2500, 'x')).ok());
  EXPECT_EQ(state.allocations.back(), (std::pair<uint64_t, uint64_t>{3000, 3000}));
}

TEST(LogTest, WritesWithoutSpaceAheadWhereTheFileSystemCannot) {
  MemoryFileState state;
  state.fails_allocate = true;
  LogWriter writer({.allocate_ahead_bytes = 1000}, WritableOver(&state));
  ASSERT_TRUE(writer.AddRecord("one").ok());
  state.fails_allocate = false;
  ASSERT_TRUE(writer.AddRecord(std::string(5000, 'x')).ok());
  EXPECT_TRUE(state.allocations.empty());
}

TEST(LogTest, FirstFailureStays) {
  MemoryFileState state;
  LogWriter writer({}, WritableOver(&state));
  state.fails_append = true;
  EXPECT_EQ(writer.AddRecord("one").ToString(), "IO error: append failed: 1");
  state.fails_append = false;
  EXPECT_EQ(writer.AddRecord("two").ToString(), "IO error: append failed: 1");
  EXPECT_EQ(writer.Flush().ToString(), "IO error: append failed: 1");
  EXPECT_EQ(writer.Sync().ToString(), "IO error: append failed: 1");
  EXPECT_EQ(writer.Close().ToString(), "IO error: append failed: 1");
  EXPECT_EQ(state.appends, 1);
  EXPECT_EQ(state.syncs, 0);
  EXPECT_EQ(state.closes, 1);
}

TEST(LogTest, FailedSyncStopsWriting) {
  MemoryFileState state;
  LogWriter writer({}, WritableOver(&state));
  ASSERT_TRUE(writer.AddRecord("one").ok());
  state.fails_sync = true;
  EXPECT_FALSE(writer.Sync().ok());
  state.fails_sync = false;
  EXPECT_FALSE(writer.Sync().ok());
  EXPECT_FALSE(writer.AddRecord("two").ok());
  EXPECT_EQ(state.syncs, 1);
  EXPECT_EQ(state.appends, 1);
}

// One thread writes, another syncs what is written so far: over a real file, for the thread sanitizer.
TEST(LogTest, SyncRunsBesideAddRecords) {
  std::string dir = testing::TempDir() + "gneiss_log_XXXXXX";
  ASSERT_NE(mkdtemp(dir.data()), nullptr);
  const std::string path = dir + "/log";
  FileSystem* const fs = FileSystem::Posix();
  std::vector<std::string> records;
  for (const bool is_manual_flush : {false, true}) {
    records.clear();
    std::unique_ptr<WritableFile> file;
    ASSERT_TRUE(fs->Create(path, {}, &file).ok());
    LogWriter writer({.is_manual_flush = is_manual_flush, .allocate_ahead_bytes = 1 << 16}, std::move(file));
    std::thread syncer([&writer] {
      for (int i = 0; i < 100; ++i) EXPECT_TRUE(writer.Sync().ok());
      EXPECT_GE(writer.FileBytes(), 0u);
    });
    for (size_t i = 0; i < 3000; ++i) {
      records.push_back(NumberedRecord(i, i % 300));
      EXPECT_TRUE(writer.AddRecord(records.back()).ok());
    }
    syncer.join();
    ASSERT_TRUE(writer.Close().ok());
    std::string contents;
    ASSERT_TRUE(ReadWholeFile(fs, path, &contents).ok());
    EXPECT_EQ(ReadLog(contents, kAbsolute).records, records);
  }
  ASSERT_TRUE(fs->Remove(path).ok());
  ASSERT_TRUE(fs->RemoveDir(dir).ok());
}

// A reader at the end sees what is appended later, wherever the file was cut meanwhile.
TEST(LogTest, ReaderFollowsAGrowingLog) {
  std::vector<std::string> records;
  for (size_t i = 0; i < 40; ++i) records.push_back(NumberedRecord(i, i * 97));
  for (const LogWriter::Config& config : AllFormats()) {
    const LogImage image = WriteLog(records, config);
    for (const size_t step : {1u, 7u, 1000u, 32768u}) {
      std::string seen;
      LogReader reader(std::make_unique<MemorySequentialFile>(&seen), config.log_number, nullptr);
      std::vector<std::string> got;
      while (seen.size() < image.bytes.size()) {
        seen += image.bytes.substr(seen.size(), step);
        for (Slice record; reader.ReadRecord(&record);) got.emplace_back(record);
      }
      EXPECT_EQ(got, records) << step;
      EXPECT_FALSE(reader.has_torn_tail());
    }
  }
}

class FailingSequentialFile final : public SequentialFile {
 public:
  Status Read(size_t, Slice*, char*) override { return Status::IoError("disk on fire"); }
  Status Skip(uint64_t) override { return Status::Ok(); }
};

TEST(LogTest, ReadErrorsAreReportedAndEndTheReading) {
  ReadResult result;
  CollectingReporter reporter(&result);
  LogReader reader(std::make_unique<FailingSequentialFile>(), 0, &reporter);
  Slice record;
  EXPECT_FALSE(reader.ReadRecord(&record));
  EXPECT_FALSE(reader.ReadRecord(&record));
  EXPECT_EQ(result.reports, std::vector<std::string>{"IO error: disk on fire"});
}

// ---- a log that is still written

TEST(LogReader, RereadsALogWithoutRecords) {
  for (const bool is_recyclable : {false, true}) {
    const LogWriter::Config config{.log_number = 7, .is_recyclable = is_recyclable, .compression = Compression::kZstd};
    const std::string whole = WriteLog({"first", std::string(100000, 'b')}, config).bytes;
    // Nothing, the compression type, and half of the first record.
    for (const size_t size : {size_t{0}, size_t{11}, size_t{20}}) {
      ReadResult damage;
      CollectingReporter reporter(&damage);
      const std::string begin = whole.substr(0, size);
      LogReader reader(std::make_unique<MemorySequentialFile>(&begin), 7, &reporter);
      Slice record;
      EXPECT_FALSE(reader.ReadRecord(&record));
      reader.Reread(std::make_unique<MemorySequentialFile>(&whole));
      ASSERT_TRUE(reader.ReadRecord(&record));
      EXPECT_EQ("first", record);
      ASSERT_TRUE(reader.ReadRecord(&record));
      EXPECT_FALSE(reader.ReadRecord(&record));
      EXPECT_TRUE(damage.reports.empty());
    }
  }
}

class CountedSequentialFile final : public SequentialFile {
 public:
  CountedSequentialFile(const std::string* bytes, size_t* read) : file_(bytes), read_(read) {}
  Status Read(size_t size, Slice* result, char* scratch) override {
    const Status status = file_.Read(size, result, scratch);
    *read_ += result->size();
    return status;
  }
  Status Skip(uint64_t bytes) override { return file_.Skip(bytes); }

 private:
  MemorySequentialFile file_;
  size_t* const read_;
};

TEST(LogReader, EndsAtZerosWhereTheLogIsStillWritten) {
  std::string log = WriteLog({"one"}).bytes;
  const std::string one = log;
  log.resize(1 << 20);
  LogReader reader(std::make_unique<MemorySequentialFile>(&log), 0, nullptr);
  Slice record;
  ASSERT_TRUE(reader.ReadRecord(&record));
  EXPECT_FALSE(reader.ReadRecord(&record));
  const std::string two = WriteLog({"one", "two"}).bytes;
  log.replace(0, two.size(), two);
  size_t read = 0;
  reader.Reread(std::make_unique<CountedSequentialFile>(&log, &read), /*is_still_written=*/true);
  ASSERT_TRUE(reader.ReadRecord(&record));
  EXPECT_EQ("two", record);
  EXPECT_FALSE(reader.ReadRecord(&record));
  EXPECT_FALSE(reader.has_torn_tail());
  EXPECT_EQ(kLogBlockBytes, read);
  // What lies behind the zeros is damage only where the log is complete.
  log[log.size() / 2] = log.back() = 'x';
  for (const bool is_still_written : {true, false}) {
    ReadResult damage;
    CollectingReporter reporter(&damage);
    LogReader again(std::make_unique<MemorySequentialFile>(&one), 0, &reporter);
    ASSERT_TRUE(again.ReadRecord(&record));
    again.Reread(std::make_unique<MemorySequentialFile>(&log), is_still_written);
    ASSERT_TRUE(again.ReadRecord(&record));
    EXPECT_FALSE(again.ReadRecord(&record));
    EXPECT_EQ(is_still_written, damage.reports.empty());
  }
}

class LogOnDisk : public ::testing::Test {
 protected:
  LogOnDisk() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gneiss_log_XXXXXX").string();
    dir_ = mkdtemp(pattern.data());
  }
  ~LogOnDisk() override { std::filesystem::remove_all(dir_); }
  std::string HasMore(const std::string& bytes, const LogReader& reader) {
    const std::string path = dir_ + "/log";
    EXPECT_TRUE(WriteWholeFile(FileSystem::Posix(), path, bytes, false).ok());
    bool has_more = false;
    const Status status = HasMoreRecords(FileSystem::Posix(), path, reader, &has_more);
    return !status.ok() ? status.ToString().substr(0, 9) : has_more ? "more" : "no more";
  }
  std::string dir_;
};

TEST_F(LogOnDisk, TellsWhetherThereIsMore) {
  // Records that end in every way near a block's end, where the next fragment begins in the next block.
  for (const bool is_recyclable : {false, true}) {
    const LogWriter::Config config{.log_number = 7, .is_recyclable = is_recyclable};
    for (size_t size = kLogBlockBytes - 30; size < kLogBlockBytes + 5; ++size) {
      const std::string one = WriteLog({std::string(size, 'a')}, config).bytes;
      const std::string two = WriteLog({std::string(size, 'a'), "b"}, config).bytes;
      LogReader reader(std::make_unique<MemorySequentialFile>(&one), 7, nullptr);
      Slice record;
      ASSERT_TRUE(reader.ReadRecord(&record));
      EXPECT_FALSE(reader.ReadRecord(&record));
      EXPECT_EQ("no more", HasMore(one, reader)) << size;
      EXPECT_EQ("no more", HasMore(one + std::string(50, 0), reader)) << size;
      EXPECT_EQ("more", HasMore(two, reader)) << size;
      EXPECT_EQ("more", HasMore(two.substr(0, two.size() - 1), reader)) << size;
      EXPECT_NE("more", HasMore(one.substr(0, one.size() - 1), reader)) << size;
    }
  }
}

}  // namespace
}  // namespace gneiss::log_test
