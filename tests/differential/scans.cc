// Iterators of all kinds.

#include <rocksdb/comparator.h>
#include <rocksdb/slice_transform.h>

#include <algorithm>
#include <functional>

#include "session.h"

namespace differential {

std::string Session::At(const Iterator& iterator) {
  if (!iterator.Valid()) return "(end) " + iterator.status().ToString();
  std::string text = iterator.key().ToString() + "=" + iterator.value().ToString();
  if (iterator.columns().size() != 1) {
    for (const WideColumn& column : iterator.columns()) text += "," + column.name().ToString();
  }
  return text;
}

// Families with a prefix extractor are scanned in total order here: over the end of a prefix all else is undefined.
void Session::DrawIteratorOptions(const Family& family, HeldIterator* held, ReadOptions* options) {
  *options = DrawReadOptions();
  std::tie(held->lower, held->upper) = DrawRange(family);
  held->lower_slice = held->lower;
  held->upper_slice = held->upper;
  if (OneIn(2)) options->iterate_lower_bound = &held->lower_slice;
  if (OneIn(2)) options->iterate_upper_bound = &held->upper_slice;
  options->total_order_seek = family.options.prefix_extractor != nullptr;
  options->pin_data = OneIn(8);
  options->async_io = false;  // RocksDB's iterators do not survive it with small readaheads
}

std::string Session::Walk(Iterator* iterator, bool is_forward, uint64_t count) {
  std::string text;
  for (uint64_t i = 0; i < count && iterator->Valid(); ++i) {
    text += At(*iterator) + " ";
    is_forward ? iterator->Next() : iterator->Prev();
  }
  return text + At(*iterator);
}

void Session::ScanPart() {
  Family& family = DrawFamily();
  HeldIterator held;
  ReadOptions options;
  DrawIteratorOptions(family, &held, &options);
  const std::string time = Timestamp(OneIn(2) ? time_ : Draw(time_ + 2));
  const Slice time_slice(time);
  if (IsTimed()) options.timestamp = &time_slice;
  const std::unique_ptr<Iterator> iterator(db_->NewIterator(options, family.handle));
  const std::string start = DrawKey();
  const bool is_forward = IsTimed() || OneIn(2);  // back over timestamps RocksDB may go for ever
  is_forward ? iterator->Seek(start) : iterator->SeekForPrev(start);
  Say(std::string(is_forward ? "scan " : "scan back ") + start, Walk(iterator.get(), is_forward, Draw(30)));
}

// Inside of one prefix.
void Session::ScanByPrefix() {
  Family& family = DrawFamily();
  const SliceTransform* const prefixes = family.options.prefix_extractor.get();
  const std::string start = DrawKey();
  // RocksDB takes the prefix of keys outside of the domain, too, and does not survive it: a capped prefix has none.
  if (prefixes == nullptr || !Slice(prefixes->Name()).starts_with("rocksdb.Capped")) return;
  ReadOptions options = DrawReadOptions();
  const bool is_auto = OneIn(2);
  options.async_io = false;
  options.auto_prefix_mode = is_auto;
  options.prefix_same_as_start = !is_auto;
  const std::unique_ptr<Iterator> iterator(db_->NewIterator(options, family.handle));
  iterator->Seek(start);
  Say("scan prefix " + start, Walk(iterator.get(), true, Draw(30)));
}

void Session::ScanTailing() {
  Family& family = DrawFamily();
  if (family.options.prefix_extractor != nullptr) return;
  ReadOptions options;
  options.tailing = true;
  options.total_order_seek = true;
  const std::string upper = DrawKey();
  const Slice upper_slice(upper);
  if (OneIn(3)) options.iterate_upper_bound = &upper_slice;
  const std::unique_ptr<Iterator> iterator(db_->NewIterator(options, family.handle));
  const std::string start = DrawKey();
  OneIn(3) ? iterator->SeekToFirst() : iterator->Seek(start);
  Say("tail " + start, Walk(iterator.get(), true, Draw(10)));
  if (OneIn(4)) WriteOne();
  iterator->Seek(start);
  Say("tail again " + start, Walk(iterator.get(), true, Draw(10)));
}

void Session::ScanFamilies() {
  std::vector<ColumnFamilyHandle*> handles;
  for (const Family& family : families_) handles.push_back(family.handle);
  ReadOptions options = DrawReadOptions();
  options.async_io = false;
  options.total_order_seek = true;
  const std::string time = Timestamp(time_);
  const Slice time_slice(time);
  if (IsTimed()) options.timestamp = &time_slice;
  std::vector<Iterator*> iterators;
  const Status status = db_->NewIterators(options, handles, &iterators);
  Say("iterators", status.ToString());
  for (Iterator* iterator : iterators) {
    iterator->Seek(DrawKey());
    Say("iterators", Walk(iterator, IsTimed() || OneIn(2), Draw(4)));
    delete iterator;
  }
}

// All versions in a range of times, forward.
void Session::ScanHistory() {
  Family& family = DrawFamily();
  ReadOptions options = DrawReadOptions();
  options.async_io = false;
  const uint64_t low = Draw(time_ + 1), high = time_;  // RocksDB may skip what lies behind versions that are too new
  const std::string from = Timestamp(std::max(low, history_start_)), to = Timestamp(std::max(high, history_start_));
  const Slice from_slice(from), to_slice(to);
  options.total_order_seek = true;
  options.iter_start_ts = &from_slice;
  options.timestamp = &to_slice;
  const std::unique_ptr<Iterator> iterator(db_->NewIterator(options, family.handle));
  std::string text;
  const std::string start = DrawKey();
  iterator->Seek(start);
  for (uint64_t i = 0, count = Draw(20); i < count && iterator->Valid(); ++i, iterator->Next()) {
    text += iterator->key().ToString(true) + "@" + ShownTime(iterator->timestamp()) + "=" +
            iterator->value().ToString() + " ";
  }
  Say("history " + start + " at " + std::to_string(std::max(low, history_start_)) + ".." +
          std::to_string(std::max(high, history_start_)) + (options.snapshot ? " snap" : ""),
      text + iterator->status().ToString());
}

void Session::MoveHeldIterator() {
  if (iterators_.size() < 3 && OneIn(5)) {
    Family& family = DrawFamily();
    auto held = std::make_unique<HeldIterator>();
    ReadOptions options;
    DrawIteratorOptions(family, held.get(), &options);
    options.snapshot = nullptr;  // which may be released while the iterator lives on
    held->time = Timestamp(time_);
    held->time_slice = held->time;
    if (IsTimed()) options.timestamp = &held->time_slice;
    held->iterator.reset(db_->NewIterator(options, family.handle));
    iterators_.push_back(std::move(held));
  }
  if (iterators_.empty()) return;
  const size_t chosen = Draw(iterators_.size());
  Iterator& iterator = *iterators_[chosen]->iterator;
  const uint64_t move = IsTimed() ? 2 * Draw(2) : Draw(10);
  if (move == 0) {
    iterator.SeekToFirst();
  } else if (move == 1) {
    iterator.SeekToLast();
  } else if (move == 2) {
    iterator.Seek(DrawKey());
  } else if (move == 3) {
    iterator.SeekForPrev(DrawKey());
  } else if (move == 4 && OneIn(3)) {
    return Say("refresh", iterator.Refresh().ToString());
  } else if (move == 5 && OneIn(3)) {
    iterators_.erase(iterators_.begin() + static_cast<long>(chosen));
    return;
  }
  for (uint64_t i = 0, count = Draw(6); i < count && iterator.Valid(); ++i)
    !IsTimed() && OneIn(3) ? iterator.Prev() : iterator.Next();
  Say("iterator", At(iterator));
}

// How much there is, and a hash of it.
std::string Session::Fingerprint(DB* db, ColumnFamilyHandle* handle) {
  ReadOptions options;
  options.total_order_seek = true;
  const std::string time = Timestamp(time_);
  const Slice time_slice(time);
  if (IsTimed()) options.timestamp = &time_slice;
  const std::unique_ptr<Iterator> iterator(db->NewIterator(options, handle));
  std::string text;
  uint64_t count = 0;
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next(), ++count) text += At(*iterator) + "\n";
  return std::to_string(count) + " " + std::to_string(std::hash<std::string>()(text)) + " " +
         iterator->status().ToString();
}

void Session::ScanAll() {
  for (Family& family : families_) {
    ReadOptions options;
    options.total_order_seek = true;
    const std::string time = Timestamp(time_);
    const Slice time_slice(time);
    if (IsTimed()) options.timestamp = &time_slice;
    const std::unique_ptr<Iterator> iterator(db_->NewIterator(options, family.handle));
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) Say(family.name, At(*iterator));
    Say(family.name, At(*iterator));
  }
}

}  // namespace differential
