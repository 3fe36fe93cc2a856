#include "engine/wal/log_reader.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "engine/base/coding.h"
#include "engine/base/compression.h"
#include "engine/base/crc32c.h"

namespace gneiss {

namespace {

// A batch's count has 32 bits and so has the size of each of its records: no honest record is larger than this.
constexpr size_t kRecordBytesMax = std::numeric_limits<uint32_t>::max();

bool AllZeros(Slice bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char byte) { return byte == 0; });
}

constexpr size_t kSectorBytes = 512;
constexpr size_t kCrcBytes = 4;

bool IsWholeFragment(Slice bytes) {
  if (bytes.size() < kFragmentHeaderBytes || static_cast<size_t>(bytes[6]) >= kFragmentTypes) return false;
  const size_t header_bytes =
      IsRecyclable(static_cast<FragmentType>(bytes[6])) ? kRecyclableFragmentHeaderBytes : kFragmentHeaderBytes;
  const size_t fragment_bytes = header_bytes + DecodeU16(bytes.data() + 4);
  return fragment_bytes <= bytes.size() &&
         Crc32c(bytes.substr(6, fragment_bytes - 6)) == UnmaskCrc(DecodeU32(bytes.data()));
}

// A power cut can leave the file's size behind and lose sectors of the data. Damage does not clear whole sectors.
// `rest` begins with the fragment whose checksum is wrong and goes on to the block's end.
bool IsTornAtSector(Slice rest, size_t fragment_bytes, size_t offset_in_block) {
  const size_t first_bytes = kSectorBytes - offset_in_block % kSectorBytes;
  const bool is_first_lost = first_bytes < kFragmentHeaderBytes && AllZeros(rest.substr(0, first_bytes));
  if (is_first_lost && first_bytes > kCrcBytes) {
    // The length is lost as well. Where the fragment ended nobody knows, but another one would have been synced after
    // it.
    for (size_t at = kFragmentHeaderBytes; at < rest.size(); ++at) {
      if (IsWholeFragment(rest.substr(at))) return false;
    }
    return true;
  }
  if (!AllZeros(rest.substr(fragment_bytes))) return false;
  const Slice fragment = rest.substr(0, fragment_bytes);
  for (size_t begin = first_bytes; begin < fragment.size(); begin += kSectorBytes) {
    if (AllZeros(fragment.substr(begin, kSectorBytes))) return true;
  }
  // What is left of the checksum must be right.
  char crc[kCrcBytes];
  EncodeU32(crc, MaskCrc(Crc32c(fragment.substr(6))));
  return is_first_lost && std::equal(crc + first_bytes, crc + kCrcBytes, fragment.begin() + first_bytes);
}

bool StartsRecord(FragmentType type) {
  return type == FragmentType::kFull || type == FragmentType::kFirst || type == FragmentType::kRecyclableFull ||
         type == FragmentType::kRecyclableFirst;
}

bool EndsRecord(FragmentType type) {
  return type == FragmentType::kFull || type == FragmentType::kLast || type == FragmentType::kRecyclableFull ||
         type == FragmentType::kRecyclableLast;
}

}  // namespace

LogReader::LogReader(std::unique_ptr<SequentialFile> file, uint64_t log_number, Reporter* reporter)
    : file_(std::move(file)), log_number_(log_number), reporter_(reporter), block_(new char[kLogBlockBytes]) {}

LogReader::~LogReader() = default;

// Reads what the file holds of the rest of the block; false when nothing more came.
bool LogReader::Fill() {
  if (is_stopped_ || block_end_ == kLogBlockBytes) return false;
  char* const place = block_.get() + block_end_;
  Slice got;
  const Status status = file_->Read(kLogBlockBytes - block_end_, &got, place);
  if (!status.ok()) {
    if (reporter_ != nullptr) reporter_->Corruption(kLogBlockBytes - block_end_, status);
    is_stopped_ = true;
    return false;
  }
  if (got.data() != place) std::memmove(place, got.data(), got.size());
  block_end_ += got.size();
  return !got.empty();
}

