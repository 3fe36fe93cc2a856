// c.h: rocksdb_options_t. Most of it copies one field; what does more stands at the end.
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/memtablerep.h>
#include <rocksdb/rate_limiter.h>
#include <rocksdb/statistics.h>
#include <rocksdb/universal_compaction.h>
#include <rocksdb/utilities/table_properties_collectors.h>

#include "compat/c/callbacks.h"
#include "compat/c/handles.h"
#include "compat/c/option_handles.h"

using namespace gneiss::compat;
using Options = rocksdb_options_t;
using Bool = unsigned char;  // convention 4 of c.h

#define GNEISS_SET_FIELD(name, type, field) GNEISS_C_SET(rocksdb_options_set_##name, Options, type, field)
#define GNEISS_GET_FIELD(name, type, field) GNEISS_C_GET(rocksdb_options_get_##name, Options, type, field)
#define GNEISS_FIELD(name, type, field) GNEISS_SET_FIELD(name, type, field) GNEISS_GET_FIELD(name, type, field)
#define GNEISS_OPTION(type, name) GNEISS_FIELD(name, type, name)

extern "C" {

GNEISS_C_CREATE_DESTROY(rocksdb_options, Options)

Options* rocksdb_options_create_copy(Options* options) { return new Options(*options); }

// Opening and consistency
GNEISS_OPTION(Bool, create_if_missing)
GNEISS_OPTION(Bool, create_missing_column_families)
GNEISS_OPTION(Bool, error_if_exists)
GNEISS_OPTION(Bool, paranoid_checks)
GNEISS_OPTION(Bool, skip_stats_update_on_db_open)
GNEISS_OPTION(Bool, skip_checking_sst_file_sizes_on_db_open)
GNEISS_OPTION(int, max_open_files)
GNEISS_OPTION(int, max_file_opening_threads)
GNEISS_OPTION(Bool, allow_ingest_behind)
GNEISS_OPTION(Bool, avoid_unnecessary_blocking_io)

// Write-ahead log
GNEISS_OPTION(uint64_t, max_total_wal_size)
GNEISS_OPTION(uint64_t, WAL_ttl_seconds)
GNEISS_OPTION(uint64_t, WAL_size_limit_MB)
GNEISS_OPTION(int, wal_recovery_mode)
GNEISS_OPTION(uint64_t, wal_bytes_per_sync)
GNEISS_OPTION(Bool, manual_wal_flush)
GNEISS_OPTION(int, wal_compression)
GNEISS_OPTION(size_t, recycle_log_file_num)

// Memtables and the write path
GNEISS_OPTION(size_t, write_buffer_size)
GNEISS_OPTION(size_t, db_write_buffer_size)
GNEISS_OPTION(int, max_write_buffer_number)
GNEISS_OPTION(int, min_write_buffer_number_to_merge)
GNEISS_OPTION(int, max_write_buffer_number_to_maintain)
GNEISS_OPTION(int64_t, max_write_buffer_size_to_maintain)
GNEISS_OPTION(Bool, enable_pipelined_write)
GNEISS_OPTION(Bool, unordered_write)
GNEISS_OPTION(Bool, allow_concurrent_memtable_write)
GNEISS_OPTION(Bool, enable_write_thread_adaptive_yield)
GNEISS_OPTION(Bool, atomic_flush)
GNEISS_OPTION(double, experimental_mempurge_threshold)
GNEISS_OPTION(size_t, arena_block_size)
GNEISS_OPTION(double, memtable_prefix_bloom_size_ratio)
GNEISS_OPTION(size_t, memtable_huge_page_size)
GNEISS_SET_FIELD(memtable_whole_key_filtering, Bool, memtable_whole_key_filtering)
GNEISS_OPTION(uint32_t, bloom_locality)
GNEISS_OPTION(size_t, max_successive_merges)
GNEISS_OPTION(Bool, inplace_update_support)
GNEISS_OPTION(size_t, inplace_update_num_locks)

// Levels and compaction
GNEISS_OPTION(int, num_levels)
GNEISS_OPTION(int, compaction_style)
GNEISS_OPTION(int, level0_file_num_compaction_trigger)
GNEISS_OPTION(int, level0_slowdown_writes_trigger)
GNEISS_OPTION(int, level0_stop_writes_trigger)
GNEISS_OPTION(uint64_t, target_file_size_base)
GNEISS_OPTION(int, target_file_size_multiplier)
GNEISS_OPTION(uint64_t, max_bytes_for_level_base)
GNEISS_OPTION(double, max_bytes_for_level_multiplier)
GNEISS_OPTION(Bool, level_compaction_dynamic_level_bytes)
GNEISS_OPTION(uint64_t, max_compaction_bytes)
GNEISS_OPTION(size_t, soft_pending_compaction_bytes_limit)
GNEISS_OPTION(size_t, hard_pending_compaction_bytes_limit)
GNEISS_OPTION(uint32_t, max_subcompactions)
GNEISS_OPTION(int, max_background_jobs)
GNEISS_OPTION(int, max_background_compactions)
GNEISS_OPTION(int, max_background_flushes)
GNEISS_SET_FIELD(disable_auto_compactions, int, disable_auto_compactions)
GNEISS_GET_FIELD(disable_auto_compactions, Bool, disable_auto_compactions)
GNEISS_GET_FIELD(compaction_readahead_size, size_t, compaction_readahead_size)
GNEISS_C_SET(rocksdb_options_compaction_readahead_size, Options, size_t, compaction_readahead_size)

// Compression
GNEISS_OPTION(int, compression)
GNEISS_OPTION(int, bottommost_compression)
GNEISS_FIELD(compression_options_zstd_max_train_bytes, int, compression_opts.zstd_max_train_bytes)
GNEISS_FIELD(compression_options_use_zstd_dict_trainer, Bool, compression_opts.use_zstd_dict_trainer)
GNEISS_FIELD(compression_options_parallel_threads, int, compression_opts.parallel_threads)
GNEISS_FIELD(compression_options_max_dict_buffer_bytes, uint64_t, compression_opts.max_dict_buffer_bytes)
GNEISS_GET_FIELD(bottommost_compression_options_use_zstd_dict_trainer, Bool,
                 bottommost_compression_opts.use_zstd_dict_trainer)

// Blob files
GNEISS_OPTION(Bool, enable_blob_files)
GNEISS_OPTION(uint64_t, min_blob_size)
GNEISS_OPTION(uint64_t, blob_file_size)
GNEISS_OPTION(int, blob_compression_type)
GNEISS_FIELD(enable_blob_gc, Bool, enable_blob_garbage_collection)
GNEISS_FIELD(blob_gc_age_cutoff, double, blob_garbage_collection_age_cutoff)
GNEISS_FIELD(blob_gc_force_threshold, double, blob_garbage_collection_force_threshold)
GNEISS_OPTION(uint64_t, blob_compaction_readahead_size)
GNEISS_OPTION(int, blob_file_starting_level)
GNEISS_OPTION(int, prepopulate_blob_cache)

// Files and I/O
GNEISS_OPTION(int, use_fsync)
GNEISS_OPTION(size_t, max_manifest_file_size)
GNEISS_OPTION(size_t, manifest_preallocation_size)
GNEISS_OPTION(int, table_cache_numshardbits)
GNEISS_OPTION(Bool, allow_mmap_reads)
GNEISS_OPTION(Bool, allow_mmap_writes)
GNEISS_OPTION(Bool, use_direct_reads)
GNEISS_OPTION(Bool, use_direct_io_for_flush_and_compaction)
GNEISS_OPTION(Bool, is_fd_close_on_exec)
GNEISS_OPTION(Bool, advise_random_on_open)
GNEISS_OPTION(int, access_hint_on_compaction_start)
GNEISS_OPTION(Bool, use_adaptive_mutex)
GNEISS_OPTION(uint64_t, bytes_per_sync)
GNEISS_OPTION(uint64_t, writable_file_max_buffer_size)
GNEISS_OPTION(uint64_t, delete_obsolete_files_period_micros)
GNEISS_SET_FIELD(db_log_dir, const char*, db_log_dir)
GNEISS_SET_FIELD(wal_dir, const char*, wal_dir)

// Logs, statistics, reading
GNEISS_OPTION(int, info_log_level)
GNEISS_OPTION(size_t, max_log_file_size)
GNEISS_OPTION(size_t, log_file_time_to_roll)
GNEISS_OPTION(size_t, keep_log_file_num)
GNEISS_OPTION(unsigned int, stats_dump_period_sec)
GNEISS_OPTION(unsigned int, stats_persist_period_sec)
GNEISS_SET_FIELD(dump_malloc_stats, Bool, dump_malloc_stats)
GNEISS_OPTION(uint64_t, max_sequential_skip_in_iterations)
GNEISS_SET_FIELD(report_bg_io_stats, int, report_bg_io_stats)
GNEISS_GET_FIELD(report_bg_io_stats, Bool, report_bg_io_stats)
GNEISS_SET_FIELD(optimize_filters_for_hits, int, optimize_filters_for_hits)
GNEISS_GET_FIELD(optimize_filters_for_hits, Bool, optimize_filters_for_hits)

void rocksdb_options_increase_parallelism(Options* opt, int total_threads) {
  opt->rep.IncreaseParallelism(total_threads);
}

void rocksdb_options_optimize_for_point_lookup(Options* opt, uint64_t block_cache_size_mb) {
  opt->rep.OptimizeForPointLookup(block_cache_size_mb);
}

void rocksdb_options_optimize_level_style_compaction(Options* opt, uint64_t memtable_memory_budget) {
  opt->rep.OptimizeLevelStyleCompaction(memtable_memory_budget);
}

void rocksdb_options_optimize_universal_style_compaction(Options* opt, uint64_t memtable_memory_budget) {
  opt->rep.OptimizeUniversalStyleCompaction(memtable_memory_budget);
}

void rocksdb_options_prepare_for_bulk_load(Options* opt) { opt->rep.PrepareForBulkLoad(); }

void rocksdb_get_options_from_string(const Options* base_options, const char* opts_str, Options* new_options,
                                     char** errptr) {
  SaveError(errptr, rocksdb::GetOptionsFromString(base_options->rep, opts_str, &new_options->rep));
}

// Objects the options share: comparator and compaction filter are borrowed, the others are taken over or counted.
void rocksdb_options_set_comparator(Options* opt, rocksdb_comparator_t* cmp) { opt->rep.comparator = cmp; }

void rocksdb_options_set_compaction_filter(Options* opt, rocksdb_compactionfilter_t* filter) {
  opt->rep.compaction_filter = filter;
}

void rocksdb_options_set_compaction_filter_factory(Options* opt, rocksdb_compactionfilterfactory_t* factory) {
  opt->rep.compaction_filter_factory.reset(factory);
}

void rocksdb_options_set_merge_operator(Options* opt, rocksdb_mergeoperator_t* merge_operator) {
  opt->rep.merge_operator.reset(merge_operator);
}

void rocksdb_options_set_uint64add_merge_operator(Options* opt) {
  rocksdb::MergeOperator::CreateFromString(rocksdb::ConfigOptions(), "uint64add", &opt->rep.merge_operator)
      .PermitUncheckedError();
}

void rocksdb_options_set_prefix_extractor(Options* opt, rocksdb_slicetransform_t* prefix_extractor) {
  opt->rep.prefix_extractor = prefix_extractor == nullptr ? nullptr : std::move(prefix_extractor->rep);
  delete prefix_extractor;
}

void rocksdb_options_set_env(Options* opt, rocksdb_env_t* env) { opt->rep.env = env == nullptr ? nullptr : env->rep; }

void rocksdb_options_set_info_log(Options* opt, rocksdb_logger_t* logger) {
  if (logger != nullptr) opt->rep.info_log = logger->rep;
}

void rocksdb_options_set_ratelimiter(Options* opt, rocksdb_ratelimiter_t* limiter) {
  if (limiter != nullptr) opt->rep.rate_limiter = limiter->rep;
}

void rocksdb_options_set_row_cache(Options* opt, rocksdb_cache_t* cache) {
  if (cache != nullptr) opt->rep.row_cache = cache->rep;
}

void rocksdb_options_set_blob_cache(Options* opt, rocksdb_cache_t* blob_cache) {
  if (blob_cache != nullptr) opt->rep.blob_cache = blob_cache->rep;
}

void rocksdb_options_enable_statistics(Options* opt) { opt->rep.statistics = rocksdb::CreateDBStatistics(); }

char* rocksdb_options_statistics_get_string(Options* opt) {
  return opt->rep.statistics == nullptr ? nullptr : CopyText(opt->rep.statistics->ToString());
}

void rocksdb_options_add_compact_on_deletion_collector_factory(Options* opt, size_t window_size,
                                                               size_t num_dels_trigger) {
  opt->rep.table_properties_collector_factories.push_back(
      rocksdb::NewCompactOnDeletionCollectorFactory(window_size, num_dels_trigger));
}

void rocksdb_options_set_db_paths(Options* opt, const rocksdb_dbpath_t** dbpath_values, size_t num_paths) {
  opt->rep.db_paths.clear();
  for (size_t i = 0; i < num_paths; ++i) opt->rep.db_paths.push_back(dbpath_values[i]->rep);
}

void rocksdb_options_set_max_bytes_for_level_multiplier_additional(Options* opt, int* level_values, size_t num_levels) {
  opt->rep.max_bytes_for_level_multiplier_additional.assign(level_values, level_values + num_levels);
}

void rocksdb_options_set_compression_per_level(Options* opt, const int* level_values, size_t num_levels) {
  opt->rep.compression_per_level.clear();
  for (size_t i = 0; i < num_levels; ++i) {
    opt->rep.compression_per_level.push_back(static_cast<rocksdb::CompressionType>(level_values[i]));
  }
}

void rocksdb_options_set_min_level_to_compress(Options* opt, int level) {
  if (level < 0) return;
  auto& per_level = opt->rep.compression_per_level;
  per_level.assign(static_cast<size_t>(opt->rep.num_levels), opt->rep.compression);
  for (int i = 0; i < level && i < opt->rep.num_levels; ++i) per_level[i] = rocksdb::kNoCompression;
}

void rocksdb_options_set_compression_options(Options* opt, int w_bits, int level, int strategy, int max_dict_bytes) {
  auto& opts = opt->rep.compression_opts;
  opts.window_bits = w_bits;
  opts.level = level;
  opts.strategy = strategy;
  opts.max_dict_bytes = static_cast<uint32_t>(max_dict_bytes);
}

void rocksdb_options_set_bottommost_compression_options(Options* opt, int w_bits, int level, int strategy,
                                                        int max_dict_bytes, Bool enabled) {
  auto& opts = opt->rep.bottommost_compression_opts;
  opts.window_bits = w_bits;
  opts.level = level;
  opts.strategy = strategy;
  opts.max_dict_bytes = static_cast<uint32_t>(max_dict_bytes);
  opts.enabled = enabled != 0;
}

void rocksdb_options_set_bottommost_compression_options_zstd_max_train_bytes(Options* opt, int zstd_max_train_bytes,
                                                                             Bool enabled) {
  opt->rep.bottommost_compression_opts.zstd_max_train_bytes = static_cast<uint32_t>(zstd_max_train_bytes);
  opt->rep.bottommost_compression_opts.enabled = enabled != 0;
}

void rocksdb_options_set_bottommost_compression_options_use_zstd_dict_trainer(Options* opt, Bool use_zstd_dict_trainer,
                                                                              Bool enabled) {
  opt->rep.bottommost_compression_opts.use_zstd_dict_trainer = use_zstd_dict_trainer != 0;
  opt->rep.bottommost_compression_opts.enabled = enabled != 0;
}

void rocksdb_options_set_bottommost_compression_options_max_dict_buffer_bytes(Options* opt,
                                                                              uint64_t max_dict_buffer_bytes,
                                                                              Bool enabled) {
  opt->rep.bottommost_compression_opts.max_dict_buffer_bytes = max_dict_buffer_bytes;
  opt->rep.bottommost_compression_opts.enabled = enabled != 0;
}

void rocksdb_options_set_universal_compaction_options(Options* opt, rocksdb_universal_compaction_options_t* uco) {
  opt->rep.compaction_options_universal = uco->rep;
}

void rocksdb_options_set_fifo_compaction_options(Options* opt, rocksdb_fifo_compaction_options_t* fifo) {
  opt->rep.compaction_options_fifo = fifo->rep;
}

// Memtable and table factories
void rocksdb_options_set_memtable_vector_rep(Options* opt) {
  opt->rep.memtable_factory = std::make_shared<rocksdb::VectorRepFactory>();
}

void rocksdb_options_set_hash_skip_list_rep(Options* opt, size_t bucket_count, int32_t skiplist_height,
                                            int32_t skiplist_branching_factor) {
  opt->rep.memtable_factory.reset(
      rocksdb::NewHashSkipListRepFactory(bucket_count, skiplist_height, skiplist_branching_factor));
}

void rocksdb_options_set_hash_link_list_rep(Options* opt, size_t bucket_count) {
  opt->rep.memtable_factory.reset(rocksdb::NewHashLinkListRepFactory(bucket_count));
}

void rocksdb_options_set_block_based_table_factory(Options* opt, rocksdb_block_based_table_options_t* table_options) {
  if (table_options != nullptr) opt->rep.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table_options->rep));
}

void rocksdb_options_set_cuckoo_table_factory(Options* opt, rocksdb_cuckoo_table_options_t* table_options) {
  if (table_options != nullptr) opt->rep.table_factory.reset(rocksdb::NewCuckooTableFactory(table_options->rep));
}

void rocksdb_options_set_plain_table_factory(Options* opt, uint32_t user_key_len, int bloom_bits_per_key,
                                             double hash_table_ratio, size_t index_sparseness) {
  rocksdb::PlainTableOptions options;
  options.user_key_len = user_key_len;
  options.bloom_bits_per_key = bloom_bits_per_key;
  options.hash_table_ratio = hash_table_ratio;
  options.index_sparseness = index_sparseness;
  opt->rep.table_factory.reset(rocksdb::NewPlainTableFactory(options));
}

}  // extern "C"
