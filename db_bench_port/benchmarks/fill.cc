// The fill benchmarks: write batches until enough is written.
#include <rocksdb/write_batch.h>

#include <cmath>
#include <cstdio>
#include <vector>

#include "db_bench_port/benchmarks/benchmarks.h"
#include "db_bench_port/benchmarks/entry_stream.h"
#include "db_bench_port/benchmarks/range_deleter.h"
#include "db_bench_port/benchmarks/sine.h"
#include "db_bench_port/errors.h"
#include "db_bench_port/flags/flags.h"

namespace bench {
namespace {

class Filler {
 public:
  Filler(BenchThread& thread, KeyOrder order, int64_t writes)
      : thread_(thread),
        params_(thread.params),
        databases_(thread.world.databases),
        order_(order),
        writes_(writes == 0 ? params_.num : writes),
        values_(thread.MakeValues()),
        key_(thread.MakeKeyBuffer()),
        range_deleter_(thread.MakeKeyBuffer(), thread.MakeKeyBuffer(), params_.range_deletions),
        batch_(0, 0, FLAGS_write_batch_protection_bytes_per_key, 0),
        duration_(thread.clock(), order == KeyOrder::kRandom ? FLAGS_duration : 0, TotalWrites(), WritesPerStage()),
        rate_(thread.clock(), thread.stats.start(), FLAGS_sine_write_rate_interval_milliseconds) {
    CheckFlags();
    for (size_t i = 0; i < databases_.count(); ++i) MakeStream();
  }

  void Run() {
    if (params_.num != FLAGS_num) thread_.stats.AddMessage(Format("(%ld ops)", params_.num));
    while (params_.num + params_.range_deletions.count != 0 && !duration_.IsOver(params_.entries_per_batch)) {
      EnterStage();
      WriteBatch(NextDatabase());
    }
    for (const auto& stream : streams_) std::printf("%s", stream->Summary().c_str());
    if (range_deleter_.done() > 0) std::printf("Number of range deletions: %ld\n", range_deleter_.done());
    thread_.stats.AddBytes(bytes_);
  }

 private:
  int64_t TotalWrites() const { return writes_ * static_cast<int64_t>(databases_.count()); }

  int64_t WritesPerStage() const {
    if (FLAGS_num_column_families <= 1 || FLAGS_num_hot_column_families <= 0) return TotalWrites();
    const int64_t stages = std::max(1, FLAGS_num_column_families / FLAGS_num_hot_column_families);
    return (TotalWrites() - 1) / stages + 1;
  }

  static bool HasDisposable() { return FLAGS_disposable_entries_batch_size + FLAGS_persistent_entries_batch_size > 0; }

  void CheckFlags() const {
    if (order_ == KeyOrder::kUniqueRandom && FLAGS_overwrite_probability > 0 && FLAGS_overwrite_window_size == 0) {
      Fail("Overwrite_window_size must be strictly greater than 0.");
    }
    const bool is_mixed =
        order_ != KeyOrder::kUniqueRandom || params_.range_deletions.every > 0 || FLAGS_overwrite_probability > 0;
    if (HasDisposable() && is_mixed) {
      Fail(
          "Disposable/persistent deletes are not compatible with overwrites and DeleteRanges; and are only supported "
          "in "
          "filluniquerandom.");
    }
  }

  void MakeStream() {
    const uint64_t seed = thread_.world.settings.seed;
    const uint64_t keys = params_.num + params_.range_deletions.count;
    keys_.push_back(std::make_unique<KeySequence>(&thread_.random, order_, keys, seed));
    KeySequence* sequence = keys_.back().get();
    if (HasDisposable()) {
      streams_.push_back(DisposableEntries(sequence, thread_.clock(), seed));
    } else if (order_ == KeyOrder::kUniqueRandom && FLAGS_overwrite_probability > 0) {
      streams_.push_back(
          RewritingEntries(sequence, &values_, FLAGS_overwrite_probability, FLAGS_overwrite_window_size, seed));
    } else {
      streams_.push_back(PlainEntries(sequence, &values_));
    }
  }

  void EnterStage() {
    if (duration_.stage() == stage_) return;
    stage_ = duration_.stage();
    for (const auto& database : databases_.all()) database->CreateFamilies(stage_);
  }

