#include "engine/wal/batch_steps.h"

namespace gneiss {

namespace {

// Collects records for one step.
class Section {
 public:
  void Begin(const char* at) {
    begin_ = at;
    count_ = 0;
  }
  bool is_open() const { return begin_ != nullptr; }
  void Count(Kind kind) { count_ += IsDataRecord(kind) ? 1 : 0; }
  std::string End(const char* at) {
    std::string rep(kBatchHeaderBytes, '\0');
    EncodeU32(rep.data() + 8, count_);
    rep.append(begin_, static_cast<size_t>(at - begin_));
    begin_ = nullptr;
    return rep;
  }
  uint32_t count() const { return count_; }

 private:
  const char* begin_ = nullptr;
  uint32_t count_ = 0;
};

Status WritePolicyMismatch(const char* tag) {
  return Status::NotSupported(std::string(tag) +
                              " txn tag when write_after_commit_ is enabled (in default WriteCommitted mode). If it is "
                              "not due to corruption, the WAL must be emptied before changing the WritePolicy.");
}

}  // namespace

bool IsTransactionMarker(Kind kind) {
  switch (kind) {
    case Kind::kBeginPrepare:
    case Kind::kBeginPersistedPrepare:
    case Kind::kBeginUnprepare:
    case Kind::kEndPrepare:
    case Kind::kCommit:
    case Kind::kCommitWithTimestamp:
    case Kind::kRollback:
      return true;
    default:
      return false;
  }
}

Status StampKeys(Slice timestamp, const std::function<size_t(uint32_t)>& timestamp_bytes_of, std::string* rep) {
  if (timestamp.empty()) return Status::InvalidArgument("Timestamp is empty");
  BatchReader reader(*rep);
  BatchRecord record;
  const auto stamp = [&](Slice key) {
    timestamp.copy(rep->data() + (key.data() - rep->data()) + key.size() - timestamp.size(), timestamp.size());
  };
  while (!reader.AtEnd()) {
    GNEISS_RETURN_IF_ERROR(reader.Next(&record));
    const size_t bytes = IsDataRecord(record.kind) ? timestamp_bytes_of(record.column_family_id) : 0;
    if (bytes == 0) continue;
    if (bytes != timestamp.size()) return Status::InvalidArgument("timestamp size mismatch");
    const bool is_range = record.kind == Kind::kRangeDelete;
    if (record.key.size() < bytes || (is_range && record.value.size() < bytes)) {
      return Status::Corruption("WriteBatch has a key too short for a timestamp");
    }
    stamp(record.key);
    if (is_range) stamp(record.value);
  }
  return Status::Ok();
}

Status SplitIntoSteps(Slice rep, std::vector<BatchStep>* steps) {
  steps->clear();
  BatchReader reader(rep);
  BatchRecord record;
  Section plain;     // outside of prepared sections
  Section prepared;  // between begin and end prepare
  uint32_t found = 0;
  const auto position = [&] { return rep.data() + (rep.size() - reader.RestBytes()); };
  const auto end_plain = [&](const char* at) {
    if (plain.is_open() && plain.count() > 0) steps->push_back({.name = {}, .rep = plain.End(at)});
    plain = Section();
  };
  while (!reader.AtEnd()) {
    const char* const begin = position();
    GNEISS_RETURN_IF_ERROR(reader.Next(&record));
    found += IsDataRecord(record.kind) ? 1 : 0;
    if (!IsTransactionMarker(record.kind)) {
      Section& section = prepared.is_open() ? prepared : plain;
      if (!section.is_open()) section.Begin(begin);
      section.Count(record.kind);
      continue;
    }
    end_plain(begin);
    if (prepared.is_open() != (record.kind == Kind::kEndPrepare)) {
      return Status::Corruption("two-phase markers of a WriteBatch do not pair");
    }
    switch (record.kind) {
      case Kind::kBeginPrepare:
        prepared.Begin(position());
        break;
      case Kind::kEndPrepare:
        steps->push_back(
            {.action = BatchStep::Action::kPrepare, .name = std::string(record.key), .rep = prepared.End(begin)});
        break;
      case Kind::kCommit:
        steps->push_back({.action = BatchStep::Action::kCommit, .name = std::string(record.key), .rep = {}});
        break;
      case Kind::kRollback:
        steps->push_back({.action = BatchStep::Action::kRollback, .name = std::string(record.key), .rep = {}});
        break;
      case Kind::kCommitWithTimestamp:
        steps->push_back({.action = BatchStep::Action::kCommit,
                          .name = std::string(record.key),
                          .rep = {},
                          .timestamp = std::string(record.value)});
        break;
      case Kind::kBeginPersistedPrepare:
        return WritePolicyMismatch("WritePrepared/WriteUnprepared");
      default:
        return WritePolicyMismatch("WriteUnprepared");
    }
  }
  if (prepared.is_open()) return Status::Corruption("two-phase markers of a WriteBatch do not pair");
  end_plain(position());
  if (found != BatchCount(rep)) return Status::Corruption("WriteBatch has wrong count");
  return Status::Ok();
}

}  // namespace gneiss
