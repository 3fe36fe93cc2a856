#include "engine/io/write_parts.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "engine/base/test_seed.h"

namespace gneiss {
namespace {

std::vector<std::string> RandomParts(std::mt19937_64* random, size_t count) {
  std::vector<std::string> parts(count);
  for (std::string& part : parts) {
    part.resize((*random)() % 4 == 0 ? 0 : (*random)() % 100);
    for (char& byte : part) byte = static_cast<char>((*random)());
  }
  return parts;
}

std::string Joined(const std::vector<std::string>& parts) {
  std::string bytes;
  for (const std::string& part : parts) bytes += part;
  return bytes;
}

// Takes a part of what it is given, often none of it.
TEST(WriteParts, GoesOnWhereACallStopped) {
  std::mt19937_64 random(TestSeed(3));
  for (int round = 0; round < 300; ++round) {
    const std::vector<std::string> parts = RandomParts(&random, random() % 200);
    const std::vector<Slice> slices(parts.begin(), parts.end());
    std::string file;
    const bool is_done = WriteParts(slices.data(), slices.size(), [&](iovec* vectors, int count, uint64_t done) {
      EXPECT_EQ(done, file.size());
      if (random() % 3 == 0) {
        errno = EINTR;
        return ssize_t{-1};
      }
      std::string offered;
      for (int i = 0; i < count; ++i) offered.append(static_cast<char*>(vectors[i].iov_base), vectors[i].iov_len);
      const size_t taken = random() % (offered.size() + 1);
      file.append(offered, 0, taken);
      return static_cast<ssize_t>(taken);
    });
    ASSERT_TRUE(is_done);
    ASSERT_EQ(file, Joined(parts));
    EXPECT_EQ(TotalBytes(slices.data(), slices.size()), file.size());
  }
}

TEST(WriteParts, OneCallForManyParts) {
  const std::vector<Slice> parts(64, "abc");
  int calls = 0;
  EXPECT_TRUE(WriteParts(parts.data(), parts.size(), [&](iovec* /*vectors*/, int count, uint64_t /*done*/) {
    ++calls;
    return static_cast<ssize_t>(3 * count);
  }));
  EXPECT_EQ(calls, 1);
}

TEST(WriteParts, StopsAtAnError) {
  const std::vector<Slice> parts(3, "abc");
  int calls = 0;
  EXPECT_FALSE(WriteParts(parts.data(), parts.size(), [&](iovec* /*vectors*/, int /*count*/, uint64_t /*done*/) {
    errno = ENOSPC;
    return ++calls == 1 ? ssize_t{4} : ssize_t{-1};
  }));
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(errno, ENOSPC);
}

}  // namespace
}  // namespace gneiss
