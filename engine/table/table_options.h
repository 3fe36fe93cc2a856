// What a table writer and a table reader need to know: resolved once from the user's options.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/compression.h"
#include "engine/base/logger.h"
#include "engine/base/memory_charge.h"
#include "engine/base/stats.h"
#include "engine/cache/cache.h"
#include "engine/filter/filter.h"
#include "engine/key/key_order.h"
#include "engine/key/prefix_extractor.h"
#include "engine/table/property_collector.h"
#include "engine/table/table_properties.h"

namespace gneiss {

class BlockCutterFactory;  // block_cutter.h

// The byte in the footer; RocksDB's ChecksumType numbers.
enum class ChecksumType : uint8_t { kNone = 0, kCrc32c = 1, kXxHash = 2, kXxHash64 = 3, kXxh3 = 4 };
enum class IndexType : uint8_t { kBinarySearch = 0, kHashSearch = 1, kTwoLevel = 2, kBinaryWithFirstKey = 3 };
enum class IndexShortening : uint8_t { kNone, kSeparators, kSeparatorsAndSuccessor };

// How the blocks of new tables look: block_based_table_factory's options, with RocksDB's defaults.
struct TableFormat {
  uint32_t format_version = 5;
  ChecksumType checksum = ChecksumType::kXxh3;
  size_t block_bytes = 4096;
  int block_size_deviation_percent = 10;
  int restart_interval = 16;
  int index_restart_interval = 1;
  uint64_t metadata_block_bytes = 4096;
  IndexType index_type = IndexType::kBinarySearch;
  IndexShortening index_shortening = IndexShortening::kSeparators;
  bool partition_filters = false;
  bool delta_encode_keys = true;
  bool whole_key_filtering = true;
  bool block_align = false;
  bool data_block_hash_index = false;
  double data_block_hash_ratio = 0.75;
  bool verify_compression = false;
  bool compress_index = true;
  std::shared_ptr<const BlockCutterFactory> block_cutters;  // null: blocks end by their size
  FilterConfig filter;
  std::shared_ptr<MemoryCharge> dictionary_charge;  // of blocks held back for a dictionary; null: they count nowhere
};

enum class MetaPinning : uint8_t { kNone, kLevel0, kAll };  // of no tables, of those of level 0, of all

// How tables are read: shared by all tables of a column family.
struct TableReadConfig {
  KeyOrder order;
  std::shared_ptr<Cache> block_cache;          // null: no cache, each read gets its own block
  bool cache_index_and_filter_blocks = false;  // else they are decoded at open and stay with the reader
  bool cache_index_and_filter_blocks_with_high_priority = true;
  // Of those in the cache, which stay as long as their table's reader: those without parts, and those with.
  MetaPinning pinning = MetaPinning::kNone;
  MetaPinning partition_pinning = MetaPinning::kNone;
  bool whole_key_filtering = true;
  std::shared_ptr<const PrefixExtractor> prefix_extractor;
  size_t readahead_initial_bytes = 8 << 10;  // doubles per sequential block, after two in a row
  size_t readahead_max_bytes = 256 << 10;
  bool warms_cache_at_flush = false;  // blocks of tables that a flush writes enter the cache
  // What a reader holds itself, and what a Version knows of a table; null: it counts nowhere.
  std::shared_ptr<MemoryCharge> reader_charge;
  std::shared_ptr<MemoryCharge> metadata_charge;
  StatsSink* stats = nullptr;
  Logger* logger = nullptr;
  Clock* clock = Clock::System();
};

// What a table's writer puts into the block cache (cache_warmer.h).
struct CacheWarming {
  Cache* cache = nullptr;  // null: nothing
  uint64_t cache_id = 0;   // the table's, under which its reader will look
  bool includes_meta_blocks = false;
  bool has_high_priority = false;  // those have
};

// What one table's writer needs besides the format.
struct TableWriteConfig {
  TableFormat format;
  KeyOrder order;
  std::shared_ptr<const PrefixExtractor> prefix_extractor;
  Compression compression = Compression::kNone;
  CompressionConfig compression_config;
  uint64_t file_bytes_max = UINT64_MAX;  // where the caller means to end the table; no more is held for a dictionary
  // Goes into the properties block.
  uint32_t column_family_id = 0;
  std::string column_family_name;
  std::string compression_name;  // of the options, e.g. "Snappy"
  std::string merge_operator_name = "nullptr";
  std::string comparator_name;
  uint64_t creation_unix_seconds = 0;  // oldest ancestor's
  uint64_t oldest_key_unix_seconds = 0;
  uint64_t file_creation_unix_seconds = 0;
  std::string db_id;
  std::string db_session_id;
  std::string host_id;
  uint64_t file_number = 0;
  int level = -1;                   // for which the table is made; -1: unknown
  std::string compression_options;  // as the properties block shows them; empty: from compression_config
  std::vector<std::shared_ptr<const PropertyCollectorFactory>> property_collectors;
  std::map<std::string, std::string> user_properties;  // go into the properties block as they are
  CacheWarming warming;
  StatsSink* stats = nullptr;
  Clock* clock = Clock::System();
};

// A ReadGate is asked before a block is read from a file: it may wait (a rate limit) or refuse (a deadline).
class ReadGate {
 public:
  virtual ~ReadGate() = default;
  virtual Status BeforeRead(uint64_t bytes) = 0;
};

// How far an iterator's caller wants to go from a target: a table whose prefix filter says that it holds nothing there
// is left out of that seek.
struct SeekScope {
  bool is_prefix_only = false;  // keys with the target's prefix; what follows them is nobody's business
  const Slice* end = nullptr;   // keys before this one, which need not have the target's prefix; null: no such end
};

// How one read behaves: the fields of rocksdb::ReadOptions that reach a table.
struct ReadParams {
  bool verify_checksums = true;
  bool fill_cache = true;
  bool cache_only = false;  // kBlockCacheTier: a block that is not in memory gives Incomplete
  bool total_order_seek = false;
  bool prefix_same_as_start = false;
  const SeekScope* seek_scope = nullptr;  // of an iterator, which owns it; null: no table is left out
  size_t readahead_bytes = 0;             // fixed readahead for iterators; 0: automatic
  bool is_compaction = false;             // sequential, large readahead, fills no cache
  bool ignore_range_deletions = false;
  ReadGate* gate = nullptr;  // null: read at once
  // Iterators pass over a table for which this says no; null: none.
  const std::function<bool(const TableProperties&)>* table_filter = nullptr;
};

}  // namespace gneiss
