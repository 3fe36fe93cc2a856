// The workload of db_bench's "randomtransaction": each transaction adds the same number to one key in every set, so the
// sums of all sets stay equal. Verify adds them up.
//
// Layout:  as RocksDB 7.8.3's test_util/transaction_test_util.h: db_bench lays it out inline and reads the counters.
// Owner:   the two transactions, which are used again and again. `rand` is the program's.
// Threads: one thread per inserter.
// Errors:  an insert returns false when something went wrong that no concurrency explains; last_status_ says what.
#pragma once

#include <rocksdb/options.h>
#include <rocksdb/utilities/optimistic_transaction_db.h>
#include <rocksdb/utilities/transaction_db.h>

#include <cstdint>
#include <string>

#include "compat/tools_abi/random.h"

namespace rocksdb {

class RandomTransactionInserter {
 public:
  RandomTransactionInserter(Random64* rand, const WriteOptions& write_options, const ReadOptions& read_options,
                            uint64_t num_keys, uint16_t num_sets, uint64_t cmt_delay_ms, uint64_t first_id);
  ~RandomTransactionInserter();

  bool TransactionDBInsert(TransactionDB* db, const TransactionOptions& txn_options);
  bool OptimisticTransactionDBInsert(OptimisticTransactionDB* db, const OptimisticTransactionOptions& txn_options);
  // Without a transaction: concurrent calls may break the equality.
  bool DBInsert(DB* db);

  // OK when the sums of all sets are equal. num_keys_per_set and rand let some sets be read by point lookups.
  static Status Verify(DB* db, uint16_t num_sets, uint64_t num_keys_per_set, bool take_snapshot, Random64* rand,
                       uint64_t delay_ms);

 private:
  struct Increment;

  bool Insert(DB* db, Transaction* txn, bool is_optimistic);
  Status ApplyIncrements(DB* db, Transaction* txn, WriteBatch* batch, bool* is_unexpected);
  Status AddTo(DB* db, Transaction* txn, WriteBatch* batch, const Increment& increment, bool* is_unexpected);
  Status CommitOrRollback(DB* db, Transaction* txn, bool is_optimistic, bool* is_unexpected);

  Random64* rand_;
  const WriteOptions write_options_;
  ReadOptions read_options_;
  const uint64_t num_keys_;
  const uint16_t num_sets_;
  uint64_t success_count_ = 0;
  uint64_t failure_count_ = 0;
  size_t bytes_inserted_ = 0;
  Status last_status_;
  Transaction* txn_ = nullptr;
  Transaction* optimistic_txn_ = nullptr;
  uint64_t txn_id_;
  const uint64_t commit_delay_ms_;
};
static_assert(sizeof(RandomTransactionInserter) == 264);

}  // namespace rocksdb
