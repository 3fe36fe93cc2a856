// A rate limiter of bytes per second: a bucket of tokens, filled once per period, and a queue for each I/O priority.
//
// TokenBucket is the arithmetic: no clock, no locks. GenericRateLimiter puts threads to sleep around it.
// At each refill, waiting requests are served in priority order, user requests first. With probability 1/fairness a
// lower priority goes before a higher one (never before the user's), so that none starves.
//
// Units:   bytes, microseconds of a monotonic clock.
// Owner:   a waiting request lies on its thread's stack; the bucket borrows it until it is granted.
// Threads: TokenBucket none; GenericRateLimiter every method. Destroying it lets every waiting request go.
#pragma once

#include <rocksdb/rate_limiter.h>
#include <rocksdb/system_clock.h>

#include <array>
#include <deque>
#include <memory>

#include "engine/base/mutex.h"
#include "engine/base/random.h"

namespace gneiss::compat {

class TokenBucket {
 public:
  using Priority = rocksdb::Env::IOPriority;
  static constexpr int kPriorities = rocksdb::Env::IO_TOTAL;

  struct Request {
    int64_t bytes = 0;
    int64_t missing_bytes = 0;  // what earlier refills have not paid for
    bool is_granted = false;
    CondVar wake;
  };

  TokenBucket(int64_t bytes_per_second, int64_t period_us, int fairness, uint64_t now_us, uint64_t seed);

  // Takes the bytes at once if they are there; else the caller enqueues a Request.
  bool Take(int64_t bytes, Priority priority);
  void Enqueue(Request* request, Priority priority);
  // Fills the bucket and grants what it pays for, waking each.
  void Refill(uint64_t now_us);
  // Lets every waiting request go, unpaid.
  void GrantAll();
  // The next request in line, or null. It is the one to do the next refill.
  Request* Front();

  int64_t MicrosUntilRefill(uint64_t now_us) const { return static_cast<int64_t>(next_refill_us_ - now_us); }
  void SetRate(int64_t bytes_per_second);
  int64_t bytes_per_second() const { return bytes_per_second_; }
  int64_t bytes_per_period() const { return bytes_per_period_; }
  int64_t period_us() const { return period_us_; }
  int64_t granted_bytes(Priority priority) const { return Sum(granted_bytes_, priority); }
  int64_t requests(Priority priority) const { return Sum(requests_, priority); }
  int64_t waiting(Priority priority) const;
  void CountRequest(Priority priority) { ++requests_[priority]; }

 private:
  using Counts = std::array<int64_t, kPriorities>;
  static int64_t Sum(const Counts& counts, Priority priority);
  std::array<Priority, kPriorities> ServiceOrder();

  const int64_t period_us_;
  const uint64_t fairness_;
  int64_t bytes_per_second_;
  int64_t bytes_per_period_;
  int64_t available_bytes_ = 0;
  uint64_t next_refill_us_;
  Random random_;
  std::array<std::deque<Request*>, kPriorities> queues_;
  Counts granted_bytes_ = {};
  Counts requests_ = {};
};

// Auto-tuning: the rate for the next hundred periods, from how many of the last ones ran dry. The result lies in
// [max/20, max] and moves by 5 %.
int64_t TunedRate(int64_t drained_percent, int64_t bytes_per_second, int64_t bytes_per_second_max);

class GenericRateLimiter : public rocksdb::RateLimiter {
 public:
  GenericRateLimiter(int64_t bytes_per_second, int64_t period_us, int fairness, Mode mode,
                     std::shared_ptr<rocksdb::SystemClock> clock, bool auto_tuned);
  ~GenericRateLimiter() override;

  void SetBytesPerSecond(int64_t bytes_per_second) override EXCLUDES(mutex_);
  using RateLimiter::Request;
  void Request(int64_t bytes, rocksdb::Env::IOPriority pri, rocksdb::Statistics* stats) override EXCLUDES(mutex_);
  int64_t GetSingleBurstBytes() const override EXCLUDES(mutex_);
  int64_t GetTotalBytesThrough(rocksdb::Env::IOPriority pri) const override EXCLUDES(mutex_);
  int64_t GetTotalRequests(rocksdb::Env::IOPriority pri) const override EXCLUDES(mutex_);
  rocksdb::Status GetTotalPendingRequests(int64_t* total, rocksdb::Env::IOPriority pri) const override EXCLUDES(mutex_);
  int64_t GetBytesPerSecond() const override EXCLUDES(mutex_);

 private:
  uint64_t NowMicros() const { return clock_->NowNanos() / 1000; }
  void Wait(TokenBucket::Request* request, rocksdb::Statistics* stats) REQUIRES(mutex_);
  void MaybeTune() REQUIRES(mutex_);

  const std::shared_ptr<rocksdb::SystemClock> clock_;
  const bool is_auto_tuned_;
  const int64_t bytes_per_second_max_;
  mutable Mutex mutex_;
  TokenBucket bucket_ GUARDED_BY(mutex_);
  bool is_timer_taken_ GUARDED_BY(mutex_) =
      false;  // one waiting thread sleeps until the refill, the others until woken
  bool is_stopping_ GUARDED_BY(mutex_) = false;
  int waiting_ GUARDED_BY(mutex_) = 0;
  CondVar all_gone_;
  int64_t drains_ GUARDED_BY(mutex_) = 0;
  uint64_t tuned_us_ GUARDED_BY(mutex_);
};

}  // namespace gneiss::compat
