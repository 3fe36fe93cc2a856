#include "compat/db/stats_history.h"

#include <utility>

namespace gneiss::compat {

namespace {

class HistoryIterator final : public rocksdb::StatsHistoryIterator {
 public:
  HistoryIterator(std::shared_ptr<const StatsHistory> history, uint64_t start_seconds, uint64_t end_seconds)
      : history_(std::move(history)), end_seconds_(end_seconds) {
    Find(start_seconds);
  }

  bool Valid() const override { return is_valid_; }
  void Next() override { Find(time_seconds_ + 1); }
  uint64_t GetStatsTime() const override { return time_seconds_; }
  const std::map<std::string, uint64_t>& GetStatsMap() const override { return counts_; }
  rocksdb::Status status() const override { return rocksdb::Status::OK(); }

 private:
  void Find(uint64_t from_seconds) { is_valid_ = history_->Find(from_seconds, end_seconds_, &time_seconds_, &counts_); }

  const std::shared_ptr<const StatsHistory> history_;
  const uint64_t end_seconds_;
  bool is_valid_ = false;
  uint64_t time_seconds_ = 0;
  StatsHistory::Counts counts_;
};

}  // namespace

bool StatsHistory::Difference(const rocksdb::Statistics& statistics, Counts* since) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return DifferenceLocked(statistics, since);
}

bool StatsHistory::DifferenceLocked(const rocksdb::Statistics& statistics, Counts* since) {
  Counts now;
  if (!statistics.getTickerMap(&now)) return false;
  since->clear();
  for (const auto& [name, count] : now) {
    if (const auto before = last_.find(name); before != last_.end()) (*since)[name] = count - before->second;
  }
  last_ = std::move(now);
  return std::exchange(has_last_, true);
}

void StatsHistory::Take(uint64_t now_seconds, const rocksdb::Statistics& statistics, size_t bytes_max) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Counts since;
  if (DifferenceLocked(statistics, &since)) history_[now_seconds] = std::move(since);
  while (!history_.empty() && Bytes() > bytes_max) history_.erase(history_.begin());
}

bool StatsHistory::Find(uint64_t start_seconds, uint64_t end_seconds, uint64_t* time_seconds, Counts* counts) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = history_.lower_bound(start_seconds);
  if (found == history_.end() || found->first >= end_seconds) return false;
  *time_seconds = found->first;
  *counts = found->second;
  return true;
}

// All have the same names.
size_t StatsHistory::Bytes() const {
  if (history_.empty()) return 0;
  size_t each = sizeof(uint64_t) + sizeof(Counts);
  for (const auto& [name, count] : history_.begin()->second) each += name.capacity() + sizeof(name) + sizeof(count);
  return each * history_.size();
}

std::unique_ptr<rocksdb::StatsHistoryIterator> NewStatsHistoryIterator(std::shared_ptr<const StatsHistory> history,
                                                                       uint64_t start_seconds, uint64_t end_seconds) {
  return std::make_unique<HistoryIterator>(std::move(history), start_seconds, end_seconds);
}

}  // namespace gneiss::compat
