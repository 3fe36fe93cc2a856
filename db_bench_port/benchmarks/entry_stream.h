#pragma once

#include <rocksdb/slice.h>
#include <rocksdb/system_clock.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <queue>
#include <random>

#include "db_bench_port/data/key_sequence.h"
#include "db_bench_port/data/value_source.h"

namespace bench {

// The next thing that a fill writes.
struct Entry {
  uint64_t key_number = 0;
  bool is_delete = false;
  rocksdb::Slice value;  // valid until the next entry
};

// What a fill writes, in order.
class EntryStream {
 public:
  virtual ~EntryStream() = default;
  virtual Entry Next() = 0;
  // A line about what was written, or nothing.
  virtual std::string Summary() const { return ""; }
};

// Keys as they come.
std::unique_ptr<EntryStream> PlainEntries(KeySequence* keys, ValueSource* values);

// Now and then, at the given probability, one of the last `window` keys again.
std::unique_ptr<EntryStream> RewritingEntries(KeySequence* keys, ValueSource* values, double probability, size_t window,
                                              uint64_t seed);

// Batches of entries that are deleted some time later, after a batch of others that stay, as flags say
// (--disposable_entries_...).
std::unique_ptr<EntryStream> DisposableEntries(KeySequence* keys, rocksdb::SystemClock* clock, uint64_t seed);

}  // namespace bench
