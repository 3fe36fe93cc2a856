// Helpers for the tests of this folder: a directory of real tables, and their metadata.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/check.h"
#include "engine/base/hash.h"
#include "engine/base/random.h"
#include "engine/io/file_name.h"
#include "engine/memtable/filter.h"
#include "engine/table/table_writer.h"
#include "engine/version/version.h"

namespace gneiss {

inline uint64_t TestSeed() {
  const char* given = std::getenv("GNEISS_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 20260809;
  std::cout << "GNEISS_SEED=" << seed << "\n";
  return seed;
}

// The reverse of bytewise, but through the door of a user's order.
class BackwardOrder final : public UserOrder {
 public:
  const char* Name() const override { return "test.Backward"; }
  int Compare(Slice a, Slice b) const override { return b.compare(a); }
  void FindShortestSeparator(std::string* /*start*/, Slice /*limit*/) const override {}
  void FindShortSuccessor(std::string* /*key*/) const override {}
};

struct Entry {
  std::string user_key;
  SeqNo seq = 0;
  Kind kind = Kind::kPut;
  std::string value;  // of a range delete: its end
};

class TempDir {
 public:
  TempDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gneiss_version_XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Metadata without a file, for tests of structure.
inline TableMeta MetaOf(uint64_t number, Slice smallest, Slice largest, SeqNo smallest_seq = 1, SeqNo largest_seq = 2) {
  TableMeta meta;
  meta.number = number;
  meta.file_bytes = 1000 + number;
  meta.smallest = InternalKey(smallest, largest_seq, Kind::kPut);
  meta.largest = InternalKey(largest, smallest_seq, Kind::kPut);
  meta.smallest_seq = smallest_seq;
  meta.largest_seq = largest_seq;
  return meta;
}

// Writes tables into a directory and opens them.
class TestTables {
 public:
  explicit TestTables(KeyOrder order = KeyOrder::Bytewise(), std::shared_ptr<Cache> open_tables = nullptr)
      : order_(order), open_tables_(std::move(open_tables)) {
    TableOpener::Config config;
    config.fs = FileSystem::Posix();
    config.paths = {dir_.path()};
    config.read.order = order_;
    config.read.block_cache = NewCache({.capacity_bytes = 64 << 10});
    config.open_tables = open_tables_;
    config.column_family_tag = 7;
    opener_ = std::make_shared<const TableOpener>(std::move(config));
  }

  const KeyOrder& order() const { return order_; }
  const std::string& dir() const { return dir_.path(); }
  const std::shared_ptr<const TableOpener>& opener() const { return opener_; }
  Version::MakeTable Maker() const {
    return [this](const TableMeta& meta) {
      auto table = std::make_shared<TableFile>(meta, opener_, reaper);
      if (has_key_filters) table->SetKeyFilter(key_filters_.at(meta.number));
      return table;
    };
  }

  // A table of these entries, in any order; its bounds are widened by range deletes as RocksDB does.
  TableMeta Write(uint64_t number, std::vector<Entry> entries) const {
    std::sort(entries.begin(), entries.end(), [this](const Entry& a, const Entry& b) { return Before(a, b); });
    std::unique_ptr<WritableFile> file;
    GNEISS_CHECK(FileSystem::Posix()->Create(TableName(dir_.path(), number), FileOptions(), &file).ok());
    TableWriteConfig config;
    config.order = order_;
    config.comparator_name = order_.Name();
    config.format.block_bytes = 256;
    config.file_number = number;
    TableWriter writer(config, file.get());
    auto filter = std::make_shared<MemtableFilter>(1 << 20);
    TableMeta meta;
    meta.number = number;
    meta.smallest_seq = kSeqMax;
    for (const Entry& entry : entries) {
      const InternalKey key(entry.user_key, entry.seq, entry.kind);
      GNEISS_CHECK(writer.Add(key.Encode(), entry.value).ok());
      if (entry.kind != Kind::kRangeDelete) filter->Add(Xxph3(entry.user_key), false);
      Widen(&meta, key, entry);
    }
    GNEISS_CHECK(writer.Finish().ok());
    GNEISS_CHECK(file->Close().ok());
    meta.file_bytes = writer.FileBytes();
    key_filters_[number] = std::move(filter);
    return meta;
  }

  std::shared_ptr<FileReaper> reaper;
  bool has_key_filters = false;  // tables made from now on get one

 private:
  bool Before(const Entry& a, const Entry& b) const {
    return order_.CompareInternal(InternalKey(a.user_key, a.seq, a.kind).Encode(),
                                  InternalKey(b.user_key, b.seq, b.kind).Encode()) < 0;
  }
  void Widen(TableMeta* meta, const InternalKey& key, const Entry& entry) const {
    const InternalKey end =
        entry.kind == Kind::kRangeDelete ? InternalKey(entry.value, kSeqMax, Kind::kRangeDelete) : key;
    if (meta->smallest.empty() || order_.CompareInternal(key.Encode(), meta->smallest.Encode()) < 0)
      meta->smallest = key;
    if (meta->largest.empty() || order_.CompareInternal(end.Encode(), meta->largest.Encode()) > 0) meta->largest = end;
    meta->smallest_seq = std::min(meta->smallest_seq, entry.seq);
    meta->largest_seq = std::max(meta->largest_seq, entry.seq);
  }

  const KeyOrder order_;
  const std::shared_ptr<Cache> open_tables_;
  TempDir dir_;
  std::shared_ptr<const TableOpener> opener_;
  mutable std::map<uint64_t, std::shared_ptr<const MemtableFilter>> key_filters_;  // by number
};

}  // namespace gneiss
