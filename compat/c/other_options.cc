// c.h: the options of single operations, of table formats, of compaction styles and of caches.
#include <rocksdb/universal_compaction.h>

#include <chrono>

#include "compat/c/handles.h"
#include "compat/c/option_handles.h"

using namespace gneiss::compat;
using rocksdb::Slice;
using Bool = unsigned char;

namespace {

// Options hold a pointer to a Slice; the Slice lives in the handle, the bytes stay the caller's. NULL means none.
void PointAt(const char* data, size_t size, Slice* slot, const Slice** option) {
  *slot = data == nullptr ? Slice() : Slice(data, size);
  *option = data == nullptr ? nullptr : slot;
}

}  // namespace

#define GNEISS_READ_OPTION(type, name)                                            \
  GNEISS_C_SET(rocksdb_readoptions_set_##name, rocksdb_readoptions_t, type, name) \
  GNEISS_C_GET(rocksdb_readoptions_get_##name, rocksdb_readoptions_t, type, name)
#define GNEISS_WRITE_OPTION(type, name)                                             \
  GNEISS_C_SET(rocksdb_writeoptions_set_##name, rocksdb_writeoptions_t, type, name) \
  GNEISS_C_GET(rocksdb_writeoptions_get_##name, rocksdb_writeoptions_t, type, name)
#define GNEISS_COMPACT_OPTION(type, name)                                               \
  GNEISS_C_SET(rocksdb_compactoptions_set_##name, rocksdb_compactoptions_t, type, name) \
  GNEISS_C_GET(rocksdb_compactoptions_get_##name, rocksdb_compactoptions_t, type, name)
#define GNEISS_TABLE_OPTION(type, name) \
  GNEISS_C_SET(rocksdb_block_based_options_set_##name, rocksdb_block_based_table_options_t, type, name)
#define GNEISS_CUCKOO_OPTION(name, type, field) \
  GNEISS_C_SET(rocksdb_cuckoo_options_set_##name, rocksdb_cuckoo_table_options_t, type, field)
#define GNEISS_UNIVERSAL_OPTION(name)                                                                              \
  GNEISS_C_SET(rocksdb_universal_compaction_options_set_##name, rocksdb_universal_compaction_options_t, int, name) \
  GNEISS_C_GET(rocksdb_universal_compaction_options_get_##name, rocksdb_universal_compaction_options_t, int, name)

extern "C" {

GNEISS_C_CREATE_DESTROY(rocksdb_readoptions, rocksdb_readoptions_t)
GNEISS_READ_OPTION(Bool, verify_checksums)
GNEISS_READ_OPTION(Bool, fill_cache)
GNEISS_READ_OPTION(int, read_tier)
GNEISS_READ_OPTION(Bool, tailing)
GNEISS_READ_OPTION(size_t, readahead_size)
GNEISS_READ_OPTION(Bool, prefix_same_as_start)
GNEISS_READ_OPTION(Bool, pin_data)
GNEISS_READ_OPTION(Bool, total_order_seek)
GNEISS_READ_OPTION(uint64_t, max_skippable_internal_keys)
GNEISS_READ_OPTION(Bool, background_purge_on_iterator_cleanup)
GNEISS_READ_OPTION(Bool, ignore_range_deletions)
GNEISS_C_SET(rocksdb_readoptions_set_managed, rocksdb_readoptions_t, Bool, managed)

void rocksdb_readoptions_set_snapshot(rocksdb_readoptions_t* opt, const rocksdb_snapshot_t* snap) {
  opt->rep.snapshot = snap == nullptr ? nullptr : snap->rep;
}

void rocksdb_readoptions_set_iterate_upper_bound(rocksdb_readoptions_t* opt, const char* key, size_t keylen) {
  PointAt(key, keylen, &opt->upper_bound, &opt->rep.iterate_upper_bound);
}

void rocksdb_readoptions_set_iterate_lower_bound(rocksdb_readoptions_t* opt, const char* key, size_t keylen) {
  PointAt(key, keylen, &opt->lower_bound, &opt->rep.iterate_lower_bound);
}

void rocksdb_readoptions_set_timestamp(rocksdb_readoptions_t* opt, const char* ts, size_t tslen) {
  PointAt(ts, tslen, &opt->timestamp, &opt->rep.timestamp);
}

void rocksdb_readoptions_set_iter_start_ts(rocksdb_readoptions_t* opt, const char* ts, size_t tslen) {
  PointAt(ts, tslen, &opt->iter_start_ts, &opt->rep.iter_start_ts);
}

void rocksdb_readoptions_set_deadline(rocksdb_readoptions_t* opt, uint64_t microseconds) {
  opt->rep.deadline = std::chrono::microseconds(microseconds);
}

uint64_t rocksdb_readoptions_get_deadline(rocksdb_readoptions_t* opt) {
  return static_cast<uint64_t>(opt->rep.deadline.count());
}

void rocksdb_readoptions_set_io_timeout(rocksdb_readoptions_t* opt, uint64_t microseconds) {
  opt->rep.io_timeout = std::chrono::microseconds(microseconds);
}

uint64_t rocksdb_readoptions_get_io_timeout(rocksdb_readoptions_t* opt) {
  return static_cast<uint64_t>(opt->rep.io_timeout.count());
}

GNEISS_C_CREATE_DESTROY(rocksdb_writeoptions, rocksdb_writeoptions_t)
GNEISS_WRITE_OPTION(Bool, sync)
GNEISS_WRITE_OPTION(Bool, ignore_missing_column_families)
GNEISS_WRITE_OPTION(Bool, no_slowdown)
GNEISS_WRITE_OPTION(Bool, low_pri)
GNEISS_WRITE_OPTION(Bool, memtable_insert_hint_per_batch)
GNEISS_C_SET(rocksdb_writeoptions_disable_WAL, rocksdb_writeoptions_t, int, disableWAL)
GNEISS_C_GET(rocksdb_writeoptions_get_disable_WAL, rocksdb_writeoptions_t, Bool, disableWAL)

GNEISS_C_CREATE_DESTROY(rocksdb_flushoptions, rocksdb_flushoptions_t)
GNEISS_C_SET(rocksdb_flushoptions_set_wait, rocksdb_flushoptions_t, Bool, wait)
GNEISS_C_GET(rocksdb_flushoptions_get_wait, rocksdb_flushoptions_t, Bool, wait)

GNEISS_C_CREATE_DESTROY(rocksdb_compactoptions, rocksdb_compactoptions_t)
GNEISS_COMPACT_OPTION(Bool, bottommost_level_compaction)
GNEISS_COMPACT_OPTION(Bool, exclusive_manual_compaction)
GNEISS_COMPACT_OPTION(Bool, change_level)
GNEISS_COMPACT_OPTION(int, target_level)

void rocksdb_compactoptions_set_full_history_ts_low(rocksdb_compactoptions_t* opt, char* ts, size_t tslen) {
  const Slice* ts_low = nullptr;
  PointAt(ts, tslen, &opt->full_history_ts_low, &ts_low);
  opt->rep.full_history_ts_low = ts_low == nullptr ? nullptr : &opt->full_history_ts_low;
}

GNEISS_C_CREATE_DESTROY(rocksdb_block_based_options, rocksdb_block_based_table_options_t)
GNEISS_TABLE_OPTION(char, checksum)
GNEISS_TABLE_OPTION(size_t, block_size)
GNEISS_TABLE_OPTION(int, block_size_deviation)
GNEISS_TABLE_OPTION(int, block_restart_interval)
GNEISS_TABLE_OPTION(int, index_block_restart_interval)
GNEISS_TABLE_OPTION(uint64_t, metadata_block_size)
GNEISS_TABLE_OPTION(Bool, partition_filters)
GNEISS_TABLE_OPTION(Bool, use_delta_encoding)
GNEISS_TABLE_OPTION(Bool, no_block_cache)
GNEISS_TABLE_OPTION(Bool, whole_key_filtering)
GNEISS_TABLE_OPTION(int, format_version)
GNEISS_TABLE_OPTION(int, index_type)
GNEISS_TABLE_OPTION(int, data_block_index_type)
GNEISS_TABLE_OPTION(Bool, cache_index_and_filter_blocks)
GNEISS_TABLE_OPTION(Bool, cache_index_and_filter_blocks_with_high_priority)
GNEISS_TABLE_OPTION(Bool, pin_l0_filter_and_index_blocks_in_cache)
GNEISS_TABLE_OPTION(Bool, pin_top_level_index_and_filter)
GNEISS_C_SET(rocksdb_block_based_options_set_data_block_hash_ratio, rocksdb_block_based_table_options_t, double,
             data_block_hash_table_util_ratio)

void rocksdb_block_based_options_set_filter_policy(rocksdb_block_based_table_options_t* options,
                                                   rocksdb_filterpolicy_t* filter_policy) {
  options->rep.filter_policy = filter_policy == nullptr ? nullptr : std::move(filter_policy->rep);
  delete filter_policy;
}

void rocksdb_block_based_options_set_block_cache(rocksdb_block_based_table_options_t* options,
                                                 rocksdb_cache_t* block_cache) {
  if (block_cache != nullptr) options->rep.block_cache = block_cache->rep;
}

void rocksdb_block_based_options_set_block_cache_compressed(rocksdb_block_based_table_options_t* options,
                                                            rocksdb_cache_t* block_cache_compressed) {
  if (block_cache_compressed != nullptr) options->rep.block_cache_compressed = block_cache_compressed->rep;
}

GNEISS_C_CREATE_DESTROY(rocksdb_cuckoo_options, rocksdb_cuckoo_table_options_t)
GNEISS_CUCKOO_OPTION(hash_ratio, double, hash_table_ratio)
GNEISS_CUCKOO_OPTION(max_search_depth, uint32_t, max_search_depth)
GNEISS_CUCKOO_OPTION(cuckoo_block_size, uint32_t, cuckoo_block_size)
GNEISS_CUCKOO_OPTION(identity_as_first_hash, Bool, identity_as_first_hash)
GNEISS_CUCKOO_OPTION(use_module_hash, Bool, use_module_hash)

GNEISS_C_CREATE_DESTROY(rocksdb_universal_compaction_options, rocksdb_universal_compaction_options_t)
GNEISS_UNIVERSAL_OPTION(size_ratio)
GNEISS_UNIVERSAL_OPTION(min_merge_width)
GNEISS_UNIVERSAL_OPTION(max_merge_width)
GNEISS_UNIVERSAL_OPTION(max_size_amplification_percent)
GNEISS_UNIVERSAL_OPTION(compression_size_percent)
GNEISS_UNIVERSAL_OPTION(stop_style)

GNEISS_C_CREATE_DESTROY(rocksdb_fifo_compaction_options, rocksdb_fifo_compaction_options_t)
GNEISS_C_SET(rocksdb_fifo_compaction_options_set_max_table_files_size, rocksdb_fifo_compaction_options_t, uint64_t,
             max_table_files_size)
GNEISS_C_GET(rocksdb_fifo_compaction_options_get_max_table_files_size, rocksdb_fifo_compaction_options_t, uint64_t,
             max_table_files_size)

GNEISS_C_CREATE_DESTROY(rocksdb_lru_cache_options, rocksdb_lru_cache_options_t)
GNEISS_C_SET(rocksdb_lru_cache_options_set_capacity, rocksdb_lru_cache_options_t, size_t, capacity)
GNEISS_C_SET(rocksdb_lru_cache_options_set_num_shard_bits, rocksdb_lru_cache_options_t, int, num_shard_bits)

void rocksdb_lru_cache_options_set_memory_allocator(rocksdb_lru_cache_options_t* opt,
                                                    rocksdb_memory_allocator_t* allocator) {
  opt->rep.memory_allocator = allocator->rep;
}

rocksdb_dbpath_t* rocksdb_dbpath_create(const char* path, uint64_t target_size) {
  return new rocksdb_dbpath_t{rocksdb::DbPath(path, target_size)};
}

void rocksdb_dbpath_destroy(rocksdb_dbpath_t* dbpath) { delete dbpath; }

GNEISS_C_CREATE_DESTROY(rocksdb_envoptions, rocksdb_envoptions_t)

}  // extern "C"
