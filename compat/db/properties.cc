// GetProperty and its relatives: names and text layouts are RocksDB's, because programs parse them.

#include <rocksdb/cache.h>

#include <algorithm>
#include <charconv>
#include <cinttypes>
#include <cstdarg>
#include <cstdio>
#include <map>
#include <optional>
#include <set>

#include "compat/adapters/statistics.h"
#include "compat/db/cache_entry_stats.h"
#include "compat/db/db_impl.h"
#include "compat/db/human_numbers.h"
#include "compat/db/table_properties_map.h"
#include "compat/options/block_based_table.h"

namespace gneiss::compat {

namespace {

constexpr double kMiB = 1048576.0;
constexpr double kGiB = 1073741824.0;

void AppendFormat(std::string* out, const char* format, ...) __attribute__((format(printf, 2, 3)));
void AppendFormat(std::string* out, const char* format, ...) {
  char line[1024];
  va_list arguments;
  va_start(arguments, format);
  const int written = std::vsnprintf(line, sizeof(line), format, arguments);
  va_end(arguments);
  if (written > 0) out->append(line, std::min<size_t>(static_cast<size_t>(written), sizeof(line) - 1));
}

// 12345 as "12K", and so on.
std::string HumanNumber(uint64_t number) {
  char text[32];
  if (number < 10'000) {
    std::snprintf(text, sizeof(text), "%" PRIu64, number);
  } else if (number < 10'000'000) {
    std::snprintf(text, sizeof(text), "%" PRIu64 "K", number / 1000);
  } else if (number < 10'000'000'000) {
    std::snprintf(text, sizeof(text), "%" PRIu64 "M", number / 1'000'000);
  } else {
    std::snprintf(text, sizeof(text), "%" PRIu64 "G", number / 1'000'000'000);
  }
  return text;
}

// H:M:S, as stall times are printed.
std::string HumanMicros(uint64_t micros) {
  const uint64_t seconds = micros / 1'000'000;
  char text[48];
  std::snprintf(text, sizeof(text), "%02" PRIu64 ":%02" PRIu64 ":%02.3f H:M:S", seconds / 3600, seconds / 60 % 60,
                static_cast<double>(micros % 60'000'000) / 1e6);
  return text;
}

// One row of the table of levels.
struct LevelRow {
  uint64_t tables = 0, being_compacted = 0;
  double bytes = 0, score = 0;
  LevelCounters counters;

  uint64_t WrittenBytes() const { return counters.bytes_written + counters.blob_bytes_written; }
  double ReadGb() const {
    return static_cast<double>(counters.bytes_read_upper + counters.bytes_read_output + counters.blob_bytes_read) /
           kGiB;
  }
  double WriteAmplification(double input_bytes) const {
    return input_bytes > 0 ? static_cast<double>(WrittenBytes()) / input_bytes : 0;
  }
  double Seconds() const { return static_cast<double>(counters.micros) / 1e6; }
};

void Accumulate(const LevelRow& row, LevelRow* sum) {
  sum->tables += row.tables;
  sum->being_compacted += row.being_compacted;
  sum->bytes += row.bytes;
  LevelCounters& to = sum->counters;
  const LevelCounters& from = row.counters;
  to.jobs += from.jobs;
  to.micros += from.micros;
  to.cpu_micros += from.cpu_micros;
  to.bytes_read_upper += from.bytes_read_upper;
  to.bytes_read_output += from.bytes_read_output;
  to.bytes_written += from.bytes_written;
  to.blob_bytes_read += from.blob_bytes_read;
  to.blob_bytes_written += from.blob_bytes_written;
  to.bytes_moved += from.bytes_moved;
  to.entries_in += from.entries_in;
  to.entries_dropped += from.entries_dropped;
}

void AppendRow(const std::string& name, const LevelRow& row, double write_amplification, std::string* out) {
  const double seconds = std::max(row.Seconds(), 1e-6);
  const double upper = static_cast<double>(row.counters.bytes_read_upper) / kGiB;
  const double output = static_cast<double>(row.counters.bytes_read_output) / kGiB;
  const double written = static_cast<double>(row.WrittenBytes()) / kGiB;
  const double read = row.ReadGb();
  AppendFormat(out,
               "%4s %6" PRIu64 "/%-3" PRIu64
               " %8s %5.1f %8.1f %7.1f %8.1f %9.1f %8.1f %9.1f %5.1f %8.1f %8.1f %9.2f %17.2f %9" PRIu64
               " %8.3f %7s %6s %9.1f %9.1f\n",
               name.c_str(), row.tables, row.being_compacted, HumanBytes(row.bytes).c_str(), row.score, read, upper,
               output, written, written - output, static_cast<double>(row.counters.bytes_moved) / kGiB,
               write_amplification, read * 1024 / seconds, written * 1024 / seconds, row.Seconds(),
               static_cast<double>(row.counters.cpu_micros) / 1e6, row.counters.jobs,
               row.counters.jobs == 0 ? 0 : row.Seconds() / static_cast<double>(row.counters.jobs),
               HumanNumber(row.counters.entries_in).c_str(), HumanNumber(row.counters.entries_dropped).c_str(),
               static_cast<double>(row.counters.blob_bytes_read) / kGiB,
               static_cast<double>(row.counters.blob_bytes_written) / kGiB);
}

std::vector<LevelRow> RowsOf(const FamilyFacts& facts) {
  std::vector<LevelRow> rows(static_cast<size_t>(facts.version->LevelCount()));
  for (size_t i = 0; i < rows.size(); ++i) {
    const Level& level = facts.version->level(static_cast<int>(i));
    rows[i].tables = level.table_count;
    rows[i].bytes = static_cast<double>(level.bytes);
    if (i < facts.levels.size()) rows[i].counters = facts.levels[i];
  }
  for (const LevelScore& score : facts.compaction.scores) rows[static_cast<size_t>(score.level)].score = score.score;
  return rows;
}

// What came since `before`: levels' sizes are no part of it.
LevelRow Since(const LevelCounters& before, LevelRow row) {
  row.tables = row.being_compacted = 0;
  row.bytes = row.score = 0;
  LevelCounters& now = row.counters;
  now.jobs -= std::min(now.jobs, before.jobs);
  now.micros -= std::min(now.micros, before.micros);
  now.cpu_micros -= std::min(now.cpu_micros, before.cpu_micros);
  now.bytes_read_upper -= std::min(now.bytes_read_upper, before.bytes_read_upper);
  now.bytes_read_output -= std::min(now.bytes_read_output, before.bytes_read_output);
  now.bytes_written -= std::min(now.bytes_written, before.bytes_written);
  now.blob_bytes_read -= std::min(now.blob_bytes_read, before.blob_bytes_read);
  now.blob_bytes_written -= std::min(now.blob_bytes_written, before.blob_bytes_written);
  now.bytes_moved -= std::min(now.bytes_moved, before.bytes_moved);
  now.entries_in -= std::min(now.entries_in, before.entries_in);
  now.entries_dropped -= std::min(now.entries_dropped, before.entries_dropped);
  return row;
}

// What a table of compactions begins with; its rows stand for levels, or for the priorities of threads.
void AppendTableHead(const std::string& family, const char* rows, std::string* out) {
  AppendFormat(out, "\n** Compaction Stats [%s] **\n", family.c_str());
  const size_t start = out->size();
  AppendFormat(out, "%s    %s   %s     %s %s  %s %s %s %s %s %s %s %s %s %s %s %s %s %s %s %s\n", rows, "Files", "Size",
               "Score", "Read(GB)", "Rn(GB)", "Rnp1(GB)", "Write(GB)", "Wnew(GB)", "Moved(GB)", "W-Amp", "Rd(MB/s)",
               "Wr(MB/s)", "Comp(sec)", "CompMergeCPU(sec)", "Comp(cnt)", "Avg(sec)", "KeyIn", "KeyDrop", "Rblob(GB)",
               "Wblob(GB)");
  out->append(out->size() - start, '-').append("\n");
}

// `told` holds what the last call told, and takes what this one does.
std::string CompactionTable(const std::string& family, const FamilyFacts& facts, ToldStats* told) {
  std::string out;
  AppendTableHead(family, "Level", &out);
  LevelRow sum;
  const std::vector<LevelRow> rows = RowsOf(facts);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].tables == 0 && rows[i].counters.jobs == 0) continue;
    Accumulate(rows[i], &sum);
    const double input =
        i == 0 ? static_cast<double>(rows[i].WrittenBytes()) : static_cast<double>(rows[i].counters.bytes_read_upper);
    AppendRow("L" + std::to_string(i), rows[i], rows[i].WriteAmplification(input), &out);
  }
  const auto ingested = static_cast<double>(facts.counters.flush_bytes);
  AppendRow("Sum", sum, sum.WriteAmplification(ingested), &out);
  const LevelRow interval = Since(told->levels, sum);
  const double flushed = ingested - std::min(ingested, told->flush_bytes);
  AppendRow("Int", interval, interval.WriteAmplification(flushed), &out);
  told->levels = sum.counters;
  told->flush_bytes = ingested;
  return out;
}

