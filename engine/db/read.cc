// The read path: pick the SuperVersion, then ask the active memtable, the sealed ones and the tables, newest first.
//
// A read without a snapshot takes the SuperVersion first and the sequence number second: the other way round, a
// compaction in between could have dropped the version that the older sequence number needs.

#include <array>
#include <optional>

#include "engine/base/perf.h"
#include "engine/base/read_guard.h"
#include "engine/db/database_impl.h"
#include "engine/iter/merging_iterator.h"
#include "engine/iter/point_lookup.h"
#include "engine/iter/range_tombstone_builder.h"
#include "engine/table/table_probe.h"

namespace gneiss {

namespace {

struct View {
  const SuperVersion* super_version;
  SeqNo seq;
};

// Needs an open ReadGuard.
View SelectView(const ColumnFamily& family, const Snapshot* snapshot, const std::atomic<SeqNo>& published_seq) {
  if (snapshot != nullptr) return {family.history.Select(snapshot->epoch()), snapshot->seq()};
  const SuperVersion* const newest = family.history.Newest();
  return {newest, published_seq.load(std::memory_order_acquire)};
}

void AddTombstonesOf(const Memtable& memtable, RangeTombstoneBuilder* builder) {
  const std::unique_ptr<InternalIterator> iterator = memtable.NewRangeTombstoneIterator();
  if (iterator == nullptr) return;
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
    builder->Add(UserKeyOf(iterator->key()), iterator->value(), SeqOf(iterator->key()));
  }
}

void LookUpInMemory(const SuperVersion& super_version, const DbReadParams& params, const SeekKey& key,
                    PointLookup* lookup) {
  uint64_t asked = 0;
  if (!super_version.active->empty()) {
    super_version.active->Get(key, lookup, params.table.ignore_range_deletions);
    ++asked;
  }
  for (const MemtablePtr& memtable : super_version.sealed) {
    if (lookup->is_done()) break;
    memtable->Get(key, lookup, params.table.ignore_range_deletions);
    ++asked;
  }
  PerfAdd(&PerfCounters::get_from_memtable_count, asked);
}

template <bool is_timed>
void LookUpIn(const SuperVersion& super_version, const DbReadParams& params, const SeekKey& key, PointLookup* lookup,
              bool skips_memory, StatsSink* stats) {
  if (!skips_memory) {
    const PerfTimer timer(&PerfCounters::get_from_memtable_time, is_timed);
    LookUpInMemory(super_version, params, key, lookup);
  }
  AddTicker(stats, lookup->is_done() ? Ticker::kMemtableHit : Ticker::kMemtableMiss);
  if (lookup->is_done()) return;
  const PerfTimer timer(&PerfCounters::get_from_output_files_time, is_timed);
  super_version.version->Get(params.table, key, lookup);
}

void LookUp(const SuperVersion& super_version, const DbReadParams& params, const SeekKey& key, PointLookup* lookup,
            bool skips_memory, StatsSink* stats) {
  if (PerfTimes()) [[unlikely]] {
    const PerfCpuTimer timer(&PerfCounters::get_cpu_nanos);
    LookUpIn<true>(super_version, params, key, lookup, skips_memory, stats);
  } else {
    LookUpIn<false>(super_version, params, key, lookup, skips_memory, stats);
  }
}

// After Finish.
void NoteOperands(StatsSink* stats, const PointLookup& lookup) {
  if (stats == nullptr || lookup.operand_count() == 0) return;
  stats->Record(Histogram::kMergeOperandsRead, lookup.operand_count());
}

Status LookUpVersion(const View& view, const DbReadParams& params, bool skips_memory, const MultiGetRequest& request,
                     StatsSink* stats) {
  const ColumnFamily& family = *request.family;
  if (request.timestamp != nullptr) request.timestamp->clear();
  // With the view at hand: what a compaction dropped because of a later history start may be missing in it.
  GNEISS_RETURN_IF_ERROR(family.CheckReadTimestamp(*params.timestamp));
  PointLookup::Versions versions{
      .order = family.order, .read_timestamp = *params.timestamp, .timestamp = {}, .covering_timestamp = {}};
  PointLookup lookup(request.key, view.seq, family.merge_operator.load(std::memory_order_relaxed), request.value);
  lookup.ReadVersions(&versions);
  LookUp(*view.super_version, params, SeekKey(request.key, *params.timestamp, view.seq), &lookup, skips_memory, stats);
  Status status = lookup.Finish();
  NoteOperands(stats, lookup);
  if (request.timestamp != nullptr) *request.timestamp = std::move(versions.timestamp);
  return status;
}

struct BatchRead {
  static constexpr size_t kKeysMax = Version::kProbedKeysMax;

