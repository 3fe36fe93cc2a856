// A TableFile is one table of a Version: what the manifest says of it, its reader once opened, and its life on disk.
//
// Owner:   shared by every Version that names it. When the last reference goes and the table was marked obsolete, its
//          number and what it leaves in memory are handed to the FileReaper, which deletes both from a background
//          thread.
// Threads: meta() is immutable; the rest is safe from any thread, fields marked so excepted.
// Errors:  opening a table can fail at any time; the caller gets the Status and may try again.
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
#include "engine/iter/range_tombstones.h"
#include "engine/memtable/filter.h"
#include "engine/table/table_reader.h"
#include "engine/version/version_edit.h"

namespace gneiss {

class TableFile;
class TableRemains;
using TableFilePtr = std::shared_ptr<TableFile>;

// Told of files that nobody needs any more. Must not block: it may be called by a reader's thread.
class FileReaper {
 public:
  virtual ~FileReaper() = default;
  virtual void TableUnreferenced(uint64_t number, const std::string& directory,
                                 std::unique_ptr<TableRemains> remains) = 0;
  virtual void BlobFileUnreferenced(uint64_t number, const std::string& path) = 0;
};

// Opens tables and bounds how many are open. One per column family (its TableReadConfig), over the database's shared
// budget of open files.
class TableOpener {
 public:
  struct Config {
    FileSystem* fs = nullptr;
    FileOptions file_options;
    std::vector<std::string> paths;  // by path_id; never empty
    TableReadConfig read;
    bool advise_random = true;           // advise_random_on_open
    bool verifies_unique_ids = true;     // a table's own against the MANIFEST's, where that knows one
    std::shared_ptr<Cache> open_tables;  // null: tables stay open; else one charge per table
    // Null: the cache is used. False: new tables stay open although there is a cache (max_open_files = -1); may change.
    std::shared_ptr<const std::atomic<bool>> is_open_limited;
    uint64_t column_family_tag = 0;  // makes keys in open_tables distinct
  };
  explicit TableOpener(Config config) : config_(std::move(config)) {}

  const Config& config() const { return config_; }
  bool IsOpenLimited() const {
    return config_.open_tables != nullptr &&
           (config_.is_open_limited == nullptr || config_.is_open_limited->load(std::memory_order_relaxed));
  }
  // `cache_id`: TableReader::OpenParams.
  Status Open(const TableMeta& meta, int level, uint64_t cache_id, std::unique_ptr<TableReader>* reader) const;
  const std::string& DirectoryOf(const TableMeta& meta) const;
  std::string PathOf(const TableMeta& meta) const;  // the legacy .ldb name when only that exists

  // What a value takes up in its file, on average over the family's tables seen so far; 0 when there was none.
  uint64_t AverageValueBytes() const;
  void NoteValues(const TableProperties& properties, uint64_t file_bytes) const;

 private:
  Status CheckUniqueId(const TableMeta& meta, const TableProperties& properties) const;
  Status OpenFile(const TableMeta& meta, std::string* path, std::unique_ptr<RandomAccessFile>* file) const;

  const Config config_;
  mutable std::atomic<uint64_t> values_seen_{0};
  mutable std::atomic<uint64_t> value_bytes_seen_{0};
  mutable std::atomic<uint64_t> raw_bytes_seen_{0};
  mutable std::atomic<uint64_t> file_bytes_seen_{0};
};

// Keeps a reader open for as long as it lives. Must not outlive the TableFile it came from.
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

// What a table that nobody will read again leaves in memory: its reader and its blocks in the block cache. They go when
// this does, which takes a while for a table of many blocks.
class TableRemains {
 public:
  TableRemains(std::shared_ptr<const TableOpener> opener, uint64_t number, std::unique_ptr<const TableReader> reader)
      : opener_(std::move(opener)), number_(number), reader_(std::move(reader)) {}
  ~TableRemains();
  TableRemains(const TableRemains&) = delete;
  TableRemains& operator=(const TableRemains&) = delete;

 private:
  const std::shared_ptr<const TableOpener> opener_;  // readers borrow its configuration
  const uint64_t number_;
  std::unique_ptr<const TableReader> reader_;  // null: none is open, or the opener's cache has it
};

class TableFile {
 public:
  // `reaper` may be null. `cache_id` is under which the table's blocks lie in the block cache already; 0: none do.
  TableFile(TableMeta meta, std::shared_ptr<const TableOpener> opener, std::shared_ptr<FileReaper> reaper,
            uint64_t cache_id = 0);
  ~TableFile();
  TableFile(const TableFile&) = delete;
  TableFile& operator=(const TableFile&) = delete;

  const TableMeta& meta() const { return meta_; }
  // MemoryLimit: there is no room for this in the cache that it counts against.
  Status CheckRoom() const;
  Slice smallest_user_key() const { return meta_.smallest.user_key(); }
  Slice largest_user_key() const { return meta_.largest.user_key(); }
  // True when the largest key is the end of a range tombstone and no entry of that user key lies here.
  bool EndsBeforeLargest() const { return HasExclusiveEnd() && !MayHoldNewerThanEnd(); }
  StatsSink* stats() const { return opener_->config().read.stats; }

