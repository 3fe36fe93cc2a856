#include "tests/parity/check.h"

#include <algorithm>
#include <memory>

#include "tests/parity/operation.h"

namespace gneiss::parity {
namespace {

constexpr size_t kShownBytes = 60;

std::string Shown(const std::string& bytes) {
  const bool is_plain = std::all_of(bytes.begin(), bytes.end(), [](char c) { return c >= ' ' && c <= '~'; });
  const std::string text = is_plain ? bytes : "0x" + Hex(bytes);
  return text.size() <= kShownBytes ? text
                                    : text.substr(0, kShownBytes) + "...(" + std::to_string(bytes.size()) + " bytes)";
}

std::string ReadForward(rocksdb::Iterator* iterator, Pairs* pairs) {
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
    pairs->emplace_back(iterator->key().ToString(), iterator->value().ToString());
  }
  return iterator->status().ok() ? std::string() : "forward scan: " + iterator->status().ToString();
}

std::string CheckBackward(rocksdb::Iterator* iterator, const Pairs& pairs) {
  size_t left = pairs.size();
  for (iterator->SeekToLast(); iterator->Valid(); iterator->Prev()) {
    if (left == 0) return "backward scan finds more: " + Shown(iterator->key().ToString());
    --left;
    if (iterator->key() != pairs[left].first || iterator->value() != pairs[left].second) {
      return "backward scan finds " + Shown(iterator->key().ToString()) + "=" + Shown(iterator->value().ToString()) +
             ", forward " + Shown(pairs[left].first) + "=" + Shown(pairs[left].second);
    }
  }
  if (!iterator->status().ok()) return "backward scan: " + iterator->status().ToString();
  return left == 0 ? std::string() : "backward scan misses " + Shown(pairs[left - 1].first);
}

std::string DifferenceOf(const Family& family, const Pairs& found) {
  auto at = family.map.begin();
  for (const auto& [key, value] : found) {
    if (at == family.map.end() || family.map.key_comp()(key, at->first)) return "unexpected " + Shown(key);
    if (at->first != key) return "not found: " + Shown(at->first) + "=" + Shown(at->second);
    if (at->second != value) return Shown(key) + ": expected " + Shown(at->second) + ", found " + Shown(value);
    ++at;
  }
  return at == family.map.end() ? std::string() : "not found: " + Shown(at->first) + "=" + Shown(at->second);
}

std::string DifferenceOfGet(const Family& family, const std::string& key, const rocksdb::Status& status,
                            const std::string& found) {
  const auto expected = family.map.find(key);
  const std::string where = "family " + family.plan.name + ", get " + Shown(key) + ": ";
  if (!status.ok() && !status.IsNotFound()) return where + status.ToString();
  if (expected == family.map.end()) return status.IsNotFound() ? std::string() : where + "unexpected " + Shown(found);
  if (status.IsNotFound()) return where + "not found, expected " + Shown(expected->second);
  return found == expected->second ? std::string()
                                   : where + "expected " + Shown(expected->second) + ", found " + Shown(found);
}

rocksdb::ReadOptions DrawReadOptions(rocksdb::ColumnFamilyHandle* family, const rocksdb::Snapshot* snapshot,
                                     Dice* dice) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  options.timestamp = NewestTime(family);
  options.fill_cache = dice->Coin();
  options.verify_checksums = !dice->OneIn(4);
  options.optimize_multiget_for_io = dice->Coin();
  return options;
}

std::string CheckEntity(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* handle, const rocksdb::ReadOptions& options,
                        const Family& family, const std::string& key) {
  const auto expected = family.map.find(key);
  const std::string where = "family " + family.plan.name + ", entity " + Shown(key) + ": ";
  rocksdb::PinnableWideColumns found;
  const rocksdb::Status status = db->GetEntity(options, handle, key, &found);
  if (expected == family.map.end()) return status.IsNotFound() ? std::string() : where + status.ToString();
  if (!status.ok()) return where + status.ToString();
  const std::string other = EntityColumnValue(expected->second);
  const rocksdb::WideColumns columns = {{rocksdb::kDefaultWideColumnName, expected->second}, {kEntityColumn, other}};
  if (found.columns() == columns) return {};
  std::string shown;
  for (const rocksdb::WideColumn& column : found.columns()) {
    shown += " " + column.name().ToString() + "=" + Shown(column.value().ToString());
  }
  return where + "expected " + Shown(expected->second) + " and its column, found" + shown;
}