  BatchRead(Slice key, SeqNo seq, const MergeOperator* merge_operator, PinnedValue* value)
      : seek_key(key, seq), lookup(key, seq, merge_operator, value) {}

  SeekKey seek_key;
  PointLookup lookup;
  TableProbe probe;
};

// Reads keys of one family, all of them in memory first, then all in the tables: there most of the time goes into
// waiting for memory, and probes let the keys wait together.
void LookUpBatch(const View& view, const DbReadParams& params, bool skips_memory, MultiGetRequest* requests,
                 size_t count, StatsSink* stats) {
  std::array<std::optional<BatchRead>, BatchRead::kKeysMax> reads;
  std::array<Version::KeyProbe, BatchRead::kKeysMax> probes;
  size_t probe_count = 0;
  for (size_t i = 0; i < count; ++i) {
    const MultiGetRequest& request = requests[i];
    BatchRead& read = reads[i].emplace(request.key, view.seq,
                                       request.family->merge_operator.load(std::memory_order_relaxed), request.value);
    if (!skips_memory) LookUpInMemory(*view.super_version, params, read.seek_key, &read.lookup);
    AddTicker(stats, read.lookup.is_done() ? Ticker::kMemtableHit : Ticker::kMemtableMiss);
    if (!read.lookup.is_done()) {
      probes[probe_count++] = {.key = &read.seek_key, .hash = read.lookup.KeyHash(), .probe = &read.probe};
    }
  }
  const Version& version = *view.super_version->version;
  version.ProbeTables(probes.data(), probe_count);
  for (size_t i = 0; i < count; ++i) {
    BatchRead& read = *reads[i];
    if (!read.lookup.is_done()) version.Get(params.table, read.seek_key, &read.lookup, &read.probe);
    requests[i].status = read.lookup.Finish();
    NoteOperands(stats, read.lookup);
  }
}

// At most BatchRead::kKeysMax keys of one family.
void LookUpSome(const View& view, const DbReadParams& params, bool skips_memory, MultiGetRequest* requests,
                size_t count, StatsSink* stats) {
  if (params.timestamp != nullptr) {
    for (size_t i = 0; i < count; ++i) {
      requests[i].status = LookUpVersion(view, params, skips_memory, requests[i], stats);
    }
  } else if (count == 1 || PerfTimes()) {  // times are told for one key at a time
    for (size_t i = 0; i < count; ++i) {
      const MultiGetRequest& request = requests[i];
      PointLookup lookup(request.key, view.seq, request.family->merge_operator.load(std::memory_order_relaxed),
                         request.value);
      LookUp(*view.super_version, params, SeekKey(request.key, view.seq), &lookup, skips_memory, stats);
      requests[i].status = lookup.Finish();
      NoteOperands(stats, lookup);
    }
  } else {
    LookUpBatch(view, params, skips_memory, requests, count, stats);
  }
}

// Others may skip tables, tombstones or memtables, or count what they skip.
bool SeesWhatItsViewSays(const IteratorParams& params, const FamilyConfig& config) {
  const bool may_skip_tables = config.table_read.prefix_extractor != nullptr && !params.table.total_order_seek;
  return !params.memtable_only && !params.table.ignore_range_deletions && params.max_skippable_internal_keys == 0 &&
         !may_skip_tables;
}

}  // namespace

