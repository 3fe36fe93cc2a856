#include "engine/table/read_ahead.h"

#include <algorithm>

namespace gneiss {

bool ReadAhead::Serve(uint64_t offset, size_t size, Slice* result) const {
  if (offset < begin_ || offset + size > begin_ + bytes_.size()) return false;
  *result = bytes_.substr(static_cast<size_t>(offset - begin_), size);
  return true;
}

Status ReadAhead::Read(const RandomAccessFile& file, uint64_t file_bytes, uint64_t offset, size_t size, Slice* result) {
  *result = {};
  if (config_.initial_bytes == 0) return Status::Ok();
  if (offset != expected_offset_) {
    reads_in_row_ = 0;
    next_bytes_ = config_.initial_bytes;
  }
  expected_offset_ = offset + size;
  if (Serve(offset, size, result)) return Status::Ok();
  if (reads_in_row_ < config_.reads_before) {
    ++reads_in_row_;
    return Status::Ok();
  }
  const auto bytes = static_cast<size_t>(std::min<uint64_t>(size + next_bytes_, file_bytes - offset));
  next_bytes_ = std::min(next_bytes_ * 2, std::max(config_.max_bytes, config_.initial_bytes));
  if (bytes > capacity_) {
    bytes_ = {};
    buffer_.reset(new char[bytes]);
    capacity_ = bytes;
  }
  begin_ = offset;
  bytes_ = {};
  GNEISS_RETURN_IF_ERROR(file.Read(offset, bytes, &bytes_, buffer_.get()));
  Serve(offset, size, result);
  return Status::Ok();
}

}  // namespace gneiss
