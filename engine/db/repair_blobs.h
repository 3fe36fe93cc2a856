// What a repair finds out about blob files: which are whole, and how much of each the tables refer to.
//
// Owner:   plain values. Threads: one thread.
// Errors:  Corruption for files and references that do not parse.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/io/file_system.h"
#include "engine/version/version_edit.h"

namespace gneiss {

// By the number of the blob file, what refers to it. The bytes are those of whole records.
class BlobUses {
 public:
  // Counts an entry, if it is a reference.
  Status Note(Slice internal_key, Slice value);
  void Add(const BlobUses& other);
  uint64_t oldest() const { return uses_.empty() ? 0 : uses_.begin()->first; }  // 0: nothing refers to any file
  bool Has(uint64_t number) const { return uses_.contains(number); }

  // False where the uses need files that are not among `files`, or more of one than it has.
  bool FitInto(const std::map<uint64_t, BlobFileMeta>& files) const;
  // What of the file nothing refers to, added to `edit`.
  void AddGarbageOf(const BlobFileMeta& file, VersionEdit* edit) const;

 private:
  struct Use {
    uint64_t count = 0;
    uint64_t bytes = 0;
  };
  std::map<uint64_t, Use> uses_;
};

// From the file's two ends.
Status ScanBlobFile(FileSystem* fs, const std::string& path, uint64_t number, uint32_t* column_family_id,
                    BlobFileMeta* meta);

}  // namespace gneiss
