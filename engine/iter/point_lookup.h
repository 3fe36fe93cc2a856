// A PointLookup is one Get in progress: memtables and tables offer it the entries of its user key, newest first, until
// it has seen enough.
//
// Owner:   borrows the user key; the value found is pinned or copied into *value.
// Threads: one thread.
// Errors:  Finish() turns what was seen into a Status.
#pragma once

#include <string>
#include <vector>

#include "engine/base/hash.h"
#include "engine/base/status.h"
#include "engine/iter/blob_values.h"
#include "engine/key/key_order.h"
#include "engine/key/merge_operator.h"
#include "engine/key/pinned_value.h"

namespace gneiss {

class PointLookup {
 public:
  // What the caller wants to know of the key.
  enum class Wants : uint8_t {
    kValue,     // its value; of a wide-column entity, the default column
    kEntity,    // the same, but an entity as it is stored (is_entity() tells)
    kOperands,  // merge operands, unmerged, with the value they build on as the first (operands() has them)
  };

  // Finds the newest entry with seq <= `seq`. `value` may be null: only existence matters then.
  PointLookup(Slice user_key, SeqNo seq, const MergeOperator* merge_operator, PinnedValue* value)
      : user_key_(user_key), seq_(seq), merge_operator_(merge_operator), value_(value) {}

  void Want(Wants wants) { wants_ = wants; }  // before the first entry is offered

  // For a family with timestamps: the lookup's user key is the bare one, and sources offer versions with OfferVersion.
  // What is found there is told in `versions`.
  struct Versions {
    KeyOrder order;
    Slice read_timestamp;
    std::string timestamp;           // of the version that decided: a value, a deletion, or a range tombstone over it
    std::string covering_timestamp;  // of the range tombstone behind covered_below()
  };
  void ReadVersions(Versions* versions) { versions_ = versions; }
  const Versions* versions() const { return versions_; }  // null: no timestamps

  Slice user_key() const { return user_key_; }
  SeqNo seq() const { return seq_; }
  // Xxph3(user_key()), made when it is first asked for.
  uint64_t KeyHash() {
    if (!has_key_hash_) {
      key_hash_ = Xxph3(user_key_);
      has_key_hash_ = true;
    }
    return key_hash_;
  }
  bool is_done() const { return state_ != State::kSearching; }

  // A range tombstone with this seq covers the user key: older entries are deleted. Sources announce it before offering
  // entries older than it.
  void CoverBelow(SeqNo tombstone_seq) {
    if (tombstone_seq > covered_below_) covered_below_ = tombstone_seq;
  }
  void CoverBelow(SeqNo tombstone_seq, Slice tombstone_timestamp);
  SeqNo covered_below() const { return covered_below_; }

  // Where the values of kBlobIndex entries offered from now on are found; null: nowhere, such an entry is an error.
  void SetBlobValues(const BlobValues* blob_values) { blob_values_ = blob_values; }

  // Offers the next older entry of user_key() with seq <= seq(). Returns true when the search goes on.
  // With `pin` (not null) the value may be pinned instead of copied: `*pin` is then taken and its release cleared.
  bool Offer(Kind kind, SeqNo entry_seq, Slice entry_value, Pin* pin);

  // The same for the next version, of which the caller knows no more than that it is behind the place looked for: it
  // may be newer than seq().
  bool OfferVersion(Slice stored_user_key, Kind kind, SeqNo entry_seq, Slice entry_value, Pin* pin);

  // Marks the lookup as failed; Finish() returns the first failure.
  void Fail(Status status);

  // After the last source: OK, NotFound, or what failed. Folds merge operands.
  Status Finish();
  bool is_entity() const { return is_entity_; }
  std::vector<std::string>* operands_newest_first() { return &operands_; }
  size_t operand_count() const { return operands_.size(); }

 private:
  enum class State : uint8_t { kSearching, kFound, kDeleted, kFailed };

  // Each returns what Offer does.
  bool Found(Slice entry_value, Pin* pin);
  bool End();
  bool FoldOnto(Slice base);
  bool AddOperand(Slice operand);
  bool OfferWideColumn(Slice entity, Pin* pin);
  bool OfferBlob(Slice reference);

  Slice StoredKey() const { return versions_ == nullptr ? user_key_ : stored_key_; }
  void Settle(Status status);
  Status FoldOperands(const Slice* base);

  const Slice user_key_;
  const SeqNo seq_;
  const MergeOperator* const merge_operator_;
  PinnedValue* const value_;
  const BlobValues* blob_values_ = nullptr;
  State state_ = State::kSearching;
  Wants wants_ = Wants::kValue;
  bool is_entity_ = false;
  bool has_key_hash_ = false;
  uint64_t key_hash_ = 0;
  SeqNo covered_below_ = 0;
  Versions* versions_ = nullptr;
  Slice stored_key_;                   // with versions_: of the entry offered
  std::vector<std::string> operands_;  // newest first
  Status status_;
};

}  // namespace gneiss
