// The write batch format: what a user's WriteBatch holds and what one WAL record contains.
//
// Format:  docs/formats/write_batch.md: seq u64 | count u32 | records. A record is a tag (Kind), the column family id
//          as varint32 for the kColumnFamily* tags, then the key and value length-prefixed.
// Owner:   BatchReader borrows the representation; records borrow from it.
// Threads: plain values.
// Errors:  Corruption for unknown tags and cut records.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/status.h"
#include "engine/key/internal_key.h"

namespace gneiss {

inline constexpr size_t kBatchHeaderBytes = 12;
// The functions and the reader below need a whole header: RocksDB calls a shorter one "malformed WriteBatch (too
// small)".
inline bool HasBatchHeader(Slice rep) { return rep.size() >= kBatchHeaderBytes; }
inline SeqNo BatchSeq(Slice rep) { return DecodeU64(rep.data()); }
inline uint32_t BatchCount(Slice rep) { return DecodeU32(rep.data() + 8); }
inline void SetBatchSeq(char* rep, SeqNo seq) { EncodeU64(rep, seq); }

struct BatchRecord {
  Kind kind = Kind::kPut;  // as in keys: kColumnFamilyPut is reported as kPut with its family
  uint32_t column_family_id = 0;
  Slice key;    // range delete: start; log data: the blob; two-phase markers: the transaction's name
  Slice value;  // range delete: end; kCommitWithTimestamp: the timestamp
};

class BatchReader {
 public:
  // `rep` with its header.
  explicit BatchReader(Slice rep) : rest_(rep) { rest_.remove_prefix(kBatchHeaderBytes); }
  bool AtEnd() const { return rest_.empty(); }
  size_t RestBytes() const { return rest_.size(); }
  Status Next(BatchRecord* record) {
    if (TakePlainPut(record)) [[likely]]
      return Status::Ok();
    return NextOfAnyKind(record);
  }

 private:
  // The most frequent record by far: a put into the default family. False, and nothing taken, for all else.
  bool TakePlainPut(BatchRecord* record) {
    if (rest_.empty() || rest_[0] != static_cast<char>(Kind::kPut)) return false;
    Slice rest = rest_.substr(1);
    if (!GetLengthPrefixed(&rest, &record->key) || !GetLengthPrefixed(&rest, &record->value)) return false;
    record->kind = Kind::kPut;
    record->column_family_id = 0;
    rest_ = rest;
    return true;
  }
  Status NextOfAnyKind(BatchRecord* record);

  Slice rest_;
};

// True for kinds that take a sequence number and go to a memtable.
inline bool IsDataRecord(Kind kind) { return IsKindInKey(kind); }

}  // namespace gneiss