uint64_t LogReader::NextFragmentOffset() const {
  const size_t header_bytes_min = is_recycled_ ? kRecyclableFragmentHeaderBytes : kFragmentHeaderBytes;
  const uint64_t left_in_block = kLogBlockBytes - last_record_end_ % kLogBlockBytes;
  return left_in_block < header_bytes_min ? last_record_end_ + left_in_block : last_record_end_;
}

void LogReader::Reread(std::unique_ptr<SequentialFile> file, bool is_still_written) {
  file_ = std::move(file);
  ends_at_zeros_ = is_still_written;
  // What was learned from fragments that are read again.
  if (last_record_end_ == 0) is_compressed_ = is_recycled_ = has_read_data_ = false;
  is_stopped_ = is_in_record_ = has_unfinished_ = has_torn_tail_ = false;
  zero_bytes_ = 0;
  position_ = last_record_end_ % kLogBlockBytes;
  block_offset_ = last_record_end_ - position_;
  block_end_ = 0;
  if (const Status skipped = file_->Skip(block_offset_); !skipped.ok()) {
    if (reporter_ != nullptr) reporter_->Corruption(0, skipped);
    is_stopped_ = true;
  }
  while (block_end_ < position_ && Fill()) {
  }
  // A log that has become shorter than what was read from it is not the same log.
  if (block_end_ < position_) is_stopped_ = true;
}

bool LogReader::Have(size_t bytes) {
  while (block_end_ - position_ < bytes) {
    if (!Fill()) return false;
  }
  return true;
}

// What is wrong is kept for TakeDamage. The rest of the block is dropped: a damaged length would lead to bytes inside
// some payload that only look like a fragment.
LogReader::Outcome LogReader::Damage(size_t bytes, const char* what) {
  damage_bytes_ = bytes;
  damage_ = what;
  position_ = block_end_;
  return Outcome::kDamage;
}

LogReader::Outcome LogReader::ReadFragment(Fragment* fragment) {
  while (true) {
    const size_t header_bytes_min = is_recycled_ ? kRecyclableFragmentHeaderBytes : kFragmentHeaderBytes;
    if (kLogBlockBytes - position_ < header_bytes_min) {  // the block's trailer
      if (!Have(kLogBlockBytes - position_)) return Outcome::kEnd;
      block_offset_ += kLogBlockBytes;
      position_ = block_end_ = 0;
    }
    if (!Have(kFragmentHeaderBytes)) return Outcome::kEnd;
    const char* const header = block_.get() + position_;
    const bool is_zero = DecodeU16(header + 4) == 0 && header[6] == static_cast<char>(FragmentType::kZero);
    if (!is_zero) break;
    if (ends_at_zeros_) {
      position_ = block_end_;
      return Outcome::kEnd;
    }
    while (Fill()) {
    }
    if (is_stopped_) return Outcome::kEnd;
    // A writer that was killed can leave one fragment whose header is still zero.
    if (!AllZeros(Rest()) && std::exchange(has_unfinished_, true)) {
      return Damage(zero_bytes_ + Rest().size(), "zeros in the middle of the log");
    }
    if (!SkipPerhapsEnd()) return Outcome::kEnd;
  }
  if (zero_bytes_ > 0) {
    // The fragment stays for the next call.
    damage_bytes_ = std::exchange(zero_bytes_, 0);
    has_unfinished_ = false;
    damage_ = "zeros in the middle of the log";
    return Outcome::kDamage;
  }
  return ParseFragment(fragment);
}

// Whether the log really ends here, what follows in later blocks will tell. False when nothing follows.
bool LogReader::SkipPerhapsEnd() {
  zero_bytes_ += Rest().size();
  position_ = block_end_;
  return block_end_ == kLogBlockBytes;
}

