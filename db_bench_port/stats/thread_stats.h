#pragma once

#include <rocksdb/db.h>
#include <rocksdb/system_clock.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "db_bench_port/stats/histogram.h"
#include "db_bench_port/stats/interval_reporter.h"
#include "db_bench_port/stats/operation.h"

namespace bench {

// What one thread did in one benchmark: operations, bytes, latencies, and the progress lines meanwhile. After the run
// the threads' objects are merged into one.
//
// Units:   microseconds unless a name says otherwise.
// Threads: one object per thread.
class ThreadStats {
 public:
  // `reporter` may be null.
  ThreadStats(rocksdb::SystemClock* clock, IntervalReporter* reporter);

  void Start(int id);
  void Stop();

  // To be called after each operation, or each `count` of them. The database, if any, is asked for its statistics when
  // an interval report with statistics is due.
  void Finished(rocksdb::DB* db, int64_t count, Operation operation);

  void AddBytes(int64_t bytes) { bytes_ += bytes; }
  void AddMessage(const std::string& message);
  // This thread only disturbs the others: its operations are not theirs.
  void ExcludeFromMerge() { is_excluded_ = true; }
  // The wait before the next operation was on purpose; its latency starts now.
  void ForgetWait() { last_finish_ = clock_->NowMicros(); }

  void Merge(const ThreadStats& other);

  uint64_t start() const { return start_; }
  uint64_t operations() const { return done_ == 0 ? 1 : done_; }
  int64_t bytes() const { return bytes_; }
  double elapsed_seconds() const { return static_cast<double>(finish_ - start_) * 1e-6; }
  // Of all threads together.
  double thread_seconds() const { return thread_seconds_; }
  const std::string& message() const { return message_; }
  // Null when there was no such operation or --histogram is off.
  const Histogram* latencies(Operation operation) const { return latencies_[static_cast<int>(operation)].get(); }

 private:
  void RecordLatency(Operation operation);
  void ReportProgress(rocksdb::DB* db);
  void ReportInterval(rocksdb::DB* db);

  rocksdb::SystemClock* clock_;
  IntervalReporter* reporter_;
  int id_ = -1;
  uint64_t start_ = 0;
  uint64_t finish_ = 0;
  uint64_t last_finish_ = 0;
  uint64_t done_ = 0;
  uint64_t next_report_ = 0;
  uint64_t last_interval_at_ = 0;
  uint64_t last_interval_done_ = 0;
  int64_t bytes_ = 0;
  double thread_seconds_ = 0;
  bool is_excluded_ = false;
  std::string message_;
  std::array<std::unique_ptr<Histogram>, kOperationCount> latencies_;
};

}  // namespace bench
