// Does random operations on a database of random options, all drawn from one seed, and prints each with its result.
// Two runs with two libraries must print the same; compare.py looks.
//
//     operations DIRECTORY SEED STEPS

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace rocksdb;  // NOLINT: the program is about nothing else

class Session {
 public:
  Session(std::string path, uint64_t seed) : path_(std::move(path)), random_(seed) { ChooseOptions(); }
  ~Session() { Close(); }

  void Run(int steps) {
    Open();
    for (step_ = 0; step_ < steps; ++step_) Step();
    ScanAll();
  }

 private:
  uint64_t Draw(uint64_t below) { return random_() % below; }
  bool OneIn(uint64_t n) { return Draw(n) == 0; }
  size_t DrawFamily() { return Draw(handles_.size()); }
  std::string DrawKey() {
    char text[16];
    std::snprintf(text, sizeof(text), "k%03u", static_cast<unsigned>(Draw(200)));
    std::string key = text;
    if (OneIn(20)) key.resize(Draw(4));
    return key;
  }
  std::string DrawValue() { return "v" + std::to_string(step_) + std::string(Draw(OneIn(10) ? 2000 : 40), 'x'); }

  void ChooseOptions() {
    options_.create_if_missing = options_.create_missing_column_families = true;
    options_.write_buffer_size = size_t{64} << (10 + Draw(4));
    options_.comparator = OneIn(4) ? ReverseBytewiseComparator() : BytewiseComparator();
    options_.compaction_style = OneIn(4) ? kCompactionStyleUniversal : kCompactionStyleLevel;
    options_.num_levels = static_cast<int>(3 + Draw(5));
    options_.level_compaction_dynamic_level_bytes = OneIn(2);
    options_.level0_file_num_compaction_trigger = static_cast<int>(2 + Draw(3));
    options_.target_file_size_base = 8 << 10;
    options_.max_bytes_for_level_base = 32 << 10;
    const CompressionType kinds[] = {kNoCompression, kSnappyCompression, kLZ4Compression, kZSTD};
    options_.compression = kinds[Draw(4)];
    options_.max_subcompactions = static_cast<uint32_t>(1 + Draw(3));
    options_.enable_blob_files = OneIn(3);
    options_.min_blob_size = 100;
    options_.enable_blob_garbage_collection = OneIn(2);
    options_.max_sequential_skip_in_iterations = 1 + Draw(8);
    options_.avoid_flush_during_recovery = OneIn(2);
    MergeOperator::CreateFromString(ConfigOptions(), "stringappend", &options_.merge_operator).PermitUncheckedError();
    BlockBasedTableOptions table;
    table.block_size = 128 << Draw(6);
    table.format_version = static_cast<uint32_t>(2 + Draw(4));
    if (OneIn(2)) table.filter_policy.reset(NewBloomFilterPolicy(10));
    table.cache_index_and_filter_blocks = OneIn(2);
    const BlockBasedTableOptions::IndexType indexes[] = {BlockBasedTableOptions::kBinarySearch,
                                                         BlockBasedTableOptions::kTwoLevelIndexSearch,
                                                         BlockBasedTableOptions::kBinarySearchWithFirstKey};
    table.index_type = indexes[Draw(3)];
    options_.table_factory.reset(NewBlockBasedTableFactory(table));
  }

  void Open() {
    std::vector<ColumnFamilyDescriptor> families;
    for (const std::string& name : names_) families.emplace_back(name, options_);
    DB* db = nullptr;
    Say("open", DB::Open(options_, path_, families, &handles_, &db).ToString());
    if (db == nullptr) std::exit(1);
    db_.reset(db);
    seq_at_open_ = db->GetLatestSequenceNumber();
  }
  void Close() {
    iterator_.reset();
    for (const auto& [number, snapshot] : snapshots_) db_->ReleaseSnapshot(snapshot);
    snapshots_.clear();
    for (ColumnFamilyHandle* handle : handles_) db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
    handles_.clear();
    db_.reset();
  }

  // RocksDB may come back with a lower last seq than it closed with, when the last entries were dropped by a flush.
  std::string SeqSinceOpen(SequenceNumber seq) const { return std::to_string(seq - seq_at_open_); }

  void Say(const std::string& what, const std::string& result) {
    std::printf("%d %s -> %s\n", step_, what.c_str(), result.c_str());
  }

