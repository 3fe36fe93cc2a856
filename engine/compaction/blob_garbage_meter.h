// A BlobGarbageMeter finds out what a compaction turns into garbage: of each blob file, what its inputs refer to and
// its outputs no longer do.
//
// Owner:   a plain value; meters of subcompactions are added up.
// Threads: one thread.
// Errors:  Corruption for references that do not parse.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "engine/iter/internal_iterator.h"
#include "engine/version/version_edit.h"

namespace gneiss {

class BlobGarbageMeter {
 public:
  // An entry read, an entry written; those of other kinds do not count.
  Status AddIn(Slice internal_key, Slice value);
  Status AddOut(Slice internal_key, Slice value);
  void Add(const BlobGarbageMeter& other);
  std::vector<BlobGarbage> Garbage() const;

 private:
  struct Flow {
    uint64_t count = 0;
    uint64_t bytes = 0;
  };
  struct File {
    Flow in;
    Flow out;
  };
  std::map<uint64_t, File> files_;  // by number: those with something in
};

// Counts what passes into `meter`, which outlives it. Forward only.
std::unique_ptr<InternalIterator> NewBlobCountingIterator(std::unique_ptr<InternalIterator> input,
                                                          BlobGarbageMeter* meter);

}  // namespace gneiss
