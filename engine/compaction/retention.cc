#include "engine/compaction/retention.h"

#include <cstring>

#include "engine/base/clock.h"
#include "engine/compaction/stripes.h"
#include "engine/iter/wide_column.h"

namespace gneiss {

namespace {

constexpr size_t kNoStripe = SIZE_MAX;

using Decision = EntryFilter::Decision;

bool IsPutLike(Kind kind) { return kind == Kind::kPut || kind == Kind::kBlobIndex || kind == Kind::kWideColumn; }

constexpr char kMixedSingleDelete[] =
    "Found SD and type: 0 on the same key, violating the contract of SingleDelete. Check your application to make "
    "sure the application does not mix SingleDelete and Delete for the same key.";

}  // namespace

// Walks the input once. Each TakeEntry() looks at one entry of the current user key and either produces the next output
// or drops it; a few rules must look at the entry behind it first, and then leave the input there (is_input_ahead).
struct Retention::Rep {
  // One merge operand that may be kept or folded.
  struct Operand {
    SeqNo seq = 0;
    std::string value;
  };

  Rep(Params rules, InternalIterator* entries) : params(std::move(rules)), input(entries) {}

  // ---- the input ----
  void LoadEntry(bool is_valid_now, Slice internal_key, Slice its_value);
  void LoadCurrentEntry();
  void Advance();
  bool IsSameUserKey() const { return has_entry && params.order.Equal(entry.user_key, UserKey()); }
  size_t StripeOf(SeqNo seq) const { return gneiss::StripeOf(params.snapshots, seq); }
  bool IsCoveredByRangeTombstone(SeqNo seq, size_t entry_stripe) const;
  // Where keys have timestamps: the entry has another one than `key`.
  bool IsOtherVersion() const {
    return params.order.has_timestamps() && params.order.CompareStored(entry.user_key, UserKey()) != 0;
  }
  bool IsHistory(Slice user_key) const {
    return !params.history_start.empty() &&
           params.order.CompareTimestamp(params.order.TimestampOf(user_key), params.history_start) < 0;
  }
  // A reader may ask for the current version by its timestamp.
  bool IsPreciousVersion() const { return params.order.has_timestamps() && !is_history; }
  bool IsAbsentBelow() const {
    return params.is_bottommost || (params.is_absent_below && params.is_absent_below(UserKey()));
  }

  // ---- the decisions ----
  void FindNext();
  void TakeEntry();
  bool BeginUserKey(bool is_other_version);
  bool FilterValue();
  bool Obey(EntryFilter::Decision decision);
  bool IsAhead(Slice user_key) const {
    return params.order.HoldsTimestamp(user_key) && params.order.CompareStored(user_key, UserKey()) > 0;
  }
  void SkipUntil(Slice user_key);
  void TakeDelete();
  void TakeSingleDelete();
  void MeetSingleDelete(SeqNo seq, size_t stripe_before);
  void TakeMerge();
  bool TakeOperand(Slice* skip_until);
  void FoldOntoBase();
  void FoldAtEnd(bool is_key_complete);
  void FullMerge(const Slice* base);
  Status ReadBlob(Slice reference, Slice* blob);
  void EmitOperand(size_t index);

  // ---- the output ----
  Slice UserKey() const { return UserKeyOf(key); }
  void SetTrailer(SeqNo seq, Kind new_kind) {
    EncodeU64(key.data() + key.size() - kTrailerBytes, PackTrailer(seq, new_kind));
  }
  void ZeroTimestamp() {
    const size_t bytes = params.order.timestamp_bytes();
    std::memset(key.data() + key.size() - kTrailerBytes - bytes, 0, bytes);
  }
  void EmitValue(SeqNo seq, Kind new_kind, Slice new_value);
  void EmitTombstone(SeqNo seq, Kind new_kind);

  const Params params;
  InternalIterator* const input;
  Status status;
  Counts counts;

  bool has_entry = false;  // the input stands on `entry`
  Slice entry_key;
  ParsedKey entry;
  Slice entry_value;       // or what the filter made of it
  Kind kind = Kind::kPut;  // likewise

  bool is_valid = false;        // key and value are an output
  bool is_input_ahead = false;  // the input already stands behind the output
  std::string key;              // of the output; also remembers the current user key
  Slice value;

