#include "engine/base/short_bytes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "engine/base/random.h"
#include "engine/base/test_seed.h"

namespace gneiss {
namespace {

// Of bytes on both sides of 0x80, few of them, so that long runs agree.
std::string SomeBytes(Random* random, size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = "a\xf0"[random->Uniform(2)];
  return bytes;
}

int Sign(int order) { return order < 0 ? -1 : (order > 0 ? 1 : 0); }

// In memory of exactly their size, so that a sanitizer sees a read beyond.
TEST(ShortBytesTest, AgreesWithPlainLoops) {
  Random random(TestSeed(5));
  for (int round = 0; round < 20000; ++round) {
    const std::string shared = SomeBytes(&random, random.Uniform(40));
    const std::string a_bytes = shared + SomeBytes(&random, random.Uniform(20));
    const std::string b_bytes = shared + SomeBytes(&random, random.Uniform(20));
    const std::unique_ptr<char[]> a_copy(new char[a_bytes.size()]);
    const std::unique_ptr<char[]> b_copy(new char[b_bytes.size()]);
    CopyBytes(a_copy.get(), a_bytes);
    CopyBytes(b_copy.get(), b_bytes);
    const Slice a(a_copy.get(), a_bytes.size());
    const Slice b(b_copy.get(), b_bytes.size());
    ASSERT_EQ(a, a_bytes);
    ASSERT_EQ(b, b_bytes);
    ASSERT_EQ(Sign(CompareBytes(a, b)), Sign(a_bytes.compare(b_bytes)));
    ASSERT_EQ(CompareBytes(a, a_bytes), 0);
    size_t common = 0;
    while (common < std::min(a.size(), b.size()) && a[common] == b[common]) ++common;
    ASSERT_EQ(CommonPrefix(a, b), common);
  }
}

}  // namespace
}  // namespace gneiss
