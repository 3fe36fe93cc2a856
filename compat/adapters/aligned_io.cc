#include "compat/adapters/aligned_io.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace gneiss::compat {

using rocksdb::IOOptions;
using rocksdb::IOStatus;

namespace {

uint64_t RoundDown(uint64_t value, size_t alignment) { return value / alignment * alignment; }
uint64_t RoundUp(uint64_t value, size_t alignment) { return RoundDown(value + alignment - 1, alignment); }

}  // namespace

AlignedMemory AllocateAligned(size_t alignment, size_t size) {
  void* const memory = std::aligned_alloc(alignment, size);
  if (memory == nullptr) throw std::bad_alloc();
  return AlignedMemory(static_cast<char*>(memory));
}

IOStatus AlignedRead(const AlignedReadFunction& read, size_t alignment, uint64_t offset, size_t size,
                     rocksdb::Slice* result, char* scratch) {
  const uint64_t first = RoundDown(offset, alignment);
  const size_t aligned_size = RoundUp(offset + size, alignment) - first;
  *result = rocksdb::Slice(scratch, 0);
  if (size == 0) return IOStatus::OK();
  const AlignedMemory buffer = AllocateAligned(alignment, aligned_size);
  rocksdb::Slice got;
  const IOStatus status = read(first, aligned_size, &got, buffer.get());
  const size_t skipped = offset - first;
  if (!status.ok() || got.size() <= skipped) return status;
  const size_t copied = std::min(size, got.size() - skipped);
  std::memcpy(scratch, got.data() + skipped, copied);
  *result = rocksdb::Slice(scratch, copied);
  return status;
}

AlignedWriter::AlignedWriter(rocksdb::FSWritableFile* file)
    : file_(file),
      alignment_(std::max<size_t>(file->GetRequiredBufferAlignment(), 1)),
      capacity_(RoundUp(kBufferBytesMin, alignment_)),
      buffer_(AllocateAligned(std::max(alignment_, alignof(std::max_align_t)), capacity_)) {}

IOStatus AlignedWriter::Append(gneiss::Slice bytes) {
  while (!bytes.empty()) {
    const size_t taken = std::min(bytes.size(), capacity_ - buffered_);
    std::memcpy(buffer_.get() + buffered_, bytes.data(), taken);
    buffered_ += taken;
    bytes.remove_prefix(taken);
    has_unwritten_ = true;
    if (buffered_ < capacity_) continue;
    const IOStatus written = WriteTail();
    if (!written.ok()) return written;
  }
  return IOStatus::OK();
}

IOStatus AlignedWriter::WriteTail() {
  if (!has_unwritten_) return IOStatus::OK();
  const size_t padded = RoundUp(buffered_, alignment_);
  std::memset(buffer_.get() + buffered_, 0, padded - buffered_);
  const IOStatus written =
      file_->PositionedAppend(rocksdb::Slice(buffer_.get(), padded), buffer_offset_, IOOptions(), nullptr);
  if (!written.ok()) return written;
  // Keep the block that is not full yet.
  const size_t full = RoundDown(buffered_, alignment_);
  std::memmove(buffer_.get(), buffer_.get() + full, buffered_ - full);
  buffered_ -= full;
  buffer_offset_ += full;
  has_unwritten_ = false;
  return IOStatus::OK();
}

IOStatus AlignedWriter::Finish() {
  const IOStatus written = WriteTail();
  return written.ok() ? file_->Truncate(buffer_offset_ + buffered_, IOOptions(), nullptr) : written;
}

}  // namespace gneiss::compat
