// What the tests of this folder share: a directory, and blob files in it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "engine/blob/blob_file_writer.h"
#include "engine/io/file_name.h"

namespace gneiss {

class TestDir {
 public:
  TestDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gneiss_blob_XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TestDir() { std::filesystem::remove_all(path_); }
  TestDir(const TestDir&) = delete;
  TestDir& operator=(const TestDir&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline std::string ToHex(Slice bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    hex.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
    hex.push_back(kDigits[static_cast<unsigned char>(c) & 15]);
  }
  return hex;
}

using TestBlobs = std::vector<std::pair<std::string, std::string>>;  // key, value

// Blob file 7 of family 0. Returns its path.
inline std::string WriteTestBlobs(const std::string& dir, Compression compression, const TestBlobs& blobs,
                                  std::vector<BlobReference>* references) {
  const std::string path = BlobName(dir, 7);
  std::unique_ptr<WritableFile> file;
  EXPECT_TRUE(FileSystem::Posix()->Create(path, {}, &file).ok());
  BlobFileWriter writer({.compression = compression}, file.get());
  references->clear();
  for (const auto& [key, value] : blobs) {
    BlobReference& reference = references->emplace_back();
    reference.file_number = 7;
    EXPECT_TRUE(writer.Add(key, value, &reference).ok());
  }
  const uint64_t bytes = kBlobHeaderBytes + writer.blob_bytes() + kBlobFooterBytes;
  EXPECT_EQ(writer.blob_count(), blobs.size());
  EXPECT_TRUE(writer.Finish().ok());
  EXPECT_TRUE(file->Sync().ok());
  EXPECT_TRUE(file->Close().ok());
  EXPECT_EQ(std::filesystem::file_size(path), bytes);
  return path;
}

}  // namespace gneiss
