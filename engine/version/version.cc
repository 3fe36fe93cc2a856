#include "engine/version/version.h"

#include <algorithm>
#include <utility>

#include "engine/iter/merging_iterator.h"

namespace gneiss {

void Level::ForEachTable(const std::function<void(const TableFilePtr&)>& visit) const {
  for (const auto& run : runs) {
    for (const TableFilePtr& table : run->tables()) visit(table);
  }
}

SeqNo Level::LargestSeq() const {
  SeqNo largest = 0;
  ForEachTable([&](const TableFilePtr& table) { largest = std::max(largest, table->meta().largest_seq); });
  return largest;
}

Version::Version(const KeyOrder& order, int level_count)
    : order_(order), levels_(static_cast<size_t>(std::max(level_count, 1))) {}

int Version::LastNonEmptyLevel() const {
  int last = LevelCount() - 1;
  while (last >= 0 && level(last).table_count == 0) --last;
  return last;
}

size_t Version::TableCount() const {
  size_t count = 0;
  for (const Level& level : levels_) count += level.table_count;
  return count;
}

uint64_t Version::TotalBytes() const {
  uint64_t bytes = 0;
  for (const Level& level : levels_) bytes += level.bytes;
  return bytes;
}

std::vector<size_t> Version::TablesPerLevel() const {
  std::vector<size_t> counts;
  for (const Level& level : levels_) counts.push_back(level.table_count);
  return counts;
}

void Version::AddIterators(const ReadParams& params, std::vector<std::unique_ptr<InternalIterator>>* iterators) const {
  for (int number = 0; number < LevelCount(); ++number) {
    for (const auto& run : level(number).runs) {
      // A table that is open and stays so needs no run iterator around its own.
      const bool is_plain = run->tables().size() == 1 && !params.is_compaction && params.table_filter == nullptr;
      const TableReader* open = is_plain ? run->tables().front()->ReaderIfOpen() : nullptr;
      iterators->push_back(open != nullptr ? open->NewIterator(params) : NewRunIterator(order_, run, number, params));
    }
  }
}

bool Version::HasRangeTombstones() const {
  for (const Level& level : levels_) {
    for (const auto& run : level.runs) {
      const auto* with_tombstones = run->TablesWithTombstones();
      if (with_tombstones == nullptr || !with_tombstones->empty()) return true;
    }
  }
  return false;
}

void Version::AddRangeTombstones(const ReadParams& params, const TableFile::AddTombstone& add, Status* status) const {
  const auto add_from = [&](const TableFile& table, int number) {
    if (status->ok()) *status = table.ForEachTombstone(number, params, add);
  };
  for (int number = 0; number < LevelCount(); ++number) {
    for (const auto& run : level(number).runs) {
      if (const auto* with_tombstones = run->TablesWithTombstones(); with_tombstones != nullptr) {
        for (const TableFile* table : *with_tombstones) add_from(*table, number);
      } else {
        for (const TableFilePtr& table : run->tables()) add_from(*table, number);
      }
    }
  }
}

// ---- overlap

namespace {

// RocksDB treats the user key of an exclusive end as outside of its table.
bool EndsBefore(const KeyOrder& order, const TableFile& table, Slice user_key) {
  const int compared = order.Compare(table.largest_user_key(), user_key);
  return compared < 0 || (compared == 0 && table.EndsBeforeLargest());
}

bool OverlapsByUserKey(const KeyOrder& order, const TableFile& table, const Slice* begin, const Slice* end) {
  if (begin != nullptr && order.Compare(table.largest_user_key(), *begin) < 0) return false;
  return end == nullptr || order.Compare(table.smallest_user_key(), *end) <= 0;
}

std::vector<TableFilePtr> OverlappingInRun(const KeyOrder& order, const Run& run, const Slice* begin,
                                           const Slice* end) {
  std::vector<TableFilePtr> overlapping;
  const auto& tables = run.tables();
  size_t i = begin != nullptr ? run.FindUserKey(order, *begin) : 0;
  if (begin != nullptr && i < tables.size() && EndsBefore(order, *tables[i], *begin)) ++i;
  for (; i < tables.size(); ++i) {
    if (end != nullptr && order.Compare(tables[i]->smallest_user_key(), *end) > 0) break;
    overlapping.push_back(tables[i]);
  }
  return overlapping;
}

}  // namespace

std::vector<TableFilePtr> Version::Overlapping(int number, const Slice* begin_user_key, const Slice* end_user_key,
                                               bool expand_level0) const {
  const auto& runs = level(number).runs;
  if (number > 0)
    return runs.empty() ? std::vector<TableFilePtr>()
                        : OverlappingInRun(order_, *runs.front(), begin_user_key, end_user_key);
  // Copies, because they grow; null stays null.
  Slice begin = begin_user_key != nullptr ? *begin_user_key : Slice();
  Slice end = end_user_key != nullptr ? *end_user_key : Slice();
  const Slice* const begin_or_null = begin_user_key != nullptr ? &begin : nullptr;
  const Slice* const end_or_null = end_user_key != nullptr ? &end : nullptr;
  const auto is_before = [this](Slice a, Slice b) { return order_.Compare(a, b) < 0; };
  std::vector<bool> is_chosen(runs.size());
  for (bool has_grown = true; has_grown;) {
    has_grown = false;
    for (size_t i = 0; i < runs.size(); ++i) {
      const TableFile& table = *runs[i]->tables().front();
      if (is_chosen[i] || !OverlapsByUserKey(order_, table, begin_or_null, end_or_null)) continue;
      is_chosen[i] = true;
      if (!expand_level0) continue;
      begin = std::min(begin, table.smallest_user_key(), is_before);
      end = std::max(end, table.largest_user_key(), is_before);
      has_grown = true;
    }
  }
  std::vector<TableFilePtr> overlapping;
  for (size_t i = 0; i < runs.size(); ++i) {
    if (is_chosen[i]) overlapping.push_back(runs[i]->tables().front());
  }
  return overlapping;
}

bool Version::AnyOverlap(int from_level, Slice begin_user_key, Slice end_user_key) const {
  for (int number = from_level; number < LevelCount(); ++number) {
    for (const auto& run : level(number).runs) {
      const size_t i = run->FindUserKey(order_, begin_user_key);
      if (i < run->tables().size() && order_.Compare(run->tables()[i]->smallest_user_key(), end_user_key) <= 0)
        return true;
    }
  }
  return false;
}

// ---- sizes

namespace {

// One estimate of the bytes in [start, end).
class SizeEstimate {
 public:
  SizeEstimate(const KeyOrder& order, const ReadParams& params, Slice start, Slice end)
      : order_(order), params_(params), start_(start, kSeqMax), end_(end, kSeqMax) {}

