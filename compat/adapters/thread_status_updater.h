// The ThreadStatusUpdater keeps the list that Env::GetThreadList returns: each background thread with what it is doing.
//
// RocksDB's headers name this class without defining it; this is our definition.
//
// Units:   times in microseconds on SystemClock::Default().
// Owner:   the Env it belongs to. A thread registers itself and must unregister before it ends.
// Threads: every method is safe from any thread. All but GetThreadList speak of the calling thread and do nothing when
// it
//          is not registered.
#pragma once

#include <rocksdb/status.h>
#include <rocksdb/thread_status.h>

#include <set>
#include <string>
#include <vector>

#include "engine/base/mutex.h"

namespace rocksdb {

class ThreadStatusUpdater {
 public:
  void RegisterThread(ThreadStatus::ThreadType type, uint64_t thread_id) EXCLUDES(mutex_);
  void UnregisterThread() EXCLUDES(mutex_);

  void BeginOperation(ThreadStatus::OperationType operation, const std::string& db_name, const std::string& cf_name)
      EXCLUDES(mutex_);
  void SetStage(ThreadStatus::OperationStage stage) EXCLUDES(mutex_);
  // `property` counts in CompactionPropertyType or FlushPropertyType.
  void SetProperty(int property, uint64_t value) EXCLUDES(mutex_);
  void EndOperation() EXCLUDES(mutex_);

  Status GetThreadList(std::vector<ThreadStatus>* threads) EXCLUDES(mutex_);

 private:
  struct Entry;

  Entry* Mine() REQUIRES(mutex_);

  gneiss::Mutex mutex_;
  std::set<Entry*> entries_ GUARDED_BY(mutex_);
};

}  // namespace rocksdb
