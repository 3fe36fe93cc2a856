// One thread writes points of series, keys of 8 bytes of id and 8 of time; the others read all points of an id, or with
// --expire_style=delete remove those that are too old.
#include <algorithm>
#include <cstring>
#include <memory>

#include "db_bench_port/benchmarks/benchmarks.h"
#include "db_bench_port/errors.h"
#include "db_bench_port/flags/flags.h"
#include "db_bench_port/stats/report.h"

namespace bench {
namespace {

void WritePoints(BenchThread& thread) {
  const Params& params = thread.params;
  SeriesClock& clock = thread.world.series_clock;
  ValueSource values = thread.MakeValues();
  KeyBuffer buffer = thread.MakeKeyBuffer();
  const auto limiter = NewLimiter(FLAGS_benchmark_write_rate_limit, rocksdb::RateLimiter::Mode::kWritesOnly);
  Duration duration = thread.MakeDuration(params.writes);
  thread.stats.ExcludeFromMerge();
  while (!duration.IsOver(1)) {
    rocksdb::DB* db = thread.PickDatabase().db();
    const rocksdb::Slice& key = buffer.Make(thread.random.Below(FLAGS_key_id_range), FLAGS_num);
    const uint64_t now = clock.Now();
    for (int i = 0; i < std::min(params.key_size - 8, 8); ++i)
      buffer.data()[8 + i] = static_cast<char>(now >> (8 * (7 - i)));
    clock.Tick();
    const rocksdb::Slice value = values.Next();
    CheckOk("put", db->Put(params.write_options, key, value));
    const auto bytes = static_cast<int64_t>(key.size() + value.size());
    thread.stats.AddBytes(bytes);
    thread.stats.Finished(db, 1, Operation::kWrite);
    if (limiter != nullptr)
      limiter->Request(bytes, rocksdb::Env::IO_HIGH, nullptr, rocksdb::RateLimiter::OpType::kWrite);
  }
}

enum class Visit { kRead, kExpire };

// Visits the points of one id. Returns their bytes, 0 when there are none.
int64_t VisitSeries(BenchThread& thread, rocksdb::DB* db, rocksdb::Iterator* iterator, const rocksdb::Slice& id,
                    Visit visit) {
  int64_t bytes = 0;
  for (iterator->Seek(id); iterator->Valid() && iterator->key().starts_with(id); iterator->Next()) {
    bytes += static_cast<int64_t>(iterator->key().size());
    if (visit == Visit::kRead) {
      bytes += static_cast<int64_t>(iterator->value().size());
      thread.stats.Finished(db, 1, Operation::kRead);
      continue;
    }
    // Points are in order of time: behind the first that is young enough all are.
    if (!thread.world.series_clock.HasExpired(iterator->key())) break;
    CheckOk("delete", db->Delete(thread.params.write_options, iterator->key()));
    thread.stats.Finished(db, 1, Operation::kDelete);
  }
  CheckOk("iterator", iterator->status());
  return bytes;
}

void VisitUntilWriterIsDone(BenchThread& thread, Visit visit) {
  constexpr size_t kIdBytes = 8;
  rocksdb::DB* db = thread.world.databases.first().db();
  KeyBuffer buffer = thread.MakeKeyBuffer();
  std::unique_ptr<rocksdb::Iterator> iterator(db->NewIterator(thread.params.read_options));
  int64_t visits = 0, found = 0, bytes = 0;
  while (thread.shared.done() == 0) {
    if (!FLAGS_use_tailing_iterator) iterator.reset(db->NewIterator(thread.params.read_options));
    const rocksdb::Slice& key = buffer.Make(thread.random.Below(FLAGS_key_id_range), FLAGS_num);
    const int64_t visited = VisitSeries(thread, db, iterator.get(), rocksdb::Slice(key.data(), kIdBytes), visit);
    ++visits;
    if (visited > 0) ++found;
    bytes += visited;
    thread.shared.LimitReads(1);
  }
  thread.stats.AddBytes(bytes);
  thread.stats.AddMessage(Format("(%ld of %ld found)", found, visits));
}

}  // namespace

void TimeSeries(BenchThread& thread) {
  if (thread.params.key_size < 16) Fail("timeseries needs keys of 16 bytes or more");
  if (thread.id == 0) {
    WritePoints(thread);
    thread.stats.Stop();
    PrintReport("timeseries write", thread.stats);
    return;
  }
  const bool expires = FLAGS_expire_style == "delete" && thread.id <= FLAGS_num_deletion_threads;
  VisitUntilWriterIsDone(thread, expires ? Visit::kExpire : Visit::kRead);
}

}  // namespace bench
