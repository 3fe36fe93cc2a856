#include <gtest/gtest.h>
#include <rocksdb/convenience.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>

#include "engine/key/internal_key.h"
#include "engine/table/table_writer.h"
#include "tests/support/temp_dir.h"

namespace gneiss::compat {
namespace {

class VerifySstFileTest : public testing::Test {
 protected:
  // Several blocks of rows.
  void SetUp() override {
    std::unique_ptr<WritableFile> file;
    ASSERT_TRUE(FileSystem::Posix()->Create(path_, FileOptions(), &file).ok());
    TableWriter writer(TableWriteConfig(), file.get());
    for (int i = 10'000; i < 12'000; ++i) {
      std::string key;
      AppendInternalKey(&key, "key" + std::to_string(i), 1, Kind::kPut);
      ASSERT_TRUE(writer.Add(key, "value" + std::to_string(i)).ok());
    }
    ASSERT_TRUE(writer.Finish().ok());
    ASSERT_TRUE(file->Close().ok());
  }

  rocksdb::Status Verify(const rocksdb::Options& options = {}) {
    return rocksdb::VerifySstFileChecksum(options, rocksdb::EnvOptions(), path_);
  }

  const TempDir dir_;
  const std::string path_ = dir_.path() + "/000009.sst";
};

TEST_F(VerifySstFileTest, FindsOneFlippedBit) {
  const rocksdb::Status s = Verify();
  EXPECT_TRUE(s.ok()) << s.ToString();
  std::string bytes;
  ASSERT_TRUE(ReadWholeFile(FileSystem::Posix(), path_, &bytes).ok());
  bytes[5000] ^= 1;
  ASSERT_TRUE(WriteWholeFile(FileSystem::Posix(), path_, bytes, false).ok());
  EXPECT_TRUE(Verify().IsCorruption()) << Verify().ToString();
}

TEST_F(VerifySstFileTest, WhatItCannotRead) {
  rocksdb::Options plain;
  plain.table_factory.reset(rocksdb::NewPlainTableFactory());
  EXPECT_TRUE(Verify(plain).IsNotSupported());
  ASSERT_TRUE(FileSystem::Posix()->Remove(path_).ok());
  EXPECT_TRUE(Verify().IsPathNotFound()) << Verify().ToString();
}

}  // namespace
}  // namespace gneiss::compat
