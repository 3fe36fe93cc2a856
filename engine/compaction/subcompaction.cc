#include "engine/compaction/subcompaction.h"

#include <ctime>

#include "engine/base/no_memory.h"
#include "engine/compaction/blob_placement.h"
#include "engine/compaction/trimming_iterator.h"
#include "engine/iter/merging_iterator.h"
#include "engine/iter/range_tombstone_builder.h"

namespace gneiss {

namespace {

uint64_t ThreadCpuMicros() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000 + static_cast<uint64_t>(now.tv_nsec) / 1000;
}

// Shows the part of its child before a user key. Forward only: compactions go nowhere else.
class EndingIterator : public InternalIterator {
 public:
  EndingIterator(const KeyOrder& order, std::unique_ptr<InternalIterator> child, Slice end_user_key)
      : order_(order), child_(std::move(child)), end_user_key_(end_user_key) {}

  bool Valid() const override { return is_valid_; }
  void SeekToFirst() override {
    child_->SeekToFirst();
    Update();
  }
  void SeekToLast() override { is_valid_ = false; }
  void Seek(Slice internal_key) override {
    child_->Seek(internal_key);
    Update();
  }
  void SeekForPrev(Slice /*internal_key*/) override { is_valid_ = false; }
  void Next() override {
    child_->Next();
    Update();
  }
  void Prev() override { is_valid_ = false; }
  Slice key() const override { return child_->key(); }
  Slice value() const override { return child_->value(); }
  Status status() const override { return child_->status(); }
  bool NextEntry(Slice* key, Slice* value) override {
    is_valid_ = child_->NextEntry(key, value) && order_.Compare(UserKeyOf(*key), end_user_key_) < 0;
    return is_valid_;
  }

 private:
  void Update() { is_valid_ = child_->Valid() && order_.Compare(UserKeyOf(child_->key()), end_user_key_) < 0; }

  const KeyOrder order_;
  const std::unique_ptr<InternalIterator> child_;
  const Slice end_user_key_;
  bool is_valid_ = false;
};

// Knows whether the levels below the output may hold a key. Asked with ascending keys, so each level's position only
// moves forward.
class LevelsBelow {
 public:
  LevelsBelow(const Version& version, int output_level) : order_(version.order()) {
    for (int level = output_level + 1; level < version.LevelCount(); ++level) {
      const Tables& tables = TablesBelow(version, level);
      if (!tables.empty()) cursors_.push_back({&tables, 0});
    }
  }

  bool IsAbsent(Slice user_key) {
    for (Cursor& cursor : cursors_) {
      const Tables& tables = *cursor.tables;
      while (cursor.next < tables.size() && order_.Compare(tables[cursor.next]->largest_user_key(), user_key) < 0) {
        ++cursor.next;
      }
      if (cursor.next < tables.size() && order_.Compare(tables[cursor.next]->smallest_user_key(), user_key) <= 0) {
        return false;
      }
    }
    return true;
  }

 private:
  struct Cursor {
    const Tables* tables;  // of the version, which the job holds
    size_t next;           // the first table that does not end before the last key asked for
  };
  const KeyOrder order_;
  std::vector<Cursor> cursors_;
};

}  // namespace

void Subcompaction::Run() {
  const uint64_t start_us = ThreadCpuMicros();
  status_ = CatchBadAlloc([this] { return Merge(); });
  cpu_us_ = ThreadCpuMicros() - start_us;
}

