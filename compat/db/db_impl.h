// DbImpl is the rocksdb::DB that DB::Open returns. It translates; the engine does the work.
//
// Owner:   the caller of DB::Open deletes it. It shares its DbCore with handles, iterators and snapshots.
// Threads: as rocksdb::DB: every method is safe from any thread, but ends only after the others.
// Errors:  what is not built answers NotSupported, naming itself (compat/not_supported.h).
#pragma once

#include <rocksdb/db.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "compat/db/core.h"
#include "compat/db/periodic_work.h"
#include "compat/options/db_internals.h"

namespace gneiss::compat {

class CacheEntryStats;
class StatsHistory;

// What the statistics properties told last, so that "interval" means since then.
struct ToldStats {
  LevelCounters levels;
  double flush_bytes = 0;
};

class DbImpl final : public rocksdb::DB, public DbInternals {
 public:
  explicit DbImpl(std::shared_ptr<DbCore> core);
  ~DbImpl() override;

  // open.cc
  static rocksdb::Status Open(const rocksdb::DBOptions& db_options, const std::string& name,
                              const std::vector<rocksdb::ColumnFamilyDescriptor>& families, bool is_read_only,
                              bool error_if_wal_file_exists, std::vector<rocksdb::ColumnFamilyHandle*>* handles,
                              rocksdb::DB** db, bool is_secondary = false);
  rocksdb::Status Close() override;
  rocksdb::Status Resume() override;
  rocksdb::Status TryCatchUpWithPrimary() override;

  // families.cc
  using rocksdb::DB::CreateColumnFamilies;
  rocksdb::Status CreateColumnFamily(const rocksdb::ColumnFamilyOptions& options, const std::string& name,
                                     rocksdb::ColumnFamilyHandle** handle) override;
  rocksdb::Status DropColumnFamily(rocksdb::ColumnFamilyHandle* family) override;
  rocksdb::Status DropColumnFamilies(const std::vector<rocksdb::ColumnFamilyHandle*>& families) override;
  rocksdb::ColumnFamilyHandle* DefaultColumnFamily() const override { return default_handle_.get(); }
  using rocksdb::DB::SetOptions;
  rocksdb::Status SetOptions(rocksdb::ColumnFamilyHandle* family,
                             const std::unordered_map<std::string, std::string>& options) override;
  rocksdb::Status SetDBOptions(const std::unordered_map<std::string, std::string>& options) override;
  using rocksdb::DB::GetOptions;
  rocksdb::Options GetOptions(rocksdb::ColumnFamilyHandle* family) const override;
  rocksdb::DBOptions GetDBOptions() const override;

