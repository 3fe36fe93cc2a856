// Benchmarks with one thread that disturbs: thread 0 writes, merges or scans until the others are done, and is not
// counted.
#include <cstdio>
#include <memory>

#include "db_bench_port/benchmarks/benchmarks.h"
#include "db_bench_port/benchmarks/range_deleter.h"
#include "db_bench_port/errors.h"
#include "db_bench_port/flags/flags.h"

namespace bench {
namespace {

enum class Disturbance { kPut, kMerge };

// Whether the writer has more to do: until the others are done, or with --finish_after_writes until it has written
// enough.
bool HasMoreToWrite(const BenchThread& thread, int64_t written) {
  if (FLAGS_finish_after_writes) return written != thread.params.writes;
  return !thread.shared.OnlyOneIsLeft();
}

void WriteUntilOthersAreDone(BenchThread& thread, Disturbance disturbance) {
  const Params& params = thread.params;
  thread.stats.ExcludeFromMerge();
  ValueSource values = thread.MakeValues();
  KeyBuffer buffer = thread.MakeKeyBuffer();
  RangeDeleter range_deleter(thread.MakeKeyBuffer(), thread.MakeKeyBuffer(), params.range_deletions);
  const auto limiter = NewLimiter(FLAGS_benchmark_write_rate_limit, rocksdb::RateLimiter::Mode::kWritesOnly);
  int64_t written = 0;
  while (HasMoreToWrite(thread, written)) {
    rocksdb::DB* db = thread.PickDatabase().db();
    const rocksdb::Slice& key = buffer.Make(thread.random.Below(FLAGS_num), FLAGS_num);
    const rocksdb::Slice value = values.Next();
    CheckOk("put or merge", disturbance == Disturbance::kPut ? db->Put(params.write_options, key, value)
                                                             : db->Merge(params.write_options, key, value));
    ++written;
    thread.stats.AddBytes(static_cast<int64_t>(key.size() + value.size()));
    thread.stats.Finished(db, 1, Operation::kWrite);
    if (limiter != nullptr) {
      limiter->Request(static_cast<int64_t>(key.size() + value.size()), rocksdb::Env::IO_HIGH, nullptr,
                       rocksdb::RateLimiter::OpType::kWrite);
    }
    if (params.range_deletions.IsDue(written)) {
      rocksdb::WriteBatch batch;
      range_deleter.AddTo(&batch, nullptr, thread.random.Below(FLAGS_num), FLAGS_num);
      CheckOk("deleterange", db->Write(params.write_options, &batch));
      thread.stats.Finished(db, 1, Operation::kWrite);
    }
  }
  if (range_deleter.done() > 0) std::printf("Number of range deletions: %ld\n", range_deleter.done());
}

void Scan(BenchThread& thread) {
  rocksdb::DB* db = thread.world.databases.first().db();
  std::unique_ptr<rocksdb::Iterator> iterator(db->NewIterator(thread.params.read_options));
  Duration duration = thread.MakeDuration(thread.params.reads);
  while (!duration.IsOver(1)) {
    CheckOk("iterator", iterator->status());
    iterator->Valid() ? iterator->Next() : iterator->SeekToFirst();
    thread.stats.Finished(db, 1, Operation::kSeek);
  }
}

}  // namespace

void ReadWhileWriting(BenchThread& thread) {
  thread.id > 0 ? ReadRandom(thread) : WriteUntilOthersAreDone(thread, Disturbance::kPut);
}
void ReadWhileMerging(BenchThread& thread) {
  thread.id > 0 ? ReadRandom(thread) : WriteUntilOthersAreDone(thread, Disturbance::kMerge);
}
// Here the scanning thread is counted too, as in db_bench.
void ReadWhileScanning(BenchThread& thread) { thread.id > 0 ? ReadRandom(thread) : Scan(thread); }
void SeekWhileWriting(BenchThread& thread) {
  thread.id > 0 ? SeekRandom(thread) : WriteUntilOthersAreDone(thread, Disturbance::kPut);
}
void SeekWhileMerging(BenchThread& thread) {
  thread.id > 0 ? SeekRandom(thread) : WriteUntilOthersAreDone(thread, Disturbance::kMerge);
}
void CreateIteratorsWhileWriting(BenchThread& thread) {
  thread.id > 0 ? CreateIterators(thread) : WriteUntilOthersAreDone(thread, Disturbance::kPut);
}

}  // namespace bench
