// A merge runs in one or more subcompactions, each over a key range of its own with its own iterators and outputs:
//
//   inputs -> merging iterator -> (bounds) -> Retention -> TableOutput
//
// The ranges are cut at borders of input tables so that each holds about as many bytes. Their outputs, one after the
// other, form one sorted run.
#include "engine/compaction/compaction_job.h"

#include <ctime>

#include <algorithm>
#include <exception>
#include <thread>

#include "engine/compaction/subcompaction.h"
#include "engine/io/file_name.h"

namespace gneiss {

namespace {

std::vector<std::shared_ptr<const Run>> RunsOfInputs(const CompactionJobParams& params, std::vector<int>* levels) {
  const KeyOrder& order = params.version->order();
  std::vector<std::shared_ptr<const Run>> runs;
  for (const CompactionInput& input : params.work.inputs) {
    if (input.level > 0) {
      runs.push_back(std::make_shared<const Run>(order, input.tables));
      levels->push_back(input.level);
      continue;
    }
    for (const TableFilePtr& table : input.tables) {
      runs.push_back(std::make_shared<const Run>(order, std::vector<TableFilePtr>{table}));
      levels->push_back(0);
    }
  }
  return runs;
}

Status ReadTombstones(const CompactionJobParams& params, const ReadParams& read, RangeTombstones* tombstones) {
  for (const CompactionInput& input : params.work.inputs) {
    for (const TableFilePtr& table : input.tables) {
      GNEISS_RETURN_IF_ERROR(table->ForEachTombstone(input.level, read, [&](Slice start, Slice end, SeqNo seq) {
        tombstones->emplace_back(InternalKey(start, seq, Kind::kRangeDelete), end);
      }));
    }
  }
  return Status::Ok();
}

uint64_t OldestAncestor(const CompactionWork& work) {
  uint64_t oldest = 0;
  for (const CompactionInput& input : work.inputs) {
    for (const TableFilePtr& table : input.tables) {
      const uint64_t born = table->meta().oldest_ancestor_unix_seconds;
      if (born != 0 && (oldest == 0 || born < oldest)) oldest = born;
    }
  }
  return oldest;
}

TableOutputConfig OutputOf(const CompactionJobParams& params) {
  const CompactionWork& work = params.work;
  TableOutputConfig output = params.output;
  output.file_bytes_max = work.output_file_bytes_max;
  output.grandparent_overlap_bytes_max = work.grandparent_overlap_bytes_max;
  if (!work.is_bottommost) output.grandparents = work.grandparents;
  output.oldest_ancestor_unix_seconds = OldestAncestor(work);
  output.table.level = work.output_level;
  if (work.disables_compression) {
    output.table.compression = Compression::kNone;
    output.table.compression_name = CompressionName(Compression::kNone);
  }
  return output;
}

// Whether and into how many parts RocksDB would cut this compaction.
size_t PartsMax(const CompactionJobParams& params) {
  const CompactionWork& work = params.work;
  if (params.config->subcompactions_max <= 1 || work.output_level == 0) return 1;
  const bool is_leveled = params.config->style == CompactionStyle::kLevel;
  if (is_leveled && work.inputs.front().level != 0 && !work.is_manual) return 1;
  const uint64_t full_tables = work.InputBytes() / std::max<uint64_t>(work.output_file_bytes_max, 1);
  return std::clamp<size_t>(full_tables, 1, static_cast<size_t>(params.config->subcompactions_max));
}

// The user keys between the parts: first keys of input tables, chosen so that the parts hold about as many bytes, each
// table counted where it begins.
std::vector<std::string> CutsOf(const CompactionJobParams& params, size_t parts) {
  const KeyOrder& order = params.version->order();
  Tables tables;
  for (const CompactionInput& input : params.work.inputs) {
    tables.insert(tables.end(), input.tables.begin(), input.tables.end());
  }
  std::sort(tables.begin(), tables.end(), [&order](const TableFilePtr& a, const TableFilePtr& b) {
    return order.Compare(a->smallest_user_key(), b->smallest_user_key()) < 0;
  });
  std::vector<std::string> cuts;
  const uint64_t part_bytes = BytesOf(tables) / parts;
  uint64_t bytes = 0;
  for (size_t i = 0; i < tables.size() && cuts.size() + 1 < parts; ++i) {
    const Slice user_key = tables[i]->smallest_user_key();
    const Slice last = cuts.empty() ? tables.front()->smallest_user_key() : Slice(cuts.back());
    if (bytes >= part_bytes * (cuts.size() + 1) && order.Compare(last, user_key) < 0) {
      cuts.push_back(order.BeforeVersions(order.BareKey(user_key)));
    }
    bytes += tables[i]->meta().file_bytes;
  }
  return cuts;
}

bool HasReferences(const CompactionJobParams& params) {
  if (params.version->blob_files().empty()) return false;
  for (const CompactionInput& input : params.work.inputs) {
    for (const TableFilePtr& table : input.tables) {
      if (table->meta().oldest_blob_file_number != 0) return true;
    }
  }
  return false;
}

// Blob files with a lower number are old: what is still needed of them moves. 0: none.
uint64_t RelocatedBelow(const Version& version, const BlobConfig& config) {
  if (!config.collects_garbage) return 0;
  const std::vector<BlobFileUse>& files = version.blob_files();
  const auto old = static_cast<size_t>(config.age_cutoff * static_cast<double>(files.size()));
  return old < files.size() ? files[old].file->meta().number : UINT64_MAX;
}

void AddCounts(const Retention::Counts& part, Retention::Counts* sum) {
  sum->input_entries += part.input_entries;
  sum->input_deletions += part.input_deletions;
  sum->input_key_bytes += part.input_key_bytes;
  sum->input_value_bytes += part.input_value_bytes;
  sum->dropped_hidden += part.dropped_hidden;
  sum->dropped_obsolete += part.dropped_obsolete;
  sum->dropped_by_filter += part.dropped_by_filter;
  sum->dropped_range_deleted += part.dropped_range_deleted;
  sum->filter_changed_anything |= part.filter_changed_anything;
}

void RunParts(std::vector<Subcompaction>* parts) {
  std::vector<std::thread> threads;
  threads.reserve(parts->size());
  for (size_t i = 1; i < parts->size(); ++i) {
    Subcompaction* part = &(*parts)[i];
    try {
      threads.emplace_back([part] { part->Run(); });
    } catch (const std::exception&) {  // no memory, or no more threads
      part->Run();
    }
  }
  parts->front().Run();
  for (std::thread& thread : threads) thread.join();
}

// One entry for each part's tables, or none of them.
Status TakeOutputs(const CompactionJobParams& params, std::vector<Subcompaction>* parts, CompactionResult* result) {
  Status first_error;
  for (Subcompaction& part : *parts) {
    if (!part.status().ok() && first_error.ok()) first_error = part.status();
    AddCounts(part.counts(), &result->counts);
    result->cpu_us += part.cpu_us();
    result->blobs_read += part.blobs_read();
    result->blob_bytes_read += part.blob_bytes_read();
    for (OutputTable& table : *part.mutable_outputs()) result->outputs.push_back(std::move(table));
    for (OutputBlobFile& file : *part.mutable_blob_files()) result->blob_files.push_back(std::move(file));
  }
  if (!first_error.ok()) {
    for (const OutputTable& table : result->outputs) {
      params.output.fs->Remove(TableName(params.output.path, table.meta.number))
          .IgnoreError("an orphan is swept at the next open");
    }
    for (const OutputBlobFile& file : result->blob_files) {
      params.blob_output->fs->Remove(BlobName(params.blob_output->path, file.meta.number))
          .IgnoreError("an orphan is swept at the next open");
    }
    result->outputs.clear();
    result->blob_files.clear();
    if (first_error.IsShutdownInProgress() && params.work.is_manual) {
      return Status::Make(Status::Code::kIncomplete, {}, {}, Status::SubCode::kManualCompactionPaused);
    }
    return first_error;
  }
  for (const OutputTable& table : result->outputs) result->bytes_written += table.meta.file_bytes;
  for (const OutputBlobFile& file : result->blob_files) result->blob_bytes_written += file.meta.blob_bytes;
  return Status::Ok();
}

void DeleteInputs(const CompactionWork& work, VersionEdit* edit) {
  for (const CompactionInput& input : work.inputs) {
    for (const TableFilePtr& table : input.tables) edit->deleted_tables.emplace_back(input.level, table->meta().number);
  }
}

void Report(const CompactionJobParams& params, const CompactionResult& result) {
  const Retention::Counts& counts = result.counts;
  // As RocksDB counts: what a range tombstone covers is hidden by it too.
  AddTicker(params.stats, Ticker::kCompactionKeysDroppedNewer, counts.dropped_hidden + counts.dropped_range_deleted);
  AddTicker(params.stats, Ticker::kCompactionKeysDroppedObsolete, counts.dropped_obsolete);
  AddTicker(params.stats, Ticker::kCompactionKeysDroppedUser, counts.dropped_by_filter);
  AddTicker(params.stats, Ticker::kCompactionKeysDroppedRangeDelete, counts.dropped_range_deleted);
  RecordHistogram(params.stats, Histogram::kFilesInCompaction, params.work.InputTableCount());
  if (result.subcompactions > 1) RecordHistogram(params.stats, Histogram::kSubcompactions, result.subcompactions);
}

}  // namespace

Status RunCompaction(const CompactionJobParams& params, CompactionResult* result) {
  const uint64_t start_us = params.output.table.clock->NowMicros();
  *result = {};
  CompactionSource source{.params = params, .runs = {}, .run_levels = {}, .read = {}, .tombstones = {}};
  source.read.is_compaction = true;
  source.read.fill_cache = false;
  source.read.readahead_bytes = params.config->readahead_bytes;
  source.runs = RunsOfInputs(params, &source.run_levels);
  GNEISS_RETURN_IF_ERROR(ReadTombstones(params, source.read, &source.tombstones));
  const TableOutputConfig output = OutputOf(params);
  source.has_references = HasReferences(params);
  if (source.has_references) source.relocated_below = RelocatedBelow(*params.version, params.config->blob);

  const std::vector<std::string> cuts = CutsOf(params, PartsMax(params));
  std::vector<Subcompaction> parts;
  parts.reserve(cuts.size() + 1);
  for (size_t i = 0; i <= cuts.size(); ++i) {
    KeyRange range{.begin = {}, .end = {}, .is_end_excluded = true};
    if (i > 0) range.begin = cuts[i - 1];
    if (i < cuts.size()) range.end = cuts[i];
    parts.emplace_back(source, range, output);
  }
  RunParts(&parts);
  result->subcompactions = parts.size();
  BlobGarbageMeter blob_garbage;
  for (const Subcompaction& part : parts) blob_garbage.Add(part.blob_garbage());
  const Status status = TakeOutputs(params, &parts, result);
  result->bytes_read = params.work.InputBytes();
  result->elapsed_us = params.output.table.clock->NowMicros() - start_us;
  if (!status.ok()) {
    if (status.IsShutdownInProgress() || status.IsIncomplete()) AddTicker(params.stats, Ticker::kCompactionCancelled);
    return status;
  }
  result->edit.column_family_id = params.column_family_id;
  DeleteInputs(params.work, &result->edit);
  result->blob_garbage = blob_garbage.Garbage();
  result->edit.blob_garbage = result->blob_garbage;
  for (const OutputBlobFile& file : result->blob_files) result->edit.added_blob_files.push_back(file.meta);
  for (const OutputTable& table : result->outputs) {
    result->edit.added_tables.emplace_back(params.work.output_level, table.meta);
  }
  Report(params, *result);
  return Status::Ok();
}

VersionEdit EditOfMoveOrDrop(const CompactionWork& work) {
  VersionEdit edit;
  for (const CompactionInput& input : work.inputs) {
    const bool is_move = work.type == CompactionWork::Type::kMove;
    if (is_move && input.level == work.output_level) continue;  // these stay where they are
    for (const TableFilePtr& table : input.tables) {
      edit.deleted_tables.emplace_back(input.level, table->meta().number);
      if (is_move) edit.added_tables.emplace_back(work.output_level, table->meta());
    }
  }
  return edit;
}

}  // namespace gneiss
