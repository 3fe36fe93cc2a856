// A BlobGarbageMeter finds out what a compaction turns into garbage: of each blob file, what its inputs refer to and
// its outputs no longer do.
//
// Owner:   a plain value; meters of subcompactions are added up.
// Threads: one thread.
// Errors:  Corruption for references that do not parse.
#pragma once

#include <memory>
#include <vector>

#include "engine/compaction/blob_uses.h"
#include "engine/iter/internal_iterator.h"
#include "engine/version/version_edit.h"

namespace gneiss {

class BlobGarbageMeter {
 public:
  // An entry read, an entry written; those of other kinds do not count.
  Status AddIn(Slice internal_key, Slice value) { return in_.Note(internal_key, value); }
  Status AddOut(Slice internal_key, Slice value) { return out_.Note(internal_key, value); }
  void Add(const BlobGarbageMeter& other);
  std::vector<BlobGarbage> Garbage() const;

 private:
  BlobUses in_;
  BlobUses out_;
};

// Counts what passes into `meter`, which outlives it. Forward only.
std::unique_ptr<InternalIterator> NewBlobCountingIterator(std::unique_ptr<InternalIterator> input,
                                                          BlobGarbageMeter* meter);

}  // namespace gneiss
