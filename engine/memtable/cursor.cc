#include "engine/memtable/cursor.h"

#include <algorithm>

namespace gneiss {

bool MemtableCursor::Take(const MemtableIndex::Place& place) {
  Stop();
  if (place.leaf == nullptr) return true;
  const uint32_t count = place.leaf->CountNow();
  for (uint32_t i = 0; i < count; ++i) entries_[i] = place.leaf->EntryAt(i);
  low_ = place.leaf->low.load(std::memory_order_acquire);
  next_ = place.leaf->next.load(std::memory_order_acquire);
  if (!place.leaf->version.IsStill(place.version)) return false;
  at_ = place.at;
  count_ = count;
  return true;
}

void MemtableCursor::SeekToFirst() {
  while (!Take(index_->FindFirst())) {
  }
}

void MemtableCursor::SeekToLast() {
  while (!Take(index_->FindLast())) {
  }
  if (count_ > 0) at_ = count_ - 1;
}

void MemtableCursor::Seek(Slice internal_key) {
  while (!Take(index_->Find(internal_key))) {
  }
  if (at_ == count_) Stop();
}

void MemtableCursor::SeekForPrev(Slice internal_key) {
  while (!Take(index_->Find(internal_key))) {
  }
  if (count_ == 0) return;
  const bool is_exact =
      at_ < count_ && index_->order().CompareInternal(MemtableEntry::Key(entries_[at_]), internal_key) == 0;
  if (is_exact) return;
  if (at_ > 0) {
    --at_;
  } else {
    GoLeft();
  }
}

// The leaf that was to the right when this one was copied starts where the copy ends, whatever was split since.
void MemtableCursor::GoRight() {
  IndexLeaf* const leaf = next_;
  if (leaf == nullptr) return Stop();
  while (!Take({.leaf = leaf, .version = leaf->version.BeginRead(), .at = 0})) {
  }
  for (uint32_t i = 0; i < std::min(count_, kFetchAhead); ++i) FetchEntry(i);
}

// Leaves do not know their left neighbour; it is found by its upper bound, which is this one's lower bound.
void MemtableCursor::GoLeft() {
  if (low_ == nullptr) return Stop();
  const Slice low = MemtableEntry::Key(low_);
  while (!Take(index_->Find(low))) {
  }
  at_ = count_ - 1;
  for (uint32_t i = 0; i < std::min(count_, kFetchAhead); ++i) FetchEntry(at_ - i);
}

}  // namespace gneiss
