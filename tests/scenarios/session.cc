#include "tests/scenarios/session.h"

#include <rocksdb/convenience.h>
#include <rocksdb/write_batch.h>

#include <set>
#include <stdexcept>
#include <utility>

namespace gneiss::scenario {

using rocksdb::Status;

namespace {

std::string AnswerOf(const Status& status) { return status.ok() ? "ok" : status.ToString(); }

std::pair<std::string, std::string> SplitAt(const std::string& word, const std::string& divider) {
  const size_t at = word.find(divider);
  if (at == std::string::npos) throw std::invalid_argument("no '" + divider + "' in " + word);
  return {word.substr(0, at), word.substr(at + divider.size())};
}

std::pair<std::string, std::string> RangeOf(const Command& command) {
  if (command.words.empty()) return {};
  auto [from, to] = SplitAt(command.words.at(0), "..");
  return {from.empty() ? from : BytesOf(from), to.empty() ? to : BytesOf(to)};
}

std::string Pair(const rocksdb::Iterator& iterator) {
  return WrittenForm(iterator.key().ToStringView()) + "=" + WrittenForm(iterator.value().ToStringView());
}

}  // namespace

Session::Session(std::string dir) : dir_(std::move(dir)) {
  db_options_.create_if_missing = true;
  family_options_.disable_auto_compactions = true;
}

Session::~Session() { Close(); }

std::string Session::Run(const Command& command) {
  static const std::set<std::string> kWrites = {"put", "merge", "delete", "single-delete", "delete-range", "batch"};
  static const std::set<std::string> kAdmin = {"options", "open", "reopen", "close", "destroy"};
  if (kAdmin.contains(command.verb)) return RunAdmin(command);
  if (db_ == nullptr) {
    const Status status = Open();
    if (!status.ok()) return AnswerOf(status);
  }
  return kWrites.contains(command.verb) ? RunWrite(command) : RunRead(command);
}

std::string Session::RunAdmin(const Command& command) {
  if (command.verb == "options") return AnswerOf(SetOptions(command.words));
  Close();
  if (command.verb == "close") return "ok";
  if (command.verb == "destroy") return AnswerOf(rocksdb::DestroyDB(dir_, rocksdb::Options()));
  const Status status = SetOptions(command.words);
  return AnswerOf(status.ok() ? Open() : status);
}

Status Session::SetOptions(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    const auto [name, value] = SplitAt(word, "=");
    const std::unordered_map<std::string, std::string> one = {{name, value}};
    const rocksdb::ConfigOptions config;
    Status status = rocksdb::GetColumnFamilyOptionsFromMap(config, family_options_, one, &family_options_);
    if (!status.ok()) status = rocksdb::GetDBOptionsFromMap(config, db_options_, one, &db_options_);
    if (!status.ok()) return status;
  }
  return Status::OK();
}

Status Session::Open() {
  std::vector<std::string> names;
  if (!rocksdb::DB::ListColumnFamilies(db_options_, dir_, &names).ok()) names = {"default"};
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (const std::string& name : names) descriptors.emplace_back(name, family_options_);
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  const Status status = rocksdb::DB::Open(db_options_, dir_, descriptors, &handles, &db_);
  for (size_t i = 0; i < handles.size(); ++i) families_[names[i]] = handles[i];
  return status;
}

void Session::Close() {
  if (db_ == nullptr) return;
  for (const auto& [name, snapshot] : snapshots_) db_->ReleaseSnapshot(snapshot);
  for (const auto& [name, handle] : families_) db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  snapshots_.clear();
  families_.clear();
  delete db_;
  db_ = nullptr;
}

rocksdb::ColumnFamilyHandle* Session::HandleOf(const Command& command) {
  const auto found = families_.find(command.family);
  if (found == families_.end()) throw std::invalid_argument("no family " + command.family);
  return found->second;
}

Status Session::Append(const Command& command, rocksdb::WriteBatch* batch) {
  rocksdb::ColumnFamilyHandle* const family = HandleOf(command);
  for (const std::string& word : command.words) {
    Status status;
    if (command.verb == "delete") {
      status = batch->Delete(family, BytesOf(word));
    } else if (command.verb == "single-delete") {
      status = batch->SingleDelete(family, BytesOf(word));
    } else if (command.verb == "delete-range") {
      const auto [from, to] = SplitAt(word, "..");
      status = batch->DeleteRange(family, BytesOf(from), BytesOf(to));
    } else if (command.verb == "put" || command.verb == "merge") {
      const auto [key, value] = SplitAt(word, "=");
      status = command.verb == "put" ? batch->Put(family, BytesOf(key), BytesOf(value))
                                     : batch->Merge(family, BytesOf(key), BytesOf(value));
    } else {
      throw std::invalid_argument("not a write: " + command.verb);
    }
    if (!status.ok()) return status;
  }
  return Status::OK();
}

Status Session::RunBatch(const Command& command) {
  rocksdb::WriteBatch batch;
  std::string part;
  std::vector<std::string> words = command.words;
  words.push_back(",");
  for (const std::string& word : words) {
    if (word != ",") {
      part += word + " ";
      continue;
    }
    const Status status = Append(ParseCommand(part), &batch);
    if (!status.ok()) return status;
    part.clear();
  }
  return db_->Write({}, &batch);
}

std::string Session::RunWrite(const Command& command) {
  if (command.verb == "batch") return AnswerOf(RunBatch(command));
  for (const std::string& word : command.words) {
    Command one = command;
    one.words = {word};
    rocksdb::WriteBatch batch;
    Status status = Append(one, &batch);
    if (status.ok()) status = db_->Write({}, &batch);
    if (!status.ok()) return AnswerOf(status);
  }
  return "ok";
}

