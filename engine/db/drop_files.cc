// Dropping tables unread. What an open snapshot reads does not change: the install begins a new epoch, and the history
// keeps the state before for as long as a snapshot selects it.

#include <algorithm>

#include "engine/base/read_guard.h"
#include "engine/db/database_impl.h"

namespace gneiss {

namespace {

bool EndsAt(const KeyOrder& order, const TableFile& table, const Slice* user_key) {
  return user_key != nullptr && order.Compare(table.largest_user_key(), *user_key) == 0;
}

// The idle tables of a level that lie inside the range and share no user key with a table outside of it: what is left
// of such a key there could be older than what was dropped.
Tables DroppableTables(const Version& version, int level, const OptionalRange& range, bool include_end) {
  const KeyOrder& order = version.order();
  const Tables& tables = TablesBelow(version, level);
  KeyRange inside;
  if (range.begin != nullptr) inside.begin = *range.begin;
  if (range.end != nullptr) inside.end = *range.end;
  Span span = Within(order, tables, inside);
  while (!span.empty() && span.first > 0 && !IsCleanCut(order, *tables[span.first - 1], *tables[span.first])) {
    ++span.first;
  }
  while (!span.empty() && span.limit < tables.size() &&
         !IsCleanCut(order, *tables[span.limit - 1], *tables[span.limit])) {
    --span.limit;
  }
  Tables droppable;
  for (size_t i = span.first; i < span.limit; ++i) {
    if (tables[i]->is_being_compacted) continue;
    if (!include_end && EndsAt(order, *tables[i], range.end)) continue;
    droppable.push_back(tables[i]);
  }
  return droppable;
}

}  // namespace

Status DatabaseImpl::DeleteFilesInRanges(const FamilyPtr& family, const std::vector<OptionalRange>& ranges,
                                         bool include_end) {
  if (config_.is_read_only) return ReadOnlyError();
  std::vector<CompactionInput> dropped;
  {
    MutexLock lock(&mutex_);
    if (family->is_dropped.load()) return Status::ColumnFamilyDropped("Column family dropped");
    for (int level = 1; level < family->version->LevelCount(); ++level) {
      CompactionInput input{.level = level, .tables = {}};
      for (const OptionalRange& range : ranges) {
        for (TableFilePtr& table : DroppableTables(*family->version, level, range, include_end)) {
          table->is_being_compacted = true;
          input.tables.push_back(std::move(table));
        }
      }
      if (!input.tables.empty()) dropped.push_back(std::move(input));
    }
  }
  return dropped.empty() ? Status::Ok() : DropTables(family, dropped);
}

Status DatabaseImpl::DeleteTable(uint64_t number) {
  if (config_.is_read_only) return ReadOnlyError();
  FamilyPtr owner;
  CompactionInput found;
  {
    MutexLock lock(&mutex_);
    for (const auto& [id, family] : families_) {
      for (int level = 0; level < family->version->LevelCount(); ++level) {
        family->version->level(level).ForEachTable([&, f = family](const TableFilePtr& table) {
          if (table->meta().number != number) return;
          owner = f;
          found = {.level = level, .tables = {table}};
        });
      }
    }
    if (owner == nullptr) return Status::InvalidArgument("File not found");
    const TableFilePtr& table = found.tables.front();
    if (table->is_being_compacted) return Status::Ok();  // it will soon be gone, as RocksDB has it
    // Below the last level lies nothing that the table's tombstones hide.
    if (found.level != owner->version->LastNonEmptyLevel()) return Status::InvalidArgument("File not in last level");
    if (found.level == 0 && Level0Tables(*owner->version).back() != table) {
      return Status::InvalidArgument("File in level 0, but not oldest");
    }
    table->is_being_compacted = true;
  }
  return DropTables(owner, {found});
}

// The tables are marked as being compacted; they are unmarked here.
Status DatabaseImpl::DropTables(const FamilyPtr& family, const std::vector<CompactionInput>& tables) {
  FamilyChange change{.family = family, .edit = {}, .preserves_snapshots = false};
  for (const CompactionInput& input : tables) {
    for (const TableFilePtr& table : input.tables) {
      change.edit.deleted_tables.emplace_back(input.level, table->meta().number);
    }
  }
  const size_t count = change.edit.deleted_tables.size();
  const Status status = Install({std::move(change)});
  Log(config_.logger, LogLevel::kInfo, "[%s] Dropped %zu tables unread: %s", family->name.c_str(), count,
      status.ToString().c_str());
  {
    MutexLock lock(&mutex_);
    for (const CompactionInput& input : tables) {
      for (const TableFilePtr& table : input.tables) table->is_being_compacted = false;
    }
    MaybeScheduleCompaction(family);
    state_changed_.SignalAll();
  }
  Reclaim();
  return status;
}

}  // namespace gneiss
