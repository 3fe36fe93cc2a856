// A PinnedValue is the result of a read: bytes that stay alive as long as it does, by owning them or by pinning the
// block, memtable or buffer in which they lie.
//
// Owner:   releases its pin once, in the destructor, in Reset, or where TakePin moved it.
// Threads: a plain value; the release function may run on any thread.
#pragma once

#include <string>
#include <utility>

#include "engine/base/slice.h"

namespace gneiss {

// What keeps bytes alive: call release(argument1, argument2) when done with them.
struct Pin {
  using ReleaseFn = void (*)(void* argument1, void* argument2);
  ReleaseFn release = nullptr;
  void* argument1 = nullptr;
  void* argument2 = nullptr;
};

class PinnedValue {
 public:
  PinnedValue() = default;
  // Copies go to the caller's `buffer`, whose capacity is reused from read to read.
  explicit PinnedValue(std::string* buffer) : buffer_(buffer) {}
  ~PinnedValue() { Reset(); }
  PinnedValue(const PinnedValue&) = delete;
  PinnedValue& operator=(const PinnedValue&) = delete;

  Slice slice() const { return slice_; }
  bool is_pinned() const { return pin_.release != nullptr; }

  // Borrow `bytes`; `pin` keeps them alive and is released later.
  void PinBytes(Slice bytes, Pin pin) {
    Reset();
    slice_ = bytes;
    pin_ = pin;
  }
  // Copy or take bytes.
  void CopyBytes(Slice bytes) {
    Reset();
    buffer_->assign(bytes);
    slice_ = *buffer_;
  }
  void TakeBytes(std::string&& bytes) {
    Reset();
    *buffer_ = std::move(bytes);
    slice_ = *buffer_;
  }
  // Hands the pin to the caller, who now releases it; slice() stays as it is.
  Pin TakePin() { return std::exchange(pin_, Pin{}); }

  void Reset() {
    if (const Pin pin = TakePin(); pin.release != nullptr) pin.release(pin.argument1, pin.argument2);
    slice_ = {};
  }

 private:
  Slice slice_;
  Pin pin_;
  std::string own_;
  std::string* buffer_ = &own_;
};

}  // namespace gneiss
