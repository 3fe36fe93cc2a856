// What the levels should hold, how far each is over it, and which tables want compaction for reasons of their own.
#include <algorithm>

#include "engine/compaction/choose.h"
#include "engine/compaction/table_span.h"

namespace gneiss {

namespace {

// Scores above 1 are scaled up so that they can be lowered again, by what is still to come from above, and yet stay
// above 1.
constexpr double kScoreScale = 10;

uint64_t Times(uint64_t bytes, double factor) {
  if (bytes == 0 || factor <= 0) return 0;
  if (static_cast<double>(UINT64_MAX / bytes) < factor) return bytes;
  return static_cast<uint64_t>(static_cast<double>(bytes) * factor);
}

uint64_t IdleWeight(const Version& version, int level, int* idle_tables = nullptr) {
  uint64_t weight = 0;
  version.level(level).ForEachTable([&](const TableFilePtr& table) {
    if (table->is_being_compacted) return;
    weight += WeightOf(*table);
    if (idle_tables != nullptr) ++*idle_tables;
  });
  return weight;
}

void SetStaticTargets(const CompactionConfig& config, int level_count, CompactionState* state) {
  state->base_level = 1;
  state->level_target_bytes.assign(static_cast<size_t>(level_count), config.level_base_bytes_max);
  const auto& additional = config.level_bytes_multiplier_additional;
  for (size_t level = 2; level < state->level_target_bytes.size(); ++level) {
    const double extra = level - 1 < additional.size() ? additional[level - 1] : 1;
    state->level_target_bytes[level] =
        Times(Times(state->level_target_bytes[level - 1], config.level_bytes_multiplier), extra);
  }
}

// Dynamic targets count up from the last level: it may hold what the largest level holds now, each level above it a
// multiplier less. The base level is the first whose target would not exceed the configured base.
void SetDynamicTargets(const Version& version, const CompactionConfig& config, CompactionState* state) {
  const int level_count = version.LevelCount();
  state->level_target_bytes.assign(static_cast<size_t>(level_count), UINT64_MAX);
  int first_level = 0;
  uint64_t largest_bytes = 0;
  for (int level = level_count - 1; level > 0; --level) {
    if (version.level(level).bytes > 0) first_level = level;
    largest_bytes = std::max(largest_bytes, version.level(level).bytes);
  }
  if (largest_bytes == 0) {
    state->base_level = std::max(level_count - 1, 1);
    return;
  }

  const double multiplier = config.level_bytes_multiplier;
  const uint64_t base_max = config.level_base_bytes_max;
  const auto base_min = static_cast<uint64_t>(static_cast<double>(base_max) / multiplier);
  const auto divided = [multiplier](uint64_t bytes) {
    return static_cast<uint64_t>(static_cast<double>(bytes) / multiplier);
  };
  uint64_t base_bytes = largest_bytes;
  for (int level = level_count - 2; level >= first_level; --level) base_bytes = divided(base_bytes);
  state->base_level = first_level;
  if (base_bytes <= base_min) {
    base_bytes = base_min + 1;  // more levels hold data than the data needs
  } else {
    for (; state->base_level > 1 && base_bytes > base_max; --state->base_level) base_bytes = divided(base_bytes);
    base_bytes = std::min(base_bytes, base_max);
  }
  for (int level = state->base_level; level < level_count; ++level) {
    // No level is meant to be smaller than level 0 may grow: that would draw compactions away from level 0.
    state->level_target_bytes[static_cast<size_t>(level)] = std::max(base_bytes, base_max);
    base_bytes = Times(base_bytes, multiplier);
  }
}

double Level0Score(const Version& version, const CompactionConfig& config, const CompactionState& state) {
  int idle_tables = 0;
  const uint64_t bytes = IdleWeight(version, 0, &idle_tables);
  double score = static_cast<double>(idle_tables) / std::max(config.level0_compaction_trigger, 1);
  if (version.LevelCount() == 1) return score;
  if (!config.level_compaction_dynamic_level_bytes) {
    return std::max(score, static_cast<double>(bytes) / static_cast<double>(config.level_base_bytes_max));
  }
  if (bytes >= config.level_base_bytes_max) score = std::max(score, 1.01);
  const uint64_t base_target = state.level_target_bytes[static_cast<size_t>(state.base_level)];
  if (bytes > base_target) {
    uint64_t base_bytes = 0;
    version.level(state.base_level).ForEachTable([&](const TableFilePtr& table) { base_bytes += WeightOf(*table); });
    score = std::max(score, static_cast<double>(bytes) / static_cast<double>(std::max(base_bytes, base_target)));
  }
  return score > 1 ? score * kScoreScale : score;
}

void ScoreLevels(const Version& version, const CompactionConfig& config, CompactionState* state) {
  double arriving_bytes = static_cast<double>(version.level(0).bytes);  // soon to come down, in dynamic mode
  state->scores.push_back({0, Level0Score(version, config, *state)});
  for (int level = 1; level + 1 < version.LevelCount(); ++level) {
    const uint64_t target = state->level_target_bytes[static_cast<size_t>(level)];
    const uint64_t idle_bytes = IdleWeight(version, level);
    double score = static_cast<double>(idle_bytes) / static_cast<double>(std::max<uint64_t>(target, 1));
    if (config.level_compaction_dynamic_level_bytes && idle_bytes >= target) {
      score = static_cast<double>(idle_bytes) / (static_cast<double>(target) + arriving_bytes) * kScoreScale;
    }
    const uint64_t bytes = version.level(level).bytes;
    if (bytes > target) arriving_bytes += static_cast<double>(bytes - target);
    state->scores.push_back({level, score});
  }
}

// Every sorted run counts as if it were a table of level 0.
void ScoreUniversal(const Version& version, const CompactionConfig& config, CompactionState* state) {
  int runs = 0;
  IdleWeight(version, 0, &runs);
  for (int level = 1; level < version.LevelCount(); ++level) {
    const Tables& tables = TablesBelow(version, level);
    runs += !tables.empty() && !tables.front()->is_being_compacted;
  }
  state->scores.push_back({0, static_cast<double>(runs) / std::max(config.level0_compaction_trigger, 1)});
}

void ScoreFifo(const Version& version, const CompactionConfig& config, uint64_t now_unix_seconds,
               CompactionState* state) {
  uint64_t bytes = 0;
  for (int level = 0; level < version.LevelCount(); ++level) bytes += version.level(level).bytes;
  double score = static_cast<double>(bytes) / static_cast<double>(std::max<uint64_t>(config.fifo_max_table_bytes, 1));
  if (bytes <= config.fifo_max_table_bytes) score = std::min(score, 0.99);  // exactly full is not too full
  int idle_tables = 0;
  int expired_tables = 0;
  version.level(0).ForEachTable([&](const TableFilePtr& table) {
    if (table->is_being_compacted) return;
    ++idle_tables;
    const uint64_t born = table->meta().oldest_ancestor_unix_seconds;
    if (config.ttl_seconds > 0 && born > 0 && now_unix_seconds > config.ttl_seconds &&
        born < now_unix_seconds - config.ttl_seconds) {
      ++expired_tables;
    }
  });
  if (config.fifo_allow_compaction) {
    score = std::max(score, static_cast<double>(idle_tables) / std::max(config.level0_compaction_trigger, 1));
  }
  state->scores.push_back({0, std::max(score, static_cast<double>(expired_tables))});
}

// What would be read and written until every level is within its target, taking each level's overlap with the next as
// the ratio of their sizes.
uint64_t EstimatePendingBytes(const Version& version, const CompactionConfig& config, const CompactionState& state) {
  const uint64_t level0_bytes = version.level(0).bytes;
  const bool is_level0_due = static_cast<int>(version.level(0).table_count) >= config.level0_compaction_trigger ||
                             level0_bytes >= config.level_base_bytes_max;
  uint64_t pending = is_level0_due ? level0_bytes : 0;
  uint64_t arriving = pending;
  for (int level = state.base_level; level + 1 < version.LevelCount(); ++level) {
    uint64_t bytes = version.level(level).bytes;
    if (level == state.base_level && is_level0_due) pending += bytes;
    bytes += arriving;
    arriving = 0;
    const uint64_t target = state.level_target_bytes[static_cast<size_t>(level)];
    if (bytes <= target) continue;
    arriving = bytes - target;
    const auto next_bytes = static_cast<double>(version.level(level + 1).bytes);
    if (next_bytes == 0) continue;
    pending += static_cast<uint64_t>(static_cast<double>(arriving) * (next_bytes / static_cast<double>(bytes) + 1));
  }
  return pending;
}

bool IsOlderThan(uint64_t unix_seconds, uint64_t now_unix_seconds, uint64_t age_seconds) {
  return unix_seconds > 0 && now_unix_seconds > age_seconds && unix_seconds < now_unix_seconds - age_seconds;
}

bool IsRewritableBottommost(const Version& version, int level, const TableFilePtr& table, SeqNo oldest_snapshot) {
  const SeqNo largest_seq = table->meta().largest_seq;
  return level > 0 && largest_seq != 0 && largest_seq < oldest_snapshot &&
         !AnyOverlapBelow(version, level, RangeOf(*table));
}

void GatherWantingTables(const Version& version, const CompactionConfig& config, uint64_t now_unix_seconds,
                         CompactionState* state) {
  const int last_level = version.LastNonEmptyLevel();
  for (int level = 0; level <= last_level; ++level) {
    version.level(level).ForEachTable([&](const TableFilePtr& table) {
      if (table->is_being_compacted) return;
      const TableMeta& meta = table->meta();
      const bool has_level_below = level < last_level || level == 0;
      const bool is_marked = meta.is_marked_for_compaction || table->is_suggested_for_compaction;
      if (is_marked && has_level_below) state->marked.push_back({level, table});
      if (IsRewritableBottommost(version, level, table, state->limits.oldest_snapshot)) {
        state->bottommost.push_back({level, table});
      }
      if (config.ttl_seconds > 0 && level < last_level &&
          IsOlderThan(meta.oldest_ancestor_unix_seconds, now_unix_seconds, config.ttl_seconds)) {
        state->expired.push_back({level, table});
      }
      const uint64_t written =
          meta.file_creation_unix_seconds != 0 ? meta.file_creation_unix_seconds : meta.oldest_ancestor_unix_seconds;
      if (config.periodic_seconds > 0 && IsOlderThan(written, now_unix_seconds, config.periodic_seconds)) {
        state->periodic.push_back({level, table});
      }
    });
  }
}

// Whether the oldest batch of blob files is worth emptying: the oldest file and those behind it that only its tables
// keep alive. All of them must be old, and enough of them garbage.
bool IsOldestBlobBatchDue(const std::vector<BlobFileUse>& files, const BlobConfig& config) {
  const auto old_count = static_cast<size_t>(config.age_cutoff * static_cast<double>(files.size()));
  if (!config.collects_garbage || config.force_threshold >= 1 || old_count == 0) return false;
  uint64_t bytes = 0;
  uint64_t garbage_bytes = 0;
  size_t count = 0;
  while (count < old_count && (count == 0 || files[count].linked_tables.empty())) {
    bytes += files[count].file->meta().blob_bytes;
    garbage_bytes += files[count].garbage_bytes;
    ++count;
  }
  const bool goes_on = count < files.size() && files[count].linked_tables.empty();
  return !goes_on && static_cast<double>(garbage_bytes) >= config.force_threshold * static_cast<double>(bytes);
}

void GatherBlobGarbage(const Version& version, const BlobConfig& config, CompactionState* state) {
  const std::vector<BlobFileUse>& files = version.blob_files();
  if (files.empty() || !IsOldestBlobBatchDue(files, config)) return;
  const uint64_t oldest = files.front().file->meta().number;
  for (int level = 0; level < version.LevelCount(); ++level) {
    version.level(level).ForEachTable([&](const TableFilePtr& table) {
      if (table->meta().oldest_blob_file_number == oldest && !table->is_being_compacted) {
        state->blob_garbage.push_back({level, table});
      }
    });
  }
}

}  // namespace

CompactionState ComputeCompactionState(const Version& version, const CompactionConfig& config,
                                       uint64_t now_unix_seconds, const SeqLimits& limits) {
  CompactionState state;
  state.limits = limits;
  state.now_unix_seconds = now_unix_seconds;
  switch (config.style) {
    case CompactionStyle::kLevel:
      if (config.level_compaction_dynamic_level_bytes && version.LevelCount() > 1) {
        SetDynamicTargets(version, config, &state);
      } else {
        SetStaticTargets(config, version.LevelCount(), &state);
      }
      ScoreLevels(version, config, &state);
      state.pending_bytes = EstimatePendingBytes(version, config, state);
      break;
    case CompactionStyle::kUniversal:
      SetStaticTargets(config, version.LevelCount(), &state);
      ScoreUniversal(version, config, &state);
      break;
    case CompactionStyle::kFifo:
      SetStaticTargets(config, version.LevelCount(), &state);
      ScoreFifo(version, config, now_unix_seconds, &state);
      return state;
    case CompactionStyle::kNone:
      SetStaticTargets(config, version.LevelCount(), &state);
      return state;
  }
  std::stable_sort(state.scores.begin(), state.scores.end(),
                   [](const LevelScore& a, const LevelScore& b) { return a.score > b.score; });
  GatherWantingTables(version, config, now_unix_seconds, &state);
  GatherBlobGarbage(version, config.blob, &state);
  return state;
}

}  // namespace gneiss