std::string BlobLine(const Version& version);

std::string FamilyStats(const std::string& family, const FamilyFacts& facts, double seconds_up, ToldStats* told) {
  std::string out = CompactionTable(family, facts, told);
  LevelRow sum;
  for (const LevelRow& row : RowsOf(facts)) Accumulate(row, &sum);
  const double read = sum.ReadGb() * kGiB;
  const auto written = static_cast<double>(sum.WrittenBytes());
  AppendTableHead(family, "Priority", &out);  // without rows: work is not counted by the priority of its thread
  out += BlobLine(*facts.version);
  AppendFormat(&out, "Uptime(secs): %.1f total, %.1f interval\n", seconds_up, seconds_up);
  const double flushed = static_cast<double>(facts.counters.flush_bytes) / kGiB;
  AppendFormat(&out, "Flush(GB): cumulative %.3f, interval %.3f\n", flushed, flushed);
  AppendFormat(&out, "AddFile(GB): cumulative %.3f, interval %.3f\n", 0.0, 0.0);
  AppendFormat(&out, "AddFile(Total Files): cumulative 0, interval 0\n");
  AppendFormat(&out, "AddFile(L0 Files): cumulative 0, interval 0\n");
  AppendFormat(&out, "AddFile(Keys): cumulative 0, interval 0\n");
  for (const char* span : {"Cumulative", "Interval"}) {
    AppendFormat(&out, "%s compaction: %.2f GB write, %.2f MB/s write, %.2f GB read, %.2f MB/s read, %.1f seconds\n",
                 span, written / kGiB, written / kMiB / seconds_up, read / kGiB, read / kMiB / seconds_up,
                 sum.Seconds());
  }
  const FamilyCounters& stalls = facts.counters;
  AppendFormat(&out,
               "Stalls(count): %" PRIu64 " level0_slowdown, %" PRIu64 " level0_slowdown_with_compaction, %" PRIu64
               " level0_numfiles, %" PRIu64 " level0_numfiles_with_compaction, %" PRIu64
               " stop for pending_compaction_bytes, %" PRIu64 " slowdown for pending_compaction_bytes, %" PRIu64
               " memtable_compaction, %" PRIu64 " memtable_slowdown, interval %" PRIu64 " total count\n",
               stalls.level0_slowdowns, uint64_t{0}, stalls.level0_stops, uint64_t{0}, stalls.pending_bytes_stops,
               stalls.pending_bytes_slowdowns, stalls.memtable_stops, stalls.memtable_slowdowns,
               stalls.level0_slowdowns + stalls.level0_stops + stalls.pending_bytes_stops +
                   stalls.pending_bytes_slowdowns + stalls.memtable_stops + stalls.memtable_slowdowns);
  return out;
}

