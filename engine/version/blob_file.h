// A BlobFile is one file of values that tables refer to: what the manifest says of it, its reader once opened, and its
// life on disk.
//
// Owner:   shared by every Version that has it. When the last reference goes and the file was marked obsolete, its path
//          is handed to the FileReaper, which deletes it from a background thread.
// Threads: safe from any thread.
// Errors:  opening can fail at any time; the reader of a value gets the Status and may try again.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "engine/base/mutex.h"
#include "engine/blob/blob_cache.h"
#include "engine/blob/blob_file_reader.h"
#include "engine/cache/cache.h"
#include "engine/table/table_options.h"
#include "engine/version/table_file.h"
#include "engine/version/version_edit.h"

namespace gneiss {

// What all blob files of a column family have in common.
class BlobFileOpener {
 public:
  struct Config {
    FileSystem* fs = nullptr;
    FileOptions file_options;
    std::string path;  // the directory; blob files lie in the family's first path
    uint32_t column_family_id = 0;
    StatsSink* stats = nullptr;
    Clock* clock = Clock::System();
    std::shared_ptr<Cache> cache;                              // of values; null: none
    std::shared_ptr<Cache> open_files;                         // as TableOpener's open_tables
    std::shared_ptr<const std::atomic<bool>> is_open_limited;  // as TableOpener's
  };
  explicit BlobFileOpener(Config config) : config_(std::move(config)) {}

  const Config& config() const { return config_; }
  bool IsOpenLimited() const {
    return config_.open_files != nullptr &&
           (config_.is_open_limited == nullptr || config_.is_open_limited->load(std::memory_order_relaxed));
  }
  std::string PathOf(uint64_t number) const;
  Status Open(uint64_t number, std::unique_ptr<BlobFileReader>* reader) const;
  // Of all BlobFiles that exist, also in Versions that only old readers hold.
  uint64_t AllFileBytes() const { return all_file_bytes_.load(std::memory_order_relaxed); }

 private:
  friend class BlobFile;
  const Config config_;
  mutable std::atomic<uint64_t> all_file_bytes_{0};
};

class BlobFile {
 public:
  // `reaper` may be null. `cache_id` is under which the file's values lie in the cache already; 0: none do.
  BlobFile(BlobFileMeta meta, std::shared_ptr<const BlobFileOpener> opener, std::shared_ptr<FileReaper> reaper,
           uint64_t cache_id = 0);
  ~BlobFile();
  BlobFile(const BlobFile&) = delete;
  BlobFile& operator=(const BlobFile&) = delete;

  const BlobFileMeta& meta() const { return meta_; }
  const BlobFileOpener& opener() const { return *opener_; }

  // From the cache, or from the file: then into the cache where the parameters allow. `reference` is plain.
  Status Read(const ReadParams& params, Slice user_key, const BlobReference& reference, BlobReadAhead* ahead,
              PinnedValue* value) const;

  // From now on the file goes when the last reference does. Called once the edit that lets it go is durable.
  void MarkObsolete() { is_obsolete_.store(true, std::memory_order_release); }

 private:
  // Keeps a reader open while it is used.
  struct Opened {
    ~Opened();
    const BlobFileReader* reader = nullptr;
    Cache* cache = nullptr;
    Cache::Handle* handle = nullptr;
  };
  Status Reader(Opened* opened) const EXCLUDES(open_mutex_);
  bool FindOpen(Slice key, Opened* opened) const;

  const BlobFileMeta meta_;
  const std::shared_ptr<const BlobFileOpener> opener_;
  const std::shared_ptr<FileReaper> reaper_;
  const uint64_t cache_id_;
  mutable Mutex open_mutex_;
  mutable std::atomic<const BlobFileReader*> reader_{nullptr};
  std::atomic<bool> is_obsolete_{false};
};

using BlobFilePtr = std::shared_ptr<BlobFile>;

// A blob file as one Version has it.
struct BlobFileUse {
  BlobFilePtr file;
  uint64_t garbage_count = 0;
  uint64_t garbage_bytes = 0;
  std::vector<uint64_t> linked_tables;  // ascending: the tables of which this is the oldest blob file
};

}  // namespace gneiss
