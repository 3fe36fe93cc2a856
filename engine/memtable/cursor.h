// A MemtableCursor walks a MemtableIndex in both directions.
//
// It copies the entry pointers of the leaf it stands in, so that moves inside a leaf neither synchronize nor look at
// the index, and later entries can be fetched ahead of time. What is added to that leaf later shows after the next
// seek.
//
// Owner:   entries belong to the memtable's arena and stay good after the cursor moved.
// Threads: one thread; writers may be at work.
#pragma once

#include "engine/memtable/index.h"

namespace gneiss {

class MemtableCursor {
 public:
  explicit MemtableCursor(const MemtableIndex* index) : index_(index) {}

  bool Valid() const { return at_ < count_; }
  const char* entry() const { return entries_[at_]; }  // requires Valid()

  void SeekToFirst();
  void SeekToLast();
  void Seek(Slice internal_key);
  void SeekForPrev(Slice internal_key);
  void Next() {
    if (++at_ == count_) {
      GoRight();
    } else if (at_ + kFetchAhead < count_) {
      FetchEntry(at_ + kFetchAhead);
    }
  }
  void Prev() {
    if (at_ == 0) {
      GoLeft();
    } else if (--at_ >= kFetchAhead) {
      FetchEntry(at_ - kFetchAhead);
    }
  }

 private:
  static constexpr uint32_t kFetchAhead = 8;

  void FetchEntry(uint32_t i) const { PrefetchLines(entries_[i], 2); }
  // Copies the leaf; false when it changed since the place was found.
  bool Take(const MemtableIndex::Place& place);
  void GoRight();
  void GoLeft();
  void Stop() { at_ = count_ = 0; }

  const MemtableIndex* const index_;
  uint32_t at_ = 0;
  uint32_t count_ = 0;
  const char* low_ = nullptr;  // of the leaf, when it was copied
  IndexLeaf* next_ = nullptr;  // likewise
  const char* entries_[IndexLeaf::kEntriesMax];
};

}  // namespace gneiss