  // Random writes go to any database; sequential ones fill one after the other, so that flushes do not fall together.
  size_t NextDatabase() {
    if (order_ != KeyOrder::kSequential) return thread_.random.Next() % databases_.count();
    return std::min<size_t>(written_ / writes_, databases_.count() - 1);
  }

  void WriteBatch(size_t index) {
    Database& database = databases_.at(index);
    batch_.Clear();
    int64_t batch_bytes = 0;
    for (int64_t i = 0; i < params_.entries_per_batch; ++i) batch_bytes += AddEntry(&database, index);
    bytes_ += batch_bytes;
    // A wait for the rate is not part of the write's latency.
    if (thread_.shared.LimitWrites(batch_bytes)) thread_.stats.ForgetWait();
    const auto status = database.db()->Write(params_.write_options, &batch_);
    thread_.stats.Finished(database.db(), params_.entries_per_batch, Operation::kWrite);
    CheckOk("put", status);
    if (FLAGS_sine_write_rate && rate_.IsDue()) thread_.shared.SetWriteRate(static_cast<int64_t>(rate_.Next()));
  }

  int64_t AddEntry(Database* database, size_t index) {
    const Entry entry = streams_[index]->Next();
    const rocksdb::Slice& key = key_.Make(entry.key_number, FLAGS_num);
    // The key's number chooses the family too, so that a reader finds the family again.
    rocksdb::ColumnFamilyHandle* family = database->has_families() ? database->FamilyOf(entry.key_number) : nullptr;
    if (entry.is_delete) {
      CheckOk("batch delete", batch_.Delete(family, key));
      return static_cast<int64_t>(key.size());
    }
    CheckOk("batch put", batch_.Put(family, key, entry.value));
    ++written_;
    if (params_.range_deletions.IsDue(written_)) {
      range_deleter_.AddTo(&batch_, family, keys_[index]->Next(), FLAGS_num);
    }
    return static_cast<int64_t>(key.size() + entry.value.size());
  }

  BenchThread& thread_;
  const Params& params_;
  Databases& databases_;
  KeyOrder order_;
  int64_t writes_;
  ValueSource values_;
  KeyBuffer key_;
  RangeDeleter range_deleter_;
  rocksdb::WriteBatch batch_;
  Duration duration_;
  SineRate rate_;
  std::vector<std::unique_ptr<KeySequence>> keys_;     // of each database
  std::vector<std::unique_ptr<EntryStream>> streams_;  // of each database
  int64_t stage_ = 0;
  int64_t written_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace

void Fill(BenchThread& thread, KeyOrder order, int64_t writes) { Filler(thread, order, writes).Run(); }

void FillSequential(BenchThread& thread) { Fill(thread, KeyOrder::kSequential, thread.params.writes); }
void FillRandom(BenchThread& thread) { Fill(thread, KeyOrder::kRandom, thread.params.writes); }
void FillUniqueRandom(BenchThread& thread) { Fill(thread, KeyOrder::kUniqueRandom, thread.params.writes); }

void FillThenSeekEach(BenchThread& thread) {
  Fill(thread, KeyOrder::kSequential, FLAGS_num);
  thread.stats.Start(thread.id);  // only the seeks are measured
  rocksdb::DB* db = thread.PickDatabase().db();
  std::unique_ptr<rocksdb::Iterator> iterator(db->NewIterator(thread.params.read_options));
  KeyBuffer key = thread.MakeKeyBuffer();
  const auto check = [&] {
    if (!iterator->Valid() || iterator->key() != key.key()) Fail("fillseekseq: a key is not where it must be");
    thread.stats.Finished(db, 1, Operation::kSeek);
  };
  for (int64_t i = 0; i < FLAGS_num; ++i) {
    iterator->Seek(key.Make(i, FLAGS_num));
    check();
    for (int j = 0; j < FLAGS_seek_nexts && i + 1 < FLAGS_num; ++j) {
      iterator->Next();
      key.Make(++i, FLAGS_num);
      check();
    }
    iterator->Seek(key.key());
    check();
  }
}

}  // namespace bench
