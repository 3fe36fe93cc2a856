#include "engine/base/status.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace gneiss {
namespace {

TEST(StatusTest, OkIsOnePointerWide) {
  EXPECT_EQ(sizeof(Status), sizeof(void*));
  EXPECT_TRUE(Status().ok());
  EXPECT_EQ(Status::Ok().ToString(), "OK");
  EXPECT_EQ(Status().message(), "");
}

TEST(StatusTest, MessagesAndDetails) {
  EXPECT_EQ(Status::Corruption("bad block").ToString(), "Corruption: bad block");
  EXPECT_EQ(Status::Corruption("bad block", "file 7").ToString(), "Corruption: bad block: file 7");
  EXPECT_EQ(Status::Corruption("", "file 7").message(), "file 7");
  EXPECT_EQ(Status::NotFound().ToString(), "NotFound: ");
}

TEST(StatusTest, CopiesAndMoves) {
  for (const Status& original : {Status::Ok(), Status::NotFound(), Status::IoError("disk", "full")}) {
    Status copy = original;
    EXPECT_EQ(copy.ToString(), original.ToString());
    Status moved = std::move(copy);
    EXPECT_EQ(moved.ToString(), original.ToString());
    Status assigned = Status::Busy("before");
    assigned = moved;
    EXPECT_EQ(assigned.ToString(), original.ToString());
    const Status& self = assigned;
    assigned = self;
    EXPECT_EQ(assigned.ToString(), original.ToString());
    Status target;
    target = std::move(assigned);
    EXPECT_EQ(target.code(), original.code());
  }
}

TEST(StatusTest, Errnos) {
  EXPECT_EQ(Status::FromErrno("While x: f", ENOENT).ToString(), "IO error: While x: f: No such file or directory");
  EXPECT_TRUE(Status::FromErrno("x", ENOENT).IsPathNotFound());
  EXPECT_TRUE(Status::FromErrno("x", ENOSPC).IsNoSpace());
  EXPECT_EQ(Status::FromErrno("x", ESTALE).sub_code(), Status::SubCode::kStaleFile);
  EXPECT_EQ(Status::FromErrno("x", EIO).sub_code(), Status::SubCode::kNone);
}

TEST(StatusTest, Severity) {
  const Status soft = Status::NotFound().WithSeverity(Status::Severity::kSoftError);
  EXPECT_EQ(soft.severity(), Status::Severity::kSoftError);
  EXPECT_EQ(Status::NotFound().severity(), Status::Severity::kNoError);  // the shared one is unchanged
  EXPECT_TRUE(Status().WithSeverity(Status::Severity::kFatalError).ok());
}

}  // namespace
}  // namespace gneiss
