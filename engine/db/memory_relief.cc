// Memtables, of this and other databases, take more than their common budget allows: before a write joins the commit
// queue this database flushes what RocksDB would, and the writer waits where the budget wants it.
//
// Nobody waits inside the queue, so that a flush that a caller asks for, or closing, can still get through.

#include <algorithm>

#include "engine/base/read_guard.h"
#include "engine/db/database_impl.h"

namespace gneiss {

namespace {
// Memory whose last reader has just gone is freed by whoever reclaims next. A waiting writer does so itself.
constexpr uint64_t kUsBetweenReclaims = 5000;
}  // namespace

Status DatabaseImpl::RelieveMemory(const WriteParams& params) {
  GNEISS_RETURN_IF_ERROR(FlushIfWanted());
  if (!config_.memtable_budget->IsExhausted()) return Status::Ok();
  return params.no_slowdown ? Status::Incomplete("Write stall") : WaitForRoom();
}

Status DatabaseImpl::FlushIfWanted() {
  MemoryBudget* const budget = config_.memtable_budget.get();
  if (!budget->WantsFlush()) return Status::Ok();
  return AsOnlyWriter([&] {
    // The writer before this one may have flushed already. An error is told to the write itself.
    return budget->WantsFlush() && BackgroundError().ok() ? FlushForMemory() : Status::Ok();
  });
}

bool DatabaseImpl::IsFlushDue(const ColumnFamily& family) const {
  if (family.is_flushing) return true;
  const bool is_enough = family.sealed.size() >= static_cast<size_t>(family.config()->write_buffers_to_merge_min);
  return is_enough || (family.is_flush_requested && !family.sealed.empty());
}

// The family with the oldest data, of those that no flush is due for, which will bring relief anyway.
Status DatabaseImpl::FlushForMemory() {
  std::vector<FamilyPtr> chosen;
  {
    MutexLock lock(&mutex_);
    FamilyPtr oldest;
    for (const auto& [id, family] : families_) {
      if (family->is_dropped.load() || (family->active->empty() && family->sealed.empty())) continue;
      if (IsFlushDue(*family)) {
        if (config_.is_flush_atomic) return Status::Ok();
        continue;
      }
      if (config_.is_flush_atomic) chosen.push_back(family);
      if (oldest == nullptr || family->FirstSeqInMemory() < oldest->FirstSeqInMemory()) oldest = family;
    }
    if (oldest == nullptr) return Status::Ok();
    if (!config_.is_flush_atomic) chosen.push_back(oldest);
    for (const FamilyPtr& family : chosen) family->flush_cause = FlushCause::kWriteBufferManager;
  }
  Log(config_.logger, LogLevel::kInfo, "Flushing because of the memory that all memtables take: %s%s",
      chosen.front()->name.c_str(), chosen.size() > 1 ? " and others" : "");
  GNEISS_RETURN_IF_ERROR(SealTogether(chosen));
  MutexLock lock(&mutex_);
  for (const FamilyPtr& family : chosen) {
    if (family->sealed.empty()) continue;
    RequestFlush(family);
  }
  return Status::Ok();
}

Status DatabaseImpl::WaitForRoom() {
  while (config_.memtable_budget->IsExhausted()) {
    {
      MutexLock lock(&mutex_);
      if (is_shutting_down_.load()) return ClosedError();
      if (are_jobs_cancelled_.load()) return Status::ShutdownInProgress("background work was cancelled");
      if (!background_error_.ok()) return background_error_;
      // Sealed memtables that wait to be flushed with others would wait for writers that wait for them.
      for (const auto& [id, family] : families_) {
        if (family->sealed.empty()) continue;
        RequestFlush(family);
      }
    }
    // Again: what was being flushed at the first time may not have been enough.
    GNEISS_RETURN_IF_ERROR(FlushIfWanted());
    config_.memtable_budget->WaitForRoom(kUsBetweenReclaims);
    Reclaim();
  }
  return Status::Ok();
}

}  // namespace gneiss
