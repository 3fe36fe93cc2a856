#include "engine/memtable/memtable.h"

#include "engine/base/hash.h"
#include "engine/base/perf.h"
#include "engine/memtable/cursor.h"
#include "engine/memtable/index.h"
#include "engine/memtable/tombstone_cover.h"

namespace gneiss {
namespace {

class MemtableIterator final : public InternalIterator {
 public:
  explicit MemtableIterator(const MemtableIndex* index) : cursor_(index) {}

  bool Valid() const override { return cursor_.Valid(); }
  void SeekToFirst() override { cursor_.SeekToFirst(); }
  void SeekToLast() override { cursor_.SeekToLast(); }
  void Seek(Slice internal_key) override {
    const PerfTimer timer(&PerfCounters::seek_on_memtable_time);
    PerfAdd(&PerfCounters::seek_on_memtable_count);
    cursor_.Seek(internal_key);
  }
  void SeekForPrev(Slice internal_key) override {
    const PerfTimer timer(&PerfCounters::seek_on_memtable_time);
    PerfAdd(&PerfCounters::seek_on_memtable_count);
    cursor_.SeekForPrev(internal_key);
  }
  void Next() override { cursor_.Next(); }
  void Prev() override { cursor_.Prev(); }
  Slice key() const override { return MemtableEntry::Key(cursor_.entry()); }
  Slice value() const override { return MemtableEntry::Value(cursor_.entry()); }
  Status status() const override { return Status::Ok(); }
  bool NextEntry(Slice* key, Slice* value) override {
    cursor_.Next();
    if (!cursor_.Valid()) return false;
    *key = MemtableEntry::Key(cursor_.entry());
    *value = MemtableEntry::Value(cursor_.entry());
    return true;
  }

