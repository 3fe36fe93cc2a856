#pragma once

#include "db_bench_port/data/key_sequence.h"
#include "db_bench_port/runner/bench_thread.h"

// The benchmark functions, by the file that holds them. registry.cc says which name runs which with what.
namespace bench {

// fill.cc
void FillSequential(BenchThread& thread);
void FillRandom(BenchThread& thread);
void FillUniqueRandom(BenchThread& thread);
void FillThenSeekEach(BenchThread& thread);
// The fill itself, for benchmarks that begin with one: `writes` entries in an order.
void Fill(BenchThread& thread, KeyOrder order, int64_t writes);

// deterministic.cc
void FillSequentialDeterministic(BenchThread& thread);
void FillUniqueRandomDeterministic(BenchThread& thread);

// read.cc
void ReadRandom(BenchThread& thread);
void ReadRandomFast(BenchThread& thread);
void ReadToRowCache(BenchThread& thread);
void MultiReadRandom(BenchThread& thread);

// scan.cc
void ReadSequential(BenchThread& thread);
void ReadReverse(BenchThread& thread);
void CreateIterators(BenchThread& thread);
void SeekRandom(BenchThread& thread);
void ApproximateSizes(BenchThread& thread);

// background.cc: thread 0 disturbs, the others measure.
void ReadWhileWriting(BenchThread& thread);
void ReadWhileMerging(BenchThread& thread);
void ReadWhileScanning(BenchThread& thread);
void SeekWhileWriting(BenchThread& thread);
void SeekWhileMerging(BenchThread& thread);
void CreateIteratorsWhileWriting(BenchThread& thread);

// update.cc
void DeleteSequential(BenchThread& thread);
void DeleteRandom(BenchThread& thread);
void UpdateRandom(BenchThread& thread);
void XorUpdateRandom(BenchThread& thread);
void AppendRandom(BenchThread& thread);
void ReplaceKeys(BenchThread& thread);

// merge.cc
void MergeRandom(BenchThread& thread);
void ReadOrMergeRandom(BenchThread& thread);
void CompareMergeOperands(BenchThread& thread);

// mixed.cc
void ReadOrWriteRandom(BenchThread& thread);
void RandomWithVerify(BenchThread& thread);

// mixgraph.cc
void MixGraph(BenchThread& thread);

// time_series.cc
void TimeSeries(BenchThread& thread);

// transactions.cc
void RandomTransactions(BenchThread& thread);
void VerifyTransactions(const World& world);

// cpu.cc
void Crc32c(BenchThread& thread);
void AcquireLoads(BenchThread& thread);

// whole.cc: one operation on everything.
void Compact(BenchThread& thread);
void VerifyChecksums(BenchThread& thread);
void VerifyFileChecksums(BenchThread& thread);
void Backup(BenchThread& thread);
void Restore(BenchThread& thread);
void Replay(BenchThread& thread);

// commands.cc: not measured.
void CompactAll(const World& world);
void CompactLevel0(const World& world);
void CompactLevel1(const World& world);
void WaitForCompaction(const World& world);
void FlushAll(const World& world);
void ResetStats(const World& world);
void PrintStats(const World& world);
void PrintLevelStats(const World& world);
void PrintMemtableStats(const World& world);
void PrintTables(const World& world);
void PrintCacheEntryStats(const World& world);
void PrintStatsHistory(const World& world);
void VerifyAgainstTruth(const World& world);

}  // namespace bench
