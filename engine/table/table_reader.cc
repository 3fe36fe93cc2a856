#include "engine/table/table_reader.h"

#include "engine/base/perf.h"
#include "engine/table/block_search.h"
#include "engine/table/table_core.h"
#include "engine/table/table_iterator.h"
#include "engine/table/table_probe.h"

namespace gneiss {

namespace {

constexpr size_t kVerifyReadBytes = size_t{256} << 10;

// The few range tombstones of a table, in a block of their own that the iterator keeps.
class RangeTombstoneIterator final : public InternalIterator {
 public:
  RangeTombstoneIterator(const TableCore& core, BlockRef block)
      : order_(core.config().order), block_(std::move(block)), damaged_(core.DamagedRangeTombstones()) {
    core.Attach(block_.get(), &cursor_);
  }
  bool Valid() const override { return cursor_.Valid(); }
  void SeekToFirst() override { cursor_.SeekToFirst(); }
  void SeekToLast() override { cursor_.SeekToLast(); }
  void Seek(Slice internal_key) override { cursor_.Seek(internal_key); }
  void SeekForPrev(Slice internal_key) override {
    cursor_.Seek(internal_key);
    if (cursor_.is_damaged()) return;
    if (!cursor_.Valid()) {
      cursor_.SeekToLast();
    } else if (order_.CompareInternal(cursor_.key(), internal_key) > 0) {
      cursor_.Prev();
    }
  }
  void Next() override { cursor_.Next(); }
  void Prev() override { cursor_.Prev(); }
  Slice key() const override { return cursor_.key(); }
  Slice value() const override { return cursor_.value(); }
  Status status() const override { return cursor_.is_damaged() ? damaged_ : Status::Ok(); }

 private:
  const KeyOrder order_;
  const BlockRef block_;
  const Status damaged_;
  BlockCursor cursor_;
};

// An iterator that only says why there is none.
class FailedIterator final : public InternalIterator {
 public:
  explicit FailedIterator(Status status) : status_(std::move(status)) {}
  bool Valid() const override { return false; }
  void SeekToFirst() override {}
  void SeekToLast() override {}
  void Seek(Slice) override {}
  void SeekForPrev(Slice) override {}
  void Next() override {}
  void Prev() override {}
  Slice key() const override { return {}; }
  Slice value() const override { return {}; }
  Status status() const override { return status_; }

 private:
  const Status status_;
};

}  // namespace

struct TableReader::Rep {
  // Each offers the entries of key in one block; returns whether the search goes on behind the block.
  bool SearchBlock(BlockRef block, const BlockHandle& handle, const SeekKey& key, PointLookup* lookup) const;
  bool WalkBlock(BlockRef block, const BlockHandle& handle, const SeekKey& key, bool has_first,
                 PointLookup* lookup) const;
  bool WalkVersions(BlockRef block, const BlockHandle& handle, const SeekKey& key, PointLookup* lookup) const;
  // Offers one entry; false when the search is over.
  bool Offer(BlockRef* block, const BlockHandle& handle, uint64_t trailer, Slice value, PointLookup* lookup) const;

