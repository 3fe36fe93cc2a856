#include "engine/memtable/memtable.h"

#include "engine/memtable/index.h"

namespace gneiss {

// Walks an index. The index has no way back, so Prev searches.
class MemtableIterator final : public InternalIterator {
 public:
  MemtableIterator(const KeyOrder& order, const Memtable::Index* index) : order_(order), index_(index) {}

  bool Valid() const override { return node_ != nullptr; }
  void SeekToFirst() override { node_ = index_->First(); }
  void SeekToLast() override { node_ = index_->Last(); }
  void Seek(Slice internal_key) override { node_ = index_->FirstNotBelow(internal_key); }
  void SeekForPrev(Slice internal_key) override {
    node_ = index_->FirstNotBelow(internal_key);
    if (node_ == nullptr || order_.CompareInternal(node_->Key(), internal_key) != 0) {
      node_ = index_->LastBelow(internal_key);
    }
  }
  void Next() override { node_ = node_->Next(0); }
  void Prev() override { node_ = index_->LastBelow(node_->Key()); }
  Slice key() const override { return node_->Key(); }
  Slice value() const override { return MemtableEntry::Value(node_->entry); }
  Status status() const override { return Status::Ok(); }

 private:
  const KeyOrder order_;
  const Memtable::Index* const index_;
  Memtable::Index::Node* node_ = nullptr;
};

Memtable::Memtable(const Config& config, uint64_t id, SeqNo earliest_seq)
    : config_(config),
      id_(id),
      earliest_seq_(earliest_seq),
      arena_(config.arena_block_bytes),
      index_(std::make_unique<Index>(config.order, &arena_)),
      range_tombstone_index_(std::make_unique<Index>(config.order, &arena_)) {}

Memtable::~Memtable() = default;

void Memtable::Add(SeqNo seq, Kind kind, Slice user_key, Slice value, bool is_concurrent) {
  const size_t bytes = MemtableEntry::BytesFor(user_key, value);
  char* const entry = arena_.Allocate(bytes);
  MemtableEntry::Write(entry, user_key, PackTrailer(seq, kind), value);
  if (kind == Kind::kRangeDelete) {
    range_tombstone_index_->Insert(entry);
    range_tombstones_.fetch_add(1, std::memory_order_release);
  } else {
    index_->Insert(entry);
  }
  entries_.fetch_add(1, std::memory_order_relaxed);
  data_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  if (kind == Kind::kDelete || kind == Kind::kSingleDelete || kind == Kind::kDeleteWithTimestamp) {
    deletions_.fetch_add(1, std::memory_order_relaxed);
  }
  SeqNo first = first_seq_.load(std::memory_order_relaxed);
  while (seq < first && !first_seq_.compare_exchange_weak(first, seq, std::memory_order_relaxed)) {
  }
}

void Memtable::Get(const SeekKey& key, PointLookup* lookup) const {
  if (HasRangeTombstones()) {
    const SeqNo read_seq = SeqOf(key.Encode());
    for (Index::Node* node = range_tombstone_index_->First(); node != nullptr; node = node->Next(0)) {
      if (config_.order.Compare(UserKeyOf(node->Key()), key.user_key()) > 0) break;
      const bool covers = config_.order.Compare(key.user_key(), MemtableEntry::Value(node->entry)) < 0;
      if (covers && SeqOf(node->Key()) <= read_seq) lookup->CoverBelow(SeqOf(node->Key()));
    }
  }
  for (Index::Node* node = index_->FirstNotBelow(key.Encode()); node != nullptr; node = node->Next(0)) {
    if (!config_.order.Equal(UserKeyOf(node->Key()), key.user_key())) return;
    const uint64_t trailer = TrailerOf(node->Key());
    if (!lookup->Offer(TrailerKind(trailer), TrailerSeq(trailer), MemtableEntry::Value(node->entry), nullptr)) return;
  }
}

std::unique_ptr<InternalIterator> Memtable::NewIterator() const {
  return std::make_unique<MemtableIterator>(config_.order, index_.get());
}

std::unique_ptr<InternalIterator> Memtable::NewRangeTombstoneIterator() const {
  if (!HasRangeTombstones()) return nullptr;
  return std::make_unique<MemtableIterator>(config_.order, range_tombstone_index_.get());
}

size_t Memtable::MemoryUsage() const { return arena_.MemoryUsage(); }

Memtable::RangeEstimate Memtable::EstimateRange(Slice start_user_key, Slice end_user_key) const {
  RangeEstimate estimate;
  const SeekKey start(start_user_key, kSeqMax);
  for (Index::Node* node = index_->FirstNotBelow(start.Encode()); node != nullptr; node = node->Next(0)) {
    if (config_.order.Compare(UserKeyOf(node->Key()), end_user_key) >= 0) break;
    ++estimate.entries;
    estimate.bytes += node->Key().size() + MemtableEntry::Value(node->entry).size();
  }
  return estimate;
}

}  // namespace gneiss
