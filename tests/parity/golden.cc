#include "tests/parity/golden.h"

#include <rocksdb/convenience.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/utilities/table_properties_collectors.h>

#include "tests/parity/operation.h"

namespace gneiss::parity {
namespace {

using rocksdb::BlockBasedTableOptions;
using rocksdb::Options;
using Table = BlockBasedTableOptions;

constexpr int kKeys = 120;

std::string Numbered(const char* prefix, int number) {
  std::string digits = std::to_string(number);
  return prefix + std::string(3 - digits.size(), '0') + digits;
}

std::string Key(int number) { return Numbered(number % 2 == 0 ? "even" : "odd", number); }

std::shared_ptr<const rocksdb::FilterPolicy> Filter(const rocksdb::FilterPolicy* policy) {
  return std::shared_ptr<const rocksdb::FilterPolicy>(policy);
}

// GoldenVariant's functions for the many that only set one thing.
GoldenVariant OfTable(const std::string& name, const std::function<void(Table*)>& set) {
  return {.name = name, .set = [set](Options*, Table* table) { set(table); }};
}
GoldenVariant OfOptions(const std::string& name, const std::function<void(Options*)>& set) {
  return {.name = name, .set = [set](Options* options, Table*) { set(options); }};
}

void AddFormats(std::vector<GoldenVariant>* all) {
  for (uint32_t version = 0; version <= 5; ++version) {
    all->push_back({.name = "format_" + std::to_string(version), .set = [version](Options* options, Table* table) {
                      table->format_version = version;
                      if (version == 0) table->checksum = rocksdb::kCRC32c;
                      table->filter_policy = Filter(rocksdb::NewBloomFilterPolicy(10));
                      options->compression = rocksdb::kSnappyCompression;
                    }});
  }
  const std::pair<const char*, rocksdb::ChecksumType> checksums[] = {{"none", rocksdb::kNoChecksum},
                                                                     {"crc32c", rocksdb::kCRC32c},
                                                                     {"xxhash", rocksdb::kxxHash},
                                                                     {"xxhash64", rocksdb::kxxHash64},
                                                                     {"xxh3", rocksdb::kXXH3}};
  for (const auto& [name, type] : checksums) {
    all->push_back(OfTable(std::string("checksum_") + name, [type = type](Table* table) { table->checksum = type; }));
    all->back().has_checksums = type != rocksdb::kNoChecksum;
  }
}

void AddCompressions(std::vector<GoldenVariant>* all) {
  const std::pair<const char*, rocksdb::CompressionType> types[] = {{"none", rocksdb::kNoCompression},
                                                                    {"snappy", rocksdb::kSnappyCompression},
                                                                    {"zlib", rocksdb::kZlibCompression},
                                                                    {"bzip2", rocksdb::kBZip2Compression},
                                                                    {"lz4", rocksdb::kLZ4Compression},
                                                                    {"lz4hc", rocksdb::kLZ4HCCompression},
                                                                    {"zstd", rocksdb::kZSTD}};
  for (const auto& [name, type] : types) {
    all->push_back(OfOptions(std::string("compression_") + name,
                             [type = type](Options* options) { options->compression = type; }));
    // Before format_version 2 payloads told their size otherwise, or not at all.
    all->push_back(
        {.name = std::string("old_compression_") + name, .set = [type = type](Options* options, Table* table) {
           options->compression = type;
           table->format_version = 1;
         }});
    if (type == rocksdb::kNoCompression || type == rocksdb::kSnappyCompression || type == rocksdb::kBZip2Compression) {
      continue;
    }
    all->push_back(OfOptions(std::string("dictionary_") + name, [type = type](Options* options) {
      options->compression = options->bottommost_compression = type;
      options->compression_opts.max_dict_bytes = options->bottommost_compression_opts.max_dict_bytes = 1024;
      options->bottommost_compression_opts.enabled = true;
    }));
    all->back().compacts = true;
  }
  all->push_back(OfOptions("dictionary_zstd_trained", [](Options* options) {
    options->compression = options->bottommost_compression = rocksdb::kZSTD;
    options->bottommost_compression_opts.max_dict_bytes = 1024;
    options->bottommost_compression_opts.zstd_max_train_bytes = 16384;
    options->bottommost_compression_opts.enabled = true;
  }));
  all->back().compacts = true;
  all->push_back(OfOptions("dictionary_zstd_finished", [](Options* options) {
    options->compression = options->bottommost_compression = rocksdb::kZSTD;
    for (rocksdb::CompressionOptions* each : {&options->compression_opts, &options->bottommost_compression_opts}) {
      each->max_dict_bytes = 1024;
      each->zstd_max_train_bytes = 16384;
      each->use_zstd_dict_trainer = false;
      each->enabled = true;
    }
  }));
  all->back().compacts = true;
  // Half of the blocks come before the dictionary, half behind it; parts of the filter end where those of the index do.
  all->push_back({.name = "dictionary_partitioned", .set = [](Options* options, Table* table) {
                    options->compression = rocksdb::kLZ4Compression;
                    options->compression_opts.max_dict_bytes = 512;
                    options->compression_opts.max_dict_buffer_bytes = 1500;
                    table->index_type = Table::kTwoLevelIndexSearch;
                    table->partition_filters = true;
                    table->metadata_block_size = 100;
                    table->filter_policy = Filter(rocksdb::NewBloomFilterPolicy(10));
                  }});
  all->push_back(OfOptions("compression_per_level", [](Options* options) {
    options->num_levels = 3;
    options->compression_per_level = {rocksdb::kNoCompression, rocksdb::kZSTD, rocksdb::kLZ4Compression};
  }));
  all->back().compacts = true;
}

void AddIndexes(std::vector<GoldenVariant>* all) {
  all->push_back({.name = "index_hash", .set = [](Options* options, Table* table) {
                    options->prefix_extractor.reset(rocksdb::NewCappedPrefixTransform(3));
                    table->index_type = Table::kHashSearch;
                  }});
  all->push_back(OfTable("index_partitioned", [](Table* table) {
    table->index_type = Table::kTwoLevelIndexSearch;
    table->metadata_block_size = 100;
  }));
  all->push_back(
      OfTable("index_first_key", [](Table* table) { table->index_type = Table::kBinarySearchWithFirstKey; }));
  all->push_back(OfTable("index_first_key_restarts", [](Table* table) {
    table->index_type = Table::kBinarySearchWithFirstKey;
    table->index_block_restart_interval = 8;
  }));
  all->push_back(OfTable("index_not_shortened",
                         [](Table* table) { table->index_shortening = Table::IndexShorteningMode::kNoShortening; }));
  all->push_back(OfTable("index_all_shortened", [](Table* table) {
    table->index_shortening = Table::IndexShorteningMode::kShortenSeparatorsAndSuccessor;
  }));
  all->push_back(OfTable("index_restarts", [](Table* table) { table->index_block_restart_interval = 8; }));
  all->push_back({.name = "index_restarts_format_3", .set = [](Options*, Table* table) {
                    table->index_block_restart_interval = 8;
                    table->format_version = 3;
                  }});
  all->push_back(OfTable("index_uncompressed", [](Table* table) { table->enable_index_compression = false; }));
  all->push_back(
      OfTable("block_hash_index", [](Table* table) { table->data_block_index_type = Table::kDataBlockBinaryAndHash; }));
  all->push_back(OfTable("block_restarts_1", [](Table* table) { table->block_restart_interval = 1; }));
  all->push_back(OfTable("block_restarts_100", [](Table* table) { table->block_restart_interval = 100; }));
  all->push_back(OfTable("block_no_delta_encoding", [](Table* table) { table->use_delta_encoding = false; }));
  all->push_back({.name = "block_aligned", .set = [](Options* options, Table* table) {
                    table->block_align = true;
                    options->compression = rocksdb::kNoCompression;
                  }});
}

void AddFilters(std::vector<GoldenVariant>* all) {
  all->push_back({.name = "filter_legacy_bloom", .set = [](Options*, Table* table) {
                    table->filter_policy = Filter(rocksdb::NewBloomFilterPolicy(10));
                    table->format_version = 4;
                  }});
  all->push_back(
      OfTable("filter_bloom", [](Table* table) { table->filter_policy = Filter(rocksdb::NewBloomFilterPolicy(10)); }));
  all->push_back(OfTable("filter_bloom_for_memory", [](Table* table) {
    table->filter_policy = Filter(rocksdb::NewBloomFilterPolicy(10));
    table->optimize_filters_for_memory = true;
  }));
  all->push_back(OfTable("filter_ribbon",
                         [](Table* table) { table->filter_policy = Filter(rocksdb::NewRibbonFilterPolicy(10)); }));
  for (const bool is_ribbon : {false, true}) {
    for (const uint32_t version : {4u, 5u}) {
      all->push_back(OfTable(
          std::string(is_ribbon ? "filter_partitioned_ribbon_" : "filter_partitioned_bloom_") + std::to_string(version),
          [is_ribbon, version](Table* table) {
            table->filter_policy =
                Filter(is_ribbon ? rocksdb::NewRibbonFilterPolicy(10) : rocksdb::NewBloomFilterPolicy(10));
            table->format_version = version;
            table->index_type = Table::kTwoLevelIndexSearch;
            table->partition_filters = true;
            table->metadata_block_size = 100;
          }));
    }
  }
  for (const bool has_whole_keys : {false, true}) {
    all->push_back({.name = has_whole_keys ? "filter_prefixes_and_keys" : "filter_prefixes",
                    .set = [has_whole_keys](Options* options, Table* table) {
                      options->prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(4));
                      table->filter_policy = Filter(rocksdb::NewBloomFilterPolicy(10));
                      table->whole_key_filtering = has_whole_keys;
                    }});
  }
}

void AddLogsAndManifests(std::vector<GoldenVariant>* all) {
  all->push_back(GoldenVariant{.name = "plain"});
  all->back().keeps_options_file = true;
  all->push_back(GoldenVariant{.name = "log_killed"});
  all->back().is_killed = true;
  all->push_back(OfOptions("log_recycled", [](Options* options) { options->recycle_log_file_num = 2; }));
  all->back().is_killed = true;
  all->push_back(OfOptions("log_compressed", [](Options* options) { options->wal_compression = rocksdb::kZSTD; }));
  all->push_back(OfOptions("log_tracked", [](Options* options) { options->track_and_verify_wals_in_manifest = true; }));
  all->push_back(GoldenVariant{.name = "log_transactions"});
  all->back().has_transactions = true;
  all->push_back(OfOptions("manifest_file_checksums", [](Options* options) {
    options->file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  }));
  all->push_back(OfOptions("manifest_db_id", [](Options* options) { options->write_dbid_to_manifest = true; }));
  all->push_back(OfOptions("manifest_rolled", [](Options* options) { options->max_manifest_file_size = 1; }));
  all->push_back(GoldenVariant{.name = "manifest_families"});
  all->back().has_families = all->back().keeps_options_file = true;
  all->push_back(OfOptions("manifest_atomic_groups", [](Options* options) { options->atomic_flush = true; }));
  all->back().has_families = true;
  all->push_back(OfOptions("manifest_marked_tables", [](Options* options) {
    options->table_properties_collector_factories.push_back(rocksdb::NewCompactOnDeletionCollectorFactory(6, 1));
  }));
  all->push_back(OfOptions("manifest_temperature", [](Options* options) {
    options->num_levels = 2;  // only the last one's tables have it
    options->last_level_temperature = rocksdb::Temperature::kWarm;
  }));
  all->back().compacts = true;
  all->push_back(OfOptions("manifest_stats_family", [](Options* options) { options->persist_stats_to_disk = true; }));
  all->push_back(
      OfOptions("order_reverse", [](Options* options) { options->comparator = rocksdb::ReverseBytewiseComparator(); }));
  all->push_back(
      OfOptions("universal", [](Options* options) { options->compaction_style = rocksdb::kCompactionStyleUniversal; }));
  all->back().compacts = true;
  all->push_back(OfOptions("blobs", [](Options* options) {
    options->enable_blob_files = true;
    options->min_blob_size = 60;
  }));
  all->push_back(OfOptions("blobs_compressed", [](Options* options) {
    options->enable_blob_files = true;
    options->min_blob_size = 60;
    options->blob_compression_type = rocksdb::kZSTD;
  }));
  all->push_back(OfOptions("blobs_garbage", [](Options* options) {
    options->enable_blob_files = true;
    options->min_blob_size = 60;
  }));
  all->back().compacts = true;
  all->push_back(GoldenVariant{.name = "tables_ldb"});
  all->back().is_renamed = true;
  all->push_back(GoldenVariant{.name = "entities"});
  all->back().has_entities = true;
  all->push_back(GoldenVariant{.name = "entities_in_log"});
  all->back().has_logged_entity = true;
  all->push_back(GoldenVariant{.name = "ingested"});
  all->back().has_ingested_file = true;
  all->push_back(GoldenVariant{.name = "ingested_seq_in_manifest"});
  all->back().has_ingested_file = true;
  all->back().writes_global_seq = false;
}

Entry Made(Entry::Kind kind, const std::string& key, const std::string& value) { return {kind, "default", key, value}; }

}  // namespace