  // A filter of all user keys of its point entries, from the memtable that it was made of. Before others see the table.
  void SetKeyFilter(std::shared_ptr<const MemtableFilter> filter) { key_filter_ = std::move(filter); }
  // True when the table has nothing to say of the user key with this hash: neither an entry nor a range tombstone.
  bool CertainlyLacks(uint64_t hash) const {
    return key_filter_ != nullptr && !key_filter_->MayContain(hash) && tombstones() == Tombstones::kNone;
  }
  // Of what stays when the reader is closed.
  size_t MemoryUsage() const { return key_filter_ == nullptr ? 0 : key_filter_->MemoryBytes(); }

  // Opens the table at its first use. Lock-free once open (with open_tables: one cache look-up). With `cache_only` a
  // table that is not open gives Incomplete.
  Status Reader(int level, ReaderRef* reader, bool cache_only = false) const EXCLUDES(open_mutex_);
  // The open reader, or null: for the hot path of Get and for properties that must not do I/O.
  const TableReader* ReaderIfOpen() const { return reader_.load(std::memory_order_acquire); }

  // Told by whoever wrote the table, else when it is opened for the first time; later calls change nothing.
  void NoteProperties(const TableProperties& properties) const;
  // Whether the table holds range tombstones is known from its properties.
  enum class Tombstones : uint8_t { kUnknown, kNone, kSome };
  Tombstones tombstones() const { return tombstones_.load(std::memory_order_relaxed); }
  // The newest range tombstone of this table with seq <= read_seq over the key, or 0. `reader` is this table's; the
  // tombstones are kept in memory from the first call on.
  Status CoveringSeq(const TableReader& reader, const ReadParams& params, Slice user_key, SeqNo read_seq,
                     SeqNo* seq) const;
  // The table's range tombstones, likewise kept.
  Status TombstonesOf(const TableReader& reader, const ReadParams& params, const RangeTombstoneList** list) const {
    return LoadTombstones(reader, params, list);
  }
  // Every range tombstone, cut to the table's key range: beyond it lie entries of other tables, whose sequence numbers
  // a compaction may have set to zero. The slices hold during the call only.
  using AddTombstone = std::function<void(Slice start, Slice end, SeqNo seq)>;
  Status ForEachTombstone(int level, const ReadParams& params, const AddTombstone& add) const;

  // From now on the file goes when the last reference does. Called once the edit that removes it is durable.
  void MarkObsolete() { is_obsolete_.store(true, std::memory_order_release); }

  // A job has taken this table as input. Changes under the database's state mutex only; metadata calls read it without.
  std::atomic<bool> is_being_compacted{false};
  // Likewise: a caller asked for this table to be compacted soon (SuggestCompactRange). Not kept in the MANIFEST.
  std::atomic<bool> is_suggested_for_compaction{false};
  // Size with weight for deletions, as RocksDB's compensated_file_size: in a table with more tombstones than values
  // each surplus tombstone counts as two average values, for the bytes that compacting it will free. The file's size
  // until the properties are known.
  uint64_t CompensatedBytes() const;

 private:
  // RocksDB's end of a table that a range tombstone reaches over: (user key, highest seq, range delete).
  static constexpr uint64_t kExclusiveEnd = PackTrailer(kSeqMax, Kind::kRangeDelete);

  bool HasExclusiveEnd() const { return TrailerOf(meta_.largest.Encode()) == kExclusiveEnd; }
  bool MayHoldNewerThanEnd() const;
  Status OpenForGood(int level, ReaderRef* reader) const REQUIRES(open_mutex_);
  bool FindInCache(Slice key, ReaderRef* reader) const;
  Status OpenIntoCache(Slice key, int level, ReaderRef* reader) const REQUIRES(open_mutex_);
  Status LoadTombstones(const TableReader& reader, const ReadParams& params, const RangeTombstoneList** list) const;

  const TableMeta meta_;
  const std::shared_ptr<const TableOpener> opener_;
  const std::shared_ptr<FileReaper> reaper_;
  const uint64_t cache_id_;  // under which its blocks lie in the block cache, however often it is opened
  ChargedBytes charged_;
  bool has_room_ = true;
  mutable Mutex open_mutex_;
  // What every point read looks at lies together.
  mutable std::atomic<const TableReader*> reader_{nullptr};
  std::shared_ptr<const MemtableFilter> key_filter_;  // may be null
  mutable std::atomic<Tombstones> tombstones_{Tombstones::kUnknown};
  mutable std::atomic<uint64_t> surplus_deletions_{0};
  mutable std::atomic<const RangeTombstoneList*> tombstone_list_{nullptr};
  std::atomic<bool> is_obsolete_{false};
};

}  // namespace gneiss
