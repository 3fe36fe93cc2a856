#include "db_bench_port/runner/registry.h"

#include <algorithm>

#include "db_bench_port/benchmarks/benchmarks.h"
#include "db_bench_port/errors.h"
#include "db_bench_port/flags/flags.h"

namespace bench {
namespace {

constexpr int64_t kFewer = 1000;  // fillsync, fill100K and readrandomsmall do a thousandth

void NeedMergeOperator() {
  if (FLAGS_merge_operator.empty()) Fail("skipped (--merge_operator is unknown)");
}

void NeedNoCompactions() {
  if (!FLAGS_disable_auto_compactions) Fail("Please disable_auto_compactions in FillDeterministic benchmark");
}

void NeedRowCacheAndKeys() {
  if (!FLAGS_use_existing_keys || FLAGS_row_cache_size == 0) {
    Fail("Please set use_existing_keys to true and specify a row cache size in readtorowcache benchmark");
  }
}

void NeedTraceFile() {
  if (FLAGS_threads > 1) Fail("Multi-threaded replay is not yet supported");
  if (FLAGS_trace_file.empty()) Fail("Please set --trace_file to be replayed from");
}

std::vector<Benchmark> MakeAll() {
  return {
      {.name = "fillseq", .run = FillSequential, .needs_fresh_database = true},
      {.name = "fillseqdeterministic",
       .run = FillSequentialDeterministic,
       .needs_fresh_database = true,
       .is_single_threaded = true,
       .check_flags = NeedNoCompactions},
      {.name = "filluniquerandomdeterministic",
       .run = FillUniqueRandomDeterministic,
       .needs_fresh_database = true,
       .is_single_threaded = true,
       .check_flags = NeedNoCompactions},
      {.name = "fillbatch",
       .run = FillSequential,
       .needs_fresh_database = true,
       .adjust = [](Params* params) { params->entries_per_batch = 1000; }},
      {.name = "fillrandom", .run = FillRandom, .needs_fresh_database = true},
      {.name = "filluniquerandom", .run = FillUniqueRandom, .needs_fresh_database = true, .is_single_threaded = true},
      {.name = "fillanddeleteuniquerandom",
       .run = FillUniqueRandom,
       .needs_fresh_database = true,
       .is_single_threaded = true},
      {.name = "overwrite", .run = FillRandom},
      // Both leave --writes alone: db_bench divides only the keys, so they write --writes (or --num) entries over a
      // thousandth of them.
      {.name = "fillsync",
       .run = FillRandom,
       .needs_fresh_database = true,
       .adjust =
           [](Params* params) {
             params->num /= kFewer;
             params->write_options.sync = true;
           }},
      {.name = "fill100K",
       .run = FillRandom,
       .needs_fresh_database = true,
       .adjust =
           [](Params* params) {
             params->num /= kFewer;
             params->value_size = 100 * 1000;
           }},
      {.name = "fillseekseq", .run = FillThenSeekEach},
      {.name = "readseq", .run = ReadSequential},
      {.name = "readtorowcache", .run = ReadToRowCache, .check_flags = NeedRowCacheAndKeys},
      {.name = "readtocache",
       .run = ReadSequential,
       .is_single_threaded = true,
       .adjust = [](Params* params) { params->reads = params->num; }},
      {.name = "readreverse", .run = ReadReverse},
      {.name = "readrandom", .run = ReadRandom},
      {.name = "readrandomfast", .run = ReadRandomFast},
      {.name = "readrandomsmall", .run = ReadRandom, .adjust = [](Params* params) { params->reads /= kFewer; }},
      {.name = "readmissing", .run = ReadRandom, .adjust = [](Params* params) { ++params->key_size; }},
      {.name = "readrandomoperands",
       .run = ReadRandom,
       .adjust = [](Params* params) { params->reads_operands = true; }},
      {.name = "multireadrandom", .run = MultiReadRandom},
      {.name = "approximatesizerandom", .run = ApproximateSizes},
      {.name = "mixgraph", .run = MixGraph},
      {.name = "newiterator", .run = CreateIterators},
      {.name = "newiteratorwhilewriting", .run = CreateIteratorsWhileWriting, .has_disturbing_thread = true},
      {.name = "seekrandom", .run = SeekRandom},
      {.name = "seekrandomwhilewriting", .run = SeekWhileWriting, .has_disturbing_thread = true},
      {.name = "seekrandomwhilemerging", .run = SeekWhileMerging, .has_disturbing_thread = true},
      {.name = "readwhilewriting", .run = ReadWhileWriting, .has_disturbing_thread = true},
      {.name = "readwhilemerging", .run = ReadWhileMerging, .has_disturbing_thread = true},
      {.name = "readwhilescanning", .run = ReadWhileScanning, .has_disturbing_thread = true},
      {.name = "deleteseq", .run = DeleteSequential},
      {.name = "deleterandom", .run = DeleteRandom},
      {.name = "readrandomwriterandom", .run = ReadOrWriteRandom},
      {.name = "readrandommergerandom", .run = ReadOrMergeRandom, .check_flags = NeedMergeOperator},
      {.name = "updaterandom", .run = UpdateRandom},
      {.name = "xorupdaterandom", .run = XorUpdateRandom},
      {.name = "appendrandom", .run = AppendRandom},
      {.name = "mergerandom", .run = MergeRandom, .check_flags = NeedMergeOperator},
      {.name = "randomwithverify", .run = RandomWithVerify},
      {.name = "randomreplacekeys", .run = ReplaceKeys, .needs_fresh_database = true},
      {.name = "timeseries", .run = TimeSeries, .needs_fresh_database = true},
      {.name = "getmergeoperands", .run = CompareMergeOperands},
      {.name = "randomtransaction", .run = RandomTransactions, .after = VerifyTransactions},
      {.name = "crc32c", .run = Crc32c},
      {.name = "acquireload", .run = AcquireLoads},
      {.name = "compact", .run = Compact},
      {.name = "verifychecksum", .run = VerifyChecksums},
      {.name = "verifyfilechecksums", .run = VerifyFileChecksums},
      {.name = "backup", .run = Backup},
      {.name = "restore", .run = Restore},
      {.name = "replay", .run = Replay, .check_flags = NeedTraceFile},
      {.name = "compactall", .command = CompactAll},
      {.name = "compact0", .command = CompactLevel0},
      {.name = "compact1", .command = CompactLevel1},
      {.name = "waitforcompaction", .command = WaitForCompaction},
      {.name = "flush", .command = FlushAll},
      {.name = "stats", .command = PrintStats},
      {.name = "resetstats", .command = ResetStats},
      {.name = "levelstats", .command = PrintLevelStats},
      {.name = "memstats", .command = PrintMemtableStats},
      {.name = "sstables", .command = PrintTables},
      {.name = "block_cache_entry_stats", .command = PrintCacheEntryStats},
      {.name = "stats_history", .command = PrintStatsHistory},
      {.name = "verify", .command = VerifyAgainstTruth},
      {.name = "xxhash", .cannot = "no public header offers the library's XXH32"},
      {.name = "xxhash64", .cannot = "no public header offers the library's XXH64"},
      {.name = "xxh3", .cannot = "no public header offers the library's XXH3"},
      {.name = "compress", .cannot = "no public header offers the library's compression"},
      {.name = "uncompress", .cannot = "no public header offers the library's compression"},
  };
}

}  // namespace

const std::vector<Benchmark>& AllBenchmarks() {
  static const std::vector<Benchmark> all = MakeAll();
  return all;
}

const Benchmark* FindBenchmark(const std::string& name) {
  const auto& all = AllBenchmarks();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Benchmark& each) { return name == each.name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace bench