// Half of the keys exist, for reads of drawn keys mostly miss.
std::string DrawReadKey(const Family& family, Dice* dice) {
  std::string key = DrawKey(dice);
  if (dice->Coin() || family.map.empty()) return key;
  auto at = family.map.lower_bound(key);
  if (at == family.map.end()) at = family.map.begin();
  return at->first;
}

// The iterator against the map, both from the same place.
std::string Walk(rocksdb::Iterator* iterator, const Map& map, Map::const_iterator at, int steps, Dice* dice) {
  for (int i = 0; i < steps; ++i) {
    if (iterator->Valid() != (at != map.end())) {
      if (!iterator->status().ok()) return iterator->status().ToString();
      return iterator->Valid() ? "unexpected " + Shown(iterator->key().ToString()) : "not found: " + Shown(at->first);
    }
    if (at == map.end()) return {};
    if (iterator->key() != at->first) {
      return "found " + Shown(iterator->key().ToString()) + ", expected " + Shown(at->first);
    }
    if (iterator->value() != at->second) return "value of " + Shown(at->first);
    if (!dice->OneIn(4)) {
      iterator->Next();
      ++at;
    } else {
      iterator->Prev();
      at = at == map.begin() ? map.end() : std::prev(at);
    }
  }
  return {};
}

std::string CheckPrefix(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* handle, rocksdb::ReadOptions options,
                        const Family& family, const std::string& from) {
  const std::shared_ptr<const rocksdb::SliceTransform> extractor = db->GetOptions(handle).prefix_extractor;
  if (extractor == nullptr || !extractor->InDomain(from)) return {};
  const std::string prefix = extractor->Transform(from).ToString();
  const std::unique_ptr<rocksdb::Iterator> iterator(db->NewIterator(options, handle));
  iterator->Seek(from);
  for (auto at = family.map.lower_bound(from);
       at != family.map.end() && extractor->InDomain(at->first) && extractor->Transform(at->first) == prefix; ++at) {
    if (!iterator->Valid()) return "prefix scan misses " + Shown(at->first) + " " + iterator->status().ToString();
    if (iterator->key() != at->first || iterator->value() != at->second) {
      return "prefix scan finds " + Shown(iterator->key().ToString()) + ", expected " + Shown(at->first);
    }
    iterator->Next();
  }
  return iterator->status().ok() ? std::string() : "prefix scan: " + iterator->status().ToString();
}

}  // namespace

std::string ReadDump(rocksdb::DB* db, const Handles& handles, const rocksdb::Snapshot* snapshot, Dump* dump) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  options.total_order_seek = true;
  for (const auto& [name, handle] : handles) {
    options.timestamp = NewestTime(handle);
    Pairs& pairs = (*dump)[name];
    const std::unique_ptr<rocksdb::Iterator> iterator(db->NewIterator(options, handle));
    std::string wrong = ReadForward(iterator.get(), &pairs);
    if (wrong.empty()) wrong = CheckBackward(iterator.get(), pairs);
    if (!wrong.empty()) return "family " + name + ": " + wrong;
  }
  return {};
}

std::string Difference(const Model& model, const Dump& dump) {
  for (const auto& [name, pairs] : dump) {
    const Family* const family = model.Find(name);
    if (family == nullptr) return "unexpected family " + name;
    const std::string wrong = DifferenceOf(*family, pairs);
    if (!wrong.empty()) return "family " + name + ": " + wrong;
  }
  for (const Family& family : model.families) {
    if (!dump.contains(family.plan.name)) return "no family " + family.plan.name;
  }
  return {};
}

