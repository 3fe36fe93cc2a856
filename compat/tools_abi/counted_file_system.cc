#include "compat/tools_abi/counted_file_system.h"

namespace rocksdb {

namespace {

// Counts a success and hands the status on.
IOStatus CountIfOk(IOStatus status, std::atomic<int>* counter) {
  if (status.ok()) counter->fetch_add(1, std::memory_order_relaxed);
  return status;
}

class CountedSequentialFile : public FSSequentialFileOwnerWrapper {
 public:
  CountedSequentialFile(std::unique_ptr<FSSequentialFile>&& file, FileOpCounters* counters)
      : FSSequentialFileOwnerWrapper(std::move(file)), counters_(counters) {}
  ~CountedSequentialFile() override { ++counters_->closes; }
  IOStatus Read(size_t size, const IOOptions& options, Slice* result, char* scratch, IODebugContext* debug) override {
    IOStatus status = target()->Read(size, options, result, scratch, debug);
    counters_->reads.Record(status, result->size());
    return status;
  }
  IOStatus PositionedRead(uint64_t offset, size_t size, const IOOptions& options, Slice* result, char* scratch,
                          IODebugContext* debug) override {
    IOStatus status = target()->PositionedRead(offset, size, options, result, scratch, debug);
    counters_->reads.Record(status, result->size());
    return status;
  }

 private:
  FileOpCounters* counters_;
};

class CountedRandomAccessFile : public FSRandomAccessFileOwnerWrapper {
 public:
  CountedRandomAccessFile(std::unique_ptr<FSRandomAccessFile>&& file, FileOpCounters* counters)
      : FSRandomAccessFileOwnerWrapper(std::move(file)), counters_(counters) {}
  ~CountedRandomAccessFile() override { ++counters_->closes; }
  IOStatus Read(uint64_t offset, size_t size, const IOOptions& options, Slice* result, char* scratch,
                IODebugContext* debug) const override {
    IOStatus status = target()->Read(offset, size, options, result, scratch, debug);
    counters_->reads.Record(status, result->size());
    return status;
  }
  IOStatus MultiRead(FSReadRequest* requests, size_t count, const IOOptions& options, IODebugContext* debug) override {
    IOStatus status = target()->MultiRead(requests, count, options, debug);
    for (size_t i = 0; i < count; ++i) counters_->reads.Record(requests[i].status, requests[i].result.size());
    return status;
  }

 private:
  FileOpCounters* counters_;
};

class CountedWritableFile : public FSWritableFileOwnerWrapper {
 public:
  CountedWritableFile(std::unique_ptr<FSWritableFile>&& file, FileOpCounters* counters)
      : FSWritableFileOwnerWrapper(std::move(file)), counters_(counters) {}
  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    return Written(target()->Append(data, options, debug), data);
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const DataVerificationInfo& info,
                  IODebugContext* debug) override {
    return Written(target()->Append(data, options, info, debug), data);
  }
  IOStatus PositionedAppend(const Slice& data, uint64_t offset, const IOOptions& options,
                            IODebugContext* debug) override {
    return Written(target()->PositionedAppend(data, offset, options, debug), data);
  }
  IOStatus PositionedAppend(const Slice& data, uint64_t offset, const IOOptions& options,
                            const DataVerificationInfo& info, IODebugContext* debug) override {
    return Written(target()->PositionedAppend(data, offset, options, info, debug), data);
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    return CountIfOk(target()->Close(options, debug), &counters_->closes);
  }
  IOStatus Flush(const IOOptions& options, IODebugContext* debug) override {
    return CountIfOk(target()->Flush(options, debug), &counters_->flushes);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return CountIfOk(target()->Sync(options, debug), &counters_->syncs);
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return CountIfOk(target()->Fsync(options, debug), &counters_->fsyncs);
  }
  IOStatus RangeSync(uint64_t offset, uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    return CountIfOk(target()->RangeSync(offset, size, options, debug), &counters_->syncs);
  }

 private:
  IOStatus Written(IOStatus status, const Slice& data) {
    counters_->writes.Record(status, data.size());
    return status;
  }

  FileOpCounters* counters_;
};

class CountedRandomRWFile : public FSRandomRWFileOwnerWrapper {
 public:
  CountedRandomRWFile(std::unique_ptr<FSRandomRWFile>&& file, FileOpCounters* counters)
      : FSRandomRWFileOwnerWrapper(std::move(file)), counters_(counters) {}
  IOStatus Write(uint64_t offset, const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    IOStatus status = target()->Write(offset, data, options, debug);
    counters_->writes.Record(status, data.size());
    return status;
  }
  IOStatus Read(uint64_t offset, size_t size, const IOOptions& options, Slice* result, char* scratch,
                IODebugContext* debug) const override {
    IOStatus status = target()->Read(offset, size, options, result, scratch, debug);
    counters_->reads.Record(status, result->size());
    return status;
  }
  IOStatus Flush(const IOOptions& options, IODebugContext* debug) override {
    return CountIfOk(target()->Flush(options, debug), &counters_->flushes);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return CountIfOk(target()->Sync(options, debug), &counters_->syncs);
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return CountIfOk(target()->Fsync(options, debug), &counters_->fsyncs);
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    return CountIfOk(target()->Close(options, debug), &counters_->closes);
  }