Status DatabaseImpl::Get(const DbReadParams& params, ColumnFamily* family, Slice key, PinnedValue* value) {
  StatsSink* const stats = config_.stats;
  const bool is_timed = stats != nullptr && stats->WantsTimers();
  const uint64_t start_us = is_timed ? config_.clock->NowMicros() : 0;
  Status status;
  {
    const ReadGuard guard;
    const View view = SelectView(*family, params.snapshot, published_seq_);
    PointLookup lookup(key, view.seq, family->merge_operator.load(std::memory_order_relaxed), value);
    LookUp(*view.super_version, params, SeekKey(key, view.seq), &lookup, SkipsMemory(params), stats);
    status = lookup.Finish();
    NoteOperands(stats, lookup);
  }
  if (PerfCounts() && status.ok() && value != nullptr) perf_counters.get_read_bytes += value->slice().size();
  if (stats != nullptr) {
    stats->Add(Ticker::kKeysRead, 1);
    const size_t bytes = status.ok() && value != nullptr ? value->slice().size() : 0;
    if (bytes > 0) stats->Add(Ticker::kBytesRead, bytes);
    stats->Record(Histogram::kBytesPerRead, bytes);
    if (is_timed) stats->Record(Histogram::kGet, config_.clock->NowMicros() - start_us);
  }
  return status;
}

Status DatabaseImpl::GetAt(const DbReadParams& params, ColumnFamily* family, Slice bare_key, PinnedValue* value,
                           std::string* found_timestamp) {
  MultiGetRequest request{
      .family = family, .key = bare_key, .value = value, .timestamp = found_timestamp, .status = Status()};
  const bool is_timed = config_.stats != nullptr && config_.stats->WantsTimers();
  const uint64_t start_us = is_timed ? config_.clock->NowMicros() : 0;
  Status status;
  {
    const ReadGuard guard;
    const View view = SelectView(*family, params.snapshot, published_seq_);
    status = LookUpVersion(view, params, SkipsMemory(params), request, config_.stats);
  }
  if (config_.stats == nullptr) return status;
  const size_t bytes = status.ok() && value != nullptr ? value->slice().size() : 0;
  config_.stats->Add(Ticker::kKeysRead, 1);
  if (bytes > 0) config_.stats->Add(Ticker::kBytesRead, bytes);
  config_.stats->Record(Histogram::kBytesPerRead, bytes);
  if (is_timed) config_.stats->Record(Histogram::kGet, config_.clock->NowMicros() - start_us);
  return status;
}

Status DatabaseImpl::GetEntity(const DbReadParams& params, ColumnFamily* family, Slice key, PinnedValue* value,
                               bool* is_entity) {
  const ReadGuard guard;
  const View view = SelectView(*family, params.snapshot, published_seq_);
  PointLookup lookup(key, view.seq, family->merge_operator.load(std::memory_order_relaxed), value);
  lookup.Want(PointLookup::Wants::kEntity);
  LookUp(*view.super_version, params, SeekKey(key, view.seq), &lookup, SkipsMemory(params), config_.stats);
  const Status status = lookup.Finish();
  NoteOperands(config_.stats, lookup);
  *is_entity = lookup.is_entity();
  AddTicker(config_.stats, Ticker::kKeysRead);
  if (status.ok()) AddTicker(config_.stats, Ticker::kBytesRead, value->slice().size());
  if (status.ok()) PerfAdd(&PerfCounters::get_read_bytes, value->slice().size());
  return status;
}