std::string CheckGets(rocksdb::DB* db, const Handles& handles, const rocksdb::Snapshot* snapshot, const Model& model,
                      int count, Dice* dice) {
  for (int i = 0; i < count; ++i) {
    const Family& family = DrawFamily(model, dice);
    const std::string key = DrawReadKey(family, dice);
    rocksdb::ColumnFamilyHandle* const handle = handles.at(family.plan.name);
    const rocksdb::ReadOptions options = DrawReadOptions(handle, snapshot, dice);
    rocksdb::PinnableSlice value;
    const rocksdb::Status status = db->Get(options, handle, key, &value);
    std::string wrong = DifferenceOfGet(family, key, status, value.ToString());
    // The reference's GetEntity crashes at the end of a merge and shows where a blob lies instead of the blob, so only
    // keys that hold nothing else are asked for.
    if (wrong.empty() && options.timestamp == nullptr && !model.is_for_tools && IsEntityKey(key)) {
      wrong = CheckEntity(db, handle, options, family, key);
    }
    if (!wrong.empty()) return wrong;
  }
  return {};
}

std::string CheckMultiGet(rocksdb::DB* db, const Handles& handles, const rocksdb::Snapshot* snapshot,
                          const Model& model, Dice* dice) {
  if (model.may_have_old_tables) return {};
  const size_t count = dice->Between(1, 40);
  std::vector<std::string> keys;
  std::vector<const Family*> families;
  std::vector<rocksdb::ColumnFamilyHandle*> in;
  for (size_t i = 0; i < count; ++i) {
    // Families with timestamps are not asked together with others.
    const Family& drawn = DrawFamily(model, dice);
    const bool fits = i == 0 || (drawn.plan.order == Order::kTimed) == (families[0]->plan.order == Order::kTimed);
    families.push_back(fits ? &drawn : families[0]);
    in.push_back(handles.at(families.back()->plan.name));
    keys.push_back(DrawReadKey(*families.back(), dice));
  }
  const std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
  std::vector<rocksdb::PinnableSlice> values(count);
  std::vector<rocksdb::Status> statuses(count);
  db->MultiGet(DrawReadOptions(in[0], snapshot, dice), count, in.data(), slices.data(), values.data(), statuses.data());
  for (size_t i = 0; i < count; ++i) {
    const std::string wrong = DifferenceOfGet(*families[i], keys[i], statuses[i], values[i].ToString());
    if (!wrong.empty()) return "MultiGet: " + wrong;
  }
  return {};
}

std::string CheckScan(rocksdb::DB* db, const Handles& handles, const rocksdb::Snapshot* snapshot, const Model& model,
                      bool is_prefix, Dice* dice) {
  const Family& family = DrawFamily(model, dice);
  const Map& map = family.map;
  rocksdb::ColumnFamilyHandle* const handle = handles.at(family.plan.name);
  rocksdb::ReadOptions options = DrawReadOptions(handle, snapshot, dice);
  options.pin_data = dice->OneIn(4);
  options.readahead_size = dice->OneIn(4) ? 4096 : 0;
  const std::string from = DrawReadKey(family, dice);
  const std::string where = "family " + family.plan.name + ", scan from " + Shown(from) + ": ";
  std::string wrong;
  if (is_prefix) {
    wrong = CheckPrefix(db, handle, options, family, from);
  } else {
    // The reference's iterators may show an old version with timestamps when they turn round.
    if (family.plan.order == Order::kTimed) return {};
    options.total_order_seek = true;
    const std::unique_ptr<rocksdb::Iterator> iterator(db->NewIterator(options, handle));
    iterator->Seek(from);
    wrong = Walk(iterator.get(), map, map.lower_bound(from), 40, dice);
    if (wrong.empty()) {
      iterator->SeekForPrev(from);
      const auto after = map.upper_bound(from);
      wrong = Walk(iterator.get(), map, after == map.begin() ? map.end() : std::prev(after), 40, dice);
    }
  }
  return wrong.empty() ? std::string() : where + wrong;
}

}  // namespace gneiss::parity
