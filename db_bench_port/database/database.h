#pragma once

#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/utilities/optimistic_transaction_db.h>
#include <rocksdb/utilities/transaction_db.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace bench {

// A Database is one opened directory with the column families that operations are spread over: the hot ones, which are
// the last that have been created. Without --num_column_families only the default one is used.
//
// Owner:   closes the handles and the database when it goes.
// Threads: FamilyOf and CreateFamilies are safe from any thread.
// Errors:  what fails ends the program.
class Database {
 public:
  Database(const rocksdb::Options& options, std::string directory);
  ~Database();

  rocksdb::DB* db() const { return db_; }
  // Null unless the flags ask for that kind.
  rocksdb::OptimisticTransactionDB* optimistic() const { return optimistic_; }
  rocksdb::TransactionDB* transactional() const { return transactional_; }
  const std::string& directory() const { return directory_; }

  bool has_families() const { return !handles_.empty(); }
  // The family that a key number belongs to, always the same one for as long as no families are created.
  rocksdb::ColumnFamilyHandle* FamilyOf(int64_t key_number) const;
  // Those that exist now.
  std::vector<rocksdb::ColumnFamilyHandle*> Families() const;
  // Makes the hot families of a stage exist; stage 0 exists from the start.
  void CreateFamilies(int64_t stage);

 private:
  void Open();
  rocksdb::Status OpenWithFamilies(std::vector<rocksdb::ColumnFamilyDescriptor> families);
  rocksdb::Status OpenAlone();
  void ReadDistribution();

  rocksdb::Options options_;
  std::string directory_;
  rocksdb::DB* db_ = nullptr;
  rocksdb::OptimisticTransactionDB* optimistic_ = nullptr;
  rocksdb::TransactionDB* transactional_ = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;  // as many as --num_column_families, null where not created yet
  std::atomic<size_t> created_{0};
  size_t hot_ = 0;
  std::vector<int> percent_;  // of each hot family; empty: even
  std::mutex create_mutex_;
};

}  // namespace bench
