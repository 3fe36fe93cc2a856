// The table factory, and the options that belong to it.
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include <cstdio>

#include "db_bench_port/database/options.h"
#include "db_bench_port/errors.h"
#include "db_bench_port/flags/flags.h"

namespace bench {
namespace {

using TableOptions = rocksdb::BlockBasedTableOptions;

TableOptions::IndexType IndexType() {
  if (FLAGS_partition_index || FLAGS_partition_index_and_filters) {
    if (FLAGS_index_with_first_key) Fail("--index_with_first_key is not compatible with partition index.");
    if (FLAGS_use_hash_search) Fail("--use_hash_search is not compatible with partition index.");
    return TableOptions::kTwoLevelIndexSearch;
  }
  if (FLAGS_use_hash_search) {
    if (FLAGS_prefix_size == 0) Fail("prefix_size not assigned when enable use_hash_search");
    return TableOptions::kHashSearch;
  }
  return FLAGS_index_with_first_key ? TableOptions::kBinarySearchWithFirstKey : TableOptions::kBinarySearch;
}

void SetIndexAndFilter(TableOptions* table) {
  table->index_type = IndexType();
  table->partition_filters = FLAGS_partition_index_and_filters;
  table->metadata_block_size = FLAGS_metadata_block_size;
  if (FLAGS_index_shortening_mode < 0 || FLAGS_index_shortening_mode > 2) Fail("Unknown key shortening mode");
  table->index_shortening = static_cast<TableOptions::IndexShorteningMode>(FLAGS_index_shortening_mode);
  table->index_block_restart_interval = FLAGS_index_block_restart_interval;
  table->enable_index_compression = FLAGS_enable_index_compression;
  table->whole_key_filtering = FLAGS_whole_key_filtering;
  table->optimize_filters_for_memory = FLAGS_optimize_filters_for_memory;
}

void SetBlocks(TableOptions* table) {
  table->block_size = FLAGS_block_size;
  table->block_restart_interval = FLAGS_block_restart_interval;
  table->block_align = FLAGS_block_align;
  table->checksum = static_cast<rocksdb::ChecksumType>(FLAGS_checksum_type);
  table->format_version = static_cast<uint32_t>(FLAGS_format_version);
  table->read_amp_bytes_per_bit = FLAGS_read_amp_bytes_per_bit;
  table->initial_auto_readahead_size = FLAGS_initial_auto_readahead_size;
  table->max_auto_readahead_size = FLAGS_max_auto_readahead_size;
  table->num_file_reads_for_auto_readahead = FLAGS_num_file_reads_for_auto_readahead;
  table->data_block_index_type =
      FLAGS_use_data_block_hash_index ? TableOptions::kDataBlockBinaryAndHash : TableOptions::kDataBlockBinarySearch;
  table->data_block_hash_table_util_ratio = FLAGS_data_block_hash_table_util_ratio;
}

void SetCaching(const Caches& caches, TableOptions* table) {
  using Role = rocksdb::CacheEntryRole;
  using Decision = rocksdb::CacheEntryRoleOptions::Decision;
  table->block_cache = caches.block;
  table->no_block_cache = caches.block == nullptr;
  table->block_cache_compressed = caches.compressed;
  table->cache_index_and_filter_blocks = FLAGS_cache_index_and_filter_blocks;
  table->cache_index_and_filter_blocks_with_high_priority = FLAGS_cache_high_pri_pool_ratio > 1e-6;
  table->pin_l0_filter_and_index_blocks_in_cache = FLAGS_pin_l0_filter_and_index_blocks_in_cache;
  table->pin_top_level_index_and_filter = FLAGS_pin_top_level_index_and_filter;
  if (FLAGS_prepopulate_block_cache < 0 || FLAGS_prepopulate_block_cache > 1)
    Fail("Unknown prepopulate block cache mode");
  table->prepopulate_block_cache = static_cast<TableOptions::PrepopulateBlockCache>(FLAGS_prepopulate_block_cache);
  const struct {
    Role role;
    bool is_charged;
  } charges[] = {{Role::kCompressionDictionaryBuildingBuffer, FLAGS_charge_compression_dictionary_building_buffer},
                 {Role::kFilterConstruction, FLAGS_charge_filter_construction},
                 {Role::kBlockBasedTableReader, FLAGS_charge_table_reader},
                 {Role::kFileMetadata, FLAGS_charge_file_metadata},
                 {Role::kBlobCache, FLAGS_charge_blob_cache}};
  for (const auto& charge : charges) {
    table->cache_usage_options.options_overrides.insert(
        {charge.role, {charge.is_charged ? Decision::kEnabled : Decision::kDisabled}});
  }
}

rocksdb::TableFactory* PlainTables() {
  rocksdb::PlainTableOptions plain;
  plain.user_key_len = FLAGS_key_size;
  if (FLAGS_bloom_bits >= 0) plain.bloom_bits_per_key = FLAGS_bloom_bits;
  plain.hash_table_ratio = 0.75;
  return rocksdb::NewPlainTableFactory(plain);
}

rocksdb::TableFactory* CuckooTables() {
  if (FLAGS_cuckoo_hash_ratio > 1 || FLAGS_cuckoo_hash_ratio < 0) Fail("Invalid cuckoo_hash_ratio");
  if (!FLAGS_mmap_read) Fail("cuckoo table format requires mmap read to operate");
  rocksdb::CuckooTableOptions cuckoo;
  cuckoo.hash_table_ratio = FLAGS_cuckoo_hash_ratio;
  cuckoo.identity_as_first_hash = FLAGS_identity_as_first_hash;
  return rocksdb::NewCuckooTableFactory(cuckoo);
}

rocksdb::TableFactory* BlockBasedTables(const Caches& caches) {
  TableOptions table;
  SetIndexAndFilter(&table);
  SetBlocks(&table);
  SetCaching(caches, &table);
  return rocksdb::NewBlockBasedTableFactory(table);
}

}  // namespace

void SetTableFactory(const Caches& caches, rocksdb::Options* options) {
  if (FLAGS_prefix_size != 0) options->prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(FLAGS_prefix_size));
  options->bloom_locality = FLAGS_bloom_locality;
  options->optimize_filters_for_hits = FLAGS_optimize_filters_for_hits;
  options->table_factory.reset(FLAGS_use_plain_table    ? PlainTables()
                               : FLAGS_use_cuckoo_table ? CuckooTables()
                                                        : BlockBasedTables(caches));
}

}  // namespace bench
