#include "tests/schedules/memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "tests/schedules/scheduler.h"

namespace gneiss::schedules {

const volatile uint8_t* heap_grains = nullptr;

namespace {

// In front of each block; its grain is never marked, so a freed block's begin can be found.
struct alignas(kGrainBytes) Header {
  uint64_t bytes : 40;
  uint64_t freed_by : 24;
  uint64_t freed_at;  // step
};
static_assert(sizeof(Header) == kGrainBytes);

std::atomic<uintptr_t> heap_end{kHeapBegin};  // next free address
std::atomic<uint8_t*> grains{nullptr};

[[noreturn]] void Die(const char* text) { Fail("%s", text); }

void* Map(uintptr_t address, size_t bytes) {
  void* const mapped =
      mmap(reinterpret_cast<void*>(address), bytes, PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (address == 0 ? 0 : MAP_FIXED_NOREPLACE), -1, 0);
  if (mapped == MAP_FAILED) Die("no address space for the heap");
  return mapped;
}

// The first allocation comes before main, from the only thread.
void Prepare() {
  Map(kHeapBegin, kHeapBytes);
  auto* const mapped = static_cast<uint8_t*>(Map(0, kHeapBytes / kGrainBytes));
  heap_grains = mapped;
  grains.store(mapped, std::memory_order_release);
}

bool IsOurs(const void* address) { return reinterpret_cast<uintptr_t>(address) - kHeapBegin < kHeapBytes; }
Header* HeaderOf(void* block) { return static_cast<Header*>(block) - 1; }

void* Allocate(size_t bytes, size_t alignment) {
  if (grains.load(std::memory_order_acquire) == nullptr) Prepare();
  alignment = std::max(alignment, kGrainBytes);
  const size_t rounded = (std::max<size_t>(bytes, 1) + kGrainBytes - 1) / kGrainBytes * kGrainBytes;
  const uintptr_t begin = heap_end.fetch_add(rounded + sizeof(Header) + alignment - kGrainBytes);
  const uintptr_t block = (begin + sizeof(Header) + alignment - 1) / alignment * alignment;
  if (block + rounded > kHeapBegin + kHeapBytes) Die("the run used up its heap");
  auto* const result = reinterpret_cast<void*>(block);
  HeaderOf(result)->bytes = bytes;
  return result;
}

void Free(void* block) {
  if (block == nullptr || !IsOurs(block)) return;  // the loader's own
  if (IsFreed(block)) FailFreed(block, "frees again", __builtin_return_address(0));
  Header* const header = HeaderOf(block);
  header->freed_by = ThreadNow();
  header->freed_at = StepNow();
  // What is not compiled for schedules reads this instead of an old value; a large block is not touched just for that.
  std::memset(block, 0xdb, std::min<size_t>(header->bytes, 4096));
  const uintptr_t first = (reinterpret_cast<uintptr_t>(block) - kHeapBegin) / kGrainBytes;
  const size_t count = (std::max<size_t>(header->bytes, 1) + kGrainBytes - 1) / kGrainBytes;
  std::memset(grains.load(std::memory_order_relaxed) + first, 1, count);
}

}  // namespace

void FailFreed(const volatile void* address, const char* what, const void* caller) {
  uintptr_t grain = (reinterpret_cast<uintptr_t>(address) - kHeapBegin) / kGrainBytes;
  while (heap_grains[grain] != 0) --grain;
  const auto* const header = reinterpret_cast<const Header*>(kHeapBegin + grain * kGrainBytes);
  Fail("thread %u %s memory at %p that thread %u freed at step %llu; it was %llu bytes", ThreadNow(), what, caller,
       static_cast<unsigned>(header->freed_by), static_cast<unsigned long long>(header->freed_at),
       static_cast<unsigned long long>(header->bytes));
}

}  // namespace gneiss::schedules

using gneiss::schedules::Allocate;
using gneiss::schedules::Free;
using gneiss::schedules::HeaderOf;
using gneiss::schedules::IsOurs;

extern "C" {

void* malloc(size_t bytes) noexcept { return Allocate(bytes, 1); }
void free(void* block) noexcept { Free(block); }
void* calloc(size_t count, size_t bytes) noexcept {
  size_t total;
  if (__builtin_mul_overflow(count, bytes, &total)) return nullptr;
  return Allocate(total, 1);  // fresh pages are zero
}
void* realloc(void* block, size_t bytes) noexcept {
  void* const grown = Allocate(bytes, 1);
  if (block == nullptr) return grown;
  const size_t before = IsOurs(block) ? static_cast<size_t>(HeaderOf(block)->bytes) : bytes;
  std::memcpy(grown, block, std::min(bytes, before));
  Free(block);
  return grown;
}
void* memalign(size_t alignment, size_t bytes) noexcept { return Allocate(bytes, alignment); }
void* aligned_alloc(size_t alignment, size_t bytes) noexcept { return Allocate(bytes, alignment); }
int posix_memalign(void** block, size_t alignment, size_t bytes) noexcept {
  *block = Allocate(bytes, alignment);
  return 0;
}
size_t malloc_usable_size(void* block) noexcept {
  return block == nullptr ? 0 : static_cast<size_t>(HeaderOf(block)->bytes);
}

}  // extern "C"
