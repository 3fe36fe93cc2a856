// An UncompressionDictionary is what blocks were compressed with, made ready to uncompress many of them: one that zstd
// made begins with tables of codes, and to read those anew for each block costs more than to uncompress it.
//
// Units:   bytes.
// Owner:   owns its bytes and zstd's form of them.
// Threads: immutable; any thread may use it.
// Errors:  none. Bytes that zstd cannot make anything of are told by the first block that needs them.
#pragma once

#include <memory>
#include <string>

#include "engine/base/compression.h"

struct ZSTD_DDict_s;

namespace gneiss {

class UncompressionDictionary {
 public:
  explicit UncompressionDictionary(std::string bytes);
  UncompressionDictionary(const UncompressionDictionary&) = delete;
  UncompressionDictionary& operator=(const UncompressionDictionary&) = delete;

  Slice bytes() const { return bytes_; }
  size_t MemoryBytes() const;
  // Null where zstd has nothing to prepare.
  const ZSTD_DDict_s* digested() const { return digested_.get(); }

 private:
  struct Free {
    void operator()(ZSTD_DDict_s* digested) const;
  };
  const std::string bytes_;
  const std::unique_ptr<ZSTD_DDict_s, Free> digested_;
};

// As the other Uncompress with the dictionary's bytes.
Status Uncompress(Compression type, const UncompressionDictionary& dictionary, Slice payload, size_t raw_size_max_bytes,
                  RawBuffer* out);

}  // namespace gneiss
