// An internal key is a user key, a sequence number and a kind: what memtables and tables store and sort by.
//
// Format:  user key bytes, then 8 bytes little-endian of (seq << 8 | kind), as RocksDB's (docs/formats/table.md).
// Order:   user key ascending, then seq descending, then kind descending.
// Owner:   ParsedKey borrows; InternalKey owns its bytes.
// Threads: plain values.
// Errors:  ParseInternalKey returns false for keys cut short and for kinds that RocksDB 7.8.3 does not know.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/check.h"
#include "engine/base/coding.h"
#include "engine/base/slice.h"

namespace gneiss {

// 56 bits. One per entry; the newest has the highest.
using SeqNo = uint64_t;
inline constexpr SeqNo kSeqMax = (uint64_t{1} << 56) - 1;

// RocksDB's ValueType numbers. Tags above kKindMaxInKey and those marked "batch" appear in write batches only.
enum class Kind : uint8_t {
  kDelete = 0x0,
  kPut = 0x1,
  kMerge = 0x2,
  kLogData = 0x3,             // batch
  kColumnFamilyDelete = 0x4,  // batch
  kColumnFamilyPut = 0x5,     // batch
  kColumnFamilyMerge = 0x6,   // batch
  kSingleDelete = 0x7,
  kColumnFamilySingleDelete = 0x8,  // batch
  kBeginPrepare = 0x9,              // batch
  kEndPrepare = 0xA,                // batch
  kCommit = 0xB,                    // batch
  kRollback = 0xC,                  // batch
  kNoop = 0xD,                      // batch
  kColumnFamilyRangeDelete = 0xE,   // batch
  kRangeDelete = 0xF,
  kColumnFamilyBlobIndex = 0x10,  // batch
  kBlobIndex = 0x11,
  kBeginPersistedPrepare = 0x12,  // batch
  kBeginUnprepare = 0x13,         // batch
  kDeleteWithTimestamp = 0x14,
  kCommitWithTimestamp = 0x15,  // batch
  kWideColumn = 0x16,
  kColumnFamilyWideColumn = 0x17,  // batch
};
// A seek key carries the highest kind so that it sorts before every entry of its (user key, seq).
inline constexpr Kind kKindForSeek = Kind::kWideColumn;
inline constexpr size_t kTrailerBytes = 8;

inline constexpr bool IsKindInKey(Kind kind) {
  return kind <= Kind::kMerge || kind == Kind::kSingleDelete || kind == Kind::kRangeDelete ||
         kind == Kind::kBlobIndex || kind == Kind::kDeleteWithTimestamp || kind == Kind::kWideColumn;
}

// Of one key, not of a range.
inline constexpr bool IsDeletion(Kind kind) {
  return kind == Kind::kDelete || kind == Kind::kSingleDelete || kind == Kind::kDeleteWithTimestamp;
}

inline constexpr uint64_t PackTrailer(SeqNo seq, Kind kind) { return (seq << 8) | static_cast<uint64_t>(kind); }
inline constexpr SeqNo TrailerSeq(uint64_t trailer) { return trailer >> 8; }
inline constexpr Kind TrailerKind(uint64_t trailer) { return static_cast<Kind>(trailer & 0xff); }

struct ParsedKey {
  Slice user_key;
  SeqNo seq = 0;
  Kind kind = Kind::kPut;
};

// These three need a key of at least kTrailerBytes: the readers of blocks and memtables have checked that.
inline Slice UserKeyOf(Slice internal_key) { return internal_key.substr(0, internal_key.size() - kTrailerBytes); }
inline uint64_t TrailerOf(Slice internal_key) {
  return DecodeU64(internal_key.data() + internal_key.size() - kTrailerBytes);
}
inline SeqNo SeqOf(Slice internal_key) { return TrailerSeq(TrailerOf(internal_key)); }

inline bool ParseInternalKey(Slice internal_key, ParsedKey* out) {
  if (internal_key.size() < kTrailerBytes) return false;
  const uint64_t trailer = TrailerOf(internal_key);
  *out = {.user_key = UserKeyOf(internal_key), .seq = TrailerSeq(trailer), .kind = TrailerKind(trailer)};
  return IsKindInKey(out->kind);
}

inline void AppendInternalKey(std::string* out, Slice user_key, SeqNo seq, Kind kind) {
  out->append(user_key);
  PutU64(out, PackTrailer(seq, kind));
}

class InternalKey {
 public:
  InternalKey() = default;
  InternalKey(Slice user_key, SeqNo seq, Kind kind) { AppendInternalKey(&bytes_, user_key, seq, kind); }
  static InternalKey FromBytes(Slice bytes) {
    InternalKey key;
    key.bytes_ = bytes;
    return key;
  }
  bool empty() const { return bytes_.empty(); }
  Slice Encode() const { return bytes_; }
  Slice user_key() const { return UserKeyOf(bytes_); }
  SeqNo seq() const { return SeqOf(bytes_); }
  std::string* mutable_bytes() { return &bytes_; }

 private:
  std::string bytes_;
};

// A seek key on the stack: no allocation for user keys up to 192 bytes.
class SeekKey {
 public:
  SeekKey(Slice user_key, SeqNo seq, Kind kind = kKindForSeek) {
    size_ = user_key.size() + kTrailerBytes;
    begin_ = size_ <= sizeof(space_) ? space_ : new char[size_];
    user_key.copy(begin_, user_key.size());
    EncodeU64(begin_ + user_key.size(), PackTrailer(seq, kind));
  }
  // For stored keys with timestamps.
  SeekKey(Slice bare_key, Slice timestamp, SeqNo seq) {
    size_ = bare_key.size() + timestamp.size() + kTrailerBytes;
    begin_ = size_ <= sizeof(space_) ? space_ : new char[size_];
    bare_key.copy(begin_, bare_key.size());
    timestamp.copy(begin_ + bare_key.size(), timestamp.size());
    EncodeU64(begin_ + size_ - kTrailerBytes, PackTrailer(seq, kKindForSeek));
  }
  ~SeekKey() {
    if (begin_ != space_) delete[] begin_;
  }
  SeekKey(const SeekKey&) = delete;
  SeekKey& operator=(const SeekKey&) = delete;
  Slice Encode() const { return Slice(begin_, size_); }
  Slice user_key() const { return Slice(begin_, size_ - kTrailerBytes); }

 private:
  char* begin_;
  size_t size_;
  char space_[200];
};

}  // namespace gneiss
