// A FileSystem that counts what is read through it.
//
// Threads: as the file system it stands for.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <memory>
#include <string>

namespace gneiss {

class CountingFileSystem : public rocksdb::FileSystemWrapper {
 public:
  CountingFileSystem() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "CountingFileSystem"; }

  uint64_t read_bytes() const { return read_bytes_; }
  void Clear() { read_bytes_ = 0; }

  rocksdb::IOStatus NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                      rocksdb::IODebugContext* debug) override {
    const rocksdb::IOStatus status = FileSystemWrapper::NewSequentialFile(path, options, file, debug);
    if (status.ok()) *file = std::make_unique<Sequential>(std::move(*file), &read_bytes_);
    return status;
  }
  rocksdb::IOStatus NewRandomAccessFile(const std::string& path, const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                        rocksdb::IODebugContext* debug) override {
    const rocksdb::IOStatus status = FileSystemWrapper::NewRandomAccessFile(path, options, file, debug);
    if (status.ok()) *file = std::make_unique<RandomAccess>(std::move(*file), &read_bytes_);
    return status;
  }

 private:
  class Sequential : public rocksdb::FSSequentialFileOwnerWrapper {
   public:
    Sequential(std::unique_ptr<rocksdb::FSSequentialFile> file, std::atomic<uint64_t>* read_bytes)
        : FSSequentialFileOwnerWrapper(std::move(file)), read_bytes_(read_bytes) {}
    rocksdb::IOStatus Read(size_t size, const rocksdb::IOOptions& options, rocksdb::Slice* result, char* scratch,
                           rocksdb::IODebugContext* debug) override {
      rocksdb::IOStatus status = FSSequentialFileOwnerWrapper::Read(size, options, result, scratch, debug);
      if (status.ok()) *read_bytes_ += result->size();
      return status;
    }

   private:
    std::atomic<uint64_t>* const read_bytes_;
  };
  class RandomAccess : public rocksdb::FSRandomAccessFileOwnerWrapper {
   public:
    RandomAccess(std::unique_ptr<rocksdb::FSRandomAccessFile> file, std::atomic<uint64_t>* read_bytes)
        : FSRandomAccessFileOwnerWrapper(std::move(file)), read_bytes_(read_bytes) {}
    rocksdb::IOStatus Read(uint64_t offset, size_t size, const rocksdb::IOOptions& options, rocksdb::Slice* result,
                           char* scratch, rocksdb::IODebugContext* debug) const override {
      rocksdb::IOStatus status = FSRandomAccessFileOwnerWrapper::Read(offset, size, options, result, scratch, debug);
      if (status.ok()) *read_bytes_ += result->size();
      return status;
    }

   private:
    std::atomic<uint64_t>* const read_bytes_;
  };

  std::atomic<uint64_t> read_bytes_{0};
};

}  // namespace gneiss
