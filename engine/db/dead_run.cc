#include "engine/db/dead_run.h"

namespace gneiss {

bool DeadRun::FindOwn(Slice user_key, std::string* first, std::string* last) const {
  for (const auto& [begin, end] : own_) {
    if (order_.Compare(begin, user_key) > 0 || order_.Compare(user_key, end) > 0) continue;
    first->assign(begin);
    last->assign(end);
    return true;
  }
  return false;
}

bool DeadRun::Look(Slice user_key) {
  if (passed_ == kKeysPerLook) near_end_.assign(user_key);
  std::string first, last;
  if (!FindOwn(user_key, &first, &last) && !spans_->Find(user_key, view_, &first, &last)) return false;
  const bool is_forward = direction_ == Direction::kForward;
  far_end_ = is_forward ? std::move(last) : std::move(first);
  if (passed_ == kKeysPerLook) near_end_ = is_forward ? std::move(first) : std::move(last);
  walked_ = 0;
  return true;
}

void DeadRun::Keep(Slice last_user_key) {
  const bool is_forward = direction_ == Direction::kForward;
  std::string first(is_forward ? Slice(near_end_) : last_user_key);
  std::string last(is_forward ? last_user_key : Slice(near_end_));
  spans_->Report(first, last, view_);
  if (own_.size() == kOwnSpansMax) own_.erase(own_.begin());
  own_.emplace_back(std::move(first), std::move(last));
}

}  // namespace gneiss