std::string GoldenLogKey(int number) { return Numbered("log", number); }

std::string GoldenValue(const std::string& key, int version) {
  std::string value = key + "#" + std::to_string(version);
  // Some long ones: for blob files, and to have several blocks.
  value += key.back() == '0' ? std::string(90, static_cast<char>('a' + version)) : std::string(12, 'v');
  return value;
}

std::vector<Entry> GoldenEntries(int step) {
  using Kind = Entry::Kind;
  std::vector<Entry> entries;
  if (step == 0) {
    for (int i = 0; i < kKeys; ++i) entries.push_back(Made(Kind::kPut, Key(i), GoldenValue(Key(i), 0)));
    for (int i = 0; i < 6; ++i)
      entries.push_back(Made(Kind::kPut, Numbered("single", i), GoldenValue(Numbered("single", i), 0)));
    return entries;
  }
  for (int i = 0; i < kKeys; i += 3) entries.push_back(Made(Kind::kPut, Key(i), GoldenValue(Key(i), 1)));
  for (int i = 0; i < kKeys; i += 7) entries.push_back(Made(Kind::kDelete, Key(i), {}));
  for (int i = 1; i < kKeys; i += 5) entries.push_back(Made(Kind::kMerge, Key(i), GoldenValue(Key(i), 2)));
  for (int i = 0; i < 3; ++i) entries.push_back(Made(Kind::kSingleDelete, Numbered("single", i), {}));
  return entries;
}

