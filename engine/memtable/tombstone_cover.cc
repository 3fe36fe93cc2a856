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

// A boundary sorts before every version of its key, or is the key itself.
const TombstoneCover::Seqs* TombstoneCover::NewestOver(Slice user_key) const {
  const SeekKey key(user_key, 0);
  MemtableCursor cursor(&boundaries_);
  cursor.SeekForPrev(key.Encode());
  return cursor.Valid() ? SeqsAt(cursor.entry())->load(std::memory_order_acquire) : nullptr;
}

SeqNo TombstoneCover::CoveringSeq(Slice user_key, SeqNo read_seq) const {
  const Seqs* seqs = NewestOver(user_key);
  while (seqs != nullptr && seqs->newest > read_seq) seqs = seqs->older;
  return seqs != nullptr ? seqs->newest : 0;
}

SeqNo TombstoneCover::CoveringSeqAt(Slice user_key, SeqNo read_seq, Slice read_timestamp, Slice* timestamp) const {
  const KeyOrder& order = boundaries_.order();
  for (const Seqs* seqs = NewestOver(user_key); seqs != nullptr; seqs = seqs->older) {
    *timestamp = Slice(seqs->timestamp, order.timestamp_bytes());
    if (seqs->newest <= read_seq && order.CompareTimestamp(*timestamp, read_timestamp) <= 0) return seqs->newest;
  }
  return 0;
}

void TombstoneCover::Add(Slice start_user_key, Slice end_user_key, SeqNo seq) {
  const KeyOrder& order = boundaries_.order();
  if (order.Compare(start_user_key, end_user_key) >= 0) return;  // covers nothing
  const char* timestamp = nullptr;
  std::string start_boundary;
  std::string end_boundary;
  if (order.has_timestamps()) {
    timestamp = order.TimestampOf(start_user_key).data();
    start_boundary = order.BeforeVersions(order.BareKey(start_user_key));
    end_boundary = order.BeforeVersions(order.BareKey(end_user_key));
    start_user_key = start_boundary;
    end_user_key = end_boundary;
  }
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
      previous_new = With(old, seq, timestamp);
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
  char* const place = arena_->AllocateAligned(sizeof(SeqsPtr) + MemtableEntry::BytesFor(user_key, {}));
  new (place) SeqsPtr(here);
  char* const boundary = place + sizeof(SeqsPtr);
  MemtableEntry::Write(boundary, user_key, kBoundaryTrailer, {});
  boundaries_.Insert(boundary, false);
  return boundary;
}

// Seqs come almost in order, so the new one mostly goes to the front.
const TombstoneCover::Seqs* TombstoneCover::With(const Seqs* seqs, SeqNo seq, const char* timestamp) {
  if (seqs != nullptr && seqs->newest == seq) return seqs;
  const bool is_newest = seqs == nullptr || seqs->newest < seq;
  const Seqs front =
      is_newest
          ? Seqs{.newest = seq, .timestamp = timestamp, .older = seqs}
          : Seqs{.newest = seqs->newest, .timestamp = seqs->timestamp, .older = With(seqs->older, seq, timestamp)};
  return new (arena_->AllocateAligned(sizeof(Seqs))) Seqs(front);
}

}  // namespace gneiss
