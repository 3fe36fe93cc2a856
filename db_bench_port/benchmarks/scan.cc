// Iterators.
#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "db_bench_port/benchmarks/benchmarks.h"
#include "db_bench_port/errors.h"
#include "db_bench_port/flags/flags.h"

namespace bench {
namespace {

enum class Direction { kForward, kBackward };

void ScanOne(BenchThread& thread, rocksdb::DB* db, Direction direction) {
  constexpr int64_t kReadsPerRateCheck = 1024;
  std::unique_ptr<rocksdb::Iterator> iterator(db->NewIterator(thread.params.read_options));
  const bool is_forward = direction == Direction::kForward;
  int64_t reads = 0, bytes = 0;
  is_forward ? iterator->SeekToFirst() : iterator->SeekToLast();
  for (; reads < thread.params.reads && iterator->Valid(); is_forward ? iterator->Next() : iterator->Prev()) {
    bytes += static_cast<int64_t>(iterator->key().size() + iterator->value().size());
    thread.stats.Finished(db, 1, Operation::kRead);
    if (++reads % kReadsPerRateCheck == kReadsPerRateCheck - 1) thread.shared.LimitReads(kReadsPerRateCheck);
  }
  CheckOk("iterator", iterator->status());
  thread.stats.AddBytes(bytes);
}

// The bounds that a seek's iterator gets, if any.
class SeekBounds {
 public:
  explicit SeekBounds(BenchThread& thread) : lower_(thread.MakeKeyBuffer()), upper_(thread.MakeKeyBuffer()) {}

  void Set(int64_t number, const rocksdb::Slice& key, rocksdb::ReadOptions* options) {
    if (FLAGS_max_scan_distance != 0 && FLAGS_reverse_iterator) {
      bound_ = lower_.Make(std::max<int64_t>(0, number - FLAGS_max_scan_distance), FLAGS_num);
      options->iterate_lower_bound = &bound_;
    } else if (FLAGS_max_scan_distance != 0) {
      bound_ = upper_.Make(std::min(FLAGS_num, number + FLAGS_max_scan_distance), FLAGS_num);
      options->iterate_upper_bound = &bound_;
    } else if (FLAGS_auto_prefix_mode && FLAGS_prefix_size > 0 && !FLAGS_reverse_iterator) {
      next_prefix_.assign(key.data(), FLAGS_prefix_size);
      ++next_prefix_.back();
      bound_ = next_prefix_;
      options->iterate_upper_bound = &bound_;
    }
  }

 private:
  KeyBuffer lower_;
  KeyBuffer upper_;
  std::string next_prefix_;
  rocksdb::Slice bound_;
};

// Values are copied out so that they are really read.
class ValueSink {
 public:
  int64_t Take(const rocksdb::Iterator& iterator) {
    const rocksdb::Slice value = iterator.value();
    std::memcpy(buffer_, value.data(), std::min(value.size(), sizeof(buffer_)));
    return static_cast<int64_t>(iterator.key().size() + value.size());
  }

