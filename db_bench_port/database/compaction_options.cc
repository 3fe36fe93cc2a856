// Options of the tree's shape, of compaction and of compression.
#include "db_bench_port/database/options.h"
#include "db_bench_port/flags/flags.h"

namespace bench {
namespace {

void SetCompression(const Settings& settings, rocksdb::Options* options) {
  options->compression = settings.compression;
  options->compression_opts.level = FLAGS_compression_level;
  options->compression_opts.max_dict_bytes = FLAGS_compression_max_dict_bytes;
  options->compression_opts.zstd_max_train_bytes = FLAGS_compression_zstd_max_train_bytes;
  options->compression_opts.parallel_threads = FLAGS_compression_parallel_threads;
  options->compression_opts.max_dict_buffer_bytes = FLAGS_compression_max_dict_buffer_bytes;
  options->compression_opts.use_zstd_dict_trainer = FLAGS_compression_use_zstd_dict_trainer;
  options->sample_for_compression = FLAGS_sample_for_compression;
  if (FLAGS_min_level_to_compress < 0) return;
  options->compression_per_level.resize(FLAGS_num_levels, settings.compression);
  for (int level = 0; level < FLAGS_min_level_to_compress && level < FLAGS_num_levels; ++level) {
    options->compression_per_level[level] = rocksdb::kNoCompression;
  }
}

void SetUniversal(rocksdb::CompactionOptionsUniversal* universal) {
  if (FLAGS_universal_size_ratio != 0) universal->size_ratio = FLAGS_universal_size_ratio;
  if (FLAGS_universal_min_merge_width != 0) universal->min_merge_width = FLAGS_universal_min_merge_width;
  if (FLAGS_universal_max_merge_width != 0) universal->max_merge_width = FLAGS_universal_max_merge_width;
  if (FLAGS_universal_max_size_amplification_percent != 0) {
    universal->max_size_amplification_percent = FLAGS_universal_max_size_amplification_percent;
  }
  universal->compression_size_percent = FLAGS_universal_compression_size_percent;
  universal->allow_trivial_move = FLAGS_universal_allow_trivial_move;
  universal->incremental = FLAGS_universal_incremental;
}

void SetLevels(const Settings& settings, rocksdb::Options* options) {
  options->num_levels = FLAGS_num_levels;
  options->target_file_size_base = FLAGS_target_file_size_base;
  options->target_file_size_multiplier = FLAGS_target_file_size_multiplier;
  options->max_bytes_for_level_base = FLAGS_max_bytes_for_level_base;
  options->max_bytes_for_level_multiplier = FLAGS_max_bytes_for_level_multiplier;
  options->level_compaction_dynamic_level_bytes = FLAGS_level_compaction_dynamic_level_bytes;
  if (!settings.level_fanout.empty()) options->max_bytes_for_level_multiplier_additional = settings.level_fanout;
  options->level0_file_num_compaction_trigger = FLAGS_level0_file_num_compaction_trigger;
  options->level0_slowdown_writes_trigger = FLAGS_level0_slowdown_writes_trigger;
  options->level0_stop_writes_trigger = FLAGS_level0_stop_writes_trigger;
  options->soft_pending_compaction_bytes_limit = FLAGS_soft_pending_compaction_bytes_limit;
  options->hard_pending_compaction_bytes_limit = FLAGS_hard_pending_compaction_bytes_limit;
  options->max_compaction_bytes = FLAGS_max_compaction_bytes;
}

}  // namespace

void SetCompactionOptions(const Settings& settings, rocksdb::Options* options) {
  options->compaction_style = static_cast<rocksdb::CompactionStyle>(FLAGS_compaction_style);
  options->compaction_pri = static_cast<rocksdb::CompactionPri>(FLAGS_compaction_pri);
  options->disable_auto_compactions = FLAGS_disable_auto_compactions;
  SetLevels(settings, options);
  SetCompression(settings, options);
  SetUniversal(&options->compaction_options_universal);
  options->compaction_options_fifo = rocksdb::CompactionOptionsFIFO(FLAGS_fifo_compaction_max_table_files_size_mb << 20,
                                                                    FLAGS_fifo_compaction_allow_compaction);
  options->compaction_options_fifo.age_for_warm = FLAGS_fifo_age_for_warm;
  // As in db_bench, --ttl_seconds is set last and so goes over --fifo_compaction_ttl unless it is at its default.
  constexpr uint64_t kDefaultTtl = 0xfffffffffffffffe;
  options->ttl = FLAGS_fifo_compaction_ttl != 0 && FLAGS_ttl_seconds == kDefaultTtl ? FLAGS_fifo_compaction_ttl
                                                                                    : FLAGS_ttl_seconds;
  options->periodic_compaction_seconds = FLAGS_periodic_compaction_seconds;
  options->preclude_last_level_data_seconds = FLAGS_preclude_last_level_data_seconds;
  options->preserve_internal_time_seconds = FLAGS_preserve_internal_time_seconds;
}

}  // namespace bench
