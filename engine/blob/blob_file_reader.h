// A BlobFileReader reads values out of one blob file.
//
// Owner:   owns the open file.
// Threads: safe from any thread; a BlobReadAhead belongs to one.
// Errors:  Corruption with RocksDB's texts and the file's path, or what the file system says.
#pragma once

#include <memory>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/stats.h"
#include "engine/blob/blob_cache.h"
#include "engine/blob/blob_format.h"
#include "engine/io/file_system.h"

namespace gneiss {

// What was read ahead of one file: compactions meet blobs about in the order in which they were written.
struct BlobReadAhead {
  size_t bytes_max = 0;  // how much to read at once
  std::unique_ptr<char[]> buffer;
  uint64_t begin = 0;
  Slice bytes;
};

class BlobFileReader {
 public:
  struct Config {
    FileSystem* fs = nullptr;
    FileOptions file_options;
    std::string path;
    uint32_t column_family_id = 0;
    bool advise_random = true;
    StatsSink* stats = nullptr;
    Clock* clock = Clock::System();
  };
  // Checks header and footer.
  static Status Open(const Config& config, std::unique_ptr<BlobFileReader>* reader);

  // `reference` is plain and names this file. Verifying reads the whole record, else only the value. `ahead` may be
  // null.
  Status Read(const BlobReference& reference, Slice user_key, bool verify_checksum, BlobReadAhead* ahead,
              BlobBytes* bytes) const;

 private:
  BlobFileReader(Config config, std::unique_ptr<RandomAccessFile> file, uint64_t file_bytes)
      : config_(std::move(config)), file_(std::move(file)), file_bytes_(file_bytes) {}

  Status CheckEnds();
  Status CheckReference(const BlobReference& reference, Slice user_key) const;
  Status ReadRaw(uint64_t offset, size_t size, BlobReadAhead* ahead, BlobBytes* bytes) const;
  Status Uncompressed(BlobBytes* bytes) const;
  Status InFile(const Status& status) const;

  const Config config_;
  const std::unique_ptr<RandomAccessFile> file_;
  const uint64_t file_bytes_;
  uint8_t compression_ = 0;  // as the header has it
};

}  // namespace gneiss
