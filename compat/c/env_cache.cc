// c.h: environments, caches, memory accounting, rate limiters, perf contexts.
#include <rocksdb/perf_context.h>
#include <rocksdb/perf_level.h>
#include <rocksdb/utilities/memory_util.h>

#include <map>
#include <unordered_set>

#include "compat/c/handles.h"
#include "compat/c/option_handles.h"

using namespace gneiss::compat;
using rocksdb::Cache;
using rocksdb::Env;
using rocksdb::MemoryUtil;
using rocksdb::PerfContext;

struct rocksdb_perfcontext_t {
  PerfContext* rep;  // the calling thread's
};
struct rocksdb_memory_consumers_t {
  std::vector<rocksdb_t*> dbs;
  std::unordered_set<rocksdb_cache_t*> caches;
};
struct rocksdb_memory_usage_t {
  std::map<MemoryUtil::UsageType, uint64_t> rep;
};

namespace {

struct Metric {
  int id;
  uint64_t PerfContext::*field;
};

#define GNEISS_METRIC(name) {rocksdb_##name, &PerfContext::name},
constexpr Metric kMetrics[] = {
    // clang-format off
    GNEISS_METRIC(user_key_comparison_count)
    GNEISS_METRIC(block_cache_hit_count)
    GNEISS_METRIC(block_read_count)
    GNEISS_METRIC(block_read_byte)
    GNEISS_METRIC(block_read_time)
    GNEISS_METRIC(block_checksum_time)
    GNEISS_METRIC(block_decompress_time)
    GNEISS_METRIC(get_read_bytes)
    GNEISS_METRIC(multiget_read_bytes)
    GNEISS_METRIC(iter_read_bytes)
    GNEISS_METRIC(internal_key_skipped_count)
    GNEISS_METRIC(internal_delete_skipped_count)
    GNEISS_METRIC(internal_recent_skipped_count)
    GNEISS_METRIC(internal_merge_count)
    GNEISS_METRIC(get_snapshot_time)
    GNEISS_METRIC(get_from_memtable_time)
    GNEISS_METRIC(get_from_memtable_count)
    GNEISS_METRIC(get_post_process_time)
    GNEISS_METRIC(get_from_output_files_time)
    GNEISS_METRIC(seek_on_memtable_time)
    GNEISS_METRIC(seek_on_memtable_count)
    GNEISS_METRIC(next_on_memtable_count)
    GNEISS_METRIC(prev_on_memtable_count)
    GNEISS_METRIC(seek_child_seek_time)
    GNEISS_METRIC(seek_child_seek_count)
    GNEISS_METRIC(seek_min_heap_time)
    GNEISS_METRIC(seek_max_heap_time)
    GNEISS_METRIC(seek_internal_seek_time)
    GNEISS_METRIC(find_next_user_entry_time)
    GNEISS_METRIC(write_wal_time)
    GNEISS_METRIC(write_memtable_time)
    GNEISS_METRIC(write_delay_time)
    GNEISS_METRIC(write_pre_and_post_process_time)
    GNEISS_METRIC(db_mutex_lock_nanos)
    GNEISS_METRIC(db_condition_wait_nanos)
    GNEISS_METRIC(merge_operator_time_nanos)
    GNEISS_METRIC(read_index_block_nanos)
    GNEISS_METRIC(read_filter_block_nanos)
    GNEISS_METRIC(new_table_block_iter_nanos)
    GNEISS_METRIC(new_table_iterator_nanos)
    GNEISS_METRIC(block_seek_nanos)
    GNEISS_METRIC(find_table_nanos)
    GNEISS_METRIC(bloom_memtable_hit_count)
    GNEISS_METRIC(bloom_memtable_miss_count)
    GNEISS_METRIC(bloom_sst_hit_count)
    GNEISS_METRIC(bloom_sst_miss_count)
    GNEISS_METRIC(key_lock_wait_time)
    GNEISS_METRIC(key_lock_wait_count)
    GNEISS_METRIC(env_new_sequential_file_nanos)
    GNEISS_METRIC(env_new_random_access_file_nanos)
    GNEISS_METRIC(env_new_writable_file_nanos)
    GNEISS_METRIC(env_reuse_writable_file_nanos)
    GNEISS_METRIC(env_new_random_rw_file_nanos)
    GNEISS_METRIC(env_new_directory_nanos)
    GNEISS_METRIC(env_file_exists_nanos)
    GNEISS_METRIC(env_get_children_nanos)
    GNEISS_METRIC(env_get_children_file_attributes_nanos)
    GNEISS_METRIC(env_delete_file_nanos)
    GNEISS_METRIC(env_create_dir_nanos)
    GNEISS_METRIC(env_create_dir_if_missing_nanos)
    GNEISS_METRIC(env_delete_dir_nanos)
    GNEISS_METRIC(env_get_file_size_nanos)
    GNEISS_METRIC(env_get_file_modification_time_nanos)
    GNEISS_METRIC(env_rename_file_nanos)
    GNEISS_METRIC(env_link_file_nanos)
    GNEISS_METRIC(env_lock_file_nanos)
    GNEISS_METRIC(env_unlock_file_nanos)
    GNEISS_METRIC(env_new_logger_nanos)
    GNEISS_METRIC(number_async_seek)
    GNEISS_METRIC(blob_cache_hit_count)
    GNEISS_METRIC(blob_read_count)
    GNEISS_METRIC(blob_read_byte)
    GNEISS_METRIC(blob_read_time)
    GNEISS_METRIC(blob_checksum_time)
    GNEISS_METRIC(blob_decompress_time)
    GNEISS_METRIC(internal_range_del_reseek_count)
    // clang-format on
};

uint64_t Usage(const rocksdb_memory_usage_t* usage, MemoryUtil::UsageType type) {
  const auto found = usage->rep.find(type);
  return found == usage->rep.end() ? 0 : found->second;
}

}  // namespace

