#include "db_bench_port/benchmarks/entry_stream.h"

#include <algorithm>

#include "db_bench_port/flags/flags.h"
#include "db_bench_port/runner/bench_thread.h"

namespace bench {
namespace {

class Plain : public EntryStream {
 public:
  Plain(KeySequence* keys, ValueSource* values) : keys_(keys), values_(values) {}
  Entry Next() override {
    const uint64_t key_number = keys_->Next();
    return {key_number, false, values_->Next()};
  }

 private:
  KeySequence* keys_;
  ValueSource* values_;
};

class Rewriting : public EntryStream {
 public:
  Rewriting(KeySequence* keys, ValueSource* values, double probability, size_t window, uint64_t seed)
      : keys_(keys),
        values_(values),
        window_(window),
        engine_(static_cast<unsigned>(seed)),
        rewrites_(std::min(1.0, probability)),
        place_(seed) {}

  Entry Next() override {
    if (!recent_.empty() && rewrites_(engine_)) {
      ++rewritten_;
      return {recent_[place_.Next() % recent_.size()], false, values_->Next()};
    }
    ++fresh_;
    const uint64_t key_number = keys_->Next();
    if (recent_.size() >= window_) recent_.pop_front();
    recent_.push_back(key_number);
    return {key_number, false, values_->Next()};
  }

  std::string Summary() const override {
    return Format("Number of unique keys inserted: %lu.\nNumber of overwrites: %lu\n", fresh_, rewritten_);
  }

 private:
  KeySequence* keys_;
  ValueSource* values_;
  size_t window_;
  std::default_random_engine engine_;
  std::bernoulli_distribution rewrites_;
  Random64 place_;
  std::deque<uint64_t> recent_;
  uint64_t fresh_ = 0;
  uint64_t rewritten_ = 0;
};

// The key sequence is cut into rounds: first the disposable keys, then those that stay. A round's disposable keys are
// written at once; when their time is up, its staying keys are written and the disposable ones deleted, entry by entry.
class Disposable : public EntryStream {
 public:
  Disposable(KeySequence* keys, rocksdb::SystemClock* clock, uint64_t seed)
      : keys_(keys), clock_(clock), random_(static_cast<uint32_t>(seed)) {}

  Entry Next() override {
    if (!due_.empty() && due_.front().at_micros < clock_->NowMicros()) return NextOfDue();
    const uint64_t key_number = keys_->At(round_start_ + written_in_round_);
    ++written_;
    if (++written_in_round_ == FLAGS_disposable_entries_batch_size) EndRound();
    return {key_number, false, RandomValue(FLAGS_disposable_entries_value_size)};
  }

  std::string Summary() const override {
    return Format(
        "Number of unique keys inserted (disposable+persistent): %lu.\nNumber of 'disposable entry delete': %lu\n",
        written_, deleted_);
  }

 private:
  struct Due {
    uint64_t at_micros;
    uint64_t round_start;
  };

  static uint64_t RoundEntries() { return FLAGS_disposable_entries_batch_size + FLAGS_persistent_entries_batch_size; }

  void EndRound() {
    due_.push({clock_->NowMicros() + FLAGS_disposable_entries_delete_delay, round_start_});
    round_start_ += RoundEntries();
    written_in_round_ = 0;
  }

  Entry NextOfDue() {
    const uint64_t start = due_.front().round_start;
    const uint64_t index = done_of_due_++;
    if (done_of_due_ == RoundEntries()) {
      due_.pop();
      done_of_due_ = 0;
    }
    if (index < FLAGS_persistent_entries_batch_size) {
      ++written_;
      return {keys_->At(start + FLAGS_disposable_entries_batch_size + index), false,
              RandomValue(FLAGS_persistent_entries_value_size)};
    }
    ++deleted_;
    return {keys_->At(start + index - FLAGS_persistent_entries_batch_size), true, {}};
  }

  rocksdb::Slice RandomValue(int32_t bytes) {
    value_.resize(std::max(0, bytes));
    for (char& c : value_) c = static_cast<char>(' ' + random_() % 95);
    return value_;
  }

  KeySequence* keys_;
  rocksdb::SystemClock* clock_;
  std::minstd_rand0 random_;
  std::string value_;
  std::queue<Due> due_;
  uint64_t done_of_due_ = 0;
  uint64_t round_start_ = 0;
  uint64_t written_in_round_ = 0;
  uint64_t written_ = 0;
  uint64_t deleted_ = 0;
};

}  // namespace

std::unique_ptr<EntryStream> PlainEntries(KeySequence* keys, ValueSource* values) {
  return std::make_unique<Plain>(keys, values);
}

std::unique_ptr<EntryStream> RewritingEntries(KeySequence* keys, ValueSource* values, double probability, size_t window,
                                              uint64_t seed) {
  return std::make_unique<Rewriting>(keys, values, probability, window, seed);
}

std::unique_ptr<EntryStream> DisposableEntries(KeySequence* keys, rocksdb::SystemClock* clock, uint64_t seed) {
  return std::make_unique<Disposable>(keys, clock, seed);
}

}  // namespace bench
