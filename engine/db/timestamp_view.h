// A TimestampView stands between the entries of a family with timestamps and a DbIterator, and shows what can be read
// at a timestamp in the form that DbIterator knows.
//
// Modes:   kNewest: keys are bare. Versions newer than `newest`, or too new for the sequence number, are left out, so
//          the first entry of a key is the one to read.
//          kRange: every version from `oldest` to `newest` is a key of its own, with its timestamp, and a deletion is
//          one with an empty value.
// Seeks:   a target is what DbIterator makes: a key of the mode with a trailer, of which the lowest one means behind
// all
//          of that key. Going back, any other means before all of it.
// Shown:   DbIterator asks for an entry's value just when it may come to show it, so the last entry whose value was
//          asked for is the one shown.
// Owner:   owns the entries. Threads: one thread. Errors: those of the entries; Corruption for a key without timestamp.
#pragma once

#include <memory>
#include <string>

#include "engine/iter/internal_iterator.h"
#include "engine/key/key_order.h"

namespace gneiss {

class TimestampView final : public InternalIterator {
 public:
  enum class Mode : uint8_t { kNewest, kRange };
  struct Params {
    KeyOrder order;  // of the family
    SeqNo seq = 0;
    Mode mode = Mode::kNewest;
    std::string newest;
    std::string oldest;  // kRange
  };
  TimestampView(Params params, std::unique_ptr<InternalIterator> entries)
      : params_(std::move(params)), entries_(std::move(entries)) {}

  // As stored, of the entry shown.
  Slice shown_internal_key() const { return shown_key_; }
  Slice shown_user_key() const { return UserKeyOf(shown_key_); }
  Slice shown_timestamp() const { return params_.order.TimestampOf(shown_user_key()); }

  bool Valid() const override { return is_valid_; }
  void SeekToFirst() override;
  void SeekToLast() override;
  void Seek(Slice target) override;
  void SeekForPrev(Slice target) override;
  void Next() override;
  void Prev() override;
  Slice key() const override { return key_; }
  Slice value() const override;
  Status status() const override { return damage_.ok() ? entries_->status() : damage_; }

 private:
  enum class Age : uint8_t { kTooOld, kVisible, kTooNew };
  Age AgeOf(const ParsedKey& entry) const;
  void FindForward();
  void FindBackward();
  bool Parse(ParsedKey* entry);
  void Show(const ParsedKey& entry);
  Slice BehindOf(Slice user_key);
  Slice BeforeOf(Slice user_key);
  Slice NewestOf(Slice bare_key, uint64_t trailer);

  const Params params_;
  const std::unique_ptr<InternalIterator> entries_;
  bool is_valid_ = false;
  std::string key_;
  std::string seek_key_;
  mutable std::string shown_key_;
  Status damage_;
};

}  // namespace gneiss
