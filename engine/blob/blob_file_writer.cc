#include "engine/blob/blob_file_writer.h"

namespace gneiss {

namespace {

constexpr size_t kBufferBytes = 64 << 10;

}  // namespace

BlobFileWriter::BlobFileWriter(const Config& config, WritableFile* file) : config_(config), file_(file) {
  AppendBlobHeader(
      &buffer_, {.column_family_id = config.column_family_id, .compression = static_cast<uint8_t>(config.compression)});
}

Status BlobFileWriter::Add(Slice user_key, Slice value, BlobReference* reference) {
  const bool is_timed = config_.stats != nullptr && config_.stats->WantsTimers();
  Slice stored = value;
  if (config_.compression != Compression::kNone) {
    const uint64_t start_us = is_timed ? config_.clock->NowMicros() : 0;
    compressed_.clear();
    // Whatever comes out is stored, even if it is longer: nothing in the file could tell that one value is raw.
    if (!Compress(config_.compression, CompressionConfig(), {}, value, &compressed_)) {
      return Status::Corruption("Error compressing blob");
    }
    stored = compressed_;
    if (is_timed) RecordHistogram(config_.stats, Histogram::kBlobCompress, config_.clock->NowMicros() - start_us);
  }
  const uint64_t start_us = is_timed ? config_.clock->NowMicros() : 0;
  AppendBlobRecordHeader(&buffer_, user_key, stored);
  buffer_.append(user_key);
  reference->offset = FileBytes();
  reference->size = stored.size();
  reference->compression = static_cast<uint8_t>(config_.compression);
  GNEISS_RETURN_IF_ERROR(Append(stored));
  ++blob_count_;
  AddTicker(config_.stats, Ticker::kBlobFileBytesWritten, BlobRecordOverhead(user_key.size()) + stored.size());
  if (is_timed) RecordHistogram(config_.stats, Histogram::kBlobWrite, config_.clock->NowMicros() - start_us);
  return Status::Ok();
}

Status BlobFileWriter::Append(Slice bytes) {
  if (buffer_.size() + bytes.size() <= kBufferBytes) {
    buffer_.append(bytes);
    return Status::Ok();
  }
  GNEISS_RETURN_IF_ERROR(WriteBuffer());
  if (bytes.size() < kBufferBytes) {
    buffer_.append(bytes);
    return Status::Ok();
  }
  written_bytes_ += bytes.size();
  return file_->Append(bytes);
}

Status BlobFileWriter::WriteBuffer() {
  if (buffer_.empty()) return Status::Ok();
  GNEISS_RETURN_IF_ERROR(file_->Append(buffer_));
  written_bytes_ += buffer_.size();
  buffer_.clear();
  return Status::Ok();
}

Status BlobFileWriter::Finish() {
  AppendBlobFooter(&buffer_, blob_count_);
  AddTicker(config_.stats, Ticker::kBlobFileBytesWritten, kBlobHeaderBytes + kBlobFooterBytes);
  return WriteBuffer();
}

}  // namespace gneiss
