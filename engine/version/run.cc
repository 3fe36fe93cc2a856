#include "engine/version/run.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"

namespace gneiss {

namespace {

size_t SharedPrefixBytes(Slice a, Slice b) {
  const size_t size_min = std::min(a.size(), b.size());
  size_t shared = 0;
  while (shared < size_min && a[shared] == b[shared]) ++shared;
  return shared;
}

}  // namespace

Run::Run(const KeyOrder& order, std::vector<TableFilePtr> tables) : tables_(std::move(tables)) {
  GNEISS_CHECK(!tables_.empty());
  for (const TableFilePtr& table : tables_) bytes_ += table->meta().file_bytes;
  if (order.is_bytewise()) BuildHeads();
}

Run::~Run() { delete with_tombstones_.load(std::memory_order_acquire); }

// Keys between the run's first and last key share what those two share, so heads begin behind it.
void Run::BuildHeads() {
  const Slice first = tables_.front()->smallest_user_key();
  const Slice last = tables_.back()->largest_user_key();
  prefix_ = first.substr(0, SharedPrefixBytes(first, last));
  smallest_heads_.reserve(tables_.size());
  largest_heads_.reserve(tables_.size());
  for (const TableFilePtr& table : tables_) {
    smallest_heads_.push_back(KeyOrder::HeadOf(table->smallest_user_key().substr(prefix_.size())));
    largest_heads_.push_back(KeyOrder::HeadOf(table->largest_user_key().substr(prefix_.size())));
  }
}

Run::Probe Run::ProbeOf(Slice user_key) const {
  if (prefix_.empty()) return {.side = 0, .head = KeyOrder::HeadOf(user_key)};
  if (const int side = user_key.substr(0, prefix_.size()).compare(prefix_); side != 0)
    return {.side = side < 0 ? -1 : 1, .head = 0};
  return {.side = 0, .head = KeyOrder::HeadOf(user_key.substr(prefix_.size()))};
}

// The first table whose largest head is >= `head`. The loop's length depends on the size alone and its body compiles to
// a conditional move.
size_t Run::FindHead(uint64_t head) const {
  const uint64_t* base = largest_heads_.data();
  size_t left = largest_heads_.size();
  while (left > 1) {
    const size_t half = left / 2;
    base += base[half - 1] < head ? half : 0;
    left -= half;
  }
  return static_cast<size_t>(base - largest_heads_.data()) + (*base < head ? 1 : 0);
}

// Keys are compared only where heads are equal; without heads, everywhere.
template <typename IsLargestBelow>
size_t Run::FindTable(Slice user_key, IsLargestBelow is_largest_below) const {
  auto begin = tables_.begin();
  auto end = tables_.end();
  if (!largest_heads_.empty()) {
    const Probe probe = ProbeOf(user_key);
    if (probe.side != 0) return probe.side < 0 ? 0 : tables_.size();
    const size_t first = FindHead(probe.head);
    if (first == tables_.size() || largest_heads_[first] != probe.head) return first;
    const auto heads = largest_heads_.begin();
    end = begin + (std::upper_bound(heads + static_cast<ptrdiff_t>(first), largest_heads_.end(), probe.head) - heads);
    begin += static_cast<ptrdiff_t>(first);
  }
  const auto found = std::partition_point(begin, end, is_largest_below);
  return static_cast<size_t>(found - tables_.begin());
}

size_t Run::FindInternalKey(const KeyOrder& order, Slice internal_key) const {
  return FindTable(UserKeyOf(internal_key), [&](const TableFilePtr& table) {
    return order.CompareInternal(table->meta().largest.Encode(), internal_key) < 0;
  });
}

size_t Run::FindUserKey(const KeyOrder& order, Slice user_key) const {
  return FindTable(user_key,
                   [&](const TableFilePtr& table) { return order.Compare(table->largest_user_key(), user_key) < 0; });
}

bool Run::StartsAfter(const KeyOrder& order, size_t index, Slice user_key) const {
  return order.Compare(tables_[index]->smallest_user_key(), user_key) > 0;
}

bool Run::EndsWith(const KeyOrder& order, size_t index, Slice user_key) const {
  return order.Equal(tables_[index]->largest_user_key(), user_key);
}

Run::Span Run::TablesFor(const KeyOrder& order, const SeekKey& key) const {
  const Slice user_key = key.user_key();
  const size_t first = FindInternalKey(order, key.Encode());
  if (first == tables_.size()) return {};
  if (!largest_heads_.empty()) {
    const Probe probe = ProbeOf(user_key);
    if (probe.side != 0 || probe.head < smallest_heads_[first]) return {};
    const bool is_inside = probe.head > smallest_heads_[first] && probe.head < largest_heads_[first];
    if (is_inside) return {.first = first, .last = first + 1};
  }
  if (StartsAfter(order, first, user_key)) return {};
  size_t last = first + 1;
  while (last < tables_.size() && EndsWith(order, last - 1, user_key) && !StartsAfter(order, last, user_key)) ++last;
  return {.first = first, .last = last};
}

const std::vector<const TableFile*>* Run::TablesWithTombstones() const {
  if (const auto* known = with_tombstones_.load(std::memory_order_acquire); known != nullptr) return known;
  auto found = std::make_unique<std::vector<const TableFile*>>();
  for (const TableFilePtr& table : tables_) {
    const TableFile::Tombstones tombstones = table->tombstones();
    if (tombstones == TableFile::Tombstones::kUnknown) return nullptr;
    if (tombstones == TableFile::Tombstones::kSome) found->push_back(table.get());
  }
  const std::vector<const TableFile*>* published = nullptr;
  if (with_tombstones_.compare_exchange_strong(published, found.get(), std::memory_order_acq_rel))
    return found.release();
  return published;
}

void Run::CheckInvariants(const KeyOrder& order) const {
  for (size_t i = 0; i < tables_.size(); ++i) {
    const TableMeta& meta = tables_[i]->meta();
    GNEISS_CHECK(order.Compare(meta.smallest.user_key(), meta.largest.user_key()) <= 0);
    GNEISS_CHECK(i == 0 || order.CompareInternal(tables_[i - 1]->meta().largest.Encode(), meta.smallest.Encode()) < 0);
  }
}

}  // namespace gneiss
