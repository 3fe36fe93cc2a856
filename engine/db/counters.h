// What a database has done since it was opened, as numbers for properties and the LOG.
//
// Threads: LevelCounters and FamilyCounters are guarded by the state mutex; CommitCounters' fields are relaxed atomics
// inside
//          the commit path and plain copies outside.
#pragma once

#include <cstdint>

namespace gneiss {

// Of flushes and compactions into one level.
struct LevelCounters {
  uint64_t jobs = 0;
  uint64_t micros = 0;
  uint64_t cpu_micros = 0;
  uint64_t bytes_read_upper = 0;   // from levels above the output level
  uint64_t bytes_read_output = 0;  // from the output level
  uint64_t bytes_written = 0;
  uint64_t blob_bytes_read = 0;
  uint64_t blob_bytes_written = 0;
  uint64_t bytes_moved = 0;
  uint64_t tables_written = 0;
  uint64_t tables_moved = 0;
  uint64_t entries_in = 0;
  uint64_t entries_dropped = 0;
};

struct FamilyCounters {
  uint64_t flushes = 0;
  uint64_t flush_bytes = 0;
  uint64_t level0_slowdowns = 0, level0_stops = 0;
  uint64_t memtable_slowdowns = 0, memtable_stops = 0;
  uint64_t pending_bytes_slowdowns = 0, pending_bytes_stops = 0;
};

struct CommitCounters {
  uint64_t writes = 0;  // batches
  uint64_t keys = 0;
  uint64_t bytes = 0;
  uint64_t wal_bytes = 0;
  uint64_t wal_syncs = 0;
  uint64_t groups = 0;  // commit groups
  uint64_t writes_with_wal = 0;
  uint64_t stall_micros = 0;

  CommitCounters Since(const CommitCounters& base) const {
    return {.writes = writes - base.writes,
            .keys = keys - base.keys,
            .bytes = bytes - base.bytes,
            .wal_bytes = wal_bytes - base.wal_bytes,
            .wal_syncs = wal_syncs - base.wal_syncs,
            .groups = groups - base.groups,
            .writes_with_wal = writes_with_wal - base.writes_with_wal,
            .stall_micros = stall_micros - base.stall_micros};
  }
};

}  // namespace gneiss
