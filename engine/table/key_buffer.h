// A KeyBuffer holds one key while it is put together from a block's entries: in place up to 128 bytes, else on the
// heap, where the memory is kept for the next keys.
//
// Owner:   owns its bytes. Threads: one thread.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>

#include "engine/base/short_bytes.h"
#include "engine/base/slice.h"

namespace gneiss {

class KeyBuffer {
 public:
  KeyBuffer() = default;
  KeyBuffer(const KeyBuffer&) = delete;
  KeyBuffer& operator=(const KeyBuffer&) = delete;

  char* data() { return data_; }
  const char* data() const { return data_; }
  size_t capacity() const { return capacity_; }

  // Makes room for `size` bytes, keeping the first `keep` ones.
  void Reserve(size_t size, size_t keep) {
    if (size > capacity_) [[unlikely]]
      Grow(size, keep);
  }
  void Assign(Slice bytes) {
    Reserve(bytes.size(), 0);
    CopyBytes(data_, bytes);
  }

 private:
  void Grow(size_t size, size_t keep) {
    const size_t capacity = size * 2;
    std::unique_ptr<char[]> larger(new char[capacity]);
    std::memcpy(larger.get(), data_, keep);
    heap_ = std::move(larger);
    data_ = heap_.get();
    capacity_ = capacity;
  }

  char in_place_[128];
  char* data_ = in_place_;
  size_t capacity_ = sizeof(in_place_);
  std::unique_ptr<char[]> heap_;
};

}  // namespace gneiss
