#include "engine/base/memory_budget.h"

namespace gneiss {

BudgetShare::~BudgetShare() {
  if (budget_ == nullptr) return;
  Seal();
  size_t bytes = 0;
  {
    MutexLock lock(&mutex_);
    bytes = bytes_;
  }
  if (bytes > 0) budget_->Free(bytes);  // without the lock: writers of other databases may wake up
}

void BudgetShare::Reserve(size_t bytes) {
  if (budget_ == nullptr || !budget_->IsCounting()) return;
  MutexLock lock(&mutex_);
  budget_->Reserve(bytes);
  bytes_ += bytes;
  if (is_sealed_) budget_->Seal(bytes);
}

void BudgetShare::Seal() {
  if (budget_ == nullptr) return;
  MutexLock lock(&mutex_);
  if (is_sealed_) return;
  is_sealed_ = true;
  if (bytes_ > 0) budget_->Seal(bytes_);
}

}  // namespace gneiss
