// The calling thread's PerfContext, PerfLevel and IOStatsContext: the objects that programs read directly, and their
// text.
#include <rocksdb/env.h>
#include <rocksdb/iostats_context.h>
#include <rocksdb/perf_context.h>
#include <rocksdb/perf_level.h>

#include <cstddef>
#include <cstring>
#include <map>
#include <string>

#include "engine/base/perf.h"

namespace rocksdb {

// Executables reach both by name (initial-exec TLS), so the symbols, sizes and the TLS initialiser of perf_context are
// part of the ABI.
thread_local PerfContext perf_context;
thread_local PerfLevel perf_level = kEnableCount;
static_assert(sizeof(PerfContext) == 784 && sizeof(PerfLevel) == 1);

thread_local IOStatsContext iostats_context;

namespace {

// The engine counts in the same objects, seen as plain data (below).
#define GNEISS_CHECK_FIELD(name) static_assert(offsetof(PerfContext, name) == offsetof(gneiss::PerfCounters, name));
GNEISS_PERF_FIELDS(GNEISS_CHECK_FIELD)
#undef GNEISS_CHECK_FIELD
#define GNEISS_CHECK_FIELD(name) static_assert(offsetof(IOStatsContext, name) == offsetof(gneiss::IoCounters, name));
GNEISS_IO_FIELDS(GNEISS_CHECK_FIELD)
#undef GNEISS_CHECK_FIELD
static_assert(sizeof(gneiss::PerfCounters) == sizeof(PerfContext) &&
              sizeof(gneiss::IoCounters) == sizeof(IOStatsContext));
static_assert(offsetof(PerfContext, level_to_perf_context) == offsetof(gneiss::PerfCounters, levels));
static_assert(offsetof(PerfContext, per_level_perf_context_enabled) ==
              offsetof(gneiss::PerfCounters, counts_per_level));
static_assert(offsetof(IOStatsContext, disable_iostats) == offsetof(gneiss::IoCounters, is_disabled));
static_assert(kDisable == static_cast<int>(gneiss::PerfLevel::kNothing) &&
              kEnableTimeAndCPUTimeExceptForMutex == static_cast<int>(gneiss::PerfLevel::kCpuTimes));

void AddPerLevel(int level, gneiss::LevelPerf counter, uint64_t by) {
  if (perf_context.level_to_perf_context == nullptr) return;
  PerfContextByLevel& counters = (*perf_context.level_to_perf_context)[static_cast<uint32_t>(level)];
  switch (counter) {
    case gneiss::LevelPerf::kFilterUseful:
      counters.bloom_filter_useful += by;
      return;
    case gneiss::LevelPerf::kFilterFullPositive:
      counters.bloom_filter_full_positive += by;
      return;
    case gneiss::LevelPerf::kFilterFullTruePositive:
      counters.bloom_filter_full_true_positive += by;
      return;
    case gneiss::LevelPerf::kUserKeyReturned:
      counters.user_key_return_count += by;
      return;
    case gneiss::LevelPerf::kTableNanos:
      counters.get_from_table_nanos += by;
      return;
    case gneiss::LevelPerf::kBlockCacheHit:
      counters.block_cache_hit_count += by;
      return;
    case gneiss::LevelPerf::kBlockCacheMiss:
      counters.block_cache_miss_count += by;
      return;
  }
}

const bool is_told_of_levels = [] {
  gneiss::add_per_level = &AddPerLevel;
  return true;
}();

// The counters in the order in which ToString prints them.
// clang-format off
#define GNEISS_PERF_COUNTERS(X) \
  X(user_key_comparison_count) X(block_cache_hit_count) X(block_read_count) X(block_read_byte) \
  X(block_read_time) X(block_cache_index_hit_count) X(block_cache_standalone_handle_count) \
  X(block_cache_real_handle_count) X(index_block_read_count) X(block_cache_filter_hit_count) \
  X(filter_block_read_count) X(compression_dict_block_read_count) X(secondary_cache_hit_count) \
  X(compressed_sec_cache_insert_real_count) X(compressed_sec_cache_insert_dummy_count) \
  X(compressed_sec_cache_uncompressed_bytes) X(compressed_sec_cache_compressed_bytes) X(block_checksum_time) \
  X(block_decompress_time) X(get_read_bytes) X(multiget_read_bytes) X(iter_read_bytes) X(blob_cache_hit_count) \
  X(blob_read_count) X(blob_read_byte) X(blob_read_time) X(blob_checksum_time) X(blob_decompress_time) \
  X(internal_key_skipped_count) X(internal_delete_skipped_count) X(internal_recent_skipped_count) \
  X(internal_merge_count) X(internal_range_del_reseek_count) X(write_wal_time) X(get_snapshot_time) \
  X(get_from_memtable_time) X(get_from_memtable_count) X(get_post_process_time) X(get_from_output_files_time) \
  X(seek_on_memtable_time) X(seek_on_memtable_count) X(next_on_memtable_count) X(prev_on_memtable_count) \
  X(seek_child_seek_time) X(seek_child_seek_count) X(seek_min_heap_time) X(seek_internal_seek_time) \
  X(find_next_user_entry_time) X(write_pre_and_post_process_time) X(write_memtable_time) \
  X(write_thread_wait_nanos) X(write_scheduling_flushes_compactions_time) X(db_mutex_lock_nanos) \
  X(db_condition_wait_nanos) X(merge_operator_time_nanos) X(write_delay_time) X(read_index_block_nanos) \
  X(read_filter_block_nanos) X(new_table_block_iter_nanos) X(new_table_iterator_nanos) X(block_seek_nanos) \
  X(find_table_nanos) X(bloom_memtable_hit_count) X(bloom_memtable_miss_count) X(bloom_sst_hit_count) \
  X(bloom_sst_miss_count) X(key_lock_wait_time) X(key_lock_wait_count) X(env_new_sequential_file_nanos) \
  X(env_new_random_access_file_nanos) X(env_new_writable_file_nanos) X(env_reuse_writable_file_nanos) \
  X(env_new_random_rw_file_nanos) X(env_new_directory_nanos) X(env_file_exists_nanos) X(env_get_children_nanos) \
  X(env_get_children_file_attributes_nanos) X(env_delete_file_nanos) X(env_create_dir_nanos) \
  X(env_create_dir_if_missing_nanos) X(env_delete_dir_nanos) X(env_get_file_size_nanos) \
  X(env_get_file_modification_time_nanos) X(env_rename_file_nanos) X(env_link_file_nanos) \
  X(env_lock_file_nanos) X(env_unlock_file_nanos) X(env_new_logger_nanos) X(get_cpu_nanos) \
  X(iter_next_cpu_nanos) X(iter_prev_cpu_nanos) X(iter_seek_cpu_nanos) X(number_async_seek)
// clang-format on

// The counters lie next to each other at the start of the struct.
constexpr size_t kCounterBytes = offsetof(PerfContext, level_to_perf_context);

void CopyCounters(PerfContext* to, const PerfContext& from) {
  std::memcpy(static_cast<void*>(to), static_cast<const void*>(&from), kCounterBytes);
}

std::map<uint32_t, PerfContextByLevel>* CopyLevels(const std::map<uint32_t, PerfContextByLevel>* levels) {
  return levels == nullptr ? nullptr : new std::map<uint32_t, PerfContextByLevel>(*levels);
}

// "name = value, " for every counter, the last separator cut off.
class CounterText {
 public:
  explicit CounterText(bool excludes_zero) : excludes_zero_(excludes_zero) {}

