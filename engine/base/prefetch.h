// PrefetchLines asks the processor for memory that will be read soon. Any address may be asked for: one that is not
// mapped is ignored. Threads: a plain function.
#pragma once

namespace gneiss {

inline constexpr int kCacheLineBytes = 64;

inline void PrefetchLines(const void* from, int count) {
  for (int line = 0; line < count; ++line) __builtin_prefetch(static_cast<const char*>(from) + line * kCacheLineBytes);
}

}  // namespace gneiss
