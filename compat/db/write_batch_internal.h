// WriteBatchInternal reaches into a WriteBatch: the class names it a friend. DB, transactions and the C API use it.
//
// Owner:   the batch owns its bytes. Threads: as WriteBatch, one thread at a time.
#pragma once

#include <rocksdb/slice.h>
#include <rocksdb/status.h>
#include <rocksdb/write_batch.h>

#include <cstdint>
#include <string>

#include "engine/key/internal_key.h"

namespace rocksdb {

class WriteBatchInternal {
 public:
  // The wire format of docs/formats/write_batch.md.
  static std::string* MutableRep(WriteBatch* batch) { return &batch->rep_; }
  static const std::string& Rep(const WriteBatch& batch) { return batch.rep_; }
  static SequenceNumber Sequence(const WriteBatch& batch);
  static void SetSequence(WriteBatch* batch, SequenceNumber seq);
  static void SetCount(WriteBatch* batch, uint32_t count);

  // Appends one record: tag by family, then each part length-prefixed. Rolls back when max_bytes is passed.
  struct Part {
    const SliceParts* parts;
  };
  static Status Append(WriteBatch* batch, gneiss::Kind default_tag, gneiss::Kind family_tag, uint32_t family_id,
                       std::initializer_list<Part> parts, uint32_t content_flag);
  static Status AppendBatch(WriteBatch* batch, const WriteBatch& source);
  static Status Iterate(const WriteBatch& batch, WriteBatch::Handler* handler);
  // WriteOptions::protection_bytes_per_key: a batch without protection gets it for what it holds now.
  static Status Protect(WriteBatch* batch, size_t bytes_per_key);
  static uint32_t ContentFlags(const WriteBatch& batch);
  static void NoteTimestamps(WriteBatch* batch, bool needs_update) {
    batch->has_key_with_ts_ = true;
    if (needs_update) batch->needs_in_place_update_ts_ = true;
  }
  static bool NeedsTimestamps(const WriteBatch& batch) { return batch.needs_in_place_update_ts_; }
  static size_t DefaultTimestampSize(const WriteBatch& batch) { return batch.default_cf_ts_sz_; }
};

}  // namespace rocksdb