  TableCore core;
};

TableReader::TableReader(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
TableReader::~TableReader() = default;

Status TableReader::Open(const TableReadConfig& config, const OpenParams& params,
                         std::unique_ptr<RandomAccessFile> file, std::unique_ptr<TableReader>* reader) {
  std::unique_ptr<Rep> rep(new Rep{.core = TableCore(config, params, std::move(file))});
  GNEISS_RETURN_IF_ERROR(rep->core.Open());
  GNEISS_RETURN_IF_ERROR(rep->core.ChargeMemory());
  reader->reset(new TableReader(std::move(rep)));
  return Status::Ok();
}

bool TableReader::MayContain(Slice user_key, Slice bare_key, uint64_t hash, const ReadParams& params) const {
  const TableCore& core = rep_->core;
  if (!core.has_filter()) return true;
  const bool may_contain = core.MayContain(user_key, bare_key, hash, params);
  AddTicker(core.config().stats, may_contain ? Ticker::kBloomFullPositive : Ticker::kBloomUseful);
  if (may_contain) {
    PerfCount(&PerfCounters::bloom_sst_hit_count, core.level(), LevelPerf::kFilterFullPositive);
  } else {
    PerfCount(&PerfCounters::bloom_sst_miss_count, core.level(), LevelPerf::kFilterUseful);
  }
  return may_contain;
}

bool TableReader::Rep::Offer(BlockRef* block, const BlockHandle& handle, uint64_t trailer, Slice value,
                             PointLookup* lookup) const {
  if (!IsKindInKey(TrailerKind(trailer))) [[unlikely]] {
    lookup->Fail(core.source().DamagedBlock("unknown kind of entry", handle));
    return false;
  }
  Pin pin = block->AsPin();
  const bool has_pin = pin.release != nullptr;
  const bool goes_on = lookup->Offer(TrailerKind(trailer), TrailerSeq(trailer), value, has_pin ? &pin : nullptr);
  if (has_pin && pin.release == nullptr) block->Disown();
  return goes_on;
}

bool TableReader::Rep::SearchBlock(BlockRef block, const BlockHandle& handle, const SeekKey& key,
                                   PointLookup* lookup) const {
  if (lookup->versions() != nullptr) [[unlikely]]
    return WalkVersions(std::move(block), handle, key, lookup);
  if (!core.config().order.is_bytewise()) return WalkBlock(std::move(block), handle, key, false, lookup);
  BlockHit hit;
  const bool has_global_seq = core.global_seq() != BlockCursor::kNoGlobalSeq;
  const uint64_t trailer_max = TrailerOf(key.Encode());
  // Stored trailers do not count under a global seq.
  switch (gneiss::SearchBlock(*block.get(), key.user_key(), has_global_seq ? ~uint64_t{0} : trailer_max, &hit)) {
    case BlockSearch::kAbsent:
      return false;
    case BlockSearch::kExhausted:
      return true;
    case BlockSearch::kUnsure:
      return WalkBlock(std::move(block), handle, key, false, lookup);
    case BlockSearch::kFound:
      break;
  }
  if (has_global_seq) {
    hit.trailer = PackTrailer(core.global_seq(), TrailerKind(hit.trailer));
    if (hit.trailer > trailer_max) return false;  // such tables have one entry per user key
  }
  // The search goes on for merge operands, and where a snapshot does not see this entry: older ones are walked.
  const bool goes_on = Offer(&block, handle, hit.trailer, hit.value, lookup);
  return goes_on && WalkBlock(std::move(block), handle, key, true, lookup);
}

bool TableReader::Rep::WalkBlock(BlockRef block, const BlockHandle& handle, const SeekKey& key, bool has_first,
                                 PointLookup* lookup) const {
  BlockCursor cursor;
  core.Attach(block.get(), &cursor);
  cursor.Seek(key.Encode());
  if (has_first && cursor.Valid()) cursor.Next();
  for (; cursor.Valid(); cursor.Next()) {
    if (!core.config().order.Equal(UserKeyOf(cursor.key()), key.user_key())) return false;
    if (!Offer(&block, handle, TrailerOf(cursor.key()), cursor.value(), lookup)) return false;
  }
  if (cursor.is_damaged()) {
    lookup->Fail(core.source().DamagedBlock("bad entry in block", handle));
    return false;
  }
  return true;
}

// As WalkBlock, from the place of (key, timestamp read at, seq) on.
bool TableReader::Rep::WalkVersions(BlockRef block, const BlockHandle& handle, const SeekKey& key,
                                    PointLookup* lookup) const {
  BlockCursor cursor;
  core.Attach(block.get(), &cursor);
  for (cursor.Seek(key.Encode()); cursor.Valid(); cursor.Next()) {
    const Slice stored_key = UserKeyOf(cursor.key());
    const uint64_t trailer = TrailerOf(cursor.key());
    if (!core.config().order.Equal(stored_key, key.user_key())) return false;
    if (!IsKindInKey(TrailerKind(trailer))) {
      lookup->Fail(core.source().DamagedBlock("unknown kind of entry", handle));
      return false;
    }
    // The cursor still needs the block, so values are copied.
    if (!lookup->OfferVersion(stored_key, TrailerKind(trailer), TrailerSeq(trailer), cursor.value(), nullptr))
      return false;
  }
  if (cursor.is_damaged()) {
    lookup->Fail(core.source().DamagedBlock("bad entry in block", handle));
    return false;
  }
  return true;
}

void TableReader::PrefetchFilter(Slice user_key, uint64_t hash) const {
  const TableFilter* const filter = rep_->core.filter_at_hand();
  if (filter != nullptr) filter->Prefetch(user_key, hash);
}

bool TableReader::FindBlock(const SeekKey& key, uint64_t hash, TableProbe* probe) const {
  const TableCore& core = rep_->core;
  const TableFilter* const filter = core.filter_at_hand();
  if (filter != nullptr && !filter->MayMatch(key.user_key(), key.user_key(), hash)) return false;
  const TableIndex* const index = core.index_at_hand();
  if (index == nullptr || (core.has_filter() && filter == nullptr)) return true;
  const size_t i = index->LowerBound(key.Encode());
  if (i == index->size()) return true;
  core.source().PrefetchDataBlock(index->handle(i), index->cache_place(i));
  probe->reader = this;
  probe->block_index = i;
  return true;
}

void TableReader::TakeBlock(TableProbe* probe) const {
  const TableIndex& index = *rep_->core.index_at_hand();
  probe->block =
      rep_->core.source().FindDataBlock(index.handle(probe->block_index), index.cache_place(probe->block_index));
}

void TableReader::PrefetchEntry(Slice user_key, const TableProbe& probe) const {
  if (probe.block) gneiss::PrefetchEntry(*probe.block.get(), user_key);
}

void TableReader::Get(const ReadParams& params, const SeekKey& key, uint64_t hash, PointLookup* lookup,
                      TableProbe* probe) const {
  const Slice user_key = key.user_key();
  const TableCore& core = rep_->core;
  core.PrefetchIndex(user_key);
  if (!MayContain(user_key, lookup->user_key(), hash, params)) return;
  MetaRef<TableIndex> index;
  if (Status status = core.GetIndex(params, &index); !status.ok()) return lookup->Fail(std::move(status));
  const bool is_probed = probe != nullptr && probe->reader == this;
  for (size_t i = is_probed ? probe->block_index : index->LowerBound(key.Encode()); i < index->size(); ++i) {
    const BlockHandle handle = index->handle(i);
    BlockRef block;
    if (is_probed && probe->block) {
      block = std::move(probe->block);
      core.source().CountHit(*block.get());
    } else {
      Status status = core.source().GetDataBlock(params, handle, index->cache_place(i), nullptr, &block);
      if (!status.ok()) return lookup->Fail(std::move(status));
    }
    if (!rep_->SearchBlock(std::move(block), handle, key, lookup) || !index->RunsOver(i, user_key)) break;
  }
  if (!core.has_filter() || !lookup->is_done()) return;
  AddTicker(core.config().stats, Ticker::kBloomFullTruePositive);
  if (PerfCountsLevels()) [[unlikely]]
    PerfAddAt(core.level(), LevelPerf::kFilterFullTruePositive);
}

std::unique_ptr<InternalIterator> TableReader::NewIterator(const ReadParams& params) const {
  return std::make_unique<TableIterator>(&rep_->core, params);
}

std::unique_ptr<InternalIterator> TableReader::NewRangeTombstoneIterator(const ReadParams& params) const {
  BlockRef block;
  if (Status status = rep_->core.ReadRangeTombstones(params, &block); !status.ok()) {
    return std::make_unique<FailedIterator>(std::move(status));
  }
  if (!block) return nullptr;
  return std::make_unique<RangeTombstoneIterator>(rep_->core, std::move(block));
}

uint64_t TableReader::ApproximateOffsetOf(Slice internal_key, const ReadParams& params) const {
  const TableCore& core = rep_->core;
  const uint64_t file_bytes = core.source().file_bytes();
  uint64_t data_bytes = core.properties().data_bytes;
  if (data_bytes == 0) data_bytes = core.source().footer().metaindex.offset;
  MetaRef<TableIndex> index;
  // Half is the guess that errs evenly.
  if (data_bytes == 0 || !core.GetIndex(params, &index).ok()) return file_bytes / 2;
  const size_t i = index->LowerBound(internal_key);
  const uint64_t offset = i < index->size() ? index->handle(i).offset : data_bytes;
  // Filter and index are shared out over the data.
  return static_cast<uint64_t>(static_cast<double>(offset) / static_cast<double>(data_bytes) *
                               static_cast<double>(file_bytes));
}

const TableProperties& TableReader::properties() const { return rep_->core.properties(); }
size_t TableReader::MemoryUsage() const { return sizeof(*this) + rep_->core.MemoryBytes(); }

void TableReader::EraseFromCache() const { rep_->core.EraseFromCache(); }

Status TableReader::VerifyChecksums(const ReadParams& params) const {
  const TableCore& core = rep_->core;
  const BlockSource& source = core.source();
  GNEISS_RETURN_IF_ERROR(core.VerifyMetaBlocks());
  ReadParams index_params = params;
  index_params.cache_only = false;
  MetaRef<TableIndex> index;
  GNEISS_RETURN_IF_ERROR(core.GetIndex(index_params, &index));
  ReadAhead ahead({.initial_bytes = kVerifyReadBytes, .max_bytes = kVerifyReadBytes, .reads_before = 0});
  for (size_t i = 0; i < index->size(); ++i) GNEISS_RETURN_IF_ERROR(source.Verify(index->handle(i), &ahead));
  return Status::Ok();
}

}  // namespace gneiss
