// The transaction handles of c.h.
//
// Owner:   every handle owns its database or transaction.
// Threads: as the C++ classes: a transaction belongs to one thread at a time.
// Errors:  none here.
#pragma once

#include <rocksdb/utilities/optimistic_transaction_db.h>
#include <rocksdb/utilities/transaction.h>
#include <rocksdb/utilities/transaction_db.h>

struct rocksdb_transactiondb_t {
  rocksdb::TransactionDB* rep;
};
struct rocksdb_optimistictransactiondb_t {
  rocksdb::OptimisticTransactionDB* rep;
};
struct rocksdb_transaction_t {
  rocksdb::Transaction* rep;
};
struct rocksdb_transactiondb_options_t {
  rocksdb::TransactionDBOptions rep;
};
struct rocksdb_transaction_options_t {
  rocksdb::TransactionOptions rep;
};
struct rocksdb_optimistictransaction_options_t {
  rocksdb::OptimisticTransactionOptions rep;
};
