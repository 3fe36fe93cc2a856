// A PrefixExtractor cuts the prefix off a user key, for prefix filters and prefix iteration.
//
// Owner:   shared by the database and its tables. Threads: safe from any thread; must not throw.
#pragma once

#include <string>

#include "engine/base/slice.h"

namespace gneiss {

class PrefixExtractor {
 public:
  virtual ~PrefixExtractor() = default;
  virtual std::string Name()
      const = 0;  // stored in tables ("rocksdb.FixedPrefix.8"): a table's prefix filter is used only by the same name
  virtual bool InDomain(Slice user_key) const = 0;
  virtual Slice Prefix(Slice user_key) const = 0;  // only when InDomain
  // Known to cut off a key's first bytes by their number. Then in the built-in orders whatever lies between two keys of
  // one prefix has it too.
  virtual bool IsByLength() const { return false; }
};

}  // namespace gneiss
