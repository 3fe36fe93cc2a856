// Options of memtables.
#include <rocksdb/convenience.h>
#include <rocksdb/memtablerep.h>
#include <rocksdb/slice_transform.h>
#include <strings.h>

#include <memory>

#include "db_bench_port/database/options.h"
#include "db_bench_port/errors.h"
#include "db_bench_port/flags/flags.h"

namespace bench {
namespace {

std::shared_ptr<rocksdb::MemTableRepFactory> MakeFactory() {
  const auto is = [](const char* name) { return strcasecmp(FLAGS_memtablerep.c_str(), name) == 0; };
  if (is("skip_list")) return std::make_shared<rocksdb::SkipListFactory>(FLAGS_skip_list_lookahead);
  if (is("vector")) return std::make_shared<rocksdb::VectorRepFactory>();
  const bool needs_prefix = is("prefix_hash") || is("hash_linkedlist");
  if (needs_prefix && FLAGS_prefix_size == 0) Fail("--memtablerep=%s needs --prefix_size", FLAGS_memtablerep.c_str());
  using Factory = std::shared_ptr<rocksdb::MemTableRepFactory>;
  if (is("prefix_hash")) return Factory(rocksdb::NewHashSkipListRepFactory(FLAGS_hash_bucket_count));
  if (is("hash_linkedlist")) return Factory(rocksdb::NewHashLinkListRepFactory(FLAGS_hash_bucket_count));
  std::unique_ptr<rocksdb::MemTableRepFactory> made;
  rocksdb::ConfigOptions config;
  config.ignore_unsupported_options = false;
  CheckOk("memtable factory", rocksdb::MemTableRepFactory::CreateFromString(config, FLAGS_memtablerep, &made));
  return made;
}

}  // namespace

void SetMemtableOptions(rocksdb::Options* options) {
  options->memtable_factory = MakeFactory();
  options->arena_block_size = FLAGS_arena_block_size;
  options->write_buffer_size = FLAGS_write_buffer_size;
  options->max_write_buffer_number = FLAGS_max_write_buffer_number;
  options->min_write_buffer_number_to_merge = FLAGS_min_write_buffer_number_to_merge;
  options->max_write_buffer_number_to_maintain = FLAGS_max_write_buffer_number_to_maintain;
  options->max_write_buffer_size_to_maintain = FLAGS_max_write_buffer_size_to_maintain;
  options->memtable_huge_page_size = FLAGS_memtable_use_huge_page ? 2048 : 0;
  options->memtable_prefix_bloom_size_ratio = FLAGS_memtable_bloom_size_ratio;
  options->memtable_whole_key_filtering = FLAGS_memtable_whole_key_filtering;
  options->memtable_protection_bytes_per_key = FLAGS_memtable_protection_bytes_per_key;
  options->inplace_update_support = FLAGS_inplace_update_support;
  options->inplace_update_num_locks = FLAGS_inplace_update_num_locks;
  options->experimental_mempurge_threshold = FLAGS_experimental_mempurge_threshold;
  if (FLAGS_memtable_insert_with_hint_prefix_size > 0) {
    options->memtable_insert_with_hint_prefix_extractor.reset(
        rocksdb::NewCappedPrefixTransform(FLAGS_memtable_insert_with_hint_prefix_size));
  }
}

}  // namespace bench
