// DeadSpans remembers where a family holds nothing but deleted keys, so that iterators need not walk over them again.
//
// Idea:    an iterator that passed many deleted keys in a row reports where the run began and ended. The report is only
// a
//          candidate: a write may have gone there meanwhile. Once a commit leader has acknowledged it, at sequence
//          number K, every later write that goes into the span breaks it before it is published; so when an iterator
//          that sees all up to K (and maybe more) finds the run dead again, it is confirmed: dead for every later
//          reader, until broken.
// Scope:   a span holds for SuperVersions of one epoch (VersionHistory): within it rotation, flush and compaction
// change
//          where entries lie, not what a reader sees. Whatever brings entries past the commit path, such as ingestion,
//          must begin an epoch.
// Owner:   belongs to a column family.
// Threads: every function is safe from any thread. Find takes no lock, nor does NoteWrite unless it breaks a span. No
// user
//          callback runs under the lock. Report, NoteWrite and Age reclaim (engine/base/read_guard.h), so the caller
//          holds no guard; Age is called without the database's state mutex.
// Errors:  none. A span that is forgotten costs a walk.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/key/key_order.h"
#include "engine/version/super_version.h"

namespace gneiss {

class DeadSpans {
 public:
  // What an iterator sees. `complete_seq` was published before its SuperVersion was chosen: nothing up to it is
  // missing.
  struct View {
    Epoch epoch = 0;
    SeqNo seq = 0;
    SeqNo complete_seq = 0;
  };

  explicit DeadSpans(const KeyOrder& order) : order_(order) {}
  ~DeadSpans();
  DeadSpans(const DeadSpans&) = delete;
  DeadSpans& operator=(const DeadSpans&) = delete;

  // --- iterators
  // When user_key lies in a span that is dead for the view: its first and last user key.
  bool Find(Slice user_key, const View& view, std::string* first, std::string* last) const;
  // The view holds no live key in [first, last], nor anything newer than the view.
  void Report(Slice first, Slice last, const View& view) EXCLUDES(mutex_);

  // --- the commit path
  bool NeedsAcknowledgement() const { return needs_acknowledgement_.load(std::memory_order_relaxed); }
  // By the commit leader: everything up to `seq` is in the memtables, and later writes call NoteWrite.
  void Acknowledge(SeqNo seq) EXCLUDES(mutex_);
  bool IsWatching() const { return spans_.load(std::memory_order_relaxed) != nullptr; }
  // An entry that may make user_key visible is about to be published.
  void NoteWrite(Slice user_key) EXCLUDES(mutex_);

  // Drops spans that no iterator has used since the last call.
  void Age() EXCLUDES(mutex_);

 private:
  struct Span {
    std::string first, last;
    Epoch epoch = 0;
    std::shared_ptr<std::atomic<bool>> is_broken;  // shared with the candidate that a span is a part of
    std::atomic<SeqNo> known_from{kSeqMax};        // acknowledged at
    std::atomic<SeqNo> usable_from{kSeqMax};       // confirmed by a view of this seq
    mutable std::atomic<bool> is_used{true};
  };
  using SpanPtr = std::shared_ptr<Span>;
  using Spans = std::vector<SpanPtr>;  // oldest first

  bool Contains(const Span& span, Slice user_key) const {
    return order_.Compare(span.first, user_key) <= 0 && order_.Compare(user_key, span.last) <= 0;
  }
  bool IsWithin(Slice first, Slice last, const Span& span) const {
    return order_.Compare(span.first, first) <= 0 && order_.Compare(last, span.last) <= 0;
  }
  static bool IsConfirmed(const Span& span) { return span.usable_from.load(std::memory_order_relaxed) != kSeqMax; }
  static SpanPtr NewSpan(Slice first, Slice last, Epoch epoch);
  void Confirm(const Span& candidate, Slice first, Slice last, const View& view, Spans* spans) const;
  template <typename ChangeSpans>
  void Change(const ChangeSpans& change) EXCLUDES(mutex_);
  bool ReplaceIf(const Spans* before, Spans spans) EXCLUDES(mutex_);

  const KeyOrder order_;
  std::atomic<const Spans*> spans_{nullptr};  // null: none. Read under a ReadGuard, replaced under mutex_
  std::atomic<bool> needs_acknowledgement_{false};
  Mutex mutex_;
};

}  // namespace gneiss