Status DatabaseImpl::GetUpTo(SeqNo seq, const ColumnFamily& family, Slice key, PinnedValue* value) {
  const ReadGuard guard;
  PointLookup lookup(key, seq, family.merge_operator.load(std::memory_order_relaxed), value);
  LookUp(*family.history.Newest(), DbReadParams{}, SeekKey(key, seq), &lookup, /*skips_memory=*/false, config_.stats);
  return lookup.Finish();
}

Status DatabaseImpl::GetOperands(const DbReadParams& params, ColumnFamily* family, Slice key,
                                 std::vector<std::string>* operands) {
  const ReadGuard guard;
  const View view = SelectView(*family, params.snapshot, published_seq_);
  PointLookup lookup(key, view.seq, family->merge_operator.load(std::memory_order_relaxed), nullptr);
  lookup.Want(PointLookup::Wants::kOperands);
  LookUp(*view.super_version, params, SeekKey(key, view.seq), &lookup, SkipsMemory(params), config_.stats);
  const Status status = lookup.Finish();
  operands->assign(lookup.operands_newest_first()->rbegin(), lookup.operands_newest_first()->rend());
  AddTicker(config_.stats, Ticker::kKeysRead);
  return status;
}

namespace {

// Keeps the SuperVersion that its entries lie in.
class PinningIterator final : public InternalIterator {
 public:
  PinningIterator(const SuperVersion* super_version, std::unique_ptr<InternalIterator> entries)
      : super_version_(super_version), entries_(std::move(entries)) {}
  ~PinningIterator() override {
    entries_.reset();
    super_version_->Unref();
  }
  bool Valid() const override { return entries_->Valid(); }
  void SeekToFirst() override { entries_->SeekToFirst(); }
  void SeekToLast() override { entries_->SeekToLast(); }
  void Seek(Slice internal_key) override { entries_->Seek(internal_key); }
  void SeekForPrev(Slice internal_key) override { entries_->SeekForPrev(internal_key); }
  void Next() override { entries_->Next(); }
  void Prev() override { entries_->Prev(); }
  Slice key() const override { return entries_->key(); }
  Slice value() const override { return entries_->value(); }
  Status status() const override { return entries_->status(); }

 private:
  const SuperVersion* const super_version_;
  std::unique_ptr<InternalIterator> entries_;
};

}  // namespace

std::unique_ptr<InternalIterator> DatabaseImpl::NewEntryIterator(const FamilyPtr& family) {
  const SuperVersion* super_version = nullptr;
  {
    const ReadGuard guard;
    super_version = family->history.Newest();
    super_version->Ref();
  }
  std::vector<std::unique_ptr<InternalIterator>> children;
  children.push_back(super_version->active->NewIterator());
  for (const MemtablePtr& memtable : super_version->sealed) children.push_back(memtable->NewIterator());
  super_version->version->AddIterators(ReadParams{}, &children);
  return std::make_unique<PinningIterator>(super_version, NewMergingIterator(family->order, std::move(children)));
}

