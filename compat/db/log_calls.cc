// DB's calls over log files: their list, and the updates in them read back.

#include <rocksdb/statistics.h>
#include <rocksdb/transaction_log.h>

#include "compat/db/db_impl.h"
#include "compat/db/write_batch_internal.h"
#include "compat/status_map.h"
#include "engine/io/file_name.h"

namespace gneiss::compat {

namespace {

class WalFileInfo final : public rocksdb::LogFile {
 public:
  explicit WalFileInfo(const WalFile& file) : file_(file) {}
  std::string PathName() const override {
    return file_.is_archived ? ArchivedWalName("", file_.number) : WalName("", file_.number);
  }
  uint64_t LogNumber() const override { return file_.number; }
  rocksdb::WalFileType Type() const override {
    return file_.is_archived ? rocksdb::kArchivedLogFile : rocksdb::kAliveLogFile;
  }
  rocksdb::SequenceNumber StartSequence() const override { return file_.first_seq; }
  uint64_t SizeFileBytes() const override { return file_.bytes; }

 private:
  const WalFile file_;
};

// Keeps the database's parts alive: it may outlive the DB, and then ends with what the logs hold.
class LogIterator final : public rocksdb::TransactionLogIterator {
 public:
  LogIterator(std::shared_ptr<DbCore> core, std::unique_ptr<UpdateIterator> inner)
      : core_(std::move(core)), inner_(std::move(inner)) {}
  bool Valid() override { return inner_->Valid(); }
  void Next() override { inner_->Next(); }
  rocksdb::Status status() override { return ToRocks(inner_->status()); }
  rocksdb::BatchResult GetBatch() override {
    rocksdb::BatchResult result;
    result.sequence = inner_->batch_seq();
    result.writeBatchPtr = std::make_unique<rocksdb::WriteBatch>(inner_->TakeBatch());
    return result;
  }

 private:
  const std::shared_ptr<DbCore> core_;
  const std::unique_ptr<UpdateIterator> inner_;
};

}  // namespace

rocksdb::Status DbImpl::GetSortedWalFiles(rocksdb::VectorLogPtr& files) {
  std::vector<WalFile> found;
  const Status status = core_->database->ListWals(&found);
  if (!status.ok()) return ToRocks(status);
  files.clear();
  for (const WalFile& file : found) files.push_back(std::make_unique<WalFileInfo>(file));
  return rocksdb::Status::OK();
}

rocksdb::Status DbImpl::GetCurrentWalFile(std::unique_ptr<rocksdb::LogFile>* file) {
  if (file == nullptr) return rocksdb::Status::InvalidArgument("log_file not preallocated.");
  WalFile current;
  const Status status = core_->database->CurrentWal(&current);
  if (status.ok()) *file = std::make_unique<WalFileInfo>(current);
  return ToRocks(status);
}

rocksdb::Status DbImpl::GetUpdatesSince(rocksdb::SequenceNumber seq,
                                        std::unique_ptr<rocksdb::TransactionLogIterator>* iterator,
                                        const rocksdb::TransactionLogIterator::ReadOptions&) {
  if (core_->db_options.statistics != nullptr) {
    core_->db_options.statistics->recordTick(rocksdb::GET_UPDATES_SINCE_CALLS, 1);
  }
  std::unique_ptr<UpdateIterator> inner;
  const Status status = core_->database->UpdatesSince(seq, &inner);
  if (inner != nullptr) *iterator = std::make_unique<LogIterator>(core_, std::move(inner));
  return ToRocks(status);
}

}  // namespace gneiss::compat
