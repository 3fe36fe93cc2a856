// A FileSystem that counts what passes through it, for db_bench --report_file_operations.
//
// Layout:  as RocksDB 7.8.3's utilities/counted_fs.h: the program allocates CountedFileSystem and reads FileOpCounters.
// Units:   operations; OpCounter::bytes counts bytes moved.
// Owner:   shares the file system below. Files point at the counters, so they must not outlive it.
// Threads: counters are atomic.
// Errors:  passed through. An operation that is NotSupported is not counted.
#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <memory>
#include <string>

namespace rocksdb {

struct OpCounter {
  std::atomic<int> ops{0};
  std::atomic<uint64_t> bytes{0};

  void Record(const IOStatus& status, size_t size) {
    if (!status.IsNotSupported()) ops.fetch_add(1, std::memory_order_relaxed);
    if (status.ok()) bytes.fetch_add(size, std::memory_order_relaxed);
  }
};

struct FileOpCounters {
  std::atomic<int> opens{0};
  std::atomic<int> closes{0};
  std::atomic<int> deletes{0};
  std::atomic<int> renames{0};
  std::atomic<int> flushes{0};
  std::atomic<int> syncs{0};
  std::atomic<int> dsyncs{0};
  std::atomic<int> fsyncs{0};
  std::atomic<int> dir_opens{0};
  std::atomic<int> dir_closes{0};
  OpCounter reads;
  OpCounter writes;

  std::string PrintCounters() const;
};
static_assert(sizeof(FileOpCounters) == 72);

class CountedFileSystem : public FileSystemWrapper {
 public:
  explicit CountedFileSystem(const std::shared_ptr<FileSystem>& base);
  const char* Name() const override { return "CountedFileSystem"; }
  // The program asks for "FileOpCounters".
  const void* GetOptionsPtr(const std::string& name) const override;

  IOStatus NewSequentialFile(const std::string& name, const FileOptions& options,
                             std::unique_ptr<FSSequentialFile>* file, IODebugContext* debug) override;
  IOStatus NewRandomAccessFile(const std::string& name, const FileOptions& options,
                               std::unique_ptr<FSRandomAccessFile>* file, IODebugContext* debug) override;
  IOStatus NewWritableFile(const std::string& name, const FileOptions& options, std::unique_ptr<FSWritableFile>* file,
                           IODebugContext* debug) override;
  IOStatus ReopenWritableFile(const std::string& name, const FileOptions& options,
                              std::unique_ptr<FSWritableFile>* file, IODebugContext* debug) override;
  IOStatus ReuseWritableFile(const std::string& name, const std::string& old_name, const FileOptions& options,
                             std::unique_ptr<FSWritableFile>* file, IODebugContext* debug) override;
  IOStatus NewRandomRWFile(const std::string& name, const FileOptions& options, std::unique_ptr<FSRandomRWFile>* file,
                           IODebugContext* debug) override;
  IOStatus NewDirectory(const std::string& name, const IOOptions& options, std::unique_ptr<FSDirectory>* directory,
                        IODebugContext* debug) override;
  IOStatus DeleteFile(const std::string& name, const IOOptions& options, IODebugContext* debug) override;
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* debug) override;

 private:
  FileOpCounters counters_;
};
static_assert(sizeof(CountedFileSystem) == 120);

}  // namespace rocksdb
