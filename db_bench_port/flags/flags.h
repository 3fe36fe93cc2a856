#pragma once

#include <gflags/gflags.h>

// Every flag of the benchmark program, declared. A flag is one line of a .inc file of this folder:
//     GNEISS_FLAG(type, name, default, "what it does")
// with the names, types and defaults of RocksDB 7.8.3's db_bench (tests hold them against `db_bench --help`) and texts
// of our own. flags.cc turns the same lines into definitions.
#define GNEISS_FLAG(type, name, default_value, help) DECLARE_##type(name);
#include "db_bench_port/flags/all.inc"
#undef GNEISS_FLAG