std::string DatabaseStats(const DatabaseFacts& facts, double seconds_up) {
  std::string out;
  const CommitCounters& c = facts.commits;
  AppendFormat(&out, "\n** DB Stats **\nUptime(secs): %.1f total, %.1f interval\n", seconds_up, seconds_up);
  for (const bool is_cumulative : {true, false}) {
    const char* const span = is_cumulative ? "Cumulative" : "Interval";
    const double unit = is_cumulative ? kGiB : kMiB;
    AppendFormat(&out,
                 "%s writes: %s writes, %s keys, %s commit groups, %.1f writes per commit group, ingest: %.2f %s, "
                 "%.2f MB/s\n",
                 span, HumanNumber(c.writes).c_str(), HumanNumber(c.keys).c_str(), HumanNumber(c.groups).c_str(),
                 static_cast<double>(c.writes) / static_cast<double>(std::max<uint64_t>(1, c.groups)),
                 static_cast<double>(c.bytes) / unit, is_cumulative ? "GB" : "MB",
                 static_cast<double>(c.bytes) / kMiB / seconds_up);
    AppendFormat(&out, "%s WAL: %s writes, %s syncs, %.2f writes per sync, written: %.2f GB, %.2f MB/s\n", span,
                 HumanNumber(c.writes_with_wal).c_str(), HumanNumber(c.wal_syncs).c_str(),
                 static_cast<double>(c.writes_with_wal) / static_cast<double>(std::max<uint64_t>(1, c.wal_syncs)),
                 static_cast<double>(c.wal_bytes) / kGiB, static_cast<double>(c.wal_bytes) / kMiB / seconds_up);
    AppendFormat(&out, "%s stall: %s, %.1f percent\n", span, HumanMicros(c.stall_micros).c_str(),
                 static_cast<double>(c.stall_micros) / 10000.0 / seconds_up);
  }
  return out;
}

// No latencies are kept per file, so the table stays as empty as RocksDB's before the first read.
std::string FileHistogram(const std::string& family) {
  return "\n** File Read Latency Histogram By Level [" + family + "] **\n";
}

std::string LevelTable(const FamilyFacts& facts) {
  std::string out = "Level Files Size(MB)\n--------------------\n";
  for (int level = 0; level < facts.version->LevelCount(); ++level) {
    AppendFormat(&out, "%3d %8zu %8.0f\n", level, facts.version->level(level).table_count,
                 static_cast<double>(facts.version->level(level).bytes) / kMiB);
  }
  return out;
}

// Sums over the tables whose properties can be read.
struct TableSums {
  uint64_t entries = 0, deletions = 0, reader_bytes = 0, raw_bytes = 0;
};
TableSums SumTables(const Version& version) {
  TableSums sums;
  for (int level = 0; level < version.LevelCount(); ++level) {
    version.level(level).ForEachTable([&](const TableFilePtr& table) {
      ReaderRef reader;
      if (!table->Reader(level, &reader).ok()) return;
      const TableProperties& properties = reader->properties();
      sums.entries += properties.entries;
      sums.deletions += properties.deletions;
      sums.raw_bytes += properties.raw_key_bytes + properties.raw_value_bytes;
      sums.reader_bytes += reader->MemoryUsage() + table->MemoryUsage();
    });
  }
  return sums;
}

struct BlobFileSums {
  uint64_t file_bytes = 0, garbage_bytes = 0, live_blob_bytes = 0;
};
// Each file once, also those that only older readers still need.
uint64_t BytesOfAllVersions(const FamilyFacts& facts) {
  std::map<uint64_t, uint64_t> files;
  const auto add = [&files](const Version& version) {
    for (int level = 0; level < version.LevelCount(); ++level) {
      version.level(level).ForEachTable(
          [&files](const TableFilePtr& table) { files[table->meta().number] = table->meta().file_bytes; });
    }
  };
  add(*facts.version);
  for (const VersionPtr& version : facts.older_versions) add(*version);
  uint64_t bytes = 0;
  for (const auto& [number, file_bytes] : files) bytes += file_bytes;
  return bytes;
}

