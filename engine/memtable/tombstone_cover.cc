#include "engine/memtable/tombstone_cover.h"

#include <new>

namespace gneiss {
namespace {

// Boundaries are entries of seq 0; a seek key with that seq finds them by user key alone.
constexpr uint64_t kBoundaryTrailer = PackTrailer(0, kKindForSeek);

}  // namespace

TombstoneCover::SeqsPtr* TombstoneCover::SeqsAt(const char* boundary) {
  return reinterpret_cast<SeqsPtr*>(const_cast<char*>(boundary) - sizeof(SeqsPtr));
}

SeqNo TombstoneCover::CoveringSeq(Slice user_key, SeqNo read_seq) const {
  const SeekKey key(user_key, 0);
  MemtableCursor cursor(&boundaries_);
  cursor.SeekForPrev(key.Encode());
  if (!cursor.Valid()) return 0;
  const Seqs* seqs = SeqsAt(cursor.entry())->load(std::memory_order_acquire);
  while (seqs != nullptr && seqs->newest > read_seq) seqs = seqs->older;
  return seqs != nullptr ? seqs->newest : 0;
}

void TombstoneCover::Add(Slice start_user_key, Slice end_user_key, SeqNo seq) {
  const KeyOrder& order = boundaries_.order();
  if (order.Compare(start_user_key, end_user_key) >= 0) return;  // covers nothing
  MutexLock lock(&mutex_);
  const char* const end = BoundaryAt(end_user_key);
  const char* const start = BoundaryAt(start_user_key);
  // Neighbours with the same list before have the same list after.
  const Seqs* previous_old = nullptr;
  const Seqs* previous_new = nullptr;
  MemtableCursor cursor(&boundaries_);
  for (cursor.Seek(MemtableEntry::Key(start)); cursor.entry() != end; cursor.Next()) {
    SeqsPtr* const seqs = SeqsAt(cursor.entry());
    const Seqs* const old = seqs->load(std::memory_order_relaxed);
    if (previous_new == nullptr || old != previous_old) {
      previous_old = old;
      previous_new = With(old, seq);
    }
    seqs->store(previous_new, std::memory_order_release);
  }
}

const char* TombstoneCover::BoundaryAt(Slice user_key) {
  const SeekKey key(user_key, 0);
  MemtableCursor cursor(&boundaries_);
  cursor.SeekForPrev(key.Encode());
  const bool is_there = cursor.Valid() && boundaries_.order().Equal(MemtableEntry::UserKey(cursor.entry()), user_key);
  if (is_there) return cursor.entry();

  const Seqs* const here = cursor.Valid() ? SeqsAt(cursor.entry())->load(std::memory_order_relaxed) : nullptr;
  char* const place = arena_->Allocate(sizeof(SeqsPtr) + MemtableEntry::BytesFor(user_key, {}));
  new (place) SeqsPtr(here);
  char* const boundary = place + sizeof(SeqsPtr);
  MemtableEntry::Write(boundary, user_key, kBoundaryTrailer, {});
  boundaries_.Insert(boundary, false);
  return boundary;
}

// Seqs come almost in order, so the new one mostly goes to the front.
const TombstoneCover::Seqs* TombstoneCover::With(const Seqs* seqs, SeqNo seq) {
  if (seqs != nullptr && seqs->newest == seq) return seqs;
  const bool is_newest = seqs == nullptr || seqs->newest < seq;
  const Seqs front =
      is_newest ? Seqs{.newest = seq, .older = seqs} : Seqs{.newest = seqs->newest, .older = With(seqs->older, seq)};
  return new (arena_->Allocate(sizeof(Seqs))) Seqs(front);
}

}  // namespace gneiss