  void Add(const char* name, uint64_t value) {
    if (excludes_zero_ && value == 0) return;
    text_.append(name).append(" = ").append(std::to_string(value)).append(", ");
  }
  // "name = value@level0, value@level1, "
  void AddPerLevel(const char* name, const std::map<uint32_t, PerfContextByLevel>& levels,
                   uint64_t PerfContextByLevel::*counter) {
    text_.append(name).append(" = ");
    for (const auto& [level, counters] : levels) {
      if (excludes_zero_ && counters.*counter == 0) continue;
      text_.append(std::to_string(counters.*counter)).append("@level").append(std::to_string(level)).append(", ");
    }
  }
  std::string Take() {
    text_.erase(text_.find_last_not_of(", ") + 1);
    return std::move(text_);
  }

 private:
  const bool excludes_zero_;
  std::string text_;
};

}  // namespace

PerfContext* get_perf_context() { return &perf_context; }
IOStatsContext* get_iostats_context() { return &iostats_context; }
PerfLevel GetPerfLevel() { return perf_level; }

void SetPerfLevel(PerfLevel level) {
  if (level > kUninitialized && level < kOutOfBounds) perf_level = level;
}

PerfContext::~PerfContext() { ClearPerLevelPerfContext(); }

PerfContext::PerfContext(const PerfContext& other)
    : level_to_perf_context(CopyLevels(other.level_to_perf_context)),
      per_level_perf_context_enabled(other.per_level_perf_context_enabled) {
  CopyCounters(this, other);
}

PerfContext::PerfContext(PerfContext&& other) noexcept
    : level_to_perf_context(std::exchange(other.level_to_perf_context, nullptr)),
      per_level_perf_context_enabled(other.per_level_perf_context_enabled) {
  CopyCounters(this, other);
}

PerfContext& PerfContext::operator=(const PerfContext& other) {
  if (this == &other) return *this;
  CopyCounters(this, other);
  delete std::exchange(level_to_perf_context, CopyLevels(other.level_to_perf_context));
  per_level_perf_context_enabled = other.per_level_perf_context_enabled;
  return *this;
}

void PerfContext::Reset() {
  std::memset(static_cast<void*>(this), 0, kCounterBytes);
  if (!per_level_perf_context_enabled || level_to_perf_context == nullptr) return;
  for (auto& [level, counters] : *level_to_perf_context) counters.Reset();
}

std::string PerfContext::ToString(bool exclude_zero_counters) const {
  CounterText text(exclude_zero_counters);
#define GNEISS_ADD_COUNTER(name) text.Add(#name, name);
  GNEISS_PERF_COUNTERS(GNEISS_ADD_COUNTER)
#undef GNEISS_ADD_COUNTER
  if (per_level_perf_context_enabled && level_to_perf_context != nullptr) {
    const auto& levels = *level_to_perf_context;
    text.AddPerLevel("bloom_filter_useful", levels, &PerfContextByLevel::bloom_filter_useful);
    text.AddPerLevel("bloom_filter_full_positive", levels, &PerfContextByLevel::bloom_filter_full_positive);
    text.AddPerLevel("bloom_filter_full_true_positive", levels, &PerfContextByLevel::bloom_filter_full_true_positive);
    text.AddPerLevel("block_cache_hit_count", levels, &PerfContextByLevel::block_cache_hit_count);
    text.AddPerLevel("block_cache_miss_count", levels, &PerfContextByLevel::block_cache_miss_count);
  }
  return text.Take();
}

void PerfContext::EnablePerLevelPerfContext() {
  if (level_to_perf_context == nullptr) level_to_perf_context = new std::map<uint32_t, PerfContextByLevel>;
  per_level_perf_context_enabled = true;
}

void PerfContext::DisablePerLevelPerfContext() { per_level_perf_context_enabled = false; }

void PerfContext::ClearPerLevelPerfContext() {
  delete std::exchange(level_to_perf_context, nullptr);
  per_level_perf_context_enabled = false;
}

void PerfContextByLevel::Reset() { *this = PerfContextByLevel(); }

void IOStatsContext::Reset() {
  const bool was_disabled = disable_iostats;
  *this = IOStatsContext{};
  thread_pool_id = Env::Priority::TOTAL;
  disable_iostats = was_disabled;
}

std::string IOStatsContext::ToString(bool exclude_zero_counters) const {
  CounterText text(exclude_zero_counters);
#define GNEISS_ADD_COUNTER(name) text.Add(#name, name)
  GNEISS_ADD_COUNTER(thread_pool_id);
  GNEISS_ADD_COUNTER(bytes_read);
  GNEISS_ADD_COUNTER(bytes_written);
  GNEISS_ADD_COUNTER(open_nanos);
  GNEISS_ADD_COUNTER(allocate_nanos);
  GNEISS_ADD_COUNTER(write_nanos);
  GNEISS_ADD_COUNTER(read_nanos);
  GNEISS_ADD_COUNTER(range_sync_nanos);
  GNEISS_ADD_COUNTER(fsync_nanos);
  GNEISS_ADD_COUNTER(prepare_write_nanos);
  GNEISS_ADD_COUNTER(logger_nanos);
  GNEISS_ADD_COUNTER(cpu_write_nanos);
  GNEISS_ADD_COUNTER(cpu_read_nanos);
  GNEISS_ADD_COUNTER(file_io_stats_by_temperature.hot_file_bytes_read);
  GNEISS_ADD_COUNTER(file_io_stats_by_temperature.warm_file_bytes_read);
  GNEISS_ADD_COUNTER(file_io_stats_by_temperature.cold_file_bytes_read);
  GNEISS_ADD_COUNTER(file_io_stats_by_temperature.hot_file_read_count);
  GNEISS_ADD_COUNTER(file_io_stats_by_temperature.warm_file_read_count);
  GNEISS_ADD_COUNTER(file_io_stats_by_temperature.cold_file_read_count);
#undef GNEISS_ADD_COUNTER
  return text.Take();
}

}  // namespace rocksdb

namespace gneiss {

// The same bytes under the engine's names (engine/base/perf.cc has the weak definitions that these replace).
#define GNEISS_SAME_AS(symbol) __attribute__((alias(symbol), visibility("hidden"), tls_model("initial-exec")))
extern constinit thread_local PerfCounters perf_counters GNEISS_SAME_AS("_ZN7rocksdb12perf_contextE");
extern constinit thread_local IoCounters io_counters GNEISS_SAME_AS("_ZN7rocksdb15iostats_contextE");
extern constinit thread_local PerfLevel perf_level GNEISS_SAME_AS("_ZN7rocksdb10perf_levelE");

}  // namespace gneiss
