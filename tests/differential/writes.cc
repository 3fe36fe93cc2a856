// Writes: single calls, batches, save points.

#include <rocksdb/comparator.h>
#include <rocksdb/convenience.h>
#include <rocksdb/write_batch.h>

#include "session.h"

namespace differential {

namespace {

// Prints what a batch holds, as its reader sees it.
class BatchPrinter : public WriteBatch::Handler {
 public:
  Status PutCF(uint32_t family, const Slice& key, const Slice& value) override {
    return Add("put", family, key, value);
  }
  Status DeleteCF(uint32_t family, const Slice& key) override { return Add("delete", family, key, ""); }
  Status SingleDeleteCF(uint32_t family, const Slice& key) override { return Add("single", family, key, ""); }
  Status DeleteRangeCF(uint32_t family, const Slice& begin, const Slice& end) override {
    return Add("range", family, begin, end);
  }
  Status MergeCF(uint32_t family, const Slice& key, const Slice& value) override {
    return Add("merge", family, key, value);
  }
  Status PutEntityCF(uint32_t family, const Slice& key, const Slice& value) override {
    return Add("entity", family, key, value);
  }
  void LogData(const Slice& blob) override { text += "log(" + blob.ToString() + ") "; }
  Status MarkNoop(bool) override { return Status::OK(); }

  std::string text;

