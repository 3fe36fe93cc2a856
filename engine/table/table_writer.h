// A TableWriter writes one block-based table: entries in internal-key order in, a file out.
//
// Units:   bytes.
// Owner:   the caller owns the file and syncs and closes it after Finish.
// Threads: one thread.
// Errors:  Add and Finish return the first I/O error and then keep returning it; keys out of order are Corruption.
//          An unfinished table is abandoned by destroying the writer.
#pragma once

#include <memory>

#include "engine/base/status.h"
#include "engine/io/file_system.h"
#include "engine/table/table_options.h"
#include "engine/table/table_properties.h"

namespace gneiss {

class TableWriter {
 public:
  TableWriter(const TableWriteConfig& config, WritableFile* file);
  ~TableWriter();
  TableWriter(const TableWriter&) = delete;
  TableWriter& operator=(const TableWriter&) = delete;

  // Range tombstones (kind kRangeDelete: key = start, value = end user key) may come at any point, in order among
  // themselves.
  Status Add(Slice internal_key, Slice value);
  Status Finish();

  uint64_t EntryCount() const;
  uint64_t FileBytes() const;           // written so far; the whole file after Finish
  uint64_t EstimatedFileBytes() const;  // with what is buffered
  const TableProperties& properties() const;
  bool NeedsCompaction() const;  // after Finish: a property collector asks for it

 private:
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

}  // namespace gneiss
