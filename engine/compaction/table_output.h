// TableOutput writes the tables of one flush or compaction: opens files under new numbers, cuts them at the right
// places, syncs and closes them, and gathers their TableMeta.
//
// Owner:   files not taken by Finish() are deleted by Abandon() (or the destructor).
// Threads: one thread.
// Errors:  the first error is kept and returned ever after.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/compaction/compaction_config.h"
#include "engine/compaction/paced_file.h"
#include "engine/io/file_checksum.h"
#include "engine/io/file_system.h"
#include "engine/memtable/filter.h"
#include "engine/table/table_writer.h"
#include "engine/version/version.h"

namespace gneiss {

struct TableOutputConfig {
  FileSystem* fs = nullptr;
  FileOptions file_options;
  std::string path;  // directory of the new tables
  uint32_t path_id = 0;
  TableWriteConfig table;  // file_number and times are filled per table
  // Start the next table at this size, never inside one user key. With grandparents a table may end at one of their
  // borders from half this size on, and may grow to twice this size to get there.
  uint64_t file_bytes_max = UINT64_MAX;
  uint64_t grandparent_overlap_bytes_max = UINT64_MAX;
  std::vector<TableFilePtr> grandparents;
  std::shared_ptr<TablePartitioner> partitioner;  // null: none
  std::function<uint64_t()> new_file_number;
  Pace pace;
  FileChecksums* file_checksums = nullptr;  // null: tables get none
  uint64_t oldest_ancestor_unix_seconds = 0;
  Histogram sync_time = Histogram::kTableSync;  // where the time of syncs is recorded
  bool rereads_tables = false;                  // each finished table is read again and must hold what it was given
};

struct OutputTable {
  TableMeta meta;
  TableProperties properties;
  uint64_t cache_id = 0;  // under which its blocks lie in the block cache; 0: none do
  std::shared_ptr<const MemtableFilter> key_filter = nullptr;  // TableFile::SetKeyFilter
};

class TableOutput {
 public:
  explicit TableOutput(TableOutputConfig config);
  ~TableOutput();

  Status Add(Slice internal_key, Slice value);
  // Range tombstones of the input that belong to this output, clipped to each table's key range so that tables of a run
  // stay disjoint. Called before the first Add.
  void SetRangeTombstones(std::vector<std::pair<InternalKey, std::string>> tombstones);
  // Files and directory are synced. May be no table at all.
  Status Finish(std::vector<OutputTable>* tables);
  void Abandon();
  uint64_t BytesWritten() const;

 private:
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

}  // namespace gneiss
