// rocksdb/utilities/transaction_db.h and optimistic_transaction_db.h
#include <rocksdb/utilities/optimistic_transaction_db.h>
#include <rocksdb/utilities/transaction_db.h>

#include "compat/not_supported.h"

namespace rocksdb {

using gneiss::compat::FailNotBuilt;
using gneiss::compat::NotBuilt;

Status TransactionDB::Open(const Options&, const TransactionDBOptions&, const std::string&, TransactionDB** dbptr) {
  *dbptr = nullptr;
  return NotBuilt("TransactionDB");
}

Status TransactionDB::Open(const DBOptions&, const TransactionDBOptions&, const std::string&,
                           const std::vector<ColumnFamilyDescriptor>&, std::vector<ColumnFamilyHandle*>*,
                           TransactionDB** dbptr) {
  *dbptr = nullptr;
  return NotBuilt("TransactionDB");
}

void TransactionDB::PrepareWrap(DBOptions*, std::vector<ColumnFamilyDescriptor>*, std::vector<size_t>*) {
  FailNotBuilt("TransactionDB");
}

Status TransactionDB::WrapDB(DB*, const TransactionDBOptions&, const std::vector<size_t>&,
                             const std::vector<ColumnFamilyHandle*>&, TransactionDB** dbptr) {
  *dbptr = nullptr;
  return NotBuilt("TransactionDB");
}

Status TransactionDB::WrapStackableDB(StackableDB*, const TransactionDBOptions&, const std::vector<size_t>&,
                                      const std::vector<ColumnFamilyHandle*>&, TransactionDB** dbptr) {
  *dbptr = nullptr;
  return NotBuilt("TransactionDB");
}

RangeLockManagerHandle* NewRangeLockManager(std::shared_ptr<TransactionDBMutexFactory>) {
  FailNotBuilt("NewRangeLockManager");
}

Status OptimisticTransactionDB::Open(const Options&, const std::string&, OptimisticTransactionDB** dbptr) {
  *dbptr = nullptr;
  return NotBuilt("OptimisticTransactionDB");
}

Status OptimisticTransactionDB::Open(const DBOptions&, const std::string&, const std::vector<ColumnFamilyDescriptor>&,
                                     std::vector<ColumnFamilyHandle*>*, OptimisticTransactionDB** dbptr) {
  *dbptr = nullptr;
  return NotBuilt("OptimisticTransactionDB");
}

Status OptimisticTransactionDB::Open(const DBOptions&, const OptimisticTransactionDBOptions&, const std::string&,
                                     const std::vector<ColumnFamilyDescriptor>&, std::vector<ColumnFamilyHandle*>*,
                                     OptimisticTransactionDB** dbptr) {
  *dbptr = nullptr;
  return NotBuilt("OptimisticTransactionDB");
}

}  // namespace rocksdb
