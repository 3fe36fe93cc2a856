// A FileSpace is told what a database's table and blob files take up on disk, says when that is too much, and deletes
// files that are not needed any more, at once or slowly.
//
// Units:   bytes.
// Owner:   the caller of the engine; outlives the Database, and may serve several.
// Threads: every method is safe from any thread, and may do I/O: none is called under a lock that a reader takes.
// Errors:  Delete answers those of the file system.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/status.h"

namespace gneiss {

class FileSpace {
 public:
  virtual ~FileSpace() = default;
  // A file is there; adding it again changes nothing. No size: it is looked up.
  virtual void FileAdded(const std::string& path, uint64_t bytes) = 0;
  virtual void FileAdded(const std::string& path) = 0;
  // The files take up more than they may.
  virtual bool IsFull() = 0;
  // False: there is no room for a compaction of so many bytes. Else the room is taken until CompactionEnded.
  virtual bool TakeForCompaction(uint64_t input_bytes) = 0;
  virtual void CompactionEnded(uint64_t input_bytes) = 0;
  virtual Status Delete(const std::string& path) = 0;
};

}  // namespace gneiss
