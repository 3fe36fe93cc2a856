#include "db_bench_port/flags/refused.h"

#include "db_bench_port/errors.h"
#include "db_bench_port/flags/flags.h"

namespace bench {

void RefuseWhatThePublicHeadersLack() {
  const struct {
    bool is_asked;
    const char* flag;
    const char* what;
  } refused[] = {
      {FLAGS_use_blob_db, "use_blob_db", "stacked BlobDB"},
      {FLAGS_simulate_hdd, "simulate_hdd", "the simulated hybrid file system"},
      {!FLAGS_simulate_hybrid_fs_file.empty(), "simulate_hybrid_fs_file", "the simulated hybrid file system"},
      {!FLAGS_read_cache_path.empty(), "read_cache_path", "the tiered persistent cache's settings"},
      {FLAGS_use_cache_memkind_kmem_allocator, "use_cache_memkind_kmem_allocator", "the memkind allocator"},
      {FLAGS_user_timestamp_size != 0, "user_timestamp_size", "a comparator with timestamps"},
      {FLAGS_cache_type == "fast_lru_cache", "cache_type=fast_lru_cache", "that cache"},
      {FLAGS_print_malloc_stats, "print_malloc_stats", "the allocator's statistics"},
      {FLAGS_enable_numa, "enable_numa", "binding to memory nodes"},
  };
  for (const auto& each : refused) {
    if (each.is_asked) Fail("--%s cannot be had: %s is not in RocksDB's public headers", each.flag, each.what);
  }
}

}  // namespace bench
