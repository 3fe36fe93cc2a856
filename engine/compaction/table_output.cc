#include "engine/compaction/table_output.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/hash.h"
#include "engine/base/no_memory.h"
#include "engine/io/file_name.h"
#include "engine/table/table_reader.h"
#include "engine/table/unique_id.h"

namespace gneiss {

namespace {

// Where the grandparents begin and end in key order, and how many of their bytes the table being written touches.
class GrandparentBorders {
 public:
  GrandparentBorders(const KeyOrder& order, const std::vector<TableFilePtr>& tables) : order_(order) {
    for (const TableFilePtr& table : tables) {
      const TableMeta& meta = table->meta();
      borders_.push_back({meta.smallest.user_key(), true, meta.file_bytes});
      borders_.push_back({meta.largest.user_key(), table->EndsBeforeLargest(), 0});
    }
  }

  bool empty() const { return borders_.empty(); }
  bool IsInside() const { return inside_bytes_ != 0; }

  // Moves on to `user_key`; returns how many borders lie between it and the key before.
  size_t MoveTo(Slice user_key) {
    size_t crossed = 0;
    while (next_ < borders_.size() && IsPast(borders_[next_], user_key)) {
      inside_bytes_ = borders_[next_].entered_bytes;
      touched_bytes_ += inside_bytes_;
      ++next_;
      ++crossed;
    }
    crossed_ += crossed;
    return crossed;
  }

  // Of the table being written.
  uint64_t touched_bytes() const { return touched_bytes_; }
  size_t crossed() const { return crossed_; }
  void BeginTable() {
    touched_bytes_ = inside_bytes_;
    crossed_ = 0;
  }

 private:
  struct Border {
    Slice user_key;
    bool is_passed_at_key;  // else only by a greater key
    uint64_t entered_bytes;
  };

  bool IsPast(const Border& border, Slice user_key) const {
    const int compared = order_.Compare(user_key, border.user_key);
    return compared > 0 || (compared == 0 && border.is_passed_at_key);
  }

  const KeyOrder order_;
  std::vector<Border> borders_;
  size_t next_ = 0;
  uint64_t inside_bytes_ = 0;  // of the grandparent in which the last key lies
  uint64_t touched_bytes_ = 0;
  size_t crossed_ = 0;
};

// Of entries in their order.
class EntryDigest {
 public:
  void Add(Slice key, Slice value) {
    digest_ = digest_ * kMultiplier + Xxph3(key);
    digest_ = digest_ * kMultiplier + Xxph3(value);
  }
  bool operator==(const EntryDigest& other) const { return digest_ == other.digest_; }

 private:
  static constexpr uint64_t kMultiplier = 0x9e3779b97f4a7c15;  // odd, so that no entry is multiplied away
  uint64_t digest_ = 0;
};

uint64_t Doubled(uint64_t bytes) { return bytes > UINT64_MAX / 2 ? UINT64_MAX : bytes * 2; }

}  // namespace

struct TableOutput::Rep {
  explicit Rep(TableOutputConfig output_config)
      : config(std::move(output_config)),
        borders(config.table.order, config.grandparents),
        hard_limit_bytes(borders.empty() ? config.file_bytes_max : Doubled(config.file_bytes_max)) {}

  Status Add(Slice key, Slice value);
  Status NoteReference(Slice reference);
  bool ShouldCutBefore(Slice user_key);
  bool IsGoodCut(uint64_t bytes, size_t crossed, uint64_t newly_touched_bytes) const;
  Status OpenTable();
  // `next_user_key`: the first of the next table; null when this is the last one.
  Status CloseTable(const Slice* next_user_key);
  Status AddRangeTombstones(const Slice* next_user_key);
  Status SyncAndClose();
  Status RereadTable() const;
  Status Finish();
  void Abandon();

  const TableOutputConfig config;
  GrandparentBorders borders;
  const uint64_t hard_limit_bytes;
  Status status;

  std::vector<std::pair<InternalKey, std::string>> tombstones;  // in order
  size_t first_tombstone = 0;                                   // those before end before the open table

  // The open table.
  OutputTable table;
  std::unique_ptr<FileChecksum> checksum;  // null: none is wanted
  std::unique_ptr<WritableFile> file;
  std::unique_ptr<TableWriter> writer;  // null: no table is open
  std::string last_key;                 // empty: no entry yet
  EntryDigest digest;                   // where tables are read again

