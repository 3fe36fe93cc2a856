#pragma once

#include <rocksdb/db.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace bench {

// Lets a secondary instance catch up with its primary every --secondary_update_interval seconds, until it is destroyed.
class SecondaryUpdater {
 public:
  explicit SecondaryUpdater(rocksdb::DB* db);
  ~SecondaryUpdater();

  uint64_t updates() const { return updates_.load(); }

 private:
  void Run();

  rocksdb::DB* db_;
  std::atomic<uint64_t> updates_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace bench
