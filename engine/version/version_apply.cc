// Building the next Version from an edit.
//
//   1. Every deleted table must be where the edit says.
//   2. Every added table must be new, or among the deleted ones: then it only moves and keeps its TableFile.
//   3. Blob files are added, grow in garbage, and go when nothing refers to them any more (version_blobs.cc).
//   4. Each touched level is merged from what stays, already in order, and what is added, sorted. Where a neighbour is
//      new the two must fit: level 0 newest first, deeper levels without overlap.
#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/base/check.h"
#include "engine/version/version_change.h"

namespace gneiss {

namespace {

Status Inconsistent(const std::string& what) { return Status::Corruption("VersionBuilder", what); }
Status FailedCheck(const std::string& what) {
  return Status::Corruption("force_consistency_checks", "VersionBuilder: " + what);
}
std::string Text(uint64_t number) { return std::to_string(number); }
std::string SeqText(const TableMeta& meta) { return Text(meta.smallest_seq) + " " + Text(meta.largest_seq); }

bool IsNewer(const TableFilePtr& a, const TableFilePtr& b) {
  const TableMeta& x = a->meta();
  const TableMeta& y = b->meta();
  if (x.largest_seq != y.largest_seq) return x.largest_seq > y.largest_seq;
  if (x.smallest_seq != y.smallest_seq) return x.smallest_seq > y.smallest_seq;
  return x.number > y.number;
}

// What RocksDB asks of neighbours in level 0. An ingested table holds one sequence number.
Status CheckNeighboursInLevel0(const TableMeta& newer, const TableMeta& older) {
  if (older.smallest_seq == older.largest_seq) {
    const SeqNo ingested_seq = older.smallest_seq;
    if (ingested_seq < newer.largest_seq || ingested_seq == 0) return Status::Ok();
    return FailedCheck("L0 file #" + Text(newer.number) + " with seqno " + SeqText(newer) + " vs. file #" +
                       Text(older.number) + " with global_seqno " + Text(ingested_seq));
  }
  if (newer.smallest_seq > older.smallest_seq) return Status::Ok();
  return FailedCheck("L0 file #" + Text(newer.number) + " with seqno " + SeqText(newer) + " vs. file #" +
                     Text(older.number) + " with seqno " + SeqText(older));
}

Status CheckNeighboursInRun(const KeyOrder& order, int level, const TableMeta& left, const TableMeta& right) {
  if (order.CompareInternal(left.largest.Encode(), right.smallest.Encode()) < 0) return Status::Ok();
  return FailedCheck("L" + std::to_string(level) + " has overlapping ranges: file #" + Text(left.number) +
                     " largest key: " + KeyText(left.largest) + " vs. file #" + Text(right.number) +
                     " smallest key: " + KeyText(right.smallest));
}

// Merges `added` (sorted here) into `kept`, and gives check(left, right) every pair of neighbours with a new one in it.
template <typename Less, typename Check>
Status MergeTables(std::vector<TableFilePtr> kept, std::vector<TableFilePtr> added, Less less, Check check,
                   std::vector<TableFilePtr>* merged) {
  std::sort(added.begin(), added.end(), less);
  merged->reserve(kept.size() + added.size());
  size_t next_kept = 0;
  size_t next_added = 0;
  bool was_new = false;
  while (next_kept < kept.size() || next_added < added.size()) {
    const bool is_new =
        next_kept == kept.size() || (next_added < added.size() && less(added[next_added], kept[next_kept]));
    merged->push_back(std::move(is_new ? added[next_added++] : kept[next_kept++]));
    const size_t last = merged->size() - 1;
    if (last > 0 && (is_new || was_new))
      GNEISS_RETURN_IF_ERROR(check((*merged)[last - 1]->meta(), (*merged)[last]->meta()));
    was_new = is_new;
  }
  return Status::Ok();
}

}  // namespace

std::optional<int> Version::LevelOf(uint64_t table_number) const {
  for (int number = 0; number < LevelCount(); ++number) {
    for (const auto& run : level(number).runs) {
      for (const TableFilePtr& table : run->tables()) {
        if (table->meta().number == table_number) return number;
      }
    }
  }
  return std::nullopt;
}

Status Version::CheckDeleted(const VersionEdit& edit, Change* change) const {
  for (const auto& [number, table_number] : edit.deleted_tables) {
    const auto [deleted, is_first] =
        change->deleted.emplace(table_number, Change::Deleted{.level = number, .table = {}});
    if (!is_first && deleted->second.level != number)
      return Inconsistent("Cannot delete table file #" + Text(table_number) + " from two levels at once");
    if (number < LevelCount()) change->is_touched[static_cast<size_t>(number)] = true;
  }
  for (size_t i = 0; i < levels_.size(); ++i) {
    if (!change->is_touched[i]) continue;
    levels_[i].ForEachTable([&](const TableFilePtr& table) {
      const auto found = change->deleted.find(table->meta().number);
      if (found != change->deleted.end() && found->second.level == static_cast<int>(i)) found->second.table = table;
    });
  }
  for (const auto& [table_number, deleted] : change->deleted) {
    if (deleted.table != nullptr) continue;
    const std::optional<int> actual = LevelOf(table_number);
    return Inconsistent("Cannot delete table file #" + Text(table_number) + " from level " +
                        std::to_string(deleted.level) + " since it is " +
                        (actual ? "on level " + std::to_string(*actual) : std::string("not in the LSM tree")));
  }
  return Status::Ok();
}

Status Version::CheckAdded(const VersionEdit& edit, const MakeTable& make_table, Change* change) const {
  std::unordered_map<uint64_t, int> added_levels;
  for (const auto& [number, meta] : edit.added_tables) {
    if (number >= LevelCount()) return Status::InvalidArgument("db has more levels than options.num_levels");
    const auto moved = change->deleted.find(meta.number);
    std::optional<int> present;
    if (const auto [other, is_first] = added_levels.emplace(meta.number, number); !is_first) {
      present = other->second;
    } else if (moved == change->deleted.end() && meta.number <= table_number_max_) {
      present = LevelOf(meta.number);
    }
    if (present)
      return Inconsistent("Cannot add table file #" + Text(meta.number) + " to level " + std::to_string(number) +
                          " since it is already in the LSM tree on level " + std::to_string(*present));
    if (order_.Compare(meta.smallest.user_key(), meta.largest.user_key()) > 0)
      return Inconsistent("table file #" + Text(meta.number) + " has smallest key " + KeyText(meta.smallest) +
                          " behind largest key " + KeyText(meta.largest));
    const bool keeps_table = moved != change->deleted.end() && IsSameTable(moved->second.table->meta(), meta);
    TableFilePtr table = keeps_table ? moved->second.table : make_table(meta);
    GNEISS_RETURN_IF_ERROR(table->CheckRoom());
    change->added[static_cast<size_t>(number)].push_back(std::move(table));
    change->is_touched[static_cast<size_t>(number)] = true;
  }
  return Status::Ok();
}

Status Version::ApplyToLevel(int number, const Change& change, Level* next) const {
  std::vector<TableFilePtr> kept;
  std::unordered_map<const TableFile*, std::shared_ptr<const Run>> old_runs;  // of level 0: one per table
  for (const auto& run : level(number).runs) {
    if (number == 0) old_runs.emplace(run->tables().front().get(), run);
    std::copy_if(run->tables().begin(), run->tables().end(), std::back_inserter(kept),
                 [&](const TableFilePtr& table) { return !change.Deletes(*table); });
  }
  const auto by_smallest = [&](const TableFilePtr& a, const TableFilePtr& b) {
    const int order = order_.CompareInternal(a->meta().smallest.Encode(), b->meta().smallest.Encode());
    return order != 0 ? order < 0 : a->meta().number < b->meta().number;
  };
  const auto check_run = [&](const TableMeta& left, const TableMeta& right) {
    return CheckNeighboursInRun(order_, number, left, right);
  };
  const auto& added = change.added[static_cast<size_t>(number)];
  std::vector<TableFilePtr> tables;
  GNEISS_RETURN_IF_ERROR(number == 0 ? MergeTables(std::move(kept), added, IsNewer, CheckNeighboursInLevel0, &tables)
                                     : MergeTables(std::move(kept), added, by_smallest, check_run, &tables));
  *next = Level();
  next->table_count = tables.size();
  for (const TableFilePtr& table : tables) next->bytes += table->meta().file_bytes;
  if (number != 0) {
    if (!tables.empty()) next->runs.push_back(std::make_shared<const Run>(order_, std::move(tables)));
    return Status::Ok();
  }
  for (const TableFilePtr& table : tables) {
    const auto old = old_runs.find(table.get());
    next->runs.push_back(old != old_runs.end() ? old->second
                                               : std::make_shared<const Run>(order_, std::vector<TableFilePtr>{table}));
  }
  return Status::Ok();
}

Status Version::Apply(const VersionEdit& edit, const MakeTable& make_table, std::shared_ptr<const Version>* next,
                      const MakeBlobFile& make_blob_file) const {
  Change change;
  change.added.resize(levels_.size());
  change.is_touched.resize(levels_.size());
  GNEISS_RETURN_IF_ERROR(CheckDeleted(edit, &change));
  GNEISS_RETURN_IF_ERROR(CheckAdded(edit, make_table, &change));
  auto version = std::make_shared<Version>(*this);
  GNEISS_RETURN_IF_ERROR(ApplyToBlobFiles(edit, change, make_blob_file, version.get()));
  for (int number = 0; number < LevelCount(); ++number) {
    const auto i = static_cast<size_t>(number);
    if (change.is_touched[i]) GNEISS_RETURN_IF_ERROR(ApplyToLevel(number, change, &version->levels_[i]));
  }
  for (const auto& [number, meta] : edit.added_tables)
    version->table_number_max_ = std::max(version->table_number_max_, meta.number);
  if (change.is_touched[0]) version->BuildFences();
#ifdef GNEISS_DEBUG_CHECKS
  version->CheckInvariants();
#endif
  *next = std::move(version);
  return Status::Ok();
}

void Version::AppendTo(VersionEdit* edit) const {
  for (int number = 0; number < LevelCount(); ++number) {
    level(number).ForEachTable(
        [&](const TableFilePtr& table) { edit->added_tables.emplace_back(number, table->meta()); });
  }
  for (const BlobFileUse& use : blob_files()) {
    edit->added_blob_files.push_back(use.file->meta());
    if (use.garbage_count == 0) continue;
    edit->blob_garbage.push_back(
        {.file_number = use.file->meta().number, .blob_count = use.garbage_count, .blob_bytes = use.garbage_bytes});
  }
}

void Version::BuildFences() {
  level0_fences_.clear();
  for (const auto& run : levels_[0].runs) {
    Fence fence{.table = run->tables().front().get()};
    if (order_.is_bytewise()) {
      fence.smallest_head = KeyOrder::HeadOf(fence.table->smallest_user_key());
      fence.largest_head = KeyOrder::HeadOf(fence.table->largest_user_key());
    }
    level0_fences_.push_back(fence);
  }
}

void Version::CheckInvariants() const {
  GNEISS_CHECK(level0_fences_.size() == levels_[0].runs.size());
  for (size_t i = 0; i < levels_.size(); ++i) {
    uint64_t bytes = 0;
    size_t table_count = 0;
    for (const auto& run : levels_[i].runs) {
      run->CheckInvariants(order_);
      GNEISS_CHECK(i != 0 || run->tables().size() == 1);
      bytes += run->Bytes();
      table_count += run->tables().size();
    }
    GNEISS_CHECK(i == 0 || levels_[i].runs.size() <= 1);
    GNEISS_CHECK(levels_[i].bytes == bytes);
    GNEISS_CHECK(levels_[i].table_count == table_count);
  }
  const auto& runs = levels_[0].runs;
  for (size_t i = 1; i < runs.size(); ++i)
    GNEISS_CHECK(IsNewer(runs[i - 1]->tables().front(), runs[i]->tables().front()));
}

}  // namespace gneiss