  std::vector<OutputTable> finished;
  uint64_t finished_bytes = 0;
};

Status TableOutput::Rep::Add(Slice key, Slice value) {
  if (!status.ok()) [[unlikely]]
    return status;
  const Slice user_key = UserKeyOf(key);
  if (ShouldCutBefore(user_key) && !config.table.order.Equal(user_key, UserKeyOf(last_key))) {
    status = CloseTable(&user_key);
    if (!status.ok()) return status;
  }
  if (writer == nullptr) {
    borders.BeginTable();
    status = OpenTable();
    if (!status.ok()) return status;
  }
  if (last_key.empty()) table.meta.smallest = InternalKey::FromBytes(key);
  last_key.assign(key);
  const uint64_t trailer = TrailerOf(key);
  if (TrailerKind(trailer) == Kind::kBlobIndex) [[unlikely]] {
    status = NoteReference(value);
    if (!status.ok()) return status;
  }
  const SeqNo seq = TrailerSeq(trailer);
  table.meta.smallest_seq = std::min(table.meta.smallest_seq, seq);
  table.meta.largest_seq = std::max(table.meta.largest_seq, seq);
  if (config.rereads_tables) digest.Add(key, value);
  status = writer->Add(key, value);
  return status;
}

// The oldest blob file that the table refers to keeps it and all newer ones alive.
Status TableOutput::Rep::NoteReference(Slice reference) {
  BlobReference decoded;
  GNEISS_RETURN_IF_ERROR(DecodeBlobReference(reference, &decoded));
  if (!decoded.is_plain) return Status::Ok();
  if (decoded.file_number == 0) return Status::Corruption("Invalid blob file number");
  uint64_t& oldest = table.meta.oldest_blob_file_number;
  if (oldest == 0 || decoded.file_number < oldest) oldest = decoded.file_number;
  return Status::Ok();
}

bool TableOutput::Rep::ShouldCutBefore(Slice user_key) {
  if (config.partitioner != nullptr && writer != nullptr &&
      config.partitioner->MustCutBetween(UserKeyOf(last_key), user_key, writer->EstimatedFileBytes())) {
    if (!borders.empty()) borders.MoveTo(user_key);
    return true;
  }
  size_t crossed = 0;
  const uint64_t touched_before = borders.touched_bytes();
  if (!borders.empty()) crossed = borders.MoveTo(user_key);
  if (writer == nullptr) return false;
  const uint64_t bytes = writer->EstimatedFileBytes();
  if (bytes >= hard_limit_bytes) return true;
  return crossed > 0 && IsGoodCut(bytes, crossed, borders.touched_bytes() - touched_before);
}

// A border of a grandparent is a good place to end a table: the tables on both sides of the cut will then be merged
// with fewer of the next level's. Three reasons to take it:
bool TableOutput::Rep::IsGoodCut(uint64_t bytes, size_t crossed, uint64_t newly_touched_bytes) const {
  // 1. Merging this table into the next level would become too large a compaction.
  if (borders.touched_bytes() + bytes > config.grandparent_overlap_bytes_max) return true;
  // 2. The key before and this one have a whole grandparent between them, which need not be rewritten with either. Two
  //    borders make a whole one when we now stand in a gap, else the third is that of the one we stand in.
  const size_t borders_of_whole = borders.IsInside() ? 3 : 2;
  if (crossed >= borders_of_whole && newly_touched_bytes > config.file_bytes_max / 8) return true;
  // 3. The table is large enough. Where borders are frequent another will come soon, so wait for a fuller table.
  const uint64_t percent_min = 50 + std::min<uint64_t>(borders.crossed() * 5, 40);
  return bytes / percent_min >= config.file_bytes_max / 100;
}

Status TableOutput::Rep::OpenTable() {
  TableWriteConfig write = config.table;
  const auto now = static_cast<uint64_t>(write.clock->UnixSeconds());
  write.file_number = config.new_file_number();
  write.file_bytes_max = hard_limit_bytes;
  write.file_creation_unix_seconds = now;
  write.creation_unix_seconds = config.oldest_ancestor_unix_seconds != 0 ? config.oldest_ancestor_unix_seconds : now;

  table = OutputTable();
  table.meta.number = write.file_number;
  table.meta.path_id = config.path_id;
  table.meta.smallest_seq = kSeqMax;
  table.meta.oldest_ancestor_unix_seconds = write.creation_unix_seconds;
  table.meta.file_creation_unix_seconds = now;
  table.meta.unique_id = TableUniqueId(write.db_id, write.db_session_id, write.file_number);
  if (write.warming.cache != nullptr) write.warming.cache_id = table.cache_id = write.warming.cache->NewId();
  last_key.clear();
  digest = EntryDigest();

  std::unique_ptr<WritableFile> created;
  const std::string path = TableName(config.path, write.file_number);
  GNEISS_RETURN_IF_ERROR(config.fs->Create(path, config.file_options, &created));
  if (config.file_checksums != nullptr) checksum = config.file_checksums->New(path, {});
  file = std::make_unique<PacedFile>(std::move(created), config.pace, checksum.get());
  writer = std::make_unique<TableWriter>(write, file.get());
  return Status::Ok();
}

Status TableOutput::Rep::CloseTable(const Slice* next_user_key) {
  GNEISS_RETURN_IF_ERROR(AddRangeTombstones(next_user_key));
  GNEISS_RETURN_IF_ERROR(writer->Finish());
  table.meta.file_bytes = writer->FileBytes();
  table.meta.is_marked_for_compaction = writer->NeedsCompaction();
  table.properties = writer->properties();
  GNEISS_RETURN_IF_ERROR(SyncAndClose());
  if (config.rereads_tables) GNEISS_RETURN_IF_ERROR(RereadTable());
  if (checksum != nullptr) {
    table.meta.file_checksum = checksum->Finish();
    table.meta.file_checksum_function = checksum->FunctionName();
  }
  finished_bytes += table.meta.file_bytes;
  finished.push_back(std::move(table));
  writer.reset();
  file.reset();
  return Status::Ok();
}

// Writes the part of each tombstone that lies between this table's first key and the next table's. The first table
// takes what comes before its first key too, the last one what comes after its last.
Status TableOutput::Rep::AddRangeTombstones(const Slice* next_user_key) {
  const KeyOrder& order = config.table.order;
  TableMeta& meta = table.meta;
  const bool is_first = finished.empty();
  std::vector<std::pair<InternalKey, std::string>> clipped;
  for (size_t i = first_tombstone; i < tombstones.size(); ++i) {
    const InternalKey& begin = tombstones[i].first;
    std::string end = tombstones[i].second;
    std::string start(begin.user_key());
    if (next_user_key != nullptr && order.Compare(start, *next_user_key) >= 0) break;
    if (next_user_key != nullptr && order.Compare(*next_user_key, end) < 0) {
      end = order.AtTimestampOf(start, *next_user_key);
    }
    if (!is_first && order.Compare(start, meta.smallest.user_key()) < 0) {
      start = order.AtTimestampOf(start, meta.smallest.user_key());
    }
    if (order.Compare(start, end) >= 0) continue;
    clipped.emplace_back(InternalKey(start, begin.seq(), Kind::kRangeDelete), std::move(end));
  }
  if (next_user_key != nullptr) {
    while (first_tombstone < tombstones.size() &&
           order.Compare(tombstones[first_tombstone].second, *next_user_key) <= 0) {
      ++first_tombstone;
    }
  }
  if (!last_key.empty()) meta.largest = InternalKey::FromBytes(last_key);
  std::sort(clipped.begin(), clipped.end(), [&order](const auto& a, const auto& b) {
    const int compared = order.CompareInternal(a.first.Encode(), b.first.Encode());
    return compared != 0 ? compared < 0 : order.Compare(b.second, a.second) < 0;
  });
  // Clipped to one start, tombstones of one seq are as one: the longest.
  const auto is_same_begin = [](const auto& a, const auto& b) { return a.first.Encode() == b.first.Encode(); };
  clipped.erase(std::unique(clipped.begin(), clipped.end(), is_same_begin), clipped.end());
  for (const auto& [begin, end] : clipped) {
    GNEISS_RETURN_IF_ERROR(writer->Add(begin.Encode(), end));
    // The end is not part of the range: this key sorts before every entry of its user key.
    InternalKey largest(order.BeforeVersions(order.BareKey(end)), kSeqMax, Kind::kRangeDelete);
    if (meta.smallest.empty() || order.CompareInternal(begin.Encode(), meta.smallest.Encode()) < 0) {
      meta.smallest = begin;
    }
    if (meta.largest.empty() || order.CompareInternal(meta.largest.Encode(), largest.Encode()) < 0) {
      meta.largest = std::move(largest);
    }
    meta.smallest_seq = std::min(meta.smallest_seq, begin.seq());
    meta.largest_seq = std::max(meta.largest_seq, begin.seq());
  }
  return Status::Ok();
}

Status TableOutput::Rep::SyncAndClose() {
  StatsSink* const stats = config.table.stats;
  const bool is_timed = stats != nullptr && stats->WantsTimers();
  const uint64_t start_us = is_timed ? config.table.clock->NowMicros() : 0;
  GNEISS_RETURN_IF_ERROR(file->Sync());
  if (is_timed) stats->Record(config.sync_time, config.table.clock->NowMicros() - start_us);
  return file->Close();
}

// As a later reader will, but past every cache.
Status TableOutput::Rep::RereadTable() const {
  TableReader::OpenParams params;
  params.path = TableName(config.path, table.meta.number);
  params.file_bytes = table.meta.file_bytes;
  params.file_number = table.meta.number;
  params.largest_seq = table.meta.largest_seq;
  params.skip_filters = true;
  std::unique_ptr<RandomAccessFile> input;
  GNEISS_RETURN_IF_ERROR(config.fs->OpenRandomAccess(params.path, config.file_options, &input));
  const TableReadConfig read{.order = config.table.order, .prefix_extractor = nullptr, .clock = config.table.clock};
  std::unique_ptr<TableReader> reader;
  GNEISS_RETURN_IF_ERROR(TableReader::Open(read, params, std::move(input), &reader));
  const std::unique_ptr<InternalIterator> entries =
      reader->NewIterator({.fill_cache = false, .total_order_seek = true, .is_compaction = true});
  EntryDigest found;
  for (entries->SeekToFirst(); entries->Valid(); entries->Next()) found.Add(entries->key(), entries->value());
  GNEISS_RETURN_IF_ERROR(entries->status());
  const bool is_alike = found == digest && reader->properties().entries == table.properties.entries;
  return is_alike ? Status::Ok() : Status::Corruption("Paranoid checksums do not match");
}

Status TableOutput::Rep::Finish() {
  if (!status.ok()) return status;
  if (writer == nullptr && finished.empty() && !tombstones.empty()) status = OpenTable();
  if (status.ok() && writer != nullptr) status = CloseTable(nullptr);
  return status;
}

void TableOutput::Rep::Abandon() {
  if (file != nullptr) {
    writer.reset();
    file.reset();
    config.fs->Remove(TableName(config.path, table.meta.number)).IgnoreError("an orphan is swept at the next open");
  }
  for (const OutputTable& done : finished) {
    config.fs->Remove(TableName(config.path, done.meta.number)).IgnoreError("an orphan is swept at the next open");
  }
  finished.clear();
}

TableOutput::TableOutput(TableOutputConfig config) : rep_(std::make_unique<Rep>(std::move(config))) {}

TableOutput::~TableOutput() {
  DropBadAlloc([this] { Abandon(); });
}

Status TableOutput::Add(Slice internal_key, Slice value) { return rep_->Add(internal_key, value); }

void TableOutput::SetRangeTombstones(std::vector<std::pair<InternalKey, std::string>> tombstones) {
  const KeyOrder& order = rep_->config.table.order;
  std::sort(tombstones.begin(), tombstones.end(), [&order](const auto& a, const auto& b) {
    return order.CompareInternal(a.first.Encode(), b.first.Encode()) < 0;
  });
  rep_->tombstones = std::move(tombstones);
}

Status TableOutput::Finish(std::vector<OutputTable>* tables) {
  GNEISS_RETURN_IF_ERROR(rep_->Finish());
  if (!rep_->finished.empty()) GNEISS_RETURN_IF_ERROR(SyncDirectory(rep_->config.fs, rep_->config.path));
  *tables = std::exchange(rep_->finished, {});
  return Status::Ok();
}

void TableOutput::Abandon() { rep_->Abandon(); }

uint64_t TableOutput::BytesWritten() const {
  return rep_->finished_bytes + (rep_->writer != nullptr ? rep_->writer->FileBytes() : 0);
}

}  // namespace gneiss
