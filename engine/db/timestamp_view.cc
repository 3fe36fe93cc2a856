#include "engine/db/timestamp_view.h"

namespace gneiss {

namespace {

// A seek costs about as much as this many steps.
constexpr int kStepsBeforeSeek = 8;

// What DbIterator seeks behind all entries of a key with: the lowest trailer.
constexpr uint64_t kBehind = PackTrailer(0, Kind::kDelete);

}  // namespace

TimestampView::Age TimestampView::AgeOf(const ParsedKey& entry) const {
  const Slice timestamp = params_.order.TimestampOf(entry.user_key);
  if (params_.order.CompareTimestamp(timestamp, params_.newest) > 0) return Age::kTooNew;
  if (params_.mode == Mode::kRange && params_.order.CompareTimestamp(timestamp, params_.oldest) < 0) {
    return Age::kTooOld;
  }
  return entry.seq > params_.seq ? Age::kTooNew : Age::kVisible;
}

bool TimestampView::Parse(ParsedKey* entry) {
  if (ParseInternalKey(entries_->key(), entry) && params_.order.HoldsTimestamp(entry->user_key)) return true;
  damage_ = Status::Corruption("corrupted internal key in DbIterator");
  is_valid_ = false;
  return false;
}

void TimestampView::Show(const ParsedKey& entry) {
  is_valid_ = true;
  if (params_.mode == Mode::kNewest) {
    key_.clear();
    AppendInternalKey(&key_, params_.order.BareKey(entry.user_key), entry.seq, entry.kind);
    return;
  }
  key_.assign(entry.user_key);
  PutU64(&key_, PackTrailer(entry.seq, IsDeletion(entry.kind) ? Kind::kPut : entry.kind));
}

Slice TimestampView::value() const {
  shown_key_.assign(entries_->key());
  // A deletion has a value only where it is shown as one.
  return IsDeletion(TrailerKind(TrailerOf(shown_key_))) ? Slice() : entries_->value();
}

// The places before and behind all versions of a stored key.
Slice TimestampView::BeforeOf(Slice user_key) {
  seek_key_ = params_.order.BeforeVersions(params_.order.BareKey(user_key));
  PutU64(&seek_key_, PackTrailer(kSeqMax, kKindForSeek));
  return seek_key_;
}
Slice TimestampView::BehindOf(Slice user_key) {
  seek_key_ = params_.order.BehindVersions(params_.order.BareKey(user_key));
  PutU64(&seek_key_, kBehind);
  return seek_key_;
}

// Entries that damage put out of order must not be walked for ever, so each seek goes further than the one before.

void TimestampView::FindForward() {
  is_valid_ = false;
  bool has_sought = false;  // to seek_key_
  for (int steps = 1; entries_->Valid(); ++steps) {
    ParsedKey entry;
    if (!Parse(&entry)) return;
    const Age age = AgeOf(entry);
    if (age == Age::kVisible) return Show(entry);
    const KeyOrder& order = params_.order;
    const bool may_seek =
        steps > kStepsBeforeSeek && !(has_sought && order.Compare(entry.user_key, UserKeyOf(seek_key_)) <= 0);
    if (may_seek && age == Age::kTooOld) {
      entries_->Seek(BehindOf(entry.user_key));
    } else if (may_seek && order.CompareTimestamp(order.TimestampOf(entry.user_key), params_.newest) > 0) {
      entries_->Seek(NewestOf(order.BareKey(entry.user_key), PackTrailer(params_.seq, kKindForSeek)));
    } else {
      entries_->Next();
      continue;
    }
    has_sought = true;
    steps = 0;
  }
}

void TimestampView::FindBackward() {
  is_valid_ = false;
  bool has_sought = false;
  for (int steps = 1; entries_->Valid(); ++steps) {
    ParsedKey entry;
    if (!Parse(&entry)) return;
    if (AgeOf(entry) == Age::kVisible) return Show(entry);
    const KeyOrder& order = params_.order;
    const bool are_rest_too_new = order.CompareTimestamp(order.TimestampOf(entry.user_key), params_.newest) > 0;
    const bool leads_on = !has_sought || order.Compare(entry.user_key, UserKeyOf(seek_key_)) < 0;
    if (steps > kStepsBeforeSeek && are_rest_too_new && leads_on) {
      entries_->SeekForPrev(BeforeOf(entry.user_key));
      has_sought = true;
      steps = 0;
    } else {
      entries_->Prev();
    }
  }
}

// The place of the newest version that may be seen.
Slice TimestampView::NewestOf(Slice bare_key, uint64_t trailer) {
  seek_key_ = std::string(bare_key).append(params_.newest);
  PutU64(&seek_key_, trailer);
  return seek_key_;
}

void TimestampView::SeekToFirst() {
  damage_ = Status::Ok();
  entries_->SeekToFirst();
  FindForward();
}

void TimestampView::SeekToLast() {
  damage_ = Status::Ok();
  entries_->SeekToLast();
  FindBackward();
}

void TimestampView::Seek(Slice target) {
  damage_ = Status::Ok();
  if (params_.mode == Mode::kRange) {
    entries_->Seek(target);
  } else {
    const uint64_t trailer = TrailerOf(target);
    const Slice bare_key = UserKeyOf(target);
    seek_key_ =
        trailer == kBehind ? params_.order.BehindVersions(bare_key) : std::string(bare_key).append(params_.newest);
    PutU64(&seek_key_, trailer);
    entries_->Seek(seek_key_);
  }
  FindForward();
}

void TimestampView::SeekForPrev(Slice target) {
  damage_ = Status::Ok();
  if (params_.mode == Mode::kRange) {
    entries_->SeekForPrev(target);
  } else {
    const uint64_t trailer = TrailerOf(target);
    const Slice bare_key = UserKeyOf(target);
    seek_key_ = trailer == kBehind ? params_.order.BehindVersions(bare_key) : params_.order.BeforeVersions(bare_key);
    PutU64(&seek_key_, trailer);
    entries_->SeekForPrev(seek_key_);
  }
  FindBackward();
}

void TimestampView::Next() {
  entries_->Next();
  FindForward();
}

void TimestampView::Prev() {
  entries_->Prev();
  FindBackward();
}

}  // namespace gneiss
