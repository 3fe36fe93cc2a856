#include "engine/blob/blob_file_reader.h"

#include <algorithm>
#include <new>

#include "engine/base/perf.h"

namespace gneiss {

namespace {

constexpr size_t kValueBytesMax = UINT32_MAX;

}  // namespace

Status BlobFileReader::InFile(const Status& status) const {
  return status.IsCorruption() ? Status::Corruption(status.message(), config_.path) : status;
}

Status BlobFileReader::Open(const Config& config, std::unique_ptr<BlobFileReader>* reader) {
  uint64_t file_bytes = 0;
  GNEISS_RETURN_IF_ERROR(config.fs->FileSize(config.path, &file_bytes));
  if (file_bytes < kBlobHeaderBytes + kBlobFooterBytes) {
    return Status::Corruption("Malformed blob file", config.path);
  }
  std::unique_ptr<RandomAccessFile> file;
  AddTicker(config.stats, Ticker::kFilesOpened);
  GNEISS_RETURN_IF_ERROR(config.fs->OpenRandomAccess(config.path, config.file_options, &file));
  if (config.advise_random) file->Hint(AccessPattern::kRandom);
  std::unique_ptr<BlobFileReader> opened(new BlobFileReader(config, std::move(file), file_bytes));
  if (Status status = opened->CheckEnds(); !status.ok()) return opened->InFile(status);
  *reader = std::move(opened);
  return Status::Ok();
}

Status BlobFileReader::CheckEnds() {
  BlobBytes bytes;
  BlobFileHeader header;
  GNEISS_RETURN_IF_ERROR(ReadRaw(0, kBlobHeaderBytes, nullptr, &bytes));
  GNEISS_RETURN_IF_ERROR(DecodeBlobHeader(bytes.value, &header));
  if (header.column_family_id != config_.column_family_id) return Status::Corruption("Column family ID mismatch");
  compression_ = header.compression;
  uint64_t blob_count = 0;
  GNEISS_RETURN_IF_ERROR(ReadRaw(file_bytes_ - kBlobFooterBytes, kBlobFooterBytes, nullptr, &bytes));
  return DecodeBlobFooter(bytes.value, &blob_count);
}

// Its bytes lie between the file's header and footer.
Status BlobFileReader::CheckReference(const BlobReference& reference, Slice user_key) const {
  const uint64_t offset_min = kBlobHeaderBytes + BlobRecordOverhead(user_key.size());
  const uint64_t end_max = file_bytes_ - kBlobFooterBytes;
  if (reference.offset < offset_min || reference.offset > end_max || reference.size > end_max - reference.offset) {
    return Status::Corruption("Invalid blob offset");
  }
  if (reference.compression != compression_) {
    return Status::Corruption("Compression type mismatch when reading blob");
  }
  return Status::Ok();
}

Status BlobFileReader::Read(const BlobReference& reference, Slice user_key, bool verify_checksum, BlobReadAhead* ahead,
                            BlobBytes* bytes) const {
  if (Status status = CheckReference(reference, user_key); !status.ok()) return InFile(status);
  const uint64_t before = verify_checksum ? BlobRecordOverhead(user_key.size()) : 0;
  const auto size = static_cast<size_t>(reference.size + before);
  if (Status status = ReadRaw(reference.offset - before, size, ahead, bytes); !status.ok()) return InFile(status);
  PerfAdd(&PerfCounters::blob_read_count);
  PerfAdd(&PerfCounters::blob_read_byte, size);
  if (verify_checksum) {
    const PerfTimer timer(&PerfCounters::blob_checksum_time);
    if (Status status = CheckBlobRecord(bytes->value, user_key, reference.size); !status.ok()) return InFile(status);
    bytes->value.remove_prefix(static_cast<size_t>(before));
  }
  return BlobCompressionOf(compression_) == Compression::kNone ? Status::Ok() : InFile(Uncompressed(bytes));
}

// Fills bytes->memory, also where the file could lend its own: the value outlives the reader.
Status BlobFileReader::ReadRaw(uint64_t offset, size_t size, BlobReadAhead* ahead, BlobBytes* bytes) const {
  const bool is_timed = config_.stats != nullptr && config_.stats->WantsTimers();
  const uint64_t start_us = is_timed ? config_.clock->NowMicros() : 0;
  const PerfTimer timer(&PerfCounters::blob_read_time);
  bytes->memory = RecycledBuffer::TryAllocate(size);
  if (!bytes->memory) return Status::Make(Status::Code::kAborted, "no memory for a blob", config_.path);
  bytes->memory_bytes = size;
  Slice read;
  if (ahead != nullptr && size < ahead->bytes_max) {
    if (offset < ahead->begin || offset + size > ahead->begin + ahead->bytes.size()) {
      if (ahead->buffer == nullptr) ahead->buffer.reset(new char[ahead->bytes_max]);
      const auto most = static_cast<size_t>(std::min<uint64_t>(ahead->bytes_max, file_bytes_ - offset));
      ahead->bytes = {};
      ahead->begin = offset;
      Slice lent;
      GNEISS_RETURN_IF_ERROR(file_->Read(offset, most, &lent, ahead->buffer.get()));
      // What a mapped file lends is gone when the reader is closed, which may be before the next read.
      if (lent.data() != ahead->buffer.get()) lent.copy(ahead->buffer.get(), lent.size());
      ahead->bytes = Slice(ahead->buffer.get(), lent.size());
      AddTicker(config_.stats, Ticker::kBlobFileBytesRead, ahead->bytes.size());
    }
    read = ahead->bytes.substr(std::min(static_cast<size_t>(offset - ahead->begin), ahead->bytes.size()), size);
  } else {
    GNEISS_RETURN_IF_ERROR(file_->Read(offset, size, &read, bytes->memory.get()));
    AddTicker(config_.stats, Ticker::kBlobFileBytesRead, read.size());
  }
  if (read.size() != size) return Status::Corruption("Failed to read data from blob file");
  if (read.data() != bytes->memory.get()) read.copy(bytes->memory.get(), size);
  bytes->value = Slice(bytes->memory.get(), size);
  if (is_timed) RecordHistogram(config_.stats, Histogram::kBlobRead, config_.clock->NowMicros() - start_us);
  return Status::Ok();
}

Status BlobFileReader::Uncompressed(BlobBytes* bytes) const {
  const Compression type = BlobCompressionOf(compression_);
  if (!CompressionAvailable(type)) {
    return Status::NotSupported("Unsupported compression method for this build", CompressionName(type));
  }
  const bool is_timed = config_.stats != nullptr && config_.stats->WantsTimers();
  const uint64_t start_us = is_timed ? config_.clock->NowMicros() : 0;
  const PerfTimer timer(&PerfCounters::blob_decompress_time);
  RawBuffer raw;
  if (!Uncompress(type, {}, bytes->value, kValueBytesMax, &raw).ok()) {
    return Status::Corruption("Unable to uncompress blob");
  }
  if (is_timed) RecordHistogram(config_.stats, Histogram::kBlobDecompress, config_.clock->NowMicros() - start_us);
  bytes->memory = std::move(raw.bytes);
  bytes->memory_bytes = raw.size_bytes;
  bytes->value = Slice(bytes->memory.get(), raw.size_bytes);
  return Status::Ok();
}

}  // namespace gneiss
