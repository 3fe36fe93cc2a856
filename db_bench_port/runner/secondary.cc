#include "db_bench_port/runner/secondary.h"

#include <chrono>
#include <cstdio>

#include "db_bench_port/flags/flags.h"

namespace bench {

SecondaryUpdater::SecondaryUpdater(rocksdb::DB* db) : db_(db) {
  if (FLAGS_secondary_update_interval > 0) thread_ = std::thread([this] { Run(); });
}

SecondaryUpdater::~SecondaryUpdater() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void SecondaryUpdater::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  do {
    const auto status = db_->TryCatchUpWithPrimary();
    if (!status.ok()) {
      std::fprintf(stderr, "Failed to catch up with primary: %s\n", status.ToString().c_str());
      return;
    }
    ++updates_;
  } while (
      !wake_.wait_for(lock, std::chrono::seconds(FLAGS_secondary_update_interval), [this] { return is_stopping_; }));
}

}  // namespace bench