  // write.cc
  using rocksdb::DB::Delete;
  using rocksdb::DB::DeleteRange;
  using rocksdb::DB::Merge;
  using rocksdb::DB::Put;
  using rocksdb::DB::SingleDelete;
  rocksdb::Status Put(const rocksdb::WriteOptions& options, rocksdb::ColumnFamilyHandle* family,
                      const rocksdb::Slice& key, const rocksdb::Slice& value) override;
  rocksdb::Status Put(const rocksdb::WriteOptions& options, rocksdb::ColumnFamilyHandle* family,
                      const rocksdb::Slice& key, const rocksdb::Slice& ts, const rocksdb::Slice& value) override;
  rocksdb::Status Delete(const rocksdb::WriteOptions& options, rocksdb::ColumnFamilyHandle* family,
                         const rocksdb::Slice& key) override;
  rocksdb::Status Delete(const rocksdb::WriteOptions& options, rocksdb::ColumnFamilyHandle* family,
                         const rocksdb::Slice& key, const rocksdb::Slice& ts) override;
  rocksdb::Status SingleDelete(const rocksdb::WriteOptions& options, rocksdb::ColumnFamilyHandle* family,
                               const rocksdb::Slice& key) override;
  rocksdb::Status SingleDelete(const rocksdb::WriteOptions& options, rocksdb::ColumnFamilyHandle* family,
                               const rocksdb::Slice& key, const rocksdb::Slice& ts) override;
  rocksdb::Status Merge(const rocksdb::WriteOptions& options, rocksdb::ColumnFamilyHandle* family,
                        const rocksdb::Slice& key, const rocksdb::Slice& value) override;
  rocksdb::Status DeleteRange(const rocksdb::WriteOptions& options, rocksdb::ColumnFamilyHandle* family,
                              const rocksdb::Slice& begin, const rocksdb::Slice& end) override;
  rocksdb::Status DeleteRange(const rocksdb::WriteOptions& options, rocksdb::ColumnFamilyHandle* family,
                              const rocksdb::Slice& begin, const rocksdb::Slice& end,
                              const rocksdb::Slice& ts) override;
  rocksdb::Status PutEntity(const rocksdb::WriteOptions& options, rocksdb::ColumnFamilyHandle* family,
                            const rocksdb::Slice& key, const rocksdb::WideColumns& columns) override;
  rocksdb::Status Write(const rocksdb::WriteOptions& options, rocksdb::WriteBatch* updates) override;
  rocksdb::Status FlushWAL(bool sync) override;
  rocksdb::Status SyncWAL() override;
  rocksdb::Status LockWAL() override;
  rocksdb::Status UnlockWAL() override;
  rocksdb::SequenceNumber GetLatestSequenceNumber() const override;

  // read.cc
  using rocksdb::DB::Get;
  using rocksdb::DB::KeyMayExist;
  using rocksdb::DB::MultiGet;
  using rocksdb::DB::NewIterator;
  rocksdb::Status Get(const rocksdb::ReadOptions& options, rocksdb::ColumnFamilyHandle* family,
                      const rocksdb::Slice& key, rocksdb::PinnableSlice* value) override;
  rocksdb::Status Get(const rocksdb::ReadOptions& options, rocksdb::ColumnFamilyHandle* family,
                      const rocksdb::Slice& key, rocksdb::PinnableSlice* value, std::string* timestamp) override;
  rocksdb::Status GetEntity(const rocksdb::ReadOptions& options, rocksdb::ColumnFamilyHandle* family,
                            const rocksdb::Slice& key, rocksdb::PinnableWideColumns* columns) override;
  rocksdb::Status GetMergeOperands(const rocksdb::ReadOptions& options, rocksdb::ColumnFamilyHandle* family,
                                   const rocksdb::Slice& key, rocksdb::PinnableSlice* operands,
                                   rocksdb::GetMergeOperandsOptions* operands_options, int* operand_count) override;
  std::vector<rocksdb::Status> MultiGet(const rocksdb::ReadOptions& options,
                                        const std::vector<rocksdb::ColumnFamilyHandle*>& families,
                                        const std::vector<rocksdb::Slice>& keys,
                                        std::vector<std::string>* values) override;
  std::vector<rocksdb::Status> MultiGet(const rocksdb::ReadOptions& options,
                                        const std::vector<rocksdb::ColumnFamilyHandle*>& families,
                                        const std::vector<rocksdb::Slice>& keys, std::vector<std::string>* values,
                                        std::vector<std::string>* timestamps) override;
  void MultiGet(const rocksdb::ReadOptions& options, rocksdb::ColumnFamilyHandle* family, size_t num_keys,
                const rocksdb::Slice* keys, rocksdb::PinnableSlice* values, rocksdb::Status* statuses,
                bool sorted_input) override;
  void MultiGet(const rocksdb::ReadOptions& options, size_t num_keys, rocksdb::ColumnFamilyHandle** families,
                const rocksdb::Slice* keys, rocksdb::PinnableSlice* values, rocksdb::Status* statuses,
                bool sorted_input) override;
  void MultiGet(const rocksdb::ReadOptions& options, rocksdb::ColumnFamilyHandle* family, size_t num_keys,
                const rocksdb::Slice* keys, rocksdb::PinnableSlice* values, std::string* timestamps,
                rocksdb::Status* statuses, bool sorted_input) override;
  void MultiGet(const rocksdb::ReadOptions& options, size_t num_keys, rocksdb::ColumnFamilyHandle** families,
                const rocksdb::Slice* keys, rocksdb::PinnableSlice* values, std::string* timestamps,
                rocksdb::Status* statuses, bool sorted_input) override;
  bool KeyMayExist(const rocksdb::ReadOptions& options, rocksdb::ColumnFamilyHandle* family, const rocksdb::Slice& key,
                   std::string* value, std::string* timestamp, bool* value_found) override;
  rocksdb::Iterator* NewIterator(const rocksdb::ReadOptions& options, rocksdb::ColumnFamilyHandle* family) override;
  rocksdb::Status NewIterators(const rocksdb::ReadOptions& options,
                               const std::vector<rocksdb::ColumnFamilyHandle*>& families,
                               std::vector<rocksdb::Iterator*>* iterators) override;
  rocksdb::Status ListEntries(rocksdb::ColumnFamilyHandle* family, const rocksdb::Slice& begin,
                              const rocksdb::Slice& end, size_t count_max,
                              std::vector<rocksdb::KeyVersion>* entries) override;
  const rocksdb::Snapshot* GetSnapshot() override;
  void ReleaseSnapshot(const rocksdb::Snapshot* snapshot) override;

