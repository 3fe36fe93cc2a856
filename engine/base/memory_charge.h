// A MemoryCharge is told of memory that counts against a limit elsewhere, which in practice is a block cache's.
//
// Units:   bytes.
// Owner:   shared by all whose memory it counts. ChargedBytes keep it alive.
// Threads: a MemoryCharge is safe from any thread; ChargedBytes belong to one at a time.
// Errors:  none: memory is in use already. Who can do with less asks whether there was room.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

namespace gneiss {

class MemoryCharge {
 public:
  virtual ~MemoryCharge() = default;
  // False: there is no room for it. It counts all the same, until it is removed.
  virtual bool Add(size_t bytes) = 0;
  virtual void Remove(size_t bytes) = 0;
};

// So many bytes count for as long as this lives.
class ChargedBytes {
 public:
  ChargedBytes() = default;  // counts nothing
  explicit ChargedBytes(std::shared_ptr<MemoryCharge> charge) : charge_(std::move(charge)) {}
  ChargedBytes(ChargedBytes&& other) noexcept { *this = std::move(other); }
  ChargedBytes& operator=(ChargedBytes&& other) noexcept {
    std::swap(charge_, other.charge_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~ChargedBytes() { Set(0); }

  bool counts() const { return charge_ != nullptr; }
  size_t bytes() const { return bytes_; }
  // False: there is no room for what came in addition.
  bool Set(size_t bytes) {
    if (charge_ == nullptr) return true;
    const size_t before = std::exchange(bytes_, bytes);
    if (bytes > before) return charge_->Add(bytes - before);
    if (bytes < before) charge_->Remove(before - bytes);
    return true;
  }

 private:
  std::shared_ptr<MemoryCharge> charge_;
  size_t bytes_ = 0;
};

}  // namespace gneiss
