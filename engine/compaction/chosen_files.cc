// Tables named by the caller of CompactFiles, and those that must join them: a merge to the output level may leave
// nothing behind between its inputs that it would step over.
#include <algorithm>
#include <set>

#include "engine/compaction/work_steps.h"
#include "engine/io/file_name.h"

namespace gneiss {

namespace {

std::string NameOf(uint64_t number) { return TableName("", number); }

// Which tables of each level take part, and the user keys that they span.
class Selection {
 public:
  Selection(const WorkContext& context, const std::vector<uint64_t>& numbers, int output_level)
      : context_(context),
        version_(context.version),
        output_level_(output_level),
        taken_(numbers.begin(), numbers.end()) {}

  Status Expand() {
    for (int level = 0; level <= output_level_; ++level) GNEISS_RETURN_IF_ERROR(ExpandLevel(level));
    return Status::Ok();
  }

  // Every number must be that of a table at the output level or above it.
  Status CheckNumbers(const std::string& family_name) const {
    std::set<uint64_t> unknown = taken_;
    Status status;
    for (int level = 0; level < version_.LevelCount(); ++level) {
      version_.level(level).ForEachTable([&](const TableFilePtr& table) {
        const uint64_t number = table->meta().number;
        if (unknown.erase(number) == 0 || !status.ok()) return;
        if (table->is_being_compacted) {
          status =
              Status::Aborted("Specified compaction input file " + NameOf(number) + " is already being compacted.");
        } else if (level > output_level_) {
          status =
              Status::InvalidArgument("Cannot compact file to up level, input file: " + NameOf(number) + " level " +
                                      std::to_string(level) + " > output level " + std::to_string(output_level_));
        }
      });
    }
    if (status.ok() && !unknown.empty()) {
      return Status::InvalidArgument("Specified compaction input file " + NameOf(*unknown.begin()) +
                                     " does not exist in column family " + family_name + ".");
    }
    return status;
  }

  std::vector<CompactionInput> Inputs() const {
    std::vector<CompactionInput> inputs;
    for (int level = 0; level <= output_level_; ++level) {
      CompactionInput input{.level = level, .tables = {}};
      for (const TableFilePtr& table : TablesAt(level)) {
        if (taken_.count(table->meta().number) != 0) input.tables.push_back(table);
      }
      if (!input.tables.empty()) inputs.push_back(std::move(input));
    }
    return inputs;
  }

 private:
  Tables TablesAt(int level) const { return level == 0 ? Level0Tables(version_) : TablesBelow(version_, level); }

  // A merge within level 0 must begin with a table that may. One table alone stays where it is.
  Status ExpandToStart(const Tables& level0, Span* span) {
    if (span->size() == 1) return Status::Ok();
    const std::vector<bool> starts = Level0RowStarts(context_, level0);
    const uint64_t first_number = level0[span->first]->meta().number;
    while (span->first > 0 && !starts[span->first]) --span->first;
    if (starts[span->first]) return Status::Ok();
    return Status::Aborted("File " + NameOf(first_number) +
                           " is newer than data in memory, which must be flushed before it is merged within level 0.");
  }

  // All tables of the level from the first to the last one taken, then all that these overlap further down.
  Status ExpandLevel(int level) {
    const KeyOrder& order = version_.order();
    const Tables tables = TablesAt(level);
    Span span{tables.size(), 0};
    for (size_t i = 0; i < tables.size(); ++i) {
      if (taken_.count(tables[i]->meta().number) == 0) continue;
      span.first = std::min(span.first, i);
      span.limit = i + 1;
    }
    if (span.limit == 0) return Status::Ok();
    if (level > 0) span = ExpandToCleanCut(order, tables, span);
    if (level == 0 && output_level_ == 0) GNEISS_RETURN_IF_ERROR(ExpandToStart(tables, &span));
    // What is older in level 0 must not end up above what goes down.
    if (level == 0 && output_level_ > 0) span.limit = tables.size();
    for (size_t i = span.first; i < span.limit; ++i) {
      const uint64_t number = tables[i]->meta().number;
      if (tables[i]->is_being_compacted) {
        return Status::Aborted("Necessary compaction input file " + NameOf(number) + " is currently being compacted.");
      }
      taken_.insert(number);
    }
    const KeyRange range = RangeOf(order, TablesOf(tables, span));
    range_ = has_range_ ? UnionOf(order, range_, range) : range;
    has_range_ = true;
    for (int below = std::max(level, 1); below <= output_level_; ++below) {
      const Tables& joining = TablesBelow(version_, below);
      const Span overlap = Overlapping(order, joining, range_);
      for (size_t i = overlap.first; i < overlap.limit; ++i) {
        const uint64_t number = joining[i]->meta().number;
        if (joining[i]->is_being_compacted) {
          return Status::Aborted("File " + NameOf(number) +
                                 " that has overlapping key range with one of the compaction "
                                 " input file is currently being compacted.");
        }
        taken_.insert(number);
      }
    }
    return Status::Ok();
  }

  const WorkContext& context_;
  const Version& version_;
  const int output_level_;
  std::set<uint64_t> taken_;
  KeyRange range_;
  bool has_range_ = false;
};

}  // namespace

Status ChooseFiles(const Version& version, const CompactionConfig& config, const CompactionState& state,
                   const FilesRequest& request, CompactionWork* work) {
  const int last_level = version.LevelCount() - 1;
  if (request.output_level > last_level) {
    return Status::InvalidArgument("Output level for column family " + request.family_name + " must between [0, " +
                                   std::to_string(last_level) + "].");
  }
  const int deepest_output = config.style == CompactionStyle::kFifo ? 0 : last_level;
  if (request.output_level > deepest_output) {
    return Status::InvalidArgument("Exceed the maximum output level defined by the current compaction algorithm --- " +
                                   std::to_string(deepest_output));
  }
  if (request.output_level < 0) return Status::InvalidArgument("Output level cannot be negative.");
  if (request.table_numbers.empty()) {
    return Status::InvalidArgument("A compaction must contain at least one file.");
  }
  WorkContext context(version, config, state);
  context.is_manual = true;
  context.manual_path_id = request.path_id;
  context.may_move = false;
  Selection selection(context, request.table_numbers, request.output_level);
  GNEISS_RETURN_IF_ERROR(selection.Expand());
  GNEISS_RETURN_IF_ERROR(selection.CheckNumbers(request.family_name));

  *work = CompactionWork();
  work->output_level = request.output_level;
  work->inputs = selection.Inputs();
  Complete(context, work);
  // The caller says how large the tables become; borders of the next level do not count.
  work->output_file_bytes_max = request.output_file_bytes_max;
  work->grandparents.clear();
  work->score = -1;
  SetReason(work, CompactionReason::kManualCompaction);
  return Status::Ok();
}

}  // namespace gneiss
