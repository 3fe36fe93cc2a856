// Keeps the sum of a database's table files, bounds it if asked, and deletes files at a bounded rate.
//
// With a deletion rate, a deleted file is renamed to "<name>.trash" and a background thread removes it, large ones
// piece by piece. When the trash exceeds max_trash_db_ratio of the live files, deletion is immediate.
//
// Units:   bytes; rates in bytes per second, 0 or less for no bound.
// Owner:   shared by the options of one or more databases, which tell it of each file. The destructor stops the thread;
//          trash it leaves behind is found when a database opens there again.
// Threads: every method is safe from any thread. Files are renamed and deleted outside the lock.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/sst_file_manager.h>
#include <rocksdb/system_clock.h>

#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>

#include "engine/base/mutex.h"

namespace gneiss::compat {

class SstFileManager : public rocksdb::SstFileManager {
 public:
  struct Config {
    std::shared_ptr<rocksdb::FileSystem> fs;
    std::shared_ptr<rocksdb::SystemClock> clock;
    std::shared_ptr<rocksdb::Logger> log;  // may be null
    int64_t delete_bytes_per_second = 0;
    double trash_ratio_max = 0.25;
    uint64_t delete_chunk_bytes = 64 << 20;  // larger trash is cut by this much at a time; 0: never cut
  };
  explicit SstFileManager(Config config);
  ~SstFileManager() override;

  void SetMaxAllowedSpaceUsage(uint64_t max_allowed_space) override EXCLUDES(mutex_);
  void SetCompactionBufferSize(uint64_t compaction_buffer_size) override EXCLUDES(mutex_);
  bool IsMaxAllowedSpaceReached() override EXCLUDES(mutex_);
  bool IsMaxAllowedSpaceReachedIncludingCompactions() override EXCLUDES(mutex_);
  uint64_t GetTotalSize() override EXCLUDES(mutex_);
  std::unordered_map<std::string, uint64_t> GetTrackedFiles() override EXCLUDES(mutex_);
  int64_t GetDeleteRateBytesPerSecond() override EXCLUDES(mutex_);
  void SetDeleteRateBytesPerSecond(int64_t delete_rate) override EXCLUDES(mutex_);
  double GetMaxTrashDBRatio() override EXCLUDES(mutex_);
  void SetMaxTrashDBRatio(double ratio) override EXCLUDES(mutex_);
  uint64_t GetTotalTrashSize() override EXCLUDES(mutex_);
  void SetStatisticsPtr(const std::shared_ptr<rocksdb::Statistics>& stats) override EXCLUDES(mutex_);

  // What a database tells: a file was written, or went away.
  void OnAddFile(const std::string& path, uint64_t size_bytes) EXCLUDES(mutex_);
  rocksdb::Status OnAddFile(const std::string& path) EXCLUDES(mutex_);  // looks the size up
  void OnDeleteFile(const std::string& path) EXCLUDES(mutex_);

  // False when the inputs' size would not fit beside what is there; else it counts as reserved until the completion.
  bool ReserveForCompaction(uint64_t input_bytes) EXCLUDES(mutex_);
  void OnCompactionCompletion(uint64_t input_bytes) EXCLUDES(mutex_);

  // Deletes a file now or makes it trash. `directory` is synced after the deletion unless empty. `is_trash_ok` false
  // ignores the trash bound, for files that must not be deleted in the foreground.
  rocksdb::Status ScheduleFileDeletion(const std::string& path, const std::string& directory, bool must_be_background)
      EXCLUDES(mutex_);
  // Waits until no trash is left, or the object is being destroyed.
  void WaitForEmptyTrash() EXCLUDES(mutex_);

 private:
  struct Trash {
    std::string path;
    std::string directory;
  };

  rocksdb::Status DeleteNow(const std::string& path) EXCLUDES(mutex_);
  rocksdb::Status MarkAsTrash(const std::string& path, std::string* trash_path) EXCLUDES(mutex_);
  // Deletes or cuts one piece of trash; `deleted_bytes` of it are gone then.
  rocksdb::Status DeleteSome(const Trash& trash, uint64_t* deleted_bytes, bool* is_complete) EXCLUDES(mutex_);
  rocksdb::Status CutTail(const std::string& path, uint64_t size_bytes) EXCLUDES(mutex_);
  void RunDeleter() EXCLUDES(mutex_);
  void WaitAsRateAsks(uint64_t deleted_bytes) REQUIRES(mutex_);
  void StartDeleter() REQUIRES(mutex_);
  void Add(const std::string& path, uint64_t size_bytes) REQUIRES(mutex_);
  void Remove(const std::string& path) REQUIRES(mutex_);
  void CountTicker(uint32_t ticker) EXCLUDES(mutex_);

  const Config config_;
  mutable Mutex mutex_;
  CondVar work_or_stop_;
  CondVar trash_empty_;
  std::unordered_map<std::string, uint64_t> files_ GUARDED_BY(mutex_);
  uint64_t total_bytes_ GUARDED_BY(mutex_) = 0;
  uint64_t trash_bytes_ GUARDED_BY(mutex_) = 0;
  uint64_t bytes_max_ GUARDED_BY(mutex_) = 0;  // 0: no bound
  uint64_t compaction_buffer_bytes_ GUARDED_BY(mutex_) = 0;
  uint64_t reserved_bytes_ GUARDED_BY(mutex_) = 0;
  int64_t delete_rate_ GUARDED_BY(mutex_);
  double trash_ratio_max_ GUARDED_BY(mutex_);
  std::shared_ptr<rocksdb::Statistics> stats_ GUARDED_BY(mutex_);
  std::deque<Trash> trash_ GUARDED_BY(mutex_);
  bool is_stopping_ GUARDED_BY(mutex_) = false;
  std::thread deleter_;  // started once, under the lock; joined by the destructor
};

// Null for a manager of the user's own class.
SstFileManager* BuiltinSstFileManager(rocksdb::SstFileManager* manager);

// Trash of an earlier run: deletes every "*.trash" file of a directory, through `manager` if there is one.
rocksdb::Status DeleteTrashIn(rocksdb::Env* env, SstFileManager* manager, const std::string& directory);

}  // namespace gneiss::compat