  // maintenance.cc, file_maintenance.cc
  using rocksdb::DB::CompactFiles;
  using rocksdb::DB::CompactRange;
  using rocksdb::DB::Flush;
  rocksdb::Status Flush(const rocksdb::FlushOptions& options, rocksdb::ColumnFamilyHandle* family) override;
  rocksdb::Status Flush(const rocksdb::FlushOptions& options,
                        const std::vector<rocksdb::ColumnFamilyHandle*>& families) override;
  rocksdb::Status CompactRange(const rocksdb::CompactRangeOptions& options, rocksdb::ColumnFamilyHandle* family,
                               const rocksdb::Slice* begin, const rocksdb::Slice* end) override;
  rocksdb::Status CompactFiles(const rocksdb::CompactionOptions& options, rocksdb::ColumnFamilyHandle* family,
                               const std::vector<std::string>& input_file_names, int output_level, int output_path_id,
                               std::vector<std::string>* output_file_names, rocksdb::CompactionJobInfo* info) override;
  rocksdb::Status SuggestCompactRange(rocksdb::ColumnFamilyHandle* family, const rocksdb::Slice* begin,
                                      const rocksdb::Slice* end) override;
  rocksdb::Status PromoteL0(rocksdb::ColumnFamilyHandle* family, int target_level) override;
  rocksdb::Status PauseBackgroundWork() override;
  rocksdb::Status ContinueBackgroundWork() override;
  rocksdb::Status EnableAutoCompaction(const std::vector<rocksdb::ColumnFamilyHandle*>& families) override;
  void DisableManualCompaction() override;
  void EnableManualCompaction() override;
  rocksdb::Status DisableFileDeletions() override;
  rocksdb::Status EnableFileDeletions(bool force) override;
  using rocksdb::DB::VerifyChecksum;
  rocksdb::Status VerifyChecksum(const rocksdb::ReadOptions& options) override;
  rocksdb::Status VerifyFileChecksums(const rocksdb::ReadOptions& options) override;
  rocksdb::Status DeleteFile(std::string name) override;
  rocksdb::Status GetUpdatesSince(rocksdb::SequenceNumber seq,
                                  std::unique_ptr<rocksdb::TransactionLogIterator>* iterator,
                                  const rocksdb::TransactionLogIterator::ReadOptions& options) override;
  using rocksdb::DB::IngestExternalFile;
  rocksdb::Status IngestExternalFile(rocksdb::ColumnFamilyHandle* family, const std::vector<std::string>& files,
                                     const rocksdb::IngestExternalFileOptions& options) override;
  rocksdb::Status IngestExternalFiles(const std::vector<rocksdb::IngestExternalFileArg>& args) override;
  rocksdb::Status CreateColumnFamilyWithImport(const rocksdb::ColumnFamilyOptions& options, const std::string& name,
                                               const rocksdb::ImportColumnFamilyOptions& import_options,
                                               const rocksdb::ExportImportFilesMetaData& metadata,
                                               rocksdb::ColumnFamilyHandle** handle) override;
  rocksdb::Status IncreaseFullHistoryTsLow(rocksdb::ColumnFamilyHandle* family, std::string ts_low) override;
  // Rewrites the families with timestamps without what is newer than trim_ts.
  rocksdb::Status TrimHistory(const std::vector<rocksdb::ColumnFamilyHandle*>& families, const std::string& trim_ts);
  rocksdb::Status GetFullHistoryTsLow(rocksdb::ColumnFamilyHandle* family, std::string* ts_low) override;
  void CancelAllBackgroundWork(bool wait) override;
  rocksdb::Status DeleteFilesInRanges(rocksdb::ColumnFamilyHandle* family, const rocksdb::RangePtr* ranges, size_t n,
                                      bool include_end) override;

