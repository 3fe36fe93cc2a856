#include "engine/cache/cache_charge.h"

#include <new>

#include "engine/base/check.h"

namespace gneiss {

namespace {

template <CacheRole role>
void DeleteNothing(Slice /*key*/, void* /*value*/) {}

const CacheRoleMark kMarks[] = {
    {&DeleteNothing<CacheRole::kDictionaryBuffer>, CacheRole::kDictionaryBuffer},
    {&DeleteNothing<CacheRole::kFilterConstruction>, CacheRole::kFilterConstruction},
    {&DeleteNothing<CacheRole::kTableReader>, CacheRole::kTableReader},
    {&DeleteNothing<CacheRole::kFileMetadata>, CacheRole::kFileMetadata},
};

Cache::Deleter DeleterFor(CacheRole role) {
  switch (role) {
    case CacheRole::kDictionaryBuffer:
      return &DeleteNothing<CacheRole::kDictionaryBuffer>;
    case CacheRole::kFilterConstruction:
      return &DeleteNothing<CacheRole::kFilterConstruction>;
    case CacheRole::kTableReader:
      return &DeleteNothing<CacheRole::kTableReader>;
    case CacheRole::kFileMetadata:
      return &DeleteNothing<CacheRole::kFileMetadata>;
    default:
      break;
  }
  GNEISS_CHECK(false);
  return nullptr;
}

}  // namespace

CacheCharge::CacheCharge(std::shared_ptr<Cache> cache, CacheRole role)
    : cache_(std::move(cache)), deleter_(DeleterFor(role)) {}

CacheCharge::~CacheCharge() {
  MutexLock lock(&mutex_);
  DropDummies(dummies_.size());
}

bool CacheCharge::Add(size_t bytes) {
  MutexLock lock(&mutex_);
  used_bytes_ += bytes;
  while (dummies_.size() * kDummyBytes < used_bytes_) {
    if (!AddDummy()) return false;
  }
  return true;
}

void CacheCharge::Remove(size_t bytes) {
  MutexLock lock(&mutex_);
  GNEISS_CHECK(bytes <= used_bytes_);
  used_bytes_ -= bytes;
  const size_t needed = (used_bytes_ + kDummyBytes - 1) / kDummyBytes;
  if (needed < dummies_.size()) DropDummies(dummies_.size() - needed);
}

// A lack of memory for the dummy itself is a lack of room too.
bool CacheCharge::AddDummy() {
  try {
    const uint64_t key[2] = {0, cache_->NewId() + 1};  // blocks have no zero in front
    dummies_.push_back(nullptr);  // before the insert, so that no handle is lost for want of memory
    const Status inserted = cache_->Insert(Slice(reinterpret_cast<const char*>(key), sizeof(key)), nullptr, kDummyBytes,
                                           deleter_, Cache::Priority::kLow, &dummies_.back());
    if (inserted.ok()) return true;
  } catch (const std::bad_alloc&) {
  }
  if (!dummies_.empty() && dummies_.back() == nullptr) dummies_.pop_back();
  return false;
}

void CacheCharge::DropDummies(size_t count) {
  for (; count > 0; --count) {
    cache_->Release(dummies_.back(), /*erase_if_last_ref=*/true);
    dummies_.pop_back();
  }
}

}  // namespace gneiss