void DatabaseImpl::MultiGet(const DbReadParams& params, MultiGetRequest* requests, size_t count) {
  StatsSink* const stats = config_.stats;
  const bool is_timed = stats != nullptr && stats->WantsTimers();
  const uint64_t start_us = is_timed ? config_.clock->NowMicros() : 0;
  bool is_one_family = true;
  for (size_t i = 1; i < count; ++i) is_one_family = is_one_family && requests[i].family == requests[0].family;
  // Several families are read at one sequence number only through a snapshot.
  const Snapshot* own_snapshot = nullptr;
  DbReadParams at = params;
  if (!is_one_family && params.snapshot == nullptr) at.snapshot = own_snapshot = GetSnapshot();
  const bool skips_memory = params.persisted_only && has_unlogged_data_.load(std::memory_order_acquire);
  uint64_t bytes = 0;
  uint64_t found = 0;
  {
    const ReadGuard guard;
    View view{};
    for (size_t begin = 0, end = 0; begin < count; begin = end) {
      while (end < count && requests[end].family == requests[begin].family && end - begin < BatchRead::kKeysMax) ++end;
      // One view for all neighbours of one family, however many batches they make.
      const bool is_next_family = begin == 0 || requests[begin].family != requests[begin - 1].family;
      if (is_next_family) view = SelectView(*requests[begin].family, at.snapshot, published_seq_);
      LookUpSome(view, at, skips_memory, requests + begin, end - begin, stats);
    }
    for (size_t i = 0; i < count; ++i) {
      if (!requests[i].status.ok()) continue;
      ++found;
      bytes += requests[i].value->slice().size();
    }
  }
  if (own_snapshot != nullptr) ReleaseSnapshot(own_snapshot);
  PerfAdd(&PerfCounters::multiget_read_bytes, bytes);
  if (stats == nullptr) return;
  stats->Add(Ticker::kMultiGetCalls, 1);
  stats->Add(Ticker::kMultiGetKeysRead, count);
  stats->Add(Ticker::kMultiGetKeysFound, found);
  stats->Add(Ticker::kMultiGetBytesRead, bytes);
  stats->Record(Histogram::kBytesPerMultiGet, bytes);
  if (is_timed) stats->Record(Histogram::kMultiGet, config_.clock->NowMicros() - start_us);
}

namespace {

// Those that a reader at the timestamp sees; over bare keys unless versions are shown.
std::unique_ptr<RangeTombstoneList> TombstonesAt(const SuperVersion& super_version, const IteratorParams& params,
                                                 const KeyOrder& order, Status* status) {
  const bool shows_versions = params.start_timestamp != nullptr;
  RangeTombstoneBuilder tombstones(shows_versions ? order : order.OfBareKeys());
  const auto add = [&](Slice start, Slice end, SeqNo seq) {
    if (!order.HoldsTimestamp(start) || !order.HoldsTimestamp(end)) return;  // damaged
    if (order.CompareTimestamp(order.TimestampOf(start), *params.timestamp) > 0) return;
    if (shows_versions) {
      tombstones.Add(start, end, seq);
    } else {
      tombstones.Add(order.BareKey(start), order.BareKey(end), seq);
    }
  };
  const auto add_of = [&](const Memtable& memtable) {
    const std::unique_ptr<InternalIterator> iterator = memtable.NewRangeTombstoneIterator();
    if (iterator == nullptr) return;
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
      add(UserKeyOf(iterator->key()), iterator->value(), SeqOf(iterator->key()));
    }
  };
  add_of(*super_version.active);
  for (const MemtablePtr& memtable : super_version.sealed) add_of(*memtable);
  if (!params.memtable_only) super_version.version->AddRangeTombstones(params.table, add, status);
  return tombstones.Build();
}

// Null: no seek leaves out tables.
std::unique_ptr<SeekScope> SeekScopeOf(const IteratorParams& params, const KeyOrder& order,
                                       const PrefixExtractor* extractor) {
  if (extractor == nullptr || params.table.total_order_seek) return nullptr;
  auto scope = std::make_unique<SeekScope>();
  if (!params.auto_prefix_mode) return scope;
  // Only where it is certain that all keys before the bound have the target's prefix when the bound has it.
  const bool is_certain = extractor->IsByLength() && order.type() != KeyOrder::Type::kCustom;
  if (!is_certain || params.upper_bound == nullptr) return nullptr;
  scope->end = params.upper_bound;
  return scope;
}

}  // namespace