  void AddRun(const Run& run, int level) {
    const auto& tables = run.tables();
    const size_t first = run.FindInternalKey(order_, start_.Encode());
    if (first == tables.size()) return;
    const size_t last = std::min(run.FindInternalKey(order_, end_.Encode()), tables.size() - 1);
    for (size_t i = first + 1; i < last; ++i) whole_bytes_ += tables[i]->meta().file_bytes;
    AddEdge(*tables[first], level);
    if (last != first) AddEdge(*tables[last], level);
  }

  uint64_t Total(double error_margin) const {
    uint64_t edge_bytes = 0;
    for (const Edge& edge : edges_) edge_bytes += edge.table->meta().file_bytes;
    const bool are_edges_negligible =
        error_margin > 0 && static_cast<double>(edge_bytes) < static_cast<double>(whole_bytes_) * error_margin;
    if (are_edges_negligible) return whole_bytes_ + edge_bytes / 2;
    uint64_t total = whole_bytes_;
    for (const Edge& edge : edges_) total += BytesInside(edge);
    return total;
  }

 private:
  struct Edge {
    const TableFile* table;
    int level;
  };

  void AddEdge(const TableFile& table, int level) { edges_.push_back({.table = &table, .level = level}); }

  uint64_t BytesInside(const Edge& edge) const {
    const uint64_t begin_offset = OffsetOf(edge, start_.Encode());
    const uint64_t end_offset = OffsetOf(edge, end_.Encode());
    return end_offset > begin_offset ? end_offset - begin_offset : 0;
  }

