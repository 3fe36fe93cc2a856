#include "compat/options/option_field.h"

#include <iterator>
#include <unordered_set>

namespace gneiss::compat {

namespace {

// How many buckets a map has after growing to `size` elements.
size_t BucketsAfterGrowing(size_t size) {
  std::unordered_set<size_t> grown;
  for (size_t i = 0; i < size; ++i) grown.insert(i);
  return grown.bucket_count();
}

}  // namespace

// libstdc++ puts a new element before the others of its bucket, and a new bucket before all others. So inserting the
// list backwards makes iteration follow it, as long as the list keeps the elements of one bucket together. RocksDB's
// order does so, because it comes from maps of the same size that grew to it. The silent names go last: they land in
// front of a group or in front of everything, and break no group apart.
const OptionMap* NewOptionMap(std::initializer_list<OptionEntry> written, std::initializer_list<OptionEntry> silent) {
  auto* map = new OptionMap(BucketsAfterGrowing(written.size() + silent.size()));
  for (auto entry = std::rbegin(written); entry != std::rend(written); ++entry) {
    map->emplace(entry->first, entry->second);
  }
  for (const OptionEntry& entry : silent) map->emplace(entry.first, entry.second);
  return map;
}

}  // namespace gneiss::compat
