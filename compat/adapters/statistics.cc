#include "compat/adapters/statistics.h"

#include <rocksdb/utilities/options_type.h>
#include <sched.h>

#include <cinttypes>
#include <cstdio>
#include <mutex>
#include <thread>

#include "compat/adapters/register_factory.h"

namespace gneiss::compat {

namespace {

uint32_t CoreCountMask() {
  uint32_t count = 8;
  while (count < std::thread::hardware_concurrency()) count *= 2;
  return count - 1;
}

// The only option of BasicStatistics: another Statistics to tell everything to.
const auto* InnerOption() {
  static const auto* const options = new std::unordered_map<std::string, rocksdb::OptionTypeInfo>{
      {"inner",
       rocksdb::OptionTypeInfo::AsCustomSharedPtr<rocksdb::Statistics>(
           0, rocksdb::OptionVerificationType::kByNameAllowFromNull, rocksdb::OptionTypeFlags::kCompareNever)}};
  return options;
}

}  // namespace

BasicStatistics::BasicStatistics() : core_mask_(CoreCountMask()), cores_(new Core[core_mask_ + 1]) {
  RegisterOptions("StatisticsOptions", &inner_, InnerOption());
}

BasicStatistics::~BasicStatistics() = default;

BasicStatistics::Core* BasicStatistics::CurrentCore() const {
  const int core = sched_getcpu();
  return &cores_[static_cast<uint32_t>(core < 0 ? 0 : core) & core_mask_];
}

void BasicStatistics::recordTick(uint32_t ticker, uint64_t count) {
  if (get_stats_level() <= rocksdb::StatsLevel::kExceptTickers || ticker >= rocksdb::TICKER_ENUM_MAX) return;
  CurrentCore()->tickers[ticker].fetch_add(count, std::memory_order_relaxed);
  if (inner_ != nullptr) inner_->recordTick(ticker, count);
}

void BasicStatistics::recordInHistogram(uint32_t histogram, uint64_t value) {
  if (get_stats_level() <= rocksdb::StatsLevel::kExceptHistogramOrTimers) return;
  if (histogram >= rocksdb::HISTOGRAM_ENUM_MAX) return;
  CurrentCore()->histograms[histogram].Add(value);
  if (inner_ != nullptr) inner_->recordInHistogram(histogram, value);
}

uint64_t BasicStatistics::Total(uint32_t ticker) const {
  uint64_t total = 0;
  for (uint32_t core = 0; core <= core_mask_; ++core) {
    total += cores_[core].tickers[ticker].load(std::memory_order_relaxed);
  }
  return total;
}

void BasicStatistics::SetTotal(uint32_t ticker, uint64_t count) {
  for (uint32_t core = 0; core <= core_mask_; ++core) {
    cores_[core].tickers[ticker].store(core == 0 ? count : 0, std::memory_order_relaxed);
  }
}

void BasicStatistics::MergeHistogram(uint32_t histogram, BucketHistogram* total) const {
  for (uint32_t core = 0; core <= core_mask_; ++core) total->Merge(cores_[core].histograms[histogram]);
}

uint64_t BasicStatistics::getTickerCount(uint32_t ticker) const {
  if (ticker >= rocksdb::TICKER_ENUM_MAX) return 0;
  MutexLock lock(&reading_);
  return Total(ticker);
}

void BasicStatistics::setTickerCount(uint32_t ticker, uint64_t count) {
  if (ticker >= rocksdb::TICKER_ENUM_MAX) return;
  {
    MutexLock lock(&reading_);
    SetTotal(ticker, count);
  }
  if (inner_ != nullptr) inner_->setTickerCount(ticker, count);
}

uint64_t BasicStatistics::getAndResetTickerCount(uint32_t ticker) {
  if (ticker >= rocksdb::TICKER_ENUM_MAX) return 0;
  uint64_t total = 0;
  {
    MutexLock lock(&reading_);
    for (uint32_t core = 0; core <= core_mask_; ++core) {
      total += cores_[core].tickers[ticker].exchange(0, std::memory_order_relaxed);
    }
  }
  if (inner_ != nullptr) inner_->setTickerCount(ticker, 0);
  return total;
}

void BasicStatistics::histogramData(uint32_t histogram, rocksdb::HistogramData* data) const {
  BucketHistogram total;
  if (histogram < rocksdb::HISTOGRAM_ENUM_MAX) {
    MutexLock lock(&reading_);
    MergeHistogram(histogram, &total);
  }
  total.Data(data);
}

std::string BasicStatistics::getHistogramString(uint32_t histogram) const {
  BucketHistogram total;
  if (histogram < rocksdb::HISTOGRAM_ENUM_MAX) {
    MutexLock lock(&reading_);
    MergeHistogram(histogram, &total);
  }
  return total.ToString();
}

bool BasicStatistics::getTickerMap(std::map<std::string, uint64_t>* map) const {
  if (map == nullptr) return false;
  map->clear();
  MutexLock lock(&reading_);
  for (const auto& [ticker, name] : rocksdb::TickersNameMap) map->emplace(name, Total(ticker));
  return true;
}

rocksdb::Status BasicStatistics::Reset() {
  MutexLock lock(&reading_);
  for (uint32_t ticker = 0; ticker < rocksdb::TICKER_ENUM_MAX; ++ticker) SetTotal(ticker, 0);
  for (uint32_t core = 0; core <= core_mask_; ++core) {
    for (BucketHistogram& histogram : cores_[core].histograms) histogram.Clear();
  }
  return rocksdb::Status::OK();
}

std::string BasicStatistics::ToString() const {
  char line[200];
  std::string text;
  text.reserve(20000);
  MutexLock lock(&reading_);
  for (const auto& [ticker, name] : rocksdb::TickersNameMap) {
    snprintf(line, sizeof(line), "%s COUNT : %" PRIu64 "\n", name.c_str(), Total(ticker));
    text += line;
  }
  for (const auto& [histogram, name] : rocksdb::HistogramsNameMap) {
    BucketHistogram total;
    MergeHistogram(histogram, &total);
    rocksdb::HistogramData data;
    total.Data(&data);
    const int size =
        snprintf(line, sizeof(line), "%s P50 : %f P95 : %f P99 : %f P100 : %f COUNT : %" PRIu64 " SUM : %" PRIu64 "\n",
                 name.c_str(), data.median, data.percentile95, data.percentile99, data.max, data.count, data.sum);
    // A line too long for RocksDB's own buffer is left out there, and so here.
    if (size > 0 && size < static_cast<int>(sizeof(line))) text += line;
  }
  return text;
}

}  // namespace gneiss::compat

namespace rocksdb {

using gneiss::compat::BasicStatistics;

std::shared_ptr<Statistics> CreateDBStatistics() { return std::make_shared<BasicStatistics>(); }

Status Statistics::CreateFromString(const ConfigOptions& config_options, const std::string& id,
                                    std::shared_ptr<Statistics>* result) {
  static std::once_flag registered;
  std::call_once(registered, [] {
    gneiss::compat::RegisterFactory<Statistics>(BasicStatistics::kClassName(), [] { return new BasicStatistics; });
  });
  if (id.empty() || id == BasicStatistics::kClassName()) {
    *result = CreateDBStatistics();
    return Status::OK();
  }
  if (id == "nullptr") {
    result->reset();
    return Status::OK();
  }
  return gneiss::compat::LoadObject(config_options, id, result);
}

}  // namespace rocksdb