 private:
  Status Add(const char* what, uint32_t family, const Slice& key, const Slice& value) {
    text += what + std::to_string(family) + "(" + key.ToString() + "," + value.ToString(true) + ") ";
    return Status::OK();
  }
};

WideColumns SomeColumns(const std::string& value, uint64_t drawn) {
  static const std::string kNames[] = {"", "a", "b", "column"};
  WideColumns columns;
  for (size_t i = 0; i < 4; ++i) {
    if ((drawn >> i & 1) != 0) columns.emplace_back(kNames[i], value);
  }
  return columns;
}

}  // namespace

WriteOptions Session::DrawWriteOptions() {
  WriteOptions options;
  options.disableWAL = writes_without_log_ && OneIn(2);
  options.sync = !options.disableWAL && OneIn(50);
  options.low_pri = OneIn(20);
  options.memtable_insert_hint_per_batch = OneIn(4);
  options.ignore_missing_column_families = OneIn(4);
  return options;
}

std::string Session::WriteStatus(const Status& status) {
  return status.ToString() + " @" + SeqSinceOpen(db_->GetLatestSequenceNumber());
}

// Single deletions meet keys that were put once since the last one: all else is undefined.
std::string Session::AddOne(WriteBatch* batch, Family* family, bool may_be_undone) {
  ColumnFamilyHandle* const handle = family->handle;
  const uint64_t drawn = Draw(20);
  if (IsTimed()) {
    const std::string time = Timestamp(++time_);
    if (drawn < 4) return batch->Delete(handle, DrawKey(), time).ToString();
    if (drawn == 4 && has_range_deletes_) {
      const auto [begin, end] = DrawRange(*family);
      return batch->DeleteRange(handle, begin, end, time).ToString();
    }
    return batch->Put(handle, DrawKey(), time, DrawValue()).ToString();
  }
  if (drawn < 3) return batch->Delete(handle, DrawKey()).ToString();
  if (drawn < 6 && family->options.merge_operator != nullptr) {
    return batch->Merge(handle, DrawKey(), DrawOperand(*family)).ToString();
  }
  if (drawn == 6 && has_range_deletes_) {
    const auto [begin, end] = DrawRange(*family);
    return batch->DeleteRange(handle, begin, end).ToString();
  }
  if (drawn == 7 && !may_be_undone) {
    const std::string single = DrawSingle();
    if (family->live_singles.insert(single).second) return batch->Put(handle, single, DrawValue()).ToString();
    family->live_singles.erase(single);
    return batch->SingleDelete(handle, single).ToString();
  }
  if (drawn == 8 && has_entities_)
    return batch->PutEntity(handle, DrawKey(), SomeColumns(DrawValue(), Draw(16))).ToString();
  if (drawn == 9) return batch->PutLogData(DrawValue()).ToString();
  return batch->Put(handle, DrawKey(), DrawValue()).ToString();
}

void Session::WriteOne() {
  WriteBatch batch;
  AddOne(&batch, &DrawFamily(), false);
  Say("write 1", WriteStatus(db_->Write(DrawWriteOptions(), &batch)));
}

void Session::WriteMany() {
  WriteBatch batch(0, 0, OneIn(4) ? 8 : 0, 0);
  for (uint64_t i = 0, count = 2 + Draw(60); i < count; ++i) AddOne(&batch, &DrawFamily(), false);
  const std::string count = std::to_string(batch.Count());
  Say("write " + count, WriteStatus(db_->Write(DrawWriteOptions(), &batch)));
}

void Session::WriteDirectly() {
  Family& family = DrawFamily();
  ColumnFamilyHandle* const handle = family.handle;
  const WriteOptions options = DrawWriteOptions();
  const std::string key = DrawKey();
  if (IsTimed()) {
    const std::string time = Timestamp(++time_);
    const uint64_t drawn = Draw(10);
    if (drawn == 0) return Say("merge " + key, db_->Merge(options, handle, key, time, DrawValue()).ToString());
    if (drawn < 4) return Say("delete " + key, WriteStatus(db_->Delete(options, handle, key, time)));
    return Say("put " + key, WriteStatus(db_->Put(options, handle, key, time, DrawValue())));
  }
  switch (Draw(8)) {
    case 0:
      return Say("delete " + key, WriteStatus(db_->Delete(options, handle, key)));
    case 1: {
      if (!has_range_deletes_) return;
      const auto [begin, end] = DrawRange(family);
      return Say("delete range", WriteStatus(db_->DeleteRange(options, handle, begin, end)));
    }
    case 2:
      if (family.options.merge_operator == nullptr) return;
      return Say("merge " + key, WriteStatus(db_->Merge(options, handle, key, DrawOperand(family))));
    case 3:
      if (!has_entities_) return;
      return Say("put entity " + key,
                 WriteStatus(db_->PutEntity(options, handle, key, SomeColumns(DrawValue(), Draw(16)))));
    case 4: {
      const std::string single = DrawSingle();
      if (family.live_singles.erase(single) == 0) return;
      return Say("single delete " + single, WriteStatus(db_->SingleDelete(options, handle, single)));
    }
    default:
      Say("put " + key, WriteStatus(db_->Put(options, handle, key, DrawValue())));
  }
}

void Session::WriteWithSavePoints() {
  WriteBatch batch(0, OneIn(4) ? 300 : 0, OneIn(4) ? 8 : 0, 0);
  std::string text;
  for (uint64_t i = 0, count = 1 + Draw(20); i < count; ++i) {
    switch (Draw(8)) {
      case 0:
        batch.SetSavePoint();
        break;
      case 1:
        text += batch.RollbackToSavePoint().ToString() + " ";
        break;
      case 2:
        text += batch.PopSavePoint().ToString() + " ";
        break;
      case 3:
        if (OneIn(10)) batch.Clear();
        break;
      default:
        text += AddOne(&batch, &DrawFamily(), true) + " ";
    }
    text += std::to_string(batch.Count()) + "/" + std::to_string(batch.GetDataSize()) + " ";
  }
  const Status status = db_->Write(DrawWriteOptions(), &batch);
  Say("save points", text + WriteStatus(status));
}

// A batch that is looked at, but not always written.
void Session::BuildBatch() {
  WriteBatch batch;
  for (uint64_t i = 0, count = Draw(10); i < count; ++i) AddOne(&batch, &DrawFamily(), true);
  BatchPrinter printer;
  const std::string status = batch.Iterate(&printer).ToString();
  const bool has[] = {batch.HasPut(),   batch.HasDelete(),      batch.HasSingleDelete(),
                      batch.HasMerge(), batch.HasDeleteRange(), batch.HasPutEntity()};
  std::string text = printer.text + status + " " + std::to_string(batch.GetDataSize()) + " ";
  for (const bool each : has) text += each ? "1" : "0";
  Say("batch", text);
  WriteBatch copy(batch.Data());
  if (OneIn(2)) Say("write copy", WriteStatus(db_->Write(DrawWriteOptions(), &copy)));
}

}  // namespace differential
