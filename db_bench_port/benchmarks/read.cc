// Point reads.
#include <rocksdb/merge_operator.h>

#include <vector>

#include "db_bench_port/benchmarks/benchmarks.h"
#include "db_bench_port/errors.h"
#include "db_bench_port/flags/flags.h"

namespace bench {
namespace {

constexpr int64_t kReadsPerRateCheck = 256;

// Which key is read next: any, or with --multiread_stride runs of keys at one distance.
class ReadKeys {
 public:
  explicit ReadKeys(BenchThread& thread) : thread_(thread) {}

  int64_t Next() {
    const int64_t batch = thread_.params.entries_per_batch;
    if (batch <= 1 || FLAGS_multiread_stride == 0) return Random();
    if (++in_run_ < batch) return current_ += FLAGS_multiread_stride;
    in_run_ = 0;
    return current_ = StartOfRun();
  }

  int64_t Random() { return SkewedKey(&thread_.random, FLAGS_read_random_exp_range, FLAGS_num); }

  // A key from which a whole run still fits.
  int64_t StartOfRun() {
    const int64_t batch = thread_.params.entries_per_batch;
    const int64_t start = Random();
    const bool fits = start + (batch - 1) * FLAGS_multiread_stride < FLAGS_num;
    return fits ? start : FLAGS_num - batch * FLAGS_multiread_stride;
  }

 private:
  BenchThread& thread_;
  int64_t in_run_ = 0;
  int64_t current_ = 0;
};

// Reads a key's merge operands. More than there was ever room for are an Incomplete status; then the room grows.
class OperandReader {
 public:
  OperandReader() : operands_(8) {}

  rocksdb::Status Read(rocksdb::DB* db, const rocksdb::ReadOptions& options, rocksdb::ColumnFamilyHandle* family,
                       const rocksdb::Slice& key) {
    int count = 0;
    rocksdb::Status status = Try(db, options, family, key, &count);
    if (status.IsIncomplete()) {
      operands_.resize(count);
      status = Try(db, options, family, key, &count);
    }
    return status;
  }

  int64_t TakeBytes() {
    int64_t bytes = 0;
    for (auto& operand : operands_) {
      bytes += static_cast<int64_t>(operand.size());
      operand.Reset();
    }
    return bytes;
  }

 private:
  rocksdb::Status Try(rocksdb::DB* db, const rocksdb::ReadOptions& options, rocksdb::ColumnFamilyHandle* family,
                      const rocksdb::Slice& key, int* count) {
    rocksdb::GetMergeOperandsOptions limit;
    limit.expected_max_number_of_operands = static_cast<int>(operands_.size());
    return db->GetMergeOperands(options, family, key, operands_.data(), &limit, count);
  }

  std::vector<rocksdb::PinnableSlice> operands_;
};

struct ReadCount {
  int64_t reads = 0;
  int64_t found = 0;
  int64_t bytes = 0;

