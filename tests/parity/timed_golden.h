// The golden directory with user-defined timestamps: golden/timestamps, of which make_golden wrote the parts and
// timed_golden_test.cc reads all.
#pragma once

#include <rocksdb/options.h>

#include "tests/parity/timed_model.h"

namespace gneiss::parity {

inline constexpr int kTimedGoldenSteps = 3;        // two become tables of level 0, the third stays in the log
inline constexpr uint64_t kTimedGoldenStart = 12;  // of history, raised before the last step

inline rocksdb::Options TimedGoldenOptions() {
  rocksdb::Options options;
  options.comparator = ComparatorOf(Order::kTimed);
  options.avoid_flush_during_shutdown = options.avoid_flush_during_recovery = true;
  options.disable_auto_compactions = true;
  return options;
}

inline std::vector<TimedWrite> TimedGoldenWrites(int step) {
  using Kind = TimedWrite::Kind;
  std::vector<TimedWrite> writes;
  const auto add = [&](Kind kind, int key, const std::string& value, uint64_t time) {
    writes.push_back({kind, "default", "key" + std::to_string(key), value, time});
  };
  for (int key = 10; key < 50; ++key) {
    if (step == 0) add(Kind::kPut, key, "first" + std::to_string(key), 10);
    if (step == 0 && key % 2 == 0) add(Kind::kPut, key, "second" + std::to_string(key), 11);
    if (step == 1 && key % 3 == 0) add(Kind::kPut, key, "third" + std::to_string(key), 20);
    if (step == 1 && key % 5 == 0) add(Kind::kDelete, key, "", 25);
    if (step == 1 && key == 49) add(Kind::kDeleteRange, 20, "key25", 27);
    if (step == 2 && key % 4 == 0) add(Kind::kPut, key, "fourth" + std::to_string(key), 40);
    if (step == 2 && key % 7 == 0) add(Kind::kDelete, key, "", 41);
  }
  return writes;
}

inline TimedModel TimedGoldenModel() {
  TimedModel model;
  for (int step = 0; step < kTimedGoldenSteps; ++step) {
    for (TimedWrite& write : TimedGoldenWrites(step)) model.writes.push_back(std::move(write));
  }
  model.start["default"] = kTimedGoldenStart;
  model.now = 41;
  return model;
}

}  // namespace gneiss::parity
