// PerfCounters and IoCounters say what the calling thread did. compat lays rocksdb::PerfContext and IOStatsContext over
// them, so their fields have RocksDB's names and order; compat/adapters/perf_context.cc checks that.
//
// Units:   *_nanos and *_time are nanoseconds, other fields events or bytes.
// Owner:   each thread its own.
// Threads: a thread reads and writes its own; a background thread's are seen by nobody.
// Cost:    counting is one check of the thread's level and one addition. Clocks are read only from kTimes on.
#pragma once

#include <cstdint>
#include <ctime>

namespace gneiss {

// How much is measured; rocksdb::PerfLevel's numbers.
enum class PerfLevel : uint8_t { kNothing = 1, kCounts = 2, kTimes = 3, kCpuTimes = 4, kMutexTimes = 5 };

// clang-format off
#define GNEISS_PERF_FIELDS(X) \
  X(user_key_comparison_count) X(block_cache_hit_count) X(block_read_count) X(block_read_byte) X(block_read_time) \
  X(block_cache_index_hit_count) X(block_cache_standalone_handle_count) X(block_cache_real_handle_count) \
  X(index_block_read_count) X(block_cache_filter_hit_count) X(filter_block_read_count) \
  X(compression_dict_block_read_count) X(secondary_cache_hit_count) X(compressed_sec_cache_insert_real_count) \
  X(compressed_sec_cache_insert_dummy_count) X(compressed_sec_cache_uncompressed_bytes) \
  X(compressed_sec_cache_compressed_bytes) X(block_checksum_time) X(block_decompress_time) X(get_read_bytes) \
  X(multiget_read_bytes) X(iter_read_bytes) X(blob_cache_hit_count) X(blob_read_count) X(blob_read_byte) \
  X(blob_read_time) X(blob_checksum_time) X(blob_decompress_time) X(internal_key_skipped_count) \
  X(internal_delete_skipped_count) X(internal_recent_skipped_count) X(internal_merge_count) \
  X(internal_range_del_reseek_count) X(get_snapshot_time) X(get_from_memtable_time) X(get_from_memtable_count) \
  X(get_post_process_time) X(get_from_output_files_time) X(seek_on_memtable_time) X(seek_on_memtable_count) \
  X(next_on_memtable_count) X(prev_on_memtable_count) X(seek_child_seek_time) X(seek_child_seek_count) \
  X(seek_min_heap_time) X(seek_max_heap_time) X(seek_internal_seek_time) X(find_next_user_entry_time) \
  X(write_wal_time) X(write_memtable_time) X(write_delay_time) X(write_scheduling_flushes_compactions_time) \
  X(write_pre_and_post_process_time) X(write_thread_wait_nanos) X(db_mutex_lock_nanos) X(db_condition_wait_nanos) \
  X(merge_operator_time_nanos) X(read_index_block_nanos) X(read_filter_block_nanos) X(new_table_block_iter_nanos) \
  X(new_table_iterator_nanos) X(block_seek_nanos) X(find_table_nanos) X(bloom_memtable_hit_count) \
  X(bloom_memtable_miss_count) X(bloom_sst_hit_count) X(bloom_sst_miss_count) X(key_lock_wait_time) \
  X(key_lock_wait_count) X(env_new_sequential_file_nanos) X(env_new_random_access_file_nanos) \
  X(env_new_writable_file_nanos) X(env_reuse_writable_file_nanos) X(env_new_random_rw_file_nanos) \
  X(env_new_directory_nanos) X(env_file_exists_nanos) X(env_get_children_nanos) \
  X(env_get_children_file_attributes_nanos) X(env_delete_file_nanos) X(env_create_dir_nanos) \
  X(env_create_dir_if_missing_nanos) X(env_delete_dir_nanos) X(env_get_file_size_nanos) \
  X(env_get_file_modification_time_nanos) X(env_rename_file_nanos) X(env_link_file_nanos) X(env_lock_file_nanos) \
  X(env_unlock_file_nanos) X(env_new_logger_nanos) X(get_cpu_nanos) X(iter_next_cpu_nanos) X(iter_prev_cpu_nanos) \
  X(iter_seek_cpu_nanos) X(encrypt_data_nanos) X(decrypt_data_nanos) X(number_async_seek)

#define GNEISS_IO_FIELDS(X) \
  X(thread_pool_id) X(bytes_written) X(bytes_read) X(open_nanos) X(allocate_nanos) X(write_nanos) X(read_nanos) \
  X(range_sync_nanos) X(fsync_nanos) X(prepare_write_nanos) X(logger_nanos) X(cpu_write_nanos) X(cpu_read_nanos)
// clang-format on

#define GNEISS_DECLARE_FIELD(name) uint64_t name;
struct PerfCounters {
  GNEISS_PERF_FIELDS(GNEISS_DECLARE_FIELD)
  void* levels;           // the owner's
  bool counts_per_level;  // AddPerLevel is worth while
};
struct IoCounters {
  GNEISS_IO_FIELDS(GNEISS_DECLARE_FIELD)
  uint64_t by_temperature[6];  // files have none
  bool is_disabled;
};
#undef GNEISS_DECLARE_FIELD

// Counters of one level of the tree; rocksdb::PerfContextByLevel.
enum class LevelPerf : uint8_t {
  kFilterUseful,
  kFilterFullPositive,
  kFilterFullTruePositive,
  kUserKeyReturned,
  kTableNanos,
  kBlockCacheHit,
  kBlockCacheMiss
};

#define GNEISS_TLS __attribute__((tls_model("initial-exec")))
extern constinit thread_local PerfCounters perf_counters GNEISS_TLS;
extern constinit thread_local IoCounters io_counters GNEISS_TLS;
extern constinit thread_local PerfLevel perf_level GNEISS_TLS;
// Set once, before threads run; null: nobody keeps counters per level.
extern void (*add_per_level)(int level, LevelPerf counter, uint64_t by);

inline bool PerfCounts() { return perf_level >= PerfLevel::kCounts; }
inline bool PerfCountsLevels() { return PerfCounts() && perf_counters.counts_per_level; }
inline bool PerfTimes() { return perf_level >= PerfLevel::kTimes; }

inline void PerfAdd(uint64_t PerfCounters::*counter, uint64_t by = 1) {
  if (PerfCounts()) perf_counters.*counter += by;
}
// Costs more; for who has asked PerfCountsLevels.
[[gnu::cold]] void PerfAddAt(int level, LevelPerf counter, uint64_t by = 1);
// One event that also counts for its level, where somebody asked for levels.
inline void PerfCount(uint64_t PerfCounters::*counter, int level, LevelPerf level_counter) {
  if (!PerfCounts()) return;
  ++(perf_counters.*counter);
  if (perf_counters.counts_per_level) [[unlikely]]
    PerfAddAt(level, level_counter);
}

inline uint64_t PerfNanos(clockid_t clock = CLOCK_MONOTONIC) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

// Adds the time of its life to a counter.
class PerfTimer {
 public:
  // `is_on` lets several timers share one look at the level.
  explicit PerfTimer(uint64_t PerfCounters::*counter, bool is_on = PerfTimes())
      : counter_(counter), start_nanos_(is_on ? PerfNanos() : 0) {}
  PerfTimer(const PerfTimer&) = delete;
  PerfTimer& operator=(const PerfTimer&) = delete;
  ~PerfTimer() {
    if (start_nanos_ != 0) [[unlikely]]
      perf_counters.*counter_ += PerfNanos() - start_nanos_;
  }