BlobFileSums SumBlobFiles(const Version& version) {
  BlobFileSums sums;
  for (const BlobFileUse& use : version.blob_files()) {
    sums.file_bytes += use.file->meta().FileBytes();
    sums.garbage_bytes += use.garbage_bytes;
    sums.live_blob_bytes += use.file->meta().blob_bytes - use.garbage_bytes;
  }
  return sums;
}

double SpaceAmplification(const BlobFileSums& sums) {
  if (sums.file_bytes <= sums.garbage_bytes) return 0;
  return static_cast<double>(sums.file_bytes) / static_cast<double>(sums.file_bytes - sums.garbage_bytes);
}

std::string BlobLine(const Version& version) {
  const BlobFileSums sums = SumBlobFiles(version);
  std::string out;
  AppendFormat(&out, "\nBlob file count: %zu, total size: %.1f GB, garbage size: %.1f GB, space amp: %.1f\n\n",
               version.blob_files().size(), static_cast<double>(sums.file_bytes) / kGiB,
               static_cast<double>(sums.garbage_bytes) / kGiB, SpaceAmplification(sums));
  return out;
}

// rocksdb.blob-stats. The amplification counts header and footer as neither live nor garbage.
std::string BlobStats(const Version& version) {
  const BlobFileSums sums = SumBlobFiles(version);
  std::string out;
  AppendFormat(&out,
               "Number of blob files: %zu\nTotal size of blob files: %" PRIu64
               "\nTotal size of garbage in blob files: %" PRIu64 "\nBlob file space amplification: %g\n",
               version.blob_files().size(), sums.file_bytes, sums.garbage_bytes, SpaceAmplification(sums));
  return out;
}