LogReader::Outcome LogReader::ParseFragment(Fragment* fragment) {
  const char* const header = block_.get() + position_;
  const auto type = static_cast<FragmentType>(header[6]);
  const size_t header_bytes = IsRecyclable(type) ? kRecyclableFragmentHeaderBytes : kFragmentHeaderBytes;
  const size_t fragment_bytes = header_bytes + DecodeU16(header + 4);
  if (!Have(fragment_bytes)) {
    // In a block that is not complete the writer may just not have come further.
    return block_end_ < kLogBlockBytes ? Outcome::kEnd : Damage(Rest().size(), "bad record length");
  }
  if (Crc32c(Slice(header + 6, fragment_bytes - 6)) != UnmaskCrc(DecodeU32(header))) {
    while (Fill()) {
    }
    if (!is_stopped_ && IsTornAtSector(Rest(), fragment_bytes, position_)) {
      has_unfinished_ = true;
      return SkipPerhapsEnd() ? ReadFragment(fragment) : Outcome::kEnd;
    }
    return Damage(Rest().size(), "checksum mismatch");
  }
  if (IsRecyclable(type)) {
    if (!has_read_data_) is_recycled_ = true;
    if (DecodeU32(header + kFragmentHeaderBytes) != static_cast<uint32_t>(log_number_)) return Outcome::kOldRecord;
  }
  *fragment = {.type = type,
               .payload = Slice(header + header_bytes, fragment_bytes - header_bytes),
               .offset = block_offset_ + position_};
  position_ += fragment_bytes;
  return Outcome::kFragment;
}

bool LogReader::ReadRecord(Slice* record, WalRecoveryMode mode) {
  *record = Slice();
  has_torn_tail_ = has_torn_tail_ && is_stopped_;
  while (!is_stopped_) {
    Fragment fragment;
    Step step = Step::kStop;
    switch (ReadFragment(&fragment)) {
      case Outcome::kFragment:
        step = TakeFragment(fragment, mode, record);
        break;
      case Outcome::kDamage:
        step = TakeDamage(mode);
        break;
      case Outcome::kOldRecord:
        step = TakeOldRecord(mode);
        break;
      case Outcome::kEnd:
        TakeEnd(mode, has_unfinished_ ? zero_bytes_ : Rest().size());
        return false;
    }
    if (step == Step::kRecord) return true;
    if (step == Step::kStop) is_stopped_ = true;
  }
  return false;
}

void LogReader::Report(size_t bytes, Slice what) {
  if (reporter_ != nullptr) reporter_->Corruption(bytes, Status::Corruption(what));
}

LogReader::Step LogReader::ReportAndGoOn(size_t bytes, Slice what, WalRecoveryMode mode) {
  Report(bytes, what);
  return mode == WalRecoveryMode::kSkipAnyCorruptedRecords ? Step::kMore : Step::kStop;
}

LogReader::Step LogReader::TakeFragment(const Fragment& fragment, WalRecoveryMode mode, Slice* record) {
  switch (fragment.type) {
    case FragmentType::kFull:
    case FragmentType::kFirst:
    case FragmentType::kMiddle:
    case FragmentType::kLast:
    case FragmentType::kRecyclableFull:
    case FragmentType::kRecyclableFirst:
    case FragmentType::kRecyclableMiddle:
    case FragmentType::kRecyclableLast:
      return TakeDataFragment(fragment, mode, record);
    case FragmentType::kSetCompression:
      return TakeCompressionType(fragment);
    case FragmentType::kZero:
      break;
  }
  const size_t partial_bytes = is_in_record_ ? partial_.size() : 0;
  is_in_record_ = false;
  return ReportAndGoOn(fragment.payload.size() + partial_bytes,
                       "unknown record type " + std::to_string(static_cast<unsigned>(fragment.type)), mode);
}

LogReader::Step LogReader::TakeDataFragment(const Fragment& fragment, WalRecoveryMode mode, Slice* record) {
  has_read_data_ = true;
  if (StartsRecord(fragment.type)) {
    // An empty first fragment at the end of a block is what old LevelDB versions left there.
    if (is_in_record_ && !partial_.empty() &&
        ReportAndGoOn(partial_.size(), "partial record without end", mode) == Step::kStop) {
      return Step::kStop;
    }
    is_in_record_ = true;
    partial_.clear();
    record_offset_ = fragment.offset;
  } else if (!is_in_record_) {
    return ReportAndGoOn(fragment.payload.size(), "missing start of fragmented record", mode);
  }
  if (!EndsRecord(fragment.type)) {
    partial_.append(fragment.payload);
    return Step::kMore;
  }
  is_in_record_ = false;
  if (StartsRecord(fragment.type)) {
    *record = fragment.payload;  // the usual case: in one piece, and not copied
  } else {
    partial_.append(fragment.payload);
    *record = partial_;
  }
  return FinishRecord(mode, record);
}

