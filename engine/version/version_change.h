// What an edit does to a Version's tables, looked up once: shared by the parts of Version::Apply.
#pragma once

#include <unordered_map>
#include <vector>

#include "engine/version/version.h"

namespace gneiss {

struct Version::Change {
  struct Deleted {
    int level = 0;
    TableFilePtr table;  // null until it was found
  };
  std::unordered_map<uint64_t, Deleted> deleted;  // by number
  std::vector<std::vector<TableFilePtr>> added;   // by level
  std::vector<bool> is_touched;                   // by level

  bool Deletes(const TableFile& table) const { return deleted.find(table.meta().number) != deleted.end(); }
};

}  // namespace gneiss