std::optional<uint64_t> ParseNumber(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool ConsumePrefix(std::string_view* text, std::string_view prefix) {
  if (text->substr(0, prefix.size()) != prefix) return false;
  text->remove_prefix(prefix.size());
  return true;
}

// The sum over all tables, or over those of one level: `rest` is what follows the property's name.
std::optional<rocksdb::TableProperties> Aggregated(const Version& version, std::string_view rest) {
  std::optional<uint64_t> only_level;
  if (ConsumePrefix(&rest, "-at-level")) {
    only_level = ParseNumber(rest);
    if (!only_level || *only_level >= static_cast<uint64_t>(version.LevelCount())) return std::nullopt;
  } else if (!rest.empty()) {
    return std::nullopt;
  }
  rocksdb::TableProperties sum;
  for (int level = 0; level < version.LevelCount(); ++level) {
    if (only_level && *only_level != static_cast<uint64_t>(level)) continue;
    version.level(level).ForEachTable([&](const TableFilePtr& table) {
      ReaderRef reader;
      if (table->Reader(level, &reader).ok()) sum.Add(RocksPropertiesOf(reader->properties()));
    });
  }
  return sum;
}

void AddRow(const std::string& name, const LevelRow& row, double input_bytes, std::map<std::string, std::string>* map) {
  const LevelCounters& c = row.counters;
  const auto add = [&](const char* field, double value) {
    (*map)["compaction." + name + "." + field] = std::to_string(value);
  };
  const double seconds = std::max(row.Seconds(), 1e-6);
  add("NumFiles", static_cast<double>(row.tables));
  add("CompactedFiles", static_cast<double>(row.being_compacted));
  add("SizeBytes", row.bytes);
  add("Score", row.score);
  add("ReadGB", row.ReadGb());
  add("RnGB", static_cast<double>(c.bytes_read_upper) / kGiB);
  add("Rnp1GB", static_cast<double>(c.bytes_read_output) / kGiB);
  add("WriteGB", static_cast<double>(row.WrittenBytes()) / kGiB);
  add("WnewGB", (static_cast<double>(c.bytes_written) - static_cast<double>(c.bytes_read_output)) / kGiB);
  add("MovedGB", static_cast<double>(c.bytes_moved) / kGiB);
  add("WriteAmp", row.WriteAmplification(input_bytes));
  add("ReadMBps", row.ReadGb() * 1024 / seconds);
  add("WriteMBps", static_cast<double>(c.bytes_written) / kMiB / seconds);
  add("CompSec", row.Seconds());
  add("CompMergeCPU", static_cast<double>(c.cpu_micros) / 1e6);
  add("CompCount", static_cast<double>(c.jobs));
  add("AvgSec", c.jobs == 0 ? 0 : row.Seconds() / static_cast<double>(c.jobs));
  add("KeyIn", static_cast<double>(c.entries_in));
  add("KeyDrop", static_cast<double>(c.entries_dropped));
  add("RblobGB", static_cast<double>(c.blob_bytes_read) / kGiB);
  add("WblobGB", static_cast<double>(c.blob_bytes_written) / kGiB);
}

void AddStalls(const FamilyCounters& stalls, std::map<std::string, std::string>* map) {
  const auto add = [&](const char* field, uint64_t value) {
    (*map)[std::string("io_stalls.") + field] = std::to_string(value);
  };
  add("level0_slowdown", stalls.level0_slowdowns);
  add("level0_slowdown_with_compaction", 0);
  add("level0_numfiles", stalls.level0_stops);
  add("level0_numfiles_with_compaction", 0);
  add("stop_for_pending_compaction_bytes", stalls.pending_bytes_stops);
  add("slowdown_for_pending_compaction_bytes", stalls.pending_bytes_slowdowns);
  add("memtable_compaction", stalls.memtable_stops);
  add("memtable_slowdown", stalls.memtable_slowdowns);
  add("total_stop", stalls.level0_stops + stalls.pending_bytes_stops + stalls.memtable_stops);
  add("total_slowdown", stalls.level0_slowdowns + stalls.pending_bytes_slowdowns + stalls.memtable_slowdowns);
}

// The columns of the aggregated map, which are those that can be summed.
std::map<std::string, std::string> MapOf(const rocksdb::TableProperties& sum) {
  std::map<std::string, std::string> map;
  for (const auto& [name, value] : sum.GetAggregatablePropertiesAsMap()) map[name] = std::to_string(value);
  return map;
}

std::shared_ptr<rocksdb::Cache> BlockCacheOf(const rocksdb::ColumnFamilyOptions& options) {
  const rocksdb::BlockBasedTableOptions* const table = BlockBasedOptionsOf(options.table_factory.get());
  return table == nullptr ? nullptr : table->block_cache;
}

// The cache that a property of the family's block or blob cache is about. Null: none such, or no such property.
std::shared_ptr<rocksdb::Cache> CacheOf(const DbCore& core, const std::string& family, std::string_view name) {
  if (ConsumePrefix(&name, "block-cache-")) return BlockCacheOf(core.OptionsOf(family));
  return ConsumePrefix(&name, "blob-cache-") ? core.OptionsOf(family).blob_cache : nullptr;
}

std::optional<uint64_t> CacheProperty(const rocksdb::Cache& cache, std::string_view name) {
  name.remove_prefix(name.find("cache-") + 6);
  if (name == "capacity") return cache.GetCapacity();
  if (name == "usage") return cache.GetUsage();
  if (name == "pinned-usage") return cache.GetPinnedUsage();
  return std::nullopt;
}

// Known for FIFO alone, whose tables are never merged: the oldest table's.
std::optional<uint64_t> OldestKeyTime(const DbCore& core, const std::string& family, const FamilyFacts& facts) {
  const rocksdb::ColumnFamilyOptions options = core.OptionsOf(family);
  if (options.compaction_style != rocksdb::kCompactionStyleFIFO || options.compaction_options_fifo.allow_compaction) {
    return std::nullopt;
  }
  uint64_t oldest = UINT64_MAX;
  for (int level = 0; level < facts.version->LevelCount(); ++level) {
    facts.version->level(level).ForEachTable([&](const TableFilePtr& table) {
      ReaderRef reader;
      if (!table->Reader(level, &reader).ok()) return;
      const TableProperties& properties = reader->properties();
      uint64_t seconds = properties.oldest_key_unix_seconds;
      if (seconds == 0) seconds = properties.creation_unix_seconds;
      if (seconds != 0) oldest = std::min(oldest, seconds);
    });
  }
  if (oldest == UINT64_MAX) return std::nullopt;
  return oldest;
}

std::optional<uint64_t> IntProperty(const DbCore& core, const FamilyPtr& family, std::string_view name) {
  const FamilyFacts facts = core.database->Facts(family);
  if (name == "num-immutable-mem-table") return facts.sealed_count;
  if (name == "num-immutable-mem-table-flushed") return 0;
  if (name == "mem-table-flush-pending") return facts.flush_pending;
  if (name == "estimate-oldest-key-time") return OldestKeyTime(core, family->name, facts);
  if (name == "compaction-pending") return facts.compaction_pending;
  if (name == "cur-size-active-mem-table") return facts.active_bytes;
  if (name == "cur-size-all-mem-tables") return facts.all_memtables_bytes;
  if (name == "size-all-mem-tables") return facts.pinned_memtables_bytes;
  if (name == "num-entries-active-mem-table") return facts.active_entries;
  if (name == "num-entries-imm-mem-tables") return facts.sealed_entries;
  if (name == "num-deletes-active-mem-table") return facts.active_deletes;
  if (name == "num-deletes-imm-mem-tables") return facts.sealed_deletes;
  if (name == "num-live-versions") return facts.live_versions;
  if (name == "current-super-version-number") return facts.super_version_number;
  if (name == "base-level") return static_cast<uint64_t>(facts.compaction.base_level);
  if (name == "estimate-pending-compaction-bytes") return facts.compaction.pending_bytes;
  if (name == "total-sst-files-size") return BytesOfAllVersions(facts);
  if (name == "live-sst-files-size") return facts.version->TotalBytes();
  if (name == "estimate-live-data-size") {
    return facts.version->TotalBytes() + SumBlobFiles(*facts.version).live_blob_bytes;
  }
  if (name == "num-blob-files") return facts.version->blob_files().size();
  if (name == "total-blob-file-size") return family->blob_opener->AllFileBytes();
  if (name == "live-blob-file-size") return SumBlobFiles(*facts.version).file_bytes;
  if (name == "live-blob-file-garbage-size") return SumBlobFiles(*facts.version).garbage_bytes;
  if (name == "estimate-num-keys") {
    const TableSums sums = SumTables(*facts.version);
    const uint64_t entries = facts.active_entries + facts.sealed_entries + sums.entries;
    const uint64_t deletes = facts.active_deletes + facts.sealed_deletes + sums.deletions;
    return entries > 2 * deletes ? entries - 2 * deletes : 0;
  }
  if (name == "estimate-table-readers-mem") return SumTables(*facts.version).reader_bytes;
  if (const std::shared_ptr<rocksdb::Cache> cache = CacheOf(core, family->name, name)) {
    return CacheProperty(*cache, name);
  }
  const DatabaseFacts database = core.database->Facts();
  if (name == "num-running-flushes") return database.running_flushes;
  if (name == "num-running-compactions") return database.running_compactions;
  if (name == "background-errors") return database.background_errors;
  if (name == "is-file-deletions-enabled")
    return database.is_file_deletion_enabled ? 1 : 0;  // what RocksDB does; its header says the opposite
  if (name == "num-snapshots") return database.snapshot_count;
  if (name == "oldest-snapshot-time") return database.oldest_snapshot_unix_seconds;
  if (name == "oldest-snapshot-sequence") return database.oldest_snapshot_seq;
  if (name == "min-log-number-to-keep") return database.min_log_number_to_keep;
  if (name == "min-obsolete-sst-number-to-keep") return database.min_obsolete_table_number;
  if (name == "actual-delayed-write-rate") return database.delayed_write_bytes_per_second;
  if (name == "is-write-stopped") return database.is_write_stopped ? 1 : 0;
  return std::nullopt;
}

const CacheEntryStats::Patience& PatienceOf(std::string_view name) {
  return name.front() == 'f' ? CacheEntryStats::kFast : CacheEntryStats::kAskedFor;
}

double SecondsUp(const DbCore& core, const DatabaseFacts& facts) {
  const auto now = static_cast<double>(core.db_options.env->NowMicros());
  return std::max(0.001, (now - static_cast<double>(facts.counted_since_unix_micros)) / 1e6);
}

}  // namespace

