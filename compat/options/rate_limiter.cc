#include "compat/options/rate_limiter.h"

#include <rocksdb/statistics.h>

#include <algorithm>
#include <limits>

namespace gneiss::compat {

namespace {

using rocksdb::Env;
using rocksdb::Status;

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kPeriodsPerTune = 100;

// A product that overflows is as good as no limit.
int64_t BytesPerPeriod(int64_t bytes_per_second, int64_t period_us) {
  if (kMax / bytes_per_second < period_us) return kMax / kMicrosPerSecond;
  return bytes_per_second * period_us / kMicrosPerSecond;
}

}  // namespace

TokenBucket::TokenBucket(int64_t bytes_per_second, int64_t period_us, int fairness, uint64_t now_us, uint64_t seed)
    : period_us_(period_us),
      fairness_(static_cast<uint64_t>(std::clamp(fairness, 1, 100))),
      bytes_per_second_(bytes_per_second),
      bytes_per_period_(BytesPerPeriod(bytes_per_second, period_us)),
      next_refill_us_(now_us),
      random_(seed) {}

void TokenBucket::SetRate(int64_t bytes_per_second) {
  bytes_per_second_ = bytes_per_second;
  bytes_per_period_ = BytesPerPeriod(bytes_per_second, period_us_);
}

bool TokenBucket::Take(int64_t bytes, Priority priority) {
  if (available_bytes_ < bytes) return false;
  available_bytes_ -= bytes;
  granted_bytes_[priority] += bytes;
  return true;
}

void TokenBucket::Enqueue(Request* request, Priority priority) {
  request->missing_bytes = request->bytes;
  queues_[priority].push_back(request);
}

std::array<TokenBucket::Priority, TokenBucket::kPriorities> TokenBucket::ServiceOrder() {
  std::array<Priority, kPriorities> order = {Env::IO_USER, Env::IO_HIGH, Env::IO_MID, Env::IO_LOW};
  const bool high_last = random_.OneIn(fairness_);
  const bool low_before_mid = random_.OneIn(fairness_);
  if (low_before_mid) std::swap(order[2], order[3]);
  if (high_last) std::rotate(order.begin() + 1, order.begin() + 2, order.end());
  return order;
}

// A request larger than the bucket takes what there is and goes on with the next refill; nobody overtakes it within
// its priority, and lower priorities get nothing then.
void TokenBucket::Refill(uint64_t now_us) {
  next_refill_us_ = now_us + static_cast<uint64_t>(period_us_);
  if (available_bytes_ < bytes_per_period_) available_bytes_ += bytes_per_period_;
  for (const Priority priority : ServiceOrder()) {
    std::deque<Request*>& queue = queues_[priority];
    while (!queue.empty()) {
      Request* request = queue.front();
      const int64_t paid = std::min(available_bytes_, request->missing_bytes);
      available_bytes_ -= paid;
      request->missing_bytes -= paid;
      if (request->missing_bytes > 0) break;
      granted_bytes_[priority] += request->bytes;
      queue.pop_front();
      request->is_granted = true;
      request->wake.Signal();
    }
  }
}

void TokenBucket::GrantAll() {
  for (std::deque<Request*>& queue : queues_) {
    for (Request* request : queue) {
      request->is_granted = true;
      request->wake.Signal();
    }
    queue.clear();
  }
}

TokenBucket::Request* TokenBucket::Front() {
  for (const Priority priority : {Env::IO_USER, Env::IO_HIGH, Env::IO_MID, Env::IO_LOW}) {
    if (!queues_[priority].empty()) return queues_[priority].front();
  }
  return nullptr;
}

int64_t TokenBucket::waiting(Priority priority) const {
  int64_t count = 0;
  for (int i = 0; i < kPriorities; ++i) {
    if (priority == Env::IO_TOTAL || priority == i) count += static_cast<int64_t>(queues_[i].size());
  }
  return count;
}

int64_t TokenBucket::Sum(const Counts& counts, Priority priority) {
  if (priority < Env::IO_TOTAL) return counts[priority];
  int64_t sum = 0;
  for (const int64_t count : counts) sum += count;
  return sum;
}

int64_t TunedRate(int64_t drained_percent, int64_t bytes_per_second, int64_t bytes_per_second_max) {
  constexpr int64_t kLowPercent = 50;
  constexpr int64_t kHighPercent = 90;
  constexpr int64_t kStepPercent = 5;
  const int64_t least = bytes_per_second_max / 20;
  const int64_t bounded = std::min(bytes_per_second, kMax / (100 + kStepPercent));
  if (drained_percent == 0) return least;
  if (drained_percent < kLowPercent) return std::max(least, bounded * 100 / (100 + kStepPercent));
  if (drained_percent > kHighPercent) {
    return std::min(bytes_per_second_max, bounded * (100 + kStepPercent) / 100);
  }
  return bytes_per_second;
}

GenericRateLimiter::GenericRateLimiter(int64_t bytes_per_second, int64_t period_us, int fairness, Mode mode,
                                       std::shared_ptr<rocksdb::SystemClock> clock, bool auto_tuned)
    : RateLimiter(mode),
      clock_(std::move(clock)),
      is_auto_tuned_(auto_tuned),
      bytes_per_second_max_(bytes_per_second),
      bucket_(std::max<int64_t>(auto_tuned ? bytes_per_second / 2 : bytes_per_second, 1),
              std::max<int64_t>(period_us, 1), fairness, NowMicros(), clock_->NowNanos()),
      tuned_us_(NowMicros()) {}

GenericRateLimiter::~GenericRateLimiter() {
  MutexLock lock(&mutex_);
  is_stopping_ = true;
  bucket_.GrantAll();
  while (waiting_ > 0) all_gone_.Wait(&mutex_);
}

void GenericRateLimiter::SetBytesPerSecond(int64_t bytes_per_second) {
  MutexLock lock(&mutex_);
  bucket_.SetRate(std::max<int64_t>(bytes_per_second, 1));
}

void GenericRateLimiter::Request(int64_t bytes, Env::IOPriority pri, rocksdb::Statistics* stats) {
  TokenBucket::Request request;
  request.bytes = std::max<int64_t>(bytes, 0);
  MutexLock lock(&mutex_);
  if (is_stopping_ || pri >= Env::IO_TOTAL) return;  // IO_TOTAL means "not limited"
  if (is_auto_tuned_) MaybeTune();
  bucket_.CountRequest(pri);
  if (bucket_.Take(request.bytes, pri)) return;
  bucket_.Enqueue(&request, pri);
  ++waiting_;
  Wait(&request, stats);
  if (--waiting_ == 0) all_gone_.Signal();
}

// Whoever finds the refill due does it. Until then one thread sleeps for that long, and the others wait to be granted.
// A granted thread wakes the next in line, so that somebody is always awake for the next refill.
void GenericRateLimiter::Wait(TokenBucket::Request* request, rocksdb::Statistics* stats) {
  while (!request->is_granted) {
    const int64_t wait_us = bucket_.MicrosUntilRefill(NowMicros());
    if (wait_us <= 0) {
      bucket_.Refill(NowMicros());
    } else if (is_timer_taken_) {
      request->wake.Wait(&mutex_);
    } else {
      is_timer_taken_ = true;
      ++drains_;
      if (stats != nullptr) stats->recordTick(rocksdb::NUMBER_RATE_LIMITER_DRAINS, 1);
      request->wake.WaitFor(&mutex_, static_cast<uint64_t>(wait_us));
      is_timer_taken_ = false;
    }
  }
  if (TokenBucket::Request* next = bucket_.Front()) next->wake.Signal();
}

void GenericRateLimiter::MaybeTune() {
  const int64_t elapsed_us = static_cast<int64_t>(NowMicros() - tuned_us_);
  const int64_t period_us = bucket_.period_us();
  if (elapsed_us < kPeriodsPerTune * period_us) return;
  tuned_us_ += static_cast<uint64_t>(elapsed_us);
  const int64_t periods = (elapsed_us + period_us - 1) / period_us;
  bucket_.SetRate(
      std::max<int64_t>(TunedRate(drains_ * 100 / periods, bucket_.bytes_per_second(), bytes_per_second_max_), 1));
  drains_ = 0;
}

int64_t GenericRateLimiter::GetSingleBurstBytes() const {
  MutexLock lock(&mutex_);
  return bucket_.bytes_per_period();
}

int64_t GenericRateLimiter::GetTotalBytesThrough(Env::IOPriority pri) const {
  MutexLock lock(&mutex_);
  return bucket_.granted_bytes(pri);
}

int64_t GenericRateLimiter::GetTotalRequests(Env::IOPriority pri) const {
  MutexLock lock(&mutex_);
  return bucket_.requests(pri);
}

Status GenericRateLimiter::GetTotalPendingRequests(int64_t* total, Env::IOPriority pri) const {
  MutexLock lock(&mutex_);
  *total = bucket_.waiting(pri);
  return Status::OK();
}

int64_t GenericRateLimiter::GetBytesPerSecond() const {
  MutexLock lock(&mutex_);
  return bucket_.bytes_per_second();
}

}  // namespace gneiss::compat

namespace rocksdb {

// A request of at most one burst; for direct I/O at least one aligned page.
size_t RateLimiter::RequestToken(size_t bytes, size_t alignment, Env::IOPriority io_priority, Statistics* stats,
                                 RateLimiter::OpType op_type) {
  if (io_priority >= Env::IO_TOTAL || !IsRateLimited(op_type)) return bytes;
  bytes = std::min(bytes, static_cast<size_t>(GetSingleBurstBytes()));
  if (alignment > 0) bytes = std::max(alignment, bytes - bytes % alignment);
  Request(static_cast<int64_t>(bytes), io_priority, stats, op_type);
  return bytes;
}

RateLimiter* NewGenericRateLimiter(int64_t rate_bytes_per_sec, int64_t refill_period_us, int32_t fairness,
                                   RateLimiter::Mode mode, bool auto_tuned) {
  return new gneiss::compat::GenericRateLimiter(rate_bytes_per_sec, refill_period_us, fairness, mode,
                                                SystemClock::Default(), auto_tuned);
}

}  // namespace rocksdb
