// A LogReader reads the records of a log file back, and tells a torn tail from damage.
//
// Owner:   owns the file. The record returned is borrowed until the next call.
// Threads: one thread.
// Errors:  damage is told to the Reporter with the number of bytes skipped. In all modes but kSkipAnyCorruptedRecords
//          it ends the reading, so what was returned is a prefix of what was written; kSkipAnyCorruptedRecords goes on
//          behind it. An incomplete record at the very end is a torn tail: in all modes but kAbsoluteConsistency it
//          ends the file without an error, and has_torn_tail() tells of it. Zeros up to the end of the file are space
//          allocated ahead; a block that is the last with data may end in zeros and then parts of a fragment that its
//          writer did not finish (PosixLogFile), which is a torn tail too, and so is a last fragment of which whole
//          sectors are zeros, as a power cut leaves it; other zeros before data are damage.
//          A recycled log ends where the records of its former life begin. There nothing tells damage from a half
//          overwritten record: kTolerateCorruptedTailRecords takes both for the end.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/base/status.h"
#include "engine/io/file_system.h"
#include "engine/wal/log_format.h"

namespace gneiss {

// rocksdb::WALRecoveryMode's numbers.
enum class WalRecoveryMode : uint8_t {
  kTolerateCorruptedTailRecords = 0,
  kAbsoluteConsistency = 1,
  kPointInTimeRecovery = 2,
  kSkipAnyCorruptedRecords = 3,
};

class LogReader {
 public:
  class Reporter {
   public:
    virtual ~Reporter() = default;
    virtual void Corruption(size_t bytes, const Status& why) = 0;
  };
  // `reporter` may be null.
  LogReader(std::unique_ptr<SequentialFile> file, uint64_t log_number, Reporter* reporter);
  ~LogReader();
  LogReader(const LogReader&) = delete;
  LogReader& operator=(const LogReader&) = delete;

  // False at the end of the log. A later call goes on with what a writer has appended since, unless damage or an old
  // record ended the reading.
  bool ReadRecord(Slice* record, WalRecoveryMode mode = WalRecoveryMode::kTolerateCorruptedTailRecords);
  // Goes on behind the last record with a fresh look at `file`, the same log opened anew. What was read ahead may have
  // been space that the writer had not come to. Where the log is still written, zeros are such space again: they are
  // the end, and what lies behind them is not read.
  void Reread(std::unique_ptr<SequentialFile> file, bool is_still_written = false);
  uint64_t LastRecordOffset() const { return last_record_offset_; }
  uint64_t LastRecordEnd() const { return last_record_end_; }
  uint64_t NextFragmentOffset() const;  // behind the last record
  bool is_recycled() const { return is_recycled_; }
  bool is_compressed() const { return is_compressed_; }  // once the first record was asked for
  // After ReadRecord returned false: the log ends in the beginning of a record that is not complete.
  bool has_torn_tail() const { return has_torn_tail_; }
  // That beginning is a few zeros: rather what is left of space that was allocated ahead.
  bool is_torn_tail_zeros() const { return is_torn_tail_zeros_; }

 private:
  enum class Outcome : uint8_t { kFragment, kEnd, kOldRecord, kDamage };
  struct Fragment {
    FragmentType type;
    Slice payload;
    uint64_t offset;
  };
  enum class Step : uint8_t { kMore, kRecord, kStop };

  bool Fill();
  bool Have(size_t bytes);
  Slice Rest() const { return Slice(block_.get() + position_, block_end_ - position_); }
  Outcome ReadFragment(Fragment* fragment);
  Outcome ParseFragment(Fragment* fragment);
  bool SkipPerhapsEnd();
  Outcome Damage(size_t bytes, const char* what);
  Step TakeFragment(const Fragment& fragment, WalRecoveryMode mode, Slice* record);
  Step TakeDataFragment(const Fragment& fragment, WalRecoveryMode mode, Slice* record);
  Step TakeCompressionType(const Fragment& fragment);
  Step FinishRecord(WalRecoveryMode mode, Slice* record);
  Step TakeDamage(WalRecoveryMode mode);
  Step TakeOldRecord(WalRecoveryMode mode);
  void TakeEnd(WalRecoveryMode mode, size_t unread_bytes);
  void Report(size_t bytes, Slice what);
  Step ReportAndGoOn(size_t bytes, Slice what, WalRecoveryMode mode);

  std::unique_ptr<SequentialFile> file_;
  const uint64_t log_number_;
  Reporter* const reporter_;

  // The block being read: bytes [0, block_end_) are here, [0, position_) are consumed.
  const std::unique_ptr<char[]> block_;
  size_t block_end_ = 0;
  size_t position_ = 0;
  uint64_t block_offset_ = 0;
  size_t zero_bytes_ = 0;        // skipped and not yet known to be the end
  bool has_unfinished_ = false;  // not only zeros were skipped

  size_t damage_bytes_ = 0;
  const char* damage_ = nullptr;

  std::string partial_;  // the fragments so far of a record that spans several
  bool is_in_record_ = false;
  std::string uncompressed_;
  bool is_compressed_ = false;
  bool has_read_data_ = false;  // a data fragment has been seen
  bool is_recycled_ = false;
  bool is_stopped_ = false;
  bool ends_at_zeros_ = false;
  bool has_torn_tail_ = false;
  bool is_torn_tail_zeros_ = false;
  uint64_t record_offset_ = 0;
  uint64_t last_record_offset_ = 0;
  uint64_t last_record_end_ = 0;
};

// Has anything been written behind what `reader` read of the log at `path`? Costs a look at the file's size and at one
// fragment's header. TryAgain: the file is shorter than what was read, so it is not that log.
Status HasMoreRecords(FileSystem* fs, const std::string& path, const LogReader& reader, bool* has_more);

}  // namespace gneiss
