// Writing batches with two-phase markers, and such of which only a part goes to the log. Both are rare, so their state
// hangs beside the writer (MarkedBatch) and plain batches pay one branch.
//
// A prepared section goes to the log and into PreparedSections, not into memtables. Committing it applies it, under the
// sequence numbers of the committing batch. Until the memtables that took it are flushed, its log is needed:
//   1. the families note the section's log (MarkedFamily), then 2. the section leaves PreparedSections.
// Whoever asks for the oldest needed log looks in the opposite order, so it is never missed (MinLogNumber).

#include "engine/db/database_impl.h"

namespace gneiss {

namespace {

void NotePreparedLog(ColumnFamily* family, uint64_t log_number) {
  uint64_t known = family->active_prepared_log.load(std::memory_order_relaxed);
  while (log_number < known && !family->active_prepared_log.compare_exchange_weak(known, log_number)) {
  }
}

}  // namespace

// The families that `section` writes to keep its log. True when it has merges that may fold.
bool DatabaseImpl::NotePreparedLogs(const PreparedSection& section) {
  bool may_fold = false;
  BatchReader reader(section.rep);
  BatchRecord record;
  while (!reader.AtEnd() && reader.Next(&record).ok()) {
    ColumnFamily* const family = IsDataRecord(record.kind) ? CommitFamily(record.column_family_id) : nullptr;
    if (family == nullptr) continue;
    NotePreparedLog(family, section.log_number);
    may_fold = may_fold || (record.kind == Kind::kMerge && FoldsMerges(*family));
  }
  return may_fold;
}

// What the commit `step` applies of the section.
Status DatabaseImpl::TakeCommitted(const PreparedSection& section, BatchStep* step) const {
  step->rep = section.rep;
  if (!step->timestamp.has_value()) return Status::Ok();
  const auto timestamp_bytes_of = [this](uint32_t family_id) {
    const ColumnFamily* const family = CommitFamily(family_id);
    return family == nullptr ? 0 : family->order.timestamp_bytes();
  };
  return StampKeys(*step->timestamp, timestamp_bytes_of, &step->rep);
}

// Takes effect on the prepared sections at once; AbandonMarkers takes it back should the log fail.
Status DatabaseImpl::AdmitMarkers(Writer* writer, uint32_t* entries) {
  auto marked = std::make_unique<MarkedBatch>();
  GNEISS_RETURN_IF_ERROR(SplitIntoSteps(*writer->rep, &marked->steps));
  *entries = 0;
  for (BatchStep& step : marked->steps) {
    PreparedPtr section = prepared_.Find(step.name);
    switch (step.action) {
      case BatchStep::Action::kApply:
        *entries += BatchCount(step.rep);
        continue;
      case BatchStep::Action::kPrepare:
        marked->undo.push_back({step.name, std::move(section)});
        prepared_.Add(std::make_shared<PreparedSection>(
            PreparedSection{.name = step.name, .log_number = wals_.current_number(), .rep = std::move(step.rep)}));
        continue;
      case BatchStep::Action::kCommit:
        if (section == nullptr) continue;
        *entries += BatchCount(section->rep);
        if (NotePreparedLogs(*section)) writer->reads_back = true;
        if (const Status status = TakeCommitted(*section, &step); !status.ok()) {
          writer->marked = std::move(marked);
          AbandonMarkers(*writer);
          writer->marked.reset();
          return status;
        }
        break;
      case BatchStep::Action::kRollback:
        if (section == nullptr) continue;
        break;
    }
    marked->undo.push_back({step.name, std::move(section)});
    prepared_.Remove(step.name);
  }
  writer->marked = std::move(marked);
  return Status::Ok();
}

void DatabaseImpl::AbandonMarkers(const Writer& writer) {
  const auto& undo = writer.marked->undo;
  for (auto it = undo.rbegin(); it != undo.rend(); ++it) {
    if (it->before != nullptr) {
      prepared_.Add(it->before);
    } else {
      prepared_.Remove(it->name);
    }
  }
}

// The last first: each takes back to what was before it.
Status DatabaseImpl::AbandonGroupMarkers(const CommitGroup& group) {
  std::vector<const Writer*> marked;
  for (const Writer* writer : group) {
    if (writer->marked != nullptr) marked.push_back(writer);
  }
  for (; !marked.empty(); marked.pop_back()) AbandonMarkers(*marked.back());
  return Status::Ok();
}

void DatabaseImpl::InsertMarked(Writer* writer, bool is_concurrent) {
  SeqNo seq = writer->first_seq;
  for (const BatchStep& step : writer->marked->steps) {
    if (step.action == BatchStep::Action::kApply || step.action == BatchStep::Action::kCommit) {
      if (!step.rep.empty()) InsertRecords(step.rep, &seq, is_concurrent);
    }
  }
}

std::vector<PreparedPtr> DatabaseImpl::Prepared() const { return prepared_.All(); }

}  // namespace gneiss
