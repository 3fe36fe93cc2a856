// Borrowed bytes, read as a file.
#pragma once

#include <algorithm>
#include <cstring>

#include "engine/io/file_system.h"

namespace gneiss::fuzz {

class BytesAsFile final : public SequentialFile {
 public:
  explicit BytesAsFile(Slice bytes) : rest_(bytes) {}
  Status Read(size_t size, Slice* result, char* scratch) override {
    const Slice got = rest_.substr(0, size);
    std::memcpy(scratch, got.data(), got.size());
    *result = Slice(scratch, got.size());
    rest_.remove_prefix(got.size());
    return Status::Ok();
  }
  Status Skip(uint64_t bytes) override {
    rest_.remove_prefix(std::min<uint64_t>(bytes, rest_.size()));
    return Status::Ok();
  }

 private:
  Slice rest_;
};

}  // namespace gneiss::fuzz
