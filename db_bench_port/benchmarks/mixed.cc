// Reads and writes in turns, by one thread each.
#include <rocksdb/write_batch.h>

#include <array>
#include <cstdio>

#include "db_bench_port/benchmarks/benchmarks.h"
#include "db_bench_port/errors.h"
#include "db_bench_port/flags/flags.h"

namespace bench {

void ReadOrWriteRandom(BenchThread& thread) {
  const Params& params = thread.params;
  ValueSource values = thread.MakeValues();
  KeyBuffer buffer = thread.MakeKeyBuffer();
  std::string value;
  int reads_left = 0, writes_left = 0;
  int64_t reads = 0, writes = 0, found = 0;
  Duration duration = thread.MakeDuration(params.readwrites);
  while (!duration.IsOver(1)) {
    rocksdb::DB* db = thread.PickDatabase().db();
    const rocksdb::Slice& key = buffer.Make(thread.random.Below(FLAGS_num), FLAGS_num);
    if (reads_left == 0 && writes_left == 0) {
      reads_left = FLAGS_readwritepercent;
      writes_left = 100 - reads_left;
    }
    if (reads_left > 0) {
      --reads_left;
      ++reads;
      if (CheckFound("get", db->Get(params.read_options, key, &value))) ++found;
      thread.stats.Finished(db, 1, Operation::kRead);
    } else {
      --writes_left;
      ++writes;
      CheckOk("put", db->Put(params.write_options, key, values.Next()));
      thread.stats.Finished(db, 1, Operation::kWrite);
    }
  }
  thread.stats.AddMessage(
      Format("( reads:%ld writes:%ld total:%ld found:%ld)", reads, writes, params.readwrites, found));
}

namespace {

// A key stands for three: itself with "0", "1" and "2" behind. All three are always written together, with one value.
class Triplet {
 public:
  Triplet(rocksdb::DB* db, const Params& params) : db_(db), params_(params) {}

  void Put(const rocksdb::Slice& key, const rocksdb::Slice& value) {
    rocksdb::WriteBatch batch(0, 0, FLAGS_write_batch_protection_bytes_per_key, 0);
    for (const char suffix : {'2', '1', '0'}) CheckOk("putmany", batch.Put(key.ToString() + suffix, value));
    CheckOk("putmany", db_->Write(params_.write_options, &batch));
  }

  void Delete(const rocksdb::Slice& key) {
    rocksdb::WriteBatch batch(0, 0, FLAGS_write_batch_protection_bytes_per_key, 0);
    for (const char suffix : {'1', '2', '0'}) CheckOk("deletemany", batch.Delete(key.ToString() + suffix));
    CheckOk("deletemany", db_->Write(params_.write_options, &batch));
  }

  // Reads all three in one snapshot. That they differ is told, and the run goes on to find more.
  bool Get(const rocksdb::Slice& key) {
    rocksdb::ReadOptions options = params_.read_options;
    options.snapshot = db_->GetSnapshot();
    std::array<std::string, 3> values;
    bool is_found = false;
    for (int i = 0; i < 3; ++i) {
      is_found = CheckFound("getmany", db_->Get(options, key.ToString() + static_cast<char>('0' + i), &values[i]));
      if (!is_found) values[i].clear();
    }
    db_->ReleaseSnapshot(options.snapshot);
    if (values[0] != values[1] || values[1] != values[2]) {
      std::fprintf(stderr, "inconsistent values for key %s: %s, %s, %s\n", key.ToString(true).c_str(),
                   values[0].c_str(), values[1].c_str(), values[2].c_str());
    }
    return is_found;
  }

 private:
  rocksdb::DB* db_;
  const Params& params_;
};

}  // namespace

void RandomWithVerify(BenchThread& thread) {
  const Params& params = thread.params;
  ValueSource values = thread.MakeValues();
  KeyBuffer buffer = thread.MakeKeyBuffer();
  int gets_left = 0, puts_left = 0, deletes_left = 0;
  int64_t gets = 0, puts = 0, deletes = 0, found = 0;
  for (int64_t i = 0; i < params.readwrites; ++i) {
    rocksdb::DB* db = thread.PickDatabase().db();
    Triplet triplet(db, params);
    if (gets_left <= 0 && puts_left <= 0 && deletes_left <= 0) {
      gets_left = FLAGS_readwritepercent;
      deletes_left = FLAGS_deletepercent;
      puts_left = 100 - gets_left - deletes_left;
    }
    const rocksdb::Slice& key = buffer.Make(thread.random.Below(FLAGS_numdistinct), FLAGS_numdistinct);
    if (gets_left > 0) {
      --gets_left;
      ++gets;
      if (triplet.Get(key)) ++found;
      thread.stats.Finished(db, 1, Operation::kRead);
    } else if (puts_left > 0) {
      --puts_left;
      ++puts;
      triplet.Put(key, values.Next());
      thread.stats.Finished(db, 1, Operation::kWrite);
    } else {
      --deletes_left;
      ++deletes;
      triplet.Delete(key);
      thread.stats.Finished(db, 1, Operation::kDelete);
    }
  }
  thread.stats.AddMessage(
      Format("( get:%ld put:%ld del:%ld total:%ld found:%ld)", gets, puts, deletes, params.readwrites, found));
}

}  // namespace bench
