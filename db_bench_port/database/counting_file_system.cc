#include "db_bench_port/database/counting_file_system.h"

#include <utility>

namespace bench {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;
using Counters = CountingFileSystem::Counters;
using Counter = std::atomic<uint64_t>;

IOStatus Counted(IOStatus status, Counter* calls, Counter* bytes = nullptr, uint64_t amount = 0) {
  if (status.ok()) {
    calls->fetch_add(1, std::memory_order_relaxed);
    if (bytes != nullptr) bytes->fetch_add(amount, std::memory_order_relaxed);
  }
  return status;
}

class CountedSequentialFile : public rocksdb::FSSequentialFileOwnerWrapper {
 public:
  CountedSequentialFile(std::unique_ptr<rocksdb::FSSequentialFile>&& file, Counters* counters)
      : FSSequentialFileOwnerWrapper(std::move(file)), counters_(counters) {}
  IOStatus Read(size_t n, const IOOptions& options, Slice* result, char* scratch, IODebugContext* debug) override {
    return CountRead(target()->Read(n, options, result, scratch, debug), *result);
  }
  IOStatus PositionedRead(uint64_t offset, size_t n, const IOOptions& options, Slice* result, char* scratch,
                          IODebugContext* debug) override {
    return CountRead(target()->PositionedRead(offset, n, options, result, scratch, debug), *result);
  }

 private:
  IOStatus CountRead(IOStatus status, const Slice& result) {
    return Counted(std::move(status), &counters_->reads, &counters_->bytes_read, result.size());
  }
  Counters* counters_;
};

class CountedRandomAccessFile : public rocksdb::FSRandomAccessFileOwnerWrapper {
 public:
  CountedRandomAccessFile(std::unique_ptr<rocksdb::FSRandomAccessFile>&& file, Counters* counters)
      : FSRandomAccessFileOwnerWrapper(std::move(file)), counters_(counters) {}
  IOStatus Read(uint64_t offset, size_t n, const IOOptions& options, Slice* result, char* scratch,
                IODebugContext* debug) const override {
    IOStatus status = target()->Read(offset, n, options, result, scratch, debug);
    return Counted(std::move(status), &counters_->reads, &counters_->bytes_read, result->size());
  }
  IOStatus MultiRead(rocksdb::FSReadRequest* requests, size_t count, const IOOptions& options,
                     IODebugContext* debug) override {
    IOStatus status = target()->MultiRead(requests, count, options, debug);
    for (size_t i = 0; i < count && status.ok(); ++i) {
      Counted(requests[i].status, &counters_->reads, &counters_->bytes_read, requests[i].result.size())
          .PermitUncheckedError();
    }
    return status;
  }

 private:
  Counters* counters_;
};

class CountedWritableFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  CountedWritableFile(std::unique_ptr<rocksdb::FSWritableFile>&& file, Counters* counters)
      : FSWritableFileOwnerWrapper(std::move(file)), counters_(counters) {}
  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    return CountWrite(target()->Append(data, options, debug), data);
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo& verification,
                  IODebugContext* debug) override {
    return CountWrite(target()->Append(data, options, verification, debug), data);
  }
  IOStatus PositionedAppend(const Slice& data, uint64_t offset, const IOOptions& options,
                            IODebugContext* debug) override {
    return CountWrite(target()->PositionedAppend(data, offset, options, debug), data);
  }
  IOStatus PositionedAppend(const Slice& data, uint64_t offset, const IOOptions& options,
                            const rocksdb::DataVerificationInfo& verification, IODebugContext* debug) override {
    return CountWrite(target()->PositionedAppend(data, offset, options, verification, debug), data);
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    return Counted(target()->Close(options, debug), &counters_->closes);
  }
  IOStatus Flush(const IOOptions& options, IODebugContext* debug) override {
    return Counted(target()->Flush(options, debug), &counters_->flushes);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return Counted(target()->Sync(options, debug), &counters_->syncs);
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return Counted(target()->Fsync(options, debug), &counters_->fsyncs);
  }

 private:
  IOStatus CountWrite(IOStatus status, const Slice& data) {
    return Counted(std::move(status), &counters_->appends, &counters_->bytes_written, data.size());
  }
  Counters* counters_;
};

