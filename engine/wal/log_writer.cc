#include "engine/wal/log_writer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/coding.h"
#include "engine/base/crc32c.h"
#include "engine/base/no_memory.h"
#include "engine/io/write_parts.h"

namespace gneiss {

namespace {

// The buffer of one huge group is not kept for all the small ones that follow.
constexpr size_t kKeptBufferBytesMax = size_t{4} << 20;

std::array<uint32_t, kFragmentTypes> MakeTypeCrcs() {
  std::array<uint32_t, kFragmentTypes> crcs;
  for (size_t i = 0; i < crcs.size(); ++i) {
    const char type = static_cast<char>(i);
    crcs[i] = Crc32c(Slice(&type, 1));
  }
  return crcs;
}

// The checksum of each type byte, which every fragment's checksum begins with.
uint32_t TypeCrc(FragmentType type) {
  static const std::array<uint32_t, kFragmentTypes> crcs = MakeTypeCrcs();
  return crcs[static_cast<size_t>(type)];
}

FragmentType TypeOf(bool is_first, bool is_last, bool is_recyclable) {
  if (is_first && is_last) return is_recyclable ? FragmentType::kRecyclableFull : FragmentType::kFull;
  if (is_first) return is_recyclable ? FragmentType::kRecyclableFirst : FragmentType::kFirst;
  if (is_last) return is_recyclable ? FragmentType::kRecyclableLast : FragmentType::kLast;
  return is_recyclable ? FragmentType::kRecyclableMiddle : FragmentType::kMiddle;
}

}  // namespace

LogWriter::LogWriter(const Config& config, std::unique_ptr<WritableFile> file)
    : config_(config),
      file_(std::move(file)),
      file_bytes_(config.initial_bytes),
      written_bytes_(config.initial_bytes),
      synced_bytes_(0),
      block_offset_(config.initial_bytes % kLogBlockBytes),
      allocated_bytes_(config.initial_bytes),
      can_allocate_(config.allocate_ahead_bytes > 0) {
  if (config_.compression == Compression::kNone) return;
  // Written together with the first record.
  MutexLock lock(&mutex_);
  char type[4];
  EncodeU32(type, static_cast<uint32_t>(config_.compression));
  EncodeFragment(FragmentType::kSetCompression, Slice(type, sizeof(type)), /*is_borrowed=*/false);
}

LogWriter::~LogWriter() {
  DropBadAlloc([this] { Flush().IgnoreError("whoever cares for the buffered records has called Close"); });
}

Status LogWriter::AddRecords(const Slice* records, size_t count) {
  MutexLock lock(&mutex_);
  if (has_failed_.load(std::memory_order_relaxed)) [[unlikely]]
    return Failure();
  try {
    for (size_t i = 0; i < count; ++i) GNEISS_RETURN_IF_ERROR(EncodeRecord(records[i]));
    return config_.is_manual_flush ? Status::Ok() : WriteBuffer();
  } catch (const std::bad_alloc&) {
    borrowed_.clear();
    return KeepFailure(Status::OutOfMemory());  // a part of a record may be in the buffer
  }
}

Status LogWriter::Flush() {
  MutexLock lock(&mutex_);
  if (has_failed_.load(std::memory_order_relaxed)) [[unlikely]]
    return Failure();
  return WriteBuffer();
}

Status LogWriter::Sync() {
  // Without manual flush nothing waits in the buffer, and a running AddRecords need not be waited for.
  if (config_.is_manual_flush) GNEISS_RETURN_IF_ERROR(Flush());
  if (has_failed_.load(std::memory_order_acquire)) [[unlikely]]
    return Failure();
  const uint64_t covered_bytes = written_bytes_.load(std::memory_order_acquire);
  Status synced = file_->Sync();
  if (!synced.ok()) return KeepFailure(std::move(synced));
  uint64_t before = synced_bytes_.load(std::memory_order_relaxed);
  while (before < covered_bytes && !synced_bytes_.compare_exchange_weak(before, covered_bytes)) {
  }
  return Status::Ok();
}

Status LogWriter::Close() {
  MutexLock lock(&mutex_);
  if (std::exchange(is_closed_, true)) return Failure();
  Status written = has_failed_.load(std::memory_order_relaxed) ? Failure() : WriteBuffer();
  Status closed = file_->Close();
  if (!written.ok()) return written;
  return closed.ok() ? Status::Ok() : KeepFailure(std::move(closed));
}

Status LogWriter::WriteBuffer() {
  if (buffer_.empty()) return Status::Ok();
  if (can_allocate_) AllocateAhead();
  Status appended = AppendBuffer();
  buffer_.clear();
  borrowed_.clear();
  if (buffer_.capacity() > kKeptBufferBytesMax) [[unlikely]]
    std::string().swap(buffer_);
  if (!appended.ok()) return KeepFailure(std::move(appended));
  written_bytes_.store(FileBytes(), std::memory_order_release);
  return Status::Ok();
}

Status LogWriter::AppendBuffer() {
  if (borrowed_.empty()) return file_->Append(buffer_);
  parts_.clear();
  size_t begin = 0;
  for (const Borrowed& borrowed : borrowed_) {
    parts_.push_back(Slice(buffer_).substr(begin, borrowed.buffer_offset - begin));
    parts_.push_back(borrowed.bytes);
    begin = borrowed.buffer_offset;
  }
  parts_.push_back(Slice(buffer_).substr(begin));
  return file_->AppendParts(parts_.data(), parts_.size());
}

// A file system that cannot allocate ahead, or a full disk, is no error here: the write itself will tell.
void LogWriter::AllocateAhead() {
  const uint64_t end = FileBytes();
  if (end <= allocated_bytes_) return;
  const uint64_t step = config_.allocate_ahead_bytes;
  const uint64_t wanted_bytes = (end + step - 1) / step * step;
  const Status allocated = file_->Allocate(allocated_bytes_, wanted_bytes - allocated_bytes_);
  if (allocated.ok()) {
    allocated_bytes_ = wanted_bytes;
  } else {
    can_allocate_ = false;
  }
}

Status LogWriter::EncodeRecord(Slice record) {
  if (config_.compression == Compression::kNone) {
    EncodePayload(record);
    return Status::Ok();
  }
  compressed_.clear();
  // An empty record stays empty: readers skip uncompressing it.
  if (!record.empty() && !CompressZstdFrame(record, &compressed_)) {
    return KeepFailure(Status::IoError("Unexpected WAL compression error"));
  }
  EncodePayload(compressed_);
  return Status::Ok();
}

// RocksDB 7.8.3 takes two fragments in a row that begin at the same place of their blocks for one and the same when it
// uncompresses them. With two fragments to a block that never happens.
size_t LogWriter::FragmentBytesMax() const {
  return config_.compression == Compression::kNone ? kLogBlockBytes : kLogBlockBytes / 2 - kFragmentHeaderBytes;
}

bool LogWriter::CanBorrow(Slice record) const {
  return record.size() >= kAppendBytesForCall && !config_.is_manual_flush && config_.compression == Compression::kNone;
}

void LogWriter::EncodePayload(Slice payload) {
  const bool is_borrowed = CanBorrow(payload);
  const size_t header_bytes = config_.is_recyclable ? kRecyclableFragmentHeaderBytes : kFragmentHeaderBytes;
  bool is_first = true;
  do {  // an empty record is one empty fragment
    const size_t left_bytes = kLogBlockBytes - block_offset_;
    if (left_bytes < header_bytes) {
      buffer_.append(left_bytes, '\0');
      file_bytes_.fetch_add(left_bytes, std::memory_order_relaxed);
      block_offset_ = 0;
    }
    const size_t fragment_bytes =
        std::min({payload.size(), kLogBlockBytes - block_offset_ - header_bytes, FragmentBytesMax()});
    const bool is_last = fragment_bytes == payload.size();
    EncodeFragment(TypeOf(is_first, is_last, config_.is_recyclable), payload.substr(0, fragment_bytes), is_borrowed);
    payload.remove_prefix(fragment_bytes);
    is_first = false;
    if (is_last) return;
  } while (true);
}

void LogWriter::EncodeFragment(FragmentType type, Slice payload, bool is_borrowed) {
  char header[kRecyclableFragmentHeaderBytes];
  EncodeU16(header + 4, static_cast<uint16_t>(payload.size()));
  header[6] = static_cast<char>(type);
  size_t header_bytes = kFragmentHeaderBytes;
  uint32_t crc = TypeCrc(type);
  if (IsRecyclable(type)) {
    // The low half of the number is enough to tell this log's records from those of the log it overwrites.
    EncodeU32(header + kFragmentHeaderBytes, static_cast<uint32_t>(config_.log_number));
    crc = Crc32cExtend(crc, header + kFragmentHeaderBytes, 4);
    header_bytes = kRecyclableFragmentHeaderBytes;
  }
  EncodeU32(header, MaskCrc(Crc32cExtend(crc, payload.data(), payload.size())));
  buffer_.append(header, header_bytes);
  if (is_borrowed) {
    borrowed_.push_back({.buffer_offset = buffer_.size(), .bytes = payload});
  } else {
    buffer_.append(payload);
  }
  block_offset_ += header_bytes + payload.size();
  file_bytes_.store(FileBytes() + header_bytes + payload.size(), std::memory_order_relaxed);
}

Status LogWriter::Failure() {
  MutexLock lock(&failure_mutex_);
  return failed_;
}

Status LogWriter::KeepFailure(Status status) {
  MutexLock lock(&failure_mutex_);
  if (failed_.ok()) failed_ = std::move(status);
  has_failed_.store(true, std::memory_order_release);
  return failed_;
}

}  // namespace gneiss
