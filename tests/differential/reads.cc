// Reads of single keys.

#include <rocksdb/comparator.h>
#include <rocksdb/merge_operator.h>

#include <algorithm>

#include "session.h"

namespace differential {

namespace {

std::string Shown(const WideColumns& columns) {
  std::string text;
  for (const WideColumn& column : columns) text += column.name().ToString() + ":" + column.value().ToString() + ";";
  return text;
}

}  // namespace

// What ReadOptions point to is the caller's; a timestamp is added by those who keep one.
ReadOptions Session::DrawReadOptions() {
  ReadOptions options;
  if (!snapshots_.empty() && OneIn(2)) {
    auto chosen = snapshots_.begin();
    std::advance(chosen, static_cast<long>(Draw(snapshots_.size())));
    options.snapshot = chosen->second;
  }
  options.fill_cache = !OneIn(4);
  options.verify_checksums = !OneIn(4);
  options.async_io = OneIn(8);
  options.optimize_multiget_for_io = OneIn(2);
  options.readahead_size = OneIn(8) ? 4096 : 0;
  options.adaptive_readahead = OneIn(8);
  options.background_purge_on_iterator_cleanup = OneIn(8);
  // Which tables there are is no contract, but that all of them or none are asked. Where files were dropped or taken in
  // since a snapshot, this library reads it from the memtables of that time, RocksDB from the tables made of them.
  if (IsArranged() && OneIn(10)) {
    const bool is_wanted = OneIn(2) || options.snapshot != nullptr;
    options.table_filter = [is_wanted](const TableProperties&) { return is_wanted; };
  }
  return options;
}

void Session::GetOne() {
  Family& family = DrawFamily();
  const std::string key = OneIn(8) ? DrawSingle() : DrawKey();
  ReadOptions options = DrawReadOptions();
  if (IsTimed()) {
    const std::string time = Timestamp(OneIn(2) ? time_ : Draw(time_ + 2));
    const Slice time_slice(time);
    options.timestamp = &time_slice;
    std::string value, version;
    const Status status = db_->Get(options, family.handle, key, &value, &version);
    return Say("get " + key, status.ok() ? value + " " + ShownTime(version) : status.ToString());
  }
  if (IsArranged() && OneIn(20)) options.read_tier = kPersistedTier;
  if (OneIn(2)) {
    std::string value;
    const Status status = db_->Get(options, family.handle, key, &value);
    return Say("get " + key, status.ok() ? value : status.ToString());
  }
  PinnableSlice value;
  const Status status = db_->Get(options, family.handle, key, &value);
  Say("get " + key, status.ok() ? value.ToString() : status.ToString());
  // It may say yes where there is nothing, but never no where there is something.
  std::string maybe;
  if (status.ok() && options.read_tier == kReadAllTier && !has_blobs_) {
    Say("may exist " + key, std::to_string(db_->KeyMayExist(options, family.handle, key, &maybe)));
  }
}

void Session::GetEntityOrOperands() {
  Family& family = DrawFamily();
  const std::string key = DrawKey();
  const ReadOptions options = DrawReadOptions();
  if (has_entities_ && OneIn(2)) {
    if (has_blobs_) return;  // what RocksDB shows of a blob is garbage
    PinnableWideColumns columns;
    const Status status = db_->GetEntity(options, family.handle, key, &columns);
    return Say("get entity " + key, status.ok() ? Shown(columns.columns()) : status.ToString());
  }
  // How many there are depends on what was folded, but joined they are the value, where that is what merging does.
  const Slice name = family.options.merge_operator == nullptr ? "" : family.options.merge_operator->Name();
  if (!name.starts_with("StringAppend")) return;
  GetMergeOperandsOptions limit;
  limit.expected_max_number_of_operands = 200;
  std::vector<PinnableSlice> operands(200);
  int count = 0;
  const Status status = db_->GetMergeOperands(options, family.handle, key, operands.data(), &limit, &count);
  std::string text = status.IsNotSupported() ? "not for wide columns" : status.ToString();
  if (status.ok()) {
    for (int i = 0; i < count; ++i) text += "," + operands[static_cast<size_t>(i)].ToString();
  }
  Say("merge operands " + key, text);
}

void Session::GetMany() {
  Family& family = DrawFamily();
  std::vector<std::string> keys;
  for (uint64_t i = 0, count = 1 + Draw(40); i < count; ++i) keys.push_back(OneIn(8) ? DrawSingle() : DrawKey());
  const bool is_sorted = OneIn(3);
  if (is_sorted) {
    const Comparator* const order = family.options.comparator;
    std::sort(keys.begin(), keys.end(), [&](const std::string& a, const std::string& b) {
      return order->CompareWithoutTimestamp(a, false, b, false) < 0;
    });
  }
  const std::vector<Slice> slices(keys.begin(), keys.end());
  std::vector<PinnableSlice> values(keys.size());
  std::vector<Status> statuses(keys.size());
  ReadOptions options = DrawReadOptions();
  std::vector<std::string> times(keys.size());
  if (IsTimed()) {
    // RocksDB's MultiGet does not look at the start of history.
    const std::string time = Timestamp(OneIn(2) ? time_ : std::max(history_start_, Draw(time_ + 2)));
    const Slice time_slice(time);
    options.timestamp = &time_slice;
    db_->MultiGet(options, family.handle, keys.size(), slices.data(), values.data(), times.data(), statuses.data(),
                  is_sorted);
  } else {
    db_->MultiGet(options, family.handle, keys.size(), slices.data(), values.data(), statuses.data(), is_sorted);
  }
  std::string text;
  for (size_t i = 0; i < keys.size(); ++i) {
    text += keys[i] + "=" + (statuses[i].ok() ? values[i].ToString() : statuses[i].ToString()) + " " +
            (statuses[i].ok() ? ShownTime(times[i]) : "");
  }
  Say("multiget", text);
}

void Session::GetManyOfFamilies() {
  std::vector<std::string> keys;
  std::vector<ColumnFamilyHandle*> handles;
  for (uint64_t i = 0, count = 1 + Draw(20); i < count; ++i) {
    keys.push_back(DrawKey());
    handles.push_back(DrawFamily().handle);
  }
  const std::vector<Slice> slices(keys.begin(), keys.end());
  std::string text;
  if (OneIn(3)) {
    std::vector<std::string> values;
    const std::vector<Status> statuses = db_->MultiGet(DrawReadOptions(), handles, slices, &values);
    for (size_t i = 0; i < keys.size(); ++i) text += (statuses[i].ok() ? values[i] : statuses[i].ToString()) + " ";
  } else {
    std::vector<PinnableSlice> values(keys.size());
    std::vector<Status> statuses(keys.size());
    db_->MultiGet(DrawReadOptions(), keys.size(), handles.data(), slices.data(), values.data(), statuses.data());
    for (size_t i = 0; i < keys.size(); ++i) {
      text += (statuses[i].ok() ? values[i].ToString() : statuses[i].ToString()) + " ";
    }
  }
  Say("multiget of families", text);
}

}  // namespace differential
