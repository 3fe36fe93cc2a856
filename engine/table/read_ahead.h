// A ReadAhead serves one scan's reads: once blocks are asked for one behind the other, it reads larger and larger
// pieces of the file at once.
//
// Units:   bytes.
// Owner:   owns its buffer; borrows the file per call.
// Threads: one thread.
// Errors:  those of the file.
#pragma once

#include <cstdint>
#include <memory>

#include "engine/io/file_system.h"

namespace gneiss {

class ReadAhead {
 public:
  struct Config {
    size_t initial_bytes = 0;  // zero: never reads ahead
    size_t max_bytes = 0;
    int reads_before = 2;  // single reads in a row before reading ahead begins
  };
  explicit ReadAhead(const Config& config) : config_(config), next_bytes_(config.initial_bytes) {}

  // Sets *result to [offset, offset + size), which holds until the next call; or leaves it empty when the caller should
  // read this piece alone.
  Status Read(const RandomAccessFile& file, uint64_t file_bytes, uint64_t offset, size_t size, Slice* result);

 private:
  bool Serve(uint64_t offset, size_t size, Slice* result) const;

  const Config config_;
  size_t next_bytes_;
  uint64_t expected_offset_ = ~uint64_t{0};  // where the last read ended
  int reads_in_row_ = 0;
  uint64_t begin_ = 0;  // of bytes_ in the file
  Slice bytes_;
  size_t capacity_ = 0;
  std::unique_ptr<char[]> buffer_;
};

}  // namespace gneiss