 private:
  char buffer_[256];
};

}  // namespace

void ReadSequential(BenchThread& thread) {
  for (const auto& database : thread.world.databases.all()) ScanOne(thread, database->db(), Direction::kForward);
}

void ReadReverse(BenchThread& thread) {
  for (const auto& database : thread.world.databases.all()) ScanOne(thread, database->db(), Direction::kBackward);
}

void CreateIterators(BenchThread& thread) {
  Duration duration = thread.MakeDuration(thread.params.reads);
  while (!duration.IsOver(1)) {
    rocksdb::DB* db = thread.PickDatabase().db();
    delete db->NewIterator(thread.params.read_options);
    thread.stats.Finished(db, 1, Operation::kOther);
  }
}

void SeekRandom(BenchThread& thread) {
  constexpr int64_t kReadsPerRateCheck = 256;
  Databases& databases = thread.world.databases;
  rocksdb::ReadOptions options = thread.params.read_options;
  std::vector<std::unique_ptr<rocksdb::Iterator>> tailing;
  if (FLAGS_use_tailing_iterator) {
    for (const auto& database : databases.all()) tailing.emplace_back(database->db()->NewIterator(options));
  }
  options.auto_prefix_mode = FLAGS_auto_prefix_mode;
  KeyBuffer buffer = thread.MakeKeyBuffer();
  SeekBounds bounds(thread);
  ValueSink sink;
  int64_t reads = 0, found = 0, bytes = 0;
  Duration duration = thread.MakeDuration(thread.params.reads);
  while (!duration.IsOver(1)) {
    const int64_t number = thread.random.Below(FLAGS_num);
    const rocksdb::Slice& key = buffer.Make(number, FLAGS_num);
    // Keys are filled up with '0' after the prefix's 8 bytes, so no key has this prefix.
    if (FLAGS_seek_missing_prefix) buffer.data()[8] = '1';
    bounds.Set(number, key, &options);
    const size_t index = databases.count() > 1 ? thread.random.Next() % databases.count() : 0;
    std::unique_ptr<rocksdb::Iterator> fresh;
    if (!FLAGS_use_tailing_iterator) fresh.reset(databases.at(index).db()->NewIterator(options));
    rocksdb::Iterator* iterator = FLAGS_use_tailing_iterator ? tailing[index].get() : fresh.get();
    iterator->Seek(key);
    ++reads;
    if (iterator->Valid() && iterator->key() == key) ++found;
    for (int i = 0; i < FLAGS_seek_nexts && iterator->Valid(); ++i) {
      bytes += sink.Take(*iterator);
      FLAGS_reverse_iterator ? iterator->Prev() : iterator->Next();
    }
    CheckOk("iterator", iterator->status());
    if (reads % kReadsPerRateCheck == kReadsPerRateCheck - 1) thread.shared.LimitReads(kReadsPerRateCheck);
    thread.stats.Finished(databases.at(index).db(), 1, Operation::kSeek);
  }
  thread.stats.AddBytes(bytes);
  thread.stats.AddMessage(Format("(%ld of %ld found)\n", found, reads));
}

void ApproximateSizes(BenchThread& thread) {
  const size_t batch = thread.params.entries_per_batch;
  std::vector<KeyBuffer> buffers;
  for (size_t i = 0; i < 2 * batch; ++i) buffers.push_back(thread.MakeKeyBuffer());
  std::vector<rocksdb::Range> ranges(batch);
  std::vector<uint64_t> sizes(batch);
  double sum = 0;
  int64_t count = 0;
  Duration duration = thread.MakeDuration(thread.params.reads);
  while (!duration.IsOver(1)) {
    rocksdb::DB* db = thread.PickDatabase().db();
    for (size_t i = 0; i < batch; ++i) {
      int64_t low = SkewedKey(&thread.random, FLAGS_read_random_exp_range, FLAGS_num);
      int64_t high = SkewedKey(&thread.random, FLAGS_read_random_exp_range, FLAGS_num);
      if (low > high) std::swap(low, high);
      ranges[i] = {buffers[2 * i].Make(low, FLAGS_num), buffers[2 * i + 1].Make(high, FLAGS_num)};
    }
    CheckOk("GetApproximateSizes",
            db->GetApproximateSizes(rocksdb::SizeApproximationOptions(), db->DefaultColumnFamily(), ranges.data(),
                                    static_cast<int>(batch), sizes.data()));
    for (const uint64_t size : sizes) sum += static_cast<double>(size);
    count += static_cast<int64_t>(batch);
    thread.stats.Finished(db, static_cast<int64_t>(batch), Operation::kOther);
  }
  thread.stats.AddMessage(Format("(Avg approx size=%g)", sum / static_cast<double>(count)));
}

}  // namespace bench