std::string Session::RunRead(const Command& command) {
  if (command.verb == "family") return Family(command);
  if (command.verb == "flush") return AnswerOf(db_->Flush({}, HandleOf(command)));
  if (command.verb == "scan") return Scan(command, false);
  if (command.verb == "rscan") return Scan(command, true);
  if (command.verb == "seek") return Seek(command, false);
  if (command.verb == "seek-back") return Seek(command, true);
  if (command.verb == "multi-get") return MultiGet(command);
  if (command.verb == "levels") return Levels(command);
  if (command.verb == "snapshot") {
    snapshots_[command.words.at(0)] = db_->GetSnapshot();
    return "ok";
  }
  if (command.verb == "release") {
    db_->ReleaseSnapshot(snapshots_.at(command.words.at(0)));
    snapshots_.erase(command.words.at(0));
    return "ok";
  }
  if (command.verb == "compact") {
    const auto [from, to] = RangeOf(command);
    const rocksdb::Slice begin(from), end(to);
    return AnswerOf(
        db_->CompactRange({}, HandleOf(command), from.empty() ? nullptr : &begin, to.empty() ? nullptr : &end));
  }
  if (command.verb == "get") {
    std::string value;
    const Status status = db_->Get(ReadOptionsOf(command), HandleOf(command), BytesOf(command.words.at(0)), &value);
    if (status.IsNotFound()) return "(none)";
    return status.ok() ? WrittenForm(value) : status.ToString();
  }
  throw std::invalid_argument("unknown command " + command.verb);
}

std::string Session::Family(const Command& command) {
  const std::string& action = command.words.at(0);
  const std::string& name = command.words.at(1);
  if (action == "create") {
    rocksdb::ColumnFamilyHandle* handle = nullptr;
    const Status status = db_->CreateColumnFamily(family_options_, name, &handle);
    if (!status.ok()) return AnswerOf(status);
    // One of that name that was dropped could not be named any more.
    if (const auto dropped = families_.find(name); dropped != families_.end()) {
      db_->DestroyColumnFamilyHandle(dropped->second).PermitUncheckedError();
    }
    families_[name] = handle;
    return AnswerOf(status);
  }
  rocksdb::ColumnFamilyHandle* const handle = families_.at(name);
  if (action == "drop") return AnswerOf(db_->DropColumnFamily(handle));
  if (action != "release") throw std::invalid_argument("family " + action);
  families_.erase(name);
  return AnswerOf(db_->DestroyColumnFamilyHandle(handle));
}

rocksdb::ReadOptions Session::ReadOptionsOf(const Command& command) {
  rocksdb::ReadOptions options;
  if (!command.snapshot.empty()) options.snapshot = snapshots_.at(command.snapshot);
  return options;
}

std::string Session::Scan(const Command& command, bool is_backward) {
  const auto [from, to] = RangeOf(command);
  const rocksdb::Slice lower(from), upper(to);
  rocksdb::ReadOptions options = ReadOptionsOf(command);
  if (!from.empty()) options.iterate_lower_bound = &lower;
  if (!to.empty()) options.iterate_upper_bound = &upper;
  const std::unique_ptr<rocksdb::Iterator> iterator(db_->NewIterator(options, HandleOf(command)));
  std::string answer;
  if (is_backward) {
    for (iterator->SeekToLast(); iterator->Valid(); iterator->Prev()) answer += Pair(*iterator) + " ";
  } else {
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) answer += Pair(*iterator) + " ";
  }
  if (!iterator->status().ok()) return iterator->status().ToString();
  if (answer.empty()) return "(none)";
  answer.pop_back();
  return answer;
}

std::string Session::Seek(const Command& command, bool is_backward) {
  const std::unique_ptr<rocksdb::Iterator> iterator(db_->NewIterator(ReadOptionsOf(command), HandleOf(command)));
  const std::string key = BytesOf(command.words.at(0));
  if (is_backward) {
    iterator->SeekForPrev(key);
  } else {
    iterator->Seek(key);
  }
  if (!iterator->status().ok()) return iterator->status().ToString();
  return iterator->Valid() ? Pair(*iterator) : "(none)";
}

std::string Session::MultiGet(const Command& command) {
  std::vector<std::string> keys;
  for (const std::string& word : command.words) keys.push_back(BytesOf(word));
  const std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
  const std::vector<rocksdb::ColumnFamilyHandle*> families(keys.size(), HandleOf(command));
  std::vector<std::string> values;
  const std::vector<Status> statuses = db_->MultiGet(ReadOptionsOf(command), families, slices, &values);
  std::string answer;
  for (size_t i = 0; i < keys.size(); ++i) {
    answer += i == 0 ? "" : " ";
    answer += statuses[i].ok() ? WrittenForm(values[i]) : statuses[i].IsNotFound() ? "(none)" : statuses[i].ToString();
  }
  return answer;
}

std::string Session::Levels(const Command& command) {
  std::string answer;
  for (int level = 0; level < family_options_.num_levels; ++level) {
    const std::string digits = std::to_string(level);
    std::string count;
    if (!db_->GetProperty(HandleOf(command), rocksdb::DB::Properties::kNumFilesAtLevelPrefix + digits, &count)) {
      return "no such property";
    }
    if (count != "0") answer += (answer.empty() ? "L" : " L") + digits + ":" + count;
  }
  return answer.empty() ? "(none)" : answer;
}

}  // namespace gneiss::scenario