std::unique_ptr<DbIterator> DatabaseImpl::NewIterator(const IteratorParams& params, const FamilyPtr& family) {
  DbIterator::Source source;
  source.complete_seq =
      params.snapshot != nullptr ? params.snapshot->seq() : published_seq_.load(std::memory_order_acquire);
  {
    const ReadGuard guard;
    const View view = SelectView(*family, params.snapshot, published_seq_);
    view.super_version->Ref();
    source.super_version = view.super_version;
    source.seq = view.seq;
    const FamilyConfig& config = family->GuardedConfig();
    if (!params.memtable_only) {
      source.seek_scope = SeekScopeOf(params, family->order, config.table_read.prefix_extractor.get());
    }
    source.skips_before_reseek_max = config.skips_before_reseek_max;
    if (SeesWhatItsViewSays(params, config) && !family->order.has_timestamps()) {
      source.dead_spans = &family->dead_spans;
    }
  }
  const SuperVersion& super_version = *source.super_version;
  std::vector<std::unique_ptr<InternalIterator>> children;
  Status status;
  bool has_tombstones = super_version.active->HasRangeTombstones();
  if (!super_version.active->empty()) children.push_back(super_version.active->NewIterator());
  for (const MemtablePtr& memtable : super_version.sealed) {
    children.push_back(memtable->NewIterator());
    has_tombstones = has_tombstones || memtable->HasRangeTombstones();
  }
  if (!params.memtable_only) {
    ReadParams table_params = params.table;
    table_params.seek_scope = source.seek_scope.get();
    super_version.version->AddIterators(table_params, &children);
    has_tombstones = has_tombstones || super_version.version->HasRangeTombstones();
  }
  const KeyOrder& order = family->order;
  if (params.timestamp != nullptr) status = family->CheckReadTimestamp(*params.timestamp);
  if (has_tombstones && !params.table.ignore_range_deletions && order.has_timestamps()) {
    source.range_tombstones = TombstonesAt(super_version, params, order, &status);
  } else if (has_tombstones && !params.table.ignore_range_deletions) {
    RangeTombstoneBuilder tombstones(family->order);
    AddTombstonesOf(*super_version.active, &tombstones);
    for (const MemtablePtr& memtable : super_version.sealed) AddTombstonesOf(*memtable, &tombstones);
    if (!params.memtable_only) {
      const auto add = [&](Slice start, Slice end, SeqNo seq) { tombstones.Add(start, end, seq); };
      super_version.version->AddRangeTombstones(params.table, add, &status);
    }
    source.range_tombstones = tombstones.Build();
  }
  source.entries = status.ok() ? NewMergingIterator(family->order, std::move(children)) : NewEmptyIterator(status);
  source.order = order;
  if (order.has_timestamps()) ShowVersions(params, &source);
  source.family = family;
  source.merge_operator = family->merge_operator.load(std::memory_order_relaxed);
  source.stats = config_.stats;
  source.clock = config_.clock;
  if (family->dead_spans.NeedsAcknowledgement()) RequestDeadSpanAcknowledgement();
  AddTicker(config_.stats, Ticker::kIteratorsCreated);
  return std::make_unique<DbIterator>(params, std::move(source));
}

Status DatabaseImpl::NewIterators(const IteratorParams& params, const std::vector<FamilyPtr>& families,
                                  std::vector<std::unique_ptr<DbIterator>>* iterators) {
  IteratorParams at = params;
  const Snapshot* own_snapshot = nullptr;
  if (params.snapshot == nullptr && families.size() > 1) at.snapshot = own_snapshot = GetSnapshot();
  for (const FamilyPtr& family : families) iterators->push_back(NewIterator(at, family));
  if (own_snapshot != nullptr) ReleaseSnapshot(own_snapshot);
  return Status::Ok();
}

const Snapshot* DatabaseImpl::GetSnapshot() { return snapshots_.Take(published_seq_, config_.clock->UnixSeconds()); }

void DatabaseImpl::ReleaseSnapshot(const Snapshot* snapshot) {
  snapshots_.Release(snapshot);
  // Histories have one entry until an install changed what a snapshot reads.
  if (snapshots_.CurrentEpoch() == 0) return;
  MutexLock lock(&mutex_);
  const std::vector<Epoch> epochs = snapshots_.Epochs();
  for (const auto& [id, family] : families_) family->history.Trim(epochs);
}

}  // namespace gneiss