 private:
  uint64_t PerfCounters::*const counter_;
  const uint64_t start_nanos_;
};

class PerfCpuTimer {
 public:
  explicit PerfCpuTimer(uint64_t PerfCounters::*counter, bool is_timed = PerfTimes())
      : counter_(counter),
        start_nanos_(is_timed && perf_level >= PerfLevel::kCpuTimes ? PerfNanos(CLOCK_THREAD_CPUTIME_ID) : 0) {}
  PerfCpuTimer(const PerfCpuTimer&) = delete;
  PerfCpuTimer& operator=(const PerfCpuTimer&) = delete;
  ~PerfCpuTimer() {
    if (start_nanos_ != 0) [[unlikely]]
      perf_counters.*counter_ += PerfNanos(CLOCK_THREAD_CPUTIME_ID) - start_nanos_;
  }

 private:
  uint64_t PerfCounters::*const counter_;
  const uint64_t start_nanos_;
};

// Bytes count at every level.
inline void CountBytesRead(uint64_t bytes) {
  if (!io_counters.is_disabled) io_counters.bytes_read += bytes;
}
inline void CountBytesWritten(uint64_t bytes) {
  if (!io_counters.is_disabled) io_counters.bytes_written += bytes;
}

class IoTimer {
 public:
  explicit IoTimer(uint64_t IoCounters::*counter)
      : counter_(counter), start_nanos_(PerfTimes() && !io_counters.is_disabled ? PerfNanos() : 0) {}
  IoTimer(const IoTimer&) = delete;
  IoTimer& operator=(const IoTimer&) = delete;
  ~IoTimer() {
    if (start_nanos_ != 0) [[unlikely]]
      io_counters.*counter_ += PerfNanos() - start_nanos_;
  }

 private:
  uint64_t IoCounters::*const counter_;
  const uint64_t start_nanos_;
};

}  // namespace gneiss
