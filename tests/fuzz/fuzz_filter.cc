// A filter block: asked for keys.
#include <string>

#include "engine/filter/filter.h"
#include "tests/fuzz/fuzz_target.h"

const char* FuzzCorpusName() { return ".sst"; }

int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace gneiss;
  // A copy of just the size, so that a sanitizer sees every byte beyond it.
  const std::string contents(reinterpret_cast<const char*>(bytes), size);
  const FilterReader filter{Slice(contents)};
  for (int i = 0; i < 64; ++i) {
    const std::string key = "key" + std::to_string(i * 7919);
    filter.MayMatch(key);
    if (!filter.needs_key()) filter.Prefetch(static_cast<uint64_t>(i) * 0x9e3779b97f4a7c15u);
  }
  return 0;
}
