// How a DbIterator finds the live keys.
//
// Forward: entries_ stands on the entry shown (or, after a merge, behind it). Next skips the other versions of that
// key, then takes the newest visible entry of each following key until one is live. Too many hidden versions in a row:
// seek past them. Reverse: entries_ stands before all entries of the key shown; the value was saved while passing them.
// Going back over a key meets its oldest version first, so the newest visible one is the last seen before seq exceeds
// ours or the key changes.

#include "engine/db/db_iterator.h"

#include <algorithm>
#include <optional>

#include "engine/base/perf.h"
#include "engine/db/column_family.h"
#include "engine/iter/wide_column.h"

namespace gneiss {

namespace {

Status UnexpectedKind(Kind kind) {
  return Status::Corruption("Unknown value type: " + std::to_string(static_cast<unsigned>(kind)) + ".");
}

bool IsEmpty(const RangeTombstoneList* list) { return list == nullptr || list->empty(); }

}  // namespace

void ShowVersions(const IteratorParams& params, DbIterator::Source* source) {
  const bool shows_versions = params.start_timestamp != nullptr;
  TimestampView::Params view{.order = source->order,
                             .seq = source->seq,
                             .mode = shows_versions ? TimestampView::Mode::kRange : TimestampView::Mode::kNewest,
                             .newest = std::string(*params.timestamp),
                             .oldest = shows_versions ? std::string(*params.start_timestamp) : std::string()};
  auto entries = std::make_unique<TimestampView>(std::move(view), std::move(source->entries));
  source->view = entries.get();
  source->entries = std::move(entries);
  source->order = shows_versions ? source->order.OfVersions() : source->order.OfBareKeys();
}

DbIterator::DbIterator(const IteratorParams& params, Source source)
    : params_(params),
      source_(std::move(source)),
      order_(source_.order),
      entries_(source_.entries.get()),
      tombstones_(IsEmpty(source_.range_tombstones.get()) ? nullptr : source_.range_tombstones.get()),
      dead_run_(order_, source_.dead_spans,
                {.epoch = source_.super_version->epoch, .seq = source_.seq, .complete_seq = source_.complete_seq}) {}

DbIterator::~DbIterator() {
  source_.entries.reset();  // before what it reads
  source_.super_version->Unref();
  AddTicker(source_.stats, Ticker::kIteratorsDeleted);
  if (skipped_ > 0) AddTicker(source_.stats, Ticker::kIterSkips, skipped_);
}

bool DbIterator::IsBelowLower(Slice user_key) const {
  return params_.lower_bound != nullptr && order_.Compare(user_key, *params_.lower_bound) < 0;
}

bool DbIterator::IsPastUpper(Slice user_key) const {
  return params_.upper_bound != nullptr && order_.Compare(user_key, *params_.upper_bound) >= 0;
}

bool DbIterator::IsCovered(const ParsedKey& entry) const {
  return tombstones_ != nullptr && tombstones_->CoveringSeq(entry.user_key, source_.seq) > entry.seq;
}

bool DbIterator::EndWithError(Status status) {
  is_valid_ = false;
  status_ = std::move(status);
  return false;
}

bool DbIterator::ParseCurrent(ParsedKey* entry) { return Parse(entries_->key(), entry); }

bool DbIterator::Parse(Slice internal_key, ParsedKey* entry) {
  if (ParseInternalKey(internal_key, entry)) [[likely]]
    return true;
  return EndWithError(Status::Corruption("corrupted internal key in DbIterator"));
}

bool DbIterator::IsOverSkipBudget(uint64_t* skipped) {
  ++*skipped;
  ++skipped_;
  if (params_.max_skippable_internal_keys == 0 || *skipped <= params_.max_skippable_internal_keys) return false;
  EndWithError(Status::Incomplete("Too many internal keys skipped."));
  return true;
}

bool DbIterator::CurrentKey(Slice* internal_key) const {
  if (!entries_->Valid()) return false;
  *internal_key = entries_->key();
  return true;
}

void DbIterator::SeekEntries(Slice user_key, SeqNo seq) { entries_->Seek(SeekKey(user_key, seq).Encode()); }

// A seek that the caller asks for may leave out tables without the prefix; seeks of our own go on from where he is.
void DbIterator::SeekForCaller(Slice user_key) {
  SeekScope* const scope = source_.seek_scope.get();
  if (scope == nullptr || scope->end != nullptr) return SeekEntries(user_key, source_.seq);
  scope->is_prefix_only = true;
  SeekEntries(user_key, source_.seq);
  scope->is_prefix_only = false;
}

// The first entry behind all entries of the key: seq 0 with the lowest kind sorts last.
void DbIterator::SeekBehind(Slice user_key) { entries_->Seek(SeekKey(user_key, 0, Kind::kDelete).Encode()); }

// The last entry in front of all entries of the key.
void DbIterator::SeekBefore(Slice user_key) { entries_->SeekForPrev(SeekKey(user_key, kSeqMax).Encode()); }

void DbIterator::SeekToFirst() {
  if (params_.lower_bound != nullptr) {
    SeekFrom(*params_.lower_bound, /*is_prefix_only=*/false);
    return;
  }
  status_ = Status::Ok();
  direction_ = Direction::kForward;
  entries_->SeekToFirst();
  is_valid_ = FindNextVisible(/*skip_current_user_key=*/false);
}

void DbIterator::SeekToLast() {
  if (params_.upper_bound != nullptr) {
    SeekForPrev(*params_.upper_bound);
    return;
  }
  status_ = Status::Ok();
  direction_ = Direction::kReverse;
  entries_->SeekToLast();
  is_valid_ = FindPrevVisible();
}

void DbIterator::Seek(Slice user_key) { SeekFrom(user_key, /*is_prefix_only=*/true); }

void DbIterator::SeekFrom(Slice user_key, bool is_prefix_only) {
  const SeekTimer timer(source_);
  status_ = Status::Ok();
  direction_ = Direction::kForward;
  AddTicker(source_.stats, Ticker::kSeeks);
  const bool is_perf_timed = PerfTimes();
  const PerfCpuTimer cpu_timer(&PerfCounters::iter_seek_cpu_nanos, is_perf_timed);
  {
    const PerfTimer perf_timer(&PerfCounters::seek_internal_seek_time, is_perf_timed);
    const Slice target = IsBelowLower(user_key) ? *params_.lower_bound : user_key;
    if (is_prefix_only) {
      SeekForCaller(target);
    } else {
      SeekEntries(target, source_.seq);
    }
  }
  {
    const PerfTimer perf_timer(&PerfCounters::find_next_user_entry_time, is_perf_timed);
    is_valid_ = FindNextVisible(/*skip_current_user_key=*/false);
  }
  if (is_valid_) PerfAdd(&PerfCounters::iter_read_bytes, key_.size() + value_.size());
  if (is_valid_ && source_.stats != nullptr) {
    source_.stats->Add(Ticker::kSeeksFound, 1);
    source_.stats->Add(Ticker::kIterBytesRead, key_.size() + value_.size());
  }
}

void DbIterator::SeekForPrev(Slice user_key) {
  const SeekTimer timer(source_);
  status_ = Status::Ok();
  direction_ = Direction::kReverse;
  AddTicker(source_.stats, Ticker::kSeeks);
  const bool is_past_upper = IsPastUpper(user_key);
  if (is_past_upper) {
    SeekBefore(*params_.upper_bound);
  } else {
    // Seq 0 with the lowest kind sorts behind every entry of the key.
    entries_->SeekForPrev(SeekKey(user_key, 0, Kind::kDelete).Encode());
  }
  is_valid_ = FindPrevVisible();
  if (is_valid_) PerfAdd(&PerfCounters::iter_read_bytes, key_.size() + value_.size());
  if (is_valid_ && source_.stats != nullptr) {
    source_.stats->Add(Ticker::kSeeksFound, 1);
    source_.stats->Add(Ticker::kIterBytesRead, key_.size() + value_.size());
  }
}

// The common step: entries_ went on to a plain value of another key than saved_key_, which nothing hides. False: look
// closer.
inline bool DbIterator::ShowNextPut(Slice internal_key, Slice value) {
  if (internal_key.size() < kTrailerBytes || tombstones_ != nullptr) return false;
  const uint64_t trailer = TrailerOf(internal_key);
  const Slice user_key = UserKeyOf(internal_key);
  if (TrailerKind(trailer) != Kind::kPut || TrailerSeq(trailer) > source_.seq) return false;
  if (order_.Compare(user_key, saved_key_) <= 0 || IsPastUpper(user_key)) return false;
  key_ = user_key;
  value_ = value;
  is_entity_ = false;
  return true;
}

void DbIterator::Next() {
  if (direction_ == Direction::kForward && is_entry_current_) [[likely]] {
    SaveKey(key_);  // its bytes go with the entry
    Slice internal_key;
    Slice value;
    const bool has_entry = entries_->NextEntry(&internal_key, &value);
    is_valid_ = (has_entry && ShowNextPut(internal_key, value)) ||
                FindNextVisible(has_entry, internal_key, /*skip_current_user_key=*/true);
  } else {
    if (direction_ == Direction::kReverse) SwitchToForward();
    is_valid_ = FindNextVisible(/*skip_current_user_key=*/true);
  }
  if (PerfCounts()) {
    ++perf_counters.internal_key_skipped_count;  // the entry that was shown
    perf_counters.iter_read_bytes += is_valid_ ? key_.size() + value_.size() : 0;
  }
  if (source_.stats != nullptr) {
    source_.stats->Add(Ticker::kNexts, 1);
    if (is_valid_) {
      source_.stats->Add(Ticker::kNextsFound, 1);
      source_.stats->Add(Ticker::kIterBytesRead, key_.size() + value_.size());
    }
  }
}

void DbIterator::Prev() {
  if (direction_ == Direction::kForward) SwitchToReverse();
  is_valid_ = FindPrevVisible();
  if (is_valid_) PerfAdd(&PerfCounters::iter_read_bytes, key_.size() + value_.size());
  if (source_.stats != nullptr) {
    source_.stats->Add(Ticker::kPrevs, 1);
    if (is_valid_) {
      source_.stats->Add(Ticker::kPrevsFound, 1);
      source_.stats->Add(Ticker::kIterBytesRead, key_.size() + value_.size());
    }
  }
}

// From before the entries of saved_key_ to its newest visible one; FindNextVisible then skips the key.
void DbIterator::SwitchToForward() {
  direction_ = Direction::kForward;
  SeekEntries(saved_key_, kSeqMax);
}

// To before all entries of the key shown.
void DbIterator::SwitchToReverse() {
  if (is_entry_current_) SaveKey(key_);
  direction_ = Direction::kReverse;
  SeekBefore(saved_key_);
}

// Shows the first live key from entries_ on. With skip_current_user_key, entries of saved_key_ are passed over.
bool DbIterator::FindNextVisible(bool skip_current_user_key) {
  Slice internal_key;
  const bool has_entry = CurrentKey(&internal_key);
  return FindNextVisible(has_entry, internal_key, skip_current_user_key);
}

// The same, where the caller knows the key that entries_ stands on: it takes a chain of virtual calls to ask for it.
bool DbIterator::FindNextVisible(bool has_entry, Slice internal_key, bool skip_current_user_key) {
  is_entry_current_ = false;
  bool is_skipping = skip_current_user_key;  // versions of saved_key_ are older than what was shown, or deleted
  uint64_t skipped_in_a_row = 0;
  uint64_t skipped_total = 0;
  std::optional<SeekKey> sought;  // past versions
  dead_run_.Begin(Direction::kForward);
  Slice value;
  while (has_entry) {
    ParsedKey entry;
    if (!Parse(internal_key, &entry)) return false;
    if (IsPastUpper(entry.user_key)) {
      dead_run_.Finish(saved_key_);
      return false;
    }
    const bool is_older_version = is_skipping && order_.Compare(entry.user_key, saved_key_) <= 0;
    const bool is_too_new = entry.seq > source_.seq;
    if (!is_older_version && !is_too_new) {
      if (!IsDead(entry)) {
        dead_run_.Finish(saved_key_);
        return ShowLive(entry);
      }
      PerfAdd(&PerfCounters::internal_delete_skipped_count);
      SaveKey(entry.user_key);  // deleted, and so are all older versions
      is_skipping = true;
      skipped_in_a_row = 0;
      if (dead_run_.PassKey(saved_key_)) {
        SaveKey(dead_run_.far_end());
        SeekBehind(saved_key_);
        has_entry = CurrentKey(&internal_key);
        continue;
      }
    } else if (is_too_new) {
      PerfAdd(&PerfCounters::internal_recent_skipped_count);
      dead_run_.Finish(saved_key_);
    } else {
      PerfAdd(&PerfCounters::internal_key_skipped_count);
    }
    if (IsOverSkipBudget(&skipped_total)) return false;
    if (++skipped_in_a_row <= source_.skips_before_reseek_max) {
      has_entry = entries_->NextEntry(&internal_key, &value);
      continue;
    }
    // Many in a row: seek to the end of the key's versions, or to the newest one we may see.
    skipped_in_a_row = 0;
    const bool seeks_behind = is_older_version || !is_too_new;
    const Slice target = seeks_behind ? Slice(saved_key_) : entry.user_key;
    if (sought && order_.Compare(target, sought->user_key()) <= 0) {
      // Sought before, and here again: entries that damage put out of order would be walked for ever.
      has_entry = entries_->NextEntry(&internal_key, &value);
      continue;
    }
    AddTicker(source_.stats, Ticker::kReseeks);
    if (seeks_behind) {
      sought.emplace(target, 0, Kind::kDelete);
    } else {
      sought.emplace(target, source_.seq);
    }
    entries_->Seek(sought->Encode());
    has_entry = CurrentKey(&internal_key);
  }
  if (!entries_->status().ok()) return EndWithError(entries_->status());
  dead_run_.Finish(saved_key_);
  return false;
}

// The newest visible entry of a key says that there is none.
bool DbIterator::IsDead(const ParsedKey& entry) const { return IsDeletion(entry.kind) || IsCovered(entry); }

// Shows what the newest visible entry of a key says; false after an error.
bool DbIterator::ShowLive(const ParsedKey& entry) {
  switch (entry.kind) {
    case Kind::kPut:
      key_ = entry.user_key;
      value_ = entries_->value();
      is_entity_ = false;
      is_entry_current_ = true;
      return true;
    case Kind::kWideColumn:
      key_ = entry.user_key;
      is_entry_current_ = true;
      return ShowEntity(entries_->value());
    case Kind::kBlobIndex:
      key_ = entry.user_key;
      is_entity_ = false;
      is_entry_current_ = true;
      if (!ReadBlob(entries_->value(), entry.user_key)) return false;
      value_ = blob_value_.slice();
      return true;
    case Kind::kMerge:
      return MergeForward();
    default:
      return EndWithError(UnexpectedKind(entry.kind));
  }
}

bool DbIterator::ShowEntity(Slice entity) {
  is_entity_ = true;
  entity_ = entity;
  if (Status status = DefaultColumnOf(entity, &value_); !status.ok()) return EndWithError(std::move(status));
  return true;
}

// entries_ stands on the newest visible operand of a key. Gathers operands down to a base; leaves entries_ on the base
// or on what follows.
bool DbIterator::MergeForward() {
  SaveKey(UserKeyOf(entries_->key()));
  operands_newest_first_.clear();
  operands_newest_first_.emplace_back(entries_->value());
  for (entries_->Next(); entries_->Valid(); entries_->Next()) {
    ParsedKey entry;
    if (!ParseCurrent(&entry)) return false;
    if (!order_.Equal(entry.user_key, saved_key_) || IsCovered(entry)) break;
    if (entry.kind == Kind::kMerge) {
      operands_newest_first_.emplace_back(entries_->value());
      continue;
    }
    if (entry.kind == Kind::kPut) {
      const Slice base = entries_->value();
      return FoldOperands(&base);
    }
    if (entry.kind == Kind::kBlobIndex) {
      if (!ReadBlob(entries_->value(), saved_key_)) return false;
      const Slice base = blob_value_.slice();
      return FoldOperands(&base);
    }
    if (entry.kind == Kind::kWideColumn) return EndWithError(MergeOnEntityError());
    break;  // a deletion
  }
  if (!entries_->status().ok()) return EndWithError(entries_->status());
  return FoldOperands(nullptr);
}

bool DbIterator::ReadBlob(Slice reference, Slice user_key) {
  if (source_.view != nullptr) user_key = source_.view->shown_user_key();
  const Status status = source_.super_version->version->ReadBlob(params_.table, user_key, reference, &blob_value_);
  return status.ok() || EndWithError(status);
}

bool DbIterator::FoldOperands(const Slice* base) {
  if (source_.merge_operator == nullptr) {
    return EndWithError(Status::InvalidArgument("merge_operator is not properly initialized."));
  }
  const std::vector<Slice> oldest_first(operands_newest_first_.rbegin(), operands_newest_first_.rend());
  std::string result;
  PerfAdd(&PerfCounters::internal_merge_count, operands_newest_first_.size());
  RecordHistogram(source_.stats, Histogram::kMergeOperandsRead, operands_newest_first_.size());
  const PerfTimer timer(&PerfCounters::merge_operator_time_nanos);
  if (!source_.merge_operator->FullMerge(saved_key_, base, oldest_first, &result)) {
    return EndWithError(Status::Corruption("Error: Could not perform merge."));
  }
  saved_value_ = std::move(result);
  value_ = saved_value_;
  is_entity_ = false;
  key_ = saved_key_;
  return true;
}

// Shows the last live key at or before entries_. Leaves entries_ before all entries of that key.
bool DbIterator::FindPrevVisible() {
  is_entry_current_ = false;
  uint64_t skipped_total = 0;
  dead_run_.Begin(Direction::kReverse);
  for (Slice internal_key; CurrentKey(&internal_key);) {
    ParsedKey entry;
    if (!Parse(internal_key, &entry)) return false;
    if (IsBelowLower(entry.user_key)) break;
    key_ = SaveKey(entry.user_key);
    bool is_live = false;
    if (!ResolveReverse(entry, &is_live, &skipped_total)) return false;
    if (is_live || has_newer_entry_) dead_run_.Finish(last_dead_key_);
    if (is_live) return true;
    if (has_newer_entry_) continue;
    last_dead_key_.assign(saved_key_);
    if (!dead_run_.PassKey(saved_key_)) continue;
    last_dead_key_.assign(dead_run_.far_end());
    SeekBefore(last_dead_key_);
  }
  if (!entries_->status().ok()) return EndWithError(entries_->status());
  dead_run_.Finish(last_dead_key_);
  return false;
}

// To the entry before, if it is of saved_key_, too. False also after an error.
bool DbIterator::StepBackInKey(ParsedKey* entry, uint64_t* skipped_total) {
  Slice internal_key;
  if (!entries_->PrevKey(&internal_key)) {
    if (!entries_->status().ok()) EndWithError(entries_->status());
    return false;
  }
  return Parse(internal_key, entry) && order_.Equal(entry->user_key, saved_key_) && !IsOverSkipBudget(skipped_total);
}

// Passes all entries of saved_key_, the oldest of which is `entry`, and keeps what the newest visible one says. False
// on an error.
bool DbIterator::ResolveReverse(ParsedKey entry, bool* is_live, uint64_t* skipped_total) {
  *is_live = false;
  has_newer_entry_ = false;
  bool has_base = false;
  bool is_base_reference = false;  // what was saved is a reference into a blob file
  operands_newest_first_.clear();  // filled oldest first here, turned around before folding
  uint64_t passed = 0;
  do {
    if (entry.seq > source_.seq) {
      has_newer_entry_ = true;
      SeekBefore(saved_key_);
      if (!entries_->Valid() && !entries_->status().ok()) return EndWithError(entries_->status());
      break;
    }
    if (++passed > source_.skips_before_reseek_max) {
      AddTicker(source_.stats, Ticker::kReseeks);
      return ResolveBySeek(is_live);
    }
    if (IsCovered(entry)) {
      has_base = false;
      operands_newest_first_.clear();
      continue;
    }
    switch (entry.kind) {
      case Kind::kPut:
      case Kind::kWideColumn:
      case Kind::kBlobIndex:
        saved_value_.assign(entries_->value());
        is_entity_ = entry.kind == Kind::kWideColumn;
        operands_newest_first_.clear();
        has_base = true;
        is_base_reference = entry.kind == Kind::kBlobIndex;
        break;
      case Kind::kMerge:
        operands_newest_first_.emplace_back(entries_->value());
        break;
      case Kind::kDelete:
      case Kind::kSingleDelete:
      case Kind::kDeleteWithTimestamp:
        operands_newest_first_.clear();
        has_base = false;
        break;
      default:
        return EndWithError(UnexpectedKind(entry.kind));
    }
  } while (StepBackInKey(&entry, skipped_total));
  if (!status_.ok()) return false;
  *is_live = has_base || !operands_newest_first_.empty();
  Slice base = saved_value_;
  if (has_base && is_base_reference) {
    if (!ReadBlob(saved_value_, saved_key_)) return false;
    base = blob_value_.slice();
  }
  if (!operands_newest_first_.empty()) {
    if (has_base && is_entity_) return EndWithError(MergeOnEntityError());
    std::reverse(operands_newest_first_.begin(), operands_newest_first_.end());
    return FoldOperands(has_base ? &base : nullptr);
  }
  if (*is_live && is_entity_) return ShowEntity(saved_value_);
  is_entity_ = false;
  value_ = base;
  return true;
}

// A key with many versions: find its newest visible one from the front, then go before the key.
bool DbIterator::ResolveBySeek(bool* is_live) {
  has_newer_entry_ = true;  // perhaps: the seek passes over them unseen
  SeekEntries(saved_key_, source_.seq);
  ParsedKey entry;
  if (entries_->Valid()) {
    if (!ParseCurrent(&entry)) return false;
    if (order_.Equal(entry.user_key, saved_key_)) {
      *is_live = !IsDead(entry);
      if (*is_live && !ShowLive(entry)) return false;
      if (is_entry_current_) {
        saved_value_.assign(is_entity_ ? entity_ : value_);
        value_ = saved_value_;
        key_ = saved_key_;
        is_entry_current_ = false;
        if (is_entity_ && !ShowEntity(saved_value_)) return false;
      }
    }
  }
  if (!entries_->status().ok()) return EndWithError(entries_->status());
  SeekBefore(saved_key_);
  return true;
}

}  // namespace gneiss
