#include "db_bench_port/database/callbacks.h"

#include <cstdio>
#include <cstring>
#include <string>

#include "db_bench_port/flags/flags.h"

namespace bench {
namespace {

class MachineIntegers : public rocksdb::Comparator {
 public:
  const char* Name() const override { return "rocksdb.Uint64Comparator"; }
  int Compare(const rocksdb::Slice& a, const rocksdb::Slice& b) const override {
    const uint64_t left = Load(a), right = Load(b);
    return left < right ? -1 : left > right ? 1 : 0;
  }
  void FindShortestSeparator(std::string*, const rocksdb::Slice&) const override {}
  void FindShortSuccessor(std::string*) const override {}

 private:
  static uint64_t Load(const rocksdb::Slice& key) {
    uint64_t number = 0;
    std::memcpy(&number, key.data(), sizeof(number));
    return number;
  }
};

class KeepEverything : public rocksdb::CompactionFilter {
 public:
  const char* Name() const override { return "KeepFilter"; }
  bool Filter(int, const rocksdb::Slice&, const rocksdb::Slice&, std::string*, bool*) const override { return false; }
};

class Expiry : public rocksdb::CompactionFilter {
 public:
  explicit Expiry(const SeriesClock* clock) : clock_(clock) {}
  const char* Name() const override { return "ExpiredTimeFilter"; }
  bool Filter(int, const rocksdb::Slice& key, const rocksdb::Slice&, std::string*, bool*) const override {
    return clock_->HasExpired(key);
  }

 private:
  const SeriesClock* clock_;
};

class StderrLogger : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    std::vfprintf(stderr, format, arguments);
    std::fputc('\n', stderr);
  }
};

}  // namespace

const rocksdb::Comparator* MachineIntegerComparator() {
  static const MachineIntegers comparator;
  return &comparator;
}

const rocksdb::CompactionFilter* KeepEverythingFilter() {
  static const KeepEverything filter;
  return &filter;
}

std::shared_ptr<rocksdb::Logger> StderrLog() { return std::make_shared<StderrLogger>(); }

bool SeriesClock::HasExpired(const rocksdb::Slice& key) const {
  if (key.size() < 16) return false;
  uint64_t written = 0;
  for (int i = 8; i < 16; ++i) written = written << 8 | static_cast<unsigned char>(key[i]);
  return Now() - written > FLAGS_time_range;
}

std::unique_ptr<rocksdb::CompactionFilter> MakeExpiryFilter(const SeriesClock* clock) {
  return std::make_unique<Expiry>(clock);
}

}  // namespace bench
