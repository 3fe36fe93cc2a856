// A BlobPlacement decides where the value of each entry that a flush or compaction keeps will lie: in its table, or in
// a blob file. Values long enough go to new blob files; blobs of old files move to new ones, or back into tables, so
// that the old files can go.
//
// Owner:   borrows all that its Params name.
// Threads: one thread.
// Errors:  those of reading and writing blob files.
#pragma once

#include <map>
#include <string>

#include "engine/compaction/blob_output.h"
#include "engine/version/version.h"

namespace gneiss {

// Values in the blob files of a Version, as a compaction reads them: not into the cache, and ahead when asked.
class CompactionBlobValues final : public BlobValues {
 public:
  CompactionBlobValues(const Version& version, const ReadParams& read, size_t readahead_bytes)
      : version_(version), read_(read), readahead_bytes_(readahead_bytes) {}
  Status Read(Slice user_key, Slice reference, PinnedValue* value) const override;
  Status Read(Slice user_key, const BlobReference& reference, PinnedValue* value) const;
  uint64_t blobs_read() const { return blobs_read_; }
  uint64_t bytes_read() const { return bytes_read_; }  // of whole records

 private:
  const Version& version_;
  const ReadParams read_;
  const size_t readahead_bytes_;
  mutable std::map<uint64_t, BlobReadAhead> ahead_;  // by file
  mutable uint64_t blobs_read_ = 0;
  mutable uint64_t bytes_read_ = 0;
};

class BlobPlacement {
 public:
  struct Params {
    BlobOutput* output = nullptr;                  // null: values stay in tables
    const CompactionBlobValues* values = nullptr;  // where old blobs are read
    uint64_t relocated_below = 0;                  // blobs of files with a lower number move; 0: none
    StatsSink* stats = nullptr;
  };
  explicit BlobPlacement(const Params& params) : params_(params) {}

  // False: every entry stays as it is.
  bool IsActive() const { return params_.output != nullptr || params_.relocated_below > 0; }
  // Exchanges key and value for what is to be written. They hold until the next call.
  Status Place(Slice* internal_key, Slice* value);

 private:
  Status PlaceValue(Slice* internal_key, Slice* value);
  Status Relocate(Slice* internal_key, Slice* value);
  void SetKind(Slice* internal_key, Kind kind);

  const Params params_;
  std::string key_;
  std::string reference_;
  PinnedValue blob_;
};

}  // namespace gneiss
