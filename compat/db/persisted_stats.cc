#include "compat/db/persisted_stats.h"

#include <rocksdb/write_batch.h>

#include <charconv>
#include <cstdio>
#include <utility>

#include "compat/status_map.h"

namespace gneiss::compat {

namespace {

constexpr char kFormatVersionKey[] = "__persistent_stats_format_version__";
constexpr char kCompatibleVersionKey[] = "__persistent_stats_compatible_version__";
constexpr uint64_t kFormatVersion = 1;
constexpr uint64_t kCompatibleVersion = 1;

// Ten digits, so that keys sort by time.
std::string TimeKey(uint64_t seconds) {
  char text[24];
  std::snprintf(text, sizeof(text), "%010llu", static_cast<unsigned long long>(seconds));
  return text;
}

bool ParseNumber(Slice text, uint64_t* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

// False for the keys of the format's version.
bool ParseKey(Slice key, uint64_t* seconds, Slice* name) {
  const size_t mark = key.find('#');
  if (mark == Slice::npos || !ParseNumber(key.substr(0, mark), seconds)) return false;
  *name = key.substr(mark + 1);
  return true;
}

bool ReadVersion(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family, const char* key, uint64_t* version) {
  std::string value;
  return db->Get(rocksdb::ReadOptions(), family, key, &value).ok() && ParseNumber(value, version);
}

// Statistics are worth no stall, and no sync.
rocksdb::Status WriteAside(rocksdb::DB* db, rocksdb::WriteBatch* batch) {
  rocksdb::WriteOptions options;
  options.low_pri = true;
  options.no_slowdown = true;
  return db->Write(options, batch);
}

class PersistedStatsIterator final : public rocksdb::StatsHistoryIterator {
 public:
  PersistedStatsIterator(std::shared_ptr<DbCore> core, FamilyPtr family, uint64_t start_seconds, uint64_t end_seconds)
      : core_(std::move(core)), family_(std::move(family)), end_seconds_(end_seconds) {
    Find(start_seconds);
  }

  bool Valid() const override { return is_valid_; }
  void Next() override { Find(time_seconds_ + 1); }
  uint64_t GetStatsTime() const override { return time_seconds_; }
  const std::map<std::string, uint64_t>& GetStatsMap() const override { return counts_; }
  rocksdb::Status status() const override { return status_; }

 private:
  // The first time from there on, as far as it does not lie behind the end, with all its counts.
  void Find(uint64_t from_seconds) {
    is_valid_ = false;
    counts_.clear();
    const std::unique_ptr<DbIterator> entries = core_->database->NewIterator(IteratorParams{}, family_);
    Slice name;
    uint64_t number = 0;
    entries->Seek(TimeKey(from_seconds));
    if (entries->Valid() && ParseKey(entries->key(), &time_seconds_, &name) && time_seconds_ <= end_seconds_) {
      is_valid_ = true;
      for (uint64_t seconds = 0; entries->Valid(); entries->Next()) {
        if (!ParseKey(entries->key(), &seconds, &name) || seconds != time_seconds_) break;
        if (ParseNumber(entries->value(), &number)) counts_[std::string(name)] = number;
      }
    }
    status_ = ToRocks(entries->status());
  }

  const std::shared_ptr<DbCore> core_;
  const FamilyPtr family_;
  const uint64_t end_seconds_;
  bool is_valid_ = false;
  uint64_t time_seconds_ = 0;
  StatsHistory::Counts counts_;
  rocksdb::Status status_;
};

}  // namespace

rocksdb::ColumnFamilyOptions StatsFamilyOptions() {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = 2 << 20;
  options.target_file_size_base = 2 << 20;
  options.max_bytes_for_level_base = 10 << 20;
  options.soft_pending_compaction_bytes_limit = 256 << 20;
  options.hard_pending_compaction_bytes_limit = 1 << 30;
  options.compression = rocksdb::kNoCompression;
  return options;
}

// What a later format has written may be read when that one says so.
bool IsStatsFormatKnown(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family) {
  uint64_t format = 0;
  uint64_t compatible = 0;
  if (!ReadVersion(db, family, kFormatVersionKey, &format)) return false;
  if (!ReadVersion(db, family, kCompatibleVersionKey, &compatible)) return false;
  return format <= kFormatVersion || compatible <= kCompatibleVersion;
}

rocksdb::Status WriteStatsFormat(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family) {
  rocksdb::WriteBatch batch;
  rocksdb::Status status = batch.Put(family, kFormatVersionKey, std::to_string(kFormatVersion));
  if (status.ok()) status = batch.Put(family, kCompatibleVersionKey, std::to_string(kCompatibleVersion));
  return status.ok() ? WriteAside(db, &batch) : status;
}

rocksdb::Status PersistStats(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family, uint64_t now_seconds,
                             const StatsHistory::Counts& counts) {
  rocksdb::WriteBatch batch;
  const std::string time = TimeKey(now_seconds) + "#";
  for (const auto& [name, count] : counts) {
    const rocksdb::Status status = batch.Put(family, time + name, std::to_string(count));
    if (!status.ok()) return status;
  }
  return WriteAside(db, &batch);
}

std::unique_ptr<rocksdb::StatsHistoryIterator> NewPersistedStatsIterator(std::shared_ptr<DbCore> core, FamilyPtr family,
                                                                         uint64_t start_seconds, uint64_t end_seconds) {
  return std::make_unique<PersistedStatsIterator>(std::move(core), std::move(family), start_seconds, end_seconds);
}

}  // namespace gneiss::compat