LogReader::Step LogReader::FinishRecord(WalRecoveryMode mode, Slice* record) {
  if (is_compressed_ && !record->empty()) {
    const Status status = UncompressZstdFrame(*record, kRecordBytesMax, &uncompressed_);
    if (!status.ok()) {
      const size_t bytes = record->size();
      *record = Slice();
      return ReportAndGoOn(bytes, status.message(), mode);
    }
    *record = uncompressed_;
  }
  last_record_offset_ = record_offset_;
  last_record_end_ = block_offset_ + position_;
  return Step::kRecord;
}

// Nothing behind a compression type that is not understood can be read, whatever the mode.
LogReader::Step LogReader::TakeCompressionType(const Fragment& fragment) {
  Slice payload = fragment.payload;
  uint32_t type = 0;
  if (has_read_data_ || is_compressed_) {
    Report(payload.size(), "SetCompressionType not the first record");
  } else if (!GetU32(&payload, &type)) {
    Report(fragment.payload.size(), "could not decode SetCompressionType record");
  } else if (type != static_cast<uint32_t>(Compression::kNone) && type != static_cast<uint32_t>(Compression::kZstd)) {
    Report(fragment.payload.size(), "WAL compression type not supported");
  } else {
    is_compressed_ = type == static_cast<uint32_t>(Compression::kZstd);
    return Step::kMore;
  }
  return Step::kStop;
}

LogReader::Step LogReader::TakeDamage(WalRecoveryMode mode) {
  if (is_recycled_ && mode == WalRecoveryMode::kTolerateCorruptedTailRecords) {
    has_torn_tail_ = true;
    return Step::kStop;
  }
  if (ReportAndGoOn(damage_bytes_, damage_, mode) == Step::kStop) return Step::kStop;
  if (std::exchange(is_in_record_, false)) Report(partial_.size(), "error in middle of record");
  return Step::kMore;
}

LogReader::Step LogReader::TakeOldRecord(WalRecoveryMode mode) {
  if (mode != WalRecoveryMode::kSkipAnyCorruptedRecords) {
    TakeEnd(mode, 0);  // the old bytes are no tail of this log
    return Step::kStop;
  }
  position_ = block_end_;
  if (std::exchange(is_in_record_, false)) Report(partial_.size(), "error in middle of record");
  return Step::kMore;
}

void LogReader::TakeEnd(WalRecoveryMode mode, size_t unread_bytes) {
  if (is_stopped_) return;  // a read error, reported already
  has_torn_tail_ = is_in_record_ || unread_bytes > 0;
  is_torn_tail_zeros_ = has_torn_tail_ && !is_in_record_ && !has_unfinished_ && AllZeros(Rest());
  if (!has_torn_tail_ || mode != WalRecoveryMode::kAbsoluteConsistency) return;
  is_stopped_ = true;
  if (is_in_record_) {
    Report(partial_.size() + unread_bytes, "error reading trailing data");
  } else {
    Report(unread_bytes, unread_bytes < kFragmentHeaderBytes ? "truncated header" : "truncated record body");
  }
}

Status HasMoreRecords(FileSystem* fs, const std::string& path, const LogReader& reader, bool* has_more) {
  *has_more = false;
  uint64_t file_bytes = 0;
  GNEISS_RETURN_IF_ERROR(fs->FileSize(path, &file_bytes));
  if (file_bytes < reader.LastRecordEnd()) return Status::TryAgain("a log has become shorter", path);
  const uint64_t offset = reader.NextFragmentOffset();
  if (file_bytes <= offset) return Status::Ok();
  std::unique_ptr<SequentialFile> file;
  GNEISS_RETURN_IF_ERROR(fs->OpenSequential(path, &file));
  GNEISS_RETURN_IF_ERROR(file->Skip(offset));
  char scratch[kFragmentHeaderBytes];
  Slice header;
  GNEISS_RETURN_IF_ERROR(file->Read(sizeof(scratch), &header, scratch));
  *has_more = !AllZeros(header);
  return Status::Ok();
}

}  // namespace gneiss