  void Step() {
    const uint64_t kind = Draw(100);
    if (kind < 40) return WriteOne();
    if (kind < 45) return WriteMany();
    if (kind < 65) return ReadOne();
    if (kind < 68) return ReadMany();
    if (kind < 76) return ScanPart();
    if (kind < 84) return MoveIterator();
    if (kind < 88) return ChangeSnapshots();
    if (kind < 91) return Flush();
    if (kind < 93) return Compact();
    if (kind < 94) return Reopen();
    if (kind < 95) return ChangeFamilies();
    if (kind < 96) return ChangeOptions();
    Say("facts", SeqSinceOpen(db_->GetLatestSequenceNumber()) + " " + Property("num-snapshots") + " " +
                     Property("is-write-stopped"));
  }

  std::string Property(const std::string& name) {
    std::string value;
    return db_->GetProperty("rocksdb." + name, &value) ? value : "(none)";
  }

  // Single deletions meet keys that were put once since the last one: all else is undefined.
  void AddOne(WriteBatch* batch, size_t family) {
    ColumnFamilyHandle* const handle = handles_[family];
    const std::string single = "s" + std::to_string(Draw(20));
    std::set<std::string>& live = live_singles_[handle->GetID()];
    switch (Draw(10)) {
      case 0:
      case 1:
        batch->Delete(handle, DrawKey()).PermitUncheckedError();
        break;
      case 2:
        batch->Merge(handle, DrawKey(), "m" + std::to_string(step_)).PermitUncheckedError();
        break;
      case 3: {
        std::string begin = DrawKey(), end = DrawKey();
        if (options_.comparator->Compare(begin, end) > 0) std::swap(begin, end);
        if (OneIn(3)) batch->DeleteRange(handle, begin, end).PermitUncheckedError();
        break;
      }
      case 4:
        if (live.insert(single).second) {
          batch->Put(handle, single, DrawValue()).PermitUncheckedError();
        } else {
          live.erase(single);
          batch->SingleDelete(handle, single).PermitUncheckedError();
        }
        break;
      default:
        batch->Put(handle, DrawKey(), DrawValue()).PermitUncheckedError();
    }
  }
  void WriteBatchOf(uint64_t count) {
    WriteBatch batch;
    for (uint64_t i = 0; i < count; ++i) AddOne(&batch, DrawFamily());
    WriteOptions options;
    options.sync = OneIn(50);
    const Status status = db_->Write(options, &batch);
    Say("write " + std::to_string(batch.Count()),
        status.ToString() + " @" + SeqSinceOpen(db_->GetLatestSequenceNumber()));
  }
  void WriteOne() { WriteBatchOf(1); }
  void WriteMany() { WriteBatchOf(2 + Draw(60)); }

  ReadOptions DrawReadOptions() {
    ReadOptions options;
    if (!snapshots_.empty() && OneIn(2)) {
      auto chosen = snapshots_.begin();
      std::advance(chosen, static_cast<long>(Draw(snapshots_.size())));
      options.snapshot = chosen->second;
    }
    options.fill_cache = !OneIn(4);
    return options;
  }
  void ReadOne() {
    const size_t family = DrawFamily();
    const std::string key = OneIn(8) ? "s" + std::to_string(Draw(20)) : DrawKey();
    std::string value;
    const Status status = db_->Get(DrawReadOptions(), handles_[family], key, &value);
    Say("get " + key, status.ok() ? value : status.ToString());
  }
  void ReadMany() {
    const size_t family = DrawFamily();
    std::vector<std::string> keys;
    for (uint64_t i = 0, count = 1 + Draw(40); i < count; ++i) keys.push_back(DrawKey());
    const std::vector<Slice> slices(keys.begin(), keys.end());
    std::vector<PinnableSlice> values(keys.size());
    std::vector<Status> statuses(keys.size());
    db_->MultiGet(DrawReadOptions(), handles_[family], keys.size(), slices.data(), values.data(), statuses.data());
    std::string text;
    for (size_t i = 0; i < keys.size(); ++i) {
      text += keys[i] + "=" + (statuses[i].ok() ? values[i].ToString() : statuses[i].ToString()) + " ";
    }
    Say("multiget", text);
  }