  bool has_user_key = false;
  size_t stripe = kNoStripe;
  size_t last_stripe = kNoStripe;  // in which an entry of this user key was met: older ones in it are hidden
  bool is_history = false;         // the current version is older than history_start
  bool has_output = false;         // for this user key
  bool is_seq_zeroed = false;      // likewise: nothing older may follow
  bool clears_next_put = false;    // a single-delete stays for write conflicts; its Put may lose the value

  std::vector<Operand> operands;  // newest first; the first operand_count are in use
  size_t operand_count = 0;
  size_t next_operand = 0;  // of those still to be shown
  std::vector<Slice> oldest_first;
  std::string merged;
  PinnedValue blob_value;
  std::string filtered;
  std::string filter_skip_until;
};

void Retention::Rep::LoadEntry(bool is_valid_now, Slice internal_key, Slice its_value) {
  has_entry = is_valid_now;
  if (!is_valid_now) [[unlikely]] {
    status = input->status();
    return;
  }
  entry_key = internal_key;
  entry_value = its_value;
  if (!ParseInternalKey(entry_key, &entry) || !params.order.HoldsTimestamp(entry.user_key)) [[unlikely]] {
    has_entry = false;
    status = Status::Corruption("Corrupted Key: internal key is too short or has an unknown kind");
    return;
  }
  ++counts.input_entries;
  counts.input_key_bytes += entry_key.size();
  counts.input_value_bytes += entry_value.size();
  counts.input_deletions += IsDeletion(entry.kind);
}

void Retention::Rep::LoadCurrentEntry() {
  const bool is_valid_now = input->Valid();
  LoadEntry(is_valid_now, is_valid_now ? input->key() : Slice(), is_valid_now ? input->value() : Slice());
}

void Retention::Rep::Advance() {
  Slice internal_key;
  Slice its_value;
  const bool is_valid_now = input->NextEntry(&internal_key, &its_value);
  LoadEntry(is_valid_now, internal_key, its_value);
}

bool Retention::Rep::IsCoveredByRangeTombstone(SeqNo seq, size_t entry_stripe) const {
  if (params.range_tombstones == nullptr || IsPreciousVersion()) [[likely]]
    return false;
  const SeqNo newest = entry_stripe < params.snapshots.size() ? params.snapshots[entry_stripe] : kSeqMax;
  if (params.order.has_timestamps()) {
    return params.range_tombstones->CoveringSeqAt(UserKey(), newest, params.history_start, nullptr) > seq;
  }
  return params.range_tombstones->CoveringSeq(UserKey(), newest) > seq;
}

void Retention::Rep::FindNext() {
  is_valid = false;
  while (has_entry && !is_valid && status.ok()) {
    if (params.is_cancelled != nullptr && params.is_cancelled->load(std::memory_order_relaxed)) [[unlikely]] {
      status = Status::ShutdownInProgress();
      return;
    }
    TakeEntry();
  }
  if (!status.ok()) [[unlikely]]
    is_valid = false;
}

// Returns false when the filter asked to skip ahead, and the entry is gone, or on an error.
bool Retention::Rep::BeginUserKey(bool is_other_version) {
  key.assign(entry_key);
  has_user_key = true;
  has_output = false;
  // Versions in history are one key together, whose newest came first.
  const bool continues_history = is_other_version && is_history;
  if (!continues_history) {
    last_stripe = kNoStripe;
    is_seq_zeroed = false;
    is_history = params.order.has_timestamps() && IsHistory(entry.user_key);
  }
  const bool is_filtered = params.filter != nullptr && (kind == Kind::kPut || kind == Kind::kBlobIndex);
  return !is_filtered || FilterValue();
}

// False also on an error.
bool Retention::Rep::FilterValue() {
  filtered.clear();
  filter_skip_until.clear();
  Decision decision = Decision::kUndetermined;
  Slice filter_value = entry_value;
  if (kind == Kind::kBlobIndex) {
    decision = params.filter->FilterBlobByKey(params.level, UserKey(), &filtered, &filter_skip_until);
    if (decision == Decision::kUndetermined) {
      status = ReadBlob(entry_value, &filter_value);
      if (!status.ok()) return false;
    }
  }
  if (decision == Decision::kUndetermined) {
    decision = params.filter->Filter(params.level, UserKey(), false, filter_value, &filtered, &filter_skip_until);
  }
  return Obey(decision);
}

bool Retention::Rep::Obey(Decision decision) {
  switch (decision) {
    case Decision::kKeep:
      return true;
    case Decision::kRemove:
      kind = params.order.has_timestamps() ? Kind::kDeleteWithTimestamp : Kind::kDelete;
      entry_value = {};
      ++counts.dropped_by_filter;
      counts.filter_changed_anything = true;
      return true;
    case Decision::kChangeValue:
      kind = Kind::kPut;  // the new value lies here, also where the old one was elsewhere
      entry_value = filtered;
      counts.filter_changed_anything = true;
      return true;
    case Decision::kRemoveAndSkipUntil:
      if (!IsAhead(filter_skip_until)) return true;
      SkipUntil(filter_skip_until);
      return false;
    case Decision::kUndetermined:
      status = Status::NotSupported("FilterV2() should never return kUndetermined");
      return false;
    case Decision::kChangeBlobIndex:
      status = Status::NotSupported("Only stacked BlobDB's internal compaction filter can return kChangeBlobIndex.");
      return false;
    case Decision::kIoError:
      status = Status::NotSupported("CompactionFilter for integrated BlobDB should not return kIOError");
      return false;
  }
  return true;
}

void Retention::Rep::SkipUntil(Slice user_key) {
  counts.filter_changed_anything = true;
  ++counts.dropped_by_filter;
  has_user_key = false;
  const SeekKey target(user_key, kSeqMax);
  input->Seek(target.Encode());
  LoadCurrentEntry();
}

void Retention::Rep::TakeEntry() {
  kind = entry.kind;
  const bool is_new_key = !has_user_key || !params.order.Equal(entry.user_key, UserKey());
  if (is_new_key || IsOtherVersion()) {
    if (!BeginUserKey(/*is_other_version=*/!is_new_key)) return;
  }
  stripe = StripeOf(entry.seq);

  if (clears_next_put) [[unlikely]] {
    clears_next_put = false;
    EmitValue(entry.seq, Kind::kPut, {});
    return;
  }
  if (kind == Kind::kSingleDelete) return TakeSingleDelete();
  // A version with an older timestamp may have been written later: it is hidden for all that see the newer one.
  if (stripe >= last_stripe) {
    ++counts.dropped_hidden;
    return Advance();
  }
  if (IsCoveredByRangeTombstone(entry.seq, stripe)) {
    last_stripe = stripe;  // what is older in this stripe is covered too
    ++counts.dropped_range_deleted;
    return Advance();
  }
  switch (kind) {
    [[likely]] case Kind::kPut : case Kind::kBlobIndex : case Kind::kWideColumn
        : return EmitValue(entry.seq, kind, entry_value);
    case Kind::kDelete:
    case Kind::kDeleteWithTimestamp:
      return TakeDelete();
    case Kind::kMerge:
      return TakeMerge();
    default:
      status = Status::Corruption("Corrupted Key: a range tombstone among the entries of a table");
  }
}

void Retention::Rep::EmitValue(SeqNo seq, Kind new_kind, Slice new_value) {
  // Rule 4. Nothing older of this key follows: stripe 0 keeps one entry.
  if (params.is_bottommost && stripe == 0 && new_kind != Kind::kMerge && !IsPreciousVersion()) {
    seq = 0;
    is_seq_zeroed = true;
    // A blob file holds its keys as they were.
    if (params.order.has_timestamps() && new_kind != Kind::kBlobIndex) ZeroTimestamp();
  }
  SetTrailer(seq, new_kind);
  value = new_value;
  last_stripe = stripe;
  has_output = true;
  is_valid = true;
}

void Retention::Rep::EmitTombstone(SeqNo seq, Kind new_kind) {
  SetTrailer(seq, new_kind);
  value = {};
  has_output = true;
  is_valid = true;
}

void Retention::Rep::TakeDelete() {
  const SeqNo seq = entry.seq;
  const Kind own_kind = kind;
  last_stripe = stripe;
  if (IsPreciousVersion()) return EmitTombstone(seq, own_kind);
  if (stripe == 0 && IsAbsentBelow()) {
    ++counts.dropped_obsolete;
    return Advance();
  }
  if (!params.is_bottommost) return EmitTombstone(seq, own_kind);

  // A snapshot lies below this tombstone, but it has work only if an older entry follows.
  do {
    Advance();
    if (!IsSameUserKey() || StripeOf(entry.seq) < stripe) break;
    ++counts.dropped_hidden;
  } while (true);
  if (!status.ok()) return;
  if (!IsSameUserKey()) {
    ++counts.dropped_obsolete;
    return;
  }
  is_input_ahead = true;
  EmitTombstone(seq, own_kind);
}

// A single-delete removes one older Put. It is never hidden by a newer entry: were it dropped alone, the Put it was
// meant for would show again once that newer entry is single-deleted too.
void Retention::Rep::TakeSingleDelete() {
  const SeqNo seq = entry.seq;
  const size_t stripe_before = last_stripe;
  last_stripe = stripe;
  Advance();
  if (!status.ok()) return;
  if (IsSameUserKey()) return MeetSingleDelete(seq, stripe_before);

  if (is_seq_zeroed || (stripe == 0 && IsAbsentBelow() && !IsPreciousVersion())) {
    ++counts.dropped_obsolete;
    return;
  }
  is_input_ahead = true;
  EmitTombstone(seq, Kind::kSingleDelete);
}

// The single-delete at `seq` meets an older entry of its key, on which the input stands.
void Retention::Rep::MeetSingleDelete(SeqNo seq, size_t stripe_before) {
  if (is_seq_zeroed) {
    ++counts.dropped_hidden;
    ++counts.dropped_obsolete;
    return Advance();
  }
  if (StripeOf(entry.seq) < stripe || IsPreciousVersion()) {  // a snapshot or a timestamp needs the older entry
    is_input_ahead = true;
    return EmitTombstone(seq, Kind::kSingleDelete);
  }
  if (IsDeletion(entry.kind)) {
    if (entry.kind == Kind::kDelete) {
      if (params.enforces_single_delete_contracts) {
        status = Status::Corruption(kMixedSingleDelete);
        return;
      }
      Log(params.logger, LogLevel::kWarn, "%s", kMixedSingleDelete);
    }
    ++counts.dropped_obsolete;  // the older tombstone does the work
    last_stripe = stripe_before;
    return;
  }
  // Both go, unless a transaction must still be able to see that the key was written after its snapshot.
  if (has_output || stripe == 0 || seq <= params.earliest_write_conflict_snapshot) {
    ++counts.dropped_hidden;
    ++counts.dropped_obsolete;
    return Advance();
  }
  clears_next_put = IsPutLike(entry.kind);
  is_input_ahead = true;
  EmitTombstone(seq, Kind::kSingleDelete);
}

// The entry is the newest of its stripe and an operand: gathers the operands behind it, down to a base or the end.
void Retention::Rep::TakeMerge() {
  if (params.merge_operator == nullptr) {
    status = Status::InvalidArgument("merge_operator is not properly initialized.");
    return;
  }
  if (params.order.has_timestamps()) {
    // RocksDB has no merges here. Should there be one it stays as it is, with all that it builds on.
    EmitValue(entry.seq, Kind::kMerge, entry_value);
    last_stripe = kNoStripe;
    return;
  }
  last_stripe = stripe;
  operand_count = 0;
  bool is_same_key = true;
  bool is_same_stripe = true;
  bool is_base = false;
  do {
    Slice skip_until;
    // An operand that a range tombstone covers is gone, but does not end the row: that would be a deletion of its own.
    if (IsCoveredByRangeTombstone(entry.seq, stripe)) {
      ++counts.dropped_range_deleted;
    } else if (!TakeOperand(&skip_until)) {
      return SkipUntil(skip_until);
    }
    Advance();
    if (!status.ok()) return;
    is_same_key = IsSameUserKey();
    is_same_stripe = is_same_key && StripeOf(entry.seq) == stripe;
    is_base = is_same_stripe && entry.kind != Kind::kMerge;
  } while (is_same_stripe && !is_base);

  if (operand_count == 0) {
    // The filter removed them all: the next entry stands as if they had never been.
    has_user_key = false;
    return;
  }
  is_input_ahead = true;
  if (is_base) return FoldOntoBase();
  FoldAtEnd(!is_same_key);
}

// Adds the operand to those kept unless the filter removes it. False: skip to *skip_until.
bool Retention::Rep::TakeOperand(Slice* skip_until) {
  Slice operand = entry_value;
  const bool is_protected = !params.snapshots.empty() && entry.seq <= params.snapshots.back();
  if (params.filter != nullptr && !is_protected) {
    filtered.clear();
    filter_skip_until.clear();
    switch (params.filter->Filter(params.level, UserKey(), true, operand, &filtered, &filter_skip_until)) {
      case EntryFilter::Decision::kKeep:
        break;
      case EntryFilter::Decision::kRemove:
        counts.filter_changed_anything = true;
        ++counts.dropped_by_filter;
        return true;
      case EntryFilter::Decision::kChangeValue:
        counts.filter_changed_anything = true;
        operand = filtered;
        break;
      case EntryFilter::Decision::kRemoveAndSkipUntil:
        if (!IsAhead(filter_skip_until)) break;
        *skip_until = filter_skip_until;
        return false;
      default:  // not for operands
        break;
    }
  }
  if (operand_count == operands.size()) operands.emplace_back();
  operands[operand_count].seq = entry.seq;
  operands[operand_count].value.assign(operand);
  ++operand_count;
  return true;
}

// The input stands on the entry that ends the operands: a value, perhaps covered by a range tombstone, or a tombstone.
void Retention::Rep::FoldOntoBase() {
  const bool is_deleted =
      entry.kind == Kind::kDelete || entry.kind == Kind::kSingleDelete || IsCoveredByRangeTombstone(entry.seq, stripe);
  Slice base = entry_value;
  if (!is_deleted && entry.kind == Kind::kBlobIndex) {
    status = ReadBlob(entry_value, &base);
    if (!status.ok()) return;
  } else if (!is_deleted && entry.kind != Kind::kPut) {
    status =
        entry.kind == Kind::kWideColumn ? MergeOnEntityError() : Status::NotSupported("Merge onto a timestamped entry");
    return;
  }
  FullMerge(is_deleted ? nullptr : &base);
  if (status.ok()) Advance();
}

// The value behind the reference of the current user key; it holds until the next one is read.
Status Retention::Rep::ReadBlob(Slice reference, Slice* blob) {
  if (params.blob_values == nullptr) return Status::Corruption("Unexpected blob index outside of compaction");
  GNEISS_RETURN_IF_ERROR(params.blob_values->Read(UserKey(), reference, &blob_value));
  *blob = blob_value.slice();
  return Status::Ok();
}

void Retention::Rep::FoldAtEnd(bool is_key_complete) {
  if (is_key_complete && IsAbsentBelow()) return FullMerge(nullptr);
  if (operand_count >= 2 || params.merge_operator->AllowsSingleOperand()) {
    oldest_first.clear();
    for (size_t i = operand_count; i-- > 0;) oldest_first.push_back(operands[i].value);
    merged.clear();
    if (params.merge_operator->PartialMerge(UserKey(), oldest_first, &merged)) {
      operands[0].value.swap(merged);
      operand_count = 1;
    }
  }
  EmitOperand(0);
}

void Retention::Rep::FullMerge(const Slice* base) {
  oldest_first.clear();
  for (size_t i = operand_count; i-- > 0;) oldest_first.push_back(operands[i].value);
  merged.clear();
  if (!params.merge_operator->FullMerge(UserKey(), base, oldest_first, &merged)) {
    status = Status::Corruption("Error: Could not perform merge.");
    return;
  }
  next_operand = operand_count;
  EmitValue(operands[0].seq, Kind::kPut, merged);
}

void Retention::Rep::EmitOperand(size_t index) {
  next_operand = index + 1;
  is_input_ahead = true;
  EmitValue(operands[index].seq, Kind::kMerge, operands[index].value);
}

Retention::Retention(Params params, InternalIterator* input) : rep_(std::make_unique<Rep>(std::move(params), input)) {
  rep_->LoadCurrentEntry();
  rep_->FindNext();
}

Retention::~Retention() = default;

bool Retention::Valid() const { return rep_->is_valid; }

void Retention::Next() {
  Rep& rep = *rep_;
  if (rep.next_operand < rep.operand_count) return rep.EmitOperand(rep.next_operand);
  if (rep.is_input_ahead) {
    rep.is_input_ahead = false;
  } else {
    rep.Advance();
  }
  rep.FindNext();
}

Slice Retention::key() const { return rep_->key; }
Slice Retention::value() const { return rep_->value; }
const Status& Retention::status() const { return rep_->status; }
const Retention::Counts& Retention::counts() const { return rep_->counts; }

}  // namespace gneiss
