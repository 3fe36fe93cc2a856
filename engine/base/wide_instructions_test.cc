// What wide vector instructions leave behind in the processor.
#if defined(__x86_64__)

#include <cpuid.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/base/crc32c.h"
#include "engine/base/hash.h"

namespace gneiss {
namespace {

// Whether the processor holds something in the upper halves of its vector registers: XINUSE, by xgetbv.
bool UpperHalvesAreInUse() {
  uint32_t low = 0;
  uint32_t high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(1));
  constexpr uint32_t kUpperHalves = (1u << 2) | (1u << 6);  // of ymm and of zmm 0 to 15
  return (low & kUpperHalves) != 0;
}

bool KnowsWhatIsInUse() {
  uint32_t a = 0;
  uint32_t b = 0;
  uint32_t c = 0;
  uint32_t d = 0;
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || __get_cpuid_count(0xd, 1, &a, &b, &c, &d) == 0) return false;
  constexpr uint32_t kXgetbvOfOne = 1u << 2;
  return (a & kXgetbvOfOne) != 0;
}

// Where they are, each SSE instruction that follows waits for them: whole workloads took half as long again.
TEST(WideInstructions, LeaveNoUpperHalvesInUse) {
  if (!KnowsWhatIsInUse()) GTEST_SKIP() << "the processor does not say what is in use";
  __asm__ volatile("vzeroupper");
  if (UpperHalvesAreInUse()) GTEST_SKIP() << "the processor does not follow what is in use";
  __asm__ volatile("vpcmpeqb %%ymm1, %%ymm1, %%ymm1" ::: "xmm1");
  ASSERT_TRUE(UpperHalvesAreInUse());
  __asm__ volatile("vzeroupper");
  const std::string bytes(100'000, 'x');
  const std::vector<Crc32cWay> ways = Crc32cWays();
  for (const size_t size : {10, 300, 1024, 1500, 5000, 100'000}) {
    for (const Crc32cWay& way : ways) {
      way.extend(0, bytes.data(), size);
      EXPECT_FALSE(UpperHalvesAreInUse()) << way.name << " over " << size;
      __asm__ volatile("vzeroupper");
    }
    Xxh3(Slice(bytes).substr(0, size));
    EXPECT_FALSE(UpperHalvesAreInUse()) << "Xxh3 over " << size;
    __asm__ volatile("vzeroupper");
  }
}

}  // namespace
}  // namespace gneiss

#endif
