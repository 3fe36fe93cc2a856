// A BlobFileWriter writes one blob file: header, records in the order they come, footer.
//
// Units:   bytes.
// Owner:   borrows the file; the caller syncs and closes it after Finish.
// Threads: one thread.
// Errors:  those of the file. After one the file is of no use.
#pragma once

#include <string>

#include "engine/base/clock.h"
#include "engine/base/stats.h"
#include "engine/blob/blob_format.h"
#include "engine/io/file_system.h"

namespace gneiss {

class BlobFileWriter {
 public:
  struct Config {
    uint32_t column_family_id = 0;
    Compression compression = Compression::kNone;
    StatsSink* stats = nullptr;
    Clock* clock = Clock::System();
  };
  BlobFileWriter(const Config& config, WritableFile* file);

  // Compresses and adds the value. Fills offset, size and compression of *reference.
  Status Add(Slice user_key, Slice value, BlobReference* reference);
  Status Finish();  // footer and what is still buffered

  uint64_t blob_count() const { return blob_count_; }
  uint64_t blob_bytes() const { return FileBytes() - kBlobHeaderBytes; }  // before Finish
  uint64_t FileBytes() const { return written_bytes_ + buffer_.size(); }

 private:
  Status Append(Slice bytes);
  Status WriteBuffer();

  const Config config_;
  WritableFile* const file_;
  std::string buffer_;  // small pieces go to the file together
  ByteBuffer compressed_;
  uint64_t written_bytes_ = 0;
  uint64_t blob_count_ = 0;
};

}  // namespace gneiss
