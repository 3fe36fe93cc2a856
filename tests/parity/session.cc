#include "tests/parity/session.h"

#include <rocksdb/convenience.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <filesystem>

namespace gneiss::parity {
namespace {

constexpr int kDrawsMax = 400;
constexpr size_t kSnapshotsMax = 4;
constexpr uint64_t kUseOptions = 3;

std::string Told(const std::string& what, const rocksdb::Status& status) {
  return status.ok() ? std::string() : what + ": " + status.ToString();
}

// As the comparator with 64-bit timestamps has them: little-endian.
std::string TimeBytes(uint64_t time) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(time >> (8 * i));
  return bytes;
}

}  // namespace

void AddTo(rocksdb::WriteBatch* batch, const Entry& entry, rocksdb::ColumnFamilyHandle* handle) {
  const bool is_timed = handle->GetComparator()->timestamp_size() > 0;
  const std::string time = TimeBytes(entry.time);
  rocksdb::Status status;
  switch (entry.kind) {
    case Entry::Kind::kPut:
      status = is_timed ? batch->Put(handle, entry.key, time, entry.value) : batch->Put(handle, entry.key, entry.value);
      break;
    case Entry::Kind::kDelete:
      status = is_timed ? batch->Delete(handle, entry.key, time) : batch->Delete(handle, entry.key);
      break;
    case Entry::Kind::kSingleDelete:
      status = is_timed ? batch->SingleDelete(handle, entry.key, time) : batch->SingleDelete(handle, entry.key);
      break;
    case Entry::Kind::kMerge:
      status = batch->Merge(handle, entry.key, entry.value);
      break;
    case Entry::Kind::kDeleteRange:
      status = is_timed ? batch->DeleteRange(handle, entry.key, entry.value, time)
                        : batch->DeleteRange(handle, entry.key, entry.value);
      break;
    case Entry::Kind::kPutEntity: {
      const std::string other = EntityColumnValue(entry.value);
      status =
          batch->PutEntity(handle, entry.key, {{rocksdb::kDefaultWideColumnName, entry.value}, {kEntityColumn, other}});
      break;
    }
    case Entry::Kind::kLogData:
      status = batch->PutLogData(entry.key);
      break;
  }
  status.PermitUncheckedError();
}

Session::Session(std::string directory, uint64_t seed, uint64_t turn, TurnTraits traits, Features features)
    : directory_(std::move(directory)), seed_(seed), turn_(turn), traits_(traits), features_(features) {}

Session::~Session() { Close(); }

std::string Session::Open(const std::vector<Model>& candidates, bool is_after_kill) {
  std::vector<std::string> names;
  const bool is_new = !std::filesystem::exists(directory_ + "/CURRENT");
  if (is_new) {
    names = {rocksdb::kDefaultColumnFamilyName};
  } else {
    const rocksdb::Status listed = rocksdb::DB::ListColumnFamilies(rocksdb::DBOptions(), directory_, &names);
    if (!listed.ok()) return Told("ListColumnFamilies", listed);
  }
  // The plans of all families that may exist.
  Model shape = candidates.front();
  shape.families.clear();
  for (const std::string& name : names) {
    if (name == "___rocksdb_stats_history___") continue;
    const Family* family = nullptr;
    for (const Model& candidate : candidates) {
      if (family == nullptr) family = candidate.Find(name);
    }
    if (family == nullptr) return "unexpected family " + name;
    shape.families.emplace_back(family->plan);
  }
  Dice dice(SeedFor(seed_, turn_, kUseOptions, openings_++));
  rocksdb::Status status;
  for (int draw = 0; draw < kDrawsMax; ++draw) {
    const std::string wrong = OpenOnce(shape, names, is_after_kill, &dice, &status);
    // The reference answers Incomplete when its statistics family cannot be written at once.
    if (!status.IsNotSupported() && !status.IsIncomplete()) return wrong;
    ++refusals_;
  }
  return "every draw of options is refused, the last with " + status.ToString();
}

