#include "tests/conformance/db_test.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace gneiss::conformance {

DbTest::DbTest() : path_(directory_.path() + "/db") {
  options_.create_if_missing = true;
  options_.create_missing_column_families = true;
  options_.write_buffer_size = 1 << 20;
}

Status DbTest::TryOpen() {
  std::vector<ColumnFamilyDescriptor> families = {{kDefaultColumnFamilyName, options_}};
  for (const std::string& name : family_names_) families.emplace_back(name, options_);
  DB* db = nullptr;
  const Status status = DB::Open(options_, path_, families, &handles_, &db);
  db_.reset(db);
  return status;
}

void DbTest::Open() { ASSERT_OK(TryOpen()); }

void DbTest::OpenWith(const std::vector<std::string>& more_families) {
  family_names_ = more_families;
  Open();
}

void DbTest::Close() {
  if (db_ == nullptr) return;
  for (ColumnFamilyHandle* handle : handles_) EXPECT_OK(db_->DestroyColumnFamilyHandle(handle));
  handles_.clear();
  db_.reset();
}

void DbTest::Reopen() {
  Close();
  Open();
}

void DbTest::CreateFamily(const std::string& name, const ColumnFamilyOptions& options) {
  ColumnFamilyHandle* handle = nullptr;
  ASSERT_OK(db_->CreateColumnFamily(options, name, &handle));
  handles_.push_back(handle);
}

void DbTest::PutKeys(int first, int last, const std::string& value) {
  for (int i = first; i <= last; ++i) ASSERT_OK(Put(Key(i), value));
}

std::string DbTest::Get(const ReadOptions& options, const std::string& key, size_t family) {
  std::string value;
  const Status status = db_->Get(options, handles_[family], key, &value);
  if (status.ok()) return value;
  return status.IsNotFound() ? "(none)" : status.ToString();
}

std::string DbTest::GetAt(const Snapshot* snapshot, const std::string& key, size_t family) {
  ReadOptions options = read_options_;
  options.snapshot = snapshot;
  return Get(options, key, family);
}

namespace {

void AppendEntry(const Iterator& iterator, std::string* text) {
  if (!text->empty()) text->append(" ");
  text->append(iterator.key().ToString()).append("=").append(iterator.value().ToString());
}

void AppendStatus(const Iterator& iterator, std::string* text) {
  if (!iterator.status().ok()) text->append(" ").append(iterator.status().ToString());
}

}  // namespace

std::string DbTest::Scan(const ReadOptions& options, size_t family) {
  const std::unique_ptr<Iterator> iterator = NewIterator(options, family);
  std::string text;
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) AppendEntry(*iterator, &text);
  AppendStatus(*iterator, &text);
  return text;
}

std::string DbTest::ScanBack(const ReadOptions& options, size_t family) {
  const std::unique_ptr<Iterator> iterator = NewIterator(options, family);
  std::string text;
  for (iterator->SeekToLast(); iterator->Valid(); iterator->Prev()) AppendEntry(*iterator, &text);
  AppendStatus(*iterator, &text);
  return text;
}

void DbTest::PutTable(const std::vector<std::pair<std::string, std::string>>& entries, size_t family) {
  for (const auto& [key, value] : entries) ASSERT_OK(Put(key, value, family));
  Flush(family);
}

std::string DbTest::Property(const std::string& name, size_t family) {
  std::string value;
  EXPECT_TRUE(db_->GetProperty(handles_[family], name, &value)) << name;
  return value;
}

uint64_t DbTest::IntProperty(const std::string& name, size_t family) {
  uint64_t value = 0;
  EXPECT_TRUE(db_->GetIntProperty(handles_[family], name, &value)) << name;
  return value;
}

int DbTest::FilesAt(int level, size_t family) {
  return std::stoi(Property(DB::Properties::kNumFilesAtLevelPrefix + std::to_string(level), family));
}

std::string DbTest::Levels(size_t family) {
  std::string text;
  size_t length = 0;
  for (int level = 0; level < db_->NumberLevels(handles_[family]); ++level) {
    const int files = FilesAt(level, family);
    text.append(level == 0 ? "" : ",").append(std::to_string(files));
    if (files > 0) length = text.size();
  }
  return text.substr(0, length);
}

std::vector<std::string> DbTest::FilesEndingIn(const std::string& suffix) const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path_)) {
    const std::string name = entry.path().filename().string();
    if (name.size() >= suffix.size() && name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0) {
      names.push_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string DbTest::ReadFile(const std::string& name) const {
  std::ifstream file(path_ + "/" + name, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string At(const Iterator& iterator) {
  if (iterator.Valid()) return iterator.key().ToString() + "=" + iterator.value().ToString();
  return iterator.status().ok() ? "(end)" : iterator.status().ToString();
}

}  // namespace gneiss::conformance