const std::vector<GoldenVariant>& GoldenVariants() {
  static const std::vector<GoldenVariant> all = [] {
    std::vector<GoldenVariant> made;
    AddFormats(&made);
    AddCompressions(&made);
    AddIndexes(&made);
    AddFilters(&made);
    AddLogsAndManifests(&made);
    return made;
  }();
  return all;
}

rocksdb::Options GoldenPlainOptions(const GoldenVariant& variant) {
  rocksdb::Options drawn;
  BlockBasedTableOptions ignored;
  variant.set(&drawn, &ignored);
  rocksdb::Options options;
  options.comparator = drawn.comparator;
  options.merge_operator = MergeOperatorOf(MergeKind::kAppend);
  options.avoid_flush_during_shutdown = options.avoid_flush_during_recovery = true;
  options.disable_auto_compactions = true;
  options.allow_2pc = variant.has_transactions;  // without it markers in the log are no database's own
  return options;
}

rocksdb::Options GoldenOptions(const GoldenVariant& variant) {
  rocksdb::Options options = GoldenPlainOptions(variant);
  options.create_if_missing = true;
  BlockBasedTableOptions table;
  table.block_size = 512;
  variant.set(&options, &table);
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

Model GoldenModel(const GoldenVariant& variant) {
  FamilyPlan plan;
  plan.name = "default";
  if (GoldenPlainOptions(variant).comparator == rocksdb::ReverseBytewiseComparator()) plan.order = Order::kReverse;
  Model model;
  model.families.emplace_back(plan);
  const auto apply = [&](const std::vector<Entry>& entries) {
    Operation operation;
    operation.entries = entries;
    Apply(operation, &model);
  };
  apply(GoldenEntries(0));
  if (variant.has_families) {
    model.families.push_back(model.families.front());
    model.families.back().plan.name = "other";
  }
  apply(GoldenEntries(1));
  std::erase_if(model.families.front().map,
                [](const auto& pair) { return pair.first >= Key(60) && pair.first < Key(66); });
  if (variant.has_entities)
    apply({Made(Entry::Kind::kPut, "entity1", "entity1#0"), Made(Entry::Kind::kPut, "entity2", "")});
  if (variant.has_ingested_file)
    apply({Made(Entry::Kind::kPut, Key(0), GoldenValue(Key(0), 3)),
           Made(Entry::Kind::kPut, "ingested", GoldenValue("ingested", 3))});
  if (variant.has_transactions) apply({Made(Entry::Kind::kPut, "committed", GoldenValue("committed", 4))});
  if (variant.has_logged_entity)
    apply({Made(Entry::Kind::kPut, kGoldenLoggedEntity, GoldenValue(kGoldenLoggedEntity, 5))});
  for (int i = 0; i < kGoldenLogKeys; ++i) {
    apply({Made(Entry::Kind::kPut, GoldenLogKey(i), GoldenValue(GoldenLogKey(i), 0))});
  }
  return model;
}

}  // namespace gneiss::parity
