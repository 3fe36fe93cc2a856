// A Subcompaction merges one key range of a compaction's inputs into tables.
//
// Owner:   borrows the source, which outlives it; owns its outputs until they are taken.
// Threads: Run on any one thread; the rest after it has returned.
// Errors:  status(); the outputs are then deleted.
#pragma once

#include <memory>
#include <vector>

#include "engine/compaction/blob_garbage_meter.h"
#include "engine/compaction/compaction_job.h"
#include "engine/compaction/table_span.h"

namespace gneiss {

// What all parts of a compaction read.
struct CompactionSource {
  const CompactionJobParams& params;
  std::vector<std::shared_ptr<const Run>> runs;  // newest first
  std::vector<int> run_levels;
  ReadParams read;
  RangeTombstones tombstones;    // of all inputs
  bool has_references = false;   // into blob files, in some input
  uint64_t relocated_below = 0;  // BlobPlacement's
};

class Subcompaction {
 public:
  // `range` without begin or end is unbounded there; its end is excluded.
  Subcompaction(const CompactionSource& source, const KeyRange& range, const TableOutputConfig& output)
      : source_(source), range_(range), output_(output) {}

  void Run();

  const Status& status() const { return status_; }
  const Retention::Counts& counts() const { return counts_; }
  uint64_t cpu_us() const { return cpu_us_; }
  const BlobGarbageMeter& blob_garbage() const { return blob_garbage_; }
  uint64_t blobs_read() const { return blobs_read_; }
  uint64_t blob_bytes_read() const { return blob_bytes_read_; }
  std::vector<OutputTable>* mutable_outputs() { return &outputs_; }
  std::vector<OutputBlobFile>* mutable_blob_files() { return &blob_files_; }

 private:
  Status Merge();
  std::unique_ptr<InternalIterator> NewInput() const;
  std::unique_ptr<RangeTombstoneList> Tombstones() const;

  const CompactionSource& source_;
  const KeyRange range_;
  const TableOutputConfig& output_;
  Status status_;
  Retention::Counts counts_;
  uint64_t cpu_us_ = 0;
  std::vector<OutputTable> outputs_;
  std::vector<OutputBlobFile> blob_files_;
  BlobGarbageMeter blob_garbage_;
  uint64_t blobs_read_ = 0;
  uint64_t blob_bytes_read_ = 0;
};

}  // namespace gneiss
