// Status texts, Slice and PinnableSlice, and the translation to and from the engine's Status.
#include <gtest/gtest.h>
#include <rocksdb/slice.h>
#include <rocksdb/status.h>

#include <cerrno>
#include <string>
#include <vector>

#include "compat/adapters/posix_error.h"
#include "compat/status_map.h"

namespace gneiss::compat {
namespace {

using RocksStatus = rocksdb::Status;

TEST(StatusText, NamesCodeSubCodeAndMessage) {
  EXPECT_EQ("OK", RocksStatus::OK().ToString());
  EXPECT_EQ("NotFound: ", RocksStatus::NotFound().ToString());
  EXPECT_EQ("NotFound: a: b", RocksStatus::NotFound("a", "b").ToString());
  EXPECT_EQ("Corruption: bad", RocksStatus::Corruption("bad").ToString());
  EXPECT_EQ("Not implemented: x", RocksStatus::NotSupported("x").ToString());
  EXPECT_EQ("Invalid argument: x", RocksStatus::InvalidArgument("x").ToString());
  EXPECT_EQ("IO error: No space left on device", RocksStatus::NoSpace().ToString());
  EXPECT_EQ("IO error: No space left on device: While writing: f",
            RocksStatus::NoSpace("While writing", "f").ToString());
  EXPECT_EQ("IO error: No such file or directory: x", RocksStatus::PathNotFound("x").ToString());
  EXPECT_EQ("Merge in progress: ", RocksStatus::MergeInProgress().ToString());
  EXPECT_EQ("Result incomplete: x", RocksStatus::Incomplete("x").ToString());
  EXPECT_EQ("Result incomplete: Manual compaction paused",
            RocksStatus::Incomplete(RocksStatus::kManualCompactionPaused).ToString());
  EXPECT_EQ("Shutdown in progress: ", RocksStatus::ShutdownInProgress().ToString());
  EXPECT_EQ("Operation timed out: Timeout waiting to lock key",
            RocksStatus::TimedOut(RocksStatus::kLockTimeout).ToString());
  EXPECT_EQ("Operation aborted: Memory limit reached: full", RocksStatus::MemoryLimit("full").ToString());
  EXPECT_EQ("Resource busy: Deadlock", RocksStatus::Busy(RocksStatus::kDeadlock).ToString());
  EXPECT_EQ("Operation expired: ", RocksStatus::Expired().ToString());
  EXPECT_EQ("Operation failed. Try again.: ", RocksStatus::TryAgain().ToString());
  EXPECT_EQ("Compaction too large: ", RocksStatus::CompactionTooLarge().ToString());
  EXPECT_EQ("Column family dropped: ", RocksStatus::ColumnFamilyDropped().ToString());
}

TEST(StatusText, SurvivesCopyAndMove) {
  const RocksStatus original = RocksStatus::Corruption("block", "000012.sst");
  RocksStatus copy = original;
  const RocksStatus moved = std::move(copy);
  EXPECT_EQ(original.ToString(), moved.ToString());
  EXPECT_TRUE(copy.ok());
}

TEST(StatusMap, GoesThereAndBackForEveryCode) {
  for (int code = 1; code <= 15; ++code) {
    for (int sub_code = 0; sub_code <= 14; ++sub_code) {
      for (const char* message : {"", "a message"}) {
        const gneiss::Status engine = gneiss::Status::Make(static_cast<gneiss::Status::Code>(code), message, {},
                                                           static_cast<gneiss::Status::SubCode>(sub_code))
                                          .WithSeverity(gneiss::Status::Severity::kHardError);
        const gneiss::Status back = ToEngine(ToRocks(engine));
        // A full cache that says Aborted comes back as what the engine calls it.
        const bool is_full_cache = code == 10 && sub_code == 7;
        EXPECT_EQ(is_full_cache ? gneiss::Status::Code::kIncomplete : engine.code(), back.code());
        EXPECT_EQ(engine.sub_code(), back.sub_code());
        EXPECT_EQ(engine.severity(), back.severity());
        EXPECT_EQ(engine.message(), back.message());
      }
    }
  }
}

TEST(StatusMap, KeepsNumbersAndText) {
  const RocksStatus status = ToRocks(gneiss::Status::FromErrno("While appending to file: f", ENOSPC));
  EXPECT_TRUE(status.IsNoSpace());
  EXPECT_EQ("IO error: No space left on device: While appending to file: f: No space left on device",
            status.ToString());
  EXPECT_TRUE(ToRocks(gneiss::Status::Ok()).ok());
  EXPECT_EQ(nullptr, ToRocks(gneiss::Status::NotFound()).getState());
}

TEST(StatusMap, FullCacheIsMemoryLimit) {
  const gneiss::Status full =
      gneiss::Status::Make(gneiss::Status::Code::kIncomplete, "full", {}, gneiss::Status::SubCode::kMemoryLimit);
  EXPECT_TRUE(ToRocks(full).IsMemoryLimit());
}

TEST(StatusMap, NoSpaceIsRetryableIo) {
  EXPECT_TRUE(ToRocksIo(gneiss::Status::FromErrno("x", ENOSPC)).GetRetryable());
  EXPECT_FALSE(ToRocksIo(gneiss::Status::FromErrno("x", EIO)).GetRetryable());
  EXPECT_TRUE(ToRocksIo(gneiss::Status::FromErrno("x", ENOENT)).IsPathNotFound());
}

TEST(PosixIoError, HasRocksTexts) {
  EXPECT_EQ("IO error: No such file or directory: While open: f: No such file or directory",
            PosixIoError("While open", "f", ENOENT).ToString());
  EXPECT_EQ("IO error: While open: Permission denied", PosixIoError("While open", "", EACCES).ToString());
  EXPECT_EQ("IO error: Stale file handle", PosixIoError("While open", "f", ESTALE).ToString());
  EXPECT_TRUE(PosixIoError("x", "f", ENOSPC).GetRetryable());
}

TEST(Slice, HexThereAndBack) {
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  const std::string hex = rocksdb::Slice(all).ToString(true);
  EXPECT_EQ("00010203", hex.substr(0, 8));
  EXPECT_EQ("FDFEFF", hex.substr(506));
  std::string back;
  EXPECT_TRUE(rocksdb::Slice(hex).DecodeHex(&back));
  EXPECT_EQ(all, back);
  EXPECT_TRUE(rocksdb::Slice("0aFf").DecodeHex(&back));
  EXPECT_EQ(std::string("\x0a\xff"), back);
  EXPECT_FALSE(rocksdb::Slice("0").DecodeHex(&back));
  EXPECT_FALSE(rocksdb::Slice("0g").DecodeHex(&back));
  EXPECT_FALSE(rocksdb::Slice("00").DecodeHex(nullptr));
}

TEST(Slice, JoinsParts) {
  const rocksdb::Slice parts[] = {"ab", "", "cde"};
  std::string buffer;
  EXPECT_EQ("abcde", rocksdb::Slice(rocksdb::SliceParts(parts, 3), &buffer).ToString());
  EXPECT_EQ("abcde", buffer);
}

TEST(PinnableSlice, MoveTakesThePin) {
  int released = 0;
  const auto release = [](void* counter, void*) { ++*static_cast<int*>(counter); };
  const std::string bytes = "pinned bytes";
  rocksdb::PinnableSlice first;
  first.PinSlice(bytes, release, &released, nullptr);
  rocksdb::PinnableSlice second(std::move(first));
  EXPECT_TRUE(second.IsPinned());
  EXPECT_EQ(bytes.data(), second.data());
  EXPECT_FALSE(first.IsPinned());
  EXPECT_TRUE(first.empty());
  first.Reset();
  EXPECT_EQ(0, released);
  rocksdb::PinnableSlice third;
  third = std::move(second);
  EXPECT_EQ(0, released);
  third.Reset();
  EXPECT_EQ(1, released);
}

TEST(PinnableSlice, MoveTakesItsOwnStringOrTheBorrowedOne) {
  rocksdb::PinnableSlice own;
  own.PinSelf("short");
  rocksdb::PinnableSlice moved(std::move(own));
  EXPECT_EQ("short", moved.ToString());
  EXPECT_EQ(moved.GetSelf()->data(), moved.data());

  std::string borrowed;
  rocksdb::PinnableSlice outside(&borrowed);
  outside.PinSelf("kept outside");
  rocksdb::PinnableSlice other;
  other = std::move(outside);
  EXPECT_EQ(&borrowed, other.GetSelf());
  EXPECT_EQ(borrowed.data(), other.data());
}

TEST(PinnableSlice, AssignmentRunsTheOldCleanup) {
  int released = 0;
  rocksdb::PinnableSlice target;
  target.PinSlice(
      "x", [](void* counter, void*) { ++*static_cast<int*>(counter); }, &released, nullptr);
  target = rocksdb::PinnableSlice();
  EXPECT_EQ(1, released);
}

}  // namespace
}  // namespace gneiss::compat