bool DbImpl::GetIntProperty(rocksdb::ColumnFamilyHandle* family, const rocksdb::Slice& property, uint64_t* value) {
  std::string_view name(property.data(), property.size());
  if (!ConsumePrefix(&name, "rocksdb.")) return false;
  const std::optional<uint64_t> found = IntProperty(*core_, FamilyOf(family), name);
  if (found) *value = *found;
  return found.has_value();
}

bool DbImpl::GetAggregatedIntProperty(const rocksdb::Slice& property, uint64_t* value) {
  std::string_view name(property.data(), property.size());
  if (!ConsumePrefix(&name, "rocksdb.")) return false;
  uint64_t sum = 0;
  std::set<std::shared_ptr<rocksdb::Cache>> caches;  // one that families share counts once
  for (const FamilyPtr& family : AllFamilies()) {
    const std::optional<uint64_t> found = IntProperty(*core_, family, name);
    if (!found) {
      *value = 0;
      return false;
    }
    const std::shared_ptr<rocksdb::Cache> cache = CacheOf(*core_, family->name, name);
    if (cache == nullptr || caches.insert(cache).second) sum += *found;
  }
  *value = sum;
  return true;
}

std::shared_ptr<CacheEntryStats> DbImpl::CacheStatsOf(const ColumnFamily& family) {
  const std::shared_ptr<rocksdb::Cache> cache = BlockCacheOf(core_->OptionsOf(family.name));
  if (cache == nullptr) return nullptr;
  const std::lock_guard<std::mutex> lock(told_mutex_);
  std::shared_ptr<CacheEntryStats>& stats = cache_stats_[cache.get()];
  if (stats == nullptr) stats = CacheEntryStats::For(cache);
  return stats;
}

bool DbImpl::GetProperty(rocksdb::ColumnFamilyHandle* handle, const rocksdb::Slice& property, std::string* value) {
  value->clear();
  std::string_view name(property.data(), property.size());
  return ConsumePrefix(&name, "rocksdb.") && PropertyOf(FamilyOf(handle), name, value);
}

