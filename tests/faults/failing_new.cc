#include "tests/faults/failing_new.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<uint64_t> fail_at{0};
std::atomic<uint64_t> fail_more{0};
std::atomic<uint64_t> counted{0};
thread_local bool is_counting = true;

bool Fails() {
  const uint64_t first = fail_at.load(std::memory_order_relaxed);
  if (!is_counting || first == 0) return false;
  const uint64_t number = counted.fetch_add(1, std::memory_order_relaxed) + 1;
  return number >= first && number <= first + fail_more.load(std::memory_order_relaxed);
}

void* Allocate(size_t size) { return Fails() ? nullptr : std::malloc(size == 0 ? 1 : size); }

void* AllocateAligned(size_t size, std::align_val_t alignment) {
  const auto align = static_cast<size_t>(alignment);
  return Fails() ? nullptr : std::aligned_alloc(align, (size + align - 1) / align * align);
}

void* OrThrow(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(size_t size) { return OrThrow(Allocate(size)); }
void* operator new[](size_t size) { return OrThrow(Allocate(size)); }
void* operator new(size_t size, const std::nothrow_t&) noexcept { return Allocate(size); }
void* operator new[](size_t size, const std::nothrow_t&) noexcept { return Allocate(size); }
void* operator new(size_t size, std::align_val_t alignment) { return OrThrow(AllocateAligned(size, alignment)); }
void* operator new[](size_t size, std::align_val_t alignment) { return OrThrow(AllocateAligned(size, alignment)); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }

namespace gneiss::faults {

void ArmAllocations(uint64_t at, uint64_t more) {
  fail_at.store(0);
  counted.store(0);
  fail_more.store(more);
  fail_at.store(at);
}
uint64_t CountedAllocations() { return counted.load(); }

CountingScope::CountingScope() { is_counting = true; }
CountingScope::~CountingScope() { is_counting = false; }
void CountOnlyInScopes() { is_counting = false; }

}  // namespace gneiss::faults
