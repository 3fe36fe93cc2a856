// BlobUses counts what some tables' entries refer to in blob files.
//
// Owner:   a plain value. Threads: one thread.
// Errors:  Corruption for references that do not parse.
#pragma once

#include <cstdint>
#include <map>

#include "engine/base/slice.h"
#include "engine/base/status.h"
#include "engine/key/internal_key.h"
#include "engine/version/version_edit.h"

namespace gneiss {

struct BlobUse {
  uint64_t count = 0;
  uint64_t bytes = 0;  // of whole records
};

// By the number of the blob file.
class BlobUses {
 public:
  static bool IsReference(Slice internal_key) { return TrailerKind(TrailerOf(internal_key)) == Kind::kBlobIndex; }
  // Counts an entry, if it is a reference.
  Status Note(Slice internal_key, Slice value);
  void Add(const BlobUses& other);
  uint64_t oldest() const { return uses_.empty() ? 0 : uses_.begin()->first; }  // 0: nothing refers to any file
  bool Has(uint64_t number) const { return uses_.contains(number); }
  BlobUse Of(uint64_t number) const {
    const auto found = uses_.find(number);
    return found == uses_.end() ? BlobUse() : found->second;
  }
  const std::map<uint64_t, BlobUse>& all() const { return uses_; }

  // False where the uses need files that are not among `files`, or more of one than it has.
  bool FitInto(const std::map<uint64_t, BlobFileMeta>& files) const;
  // What of the file nothing refers to, added to `edit`.
  void AddGarbageOf(const BlobFileMeta& file, VersionEdit* edit) const;

 private:
  std::map<uint64_t, BlobUse> uses_;
};

}  // namespace gneiss