bool DbImpl::PropertyOf(const FamilyPtr& family, std::string_view name, std::string* value) {
  if (const std::optional<uint64_t> number = IntProperty(*core_, family, name)) {
    *value = std::to_string(*number);
    return true;
  }
  const FamilyFacts facts = core_->database->Facts(family);
  const DatabaseFacts database = core_->database->Facts();
  const double seconds_up = SecondsUp(*core_, database);
  const auto family_stats = [&] {
    const std::shared_ptr<CacheEntryStats> cache_stats = CacheStatsOf(*family);
    const std::lock_guard<std::mutex> lock(told_mutex_);
    return FamilyStats(family->name, facts, seconds_up, &told_[family->id]) +
           (cache_stats == nullptr ? "" : cache_stats->LastText(core_->db_options.env));
  };
  if (name == "stats") {
    *value = family_stats() + FileHistogram(family->name) + DatabaseStats(database, seconds_up);
  } else if (name == "cfstats") {
    *value = family_stats() + FileHistogram(family->name);
  } else if (name == "cfstats-no-file-histogram") {
    *value = family_stats();
  } else if (name == "cf-file-histogram") {
    *value = FileHistogram(family->name);
  } else if (name == "dbstats") {
    *value = DatabaseStats(database, seconds_up);
  } else if (name == "blob-stats") {
    *value = BlobStats(*facts.version);
  } else if (name == "levelstats") {
    *value = LevelTable(facts);
  } else if (name == "sstables") {
    *value = facts.version->DebugString();
  } else if (name == "block-cache-entry-stats" || name == "fast-block-cache-entry-stats") {
    const std::shared_ptr<CacheEntryStats> stats = CacheStatsOf(*family);
    if (stats == nullptr) return false;
    *value = stats->Text(core_->db_options.env, PatienceOf(name));
  } else if (name == "options-statistics") {
    if (core_->db_options.statistics == nullptr) return false;
    *value = core_->db_options.statistics->ToString();
  } else if (ConsumePrefix(&name, "live-sst-files-size-at-temperature")) {
    const std::optional<uint64_t> temperature = ParseNumber(name);
    if (!temperature || *temperature > UINT8_MAX) return false;
    *value = std::to_string(*temperature == 0 ? facts.version->TotalBytes() : 0);  // tables have no temperature here
  } else if (ConsumePrefix(&name, "num-files-at-level")) {
    const std::optional<uint64_t> level = ParseNumber(name);
    if (!level || *level >= static_cast<uint64_t>(facts.version->LevelCount())) return false;
    *value = std::to_string(facts.version->level(static_cast<int>(*level)).table_count);
  } else if (ConsumePrefix(&name, "aggregated-table-properties")) {
    const std::optional<rocksdb::TableProperties> sum = Aggregated(*facts.version, name);
    if (!sum) return false;
    *value = sum->ToString();
  } else if (ConsumePrefix(&name, "compression-ratio-at-level")) {
    const std::optional<uint64_t> level = ParseNumber(name);
    if (!level || *level >= static_cast<uint64_t>(facts.version->LevelCount())) return false;
    uint64_t raw = 0;
    facts.version->level(static_cast<int>(*level)).ForEachTable([&](const TableFilePtr& table) {
      ReaderRef reader;
      if (!table->Reader(static_cast<int>(*level), &reader).ok()) return;
      raw += reader->properties().raw_key_bytes + reader->properties().raw_value_bytes;
    });
    const uint64_t stored = facts.version->level(static_cast<int>(*level)).bytes;
    *value = std::to_string(stored == 0 ? -1.0 : static_cast<double>(raw) / static_cast<double>(stored));
  } else {
    return false;
  }
  return true;
}

bool DbImpl::GetMapProperty(rocksdb::ColumnFamilyHandle* handle, const rocksdb::Slice& property,
                            std::map<std::string, std::string>* value) {
  value->clear();
  std::string_view name(property.data(), property.size());
  if (!ConsumePrefix(&name, "rocksdb.")) return false;
  const DatabaseFacts database = core_->database->Facts();
  if (name == "dbstats") {
    (*value)["db.uptime"] = std::to_string(SecondsUp(*core_, database));
    (*value)["db.user_bytes_written"] = std::to_string(database.commits.bytes);
    (*value)["db.user_keys_written"] = std::to_string(database.commits.keys);
    (*value)["db.user_writes_by_self"] = std::to_string(database.commits.groups);
    (*value)["db.user_writes_by_other"] = std::to_string(database.commits.writes - database.commits.groups);
    (*value)["db.user_writes_with_wal"] = std::to_string(database.commits.writes_with_wal);
    (*value)["db.wal_bytes_written"] = std::to_string(database.commits.wal_bytes);
    (*value)["db.wal_syncs"] = std::to_string(database.commits.wal_syncs);
    (*value)["db.user_write_stall_micros"] = std::to_string(database.commits.stall_micros);
    return true;
  }
  if (ConsumePrefix(&name, "aggregated-table-properties")) {
    const auto sum = Aggregated(*core_->database->Facts(FamilyOf(handle)).version, name);
    if (sum) *value = MapOf(*sum);
    return sum.has_value();
  }
  if (name == "block-cache-entry-stats" || name == "fast-block-cache-entry-stats") {
    const std::shared_ptr<CacheEntryStats> stats = CacheStatsOf(*FamilyOf(handle));
    if (stats != nullptr) *value = stats->Map(core_->db_options.env, PatienceOf(name));
    return stats != nullptr;
  }
  if (name != "cfstats") return false;
  const FamilyFacts facts = core_->database->Facts(FamilyOf(handle));
  LevelRow sum;
  const std::vector<LevelRow> rows = RowsOf(facts);
  for (size_t i = 0; i < rows.size(); ++i) {
    Accumulate(rows[i], &sum);
    if (rows[i].tables == 0 && rows[i].counters.jobs == 0) continue;
    const double input =
        static_cast<double>(i == 0 ? rows[i].counters.bytes_written : rows[i].counters.bytes_read_upper);
    AddRow("L" + std::to_string(i), rows[i], input, value);
  }
  AddRow("Sum", sum, static_cast<double>(facts.counters.flush_bytes), value);
  AddStalls(facts.counters, value);
  return true;
}

rocksdb::Status DbImpl::ResetStats() {
  core_->database->ResetFacts();
  return rocksdb::Status::OK();
}

}  // namespace gneiss::compat

