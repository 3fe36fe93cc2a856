// GNEISS_DEFAULT_BENCHMARKS must be known before the flags are defined.
#include "db_bench_port/flags/default_benchmarks.h"

#include "db_bench_port/flags/flags.h"

#include "db_bench_port/flags/validators.h"

#define GNEISS_FLAG(type, name, default_value, help) DEFINE_##type(name, default_value, help);
#include "db_bench_port/flags/all.inc"
#undef GNEISS_FLAG

DEFINE_validator(readwritepercent, &bench::IsPercent);
DEFINE_validator(deletepercent, &bench::IsPercent);
DEFINE_validator(cache_numshardbits, &bench::IsShardBits);
DEFINE_validator(table_cache_numshardbits, &bench::IsTableCacheShardBits);
DEFINE_validator(prefix_size, &bench::IsPrefixSize);
DEFINE_validator(subcompactions, &bench::FitsInThirtyTwoBits);