  // properties.cc
  using rocksdb::DB::GetIntProperty;
  using rocksdb::DB::GetMapProperty;
  using rocksdb::DB::GetProperty;
  bool GetProperty(rocksdb::ColumnFamilyHandle* family, const rocksdb::Slice& property, std::string* value) override;
  bool GetMapProperty(rocksdb::ColumnFamilyHandle* family, const rocksdb::Slice& property,
                      std::map<std::string, std::string>* value) override;
  bool GetIntProperty(rocksdb::ColumnFamilyHandle* family, const rocksdb::Slice& property, uint64_t* value) override;
  bool GetAggregatedIntProperty(const rocksdb::Slice& property, uint64_t* value) override;
  rocksdb::Status ResetStats() override;

  // periodic_stats.cc
  rocksdb::Status GetStatsHistory(uint64_t start_time, uint64_t end_time,
                                  std::unique_ptr<rocksdb::StatsHistoryIterator>* iterator) override;

  // metadata.cc
  using rocksdb::DB::GetApproximateMemTableStats;
  using rocksdb::DB::GetApproximateSizes;
  using rocksdb::DB::GetColumnFamilyMetaData;
  using rocksdb::DB::Level0StopWriteTrigger;
  using rocksdb::DB::MaxMemCompactionLevel;
  using rocksdb::DB::NumberLevels;
  rocksdb::Status GetApproximateSizes(const rocksdb::SizeApproximationOptions& options,
                                      rocksdb::ColumnFamilyHandle* family, const rocksdb::Range* ranges, int n,
                                      uint64_t* sizes) override;
  void GetApproximateMemTableStats(rocksdb::ColumnFamilyHandle* family, const rocksdb::Range& range, uint64_t* count,
                                   uint64_t* size) override;
  int NumberLevels(rocksdb::ColumnFamilyHandle* family) override;
  int MaxMemCompactionLevel(rocksdb::ColumnFamilyHandle* family) override;
  int Level0StopWriteTrigger(rocksdb::ColumnFamilyHandle* family) override;
  const std::string& GetName() const override { return core_->name; }
  rocksdb::Env* GetEnv() const override { return core_->db_options.env; }
  rocksdb::FileSystem* GetFileSystem() const override { return core_->rocks_fs.get(); }
  rocksdb::Status GetDbIdentity(std::string& identity) const override;
  rocksdb::Status GetDbSessionId(std::string& session_id) const override;
  rocksdb::Status GetLiveFiles(std::vector<std::string>& files, uint64_t* manifest_bytes, bool flush_memtable) override;
  void GetLiveFilesMetaData(std::vector<rocksdb::LiveFileMetaData>* metadata) override;
  void GetColumnFamilyMetaData(rocksdb::ColumnFamilyHandle* family, rocksdb::ColumnFamilyMetaData* metadata) override;
  void GetAllColumnFamilyMetaData(std::vector<rocksdb::ColumnFamilyMetaData>* metadata) override;
  rocksdb::Status GetLiveFilesChecksumInfo(rocksdb::FileChecksumList* checksums) override;
  rocksdb::Status GetLiveFilesStorageInfo(const rocksdb::LiveFilesStorageInfoOptions& options,
                                          std::vector<rocksdb::LiveFileStorageInfo>* files) override;
  rocksdb::Status GetSortedWalFiles(rocksdb::VectorLogPtr& files) override;
  rocksdb::Status GetCurrentWalFile(std::unique_ptr<rocksdb::LogFile>* file) override;
  rocksdb::Status GetCreationTimeOfOldestFile(uint64_t* creation_time) override;
  rocksdb::Status GetPropertiesOfAllTables(rocksdb::ColumnFamilyHandle* family,
                                           rocksdb::TablePropertiesCollection* properties) override;
  rocksdb::Status GetPropertiesOfTablesInRange(rocksdb::ColumnFamilyHandle* family, const rocksdb::Range* ranges,
                                               size_t n, rocksdb::TablePropertiesCollection* properties) override;