Status Subcompaction::Merge() {
  const CompactionJobParams& params = source_.params;
  const CompactionWork& work = params.work;
  const KeyOrder& order = params.version->order();

  const std::unique_ptr<RangeTombstoneList> tombstones = Tombstones();

  std::unique_ptr<EntryFilter> filter;
  if (params.config->filter_factory != nullptr) {
    filter = params.config->filter_factory->Create({.is_full_compaction = work.is_full,
                                                    .is_manual_compaction = work.is_manual,
                                                    .column_family_id = params.column_family_id});
  }
  const CompactionBlobValues blob_values(*params.version, source_.read, params.config->blob.readahead_bytes);
  LevelsBelow levels_below(*params.version, work.output_level);
  Retention::Params rules{.order = order,
                          .snapshots = params.snapshots,
                          .earliest_write_conflict_snapshot = params.earliest_write_conflict_snapshot,
                          .enforces_single_delete_contracts = params.config->enforces_single_delete_contracts,
                          .is_bottommost = work.is_bottommost,
                          .level = work.inputs.front().level,
                          .is_absent_below = nullptr,
                          .merge_operator = params.config->merge_operator.get(),
                          .filter = filter.get(),
                          .range_tombstones = tombstones->empty() ? nullptr : tombstones.get(),
                          .history_start = params.history_start,
                          .blob_values = source_.has_references ? &blob_values : nullptr,
                          .is_cancelled = params.is_cancelled,
                          .stats = params.stats,
                          .logger = params.logger};
  // Older tables of level 0 may hold any key.
  if (work.output_level > 0) {
    rules.is_absent_below = [&levels_below](Slice user_key) { return levels_below.IsAbsent(user_key); };
  }

  TableOutputConfig output_config = output_;
  output_config.partitioner = NewPartitioner(*params.config, order, work);
  TableOutput output(std::move(output_config));
  output.SetRangeTombstones(
      RetainRangeTombstones(order, *tombstones, params.snapshots, work.is_bottommost, params.history_start));
  std::optional<BlobOutput> blob_output;
  if (params.blob_output) blob_output.emplace(*params.blob_output);
  BlobPlacement placement({.output = blob_output ? &*blob_output : nullptr,
                           .values = &blob_values,
                           .relocated_below = source_.relocated_below,
                           .stats = params.stats});
  std::unique_ptr<InternalIterator> input = NewInput();
  if (source_.has_references) input = NewBlobCountingIterator(std::move(input), &blob_garbage_);
  if (!params.trim_timestamp.empty()) {
    input = std::make_unique<TrimmingIterator>(order, std::move(input), params.trim_timestamp);
  }
  Retention retention(std::move(rules), input.get());
  for (; retention.Valid(); retention.Next()) {
    Slice key = retention.key();
    Slice value = retention.value();
    if (placement.IsActive()) GNEISS_RETURN_IF_ERROR(placement.Place(&key, &value));
    if (source_.has_references) GNEISS_RETURN_IF_ERROR(blob_garbage_.AddOut(key, value));
    GNEISS_RETURN_IF_ERROR(output.Add(key, value));
  }
  counts_ = retention.counts();
  blobs_read_ = blob_values.blobs_read();
  blob_bytes_read_ = blob_values.bytes_read();
  GNEISS_RETURN_IF_ERROR(retention.status());
  // Blob files first: a table must never be found without what it refers to.
  if (blob_output) GNEISS_RETURN_IF_ERROR(blob_output->Finish(&blob_files_));
  return output.Finish(&outputs_);
}

// The merged inputs, standing on the first entry of the range.
std::unique_ptr<InternalIterator> Subcompaction::NewInput() const {
  const KeyOrder& order = source_.params.version->order();
  std::vector<std::unique_ptr<InternalIterator>> children;
  for (size_t i = 0; i < source_.runs.size(); ++i) {
    children.push_back(NewRunIterator(order, source_.runs[i], source_.run_levels[i], source_.read));
  }
  std::unique_ptr<InternalIterator> input = NewMergingIterator(order, std::move(children));
  if (range_.end) input = std::make_unique<EndingIterator>(order, std::move(input), *range_.end);
  if (range_.begin) {
    input->Seek(SeekKey(*range_.begin, kSeqMax).Encode());
  } else {
    input->SeekToFirst();
  }
  return input;
}

// The inputs' range tombstones, cut to the range.
std::unique_ptr<RangeTombstoneList> Subcompaction::Tombstones() const {
  const KeyOrder& order = source_.params.version->order();
  RangeTombstoneBuilder builder(order);
  const Slice trim_timestamp = source_.params.trim_timestamp;
  for (const auto& [begin, end] : source_.tombstones) {
    if (!trim_timestamp.empty() && TrimmingIterator::IsNewer(order, begin.user_key(), trim_timestamp)) continue;
    std::string start(begin.user_key());
    std::string limit(end);
    if (range_.begin && order.Compare(start, *range_.begin) < 0) start = order.AtTimestampOf(start, *range_.begin);
    if (range_.end && order.Compare(*range_.end, limit) < 0) limit = order.AtTimestampOf(start, *range_.end);
    builder.Add(start, limit, begin.seq());
  }
  return builder.Build();
}

}  // namespace gneiss
