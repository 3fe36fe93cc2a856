// What a database and its column families are told at open, already resolved from the user's options. Each component
// takes the part it needs; none reads rocksdb's option structs.
//
// Units:   as the names say.
// Owner:   raw pointers belong to the caller and outlive the Database.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/compression.h"
#include "engine/base/logger.h"
#include "engine/base/memory_budget.h"
#include "engine/base/stats.h"
#include "engine/compaction/compaction_config.h"
#include "engine/compaction/table_output.h"
#include "engine/db/events.h"
#include "engine/db/file_space.h"
#include "engine/db/wal_filter.h"
#include "engine/io/file_checksum.h"
#include "engine/io/file_system.h"
#include "engine/table/table_options.h"
#include "engine/wal/log_reader.h"

namespace gneiss {

inline constexpr const char* kDefaultFamilyName = "default";
// Where RocksDB keeps its statistics when asked to. Nobody names it at opening; it is carried along unread.
inline constexpr const char* kStatsFamilyName = "___rocksdb_stats_history___";

struct FamilyConfig {
  KeyOrder order;
  size_t write_buffer_bytes = size_t{64} << 20;
  int write_buffers_max = 2;           // active and sealed memtables; writes stop at the limit
  int write_buffers_to_merge_min = 1;  // sealed memtables that make a flush worth while
  size_t arena_block_bytes = size_t{1} << 20;
  bool wants_huge_pages = false;         // under memtables whose blocks are whole huge pages
  size_t successive_merges_max = 0;      // so many operands of a key in the memtable, then they are folded; 0: no limit
  uint64_t skips_before_reseek_max = 8;  // hidden versions stepped over before an iterator seeks
  CompactionConfig compaction;
  TableFormat table_format;
  std::vector<std::shared_ptr<const PropertyCollectorFactory>> property_collectors;
  TableReadConfig table_read;
  std::shared_ptr<Cache> blob_cache;  // of values in blob files; null: none
  std::vector<std::string> paths;     // by path_id; empty: the database's directory
};

struct FamilyDescriptor {
  std::string name = kDefaultFamilyName;
  FamilyConfig config;
};

struct DatabaseConfig {
  bool create_if_missing = false;
  bool create_missing_families = false;
  bool error_if_exists = false;
  bool is_read_only = false;              // no lock, no recovery writes, no background work
  bool is_secondary = false;              // read-only, following another process that writes (CatchUp)
  bool error_if_wal_file_exists = false;  // read-only opens only
  bool is_best_efforts = false;  // families with lost files go back to where none is missing; logs are not read
  bool paranoid_checks = true;
  bool verifies_unique_ids = true;     // of tables, when they are opened
  bool requires_options_file = false;  // a call whose OPTIONS file could not be written fails; else that is logged
  FileSystem* fs = FileSystem::Posix();
  FileOptions file_options;
  Clock* clock = Clock::System();
  Logger* logger = nullptr;
  StatsSink* stats = nullptr;
  EventSink* events = nullptr;
  RateLimit* rate_limit = nullptr;
  FileSpace* file_space = nullptr;  // null: space has no limit, files are deleted at once
  int background_flushes_max = 1;
  int background_compactions_max = 1;
  int max_open_files = -1;  // -1: tables stay open
  std::string wal_dir;      // empty: the database's directory
  WalRecoveryMode wal_recovery_mode = WalRecoveryMode::kPointInTimeRecovery;
  uint64_t wal_bytes_max = 0;  // of all live logs; 0: four times all write buffers
  bool manual_wal_flush = false;
  uint64_t wal_ttl_seconds = 0;       // logs no longer needed stay in archive/ so long
  uint64_t wal_size_limit_bytes = 0;  // and while they take no more than this; both 0: no archive
  Compression wal_compression = Compression::kNone;
  // Log records carry their log's number. Files of old logs are deleted all the same: RocksDB 7.8.3 never ends reading
  // a log written over an old one in the only recovery mode in which it writes such.
  bool is_wal_recyclable = false;
  bool tracks_wals = false;                 // synced logs stand in the MANIFEST, and must be there at the next open
  FileChecksums* file_checksums = nullptr;  // of new tables, kept in the MANIFEST
  bool allow_2pc = false;                   // batches may hold two-phase markers; logs with prepared sections are kept
  WalFilter* wal_filter = nullptr;          // sees every record that recovery reads
  bool is_flush_atomic = false;             // families are flushed together, or not at all
  bool avoid_flush_during_recovery = false;
  bool avoid_flush_during_shutdown = false;
  bool allow_concurrent_memtable_write = true;
  uint64_t bytes_per_sync = 0;
  uint64_t wal_bytes_per_sync = 0;
  uint64_t write_group_bytes_max = uint64_t{1} << 20;
  std::shared_ptr<MemoryBudget> memtable_budget;  // of this and other databases; null: no limit
  uint64_t delayed_write_bytes_per_second = uint64_t{16} << 20;
  // After an error of which the file system says that it may go away, Resume is tried so often, with so much time
  // between.
  int recovery_tries_max = INT32_MAX;
  uint64_t recovery_wait_us = 1'000'000;
  // How much can still be written where the database lies; none when nobody knows. After a lack of space Resume is
  // tried when there is some again, also without end. Empty: it is not.
  std::function<std::optional<uint64_t>()> free_bytes;
  uint64_t manifest_bytes_max = uint64_t{1} << 30;
  uint64_t manifest_allocate_ahead_bytes = uint64_t{4} << 20;
  uint64_t info_log_seconds_between_stats = 600;
  bool write_db_id_to_manifest = false;
  std::string host_id;             // for table properties
  std::string session_id;          // for table properties; made by the caller
  std::vector<std::string> paths;  // db_paths by path_id; empty: the database's directory
  // The text of an OPTIONS file for the families now open; empty: no OPTIONS files are written.
  std::function<std::string(const std::vector<std::string>& family_names, const std::vector<uint32_t>& family_ids)>
      render_options_file;
};

// What of the config may change while the database is open (rocksdb::DB::SetDBOptions); the fields as above.
struct DatabaseTuning {
  int background_flushes_max = 1;
  int background_compactions_max = 1;
  int max_open_files = -1;
  uint64_t wal_bytes_max = 0;
  bool avoid_flush_during_shutdown = false;
  uint64_t bytes_per_sync = 0;
  uint64_t delayed_write_bytes_per_second = uint64_t{16} << 20;
};

}  // namespace gneiss
