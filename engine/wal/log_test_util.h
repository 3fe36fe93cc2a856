// Files in memory and log images, for the tests of this folder.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "engine/wal/log_reader.h"
#include "engine/wal/log_writer.h"

namespace gneiss::log_test {

class MemorySequentialFile final : public SequentialFile {
 public:
  explicit MemorySequentialFile(const std::string* bytes) : bytes_(bytes) {}
  Status Read(size_t size, Slice* result, char* scratch) override {
    const Slice got = Slice(*bytes_).substr(position_, size);
    got.copy(scratch, got.size());
    position_ += got.size();
    *result = Slice(scratch, got.size());
    return Status::Ok();
  }
  Status Skip(uint64_t bytes) override {
    position_ = std::min<uint64_t>(position_ + bytes, bytes_->size());
    return Status::Ok();
  }

 private:
  const std::string* const bytes_;
  size_t position_ = 0;
};

// Overwrites *bytes from `position` on, as a recycled file does; counts calls and fails on demand.
struct MemoryFileState {
  std::string bytes;
  size_t position = 0;
  int appends = 0;
  int syncs = 0;
  int closes = 0;
  std::vector<std::pair<uint64_t, uint64_t>> allocations;
  Slice watched;                 // memory of a caller
  size_t appended_in_place = 0;  // bytes that came from there
  bool fails_append = false;
  bool fails_sync = false;
  bool fails_allocate = false;
};

class MemoryWritableFile final : public WritableFile {
 public:
  explicit MemoryWritableFile(MemoryFileState* state) : state_(state) {}
  Status Append(Slice bytes) override {
    ++state_->appends;
    if (state_->fails_append) return Status::IoError("append failed", std::to_string(state_->appends));
    state_->bytes.replace(state_->position, bytes.size(), bytes);
    state_->position += bytes.size();
    return Status::Ok();
  }
  Status AppendParts(const Slice* parts, size_t count) override {
    const Slice watched = state_->watched;
    for (size_t i = 0; i < count; ++i) {
      const bool is_inside = parts[i].data() >= watched.data() && parts[i].data() < watched.data() + watched.size();
      if (is_inside) state_->appended_in_place += parts[i].size();
    }
    return WritableFile::AppendParts(parts, count);
  }
  Status Sync() override {
    ++state_->syncs;
    return state_->fails_sync ? Status::IoError("sync failed") : Status::Ok();
  }
  Status Close() override {
    ++state_->closes;
    return Status::Ok();
  }
  Status Truncate(uint64_t size) override {
    state_->bytes.resize(size);
    return Status::Ok();
  }
  Status Allocate(uint64_t offset, uint64_t size) override {
    if (state_->fails_allocate) return Status::NotSupported("allocate");
    state_->allocations.emplace_back(offset, size);
    return Status::Ok();
  }

 private:
  MemoryFileState* const state_;
};

inline std::unique_ptr<WritableFile> WritableOver(MemoryFileState* state) {
  return std::make_unique<MemoryWritableFile>(state);
}

struct LogImage {
  std::string bytes;
  std::vector<uint64_t> ends;  // of each record
};

inline LogImage WriteLog(const std::vector<std::string>& records, const LogWriter::Config& config = {}) {
  MemoryFileState state;
  LogImage image;
  {
    LogWriter writer(config, WritableOver(&state));
    for (const std::string& record : records) {
      writer.AddRecord(record).IgnoreError("memory files do not fail unless told to");
      image.ends.push_back(writer.FileBytes());
    }
  }
  image.bytes = state.bytes;
  return image;
}

struct ReadResult {
  std::vector<std::string> records;
  std::vector<uint64_t> offsets;
  std::vector<uint64_t> ends;
  std::vector<std::string> reports;
  size_t reported_bytes = 0;
  bool has_torn_tail = false;
  bool is_torn_tail_zeros = false;
  bool is_recycled = false;
};

class CollectingReporter final : public LogReader::Reporter {
 public:
  explicit CollectingReporter(ReadResult* result) : result_(result) {}
  void Corruption(size_t bytes, const Status& why) override {
    result_->reported_bytes += bytes;
    result_->reports.push_back(why.ToString());
  }

 private:
  ReadResult* const result_;
};

inline ReadResult ReadLog(const std::string& bytes, WalRecoveryMode mode, uint64_t log_number = 0) {
  ReadResult result;
  CollectingReporter reporter(&result);
  LogReader reader(std::make_unique<MemorySequentialFile>(&bytes), log_number, &reporter);
  for (Slice record; reader.ReadRecord(&record, mode);) {
    result.records.emplace_back(record);
    result.offsets.push_back(reader.LastRecordOffset());
    result.ends.push_back(reader.LastRecordEnd());
  }
  result.has_torn_tail = reader.has_torn_tail();
  result.is_torn_tail_zeros = reader.is_torn_tail_zeros();
  result.is_recycled = reader.is_recycled();
  return result;
}

// A record that names its number and size, so that a wrong one is never taken for a right one.
inline std::string NumberedRecord(size_t number, size_t size) {
  std::string record = std::to_string(number) + ":" + std::to_string(size) + ":";
  Random random(number * 1000003 + size);
  while (record.size() < size) record.push_back(static_cast<char>(random.Next()));
  return record;
}

inline constexpr WalRecoveryMode kTolerate = WalRecoveryMode::kTolerateCorruptedTailRecords;
inline constexpr WalRecoveryMode kAbsolute = WalRecoveryMode::kAbsoluteConsistency;
inline constexpr WalRecoveryMode kPointInTime = WalRecoveryMode::kPointInTimeRecovery;
inline constexpr WalRecoveryMode kSkip = WalRecoveryMode::kSkipAnyCorruptedRecords;
inline constexpr WalRecoveryMode kAllModes[] = {kTolerate, kAbsolute, kPointInTime, kSkip};

}  // namespace gneiss::log_test
