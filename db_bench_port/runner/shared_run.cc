#include "db_bench_port/runner/shared_run.h"

#include <algorithm>

#include "db_bench_port/flags/flags.h"

namespace bench {
namespace {

// A limiter refuses a request above its burst, so larger ones are asked for in parts.
void Request(rocksdb::RateLimiter* limiter, int64_t amount, rocksdb::RateLimiter::OpType type) {
  const int64_t burst = std::max<int64_t>(1, limiter->GetSingleBurstBytes());
  for (; amount > 0; amount -= burst) limiter->Request(std::min(amount, burst), rocksdb::Env::IO_HIGH, nullptr, type);
}

}  // namespace

std::unique_ptr<rocksdb::RateLimiter> NewLimiter(uint64_t per_second, rocksdb::RateLimiter::Mode mode) {
  if (per_second == 0) return nullptr;
  constexpr int64_t kRefillMicros = 100000;
  constexpr int kFairness = 10;
  return std::unique_ptr<rocksdb::RateLimiter>(
      rocksdb::NewGenericRateLimiter(static_cast<int64_t>(per_second), kRefillMicros, kFairness, mode));
}

SharedRun::SharedRun(int threads, uint64_t write_bytes_per_second, uint64_t reads_per_second) : threads_(threads) {
  // A rate that will follow a sine needs its limiter from the start; the first interval sets the rate.
  constexpr uint64_t kUntilFirstInterval = 1000000;
  const bool follows_sine = FLAGS_sine_mix_rate;
  write_limiter_ =
      NewLimiter(follows_sine ? kUntilFirstInterval : write_bytes_per_second, rocksdb::RateLimiter::Mode::kWritesOnly);
  read_limiter_ =
      NewLimiter(follows_sine ? kUntilFirstInterval : reads_per_second, rocksdb::RateLimiter::Mode::kReadsOnly);
}

void SharedRun::WaitForStart() {
  std::unique_lock<std::mutex> lock(mutex_);
  if (++ready_ == threads_) all_ready_.notify_all();
  all_ready_.wait(lock, [this] { return ready_ == threads_; });
}

bool SharedRun::LimitWrites(int64_t bytes) {
  if (write_limiter_ == nullptr) return false;
  Request(write_limiter_.get(), bytes, rocksdb::RateLimiter::OpType::kWrite);
  return true;
}

bool SharedRun::LimitReads(int64_t reads) {
  if (read_limiter_ == nullptr) return false;
  Request(read_limiter_.get(), reads, rocksdb::RateLimiter::OpType::kRead);
  return true;
}

void SharedRun::SetWriteRate(int64_t bytes_per_second) {
  if (write_limiter_ != nullptr && bytes_per_second > 0) write_limiter_->SetBytesPerSecond(bytes_per_second);
}

void SharedRun::SetReadRate(int64_t reads_per_second) {
  if (read_limiter_ != nullptr && reads_per_second > 0) read_limiter_->SetBytesPerSecond(reads_per_second);
}

}  // namespace bench
