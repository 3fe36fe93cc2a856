#include "engine/compaction/compaction_config.h"

#include <algorithm>

namespace gneiss {

Compression CompressionFor(const CompactionConfig& config, int level, int base_level, bool is_bottommost) {
  if (is_bottommost && config.has_bottommost_compression) return config.bottommost_compression;
  if (config.compression_per_level.empty()) return config.compression;
  // The list counts from level 0, then from the base level; its last entry holds for all deeper levels.
  const int last = static_cast<int>(config.compression_per_level.size()) - 1;
  const int index = level == 0 ? 0 : level - base_level + 1;
  return config.compression_per_level[static_cast<size_t>(std::clamp(index, 0, last))];
}

const CompressionConfig& CompressionConfigFor(const CompactionConfig& config, bool is_bottommost) {
  return is_bottommost ? config.bottommost_compression_config : config.compression_config;
}

}  // namespace gneiss