  void ReportTo(ThreadStats* stats) const {
    stats->AddBytes(bytes);
    stats->AddMessage(Format("(%ld of %ld found)\n", found, reads));
  }
};

}  // namespace

void ReadRandom(BenchThread& thread) {
  const Params& params = thread.params;
  ReadKeys keys(thread);
  KeyBuffer buffer = thread.MakeKeyBuffer();
  rocksdb::PinnableSlice value;
  OperandReader operands;
  ReadCount count;
  Duration duration = thread.MakeDuration(params.reads);
  while (!duration.IsOver(1)) {
    Database& database = thread.PickDatabase();
    const int64_t number = keys.Next();
    const rocksdb::Slice& key = buffer.Make(number, FLAGS_num);
    rocksdb::ColumnFamilyHandle* family = database.FamilyOf(number);
    ++count.reads;
    value.Reset();
    const rocksdb::Status status = params.reads_operands
                                       ? operands.Read(database.db(), params.read_options, family, key)
                                       : database.db()->Get(params.read_options, family, key, &value);
    if (CheckFound("Get", status)) {
      ++count.found;
      count.bytes += static_cast<int64_t>(key.size() + value.size());
      if (params.reads_operands) count.bytes += operands.TakeBytes();
    }
    if (count.reads % kReadsPerRateCheck == kReadsPerRateCheck - 1) thread.shared.LimitReads(kReadsPerRateCheck);
    thread.stats.Finished(database.db(), 1, Operation::kRead);
  }
  count.ReportTo(&thread.stats);
}

void ReadRandomFast(BenchThread& thread) {
  constexpr int kReadsPerRound = 100;
  rocksdb::DB* db = thread.PickDatabase().db();
  KeyBuffer buffer = thread.MakeKeyBuffer();
  std::string value;
  uint64_t mask = 1;  // reads go over the next power of two, so some keys do not exist
  while (mask < static_cast<uint64_t>(FLAGS_num)) mask <<= 1;
  --mask;
  int64_t reads = 0, found = 0, outside = 0;
  Duration duration = thread.MakeDuration(thread.params.reads);
  do {
    for (int i = 0; i < kReadsPerRound; ++i) {
      const auto number = static_cast<int64_t>(thread.random.Next() & mask);
      ++reads;
      if (CheckFound("Get", db->Get(thread.params.read_options, buffer.Make(number, FLAGS_num), &value))) ++found;
      if (number >= FLAGS_num) ++outside;
    }
    thread.shared.LimitReads(kReadsPerRound);
    thread.stats.Finished(db, kReadsPerRound, Operation::kRead);
  } while (!duration.IsOver(kReadsPerRound));
  thread.stats.AddMessage(Format("(%ld of %ld found, issued %ld non-exist keys)\n", found, reads, outside));
}

void ReadToRowCache(BenchThread& thread) {
  KeyBuffer buffer = thread.MakeKeyBuffer();
  rocksdb::PinnableSlice value;
  ReadCount count;
  for (int64_t number = 0; number < FLAGS_num; ++number) {
    Database& database = thread.PickDatabase();
    const rocksdb::Slice& key = buffer.Make(number, FLAGS_num);
    ++count.reads;
    value.Reset();
    if (CheckFound("Get", database.db()->Get(thread.params.read_options, database.FamilyOf(number), key, &value))) {
      ++count.found;
      count.bytes += static_cast<int64_t>(key.size() + value.size());
    }
    if (count.reads % kReadsPerRateCheck == kReadsPerRateCheck - 1) thread.shared.LimitReads(kReadsPerRateCheck);
    thread.stats.Finished(database.db(), 1, Operation::kRead);
  }
  count.ReportTo(&thread.stats);
}

namespace {

// One MultiGet's keys, values and statuses, kept from call to call.
class MultiReader {
 public:
  MultiReader(BenchThread& thread, size_t count) : statuses_(count), values_(count), pinned_(count) {
    for (size_t i = 0; i < count; ++i) buffers_.push_back(thread.MakeKeyBuffer());
    keys_.resize(count);
  }

  void SetKey(size_t index, int64_t number) { keys_[index] = buffers_[index].Make(number, FLAGS_num); }

  void Read(rocksdb::DB* db, const rocksdb::ReadOptions& options, ReadCount* count) {
    if (FLAGS_multiread_batched) {
      db->MultiGet(options, db->DefaultColumnFamily(), keys_.size(), keys_.data(), pinned_.data(), statuses_.data());
    } else {
      statuses_ = db->MultiGet(options, keys_, &values_);
    }
    for (size_t i = 0; i < keys_.size(); ++i) {
      ++count->reads;
      if (CheckFound("MultiGet", statuses_[i])) {
        ++count->found;
        const size_t value_bytes = FLAGS_multiread_batched ? pinned_[i].size() : values_[i].size();
        count->bytes += static_cast<int64_t>(keys_[i].size() + value_bytes);
      }
      pinned_[i].Reset();
    }
  }

 private:
  std::vector<KeyBuffer> buffers_;
  std::vector<rocksdb::Slice> keys_;
  std::vector<rocksdb::Status> statuses_;
  std::vector<std::string> values_;
  std::vector<rocksdb::PinnableSlice> pinned_;
};

}  // namespace

void MultiReadRandom(BenchThread& thread) {
  const int64_t batch = thread.params.entries_per_batch;
  MultiReader reader(thread, batch);
  ReadKeys keys(thread);
  ReadCount count;
  int64_t calls = 0;
  Duration duration = thread.MakeDuration(thread.params.reads);
  while (!duration.IsOver(batch)) {
    rocksdb::DB* db = thread.PickDatabase().db();
    const int64_t start = FLAGS_multiread_stride != 0 ? keys.StartOfRun() : 0;
    for (int64_t i = 0; i < batch; ++i) {
      reader.SetKey(i, FLAGS_multiread_stride != 0 ? start + i * FLAGS_multiread_stride : keys.Random());
    }
    reader.Read(db, thread.params.read_options, &count);
    if (++calls % kReadsPerRateCheck == kReadsPerRateCheck - 1) thread.shared.LimitReads(kReadsPerRateCheck * batch);
    thread.stats.Finished(db, batch, Operation::kRead);
  }
  thread.stats.AddBytes(count.bytes);
  thread.stats.AddMessage(Format("(%ld of %ld found)", count.found, count.reads));
}

}  // namespace bench
