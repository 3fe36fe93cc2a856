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

namespace {

// Level 0 is taken to be as large as level 1.
uint32_t PathForLevel(const CompactionConfig& config, int level) {
  const std::vector<uint64_t>& targets = config.path_target_bytes;
  uint32_t path = 0;
  uint64_t room = targets[0];
  uint64_t level_bytes = config.level_base_bytes_max;
  int current = 0;
  while (path + 1 < targets.size()) {
    if (level_bytes > room) {
      room = targets[++path];
      continue;
    }
    if (current == level) return path;
    room -= level_bytes;
    if (current > 0) {
      const auto& additional = config.level_bytes_multiplier_additional;
      const auto index = static_cast<size_t>(current);
      const double extra = index < additional.size() ? additional[index] : 1;
      level_bytes = static_cast<uint64_t>(static_cast<double>(level_bytes) * config.level_bytes_multiplier * extra);
    }
    ++current;
  }
  return path;
}

// The path must hold the table, and with the paths before it what will come until the table is merged again.
uint32_t PathForTable(const CompactionConfig& config, uint64_t bytes) {
  const std::vector<uint64_t>& targets = config.path_target_bytes;
  const uint64_t future_bytes = bytes * (100 - std::min(config.universal_size_ratio, 100u)) / 100;
  uint64_t room_before = 0;
  uint32_t path = 0;
  for (; path + 1 < targets.size(); ++path) {
    if (targets[path] > bytes && room_before + (targets[path] - bytes) > future_bytes) return path;
    room_before += targets[path];
  }
  return path;
}

}  // namespace

uint32_t PathFor(const CompactionConfig& config, int level, uint64_t bytes) {
  if (config.path_target_bytes.size() < 2 || config.style == CompactionStyle::kFifo) return 0;
  return config.style == CompactionStyle::kUniversal ? PathForTable(config, bytes) : PathForLevel(config, level);
}

}  // namespace gneiss
