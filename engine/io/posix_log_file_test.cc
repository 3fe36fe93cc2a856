#include "engine/io/posix_log_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <random>
#include <vector>

#include "engine/base/test_seed.h"

namespace gneiss {
namespace {

constexpr size_t kBlock = 32768;

class PosixLogFileTest : public testing::Test {
 protected:
  PosixLogFileTest() : random_(TestSeed(7)) {
    char name[] = "/tmp/gneiss_log_XXXXXX";
    FileDescriptor fd(mkstemp(name));
    path_ = name;
    if (PosixLogFile::IsTrusted(fd)) file_ = std::make_unique<PosixLogFile>(path_, std::move(fd), kBlock);
  }
  ~PosixLogFileTest() override { unlink(path_.c_str()); }
  void SetUp() override {
    if (file_ == nullptr) GTEST_SKIP() << "no file system here that logs are mapped on";
  }

  std::string RandomBytes(size_t size) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(1 + random_() % 255);
    return bytes;
  }
  std::string Contents() const {
    std::string contents;
    EXPECT_TRUE(ReadWholeFile(FileSystem::Posix(), path_, &contents).ok());
    return contents;
  }

  std::mt19937_64 random_;
  std::string path_;
  std::unique_ptr<PosixLogFile> file_;
};

TEST_F(PosixLogFileTest, HoldsWhatWasAppendedAndIsTrimmedAtClose) {
  std::string expected;
  const size_t sizes[] = {0, 1, 7, 8, 9, 140, 4096, 9000, kBlock - 1, kBlock, 100'000, 1'500'000};
  for (int i = 0; i < 400; ++i) {
    const size_t size = i % 50 == 0 ? sizes[random_() % std::size(sizes)] : sizes[random_() % 9];
    const std::string bytes = RandomBytes(size);
    ASSERT_TRUE(file_->Append(bytes).ok());
    expected += bytes;
    if (i % 40 != 0) continue;
    ASSERT_TRUE(file_->Sync().ok());
    const std::string now = Contents();
    ASSERT_GE(now.size(), expected.size());
    EXPECT_EQ(now.substr(0, expected.size()), expected);
    EXPECT_EQ(now.find_first_not_of('\0', expected.size()), std::string::npos) << "only zeros lie ahead";
  }
  EXPECT_TRUE(file_->RangeSync(0, expected.size()).ok());
  ASSERT_TRUE(file_->Close().ok());
  EXPECT_EQ(Contents(), expected);
}

// The mapping of the test's file: how often it is there, and the memory that it holds.
struct Mappings {
  int count = 0;
  long resident_kib = 0;
};
Mappings MappingsOf(const std::string& path) {
  Mappings mappings;
  std::ifstream smaps("/proc/self/smaps");
  bool is_ours = false;
  for (std::string line; std::getline(smaps, line);) {
    const std::string word = line.substr(0, line.find(' '));
    if (word.find('-') != std::string::npos) {  // the addresses of the next mapping
      is_ours = line.ends_with(path);
      if (is_ours) ++mappings.count;
    } else if (is_ours && word == "Rss:") {
      mappings.resident_kib += std::stol(line.substr(line.find_first_of("0123456789")));
    }
  }
  return mappings;
}

TEST_F(PosixLogFileTest, LargeAppendsAllocateNothingAhead) {
  std::string expected;
  const auto append = [&](size_t size) {
    expected += RandomBytes(size);
    ASSERT_TRUE(file_->Append(Slice(expected).substr(expected.size() - size)).ok());
  };
  for (int i = 0; i < 5; ++i) append(300'000);
  EXPECT_EQ(Contents(), expected);
  append(10);
  EXPECT_GT(Contents().size(), expected.size()) << "a window follows";
  for (int i = 0; i < 8; ++i) append(300'000);
  EXPECT_EQ(Contents(), expected) << "the window is full, and the end lies behind it";
  EXPECT_EQ(MappingsOf(path_).count, 1) << "for the next window";
  append(10);
  ASSERT_TRUE(file_->Close().ok());
  EXPECT_EQ(Contents(), expected);
}

TEST_F(PosixLogFileTest, AppendsPartsAsOnePiece) {
  std::string expected;
  const size_t counts[] = {0, 1, 2, 7, 200};
  for (int i = 0; i < 300; ++i) {
    // Some are large enough for a call of their own, some have empty parts, and some follow a window that is not full.
    std::vector<std::string> bytes(counts[random_() % std::size(counts)]);
    const size_t part_bytes_max = i % 3 == 0 ? 40 : 120'000 / (bytes.size() + 1);
    for (std::string& part : bytes) part = RandomBytes(random_() % (part_bytes_max + 1));
    const std::vector<Slice> parts(bytes.begin(), bytes.end());
    ASSERT_TRUE(file_->AppendParts(parts.data(), parts.size()).ok());
    for (const std::string& part : bytes) expected += part;
    if (i % 30 != 0) continue;
    const std::string now = Contents();
    ASSERT_EQ(now.substr(0, expected.size()), expected);
    ASSERT_EQ(now.find_first_not_of('\0', expected.size()), std::string::npos);
  }
  ASSERT_TRUE(file_->Close().ok());
  EXPECT_TRUE(Contents() == expected);
}

TEST_F(PosixLogFileTest, LargePartsGoBehindTheEnd) {
  std::string expected;
  const auto append = [&](size_t count, size_t part_bytes) {
    std::vector<std::string> bytes(count);
    for (std::string& part : bytes) {
      part = RandomBytes(part_bytes);
      expected += part;
    }
    const std::vector<Slice> parts(bytes.begin(), bytes.end());
    ASSERT_TRUE(file_->AppendParts(parts.data(), parts.size()).ok());
  };
  append(2, 40'000);
  append(200, 700);  // more than one call takes
  append(3, 50'000);
  EXPECT_TRUE(Contents() == expected) << "nothing is allocated ahead";
  append(3, 5);
  EXPECT_GT(Contents().size(), expected.size()) << "a window follows";
  append(7, 100'000);
  append(9, 100'000);
  EXPECT_TRUE(Contents() == expected) << "the window is full, and the end lies behind it";
  ASSERT_TRUE(file_->Close().ok());
  EXPECT_TRUE(Contents() == expected);
}

// The system writes what fits and says so; only then it names the reason.
TEST_F(PosixLogFileTest, PartsThatDoNotFitAreWrittenInPart) {
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {100'000, 100'000};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(10);
    const std::string bytes(30'000, 'x');
    const std::vector<Slice> parts(5, bytes);
    _exit(file_->AppendParts(parts.data(), parts.size()).IsIoError() ? 0 : 11);
  }
  int ended = 0;
  ASSERT_EQ(waitpid(child, &ended, 0), child);
  ASSERT_TRUE(WIFEXITED(ended));
  EXPECT_EQ(WEXITSTATUS(ended), 0);
  EXPECT_EQ(Contents(), std::string(100'000, 'x'));
}

TEST_F(PosixLogFileTest, TakesOneWindowOfSpaceAndGivesItBack) {
  const auto blocks_bytes = [this] {
    struct stat info;
    EXPECT_EQ(stat(path_.c_str(), &info), 0);
    return info.st_blocks * 512;
  };
  ASSERT_TRUE(file_->Allocate(0, 16 << 20).ok());
  EXPECT_EQ(blocks_bytes(), 0);
  ASSERT_TRUE(file_->Append("some bytes").ok());
  EXPECT_LE(blocks_bytes(), 2 << 20);
  ASSERT_TRUE(file_->Close().ok());
  EXPECT_EQ(Contents(), "some bytes");
  EXPECT_LT(blocks_bytes(), 1 << 20);
}

TEST_F(PosixLogFileTest, ALongLogHoldsTheMemoryOfOneWindow) {
  std::string expected;
  while (expected.size() < (66 << 20)) {
    const std::string bytes = RandomBytes(64);
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(file_->Append(bytes).ok());
      expected += bytes;
    }
    if (expected.size() % (6400 * 500) != 0) continue;
    const Mappings mappings = MappingsOf(path_);
    EXPECT_EQ(mappings.count, 1);
    EXPECT_GT(mappings.resident_kib, 0);
    EXPECT_LE(mappings.resident_kib, 1024);
  }
  ASSERT_TRUE(file_->Close().ok());
  EXPECT_EQ(MappingsOf(path_).count, 0);
  EXPECT_TRUE(Contents() == expected);
}

TEST_F(PosixLogFileTest, TruncatesAndGoesOn) {
  ASSERT_TRUE(file_->Append("0123456789").ok());
  ASSERT_TRUE(file_->Truncate(4).ok());
  ASSERT_TRUE(file_->Append("abcdefgh").ok());
  ASSERT_TRUE(file_->Close().ok());
  EXPECT_EQ(Contents(), "0123abcdefgh");
}

// Where the file may not grow, appends fail with the system's word, and what was appended before stays.
TEST_F(PosixLogFileTest, SaysWhenThereIsNoRoom) {
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {3 << 20, 3 << 20};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(10);
    const std::string bytes(1000, 'x');
    uint64_t appended = 0;
    Status status;
    while (appended < (8 << 20) && (status = file_->Append(bytes)).ok()) appended += bytes.size();
    if (!status.IsIoError()) _exit(11);
    if (appended < (3 << 20) - 1000) _exit(12);
    if (file_->Append(bytes).ok()) _exit(13);
    _exit(0);
  }
  int ended = 0;
  ASSERT_EQ(waitpid(child, &ended, 0), child);
  ASSERT_TRUE(WIFEXITED(ended));
  EXPECT_EQ(WEXITSTATUS(ended), 0);
  const std::string contents = Contents();
  EXPECT_GE(contents.size(), size_t{3 << 20} - 1000);
  EXPECT_EQ(contents.find_first_not_of('x'), std::string::npos);
}

// A child appends pieces and is killed: the file holds whole pieces, then a head of zeros.
TEST_F(PosixLogFileTest, AKilledWriterLeavesWholePieces) {
  constexpr size_t kPieceBytes = 128;  // divides the block
  for (int round = 0; round < 10; ++round) {
    if (round > 0)
      file_ = std::make_unique<PosixLogFile>(path_, FileDescriptor(open(path_.c_str(), O_RDWR | O_TRUNC)), kBlock);
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0) {
      const uint64_t begun = 2000 + 1000 * static_cast<uint64_t>(round);
      for (uint64_t i = 1;; ++i) {
        std::string piece(kPieceBytes, static_cast<char>(1 + i % 255));
        if (!file_->Append(piece).ok()) _exit(1);
        if (i == begun && write(ready[1], "r", 1) != 1) _exit(2);
      }
    }
    char byte = 0;
    ASSERT_EQ(read(ready[0], &byte, 1), 1);
    kill(child, SIGKILL);
    int ended = 0;
    ASSERT_EQ(waitpid(child, &ended, 0), child);
    ASSERT_TRUE(WIFSIGNALED(ended));
    close(ready[0]);
    close(ready[1]);
    const std::string contents = Contents();
    uint64_t whole = 0;
    while ((whole + 1) * kPieceBytes <= contents.size() &&
           contents.compare(whole * kPieceBytes, kPieceBytes,
                            std::string(kPieceBytes, static_cast<char>(1 + (whole + 1) % 255))) == 0) {
      ++whole;
    }
    EXPECT_GE(whole, 2000u + 1000 * static_cast<uint64_t>(round));
    const std::string head = contents.substr(whole * kPieceBytes, 8);
    EXPECT_EQ(head, std::string(head.size(), '\0'));
    const size_t behind = (whole + 1) * kPieceBytes;
    if (behind < contents.size()) {
      EXPECT_EQ(contents.find_first_not_of('\0', behind), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace gneiss
