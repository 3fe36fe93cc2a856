#include "db_bench_port/stats/thread_stats.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "db_bench_port/flags/flags.h"
#include "db_bench_port/stats/interval_details.h"

namespace bench {
namespace {

// Progress is told often at first and seldom later: each step is at most a fifth of what is done, and at most 100 000.
uint64_t ProgressStep(uint64_t done) {
  for (uint64_t decade = 1000; decade <= 100000; decade *= 10) {
    if (done < decade) return decade / 10;
    if (done < decade * 5) return decade / 2;
  }
  return 100000;
}

}  // namespace

ThreadStats::ThreadStats(rocksdb::SystemClock* clock, IntervalReporter* reporter) : clock_(clock), reporter_(reporter) {
  Start(-1);
}

void ThreadStats::Start(int id) {
  id_ = id;
  next_report_ = FLAGS_stats_interval != 0 ? FLAGS_stats_interval : 100;
  for (auto& each : latencies_) each.reset();
  done_ = last_interval_done_ = 0;
  bytes_ = 0;
  thread_seconds_ = 0;
  message_.clear();
  is_excluded_ = false;
  start_ = finish_ = last_finish_ = last_interval_at_ = clock_->NowMicros();
}

void ThreadStats::Stop() {
  finish_ = clock_->NowMicros();
  thread_seconds_ = elapsed_seconds();
}

void ThreadStats::Finished(rocksdb::DB* db, int64_t count, Operation operation) {
  if (reporter_ != nullptr) reporter_->Add(count);
  if (FLAGS_histogram) RecordLatency(operation);
  done_ += count;
  if (done_ < next_report_ || !FLAGS_progress_reports) [[likely]]
    return;
  if (FLAGS_stats_interval == 0) {
    ReportProgress(db);
  } else {
    ReportInterval(db);
  }
  if (id_ == 0 && FLAGS_thread_status_per_interval != 0) PrintThreadStatus();
  std::fflush(stderr);
}

void ThreadStats::RecordLatency(Operation operation) {
  const uint64_t now = clock_->NowMicros();
  const uint64_t latency = now - last_finish_;
  last_finish_ = now;
  auto& latencies = latencies_[static_cast<int>(operation)];
  if (latencies == nullptr) latencies = std::make_unique<Histogram>();
  latencies->Add(latency);
  if (latency >= FLAGS_slow_usecs && FLAGS_stats_interval == 0) {
    std::fprintf(stderr, "long op: %" PRIu64 " micros%30s\r", latency, "");
  }
}

void ThreadStats::ReportProgress(rocksdb::DB* /*db*/) {
  next_report_ += ProgressStep(next_report_);
  std::fprintf(stderr, "... finished %" PRIu64 " ops%30s\r", done_, "");
}

void ThreadStats::ReportInterval(rocksdb::DB* db) {
  next_report_ += FLAGS_stats_interval;
  const uint64_t now = clock_->NowMicros();
  const uint64_t since_last = std::max<uint64_t>(1, now - last_interval_at_);
  if (since_last < static_cast<uint64_t>(FLAGS_stats_interval_seconds) * 1000000) return;
  const double interval = static_cast<double>(since_last) * 1e-6;
  const double total = static_cast<double>(std::max<uint64_t>(1, now - start_)) * 1e-6;
  const uint64_t done = done_ - last_interval_done_;
  std::fprintf(stderr,
               "%s ... thread %d: (%" PRIu64 ",%" PRIu64 ") ops and (%.1f,%.1f) ops/second in (%.6f,%.6f) seconds\n",
               clock_->TimeToString(now / 1000000).c_str(), id_, done, done_, static_cast<double>(done) / interval,
               static_cast<double>(done_) / total, interval, total);
  if (id_ == 0 && FLAGS_stats_per_interval != 0 && db != nullptr) PrintDatabaseStats(db);
  last_interval_at_ = now;
  last_interval_done_ = done_;
}

void ThreadStats::AddMessage(const std::string& message) {
  if (message.empty()) return;
  if (!message_.empty()) message_ += ' ';
  message_ += message;
}

void ThreadStats::Merge(const ThreadStats& other) {
  if (other.is_excluded_) return;
  for (int i = 0; i < kOperationCount; ++i) {
    if (other.latencies_[i] == nullptr) continue;
    if (latencies_[i] == nullptr) latencies_[i] = std::make_unique<Histogram>();
    latencies_[i]->Merge(*other.latencies_[i]);
  }
  done_ += other.done_;
  bytes_ += other.bytes_;
  thread_seconds_ += other.thread_seconds_;
  start_ = std::min(start_, other.start_);
  finish_ = std::max(finish_, other.finish_);
  if (message_.empty()) message_ = other.message_;
}

}  // namespace bench
