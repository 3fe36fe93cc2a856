// A RecycledBuffer is uninitialised memory for a block on its way from the file into the cache. The last few that a
// thread freed wait there for its next ones, so that a cache at its capacity reads blocks without the allocator.
//
// Why:     the C library keeps freed pieces at hand up to a kilobyte only and joins larger ones with their neighbours,
//          which are cold. Under a full cache that was an eighth of a miss.
// Units:   bytes; sizes from 1 KiB to 64 KiB are rounded up by at most one in 64 and recycled, others are not. At most
//          kSlots buffers wait per thread.
// Owner:   the object owns its memory. It may be freed on another thread than it was made on.
// Threads: an object belongs to one thread at a time.
// Errors:  the constructor throws std::bad_alloc.
// Address sanitizer: every buffer is exactly as large as asked for and never recycled, so that no step too far hides.
#pragma once

#include <cstddef>
#include <utility>

namespace gneiss {

class RecycledBuffer {
 public:
  static constexpr int kSlots = 8;

  RecycledBuffer() = default;
  explicit RecycledBuffer(size_t size_bytes);
  static RecycledBuffer TryAllocate(size_t size_bytes);  // empty when there is no memory
  RecycledBuffer(RecycledBuffer&& other) noexcept { *this = std::move(other); }
  RecycledBuffer& operator=(RecycledBuffer&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(capacity_bytes_, other.capacity_bytes_);
    return *this;
  }
  ~RecycledBuffer() { Reset(); }

  char* get() const { return bytes_; }
  explicit operator bool() const { return bytes_ != nullptr; }
  size_t capacity_bytes() const { return capacity_bytes_; }
  void Reset();
  // Gives the memory away, for Free to take with the capacity that it had.
  char* Release() { return std::exchange(bytes_, nullptr); }
  static void Free(char* bytes, size_t capacity_bytes);

 private:
  char* bytes_ = nullptr;
  size_t capacity_bytes_ = 0;
};

}  // namespace gneiss
