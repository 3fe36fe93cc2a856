#include "engine/cache/cache_role.h"

namespace gneiss {

CacheRole CacheRoleMark::RoleOf(Cache::Deleter deleter) {
  for (const CacheRoleMark* mark = first_; mark != nullptr; mark = mark->next_) {
    if (mark->deleter_ == deleter) return mark->role_;
  }
  return CacheRole::kOther;
}

}  // namespace gneiss