 private:
  FileOpCounters* counters_;
};

// A directory may be closed by hand or by its destructor; either counts once.
class CountedDirectory : public FSDirectoryWrapper {
 public:
  CountedDirectory(std::unique_ptr<FSDirectory>&& directory, FileOpCounters* counters)
      : FSDirectoryWrapper(std::move(directory)), counters_(counters) {}
  ~CountedDirectory() override {
    if (!is_closed_) CountClose();
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return CountIfOk(FSDirectoryWrapper::Fsync(options, debug), &counters_->dsyncs);
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const DirFsyncOptions& dir_options) override {
    return CountIfOk(FSDirectoryWrapper::FsyncWithDirOptions(options, debug, dir_options), &counters_->dsyncs);
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    IOStatus status = FSDirectoryWrapper::Close(options, debug);
    if (status.ok()) CountClose();
    return status;
  }

 private:
  void CountClose() {
    ++counters_->closes;
    ++counters_->dir_closes;
    is_closed_ = true;
  }

  FileOpCounters* counters_;
  bool is_closed_ = false;
};

// Counts the opening and puts the counting file Counted around `base`.
template <class Counted, class Base>
IOStatus Opened(IOStatus status, std::unique_ptr<Base>&& base, FileOpCounters* counters, std::unique_ptr<Base>* file) {
  if (!status.ok()) return status;
  ++counters->opens;
  *file = std::make_unique<Counted>(std::move(base), counters);
  return status;
}

}  // namespace

std::string FileOpCounters::PrintCounters() const {
  std::string text;
  auto add = [&text](const char* what, uint64_t count) {
    text.append("Num ").append(what).append(": ").append(std::to_string(count)).append("\n");
  };
  add("files opened", opens);
  add("files deleted", deletes);
  add("files renamed", renames);
  add("Flush()", flushes);
  add("Sync()", syncs);
  add("Fsync()", fsyncs);
  add("Dir Fsync()", dsyncs);
  add("Close()", closes);
  add("Dir Open()", dir_opens);
  add("Dir Close()", dir_closes);
  add("Read()", reads.ops);
  add("Append()", writes.ops);
  add("bytes read", reads.bytes);
  add("bytes written", writes.bytes);
  return text;
}

CountedFileSystem::CountedFileSystem(const std::shared_ptr<FileSystem>& base) : FileSystemWrapper(base) {}

const void* CountedFileSystem::GetOptionsPtr(const std::string& name) const {
  return name == "FileOpCounters" ? &counters_ : FileSystemWrapper::GetOptionsPtr(name);
}

IOStatus CountedFileSystem::NewSequentialFile(const std::string& name, const FileOptions& options,
                                              std::unique_ptr<FSSequentialFile>* file, IODebugContext* debug) {
  std::unique_ptr<FSSequentialFile> base;
  IOStatus status = target()->NewSequentialFile(name, options, &base, debug);
  return Opened<CountedSequentialFile>(std::move(status), std::move(base), &counters_, file);
}

IOStatus CountedFileSystem::NewRandomAccessFile(const std::string& name, const FileOptions& options,
                                                std::unique_ptr<FSRandomAccessFile>* file, IODebugContext* debug) {
  std::unique_ptr<FSRandomAccessFile> base;
  IOStatus status = target()->NewRandomAccessFile(name, options, &base, debug);
  return Opened<CountedRandomAccessFile>(std::move(status), std::move(base), &counters_, file);
}

IOStatus CountedFileSystem::NewWritableFile(const std::string& name, const FileOptions& options,
                                            std::unique_ptr<FSWritableFile>* file, IODebugContext* debug) {
  std::unique_ptr<FSWritableFile> base;
  IOStatus status = target()->NewWritableFile(name, options, &base, debug);
  return Opened<CountedWritableFile>(std::move(status), std::move(base), &counters_, file);
}

IOStatus CountedFileSystem::ReopenWritableFile(const std::string& name, const FileOptions& options,
                                               std::unique_ptr<FSWritableFile>* file, IODebugContext* debug) {
  std::unique_ptr<FSWritableFile> base;
  IOStatus status = target()->ReopenWritableFile(name, options, &base, debug);
  return Opened<CountedWritableFile>(std::move(status), std::move(base), &counters_, file);
}

IOStatus CountedFileSystem::ReuseWritableFile(const std::string& name, const std::string& old_name,
                                              const FileOptions& options, std::unique_ptr<FSWritableFile>* file,
                                              IODebugContext* debug) {
  std::unique_ptr<FSWritableFile> base;
  IOStatus status = target()->ReuseWritableFile(name, old_name, options, &base, debug);
  return Opened<CountedWritableFile>(std::move(status), std::move(base), &counters_, file);
}

IOStatus CountedFileSystem::NewRandomRWFile(const std::string& name, const FileOptions& options,
                                            std::unique_ptr<FSRandomRWFile>* file, IODebugContext* debug) {
  std::unique_ptr<FSRandomRWFile> base;
  IOStatus status = target()->NewRandomRWFile(name, options, &base, debug);
  return Opened<CountedRandomRWFile>(std::move(status), std::move(base), &counters_, file);
}

IOStatus CountedFileSystem::NewDirectory(const std::string& name, const IOOptions& options,
                                         std::unique_ptr<FSDirectory>* directory, IODebugContext* debug) {
  std::unique_ptr<FSDirectory> base;
  IOStatus status = target()->NewDirectory(name, options, &base, debug);
  if (status.ok()) ++counters_.dir_opens;
  return Opened<CountedDirectory>(std::move(status), std::move(base), &counters_, directory);
}

IOStatus CountedFileSystem::DeleteFile(const std::string& name, const IOOptions& options, IODebugContext* debug) {
  return CountIfOk(target()->DeleteFile(name, options, debug), &counters_.deletes);
}

IOStatus CountedFileSystem::RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                                       IODebugContext* debug) {
  return CountIfOk(target()->RenameFile(from, to, options, debug), &counters_.renames);
}

}  // namespace rocksdb
