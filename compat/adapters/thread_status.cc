// ThreadStatus's names, and the list of background threads behind Env::GetThreadList.
#include <rocksdb/system_clock.h>
#include <rocksdb/thread_status.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <iterator>
#include <memory>

#include "compat/adapters/thread_status_updater.h"

namespace rocksdb {

namespace {

// A table of names that outlives every static destructor, indexed by an enum; element 0 stands for unknown values.
template <size_t N>
const std::string& NameOf(const std::string (&names)[N], int index) {
  return names[index >= 0 && index < static_cast<int>(N) ? index : 0];
}

using OperationNames = std::string[ThreadStatus::NUM_OP_TYPES];
using StageNames = std::string[ThreadStatus::NUM_OP_STAGES];
using StateNames = std::string[ThreadStatus::NUM_STATE_TYPES];
using CompactionNames = std::string[ThreadStatus::NUM_COMPACTION_PROPERTIES];
using FlushNames = std::string[ThreadStatus::NUM_FLUSH_PROPERTIES];

struct Names {
  OperationNames operations = {"", "Compaction", "Flush"};
  StageNames stages = {"",
                       "FlushJob::Run",
                       "FlushJob::WriteLevel0Table",
                       "CompactionJob::Prepare",
                       "CompactionJob::Run",
                       "CompactionJob::ProcessKeyValueCompaction",
                       "CompactionJob::Install",
                       "CompactionJob::FinishCompactionOutputFile",
                       "MemTableList::PickMemtablesToFlush",
                       "MemTableList::RollbackMemtableFlush",
                       "MemTableList::TryInstallMemtableFlushResults"};
  StateNames states = {"", "Mutex Wait"};
  CompactionNames compaction = {"JobID",           "InputOutputLevel", "Manual/Deletion/Trivial",
                                "TotalInputBytes", "BytesRead",        "BytesWritten"};
  FlushNames flush = {"JobID", "BytesMemtables", "BytesWritten"};
  std::string none;
};

const Names& AllNames() {
  static const Names* const names = new Names;
  return *names;
}

int PropertyCount(ThreadStatus::OperationType operation) {
  if (operation == ThreadStatus::OP_COMPACTION) return ThreadStatus::NUM_COMPACTION_PROPERTIES;
  if (operation == ThreadStatus::OP_FLUSH) return ThreadStatus::NUM_FLUSH_PROPERTIES;
  return 0;
}

}  // namespace

std::string ThreadStatus::GetThreadTypeName(ThreadType thread_type) {
  switch (thread_type) {
    case HIGH_PRIORITY:
      return "High Pri";
    case LOW_PRIORITY:
      return "Low Pri";
    case USER:
      return "User";
    case BOTTOM_PRIORITY:
      return "Bottom Pri";
    case NUM_THREAD_TYPES:
      break;
  }
  return "Unknown";
}

const std::string& ThreadStatus::GetOperationName(OperationType op_type) {
  return NameOf(AllNames().operations, op_type);
}

const std::string& ThreadStatus::GetOperationStageName(OperationStage stage) {
  return NameOf(AllNames().stages, stage);
}

const std::string& ThreadStatus::GetStateName(StateType state_type) { return NameOf(AllNames().states, state_type); }

const std::string& ThreadStatus::GetOperationPropertyName(OperationType op_type, int i) {
  if (i < 0 || i >= PropertyCount(op_type)) return AllNames().none;
  return op_type == OP_COMPACTION ? AllNames().compaction[i] : AllNames().flush[i];
}

const std::string ThreadStatus::MicrosToString(uint64_t micros) {
  if (micros == 0) return "";
  const auto exact = static_cast<double>(micros);
  const uint64_t minutes = micros / 60'000'000;
  const double seconds = static_cast<double>(micros % 60'000'000) / 1e6;
  char text[100];
  if (micros < 10'000) {
    snprintf(text, sizeof(text), "%" PRIu64 " us", micros);
  } else if (micros < 10'000'000) {
    snprintf(text, sizeof(text), "%.3lf ms", exact / 1e3);
  } else if (minutes == 0) {
    snprintf(text, sizeof(text), "%.3lf sec", exact / 1e6);
  } else if (minutes < 60) {
    snprintf(text, sizeof(text), "%02" PRIu64 ":%05.3f M:S", minutes, seconds);
  } else {
    snprintf(text, sizeof(text), "%02" PRIu64 ":%02" PRIu64 ":%05.3f H:M:S", minutes / 60, minutes % 60, seconds);
  }
  return text;
}

std::map<std::string, uint64_t> ThreadStatus::InterpretOperationProperties(OperationType op_type,
                                                                           const uint64_t* op_properties) {
  std::map<std::string, uint64_t> properties;
  for (int i = 0; i < PropertyCount(op_type); ++i) {
    const uint64_t value = op_properties[i];
    if (op_type == OP_COMPACTION && i == COMPACTION_INPUT_OUTPUT_LEVEL) {
      properties["BaseInputLevel"] = value >> 32;
      properties["OutputLevel"] = value & 0xffffffff;
    } else if (op_type == OP_COMPACTION && i == COMPACTION_PROP_FLAGS) {
      properties["IsManual"] = (value >> 1) & 1;
      properties["IsDeletion"] = (value >> 2) & 1;
      properties["IsTrivialMove"] = (value >> 3) & 1;
    } else {
      properties[GetOperationPropertyName(op_type, i)] = value;
    }
  }
  return properties;
}

struct ThreadStatusUpdater::Entry {
  ThreadStatusUpdater* owner;
  ThreadStatus::ThreadType type;
  uint64_t thread_id;
  ThreadStatus::OperationType operation = ThreadStatus::OP_UNKNOWN;
  ThreadStatus::OperationStage stage = ThreadStatus::STAGE_UNKNOWN;
  uint64_t started_us = 0;
  uint64_t properties[ThreadStatus::kNumOperationProperties] = {};
  std::string db_name;
  std::string cf_name;
};

namespace {
thread_local void* this_thread_entry = nullptr;
}  // namespace

ThreadStatusUpdater::Entry* ThreadStatusUpdater::Mine() {
  auto* const entry = static_cast<Entry*>(this_thread_entry);
  return entry != nullptr && entry->owner == this ? entry : nullptr;
}

void ThreadStatusUpdater::RegisterThread(ThreadStatus::ThreadType type, uint64_t thread_id) {
  if (this_thread_entry != nullptr) return;
  auto* const entry = new Entry{.owner = this, .type = type, .thread_id = thread_id};
  this_thread_entry = entry;
  gneiss::MutexLock lock(&mutex_);
  entries_.insert(entry);
}

void ThreadStatusUpdater::UnregisterThread() {
  std::unique_ptr<Entry> entry;
  gneiss::MutexLock lock(&mutex_);
  entry.reset(Mine());
  if (entry == nullptr) return;
  entries_.erase(entry.get());
  this_thread_entry = nullptr;
}

void ThreadStatusUpdater::BeginOperation(ThreadStatus::OperationType operation, const std::string& db_name,
                                         const std::string& cf_name) {
  const uint64_t now_us = SystemClock::Default()->NowMicros();
  gneiss::MutexLock lock(&mutex_);
  Entry* const entry = Mine();
  if (entry == nullptr) return;
  entry->operation = operation;
  entry->stage = ThreadStatus::STAGE_UNKNOWN;
  entry->started_us = now_us;
  entry->db_name = db_name;
  entry->cf_name = cf_name;
  std::fill(std::begin(entry->properties), std::end(entry->properties), 0);
}

void ThreadStatusUpdater::SetStage(ThreadStatus::OperationStage stage) {
  gneiss::MutexLock lock(&mutex_);
  if (Entry* const entry = Mine()) entry->stage = stage;
}

void ThreadStatusUpdater::SetProperty(int property, uint64_t value) {
  if (property < 0 || property >= ThreadStatus::kNumOperationProperties) return;
  gneiss::MutexLock lock(&mutex_);
  if (Entry* const entry = Mine()) entry->properties[property] = value;
}

void ThreadStatusUpdater::EndOperation() {
  gneiss::MutexLock lock(&mutex_);
  Entry* const entry = Mine();
  if (entry == nullptr) return;
  *entry = Entry{.owner = this, .type = entry->type, .thread_id = entry->thread_id};
}

Status ThreadStatusUpdater::GetThreadList(std::vector<ThreadStatus>* threads) {
  const uint64_t now_us = SystemClock::Default()->NowMicros();
  threads->clear();
  gneiss::MutexLock lock(&mutex_);
  for (const Entry* entry : entries_) {
    const bool is_busy = entry->operation != ThreadStatus::OP_UNKNOWN;
    const uint64_t elapsed_us = is_busy && now_us > entry->started_us ? now_us - entry->started_us : 0;
    threads->emplace_back(entry->thread_id, entry->type, entry->db_name, entry->cf_name, entry->operation, elapsed_us,
                          entry->stage, entry->properties, ThreadStatus::STATE_UNKNOWN);
  }
  return Status::OK();
}

}  // namespace rocksdb