namespace rocksdb {

#define GNEISS_PROPERTY(field, text) const std::string DB::Properties::field = "rocksdb." text
GNEISS_PROPERTY(kNumFilesAtLevelPrefix, "num-files-at-level");
GNEISS_PROPERTY(kCompressionRatioAtLevelPrefix, "compression-ratio-at-level");
GNEISS_PROPERTY(kStats, "stats");
GNEISS_PROPERTY(kSSTables, "sstables");
GNEISS_PROPERTY(kCFStats, "cfstats");
GNEISS_PROPERTY(kCFStatsNoFileHistogram, "cfstats-no-file-histogram");
GNEISS_PROPERTY(kCFFileHistogram, "cf-file-histogram");
GNEISS_PROPERTY(kDBStats, "dbstats");
GNEISS_PROPERTY(kLevelStats, "levelstats");
GNEISS_PROPERTY(kBlockCacheEntryStats, "block-cache-entry-stats");
GNEISS_PROPERTY(kFastBlockCacheEntryStats, "fast-block-cache-entry-stats");
GNEISS_PROPERTY(kNumImmutableMemTable, "num-immutable-mem-table");
GNEISS_PROPERTY(kNumImmutableMemTableFlushed, "num-immutable-mem-table-flushed");
GNEISS_PROPERTY(kMemTableFlushPending, "mem-table-flush-pending");
GNEISS_PROPERTY(kNumRunningFlushes, "num-running-flushes");
GNEISS_PROPERTY(kCompactionPending, "compaction-pending");
GNEISS_PROPERTY(kNumRunningCompactions, "num-running-compactions");
GNEISS_PROPERTY(kBackgroundErrors, "background-errors");
GNEISS_PROPERTY(kCurSizeActiveMemTable, "cur-size-active-mem-table");
GNEISS_PROPERTY(kCurSizeAllMemTables, "cur-size-all-mem-tables");
GNEISS_PROPERTY(kSizeAllMemTables, "size-all-mem-tables");
GNEISS_PROPERTY(kNumEntriesActiveMemTable, "num-entries-active-mem-table");
GNEISS_PROPERTY(kNumEntriesImmMemTables, "num-entries-imm-mem-tables");
GNEISS_PROPERTY(kNumDeletesActiveMemTable, "num-deletes-active-mem-table");
GNEISS_PROPERTY(kNumDeletesImmMemTables, "num-deletes-imm-mem-tables");
GNEISS_PROPERTY(kEstimateNumKeys, "estimate-num-keys");
GNEISS_PROPERTY(kEstimateTableReadersMem, "estimate-table-readers-mem");
GNEISS_PROPERTY(kIsFileDeletionsEnabled, "is-file-deletions-enabled");
GNEISS_PROPERTY(kNumSnapshots, "num-snapshots");
GNEISS_PROPERTY(kOldestSnapshotTime, "oldest-snapshot-time");
GNEISS_PROPERTY(kOldestSnapshotSequence, "oldest-snapshot-sequence");
GNEISS_PROPERTY(kNumLiveVersions, "num-live-versions");
GNEISS_PROPERTY(kCurrentSuperVersionNumber, "current-super-version-number");
GNEISS_PROPERTY(kEstimateLiveDataSize, "estimate-live-data-size");
GNEISS_PROPERTY(kMinLogNumberToKeep, "min-log-number-to-keep");
GNEISS_PROPERTY(kMinObsoleteSstNumberToKeep, "min-obsolete-sst-number-to-keep");
GNEISS_PROPERTY(kTotalSstFilesSize, "total-sst-files-size");
GNEISS_PROPERTY(kLiveSstFilesSize, "live-sst-files-size");
GNEISS_PROPERTY(kLiveSstFilesSizeAtTemperature, "live-sst-files-size-at-temperature");
GNEISS_PROPERTY(kBaseLevel, "base-level");
GNEISS_PROPERTY(kEstimatePendingCompactionBytes, "estimate-pending-compaction-bytes");
GNEISS_PROPERTY(kAggregatedTableProperties, "aggregated-table-properties");
GNEISS_PROPERTY(kAggregatedTablePropertiesAtLevel, "aggregated-table-properties-at-level");
GNEISS_PROPERTY(kActualDelayedWriteRate, "actual-delayed-write-rate");
GNEISS_PROPERTY(kIsWriteStopped, "is-write-stopped");
GNEISS_PROPERTY(kEstimateOldestKeyTime, "estimate-oldest-key-time");
GNEISS_PROPERTY(kBlockCacheCapacity, "block-cache-capacity");
GNEISS_PROPERTY(kBlockCacheUsage, "block-cache-usage");
GNEISS_PROPERTY(kBlockCachePinnedUsage, "block-cache-pinned-usage");
GNEISS_PROPERTY(kOptionsStatistics, "options-statistics");
GNEISS_PROPERTY(kNumBlobFiles, "num-blob-files");
GNEISS_PROPERTY(kBlobStats, "blob-stats");
GNEISS_PROPERTY(kTotalBlobFileSize, "total-blob-file-size");
GNEISS_PROPERTY(kLiveBlobFileSize, "live-blob-file-size");
GNEISS_PROPERTY(kLiveBlobFileGarbageSize, "live-blob-file-garbage-size");
GNEISS_PROPERTY(kBlobCacheCapacity, "blob-cache-capacity");
GNEISS_PROPERTY(kBlobCacheUsage, "blob-cache-usage");
GNEISS_PROPERTY(kBlobCachePinnedUsage, "blob-cache-pinned-usage");
#undef GNEISS_PROPERTY

}  // namespace rocksdb
