// rocksdb/env_encryption.h: files whose bytes pass through a cipher, and the cipher stream that cuts them into blocks.
//
// Format:  the file begins with a prefix of plain and encrypted parameters; data follows. Offsets that callers see
// count from
//          the end of the prefix, offsets given to the cipher from the beginning of the file.
// Threads: as the files below; a cipher stream keeps no state between calls.
#include <rocksdb/env_encryption.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "compat/utilities/encryption.h"

namespace gneiss::compat {

rocksdb::IOStatus ToIoStatus(rocksdb::Status&& status) { return rocksdb::status_to_io_status(std::move(status)); }

AlignedBytes::AlignedBytes(size_t size, size_t alignment)
    : alignment_(std::max<size_t>(alignment, 1)),
      data_(static_cast<char*>(operator new(size, std::align_val_t(alignment_)))) {}

AlignedBytes::~AlignedBytes() { operator delete(data_, std::align_val_t(alignment_)); }

}  // namespace gneiss::compat

namespace rocksdb {

using gneiss::compat::AlignedBytes;
using gneiss::compat::ToIoStatus;

namespace {

// Calls run(index, block) for each block that [offset, offset + size) touches. A block cut off at either end goes
// through a whole-block copy.
template <class Run>
Status ForEachBlock(size_t block_size, uint64_t offset, char* data, size_t size, Run run) {
  std::string copy;
  while (size > 0) {
    const size_t at = offset % block_size;
    const size_t length = std::min(size, block_size - at);
    char* block = data;
    if (length != block_size) {
      copy.resize(block_size);
      memcpy(copy.data() + at, data, length);
      block = copy.data();
    }
    Status status = run(offset / block_size, block);
    if (!status.ok()) return status;
    if (block != data) memcpy(data, block + at, length);
    data += length;
    offset += length;
    size -= length;
  }
  return Status::OK();
}

// Results of reads may lie in the caller's scratch or in the file's own buffer; both are decrypted in place.
IOStatus DecryptResult(BlockAccessCipherStream* stream, uint64_t offset, const Slice& result) {
  return ToIoStatus(stream->Decrypt(offset, const_cast<char*>(result.data()), result.size()));
}

// Encrypts a copy of `data` and hands it to `write`.
template <class Write>
IOStatus EncryptAndWrite(BlockAccessCipherStream* stream, uint64_t offset, const Slice& data, size_t alignment,
                         Write write) {
  if (data.empty()) return write(data);
  AlignedBytes copy(data.size(), alignment);
  memcpy(copy.data(), data.data(), data.size());
  IOStatus status = ToIoStatus(stream->Encrypt(offset, copy.data(), data.size()));
  return status.ok() ? write(Slice(copy.data(), data.size())) : status;
}

}  // namespace

Status BlockAccessCipherStream::Encrypt(uint64_t offset, char* data, size_t size) {
  std::string scratch;
  AllocateScratch(scratch);
  return ForEachBlock(BlockSize(), offset, data, size,
                      [&](uint64_t index, char* block) { return EncryptBlock(index, block, scratch.data()); });
}

Status BlockAccessCipherStream::Decrypt(uint64_t offset, char* data, size_t size) {
  std::string scratch;
  AllocateScratch(scratch);
  return ForEachBlock(BlockSize(), offset, data, size,
                      [&](uint64_t index, char* block) { return DecryptBlock(index, block, scratch.data()); });
}

IOStatus EncryptedSequentialFile::Read(size_t n, const IOOptions& options, Slice* result, char* scratch,
                                       IODebugContext* dbg) {
  IOStatus status = file_->Read(n, options, result, scratch, dbg);
  if (status.ok()) status = DecryptResult(stream_.get(), offset_, *result);
  if (status.ok()) offset_ += result->size();
  return status;
}

IOStatus EncryptedSequentialFile::Skip(uint64_t n) {
  IOStatus status = file_->Skip(n);
  if (status.ok()) offset_ += n;
  return status;
}

bool EncryptedSequentialFile::use_direct_io() const { return file_->use_direct_io(); }

size_t EncryptedSequentialFile::GetRequiredBufferAlignment() const { return file_->GetRequiredBufferAlignment(); }

IOStatus EncryptedSequentialFile::InvalidateCache(size_t offset, size_t length) {
  return file_->InvalidateCache(offset + prefixLength_, length);
}

IOStatus EncryptedSequentialFile::PositionedRead(uint64_t offset, size_t n, const IOOptions& options, Slice* result,
                                                 char* scratch, IODebugContext* dbg) {
  offset += prefixLength_;
  IOStatus status = file_->PositionedRead(offset, n, options, result, scratch, dbg);
  if (!status.ok()) return status;
  offset_ = offset + result->size();
  return DecryptResult(stream_.get(), offset, *result);
}

IOStatus EncryptedRandomAccessFile::Read(uint64_t offset, size_t n, const IOOptions& options, Slice* result,
                                         char* scratch, IODebugContext* dbg) const {
  offset += prefixLength_;
  IOStatus status = file_->Read(offset, n, options, result, scratch, dbg);
  return status.ok() ? DecryptResult(stream_.get(), offset, *result) : status;
}

IOStatus EncryptedRandomAccessFile::Prefetch(uint64_t offset, size_t n, const IOOptions& options, IODebugContext* dbg) {
  return file_->Prefetch(offset + prefixLength_, n, options, dbg);
}

size_t EncryptedRandomAccessFile::GetUniqueId(char* id, size_t max_size) const {
  return file_->GetUniqueId(id, max_size);
}

void EncryptedRandomAccessFile::Hint(AccessPattern pattern) { file_->Hint(pattern); }

bool EncryptedRandomAccessFile::use_direct_io() const { return file_->use_direct_io(); }

size_t EncryptedRandomAccessFile::GetRequiredBufferAlignment() const { return file_->GetRequiredBufferAlignment(); }

IOStatus EncryptedRandomAccessFile::InvalidateCache(size_t offset, size_t length) {
  return file_->InvalidateCache(offset + prefixLength_, length);
}

IOStatus EncryptedWritableFile::Append(const Slice& data, const IOOptions& options, IODebugContext* dbg) {
  const uint64_t offset = file_->GetFileSize(options, dbg);
  return EncryptAndWrite(stream_.get(), offset, data, GetRequiredBufferAlignment(),
                         [&](const Slice& encrypted) { return file_->Append(encrypted, options, dbg); });
}

IOStatus EncryptedWritableFile::PositionedAppend(const Slice& data, uint64_t offset, const IOOptions& options,
                                                 IODebugContext* dbg) {
  offset += prefixLength_;
  return EncryptAndWrite(stream_.get(), offset, data, GetRequiredBufferAlignment(), [&](const Slice& encrypted) {
    return file_->PositionedAppend(encrypted, offset, options, dbg);
  });
}

bool EncryptedWritableFile::IsSyncThreadSafe() const { return file_->IsSyncThreadSafe(); }

bool EncryptedWritableFile::use_direct_io() const { return file_->use_direct_io(); }

size_t EncryptedWritableFile::GetRequiredBufferAlignment() const { return file_->GetRequiredBufferAlignment(); }

uint64_t EncryptedWritableFile::GetFileSize(const IOOptions& options, IODebugContext* dbg) {
  return file_->GetFileSize(options, dbg) - prefixLength_;
}

IOStatus EncryptedWritableFile::Truncate(uint64_t size, const IOOptions& options, IODebugContext* dbg) {
  return file_->Truncate(size + prefixLength_, options, dbg);
}

IOStatus EncryptedWritableFile::InvalidateCache(size_t offset, size_t length) {
  return file_->InvalidateCache(offset + prefixLength_, length);
}

IOStatus EncryptedWritableFile::RangeSync(uint64_t offset, uint64_t nbytes, const IOOptions& options,
                                          IODebugContext* dbg) {
  return file_->RangeSync(offset + prefixLength_, nbytes, options, dbg);
}

void EncryptedWritableFile::PrepareWrite(size_t offset, size_t len, const IOOptions& options, IODebugContext* dbg) {
  file_->PrepareWrite(offset + prefixLength_, len, options, dbg);
}

void EncryptedWritableFile::SetPreallocationBlockSize(size_t size) { file_->SetPreallocationBlockSize(size); }

void EncryptedWritableFile::GetPreallocationStatus(size_t* block_size, size_t* last_allocated_block) {
  file_->GetPreallocationStatus(block_size, last_allocated_block);
}

IOStatus EncryptedWritableFile::Allocate(uint64_t offset, uint64_t len, const IOOptions& options, IODebugContext* dbg) {
  return file_->Allocate(offset + prefixLength_, len, options, dbg);
}

IOStatus EncryptedWritableFile::Flush(const IOOptions& options, IODebugContext* dbg) {
  return file_->Flush(options, dbg);
}

IOStatus EncryptedWritableFile::Sync(const IOOptions& options, IODebugContext* dbg) {
  return file_->Sync(options, dbg);
}

IOStatus EncryptedWritableFile::Close(const IOOptions& options, IODebugContext* dbg) {
  return file_->Close(options, dbg);
}

bool EncryptedRandomRWFile::use_direct_io() const { return file_->use_direct_io(); }

size_t EncryptedRandomRWFile::GetRequiredBufferAlignment() const { return file_->GetRequiredBufferAlignment(); }

IOStatus EncryptedRandomRWFile::Write(uint64_t offset, const Slice& data, const IOOptions& options,
                                      IODebugContext* dbg) {
  offset += prefixLength_;
  return EncryptAndWrite(stream_.get(), offset, data, GetRequiredBufferAlignment(),
                         [&](const Slice& encrypted) { return file_->Write(offset, encrypted, options, dbg); });
}

IOStatus EncryptedRandomRWFile::Read(uint64_t offset, size_t n, const IOOptions& options, Slice* result, char* scratch,
                                     IODebugContext* dbg) const {
  offset += prefixLength_;
  IOStatus status = file_->Read(offset, n, options, result, scratch, dbg);
  return status.ok() ? DecryptResult(stream_.get(), offset, *result) : status;
}

IOStatus EncryptedRandomRWFile::Flush(const IOOptions& options, IODebugContext* dbg) {
  return file_->Flush(options, dbg);
}

IOStatus EncryptedRandomRWFile::Sync(const IOOptions& options, IODebugContext* dbg) {
  return file_->Sync(options, dbg);
}

IOStatus EncryptedRandomRWFile::Fsync(const IOOptions& options, IODebugContext* dbg) {
  return file_->Fsync(options, dbg);
}

IOStatus EncryptedRandomRWFile::Close(const IOOptions& options, IODebugContext* dbg) {
  return file_->Close(options, dbg);
}

}  // namespace rocksdb
