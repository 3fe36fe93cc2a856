// Checksums of whole files, by a function that the user chooses (rocksdb::FileChecksumGenFactory behind compat/).
//
// Owner:   FileChecksums is the caller's; a FileChecksum belongs to whoever asked for it.
// Threads: FileChecksums is safe from any thread; a FileChecksum belongs to one.
// Errors:  none: bytes have a checksum.
#pragma once

#include <memory>
#include <string>

#include "engine/base/slice.h"

namespace gneiss {

class FileChecksum {
 public:
  virtual ~FileChecksum() = default;
  virtual void Update(Slice bytes) = 0;  // in the order of the file
  virtual std::string Finish() = 0;      // once
  virtual std::string FunctionName() const = 0;
};

class FileChecksums {
 public:
  virtual ~FileChecksums() = default;
  virtual std::string Name() const = 0;
  // For a file of this name; an empty function asks for the default one. Null: the function is not known.
  virtual std::unique_ptr<FileChecksum> New(const std::string& path, const std::string& function) = 0;
};

}  // namespace gneiss
