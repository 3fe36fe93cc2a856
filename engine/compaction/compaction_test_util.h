// What the tests of this folder share: entries in a vector, an operator that appends, tables that exist only in a
// manifest.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/random.h"
#include "engine/compaction/choose.h"
#include "engine/compaction/table_span.h"
#include "engine/iter/internal_iterator.h"
#include "engine/key/key_order.h"
#include "engine/key/merge_operator.h"
#include "engine/version/version.h"

namespace gneiss {

// A seed that a failing run can be repeated with.
inline uint64_t TestSeed() {
  const char* given = std::getenv("GNEISS_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : Clock::System()->NowNanos();
  std::printf("GNEISS_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

struct TestEntry {
  std::string user_key;
  SeqNo seq = 0;
  Kind kind = Kind::kPut;
  std::string value;

  InternalKey key() const { return InternalKey(user_key, seq, kind); }
  bool operator==(const TestEntry&) const = default;
};
using TestEntries = std::vector<TestEntry>;

inline void PrintTo(const TestEntry& entry, std::ostream* out) {
  static constexpr const char* kNames[] = {"DEL", "PUT", "MERGE"};
  const auto kind = static_cast<size_t>(entry.kind);
  *out << entry.user_key << '@' << entry.seq << ' ' << (kind < 3 ? kNames[kind] : std::to_string(kind)) << ' '
       << entry.value;
}

inline void Sort(const KeyOrder& order, TestEntries* entries) {
  std::sort(entries->begin(), entries->end(), [&order](const TestEntry& a, const TestEntry& b) {
    return order.CompareInternal(a.key().Encode(), b.key().Encode()) < 0;
  });
}

// Its keys and values move at every step, so that a borrowed slice held too long is noticed.
class VectorIterator : public InternalIterator {
 public:
  VectorIterator(const KeyOrder& order, TestEntries sorted, Status end_status = Status::Ok())
      : order_(order), entries_(std::move(sorted)), end_status_(std::move(end_status)) {}

  bool Valid() const override { return at_ < entries_.size(); }
  void SeekToFirst() override { MoveTo(0); }
  void SeekToLast() override { MoveTo(entries_.empty() ? 0 : entries_.size() - 1); }
  void Seek(Slice internal_key) override {
    size_t at = 0;
    while (at < entries_.size() && order_.CompareInternal(entries_[at].key().Encode(), internal_key) < 0) ++at;
    MoveTo(at);
  }
  void SeekForPrev(Slice /*internal_key*/) override { MoveTo(entries_.size()); }
  void Next() override { MoveTo(at_ + 1); }
  void Prev() override { MoveTo(at_ == 0 ? entries_.size() : at_ - 1); }
  Slice key() const override { return *key_; }
  Slice value() const override { return *value_; }
  Status status() const override { return Valid() ? Status::Ok() : end_status_; }

 private:
  void MoveTo(size_t at) {
    at_ = at;
    if (!Valid()) return;
    key_ = std::make_unique<std::string>(entries_[at].key().Encode());
    value_ = std::make_unique<std::string>(entries_[at].value);
  }

  const KeyOrder order_;
  const TestEntries entries_;
  const Status end_status_;
  size_t at_ = SIZE_MAX;
  std::unique_ptr<std::string> key_;
  std::unique_ptr<std::string> value_;
};

// Joins values with commas. Operands that are "bad" cannot be merged.
class AppendOperator : public MergeOperator {
 public:
  explicit AppendOperator(bool has_partial) : has_partial_(has_partial) {}
  const char* Name() const override { return "AppendOperator"; }
  bool FullMerge(Slice /*user_key*/, const Slice* base, const std::vector<Slice>& operands,
                 std::string* result) const override {
    if (base != nullptr) result->assign(*base);
    for (size_t i = 0; i < operands.size(); ++i) {
      if (operands[i] == "bad") return false;
      if (i > 0 || base != nullptr) result->push_back(',');
      result->append(operands[i]);
    }
    return true;
  }
  bool PartialMerge(Slice user_key, const std::vector<Slice>& operands, std::string* result) const override {
    return has_partial_ && FullMerge(user_key, nullptr, operands, result);
  }

 private:
  const bool has_partial_;
};

// Builds Versions whose tables exist only by their meta.
class TestVersions {
 public:
  explicit TestVersions(int level_count, KeyOrder order = KeyOrder::Bytewise())
      : opener_(std::make_shared<TableOpener>(TableOpener::Config{})),
        version_(std::make_shared<Version>(order, level_count)) {}

  static constexpr uint64_t kMiB = uint64_t{1} << 20;

  // Level 0: the table becomes the newest.
  TableMeta& Add(int level, const std::string& smallest, const std::string& largest, uint64_t bytes = kMiB) {
    TableMeta meta;
    meta.number = ++last_number_;
    meta.file_bytes = bytes;
    meta.smallest_seq = meta.number * 100;
    meta.largest_seq = meta.number * 100 + 50;
    meta.smallest = InternalKey(smallest, meta.largest_seq, Kind::kPut);
    meta.largest = InternalKey(largest, meta.smallest_seq, Kind::kPut);
    edit_.added_tables.emplace_back(level, std::move(meta));
    return edit_.added_tables.back().second;
  }
  void Delete(int level, uint64_t number) { edit_.deleted_tables.emplace_back(level, number); }

  // Applies what was added and deleted since the last call, or an edit made by a choice.
  const Version& Build() {
    Apply(std::exchange(edit_, {}));
    return *version_;
  }
  void Apply(const VersionEdit& edit) {
    VersionPtr next;
    const Status status = version_->Apply(
        edit, [this](const TableMeta& meta) { return std::make_shared<TableFile>(meta, opener_, nullptr); }, &next);
    if (!status.ok()) {
      std::fprintf(stderr, "%s\n", status.ToString().c_str());
      std::abort();
    }
    version_ = next;
  }

  const VersionPtr& version() const { return version_; }
  uint64_t NewNumber() { return ++last_number_; }
  TableFilePtr Find(uint64_t number) const {
    TableFilePtr found;
    for (int level = 0; level < version_->LevelCount(); ++level) {
      version_->level(level).ForEachTable([&](const TableFilePtr& table) {
        if (table->meta().number == number) found = table;
      });
    }
    return found;
  }

 private:
  const std::shared_ptr<const TableOpener> opener_;
  VersionPtr version_;
  VersionEdit edit_;
  uint64_t last_number_ = 0;
};

}  // namespace gneiss
