// Each transaction adds one number to a key in each of --transaction_sets sets of --num keys. Afterwards the sets must
// have one sum.
#include <rocksdb/utilities/optimistic_transaction_db.h>
#include <rocksdb/utilities/transaction.h>
#include <rocksdb/utilities/transaction_db.h>
#include <rocksdb/write_batch.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <vector>

#include "db_bench_port/benchmarks/benchmarks.h"
#include "db_bench_port/errors.h"
#include "db_bench_port/flags/flags.h"

namespace bench {
namespace {

// Four digits of the set, counted from 1, before the key's number.
std::string SetKey(uint64_t set, int64_t number) { return Format("%04lu%016ld", set + 1, number); }

uint64_t ToNumber(const std::string& value) { return std::strtoull(value.c_str(), nullptr, 10); }

// Increments by one way of writing or another. Returns false when a conflict kept it from happening.
class Incrementer {
 public:
  virtual ~Incrementer() = default;
  virtual bool Increment(const std::vector<std::string>& keys, uint64_t by) = 0;
};

// Reads and writes one batch; threads may lose each other's updates.
class PlainIncrementer : public Incrementer {
 public:
  PlainIncrementer(rocksdb::DB* db, const Params& params) : db_(db), params_(params) {}

  bool Increment(const std::vector<std::string>& keys, uint64_t by) override {
    rocksdb::WriteBatch batch;
    for (const auto& key : keys) {
      std::string value;
      const bool is_found = CheckFound("get", db_->Get(params_.read_options, key, &value));
      CheckOk("batch put", batch.Put(key, std::to_string((is_found ? ToNumber(value) : 0) + by)));
    }
    CheckOk("write", db_->Write(params_.write_options, &batch));
    return true;
  }

 private:
  rocksdb::DB* db_;
  const Params& params_;
};

class TransactionIncrementer : public Incrementer {
 public:
  TransactionIncrementer(const Database& database, const Params& params) : database_(database), params_(params) {}

  bool Increment(const std::vector<std::string>& keys, uint64_t by) override {
    Begin();
    for (const auto& key : keys) {
      std::string value;
      const auto read = transaction_->GetForUpdate(params_.read_options, key, &value);
      if (IsConflict(read)) return GiveUp();
      const bool is_found = CheckFound("GetForUpdate", read);
      const auto written = transaction_->Put(key, std::to_string((is_found ? ToNumber(value) : 0) + by));
      if (IsConflict(written)) return GiveUp();
      CheckOk("put", written);
    }
    const auto committed = transaction_->Commit();
    if (IsConflict(committed)) return GiveUp();
    CheckOk("commit", committed);
    return true;
  }

 private:
  static bool IsConflict(const rocksdb::Status& status) {
    return status.IsBusy() || status.IsTimedOut() || status.IsTryAgain() || status.IsExpired();
  }

  bool GiveUp() {
    CheckOk("rollback", transaction_->Rollback());
    return false;
  }

  // One transaction object is used again and again.
  void Begin() {
    if (database_.optimistic() != nullptr) {
      rocksdb::OptimisticTransactionOptions options;
      options.set_snapshot = FLAGS_transaction_set_snapshot;
      Keep(database_.optimistic()->BeginTransaction(params_.write_options, options, transaction_.get()));
      return;
    }
    rocksdb::TransactionOptions options;
    options.lock_timeout = static_cast<int64_t>(FLAGS_transaction_lock_timeout);
    options.set_snapshot = FLAGS_transaction_set_snapshot;
    Keep(database_.transactional()->BeginTransaction(params_.write_options, options, transaction_.get()));
  }

  void Keep(rocksdb::Transaction* begun) {
    if (begun != transaction_.get()) transaction_.reset(begun);
  }

  const Database& database_;
  const Params& params_;
  std::unique_ptr<rocksdb::Transaction> transaction_;
};

bool HasTransactions() { return FLAGS_transaction_db || FLAGS_optimistic_transaction_db; }

std::unique_ptr<Incrementer> MakeIncrementer(BenchThread& thread) {
  const Database& database = thread.world.databases.first();
  if (HasTransactions()) return std::make_unique<TransactionIncrementer>(database, thread.params);
  return std::make_unique<PlainIncrementer>(database.db(), thread.params);
}

}  // namespace

void RandomTransactions(BenchThread& thread) {
  if (FLAGS_transaction_sets == 0 || FLAGS_transaction_sets > 9999) Fail("invalid value for transaction_sets");
  if (FLAGS_num_multi_db > 1) Fail("randomtransaction runs on one database");
  std::unique_ptr<Incrementer> incrementer = MakeIncrementer(thread);
  rocksdb::DB* db = thread.world.databases.first().db();
  int64_t done = 0, conflicts = 0, bytes = 0;
  Duration duration = thread.MakeDuration(thread.params.readwrites);
  while (!duration.IsOver(1)) {
    const int64_t number = thread.random.Below(FLAGS_num);
    const uint64_t by = 1 + thread.random.Next() % 100;
    std::vector<std::string> keys;
    for (uint64_t set = 0; set < FLAGS_transaction_sets; ++set) keys.push_back(SetKey(set, number));
    // Locking the sets in a random order makes deadlocks possible, as they are in life.
    std::shuffle(keys.begin(), keys.end(), std::minstd_rand(static_cast<uint32_t>(thread.random.Next())));
    if (incrementer->Increment(keys, by)) {
      bytes += static_cast<int64_t>(keys.size() * (keys[0].size() + std::to_string(by).size()));
    } else {
      ++conflicts;
    }
    ++done;
    thread.stats.Finished(db, 1, Operation::kOther);
  }
  thread.stats.AddMessage(HasTransactions() ? Format("( transactions:%ld aborts:%ld)", done, conflicts)
                                            : Format("( batches:%ld )", done));
  thread.stats.AddBytes(bytes);
}

void VerifyTransactions(const World& world) {
  if (!HasTransactions()) return;
  rocksdb::DB* db = world.databases.first().db();
  std::vector<uint64_t> sums(FLAGS_transaction_sets);
  std::unique_ptr<rocksdb::Iterator> iterator(db->NewIterator(rocksdb::ReadOptions()));
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
    const size_t set = std::strtoul(iterator->key().ToString().substr(0, 4).c_str(), nullptr, 10);
    if (set >= 1 && set <= sums.size()) sums[set - 1] += ToNumber(iterator->value().ToString());
  }
  CheckOk("iterator", iterator->status());
  for (const uint64_t sum : sums) {
    if (sum != sums[0]) Fail("RandomTransactionVerify FAILED!! one set sums up to %lu, another to %lu", sums[0], sum);
  }
  std::printf("RandomTransactionVerify Success.\n");
}

}  // namespace bench
