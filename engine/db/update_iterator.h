// An UpdateIterator reads committed batches back from the logs, in the order of their sequence numbers, while the
// database goes on writing (rocksdb::TransactionLogIterator).
//
// Owner:   borrows the WalDirectory and the published sequence number: it must not outlive the database.
// Threads: one thread.
// Errors:  NotFound where a sequence number is missing between two batches. TryAgain when the rest lies in a log that
//          began after the iterator did: a new one reads on. At the newest batch it is invalid with an OK status, and
//          Next() looks again.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "engine/db/wal_directory.h"
#include "engine/wal/log_reader.h"

namespace gneiss {

class UpdateIterator final : public LogReader::Reporter {
 public:
  // Stands at the batch that holds `seq`, or at the next one there is.
  UpdateIterator(const DatabaseConfig& config, const WalDirectory& directory, const std::atomic<SeqNo>& published_seq,
                 std::vector<WalFile> files, SeqNo seq);

  bool Valid() const { return is_valid_; }
  void Next();
  const Status& status() const { return status_; }
  SeqNo batch_seq() const { return batch_seq_; }
  std::string TakeBatch() { return std::move(batch_); }

 private:
  void Corruption(size_t bytes, const Status& why) override;
  SeqNo Published() const { return published_seq_.load(std::memory_order_acquire); }

  bool OpenLog(size_t index);
  bool Refresh();
  bool ReadBatch(Slice* record);
  void Take(Slice record);
  // Looks for the wanted seq in one log; false when it is not there.
  bool SeekInLog(size_t index);
  void Advance();
  void ReachEnd();

  const DatabaseConfig& config_;
  const WalDirectory& directory_;
  const std::atomic<SeqNo>& published_seq_;
  const std::vector<WalFile> files_;
  const SeqNo wanted_seq_;
  size_t file_index_ = 0;
  std::unique_ptr<LogReader> reader_;
  bool has_started_ = false;  // a batch was found: from here on none may be missing
  bool is_valid_ = false;
  Status status_;
  std::string batch_;
  SeqNo batch_seq_ = 0;
  SeqNo last_seq_ = 0;   // of the batch read last
  SeqNo fresh_seq_ = 0;  // published when the log was last looked at: so far the reader finds whole records
};

}  // namespace gneiss