 private:
  rocksdb::Status WriteOne(const rocksdb::WriteOptions& options, Kind tag, Kind family_tag,
                           rocksdb::ColumnFamilyHandle* family, const rocksdb::Slice& key, const rocksdb::Slice* value);
  rocksdb::Status GetAt(const rocksdb::ReadOptions& options, rocksdb::ColumnFamilyHandle* family,
                        const rocksdb::Slice& key, rocksdb::PinnableSlice* value, std::string* timestamp);
  rocksdb::Status GetEntityAt(const rocksdb::ReadOptions& options, rocksdb::ColumnFamilyHandle* family,
                              const rocksdb::Slice& key, rocksdb::PinnableWideColumns* columns);
  rocksdb::Status ChargeRateLimiter(const rocksdb::WriteOptions& options, size_t bytes) const;
  std::unique_ptr<rocksdb::ColumnFamilyHandle> MakeHandle(const FamilyPtr& family) const;
  std::vector<FamilyPtr> AllFamilies() const;
  bool PropertyOf(const FamilyPtr& family, std::string_view name, std::string* value);  // without "rocksdb."
  void StartPeriodicWork();  // as the options say; again when they change
  void DumpStats();
  void KeepStats();
  rocksdb::Status OpenStatsFamily();
  void FlushStatsThatHoldLogs();
  std::shared_ptr<CacheEntryStats> CacheStatsOf(const ColumnFamily& family);  // null: no block cache
  rocksdb::Status CheckSecondaryIterator(const rocksdb::ReadOptions& options) const;

  const std::shared_ptr<DbCore> core_;
  bool is_secondary_ = false;
  std::mutex set_options_mutex_;  // one SetOptions or SetDBOptions at a time
  std::unique_ptr<rocksdb::ColumnFamilyHandle> default_handle_;
  std::unique_ptr<rocksdb::ColumnFamilyHandle> stats_handle_;  // of persist_stats_to_disk; null: without it
  std::mutex told_mutex_;
  std::map<uint32_t, ToldStats> told_;                                             // by family id
  std::map<const rocksdb::Cache*, std::shared_ptr<CacheEntryStats>> cache_stats_;  // those asked for; under told_mutex_
  std::atomic<int> disabled_manual_compactions_{0};
  std::atomic<bool> are_manual_compactions_canceled_{false};
  const std::shared_ptr<StatsHistory> stats_history_;  // shared with iterators
  PeriodicWork periodic_work_;                         // last: it uses all of the above
};

}  // namespace gneiss::compat