  // A table that does not open counts as empty, as in RocksDB: the answer is an estimate.
  uint64_t OffsetOf(const Edge& edge, Slice internal_key) const {
    const TableMeta& meta = edge.table->meta();
    if (order_.CompareInternal(meta.largest.Encode(), internal_key) <= 0) return meta.file_bytes;
    if (order_.CompareInternal(meta.smallest.Encode(), internal_key) >= 0) return 0;
    ReaderRef reader;
    if (!edge.table->Reader(edge.level, &reader, params_.cache_only).ok()) return 0;
    return reader->ApproximateOffsetOf(internal_key, params_);
  }

  const KeyOrder order_;
  const ReadParams params_;
  const SeekKey start_;
  const SeekKey end_;
  uint64_t whole_bytes_ = 0;
  std::vector<Edge> edges_;
};

}  // namespace

uint64_t Version::ApproximateBytes(Slice start_user_key, Slice end_user_key, const ReadParams& params,
                                   double error_margin) const {
  if (order_.Compare(start_user_key, end_user_key) >= 0) return 0;
  SizeEstimate estimate(order_, params, start_user_key, end_user_key);
  for (int number = 0; number < LevelCount(); ++number) {
    for (const auto& run : level(number).runs) estimate.AddRun(*run, number);
  }
  return estimate.Total(error_margin);
}

namespace {

void AppendBlobFileText(const BlobFileUse& use, std::string* text) {
  const BlobFileMeta& meta = use.file->meta();
  text->append("blob_file_number: ").append(std::to_string(meta.number));
  text->append(" total_blob_count: ").append(std::to_string(meta.blob_count));
  text->append(" total_blob_bytes: ").append(std::to_string(meta.blob_bytes));
  text->append(" checksum_method: ").append(meta.checksum_method);
  text->append(" checksum_value: ").append(HexText(meta.checksum)).append(" linked_ssts: {");
  for (const uint64_t number : use.linked_tables) text->append(" ").append(std::to_string(number));
  text->append(" } garbage_blob_count: ").append(std::to_string(use.garbage_count));
  text->append(" garbage_blob_bytes: ").append(std::to_string(use.garbage_bytes)).append("\n");
}

}  // namespace

std::string Version::DebugString(uint64_t version_number) const {
  std::string text;
  for (int number = 0; number < LevelCount(); ++number) {
    text.append("--- level ").append(std::to_string(number));
    text.append(" --- version# ").append(std::to_string(version_number)).append(" ---\n");
    level(number).ForEachTable([&](const TableFilePtr& table) {
      const TableMeta& meta = table->meta();
      text.append(" ").append(std::to_string(meta.number)).append(":").append(std::to_string(meta.file_bytes));
      text.append("[").append(std::to_string(meta.smallest_seq)).append(" .. ");
      text.append(std::to_string(meta.largest_seq)).append("][").append(KeyText(meta.smallest)).append(" .. ");
      text.append(KeyText(meta.largest)).append("]");
      if (meta.oldest_blob_file_number != 0) {
        text.append(" blob_file:").append(std::to_string(meta.oldest_blob_file_number));
      }
      // RocksDB ends the line with the number of sampled reads; none are sampled here.
      text.append("(0)\n");
    });
  }
  if (!blob_files().empty()) {
    text.append("--- blob files --- version# ").append(std::to_string(version_number)).append(" ---\n");
  }
  for (const BlobFileUse& use : blob_files()) AppendBlobFileText(use, &text);
  return text;
}

}  // namespace gneiss
