#include "engine/db/dead_spans.h"

#include <algorithm>

#include "engine/base/read_guard.h"

namespace gneiss {

namespace {

constexpr size_t kSpansMax = 16;

}  // namespace

DeadSpans::~DeadSpans() { delete spans_.load(std::memory_order_relaxed); }

bool DeadSpans::Find(Slice user_key, const View& view, std::string* first, std::string* last) const {
  const ReadGuard guard;
  const Spans* const spans = spans_.load(std::memory_order_acquire);
  if (spans == nullptr) return false;
  for (const SpanPtr& span : *spans) {
    if (span->epoch != view.epoch || span->usable_from.load(std::memory_order_acquire) > view.seq) continue;
    if (span->is_broken->load(std::memory_order_acquire) || !Contains(*span, user_key)) continue;
    if (!span->is_used.load(std::memory_order_relaxed)) span->is_used.store(true, std::memory_order_relaxed);
    first->assign(span->first);
    last->assign(span->last);
    return true;
  }
  return false;
}

DeadSpans::SpanPtr DeadSpans::NewSpan(Slice first, Slice last, Epoch epoch) {
  auto span = std::make_shared<Span>();
  span->first = first;
  span->last = last;
  span->epoch = epoch;
  span->is_broken = std::make_shared<std::atomic<bool>>(false);
  return span;
}

// The view found [first, last] dead. The part of it that lies in the candidate is so for good.
void DeadSpans::Confirm(const Span& candidate, Slice first, Slice last, const View& view, Spans* spans) const {
  if (order_.Compare(first, candidate.first) < 0) first = candidate.first;
  if (order_.Compare(last, candidate.last) > 0) last = candidate.last;
  if (order_.Compare(first, last) >= 0) return;
  for (const SpanPtr& span : *spans) {
    if (IsConfirmed(*span) && IsWithin(first, last, *span)) return;
  }
  const auto confirmed = NewSpan(first, last, candidate.epoch);
  confirmed->is_broken = candidate.is_broken;
  confirmed->known_from.store(candidate.known_from.load(std::memory_order_relaxed), std::memory_order_relaxed);
  confirmed->usable_from.store(view.seq, std::memory_order_relaxed);
  std::erase_if(*spans, [&](const SpanPtr& span) { return IsWithin(span->first, span->last, *confirmed); });
  spans->push_back(confirmed);
}

void DeadSpans::Report(Slice first, Slice last, const View& view) {
  const auto add = [&](Spans* spans) {
    const auto is_newer = [&](const SpanPtr& span) { return span->epoch > view.epoch; };
    if (std::any_of(spans->begin(), spans->end(), is_newer)) return;
    std::erase_if(*spans, [&](const SpanPtr& span) { return span->epoch < view.epoch || span->is_broken->load(); });
    for (const SpanPtr& span : Spans(*spans)) {
      if (!IsConfirmed(*span) && span->known_from.load(std::memory_order_acquire) <= view.complete_seq) {
        Confirm(*span, first, last, view, spans);
      }
    }
    const auto covers = [&](const SpanPtr& span) { return IsWithin(first, last, *span); };
    if (std::none_of(spans->begin(), spans->end(), covers)) spans->push_back(NewSpan(first, last, view.epoch));
    if (spans->size() > kSpansMax) spans->erase(spans->begin());
  };
  Change(add);
}

// `change` may run more than once, because it runs without the lock.
template <typename ChangeSpans>
void DeadSpans::Change(const ChangeSpans& change) {
  bool is_done = false;
  while (!is_done) {
    const ReadGuard guard;  // the list that is compared with below cannot be freed, nor its address used again
    const Spans* const before = spans_.load(std::memory_order_acquire);
    Spans spans = before == nullptr ? Spans() : *before;
    change(&spans);
    is_done = ReplaceIf(before, std::move(spans));
  }
  Reclaim();
}

bool DeadSpans::ReplaceIf(const Spans* before, Spans spans) {
  MutexLock lock(&mutex_);
  if (spans_.load(std::memory_order_relaxed) != before) return false;
  const bool is_any_unknown = std::any_of(spans.begin(), spans.end(), [](const SpanPtr& span) {
    return span->known_from.load(std::memory_order_relaxed) == kSeqMax;
  });
  spans_.store(spans.empty() ? nullptr : new Spans(std::move(spans)), std::memory_order_release);
  needs_acknowledgement_.store(is_any_unknown, std::memory_order_relaxed);
  if (before != nullptr) Retire([before] { delete before; });
  return true;
}

void DeadSpans::Acknowledge(SeqNo seq) {
  MutexLock lock(&mutex_);
  needs_acknowledgement_.store(false, std::memory_order_relaxed);
  const Spans* const spans = spans_.load(std::memory_order_relaxed);
  if (spans == nullptr) return;
  for (const SpanPtr& span : *spans) {
    SeqNo unknown = kSeqMax;
    span->known_from.compare_exchange_strong(unknown, seq, std::memory_order_release);
  }
}

void DeadSpans::NoteWrite(Slice user_key) {
  bool has_broken = false;
  {
    const ReadGuard guard;
    const Spans* const spans = spans_.load(std::memory_order_acquire);
    if (spans == nullptr) return;
    for (const SpanPtr& span : *spans) {
      if (!Contains(*span, user_key)) continue;
      span->is_broken->store(true, std::memory_order_release);
      has_broken = true;
    }
  }
  if (!has_broken) return;
  Change([](Spans* spans) { std::erase_if(*spans, [](const SpanPtr& span) { return span->is_broken->load(); }); });
}

void DeadSpans::Age() {
  if (!IsWatching()) return;
  Change([](Spans* spans) {
    std::erase_if(*spans, [](const SpanPtr& span) { return !span->is_used.load(std::memory_order_relaxed); });
  });
  const ReadGuard guard;
  const Spans* const spans = spans_.load(std::memory_order_acquire);
  if (spans == nullptr) return;
  for (const SpanPtr& span : *spans) span->is_used.store(false, std::memory_order_relaxed);
}

}  // namespace gneiss