  static std::string At(const Iterator& iterator) {
    if (iterator.Valid()) return iterator.key().ToString() + "=" + iterator.value().ToString();
    return "(end) " + iterator.status().ToString();
  }
  void ScanPart() {
    ReadOptions options = DrawReadOptions();
    std::string low = DrawKey(), high = DrawKey();
    if (options_.comparator->Compare(low, high) > 0) std::swap(low, high);
    const Slice lower(low), upper(high);
    if (OneIn(2)) options.iterate_lower_bound = &lower;
    if (OneIn(2)) options.iterate_upper_bound = &upper;
    const std::unique_ptr<Iterator> iterator(db_->NewIterator(options, handles_[DrawFamily()]));
    const std::string start = DrawKey();
    const bool is_forward = OneIn(2);
    is_forward ? iterator->Seek(start) : iterator->SeekForPrev(start);
    std::string text;
    for (uint64_t i = 0, count = Draw(30); i < count && iterator->Valid(); ++i) {
      text += At(*iterator) + " ";
      is_forward ? iterator->Next() : iterator->Prev();
    }
    Say(std::string(is_forward ? "scan " : "scan back ") + start, text + At(*iterator));
  }
  // One iterator that lives on while the database changes.
  void MoveIterator() {
    if (iterator_ == nullptr || OneIn(10)) {
      iterator_.reset();
      iterator_.reset(db_->NewIterator(ReadOptions(), handles_[0]));
    }
    const uint64_t move = Draw(10);
    if (move == 0) {
      iterator_->SeekToFirst();
    } else if (move == 1) {
      iterator_->SeekToLast();
    } else if (move == 2) {
      iterator_->Seek(DrawKey());
    } else if (move == 3) {
      iterator_->SeekForPrev(DrawKey());
    } else if (move == 4 && OneIn(3)) {
      Say("refresh", iterator_->Refresh().ToString());
      return;
    }
    for (uint64_t i = 0, count = Draw(6); i < count && iterator_->Valid(); ++i) {
      OneIn(3) ? iterator_->Prev() : iterator_->Next();
    }
    Say("iterator", At(*iterator_));
  }

  void ChangeSnapshots() {
    if (snapshots_.size() < 4 && OneIn(2)) {
      const Snapshot* const snapshot = db_->GetSnapshot();
      snapshots_[step_] = snapshot;
      Say("snapshot", SeqSinceOpen(snapshot->GetSequenceNumber()));
    } else if (!snapshots_.empty()) {
      auto chosen = snapshots_.begin();
      std::advance(chosen, static_cast<long>(Draw(snapshots_.size())));
      db_->ReleaseSnapshot(chosen->second);
      Say("release", std::to_string(chosen->first));
      snapshots_.erase(chosen);
    }
  }
  void Flush() { Say("flush", db_->Flush(FlushOptions(), handles_[DrawFamily()]).ToString()); }
  void Compact() {
    CompactRangeOptions options;
    if (OneIn(3)) options.bottommost_level_compaction = BottommostLevelCompaction::kForce;
    std::string low = DrawKey(), high = DrawKey();
    if (options_.comparator->Compare(low, high) > 0) std::swap(low, high);
    const Slice begin(low), end(high);
    const bool is_whole = OneIn(2);
    Say("compact",
        db_->CompactRange(options, handles_[DrawFamily()], is_whole ? nullptr : &begin, is_whole ? nullptr : &end)
            .ToString());
  }
  void Reopen() {
    Close();
    Open();
  }
  void ChangeFamilies() {
    if (names_.size() < 4 && OneIn(2)) {
      const std::string name = "family" + std::to_string(step_);
      ColumnFamilyHandle* handle = nullptr;
      Say("create " + name, db_->CreateColumnFamily(options_, name, &handle).ToString());
      names_.push_back(name);
      handles_.push_back(handle);
    } else if (names_.size() > 1) {
      const size_t family = 1 + Draw(names_.size() - 1);
      Say("drop " + names_[family], db_->DropColumnFamily(handles_[family]).ToString());
      db_->DestroyColumnFamilyHandle(handles_[family]).PermitUncheckedError();
      names_.erase(names_.begin() + static_cast<long>(family));
      handles_.erase(handles_.begin() + static_cast<long>(family));
    }
  }
  void ChangeOptions() {
    const std::string size = std::to_string(65536 << Draw(4));
    Say("set options", db_->SetOptions(handles_[DrawFamily()], {{"write_buffer_size", size}}).ToString());
  }
  void ScanAll() {
    for (ColumnFamilyHandle* handle : handles_) {
      const std::unique_ptr<Iterator> iterator(db_->NewIterator(ReadOptions(), handle));
      for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) Say(handle->GetName(), At(*iterator));
      Say(handle->GetName(), At(*iterator));
    }
  }

  const std::string path_;
  std::mt19937_64 random_;
  Options options_;
  std::vector<std::string> names_ = {"default", "other"};
  std::unique_ptr<DB> db_;
  std::vector<ColumnFamilyHandle*> handles_;
  std::map<int, const Snapshot*> snapshots_;
  std::map<uint32_t, std::set<std::string>> live_singles_;
  std::unique_ptr<Iterator> iterator_;
  SequenceNumber seq_at_open_ = 0;
  int step_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "operations DIRECTORY SEED STEPS\n");
    return 2;
  }
  Session(argv[1], std::strtoull(argv[2], nullptr, 10)).Run(std::atoi(argv[3]));
  return 0;
}
