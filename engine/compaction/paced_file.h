// A PacedFile holds the writing of one file back to the allowed rate, and starts write-back as the file grows so that
// the final sync has little left to do. It sums the bytes up where a checksum of the whole file is wanted.
//
// Owner:   owns the file below; `limit` and `checksum` may be null and outlive it.
// Threads: one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "engine/io/file_checksum.h"
#include "engine/io/file_system.h"

namespace gneiss {

class RateLimit {  // the user's rocksdb::RateLimiter behind compat/adapters
 public:
  virtual ~RateLimit() = default;
  virtual void Request(uint64_t bytes, bool is_high_priority) = 0;  // blocks until granted
};

struct Pace {
  RateLimit* limit = nullptr;
  bool is_high_priority = false;  // flush
  uint64_t bytes_per_sync = 0;    // RangeSync step, 0: never
};

class PacedFile : public WritableFile {
 public:
  PacedFile(std::unique_ptr<WritableFile> file, const Pace& pace, FileChecksum* checksum = nullptr)
      : file_(std::move(file)), pace_(pace), checksum_(checksum) {}

  Status Append(Slice bytes) override {
    if (pace_.limit != nullptr) pace_.limit->Request(bytes.size(), pace_.is_high_priority);
    GNEISS_RETURN_IF_ERROR(file_->Append(bytes));
    if (checksum_ != nullptr) checksum_->Update(bytes);
    written_ += bytes.size();
    if (pace_.bytes_per_sync == 0 || written_ - range_synced_ < pace_.bytes_per_sync) return Status::Ok();
    const uint64_t from = std::exchange(range_synced_, written_);
    return file_->RangeSync(from, written_ - from);
  }
  Status Sync() override { return file_->Sync(); }
  Status Close() override { return file_->Close(); }
  Status Truncate(uint64_t size) override { return file_->Truncate(size); }
  Status RangeSync(uint64_t offset, uint64_t size) override { return file_->RangeSync(offset, size); }
  Status Allocate(uint64_t offset, uint64_t size) override { return file_->Allocate(offset, size); }

 private:
  const std::unique_ptr<WritableFile> file_;
  const Pace pace_;
  FileChecksum* const checksum_;
  uint64_t written_ = 0;
  uint64_t range_synced_ = 0;
};

}  // namespace gneiss
