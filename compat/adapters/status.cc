// The parts of rocksdb::Status, Slice and PinnableSlice that are not inline in the public headers.
#include <rocksdb/slice.h>
#include <rocksdb/status.h>

#include <algorithm>
#include <iterator>

namespace rocksdb {

namespace {

constexpr const char* kCodeNames[] = {
    "OK",
    "NotFound: ",
    "Corruption: ",
    "Not implemented: ",
    "Invalid argument: ",
    "IO error: ",
    "Merge in progress: ",
    "Result incomplete: ",
    "Shutdown in progress: ",
    "Operation timed out: ",
    "Operation aborted: ",
    "Resource busy: ",
    "Operation expired: ",
    "Operation failed. Try again.: ",
    "Compaction too large: ",
    "Column family dropped: ",
};
static_assert(std::size(kCodeNames) == Status::kMaxCode);

constexpr const char* kSubCodeNames[] = {
    "",
    "Timeout Acquiring Mutex",
    "Timeout waiting to lock key",
    "Failed to acquire lock due to max_num_locks limit",
    "No space left on device",
    "Deadlock",
    "Stale file handle",
    "Memory limit reached",
    "Space limit reached",
    "No such file or directory",
    "Insufficient capacity for merge operands",
    "Manual compaction paused",
    " (overwritten)",
    "Txn not prepared",
    "IO fenced off",
};
static_assert(std::size(kSubCodeNames) == Status::kMaxSubCode);

// "first: second", or just "first"; zero-terminated, allocated as Status::state_ wants it.
std::unique_ptr<const char[]> JoinMessage(const Slice& first, const Slice& second) {
  static constexpr char kSeparator[] = {':', ' '};
  const size_t separator_size = second.empty() ? 0 : sizeof(kSeparator);
  std::unique_ptr<char[]> text(new char[first.size() + separator_size + second.size() + 1]);
  char* end = std::copy_n(first.data(), first.size(), text.get());
  end = std::copy_n(kSeparator, separator_size, end);
  end = std::copy_n(second.data(), second.size(), end);
  *end = '\0';
  return text;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::unique_ptr<const char[]> Status::CopyState(const char* s) { return JoinMessage(Slice(s), Slice()); }

Status::Status(Code code, SubCode subcode, const Slice& msg, const Slice& msg2, Severity sev)
    : Status(code, subcode, false, false, 0) {
  sev_ = sev;
  state_ = JoinMessage(msg, msg2);
}

std::string Status::ToString() const {
  if (code_ == kOk) return kCodeNames[kOk];
  std::string text = code_ < kMaxCode ? kCodeNames[code_] : "Unknown code(" + std::to_string(code_) + "): ";
  if (subcode_ > kNone && subcode_ < kMaxSubCode) text += kSubCodeNames[subcode_];
  if (state_ == nullptr) return text;
  if (subcode_ != kNone) text += ": ";
  return text + state_.get();
}

Slice::Slice(const SliceParts& parts, std::string* buf) {
  const Slice* const end = parts.parts + parts.num_parts;
  size_t total = buf->size();
  for (const Slice* part = parts.parts; part != end; ++part) total += part->size();
  buf->reserve(total);
  for (const Slice* part = parts.parts; part != end; ++part) buf->append(part->data(), part->size());
  *this = Slice(*buf);
}

std::string Slice::ToString(bool hex) const {
  if (!hex) return std::string(data_, size_);
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string text(2 * size_, '\0');
  for (size_t i = 0; i < size_; ++i) {
    const auto byte = static_cast<unsigned char>(data_[i]);
    text[2 * i] = kDigits[byte >> 4];
    text[2 * i + 1] = kDigits[byte & 15];
  }
  return text;
}

bool Slice::DecodeHex(std::string* result) const {
  if (result == nullptr || size_ % 2 != 0) return false;
  result->clear();
  result->reserve(size_ / 2);
  for (size_t i = 0; i < size_; i += 2) {
    const int high = HexDigit(data_[i]);
    const int low = HexDigit(data_[i + 1]);
    if (high < 0 || low < 0) return false;
    result->push_back(static_cast<char>(high * 16 + low));
  }
  return true;
}

PinnableSlice::PinnableSlice(PinnableSlice&& other) : buf_(&self_space_) { *this = std::move(other); }

// Takes over `other`'s pin, its own string, or its borrowed string, and leaves `other` an empty self-held slice.
PinnableSlice& PinnableSlice::operator=(PinnableSlice&& other) {
  if (this == &other) return *this;
  Cleanable::Reset();
  Cleanable::operator=(std::move(other));
  pinned_ = other.pinned_;
  size_ = other.size_;
  data_ = other.data_;
  if (!pinned_) {
    const bool holds_itself = other.buf_ == &other.self_space_;
    if (holds_itself) self_space_ = std::move(other.self_space_);
    buf_ = holds_itself ? &self_space_ : other.buf_;
    if (holds_itself) data_ = buf_->data();
  }
  other.self_space_.clear();
  other.buf_ = &other.self_space_;
  other.pinned_ = false;
  other.PinSelf();
  return *this;
}

}  // namespace rocksdb
