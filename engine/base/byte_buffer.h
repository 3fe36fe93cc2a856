// A ByteBuffer grows at its end as a string does (though not by bytes of its own), but new bytes hold anything until
// somebody stores to them: who asks for room to compress into would have all of it cleared by std::string::resize,
// twice what is kept in the end.
//
// Units:   bytes.
// Owner:   the buffer owns its memory; Grow's result is valid until the next call that adds bytes.
// Threads: an object belongs to one thread at a time.
// Errors:  what adds bytes throws std::bad_alloc and changes nothing then.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>

#include "engine/base/slice.h"

namespace gneiss {

class ByteBuffer {
 public:
  ByteBuffer() = default;
  ByteBuffer(const ByteBuffer&) = delete;
  ByteBuffer& operator=(const ByteBuffer&) = delete;

  const char* data() const { return bytes_.get(); }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  Slice substr(size_t begin) const { return Slice(*this).substr(begin); }
  operator Slice() const { return {bytes_.get(), size_}; }  // NOLINT(google-explicit-constructor): as a string's

  // Adds so many bytes and returns where they begin.
  char* Grow(size_t more) {
    if (more > capacity_ - size_) MakeRoom(more);
    char* const begin = bytes_.get() + size_;
    size_ += more;
    return begin;
  }
  void Append(Slice bytes) {
    if (!bytes.empty()) std::memcpy(Grow(bytes.size()), bytes.data(), bytes.size());
  }
  // Drops what lies behind the first `size` bytes and keeps the memory.
  void Truncate(size_t size) { size_ = std::min(size_, size); }
  void clear() { size_ = 0; }

 private:
  void MakeRoom(size_t more) {
    const size_t capacity = std::max(size_ + more, 2 * capacity_);
    auto bytes = std::make_unique_for_overwrite<char[]>(capacity);
    if (size_ > 0) std::memcpy(bytes.get(), bytes_.get(), size_);
    bytes_ = std::move(bytes);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> bytes_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace gneiss