extern "C" {

rocksdb_env_t* rocksdb_create_default_env(void) { return new rocksdb_env_t{Env::Default(), true}; }

rocksdb_env_t* rocksdb_create_mem_env(void) { return new rocksdb_env_t{rocksdb::NewMemEnv(Env::Default()), false}; }

void rocksdb_env_destroy(rocksdb_env_t* env) {
  if (!env->is_default) delete env->rep;
  delete env;
}

void rocksdb_env_set_background_threads(rocksdb_env_t* env, int n) { env->rep->SetBackgroundThreads(n); }

int rocksdb_env_get_background_threads(rocksdb_env_t* env) { return env->rep->GetBackgroundThreads(); }

void rocksdb_env_set_high_priority_background_threads(rocksdb_env_t* env, int n) {
  env->rep->SetBackgroundThreads(n, Env::HIGH);
}

int rocksdb_env_get_high_priority_background_threads(rocksdb_env_t* env) {
  return env->rep->GetBackgroundThreads(Env::HIGH);
}

void rocksdb_env_set_low_priority_background_threads(rocksdb_env_t* env, int n) {
  env->rep->SetBackgroundThreads(n, Env::LOW);
}

int rocksdb_env_get_low_priority_background_threads(rocksdb_env_t* env) {
  return env->rep->GetBackgroundThreads(Env::LOW);
}

void rocksdb_env_set_bottom_priority_background_threads(rocksdb_env_t* env, int n) {
  env->rep->SetBackgroundThreads(n, Env::BOTTOM);
}

int rocksdb_env_get_bottom_priority_background_threads(rocksdb_env_t* env) {
  return env->rep->GetBackgroundThreads(Env::BOTTOM);
}

void rocksdb_env_join_all_threads(rocksdb_env_t* env) { env->rep->WaitForJoin(); }

void rocksdb_env_lower_thread_pool_io_priority(rocksdb_env_t* env) { env->rep->LowerThreadPoolIOPriority(); }

void rocksdb_env_lower_high_priority_thread_pool_io_priority(rocksdb_env_t* env) {
  env->rep->LowerThreadPoolIOPriority(Env::HIGH);
}

void rocksdb_env_lower_thread_pool_cpu_priority(rocksdb_env_t* env) { env->rep->LowerThreadPoolCPUPriority(); }

void rocksdb_env_lower_high_priority_thread_pool_cpu_priority(rocksdb_env_t* env) {
  env->rep->LowerThreadPoolCPUPriority(Env::HIGH);
}

void rocksdb_create_dir_if_missing(rocksdb_env_t* env, const char* path, char** errptr) {
  SaveError(errptr, env->rep->CreateDirIfMissing(path));
}

rocksdb_memory_allocator_t* rocksdb_jemalloc_nodump_allocator_create(char** errptr) {
  auto* allocator = new rocksdb_memory_allocator_t();
  rocksdb::JemallocAllocatorOptions options;
  SaveError(errptr, rocksdb::NewJemallocNodumpAllocator(options, &allocator->rep));
  return allocator;
}

void rocksdb_memory_allocator_destroy(rocksdb_memory_allocator_t* allocator) { delete allocator; }

rocksdb_cache_t* rocksdb_cache_create_lru(size_t capacity) {
  return new rocksdb_cache_t{rocksdb::NewLRUCache(capacity)};
}

rocksdb_cache_t* rocksdb_cache_create_lru_with_strict_capacity_limit(size_t capacity) {
  rocksdb_cache_t* cache = rocksdb_cache_create_lru(capacity);
  cache->rep->SetStrictCapacityLimit(true);
  return cache;
}

rocksdb_cache_t* rocksdb_cache_create_lru_opts(rocksdb_lru_cache_options_t* opt) {
  return new rocksdb_cache_t{rocksdb::NewLRUCache(opt->rep)};
}

void rocksdb_cache_destroy(rocksdb_cache_t* cache) { delete cache; }

void rocksdb_cache_disown_data(rocksdb_cache_t* cache) { cache->rep->DisownData(); }

void rocksdb_cache_set_capacity(rocksdb_cache_t* cache, size_t capacity) { cache->rep->SetCapacity(capacity); }

size_t rocksdb_cache_get_capacity(rocksdb_cache_t* cache) { return cache->rep->GetCapacity(); }

size_t rocksdb_cache_get_usage(rocksdb_cache_t* cache) { return cache->rep->GetUsage(); }

size_t rocksdb_cache_get_pinned_usage(rocksdb_cache_t* cache) { return cache->rep->GetPinnedUsage(); }

rocksdb_ratelimiter_t* rocksdb_ratelimiter_create(int64_t rate_bytes_per_sec, int64_t refill_period_us,
                                                  int32_t fairness) {
  return new rocksdb_ratelimiter_t{std::shared_ptr<rocksdb::RateLimiter>(
      rocksdb::NewGenericRateLimiter(rate_bytes_per_sec, refill_period_us, fairness))};
}

void rocksdb_ratelimiter_destroy(rocksdb_ratelimiter_t* limiter) { delete limiter; }

rocksdb_memory_consumers_t* rocksdb_memory_consumers_create(void) { return new rocksdb_memory_consumers_t(); }

void rocksdb_memory_consumers_add_db(rocksdb_memory_consumers_t* consumers, rocksdb_t* db) {
  consumers->dbs.push_back(db);
}

void rocksdb_memory_consumers_add_cache(rocksdb_memory_consumers_t* consumers, rocksdb_cache_t* cache) {
  consumers->caches.insert(cache);
}

void rocksdb_memory_consumers_destroy(rocksdb_memory_consumers_t* consumers) { delete consumers; }

rocksdb_memory_usage_t* rocksdb_approximate_memory_usage_create(rocksdb_memory_consumers_t* consumers, char** errptr) {
  std::vector<rocksdb::DB*> dbs;
  for (const rocksdb_t* db : consumers->dbs) dbs.push_back(db->rep);
  std::unordered_set<const Cache*> caches;
  for (const rocksdb_cache_t* cache : consumers->caches) caches.insert(cache->rep.get());
  auto usage = std::make_unique<rocksdb_memory_usage_t>();
  if (SaveError(errptr, MemoryUtil::GetApproximateMemoryUsageByType(dbs, caches, &usage->rep))) return nullptr;
  return usage.release();
}

void rocksdb_approximate_memory_usage_destroy(rocksdb_memory_usage_t* usage) { delete usage; }

uint64_t rocksdb_approximate_memory_usage_get_mem_table_total(rocksdb_memory_usage_t* memory_usage) {
  return Usage(memory_usage, MemoryUtil::kMemTableTotal);
}

uint64_t rocksdb_approximate_memory_usage_get_mem_table_unflushed(rocksdb_memory_usage_t* memory_usage) {
  return Usage(memory_usage, MemoryUtil::kMemTableUnFlushed);
}

uint64_t rocksdb_approximate_memory_usage_get_mem_table_readers_total(rocksdb_memory_usage_t* memory_usage) {
  return Usage(memory_usage, MemoryUtil::kTableReadersTotal);
}

uint64_t rocksdb_approximate_memory_usage_get_cache_total(rocksdb_memory_usage_t* memory_usage) {
  return Usage(memory_usage, MemoryUtil::kCacheTotal);
}

void rocksdb_set_perf_level(int level) { rocksdb::SetPerfLevel(static_cast<rocksdb::PerfLevel>(level)); }

rocksdb_perfcontext_t* rocksdb_perfcontext_create(void) {
  return new rocksdb_perfcontext_t{rocksdb::get_perf_context()};
}

void rocksdb_perfcontext_reset(rocksdb_perfcontext_t* context) { context->rep->Reset(); }

char* rocksdb_perfcontext_report(rocksdb_perfcontext_t* context, unsigned char exclude_zero_counters) {
  return CopyText(context->rep->ToString(exclude_zero_counters != 0));
}

uint64_t rocksdb_perfcontext_metric(rocksdb_perfcontext_t* context, int metric) {
  for (const Metric& known : kMetrics) {
    if (known.id == metric) return context->rep->*known.field;
  }
  return 0;
}

void rocksdb_perfcontext_destroy(rocksdb_perfcontext_t* context) { delete context; }

}  // extern "C"
