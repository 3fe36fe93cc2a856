// Cleanable keeps its first cleanup inside itself and chains any further ones on the heap behind it.
#include <rocksdb/cleanable.h>

#include <atomic>
#include <utility>

namespace rocksdb {

Cleanable::Cleanable() : cleanup_{} {}

Cleanable::~Cleanable() { DoCleanup(); }

Cleanable::Cleanable(Cleanable&& other) noexcept : cleanup_(std::exchange(other.cleanup_, Cleanup{})) {}

// Overwrites without running this object's own cleanups, as RocksDB's does: callers Reset() first.
Cleanable& Cleanable::operator=(Cleanable&& other) noexcept {
  if (this != &other) cleanup_ = std::exchange(other.cleanup_, Cleanup{});
  return *this;
}

void Cleanable::RegisterCleanup(CleanupFunction function, void* arg1, void* arg2) {
  if (cleanup_.function == nullptr) {
    cleanup_ = {function, arg1, arg2, nullptr};
  } else {
    cleanup_.next = new Cleanup{function, arg1, arg2, cleanup_.next};
  }
}

void Cleanable::RegisterCleanup(Cleanup* c) {
  if (cleanup_.function == nullptr) {
    cleanup_ = {c->function, c->arg1, c->arg2, nullptr};
    delete c;
  } else {
    c->next = std::exchange(cleanup_.next, c);
  }
}

void Cleanable::DelegateCleanupsTo(Cleanable* other) {
  if (cleanup_.function == nullptr) return;
  const Cleanup first = std::exchange(cleanup_, Cleanup{});
  other->RegisterCleanup(first.function, first.arg1, first.arg2);
  for (Cleanup* node = first.next; node != nullptr;) {
    Cleanup* const next = node->next;
    other->RegisterCleanup(node);
    node = next;
  }
}

// A Cleanable on the heap with a count of its owners; the last one to let go runs the cleanups.
struct SharedCleanablePtr::Impl : Cleanable {
  std::atomic<size_t> owners{1};

  Impl* Share() {
    owners.fetch_add(1, std::memory_order_relaxed);
    return this;
  }
  static void LetGo(void* impl, void* /*unused*/) {
    auto* const self = static_cast<Impl*>(impl);
    if (self->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) delete self;
  }
};

SharedCleanablePtr::SharedCleanablePtr(const SharedCleanablePtr& from)
    : ptr_(from.ptr_ == nullptr ? nullptr : from.ptr_->Share()) {}

SharedCleanablePtr::SharedCleanablePtr(SharedCleanablePtr&& from) noexcept : ptr_(std::exchange(from.ptr_, nullptr)) {}

SharedCleanablePtr& SharedCleanablePtr::operator=(const SharedCleanablePtr& from) {
  if (this != &from) *this = SharedCleanablePtr(from);
  return *this;
}

SharedCleanablePtr& SharedCleanablePtr::operator=(SharedCleanablePtr&& from) noexcept {
  if (this != &from) {
    Reset();
    ptr_ = std::exchange(from.ptr_, nullptr);
  }
  return *this;
}

SharedCleanablePtr::~SharedCleanablePtr() { Reset(); }

void SharedCleanablePtr::Allocate() {
  Reset();
  ptr_ = new Impl;
}

void SharedCleanablePtr::Reset() {
  if (Impl* const impl = std::exchange(ptr_, nullptr)) Impl::LetGo(impl, nullptr);
}

Cleanable& SharedCleanablePtr::operator*() { return *ptr_; }
Cleanable* SharedCleanablePtr::operator->() { return ptr_; }
Cleanable* SharedCleanablePtr::get() { return ptr_; }

void SharedCleanablePtr::RegisterCopyWith(Cleanable* target) {
  if (ptr_ != nullptr) target->RegisterCleanup(&Impl::LetGo, ptr_->Share(), nullptr);
}

void SharedCleanablePtr::MoveAsCleanupTo(Cleanable* target) {
  if (Impl* const impl = std::exchange(ptr_, nullptr)) target->RegisterCleanup(&Impl::LetGo, impl, nullptr);
}

}  // namespace rocksdb
