// Gets, puts and scans mixed as in measured traffic: hot key ranges, hot keys, Pareto sizes, and a rate that follows
// the day.
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>

#include "db_bench_port/benchmarks/benchmarks.h"
#include "db_bench_port/benchmarks/sine.h"
#include "db_bench_port/data/mix_distributions.h"
#include "db_bench_port/errors.h"
#include "db_bench_port/flags/flags.h"

namespace bench {
namespace {

enum Query : size_t { kGet, kPut, kSeek };

// Which key a random number below --num stands for.
class MixKeys {
 public:
  MixKeys() {
    const KeyRanges::Heat heat = {FLAGS_keyrange_dist_a, FLAGS_keyrange_dist_b, FLAGS_keyrange_dist_c,
                                  FLAGS_keyrange_dist_d};
    if (heat.a != 0 || heat.b != 0 || heat.c != 0 || heat.d != 0) ranges_.emplace(FLAGS_num, FLAGS_keyrange_num, heat);
  }

  int64_t Key(int64_t number) const {
    if (FLAGS_key_dist_a == 0 || FLAGS_key_dist_b == 0) return number;
    if (ranges_.has_value()) return ranges_->Key(number, FLAGS_key_dist_a, FLAGS_key_dist_b);
    const double u = static_cast<double>(number) / static_cast<double>(FLAGS_num);
    Random64 spread(static_cast<uint64_t>(PowerInverse(u, FLAGS_key_dist_a, FLAGS_key_dist_b)));
    return std::abs(static_cast<int64_t>(spread.Next()) % FLAGS_num);
  }

 private:
  std::optional<KeyRanges> ranges_;
};

class Mixer {
 public:
  explicit Mixer(BenchThread& thread)
      : thread_(thread),
        values_(thread.MakeValues()),
        buffer_(thread.MakeKeyBuffer()),
        chooser_({FLAGS_mix_get_ratio, FLAGS_mix_put_ratio, FLAGS_mix_seek_ratio}),
        rate_(thread.clock(), thread.stats.start(), FLAGS_sine_mix_rate_interval_milliseconds) {}

  void Run() {
    Duration duration = thread_.MakeDuration(thread_.params.reads);
    while (!duration.IsOver(1)) {
      Database& database = thread_.PickDatabase();
      const int64_t number = SkewedKey(&thread_.random, FLAGS_read_random_exp_range, FLAGS_num);
      const double u = static_cast<double>(number) / static_cast<double>(FLAGS_num);
      const int64_t key_number = keys_.Key(number);
      const rocksdb::Slice& key = buffer_.Make(key_number, FLAGS_num);
      if (FLAGS_sine_mix_rate && rate_.IsDue()) SetRates();
      switch (chooser_.Choose(number)) {
        case kGet:
          Get(database, key_number, key);
          break;
        case kPut:
          Put(database, key, u);
          break;
        default:
          Seek(database, key, u);
      }
    }
    Report();
  }

 private:
  void SetRates() {
    double rate = rate_.Next();
    const int band = static_cast<int>(FLAGS_sine_a);
    if (FLAGS_sine_mix_rate_noise >= 0 && FLAGS_sine_mix_rate_noise <= 1 && band > 0) {
      const double noisy =
          rate + static_cast<double>(thread_.random.Below(band) - band / 2) * FLAGS_sine_mix_rate_noise;
      if (noisy >= 0) rate = noisy;
    }
    thread_.shared.SetReadRate(static_cast<int64_t>(rate * (chooser_.share(kGet) + chooser_.share(kSeek))));
    thread_.shared.SetWriteRate(static_cast<int64_t>(rate * chooser_.share(kPut)));
  }

  void Get(Database& database, int64_t key_number, const rocksdb::Slice& key) {
    ++gets_;
    value_.Reset();
    if (CheckFound("Get",
                   database.db()->Get(thread_.params.read_options, database.FamilyOf(key_number), key, &value_))) {
      ++found_;
      bytes_ += static_cast<int64_t>(key.size() + value_.size());
    }
    if ((gets_ + seeks_) % kOperationsPerRateCheck == 0) thread_.shared.LimitReads(kOperationsPerRateCheck);
    thread_.stats.Finished(database.db(), 1, Operation::kRead);
  }

  void Put(Database& database, const rocksdb::Slice& key, double u) {
    ++puts_;
    constexpr int64_t kSmallest = 10;
    const int64_t largest = std::min<int64_t>(int64_t{1} << 20, FLAGS_mix_max_value_size);
    int64_t size = std::max(kSmallest, ParetoInverse(u, FLAGS_value_theta, FLAGS_value_k, FLAGS_value_sigma));
    if (size > largest) size %= largest;
    value_bytes_ += static_cast<double>(size);
    CheckOk("put", database.db()->Put(thread_.params.write_options, key, values_.Next(static_cast<uint32_t>(size))));
    if (puts_ % kOperationsPerRateCheck == 0) thread_.shared.LimitWrites(kOperationsPerRateCheck);
    thread_.stats.Finished(database.db(), 1, Operation::kWrite);
  }

  void Seek(Database& database, const rocksdb::Slice& key, double u) {
    ++seeks_;
    std::unique_ptr<rocksdb::Iterator> iterator(database.db()->NewIterator(thread_.params.read_options));
    iterator->Seek(key);
    if (iterator->Valid() && iterator->key() == key) ++found_;
    const int64_t length = ParetoInverse(u, FLAGS_iter_theta, FLAGS_iter_k, FLAGS_iter_sigma) % FLAGS_mix_max_scan_len;
    for (int64_t i = 0; i < length && iterator->Valid(); ++i) {
      bytes_ += static_cast<int64_t>(iterator->key().size() + iterator->value().size());
      iterator->Next();
      ++scanned_;
    }
    CheckOk("iterator", iterator->status());
    thread_.stats.Finished(database.db(), 1, Operation::kSeek);
  }

  void Report() {
    thread_.stats.AddBytes(bytes_);
    thread_.stats.AddMessage(
        Format("( Gets:%ld Puts:%ld Seek:%ld, reads %ld in %ld found, avg size: %.1f value, %.1f scan)\n", gets_, puts_,
               seeks_, found_, gets_ + seeks_, value_bytes_ / static_cast<double>(std::max<int64_t>(1, puts_)),
               static_cast<double>(scanned_) / static_cast<double>(std::max<int64_t>(1, seeks_))));
  }

  static constexpr int64_t kOperationsPerRateCheck = 100;

  BenchThread& thread_;
  ValueSource values_;
  KeyBuffer buffer_;
  MixKeys keys_;
  ShareChooser chooser_;
  SineRate rate_;
  rocksdb::PinnableSlice value_;
  int64_t gets_ = 0;
  int64_t puts_ = 0;
  int64_t seeks_ = 0;
  int64_t found_ = 0;
  int64_t scanned_ = 0;
  int64_t bytes_ = 0;
  double value_bytes_ = 0;
};

}  // namespace

void MixGraph(BenchThread& thread) { Mixer(thread).Run(); }

}  // namespace bench