class CountedDirectory : public rocksdb::FSDirectoryWrapper {
 public:
  CountedDirectory(std::unique_ptr<rocksdb::FSDirectory>&& directory, Counters* counters)
      : FSDirectoryWrapper(std::move(directory)), counters_(counters) {}
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return Counted(FSDirectoryWrapper::Fsync(options, debug), &counters_->directory_syncs);
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions& directory_options) override {
    return Counted(FSDirectoryWrapper::FsyncWithDirOptions(options, debug, directory_options),
                   &counters_->directory_syncs);
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    return Counted(FSDirectoryWrapper::Close(options, debug), &counters_->directory_closes);
  }

 private:
  Counters* counters_;
};

// Puts the counting file around the one that was opened.
template <typename Counting, typename File>
IOStatus Wrapped(IOStatus status, std::unique_ptr<File>* file, Counter* opens, Counters* counters) {
  if (status.ok()) file->reset(new Counting(std::move(*file), counters));
  return Counted(std::move(status), opens);
}

}  // namespace

IOStatus CountingFileSystem::NewSequentialFile(const std::string& name, const rocksdb::FileOptions& options,
                                               std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                               IODebugContext* debug) {
  return Wrapped<CountedSequentialFile>(target()->NewSequentialFile(name, options, file, debug), file, &counters_.opens,
                                        &counters_);
}

IOStatus CountingFileSystem::NewRandomAccessFile(const std::string& name, const rocksdb::FileOptions& options,
                                                 std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                                 IODebugContext* debug) {
  return Wrapped<CountedRandomAccessFile>(target()->NewRandomAccessFile(name, options, file, debug), file,
                                          &counters_.opens, &counters_);
}

IOStatus CountingFileSystem::NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                             std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) {
  return Wrapped<CountedWritableFile>(target()->NewWritableFile(name, options, file, debug), file, &counters_.opens,
                                      &counters_);
}

IOStatus CountingFileSystem::ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                                std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) {
  return Wrapped<CountedWritableFile>(target()->ReopenWritableFile(name, options, file, debug), file, &counters_.opens,
                                      &counters_);
}

IOStatus CountingFileSystem::ReuseWritableFile(const std::string& name, const std::string& old_name,
                                               const rocksdb::FileOptions& options,
                                               std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) {
  return Wrapped<CountedWritableFile>(target()->ReuseWritableFile(name, old_name, options, file, debug), file,
                                      &counters_.opens, &counters_);
}

IOStatus CountingFileSystem::NewDirectory(const std::string& name, const IOOptions& options,
                                          std::unique_ptr<rocksdb::FSDirectory>* directory, IODebugContext* debug) {
  return Wrapped<CountedDirectory>(target()->NewDirectory(name, options, directory, debug), directory,
                                   &counters_.directory_opens, &counters_);
}

IOStatus CountingFileSystem::DeleteFile(const std::string& name, const IOOptions& options, IODebugContext* debug) {
  return Counted(target()->DeleteFile(name, options, debug), &counters_.deletes);
}

IOStatus CountingFileSystem::RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                                        IODebugContext* debug) {
  return Counted(target()->RenameFile(from, to, options, debug), &counters_.renames);
}

std::string CountingFileSystem::TakeReport() {
  const std::pair<const char*, Counter*> lines[] = {{"Num files opened: ", &counters_.opens},
                                                    {"Num files deleted: ", &counters_.deletes},
                                                    {"Num files renamed: ", &counters_.renames},
                                                    {"Num Flush(): ", &counters_.flushes},
                                                    {"Num Sync(): ", &counters_.syncs},
                                                    {"Num Fsync(): ", &counters_.fsyncs},
                                                    {"Num Dir Fsync(): ", &counters_.directory_syncs},
                                                    {"Num Close(): ", &counters_.closes},
                                                    {"Num Dir Open(): ", &counters_.directory_opens},
                                                    {"Num Dir Close(): ", &counters_.directory_closes},
                                                    {"Num Read(): ", &counters_.reads},
                                                    {"Num Append(): ", &counters_.appends},
                                                    {"Num bytes read: ", &counters_.bytes_read},
                                                    {"Num bytes written: ", &counters_.bytes_written}};
  std::string report;
  for (const auto& [title, counter] : lines) report += title + std::to_string(counter->exchange(0)) + "\n";
  return report;
}

}  // namespace bench
