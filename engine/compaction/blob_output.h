// BlobOutput writes the blob files of one flush or compaction: opens files under new numbers as values come, syncs and
// closes them when they are full, and gathers what the MANIFEST must say of them.
//
// Owner:   files not taken by Finish() are deleted by the destructor.
// Threads: one thread.
// Errors:  the first error is kept and returned ever after.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/no_memory.h"
#include "engine/blob/blob_file_writer.h"
#include "engine/cache/cache.h"
#include "engine/compaction/paced_file.h"
#include "engine/version/version_edit.h"

namespace gneiss {

struct BlobOutputConfig {
  FileSystem* fs = nullptr;
  FileOptions file_options;
  std::string path;  // directory of the new files
  BlobFileWriter::Config writer;
  uint64_t value_bytes_min = 0;          // shorter values stay in their table
  uint64_t file_bytes_max = UINT64_MAX;  // a file that has reached it is closed
  std::function<uint64_t()> new_file_number;
  Pace pace;
  Cache* warm_cache = nullptr;  // gets a copy of every value written; null: none
  // Told of every file, unless null.
  std::function<void(uint64_t number)> on_begun;
  std::function<void(const BlobFileMeta& meta, const Status& status)> on_finished;
};

struct OutputBlobFile {
  BlobFileMeta meta;
  uint64_t cache_id = 0;  // under which its values lie in the warm cache; 0: none do
};

class BlobOutput {
 public:
  explicit BlobOutput(BlobOutputConfig config) : config_(std::move(config)) {}
  ~BlobOutput() {
    DropBadAlloc([this] { Abandon(); });
  }
  BlobOutput(const BlobOutput&) = delete;
  BlobOutput& operator=(const BlobOutput&) = delete;

  bool Takes(Slice value) const { return value.size() >= config_.value_bytes_min; }
  // *reference becomes what the table holds in place of the value.
  Status Add(Slice user_key, Slice value, std::string* reference);
  // Files and directory are synced. May be no file at all.
  Status Finish(std::vector<OutputBlobFile>* files);
  void Abandon();

 private:
  Status TryAdd(Slice user_key, Slice value, std::string* reference);
  Status OpenFile();
  Status CloseFile();
  Status FinishFile();

  const BlobOutputConfig config_;
  Status status_;
  // The open file; null writer: none is open.
  OutputBlobFile open_;
  std::unique_ptr<PacedFile> file_;
  std::unique_ptr<BlobFileWriter> writer_;
  std::vector<OutputBlobFile> finished_;
};

}  // namespace gneiss
