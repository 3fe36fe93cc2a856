// A CompactionJob runs one CompactionWork of type kMerge: reads the inputs, keeps what Retention keeps, writes the
// outputs.
//
// Owner:   holds the input Version for as long as it runs.
// Threads: Run is called once, from a background thread, without any lock; subcompactions run on threads of their own.
// Errors:  the first error; the outputs are then deleted. Cancelling (is_cancelled) gives ShutdownInProgress, or
// Incomplete with
//          sub-code kManualCompactionPaused for a manual one. Installing the edit is the caller's.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "engine/compaction/blob_output.h"
#include "engine/compaction/choose.h"
#include "engine/compaction/retention.h"
#include "engine/compaction/table_output.h"

namespace gneiss {

struct CompactionJobParams {
  CompactionWork work;
  VersionPtr version;  // the one the work was chosen from
  std::shared_ptr<const CompactionConfig> config;
  TableOutputConfig output;                     // without limits and grandparents: the job fills those from the work
  std::optional<BlobOutputConfig> blob_output;  // none: values that lie in tables stay there
  std::vector<SeqNo> snapshots;                 // ascending
  SeqNo earliest_write_conflict_snapshot = kSeqMax;
  std::string history_start;   // Retention's
  std::string trim_timestamp;  // versions and range tombstones newer than that go; empty: none
  uint32_t column_family_id = 0;
  const std::atomic<bool>* is_cancelled = nullptr;
  StatsSink* stats = nullptr;
  Logger* logger = nullptr;
};

struct CompactionResult {
  VersionEdit edit;  // deletes the inputs, adds the outputs
  std::vector<OutputTable> outputs;
  std::vector<OutputBlobFile> blob_files;
  std::vector<BlobGarbage> blob_garbage;  // also in the edit
  Retention::Counts counts;
  uint64_t bytes_read = 0;
  uint64_t bytes_written = 0;
  uint64_t blobs_read = 0;
  uint64_t blob_bytes_read = 0;
  uint64_t blob_bytes_written = 0;
  uint64_t elapsed_us = 0;
  uint64_t cpu_us = 0;
  size_t subcompactions = 1;
};

Status RunCompaction(const CompactionJobParams& params, CompactionResult* result);
// The edit of a kMove or kDrop, which needs no job.
VersionEdit EditOfMoveOrDrop(const CompactionWork& work);

}  // namespace gneiss
