#include "compat/tools_abi/random_transaction_inserter.h"

#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <algorithm>
#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <functional>
#include <memory>
#include <numeric>
#include <optional>
#include <thread>

namespace rocksdb {

namespace {

// Keys are four digits of the set number, from 1, then the number of the key within the set.
std::string SetPrefix(uint16_t set) {
  char prefix[8];
  snprintf(prefix, sizeof(prefix), "%.4u", set + 1U);
  return prefix;
}

Status ParseCounter(const Slice& text, uint64_t* counter) {
  const auto [after, error] = std::from_chars(text.data(), text.data() + text.size(), *counter);
  const bool is_valid = error == std::errc() && after == text.data() + text.size();
  if (is_valid && *counter != 0 && *counter != UINT64_MAX) return Status::OK();
  fprintf(stderr, "Unexpected counter: %s\n", text.ToString().c_str());
  return Status::Corruption("unexpected counter", text);
}

bool IsConflict(const Status& status) { return status.IsBusy() || status.IsTimedOut() || status.IsTryAgain(); }

// A counter that was never written is 0.
Status ReadCounter(DB* db, Transaction* txn, const ReadOptions& options, const std::string& key, bool for_update,
                   uint64_t* counter) {
  std::string value;
  Status status;
  if (txn == nullptr) {
    status = db->Get(options, key, &value);
  } else if (for_update) {
    status = txn->GetForUpdate(options, key, &value);
  } else {
    status = txn->Get(options, key, &value);
  }
  *counter = 0;
  if (status.IsNotFound()) return Status::OK();
  return status.ok() ? ParseCounter(value, counter) : status;
}

Status SumByLookups(DB* db, const ReadOptions& options, uint16_t set, uint64_t keys, uint64_t* sum) {
  for (uint64_t key = 0; key < keys; ++key) {
    uint64_t counter;
    Status status = ReadCounter(db, nullptr, options, SetPrefix(set) + std::to_string(key), false, &counter);
    if (!status.ok()) return status;
    *sum += counter;
  }
  return Status::OK();
}

Status SumByIterator(DB* db, const ReadOptions& options, uint16_t set, uint64_t* sum) {
  const std::string prefix = SetPrefix(set);
  std::unique_ptr<Iterator> iter(db->NewIterator(options));
  for (iter->Seek(prefix); iter->Valid() && iter->key().starts_with(prefix); iter->Next()) {
    uint64_t counter;
    Status status = ParseCounter(iter->value(), &counter);
    if (!status.ok()) return status;
    *sum += counter;
  }
  return iter->status();
}

void SleepMs(DB* db, uint64_t ms) { db->GetDBOptions().env->SleepForMicroseconds(static_cast<int>(ms * 1000)); }

std::vector<uint16_t> ShuffledSets(uint16_t count) {
  std::vector<uint16_t> sets(count);
  std::iota(sets.begin(), sets.end(), uint16_t{0});
  std::shuffle(sets.begin(), sets.end(), std::mt19937(std::random_device{}()));
  return sets;
}

}  // namespace

struct RandomTransactionInserter::Increment {
  uint16_t set;
  uint64_t by;
};

RandomTransactionInserter::RandomTransactionInserter(Random64* rand, const WriteOptions& write_options,
                                                     const ReadOptions& read_options, uint64_t num_keys,
                                                     uint16_t num_sets, uint64_t cmt_delay_ms, uint64_t first_id)
    : rand_(rand),
      write_options_(write_options),
      read_options_(read_options),
      num_keys_(num_keys),
      num_sets_(num_sets),
      txn_id_(first_id),
      commit_delay_ms_(cmt_delay_ms) {}

RandomTransactionInserter::~RandomTransactionInserter() {
  delete txn_;
  delete optimistic_txn_;
}

bool RandomTransactionInserter::TransactionDBInsert(TransactionDB* db, const TransactionOptions& txn_options) {
  txn_ = db->BeginTransaction(write_options_, txn_options, txn_);
  const size_t thread = std::hash<std::thread::id>()(std::this_thread::get_id());
  last_status_ = txn_->SetName("txn" + std::to_string(thread) + "-" + std::to_string(txn_id_++));
  if (!last_status_.ok()) return false;

  const bool takes_snapshot = txn_->GetSnapshot() == nullptr || rand_->OneIn(2);
  if (takes_snapshot) {
    txn_->SetSnapshot();
    read_options_.snapshot = txn_->GetSnapshot();
  }
  const bool is_expected = Insert(db, txn_, /*is_optimistic=*/false);
  if (takes_snapshot) read_options_.snapshot = nullptr;
  return is_expected;
}

bool RandomTransactionInserter::OptimisticTransactionDBInsert(OptimisticTransactionDB* db,
                                                              const OptimisticTransactionOptions& txn_options) {
  optimistic_txn_ = db->BeginTransaction(write_options_, txn_options, optimistic_txn_);
  return Insert(db, optimistic_txn_, /*is_optimistic=*/true);
}

bool RandomTransactionInserter::DBInsert(DB* db) { return Insert(db, nullptr, /*is_optimistic=*/false); }

bool RandomTransactionInserter::Insert(DB* db, Transaction* txn, bool is_optimistic) {
  WriteBatch batch;
  bool is_unexpected = false;
  Status status = ApplyIncrements(db, txn, &batch, &is_unexpected);
  if (!status.ok()) {
    // Locks are taken while keys are read or written, so a pessimistic transaction may meet a conflict here.
    if (is_optimistic || !IsConflict(status)) is_unexpected = true;
    if (txn != nullptr) txn->Rollback().PermitUncheckedError();
  } else if (txn != nullptr) {
    status = CommitOrRollback(db, txn, is_optimistic, &is_unexpected);
  } else {
    status = db->Write(write_options_, &batch);
    if (!status.ok()) is_unexpected = true;
  }
  if (is_unexpected) fprintf(stderr, "Unexpected error in a transaction: %s\n", status.ToString().c_str());
  ++(status.ok() ? success_count_ : failure_count_);
  last_status_ = status;
  return !is_unexpected;
}

Status RandomTransactionInserter::ApplyIncrements(DB* db, Transaction* txn, WriteBatch* batch, bool* is_unexpected) {
  const uint64_t by = rand_->Next() % 100 + 1;
  for (const uint16_t set : ShuffledSets(num_sets_)) {
    Status status = AddTo(db, txn, batch, {set, by}, is_unexpected);
    if (!status.ok()) return status;
  }
  return Status::OK();
}

// A transaction deletes the key before it puts it, so that deletions and single deletions are exercised too.
Status RandomTransactionInserter::AddTo(DB* db, Transaction* txn, WriteBatch* batch, const Increment& increment,
                                        bool* is_unexpected) {
  const std::string key = SetPrefix(increment.set) + std::to_string(rand_->Next() % num_keys_);
  const bool is_locked = txn != nullptr && rand_->OneIn(2);
  uint64_t counter;
  Status status = ReadCounter(db, txn, read_options_, key, is_locked, &counter);
  if (!status.ok()) return status;

  const std::string sum = std::to_string(counter + increment.by);
  bytes_inserted_ += key.size() + sum.size();
  if (txn == nullptr) return batch->Put(key, sum);
  status = increment.set % 4 != 0 ? txn->SingleDelete(key) : txn->Delete(key);
  if (status.ok()) status = txn->Put(key, sum);
  if (is_locked && !status.ok()) *is_unexpected = true;  // the lock was already ours
  return status;
}

Status RandomTransactionInserter::CommitOrRollback(DB* db, Transaction* txn, bool is_optimistic, bool* is_unexpected) {
  if (!is_optimistic && !rand_->OneIn(10)) {
    Status status = txn->Prepare();
    if (!status.ok()) {
      *is_unexpected = true;
      return status;
    }
    if (rand_->OneIn(20)) txn->GetCommitTimeWriteBatch()->Put("cat", "dog").PermitUncheckedError();
    SleepMs(db, commit_delay_ms_);
  }
  Status status = rand_->OneIn(20) ? txn->Rollback() : txn->Commit();
  const bool is_explained = is_optimistic ? IsConflict(status) : status.IsExpired();
  if (!status.ok() && !is_explained) *is_unexpected = true;
  return status;
}

Status RandomTransactionInserter::Verify(DB* db, uint16_t num_sets, uint64_t num_keys_per_set, bool take_snapshot,
                                         Random64* rand, uint64_t delay_ms) {
  ReadOptions options;
  std::optional<ManagedSnapshot> snapshot;
  if (take_snapshot) {
    snapshot.emplace(db);
    options.snapshot = snapshot->snapshot();
    SleepMs(db, delay_ms);
  }
  std::optional<uint64_t> expected;
  for (const uint16_t set : ShuffledSets(num_sets)) {
    const bool by_lookups = num_keys_per_set != 0 && rand != nullptr && rand->OneIn(10);
    uint64_t sum = 0;
    Status status =
        by_lookups ? SumByLookups(db, options, set, num_keys_per_set, &sum) : SumByIterator(db, options, set, &sum);
    if (!status.ok()) return status;
    if (expected.has_value() && sum != *expected) {
      printf("Set %u sums up to %" PRIu64 ", another to %" PRIu64 "\n", set + 1U, sum, *expected);
      fflush(stdout);
      return Status::Corruption("the sums of two sets differ");
    }
    expected = sum;
  }
  return Status::OK();
}

}  // namespace rocksdb
