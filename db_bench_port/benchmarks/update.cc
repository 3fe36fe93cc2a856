// Deletes, and reads followed by a write of the same key.
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <random>
#include <vector>

#include "db_bench_port/benchmarks/benchmarks.h"
#include "db_bench_port/errors.h"
#include "db_bench_port/flags/flags.h"

namespace bench {
namespace {

enum class DeleteOrder { kSequential, kRandom };

void Delete(BenchThread& thread, DeleteOrder order) {
  const Params& params = thread.params;
  const int64_t batch_size = params.entries_per_batch;
  rocksdb::WriteBatch batch(0, 0, FLAGS_write_batch_protection_bytes_per_key, 0);
  KeyBuffer buffer = thread.MakeKeyBuffer();
  Duration duration(thread.clock(), order == DeleteOrder::kSequential ? 0 : FLAGS_duration, params.deletes);
  for (int64_t next = 0; !duration.IsOver(batch_size); next += batch_size) {
    rocksdb::DB* db = thread.PickDatabase().db();
    batch.Clear();
    for (int64_t i = 0; i < batch_size; ++i) {
      const int64_t number = order == DeleteOrder::kSequential ? next + i : thread.random.Below(FLAGS_num);
      CheckOk("batch delete", batch.Delete(buffer.Make(number, FLAGS_num)));
    }
    const auto status = db->Write(params.write_options, &batch);
    thread.stats.Finished(db, batch_size, Operation::kDelete);
    CheckOk("del", status);
  }
}

// Reads random keys and writes each again; `change` makes the new value of the old one, which is null when there is
// none.
template <typename Change>
void ReadThenWrite(BenchThread& thread, Operation operation, bool counts_bytes, Change change) {
  const Params& params = thread.params;
  KeyBuffer buffer = thread.MakeKeyBuffer();
  std::string old_value;
  int64_t found = 0, bytes = 0;
  Duration duration = thread.MakeDuration(params.readwrites);
  while (!duration.IsOver(1)) {
    rocksdb::DB* db = thread.PickDatabase().db();
    const rocksdb::Slice& key = buffer.Make(thread.random.Below(FLAGS_num), FLAGS_num);
    const bool is_there = CheckFound("Get", db->Get(params.read_options, key, &old_value));
    if (is_there) {
      ++found;
      bytes += static_cast<int64_t>(key.size() + old_value.size());
    }
    const rocksdb::Slice new_value = change(is_there ? &old_value : nullptr);
    thread.shared.LimitWrites(static_cast<int64_t>(key.size() + new_value.size()));
    CheckOk("put", db->Put(params.write_options, key, new_value));
    bytes += static_cast<int64_t>(key.size() + new_value.size());
    thread.stats.Finished(db, 1, operation);
  }
  if (counts_bytes) thread.stats.AddBytes(bytes);
  thread.stats.AddMessage(Format("( updates:%ld found:%ld)", params.readwrites, found));
}

}  // namespace

void DeleteSequential(BenchThread& thread) { Delete(thread, DeleteOrder::kSequential); }
void DeleteRandom(BenchThread& thread) { Delete(thread, DeleteOrder::kRandom); }

void UpdateRandom(BenchThread& thread) {
  ValueSource values = thread.MakeValues();
  ReadThenWrite(thread, Operation::kUpdate, true, [&](std::string*) { return values.Next(); });
}

void XorUpdateRandom(BenchThread& thread) {
  ValueSource values = thread.MakeValues();
  std::string mixed;
  ReadThenWrite(thread, Operation::kOther, false, [&](std::string* old_value) -> rocksdb::Slice {
    if (old_value == nullptr) return values.Next();
    const rocksdb::Slice with = values.Next(static_cast<uint32_t>(old_value->size()));
    mixed.resize(with.size());
    std::transform(with.data(), with.data() + with.size(), old_value->begin(), mixed.begin(),
                   [](char a, char b) { return static_cast<char>(a ^ b); });
    return mixed;
  });
}

void AppendRandom(BenchThread& thread) {
  ValueSource values = thread.MakeValues();
  std::string longer;
  ReadThenWrite(thread, Operation::kUpdate, true, [&](std::string* old_value) -> rocksdb::Slice {
    longer = old_value != nullptr ? *old_value : std::string();
    if (!longer.empty()) longer += ',';
    const rocksdb::Slice value = values.Next();
    longer.append(value.data(), value.size());
    return longer;
  });
}

// An index whose keys change: each operation deletes one key's present form and puts its next, of 50 in turn.
void ReplaceKeys(BenchThread& thread) {
  constexpr int64_t kFormsPerKey = 50;
  const Params& params = thread.params;
  rocksdb::DB* db = thread.PickDatabase().db();
  KeyBuffer buffer = thread.MakeKeyBuffer();
  ValueSource values = thread.MakeValues();
  std::vector<int64_t> form(FLAGS_numdistinct, 0);
  for (int64_t i = 0; i < FLAGS_numdistinct; ++i) {
    CheckOk("put", db->Put(params.write_options, buffer.Make(i * kFormsPerKey, FLAGS_num), values.Next()));
  }
  // Held until the end, so that what is deleted stays behind it.
  const rocksdb::Snapshot* snapshot = db->GetSnapshot();
  std::default_random_engine engine;
  std::normal_distribution<double> distribution(static_cast<double>(FLAGS_numdistinct) / 2.0, FLAGS_stddev);
  Duration duration = thread.MakeDuration(FLAGS_num);
  while (!duration.IsOver(1)) {
    const int64_t id = std::clamp<int64_t>(static_cast<int64_t>(distribution(engine)), 0, FLAGS_numdistinct - 1);
    const rocksdb::Slice& old_key = buffer.Make(id * kFormsPerKey + form[id], FLAGS_num);
    CheckOk("delete", FLAGS_use_single_deletes ? db->SingleDelete(params.write_options, old_key)
                                               : db->Delete(params.write_options, old_key));
    form[id] = (form[id] + 1) % kFormsPerKey;
    CheckOk("put",
            db->Put(params.write_options, buffer.Make(id * kFormsPerKey + form[id], FLAGS_num), rocksdb::Slice()));
    thread.stats.Finished(db, 1, Operation::kOther);
  }
  db->ReleaseSnapshot(snapshot);
  thread.stats.AddMessage(
      Format("use single deletes: %d, standard deviation: %f\n", FLAGS_use_single_deletes ? 1 : 0, FLAGS_stddev));
}

}  // namespace bench
