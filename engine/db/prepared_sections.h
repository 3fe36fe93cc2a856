// PreparedSections are the transactions whose changes are in a log but not committed: not yet applied, and not to be
// lost.
//
// Owner:   the database; a section lives until it is committed or rolled back, over any number of reopenings.
// Threads: every method is safe from any thread.
// Errors:  none.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/mutex.h"

namespace gneiss {

struct PreparedSection {
  std::string name;
  uint64_t log_number = 0;  // of the log that holds it
  std::string rep;          // its changes as a batch (engine/wal/write_batch.h)
};
using PreparedPtr = std::shared_ptr<const PreparedSection>;

class PreparedSections {
 public:
  void Add(PreparedPtr section) EXCLUDES(mutex_) {
    MutexLock lock(&mutex_);
    sections_[section->name] = std::move(section);
  }
  PreparedPtr Find(const std::string& name) const EXCLUDES(mutex_) {
    MutexLock lock(&mutex_);
    const auto found = sections_.find(name);
    return found == sections_.end() ? nullptr : found->second;
  }
  void Remove(const std::string& name) EXCLUDES(mutex_) {
    MutexLock lock(&mutex_);
    sections_.erase(name);
  }
  void RemoveOfLogsBelow(uint64_t log_number) EXCLUDES(mutex_) {
    MutexLock lock(&mutex_);
    std::erase_if(sections_, [&](const auto& each) { return each.second->log_number < log_number; });
  }
  // No log below holds a section; UINT64_MAX when there is none.
  uint64_t OldestLog() const EXCLUDES(mutex_) {
    MutexLock lock(&mutex_);
    uint64_t oldest = UINT64_MAX;
    for (const auto& [name, section] : sections_) oldest = section->log_number < oldest ? section->log_number : oldest;
    return oldest;
  }
  std::vector<PreparedPtr> All() const EXCLUDES(mutex_) {
    MutexLock lock(&mutex_);
    std::vector<PreparedPtr> all;
    for (const auto& [name, section] : sections_) all.push_back(section);
    return all;
  }

 private:
  mutable Mutex mutex_;
  std::map<std::string, PreparedPtr> sections_ GUARDED_BY(mutex_);
};

}  // namespace gneiss
