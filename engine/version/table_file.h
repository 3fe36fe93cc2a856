// A TableFile is one table of a Version: what the manifest says of it, its reader once opened, and its life on disk.
//
// Owner:   shared by every Version that names it. When the last reference goes and the table was marked obsolete, its
// number
//          is handed to the FileReaper, which deletes the file from a background thread.
// Threads: meta() is immutable; the rest is safe from any thread, fields marked so excepted.
// Errors:  opening a table can fail at any time; the caller gets the Status.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/cache/cache.h"
#include "engine/io/file_system.h"
#include "engine/table/table_reader.h"
#include "engine/version/version_edit.h"

namespace gneiss {

class TableFile;
using TableFilePtr = std::shared_ptr<TableFile>;

// Told of files that nobody needs any more. Must not block: it may be called by a reader's thread.
class FileReaper {
 public:
  virtual ~FileReaper() = default;
  virtual void TableUnreferenced(uint64_t number, uint32_t path_id) = 0;
};

// Opens tables and bounds how many are open. One per column family (its TableReadConfig), over the database's shared
// budget of open files.
class TableOpener {
 public:
  struct Config {
    FileSystem* fs = nullptr;
    FileOptions file_options;
    std::vector<std::string> paths;  // by path_id
    TableReadConfig read;
    std::shared_ptr<Cache> open_tables;  // null: tables stay open (max_open_files = -1); else one charge per table
    uint64_t column_family_tag = 0;      // makes keys in open_tables distinct
  };
  explicit TableOpener(Config config);

  const Config& config() const { return config_; }
  Status Open(const TableMeta& meta, int level, std::unique_ptr<TableReader>* reader) const;
  std::string PathOf(const TableMeta& meta) const;  // tries the legacy .ldb name when .sst is missing

 private:
  const Config config_;
};

// Keeps a reader usable for as long as it lives.
class ReaderRef {
 public:
  ReaderRef() = default;
  ~ReaderRef() { Reset(); }
  ReaderRef(ReaderRef&& other) noexcept;
  ReaderRef& operator=(ReaderRef&& other) noexcept;
  const TableReader* operator->() const { return reader_; }
  const TableReader* get() const { return reader_; }
  void Reset();

 private:
  friend class TableFile;
  const TableReader* reader_ = nullptr;
  Cache* cache_ = nullptr;  // null: the reader belongs to the TableFile
  Cache::Handle* handle_ = nullptr;
};

class TableFile {
 public:
  TableFile(TableMeta meta, std::shared_ptr<const TableOpener> opener, FileReaper* reaper);
  ~TableFile();
  TableFile(const TableFile&) = delete;
  TableFile& operator=(const TableFile&) = delete;

  const TableMeta& meta() const { return meta_; }
  Slice smallest_user_key() const { return meta_.smallest.user_key(); }
  Slice largest_user_key() const { return meta_.largest.user_key(); }

  // Opens the table at its first use. Lock-free once open (with open_tables: one cache look-up).
  Status Reader(int level, ReaderRef* reader) const;
  // The open reader, or null: for the hot path of Get and for properties that must not do I/O.
  const TableReader* ReaderIfOpen() const { return reader_.load(std::memory_order_acquire); }

  // From now on the file goes when the last reference does. Called once the edit that removes it is durable.
  void MarkObsolete() { is_obsolete_.store(true, std::memory_order_release); }

  // Guarded by the database's state mutex: a job has taken this table as input.
  bool is_being_compacted = false;
  // Size with weight for deletions, as RocksDB's compensated_file_size; set when properties are known.
  uint64_t CompensatedBytes() const { return compensated_bytes_.load(std::memory_order_relaxed); }
  void NoteProperties(const TableProperties& properties);

 private:
  const TableMeta meta_;
  const std::shared_ptr<const TableOpener> opener_;
  FileReaper* const reaper_;  // may be null
  mutable Mutex open_mutex_;
  mutable std::atomic<const TableReader*> reader_{nullptr};
  std::atomic<bool> is_obsolete_{false};
  std::atomic<uint64_t> compensated_bytes_;
};

}  // namespace gneiss