 private:
  MemtableCursor cursor_;
};

// True when older entries of the key may be of use to the lookup.
bool Offer(const char* entry, PointLookup* lookup) {
  const uint64_t trailer = TrailerOf(MemtableEntry::Key(entry));
  return lookup->Offer(TrailerKind(trailer), TrailerSeq(trailer), MemtableEntry::Value(entry), nullptr);
}

// A lone writer spares the locked instruction.
void Increase(std::atomic<uint64_t>* counter, uint64_t by, bool is_concurrent) {
  if (is_concurrent) {
    counter->fetch_add(by, std::memory_order_relaxed);
  } else {
    counter->store(counter->load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
}

// Where equal keys have equal bytes.
std::shared_ptr<MemtableFilter> MakeFilter(const Memtable::Config& config) {
  const bool is_wanted = config.expected_bytes > 0 && config.order.type() != KeyOrder::Type::kCustom;
  return is_wanted && !config.order.has_timestamps() ? std::make_shared<MemtableFilter>(config.expected_bytes)
                                                     : nullptr;
}

}  // namespace

Memtable::Memtable(const Config& config, uint64_t id, SeqNo earliest_seq)
    : config_(config),
      id_(id),
      earliest_seq_(earliest_seq),
      share_(config.budget),
      arena_(config.arena_block_bytes, config.blocks, &share_),
      filter_(MakeFilter(config)),
      index_(std::make_unique<MemtableIndex>(config.order, &arena_)),
      range_tombstone_index_(std::make_unique<MemtableIndex>(config.order, &arena_)),
      tombstone_cover_(std::make_unique<TombstoneCover>(config.order, &arena_)) {}

Memtable::~Memtable() = default;

void Memtable::Add(SeqNo seq, Kind kind, Slice user_key, Slice value, bool is_concurrent) {
  if (kind == Kind::kRangeDelete && config_.order.Compare(user_key, value) == 0) return;  // an empty range
  if (IsDeletion(kind)) {
    // A batch knows plain deletions only.
    if (kind == Kind::kDelete && config_.order.has_timestamps()) kind = Kind::kDeleteWithTimestamp;
    if (kind == Kind::kDelete) Increase(&deletions_, 1, is_concurrent);
  }
  const size_t bytes = MemtableEntry::BytesFor(user_key, value);
  char* const entry = arena_.Allocate(bytes);
  MemtableEntry::Write(entry, user_key, PackTrailer(seq, kind), value);
  if (kind == Kind::kRangeDelete) {
    range_tombstone_index_->Insert(entry, is_concurrent);
    tombstone_cover_->Add(MemtableEntry::UserKey(entry), MemtableEntry::Value(entry), seq);
    range_tombstones_.fetch_add(1, std::memory_order_release);
  } else {
    if (filter_ != nullptr) filter_->Add(Xxph3(user_key), is_concurrent);
    index_->Insert(entry, is_concurrent);
  }
  Increase(&entries_, 1, is_concurrent);
  Increase(&data_bytes_, bytes, is_concurrent);
  SeqNo first = first_seq_.load(std::memory_order_relaxed);
  if (first == kSeqMax) [[unlikely]]
    NoteTimeOfFirst();
  while (seq < first && !first_seq_.compare_exchange_weak(first, seq, std::memory_order_relaxed)) {
  }
}

void Memtable::NoteTimeOfFirst() {
  uint64_t none = 0;
  oldest_unix_seconds_.compare_exchange_strong(none, static_cast<uint64_t>(config_.clock->UnixSeconds()),
                                               std::memory_order_relaxed);
}

void Memtable::Get(const SeekKey& key, PointLookup* lookup, bool ignore_range_deletions) const {
  if (config_.order.has_timestamps()) [[unlikely]]
    return GetVersion(key, lookup, ignore_range_deletions);
  if (!ignore_range_deletions) {
    if (const SeqNo seq = CoveringSeq(key.user_key(), SeqOf(key.Encode())); seq > 0) lookup->CoverBelow(seq);
  }
  if (!was_read()) was_read_.store(true, std::memory_order_relaxed);
  if (filter_ != nullptr && !filter_->MayContain(lookup->KeyHash())) return;
  const char* const newest = index_->NewestOf(key.Encode());
  if (newest == nullptr || !Offer(newest, lookup)) return;
  MemtableCursor cursor(index_.get());
  cursor.Seek(MemtableEntry::Key(newest));
  do {
    cursor.Next();
  } while (cursor.Valid() && config_.order.Equal(MemtableEntry::UserKey(cursor.entry()), key.user_key()) &&
           Offer(cursor.entry(), lookup));
}

// Behind the place of (key, timestamp read at, seq) lie all versions that may be meant, and some that are too new.
void Memtable::GetVersion(const SeekKey& key, PointLookup* lookup, bool ignore_range_deletions) const {
  if (!ignore_range_deletions && HasRangeTombstones()) {
    Slice timestamp;
    const SeqNo seq =
        tombstone_cover_->CoveringSeqAt(key.user_key(), lookup->seq(), lookup->versions()->read_timestamp, &timestamp);
    if (seq > 0) lookup->CoverBelow(seq, timestamp);
  }
  MemtableCursor cursor(index_.get());
  for (cursor.Seek(key.Encode()); cursor.Valid(); cursor.Next()) {
    const Slice entry_key = MemtableEntry::Key(cursor.entry());
    const uint64_t trailer = TrailerOf(entry_key);
    if (!config_.order.Equal(UserKeyOf(entry_key), key.user_key())) return;
    if (!lookup->OfferVersion(UserKeyOf(entry_key), TrailerKind(trailer), TrailerSeq(trailer),
                              MemtableEntry::Value(cursor.entry()), nullptr))
      return;
  }
}

size_t Memtable::CountMerges(Slice user_key, SeqNo seq, size_t most) const {
  const SeekKey target(user_key, seq);
  MemtableCursor cursor(index_.get());
  size_t count = 0;
  for (cursor.Seek(target.Encode()); cursor.Valid() && count < most; cursor.Next(), ++count) {
    const Slice entry_key = MemtableEntry::Key(cursor.entry());
    const bool is_operand = TrailerKind(TrailerOf(entry_key)) == Kind::kMerge;
    if (!is_operand || !config_.order.Equal(UserKeyOf(entry_key), user_key)) break;
  }
  return count;
}

SeqNo Memtable::CoveringSeq(Slice user_key, SeqNo read_seq) const {
  return HasRangeTombstones() ? tombstone_cover_->CoveringSeq(user_key, read_seq) : 0;
}

std::unique_ptr<InternalIterator> Memtable::NewIterator() const {
  return std::make_unique<MemtableIterator>(index_.get());
}

std::unique_ptr<InternalIterator> Memtable::NewRangeTombstoneIterator() const {
  if (!HasRangeTombstones()) return nullptr;
  return std::make_unique<MemtableIterator>(range_tombstone_index_.get());
}

size_t Memtable::MemoryUsage() const { return arena_.MemoryUsage(); }

Memtable::RangeEstimate Memtable::EstimateRange(Slice start_user_key, Slice end_user_key) const {
  const SeekKey start(start_user_key, kSeqMax);
  const SeekKey end(end_user_key, kSeqMax);
  const uint64_t all = EntryCount();
  RangeEstimate estimate;
  estimate.entries = index_->EstimateBetween(start.Encode(), end.Encode(), all);
  if (all > 0) estimate.bytes = estimate.entries * (DataBytes() / all);
  return estimate;
}

}  // namespace gneiss
