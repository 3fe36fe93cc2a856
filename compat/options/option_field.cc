#include "compat/options/option_field.h"

#include <algorithm>

namespace gneiss::compat {

// libstdc++ puts a new element before the others of its bucket, and a new bucket before all others. So inserting the
// list backwards, into as many buckets as there are elements, makes iteration follow the list as long as the list
// keeps the elements of one bucket together, which RocksDB's order does: it came from the same library. The silent
// names go last: they land in front of a group or in front of everything, and break no group apart.
const OptionMap* NewOptionMap(std::initializer_list<OptionEntry> written, std::initializer_list<OptionEntry> silent) {
  auto* map = new OptionMap(written.size() + silent.size());
  for (auto entry = std::rbegin(written); entry != std::rend(written); ++entry)
    map->emplace(entry->first, entry->second);
  for (const OptionEntry& entry : silent) map->emplace(entry.first, entry.second);
  return map;
}

}  // namespace gneiss::compat
