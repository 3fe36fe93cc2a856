// BlobValues finds the values that tables keep elsewhere: an entry of kind kBlobIndex holds only a reference.
//
// Owner:   borrowed by whoever reads entries; made by who knows the blob files (a Version).
// Threads: as its maker says.
// Errors:  Corruption for references that do not fit, Incomplete when the value is not in memory and only memory may be
//          looked at, what the file system says otherwise.
#pragma once

#include "engine/base/status.h"
#include "engine/key/pinned_value.h"

namespace gneiss {

class BlobValues {
 public:
  virtual ~BlobValues() = default;
  virtual Status Read(Slice user_key, Slice reference, PinnedValue* value) const = 0;
};

}  // namespace gneiss
