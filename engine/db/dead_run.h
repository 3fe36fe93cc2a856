// A DeadRun watches one iterator pass deleted keys: it tells when the way can be cut short, and keeps what was walked
// for the next time, of this iterator (whose view never changes) and, through DeadSpans, of others.
//
// Use:     PassKey for each deleted key in turn; Finish, with the last one, when something else follows: a live key, an
// end,
//          or an entry that is newer than the view.
// Owner:   belongs to an iterator; the family's DeadSpans outlive it.
// Threads: the iterator's.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/db/dead_spans.h"

namespace gneiss {

class DeadRun {
 public:
  enum class Direction : uint8_t { kForward, kReverse };

  // `spans` is null where an iterator sees less or more than what its view says.
  DeadRun(const KeyOrder& order, DeadSpans* spans, const DeadSpans::View& view)
      : order_(order), spans_(spans), view_(view) {}

  void Begin(Direction direction) {
    direction_ = direction;
    passed_ = walked_ = 0;
  }
  bool IsEmpty() const { return passed_ == 0; }

  // True: nothing lives up to and including far_end(), which lies ahead in the direction.
  bool PassKey(Slice user_key) {
    ++walked_;
    if (++passed_ % kKeysPerLook != 0) [[likely]]
      return false;
    return spans_ != nullptr && Look(user_key);
  }
  const std::string& far_end() const { return far_end_; }

  void Finish(Slice last_user_key) {
    if (walked_ >= kKeysWorthKeeping && spans_ != nullptr) Keep(last_user_key);
    passed_ = walked_ = 0;
  }

 private:
  static constexpr uint64_t kKeysPerLook = 16;
  static constexpr uint64_t kKeysWorthKeeping = 512;
  static constexpr size_t kOwnSpansMax = 4;

  bool Look(Slice user_key);
  bool FindOwn(Slice user_key, std::string* first, std::string* last) const;
  void Keep(Slice last_user_key);

  const KeyOrder order_;
  DeadSpans* const spans_;
  const DeadSpans::View view_;
  Direction direction_ = Direction::kForward;
  uint64_t passed_ = 0;   // since Begin or Finish
  uint64_t walked_ = 0;   // since the last jump
  std::string near_end_;  // where the run, from its first look on, began
  std::string far_end_;
  std::vector<std::pair<std::string, std::string>> own_;  // first and last user keys
};

}  // namespace gneiss
