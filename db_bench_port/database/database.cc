#include "db_bench_port/database/database.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <sstream>

#include "db_bench_port/errors.h"
#include "db_bench_port/flags/flags.h"

namespace bench {
namespace {

std::string FamilyName(size_t index) {
  if (index == 0) return rocksdb::kDefaultColumnFamilyName;
  char name[100];
  std::snprintf(name, sizeof(name), "column_family_name_%06zu", index);
  return name;
}

// Unordered writes in a TransactionDB need its second queue and the write policy that goes with it.
rocksdb::TransactionDBOptions TransactionOptionsFor(rocksdb::Options* options) {
  rocksdb::TransactionDBOptions transaction;
  if (options->unordered_write) {
    options->two_write_queues = true;
    transaction.skip_concurrency_control = true;
    transaction.write_policy = rocksdb::WRITE_PREPARED;
  }
  return transaction;
}

}  // namespace

Database::Database(const rocksdb::Options& options, std::string directory)
    : options_(options), directory_(std::move(directory)) {
  const auto started = std::chrono::steady_clock::now();
  Open();
  if (FLAGS_report_open_timing) {
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - started;
    std::printf("OpenDb:     %g milliseconds\n", took.count());
  }
}

Database::~Database() {
  for (auto* handle : handles_) delete handle;
  if (optimistic_ != nullptr) {
    delete optimistic_;
  } else {
    delete db_;
  }
}

void Database::Open() {
  if (FLAGS_num_column_families <= 1) {
    CheckOk("open", OpenAlone());
    return;
  }
  const size_t count = FLAGS_num_column_families;
  const bool has_hot = FLAGS_num_hot_column_families > 0 && FLAGS_num_hot_column_families < FLAGS_num_column_families;
  hot_ = has_hot ? FLAGS_num_hot_column_families : count;
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (size_t i = 0; i < hot_; ++i) families.emplace_back(FamilyName(i), rocksdb::ColumnFamilyOptions(options_));
  ReadDistribution();
  CheckOk("open", OpenWithFamilies(std::move(families)));
  handles_.resize(count);
  created_ = hot_;
}

rocksdb::Status Database::OpenWithFamilies(std::vector<rocksdb::ColumnFamilyDescriptor> families) {
  if (FLAGS_readonly) return rocksdb::DB::OpenForReadOnly(options_, directory_, families, &handles_, &db_);
  rocksdb::Status status;
  if (FLAGS_optimistic_transaction_db) {
    status = rocksdb::OptimisticTransactionDB::Open(options_, directory_, families, &handles_, &optimistic_);
    if (status.ok()) db_ = optimistic_->GetBaseDB();
    return status;
  }
  if (FLAGS_transaction_db) {
    const auto transaction = TransactionOptionsFor(&options_);
    status = rocksdb::TransactionDB::Open(options_, transaction, directory_, families, &handles_, &transactional_);
    db_ = transactional_;
    return status;
  }
  return rocksdb::DB::Open(options_, directory_, families, &handles_, &db_);
}

rocksdb::Status Database::OpenAlone() {
  if (FLAGS_readonly) return rocksdb::DB::OpenForReadOnly(options_, directory_, &db_);
  rocksdb::Status status;
  if (FLAGS_optimistic_transaction_db) {
    status = rocksdb::OptimisticTransactionDB::Open(options_, directory_, &optimistic_);
    if (status.ok()) db_ = optimistic_->GetBaseDB();
    return status;
  }
  if (FLAGS_transaction_db) {
    const auto transaction = TransactionOptionsFor(&options_);
    status = rocksdb::TransactionDB::Open(options_, transaction, directory_, &transactional_);
    db_ = transactional_;
    return status;
  }
  if (FLAGS_use_secondary_db) {
    if (FLAGS_secondary_path.empty()) {
      CheckOk("test directory", options_.env->GetTestDirectory(&FLAGS_secondary_path));
      FLAGS_secondary_path += "/dbbench_secondary";
    }
    return rocksdb::DB::OpenAsSecondary(options_, directory_, FLAGS_secondary_path, &db_);
  }
  return rocksdb::DB::Open(options_, directory_, &db_);
}

void Database::ReadDistribution() {
  std::stringstream stream(FLAGS_column_family_distribution);
  for (std::string item; std::getline(stream, item, ',');) percent_.push_back(std::atoi(item.c_str()));
  if (percent_.empty()) return;
  if (std::accumulate(percent_.begin(), percent_.end(), 0) != 100)
    Fail("column_family_distribution items must sum to 100");
  if (percent_.size() != hot_) {
    Fail("got %zu column_family_distribution items; expected %zu", percent_.size(), hot_);
  }
}

rocksdb::ColumnFamilyHandle* Database::FamilyOf(int64_t key_number) const {
  if (!has_families()) return db_->DefaultColumnFamily();
  size_t place = key_number % hot_;
  if (!percent_.empty()) {
    const int drawn = static_cast<int>(key_number % 100);
    int below = 0;
    for (place = 0; place + 1 < hot_ && below + percent_[place] <= drawn; ++place) below += percent_[place];
  }
  return handles_[created_.load(std::memory_order_acquire) - hot_ + place];
}

std::vector<rocksdb::ColumnFamilyHandle*> Database::Families() const {
  if (!has_families()) return {db_->DefaultColumnFamily()};
  return {handles_.begin(), handles_.begin() + created_.load(std::memory_order_acquire)};
}

void Database::CreateFamilies(int64_t stage) {
  if (!has_families()) return;
  std::lock_guard<std::mutex> lock(create_mutex_);
  const size_t wanted = std::min(handles_.size(), static_cast<size_t>(stage + 1) * hot_);
  for (size_t i = created_; i < wanted; ++i) {
    CheckOk("create column family", db_->CreateColumnFamily(options_, FamilyName(i), &handles_[i]));
  }
  if (wanted > created_) created_.store(wanted, std::memory_order_release);
}

}  // namespace bench