std::string Session::OpenOnce(const Model& shape, const std::vector<std::string>& names, bool is_after_kill, Dice* dice,
                              rocksdb::Status* status) {
  db_options_ = DrawDbOptions(dice, directory_, shape, traits_, features_, is_after_kill);
  family_options_.clear();
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (const Family& family : shape.families) {
    const rocksdb::ColumnFamilyOptions options =
        DrawFamilyOptions(dice, directory_, family.plan, features_, db_options_);
    family_options_[family.plan.name] = options;
    descriptors.emplace_back(family.plan.name, options);
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  *status = rocksdb::DB::Open(db_options_, directory_, descriptors, &handles, &db);
  if (!status->ok()) return Told("Open", *status);
  db_.reset(db);
  for (rocksdb::ColumnFamilyHandle* handle : handles) handles_[handle->GetName()] = handle;
  return {};
}

void Session::ReleaseSnapshots() {
  for (const Held& held : snapshots_) db_->ReleaseSnapshot(held.snapshot);
  snapshots_.clear();
}

std::string Session::Close() {
  if (db_ == nullptr) return {};
  ReleaseSnapshots();
  // The reference's Close passes over sealed memtables of families that have nothing newer: unlogged writes are lost.
  if (traits_.may_skip_wal) {
    rocksdb::FlushOptions options;
    options.allow_write_stall = true;
    std::vector<rocksdb::ColumnFamilyHandle*> all;
    for (const auto& [name, handle] : handles_) all.push_back(handle);
    const std::string wrong = Told("Flush before Close", db_->Flush(options, all));
    if (!wrong.empty()) return wrong;
  }
  for (const auto& [name, handle] : handles_) db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  handles_.clear();
  // Close does not write out the log's buffer; a manual flush is what its user owes.
  if (traits_.has_manual_wal_flush) {
    const std::string wrong = Told("FlushWAL before Close", db_->FlushWAL(false));
    if (!wrong.empty()) return wrong;
  }
  const std::string wrong = Told("Close", db_->Close());
  db_.reset();
  return wrong;
}

std::string Session::RunWrite(const Operation& operation) {
  rocksdb::WriteBatch batch;
  for (const Entry& entry : operation.entries) AddTo(&batch, entry, handles_.at(entry.family));
  rocksdb::WriteOptions options;
  options.sync = operation.is_sync;
  options.disableWAL = operation.is_without_wal;
  // A large batch trips over the reference's own rate limiter.
  options.low_pri = operation.seed % 7 == 0 && !traits_.has_large_values;
  if (operation.seed % 5 == 0) options.protection_bytes_per_key = 8;
  return Told("Write", db_->Write(options, &batch));
}

std::string Session::RunFlush(const Operation& operation) {
  rocksdb::FlushOptions options;
  options.allow_write_stall = true;
  options.wait = operation.seed % 4 != 0;
  std::vector<rocksdb::ColumnFamilyHandle*> which;
  for (const auto& [name, handle] : handles_) {
    if (operation.kind == Operation::Kind::kFlushAll || name == operation.family) which.push_back(handle);
  }
  const rocksdb::Status status = which.size() == 1 ? db_->Flush(options, which.front()) : db_->Flush(options, which);
  // So the reference says when earlier flushes, which nobody waited for, fill its memory.
  return status.IsTryAgain() ? std::string() : Told("Flush", status);
}

std::string Session::RunCompact(const Operation& operation) {
  Dice dice(operation.seed);
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = dice.Coin();
  options.allow_write_stall = true;
  options.max_subcompactions = static_cast<uint32_t>(dice.Below(3));
  options.bottommost_level_compaction =
      dice.Pick({rocksdb::BottommostLevelCompaction::kSkip, rocksdb::BottommostLevelCompaction::kForce,
                 rocksdb::BottommostLevelCompaction::kForceOptimized,
                 rocksdb::BottommostLevelCompaction::kIfHaveCompactionFilter});
  const rocksdb::Slice begin = operation.begin ? *operation.begin : rocksdb::Slice();
  const rocksdb::Slice end = operation.end ? *operation.end : rocksdb::Slice();
  return Told("CompactRange", db_->CompactRange(options, handles_.at(operation.family),
                                                operation.begin ? &begin : nullptr, operation.end ? &end : nullptr));
}

std::string Session::RunCreateFamily(const Operation& operation) {
  Dice dice(operation.seed);
  // Families come and go in the MANIFEST at once. What the log still holds back would be lost from in between.
  rocksdb::Status status = db_->FlushWAL(false);
  for (int draw = 0; draw < kDrawsMax; ++draw) {
    rocksdb::ColumnFamilyOptions options = DrawFamilyOptions(&dice, directory_, operation.plan, features_, db_options_);
    if (operation.plan.style == Style::kFifo && db_options_.max_open_files != -1) {
      options.compaction_style = rocksdb::kCompactionStyleUniversal;
    }
    rocksdb::ColumnFamilyHandle* handle = nullptr;
    status = db_->CreateColumnFamily(options, operation.plan.name, &handle);
    if (status.IsNotSupported()) {
      ++refusals_;
      continue;
    }
    if (!status.ok()) break;
    handles_[operation.plan.name] = handle;
    family_options_[operation.plan.name] = options;
    return {};
  }
  return Told("CreateColumnFamily " + operation.plan.name, status);
}

std::string Session::RunDropFamily(const Operation& operation) {
  const auto at = handles_.find(operation.family);
  rocksdb::Status status = db_->FlushWAL(false);  // as for a new family
  if (status.ok()) status = db_->DropColumnFamily(at->second);
  if (!status.ok()) return Told("DropColumnFamily", status);
  db_->DestroyColumnFamilyHandle(at->second).PermitUncheckedError();
  handles_.erase(at);
  for (Held& held : snapshots_) {
    std::erase_if(held.model.families, [&](const Family& family) { return family.plan.name == operation.family; });
  }
  return {};
}

std::string Session::RunSetOptions(const Operation& operation) {
  Dice dice(operation.seed);
  const std::unordered_map<std::string, std::string> choices[] = {
      {{"disable_auto_compactions", dice.Coin() ? "true" : "false"}},
      {{"write_buffer_size", std::to_string(dice.Pick({65536, 200'000}))}},
      {{"target_file_size_base", std::to_string(dice.Pick({8192, 65536}))}},
      {{"level0_file_num_compaction_trigger", std::to_string(dice.Between(2, 5))}},
      {{"compression", dice.Pick<const char*>({"kNoCompression", "kZSTD", "kSnappyCompression"})}},
      {{"block_based_table_factory",
        dice.Pick<const char*>({"{block_size=512}", "{block_size=8192;block_restart_interval=3}"})}},
  };
  const rocksdb::Status status =
      db_->SetOptions(handles_.at(operation.family), choices[dice.Below(std::size(choices))]);
  return status.IsNotSupported() ? std::string() : Told("SetOptions", status);
}

std::string Session::RunCheck(const Operation& operation, const Model& now) {
  Dice dice(operation.seed);
  const rocksdb::Snapshot* snapshot = nullptr;
  const Model* model = &now;
  if (!snapshots_.empty() && dice.Coin()) {
    const Held& held = dice.Pick(snapshots_);
    snapshot = held.snapshot;
    model = &held.model;
  }
  const std::string at = snapshot == nullptr ? "" : "at a snapshot: ";
  std::string wrong;
  switch (operation.kind) {
    case Operation::Kind::kGets:
      wrong = CheckGets(db_.get(), handles_, snapshot, *model, 10, &dice);
      break;
    case Operation::Kind::kMultiGet:
      wrong = CheckMultiGet(db_.get(), handles_, snapshot, *model, &dice);
      break;
    default:
      wrong = CheckScan(db_.get(), handles_, snapshot, *model, operation.kind == Operation::Kind::kPrefixScan, &dice);
      break;
  }
  return wrong.empty() ? wrong : at + wrong;
}

std::string Session::Run(const Operation& operation, const Model& before) {
  switch (operation.kind) {
    case Operation::Kind::kWrite:
      return RunWrite(operation);
    case Operation::Kind::kCreateFamily:
      return RunCreateFamily(operation);
    case Operation::Kind::kDropFamily:
      return RunDropFamily(operation);
    case Operation::Kind::kFlush:
    case Operation::Kind::kFlushAll:
      return RunFlush(operation);
    case Operation::Kind::kCompact:
      return RunCompact(operation);
    case Operation::Kind::kReopen: {
      const std::string wrong = Close();
      return wrong.empty() ? Open({before}, false) : wrong;
    }
    case Operation::Kind::kFlushWal:
      return Told("FlushWAL", db_->FlushWAL(operation.is_sync));
    case Operation::Kind::kSyncWal: {
      const rocksdb::Status status = db_->SyncWAL();
      return status.IsNotSupported() ? std::string() : Told("SyncWAL", status);
    }
    case Operation::Kind::kTakeSnapshot:
      if (snapshots_.size() < kSnapshotsMax) snapshots_.push_back({db_->GetSnapshot(), before});
      return {};
    case Operation::Kind::kReleaseSnapshot:
      if (!snapshots_.empty()) {
        const auto at = snapshots_.begin() + static_cast<std::ptrdiff_t>(operation.seed % snapshots_.size());
        db_->ReleaseSnapshot(at->snapshot);
        snapshots_.erase(at);
      }
      return {};
    case Operation::Kind::kSetOptions:
      return RunSetOptions(operation);
    case Operation::Kind::kVerifyChecksum:
      return Told("VerifyChecksum", db_->VerifyChecksum());
    default:
      return RunCheck(operation, before);
  }
}

std::string Session::OptionsText() const {
  rocksdb::ConfigOptions config;
  config.delimiter = "; ";
  std::string text, part;
  rocksdb::GetStringFromDBOptions(config, db_options_, &part).PermitUncheckedError();
  text = "database: " + part + "\n";
  for (const auto& [name, options] : family_options_) {
    rocksdb::GetStringFromColumnFamilyOptions(config, options, &part).PermitUncheckedError();
    text += "family " + name + ": " + part + "\n";
  }
  return text;
}

}  // namespace gneiss::parity
