#include "engine/base/recycled_buffer.h"

#include <bit>
#include <cstdlib>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#define GNEISS_EXACT_BUFFERS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GNEISS_EXACT_BUFFERS 1
#endif
#endif

namespace gneiss {

namespace {

#ifdef GNEISS_EXACT_BUFFERS
constexpr bool kRecycles = false;
#else
constexpr bool kRecycles = true;
#endif

constexpr size_t kRecycledBytesMin = 1 << 10;  // below, the C library is as quick
constexpr size_t kRecycledBytesMax = 64 << 10;
constexpr int kStepsPerDoubling = 64;

bool IsRecycled(size_t size_bytes) {
  return kRecycles && size_bytes >= kRecycledBytesMin && size_bytes <= kRecycledBytesMax;
}

size_t CapacityFor(size_t size_bytes) {
  if (!IsRecycled(size_bytes)) return size_bytes;
  const size_t step = std::bit_floor(size_bytes) / kStepsPerDoubling;
  return (size_bytes + step - 1) / step * step;
}

// What a thread has freed. Constant-initialised and without a destructor, so that it can be used at any time of the
// thread's life; `ShelfClearer` empties it at the end.
class Shelf {
 public:
  char* Take(size_t capacity_bytes) {
    for (int i = 0; i < count_; ++i) {
      if (slots_[i].capacity_bytes != capacity_bytes) continue;
      char* const bytes = slots_[i].bytes;
      slots_[i] = slots_[--count_];
      return bytes;
    }
    return nullptr;
  }
  // Frees another one when it is full, each in its turn: sizes that nobody asks for must not stay.
  void Give(char* bytes, size_t capacity_bytes) {
    if (is_closed_) {
      ::operator delete(bytes);
      return;
    }
    if (count_ < RecycledBuffer::kSlots) {
      slots_[count_++] = {bytes, capacity_bytes};
      return;
    }
    Slot& victim = slots_[next_victim_++ % RecycledBuffer::kSlots];
    ::operator delete(victim.bytes);
    victim = {bytes, capacity_bytes};
  }
  void Close() {
    is_closed_ = true;
    while (count_ > 0) ::operator delete(slots_[--count_].bytes);
  }

 private:
  struct Slot {
    char* bytes;
    size_t capacity_bytes;
  };
  Slot slots_[RecycledBuffer::kSlots] = {};
  int count_ = 0;
  unsigned next_victim_ = 0;
  bool is_closed_ = false;
};

constinit thread_local Shelf shelf __attribute__((tls_model("initial-exec")));

// The GNU C library grows the heap of a thread that is not the main one by what one piece needs: a system call per
// block (a sixth of what a thread did that read blocks into a cache that is not full yet). A larger piece, given back
// at once, leaves room for the next ones behind; below 128 KiB the library does not shrink the heap again.
void GrowHeapNowAndThen() {
  constexpr unsigned kBuffersPerGrowth = 16;
  constexpr size_t kGrowthBytes = size_t{96} << 10;
  constinit thread_local unsigned buffers = 0;
  if (++buffers % kBuffersPerGrowth != 0) return;
  void* volatile room = std::malloc(kGrowthBytes);
  std::free(room);
}

struct ShelfClearer {
  ~ShelfClearer() { shelf.Close(); }
};

void ClearShelfAtThreadEnd() {
  thread_local ShelfClearer clearer;
  (void)clearer;
}

}  // namespace

RecycledBuffer::RecycledBuffer(size_t size_bytes) : capacity_bytes_(CapacityFor(size_bytes)) {
  if (IsRecycled(capacity_bytes_)) {
    bytes_ = shelf.Take(capacity_bytes_);
    if (bytes_ == nullptr) GrowHeapNowAndThen();
  }
  if (bytes_ == nullptr) bytes_ = static_cast<char*>(::operator new(capacity_bytes_));
}

RecycledBuffer RecycledBuffer::TryAllocate(size_t size_bytes) {
  try {
    return RecycledBuffer(size_bytes);
  } catch (const std::bad_alloc&) {
    return {};
  }
}

void RecycledBuffer::Reset() {
  if (bytes_ != nullptr) Free(Release(), capacity_bytes_);
  capacity_bytes_ = 0;
}

void RecycledBuffer::Free(char* bytes, size_t capacity_bytes) {
  if (IsRecycled(capacity_bytes)) {
    ClearShelfAtThreadEnd();
    shelf.Give(bytes, capacity_bytes);
  } else {
    ::operator delete(bytes);
  }
}

}  // namespace gneiss
