#include "engine/compaction/choose.h"

#include "engine/base/check.h"
#include "engine/compaction/styles.h"

namespace gneiss {

uint64_t CompactionWork::InputBytes() const {
  uint64_t bytes = 0;
  for (const CompactionInput& input : inputs) bytes += BytesOf(input.tables);
  return bytes;
}

size_t CompactionWork::InputTableCount() const {
  size_t count = 0;
  for (const CompactionInput& input : inputs) count += input.tables.size();
  return count;
}

KeyRange RangeOf(const KeyOrder& order, const CompactionWork& work) {
  KeyRange range = RangeOf(order, work.inputs.front().tables);
  for (const CompactionInput& input : work.inputs) range = UnionOf(order, range, RangeOf(order, input.tables));
  return range;
}

std::unique_ptr<TablePartitioner> NewPartitioner(const CompactionConfig& config, const KeyOrder& order,
                                                 const CompactionWork& work) {
  if (config.partitioner_factory == nullptr || work.output_level == 0) return nullptr;
  const KeyRange range = RangeOf(order, work);
  return config.partitioner_factory->Create({.is_full_compaction = work.is_full,
                                             .is_manual_compaction = work.is_manual,
                                             .output_level = work.output_level,
                                             .first_user_key = *range.begin,
                                             .last_user_key = *range.end});
}

void CompactionWork::MarkInputs(bool is_being_compacted) const {
  for (const CompactionInput& input : inputs) {
    for (const TableFilePtr& table : input.tables) {
      GNEISS_CHECK(table->is_being_compacted != is_being_compacted);
      table->is_being_compacted = is_being_compacted;
    }
  }
}

const char* CompactionReasonName(CompactionReason reason) {
  switch (reason) {
    case CompactionReason::kUnknown:
      return "Unknown";
    case CompactionReason::kLevelL0FilesNum:
      return "LevelL0FilesNum";
    case CompactionReason::kLevelMaxLevelSize:
      return "LevelMaxLevelSize";
    case CompactionReason::kUniversalSizeAmplification:
      return "UniversalSizeAmplification";
    case CompactionReason::kUniversalSizeRatio:
      return "UniversalSizeRatio";
    case CompactionReason::kUniversalSortedRunNum:
      return "UniversalSortedRunNum";
    case CompactionReason::kFifoMaxSize:
      return "FIFOMaxSize";
    case CompactionReason::kFifoReduceNumFiles:
      return "FIFOReduceNumFiles";
    case CompactionReason::kFifoTtl:
      return "FIFOTtl";
    case CompactionReason::kManualCompaction:
      return "ManualCompaction";
    case CompactionReason::kFilesMarkedForCompaction:
      return "FilesMarkedForCompaction";
    case CompactionReason::kBottommostFiles:
      return "BottommostFiles";
    case CompactionReason::kTtl:
      return "Ttl";
    case CompactionReason::kPeriodicCompaction:
      return "PeriodicCompaction";
    case CompactionReason::kForcedBlobGarbageCollection:
      return "ForcedBlobGC";
  }
  return "Unknown";
}

bool NeedsCompaction(const Version& version, const CompactionState& state, const CompactionConfig& config) {
  if (version.TableCount() == 0) return false;
  const bool has_score = !state.scores.empty() && state.scores.front().score >= 1;
  switch (config.style) {
    case CompactionStyle::kLevel:
      return has_score || !state.marked.empty() || !state.bottommost.empty() || !state.expired.empty() ||
             !state.periodic.empty() || !state.blob_garbage.empty();
    case CompactionStyle::kUniversal:
      return has_score || !state.marked.empty() || !state.periodic.empty();
    case CompactionStyle::kFifo:
      return has_score;
    case CompactionStyle::kNone:
      return false;
  }
  return false;
}

std::optional<CompactionWork> ChooseCompaction(const Version& version, const CompactionState& state,
                                               const CompactionConfig& config, uint64_t now_unix_seconds,
                                               CompactCursors* cursors) {
  if (!NeedsCompaction(version, state, config)) return std::nullopt;
  const WorkContext context(version, config, state);
  switch (config.style) {
    case CompactionStyle::kLevel:
      return ChooseLeveled(context, cursors);
    case CompactionStyle::kUniversal:
      return ChooseUniversal(context);
    case CompactionStyle::kFifo:
      return ChooseFifo(context, now_unix_seconds);
    case CompactionStyle::kNone:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace gneiss
