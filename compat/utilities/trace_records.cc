// rocksdb/trace_record.h and trace_record_result.h: what was traced, and what came of running it again.
#include <rocksdb/db.h>
#include <rocksdb/system_clock.h>
#include <rocksdb/trace_record.h>
#include <rocksdb/trace_record_result.h>
#include <rocksdb/write_batch.h>

#include <unordered_map>

namespace rocksdb {

namespace {

PinnableSlice Copy(const Slice& bytes) {
  PinnableSlice copy;
  copy.PinSelf(bytes);
  return copy;
}

std::vector<PinnableSlice> CopyAll(const std::vector<std::string>& list) {
  std::vector<PinnableSlice> copies;
  copies.reserve(list.size());
  for (const std::string& bytes : list) copies.push_back(Copy(bytes));
  return copies;
}

using ResultSlot = std::unique_ptr<TraceRecordResult>;

// Runs traced queries on a database. NotFound is an answer, not a failure.
class ExecutionHandler : public TraceRecord::Handler {
 public:
  ExecutionHandler(DB* db, const std::vector<ColumnFamilyHandle*>& handles)
      : db_(db), clock_(db->GetEnv()->GetSystemClock()) {
    for (ColumnFamilyHandle* handle : handles) families_[handle->GetID()] = handle;
  }

  Status Handle(const WriteQueryTraceRecord& record, ResultSlot* result) override {
    Clear(result);
    const uint64_t start = clock_->NowMicros();
    WriteBatch batch(record.GetWriteBatchRep().ToString());
    Status status = db_->Write(WriteOptions(), &batch);
    if (status.ok() && result != nullptr) {
      *result =
          std::make_unique<StatusOnlyTraceExecutionResult>(status, start, clock_->NowMicros(), record.GetTraceType());
    }
    return status;
  }

  Status Handle(const GetQueryTraceRecord& record, ResultSlot* result) override {
    Clear(result);
    ColumnFamilyHandle* family = Family(record.GetColumnFamilyID());
    if (family == nullptr) return UnknownFamily();
    const uint64_t start = clock_->NowMicros();
    std::string value;
    Status status = db_->Get(ReadOptions(), family, record.GetKey(), &value);
    const uint64_t end = clock_->NowMicros();
    if (!status.ok() && !status.IsNotFound()) return status;
    if (result != nullptr) {
      *result = std::make_unique<SingleValueTraceExecutionResult>(status, std::move(value), start, end,
                                                                  record.GetTraceType());
    }
    return Status::OK();
  }

  Status Handle(const IteratorSeekQueryTraceRecord& record, ResultSlot* result) override {
    Clear(result);
    ColumnFamilyHandle* family = Family(record.GetColumnFamilyID());
    if (family == nullptr) return UnknownFamily();
    const Slice lower = record.GetLowerBound();
    const Slice upper = record.GetUpperBound();
    ReadOptions options;
    if (!lower.empty()) options.iterate_lower_bound = &lower;
    if (!upper.empty()) options.iterate_upper_bound = &upper;
    std::unique_ptr<Iterator> iter(db_->NewIterator(options, family));
    const uint64_t start = clock_->NowMicros();
    if (record.GetSeekType() == IteratorSeekQueryTraceRecord::kSeekForPrev) {
      iter->SeekForPrev(record.GetKey());
    } else {
      iter->Seek(record.GetKey());
    }
    const uint64_t end = clock_->NowMicros();
    if (iter->status().ok() && result != nullptr) {
      const bool is_valid = iter->Valid();
      *result = std::make_unique<IteratorTraceExecutionResult>(
          is_valid, Status::OK(), Copy(is_valid ? iter->key() : Slice()), Copy(is_valid ? iter->value() : Slice()),
          start, end, record.GetTraceType());
    }
    return iter->status();
  }

  Status Handle(const MultiGetQueryTraceRecord& record, ResultSlot* result) override {
    Clear(result);
    std::vector<ColumnFamilyHandle*> families;
    for (const uint32_t id : record.GetColumnFamilyIDs()) {
      families.push_back(Family(id));
      if (families.back() == nullptr) return UnknownFamily();
    }
    const std::vector<Slice> keys = record.GetKeys();
    if (families.empty() || keys.empty()) return Status::InvalidArgument("Empty MultiGet cf_ids or keys.");
    if (families.size() != keys.size()) {
      return Status::InvalidArgument("MultiGet cf_ids and keys size mismatch.");
    }
    const uint64_t start = clock_->NowMicros();
    std::vector<std::string> values;
    std::vector<Status> statuses = db_->MultiGet(ReadOptions(), families, keys, &values);
    const uint64_t end = clock_->NowMicros();
    for (const Status& status : statuses) {
      if (!status.ok() && !status.IsNotFound()) return status;
    }
    if (result != nullptr) {
      *result = std::make_unique<MultiValuesTraceExecutionResult>(std::move(statuses), std::move(values), start, end,
                                                                  record.GetTraceType());
    }
    return Status::OK();
  }

 private:
  static void Clear(ResultSlot* result) {
    if (result != nullptr) result->reset();
  }
  static Status UnknownFamily() { return Status::Corruption("Invalid Column Family ID."); }
  ColumnFamilyHandle* Family(uint32_t id) const {
    const auto found = families_.find(id);
    return found == families_.end() ? nullptr : found->second;
  }

  DB* db_;
  std::shared_ptr<SystemClock> clock_;
  std::unordered_map<uint32_t, ColumnFamilyHandle*> families_;
};

}  // namespace

TraceRecord::TraceRecord(uint64_t timestamp) : timestamp_(timestamp) {}

uint64_t TraceRecord::GetTimestamp() const { return timestamp_; }

TraceRecord::Handler* TraceRecord::NewExecutionHandler(DB* db, const std::vector<ColumnFamilyHandle*>& handles) {
  return new ExecutionHandler(db, handles);
}

QueryTraceRecord::QueryTraceRecord(uint64_t timestamp) : TraceRecord(timestamp) {}

WriteQueryTraceRecord::WriteQueryTraceRecord(PinnableSlice&& write_batch_rep, uint64_t timestamp)
    : QueryTraceRecord(timestamp), rep_(std::move(write_batch_rep)) {}

WriteQueryTraceRecord::WriteQueryTraceRecord(const std::string& write_batch_rep, uint64_t timestamp)
    : WriteQueryTraceRecord(Copy(write_batch_rep), timestamp) {}

WriteQueryTraceRecord::~WriteQueryTraceRecord() = default;

Slice WriteQueryTraceRecord::GetWriteBatchRep() const { return rep_; }

Status WriteQueryTraceRecord::Accept(Handler* handler, std::unique_ptr<TraceRecordResult>* result) {
  return handler->Handle(*this, result);
}

GetQueryTraceRecord::GetQueryTraceRecord(uint32_t column_family_id, PinnableSlice&& key, uint64_t timestamp)
    : QueryTraceRecord(timestamp), cf_id_(column_family_id), key_(std::move(key)) {}

GetQueryTraceRecord::GetQueryTraceRecord(uint32_t column_family_id, const std::string& key, uint64_t timestamp)
    : GetQueryTraceRecord(column_family_id, Copy(key), timestamp) {}

GetQueryTraceRecord::~GetQueryTraceRecord() = default;

uint32_t GetQueryTraceRecord::GetColumnFamilyID() const { return cf_id_; }

Slice GetQueryTraceRecord::GetKey() const { return key_; }

Status GetQueryTraceRecord::Accept(Handler* handler, std::unique_ptr<TraceRecordResult>* result) {
  return handler->Handle(*this, result);
}

IteratorQueryTraceRecord::IteratorQueryTraceRecord(uint64_t timestamp) : QueryTraceRecord(timestamp) {}

IteratorQueryTraceRecord::IteratorQueryTraceRecord(PinnableSlice&& lower_bound, PinnableSlice&& upper_bound,
                                                   uint64_t timestamp)
    : QueryTraceRecord(timestamp), lower_(std::move(lower_bound)), upper_(std::move(upper_bound)) {}

IteratorQueryTraceRecord::IteratorQueryTraceRecord(const std::string& lower_bound, const std::string& upper_bound,
                                                   uint64_t timestamp)
    : IteratorQueryTraceRecord(Copy(lower_bound), Copy(upper_bound), timestamp) {}

IteratorQueryTraceRecord::~IteratorQueryTraceRecord() = default;

Slice IteratorQueryTraceRecord::GetLowerBound() const { return lower_; }

Slice IteratorQueryTraceRecord::GetUpperBound() const { return upper_; }

IteratorSeekQueryTraceRecord::IteratorSeekQueryTraceRecord(SeekType seek_type, uint32_t column_family_id,
                                                           PinnableSlice&& key, uint64_t timestamp)
    : IteratorQueryTraceRecord(timestamp), type_(seek_type), cf_id_(column_family_id), key_(std::move(key)) {}

IteratorSeekQueryTraceRecord::IteratorSeekQueryTraceRecord(SeekType seek_type, uint32_t column_family_id,
                                                           const std::string& key, uint64_t timestamp)
    : IteratorSeekQueryTraceRecord(seek_type, column_family_id, Copy(key), timestamp) {}

IteratorSeekQueryTraceRecord::IteratorSeekQueryTraceRecord(SeekType seek_type, uint32_t column_family_id,
                                                           PinnableSlice&& key, PinnableSlice&& lower_bound,
                                                           PinnableSlice&& upper_bound, uint64_t timestamp)
    : IteratorQueryTraceRecord(std::move(lower_bound), std::move(upper_bound), timestamp),
      type_(seek_type),
      cf_id_(column_family_id),
      key_(std::move(key)) {}

IteratorSeekQueryTraceRecord::IteratorSeekQueryTraceRecord(SeekType seek_type, uint32_t column_family_id,
                                                           const std::string& key, const std::string& lower_bound,
                                                           const std::string& upper_bound, uint64_t timestamp)
    : IteratorSeekQueryTraceRecord(seek_type, column_family_id, Copy(key), Copy(lower_bound), Copy(upper_bound),
                                   timestamp) {}

IteratorSeekQueryTraceRecord::~IteratorSeekQueryTraceRecord() = default;

TraceType IteratorSeekQueryTraceRecord::GetTraceType() const { return static_cast<TraceType>(type_); }

IteratorSeekQueryTraceRecord::SeekType IteratorSeekQueryTraceRecord::GetSeekType() const { return type_; }

uint32_t IteratorSeekQueryTraceRecord::GetColumnFamilyID() const { return cf_id_; }

Slice IteratorSeekQueryTraceRecord::GetKey() const { return key_; }

Status IteratorSeekQueryTraceRecord::Accept(Handler* handler, std::unique_ptr<TraceRecordResult>* result) {
  return handler->Handle(*this, result);
}

MultiGetQueryTraceRecord::MultiGetQueryTraceRecord(std::vector<uint32_t> column_family_ids,
                                                   std::vector<PinnableSlice>&& keys, uint64_t timestamp)
    : QueryTraceRecord(timestamp), cf_ids_(std::move(column_family_ids)), keys_(std::move(keys)) {}

MultiGetQueryTraceRecord::MultiGetQueryTraceRecord(std::vector<uint32_t> column_family_ids,
                                                   const std::vector<std::string>& keys, uint64_t timestamp)
    : MultiGetQueryTraceRecord(std::move(column_family_ids), CopyAll(keys), timestamp) {}

MultiGetQueryTraceRecord::~MultiGetQueryTraceRecord() = default;

std::vector<uint32_t> MultiGetQueryTraceRecord::GetColumnFamilyIDs() const { return cf_ids_; }

std::vector<Slice> MultiGetQueryTraceRecord::GetKeys() const { return {keys_.begin(), keys_.end()}; }

Status MultiGetQueryTraceRecord::Accept(Handler* handler, std::unique_ptr<TraceRecordResult>* result) {
  return handler->Handle(*this, result);
}

TraceRecordResult::TraceRecordResult(TraceType trace_type) : trace_type_(trace_type) {}

TraceType TraceRecordResult::GetTraceType() const { return trace_type_; }

TraceExecutionResult::TraceExecutionResult(uint64_t start_timestamp, uint64_t end_timestamp, TraceType trace_type)
    : TraceRecordResult(trace_type), ts_start_(start_timestamp), ts_end_(end_timestamp) {}

uint64_t TraceExecutionResult::GetStartTimestamp() const { return ts_start_; }

uint64_t TraceExecutionResult::GetEndTimestamp() const { return ts_end_; }

StatusOnlyTraceExecutionResult::StatusOnlyTraceExecutionResult(Status status, uint64_t start_timestamp,
                                                               uint64_t end_timestamp, TraceType trace_type)
    : TraceExecutionResult(start_timestamp, end_timestamp, trace_type), status_(std::move(status)) {}

const Status& StatusOnlyTraceExecutionResult::GetStatus() const { return status_; }

Status StatusOnlyTraceExecutionResult::Accept(Handler* handler) { return handler->Handle(*this); }

SingleValueTraceExecutionResult::SingleValueTraceExecutionResult(Status status, const std::string& value,
                                                                 uint64_t start_timestamp, uint64_t end_timestamp,
                                                                 TraceType trace_type)
    : TraceExecutionResult(start_timestamp, end_timestamp, trace_type), status_(std::move(status)), value_(value) {}

SingleValueTraceExecutionResult::SingleValueTraceExecutionResult(Status status, std::string&& value,
                                                                 uint64_t start_timestamp, uint64_t end_timestamp,
                                                                 TraceType trace_type)
    : TraceExecutionResult(start_timestamp, end_timestamp, trace_type),
      status_(std::move(status)),
      value_(std::move(value)) {}

SingleValueTraceExecutionResult::~SingleValueTraceExecutionResult() = default;

const Status& SingleValueTraceExecutionResult::GetStatus() const { return status_; }

const std::string& SingleValueTraceExecutionResult::GetValue() const { return value_; }

Status SingleValueTraceExecutionResult::Accept(Handler* handler) { return handler->Handle(*this); }

MultiValuesTraceExecutionResult::MultiValuesTraceExecutionResult(std::vector<Status> multi_status,
                                                                 std::vector<std::string> values,
                                                                 uint64_t start_timestamp, uint64_t end_timestamp,
                                                                 TraceType trace_type)
    : TraceExecutionResult(start_timestamp, end_timestamp, trace_type),
      multi_status_(std::move(multi_status)),
      values_(std::move(values)) {}

MultiValuesTraceExecutionResult::~MultiValuesTraceExecutionResult() = default;

const std::vector<Status>& MultiValuesTraceExecutionResult::GetMultiStatus() const { return multi_status_; }

const std::vector<std::string>& MultiValuesTraceExecutionResult::GetValues() const { return values_; }

Status MultiValuesTraceExecutionResult::Accept(Handler* handler) { return handler->Handle(*this); }

IteratorTraceExecutionResult::IteratorTraceExecutionResult(bool valid, Status status, PinnableSlice&& key,
                                                           PinnableSlice&& value, uint64_t start_timestamp,
                                                           uint64_t end_timestamp, TraceType trace_type)
    : TraceExecutionResult(start_timestamp, end_timestamp, trace_type),
      valid_(valid),
      status_(std::move(status)),
      key_(std::move(key)),
      value_(std::move(value)) {}

IteratorTraceExecutionResult::IteratorTraceExecutionResult(bool valid, Status status, const std::string& key,
                                                           const std::string& value, uint64_t start_timestamp,
                                                           uint64_t end_timestamp, TraceType trace_type)
    : IteratorTraceExecutionResult(valid, std::move(status), Copy(key), Copy(value), start_timestamp, end_timestamp,
                                   trace_type) {}

IteratorTraceExecutionResult::~IteratorTraceExecutionResult() = default;

bool IteratorTraceExecutionResult::GetValid() const { return valid_; }

const Status& IteratorTraceExecutionResult::GetStatus() const { return status_; }

Slice IteratorTraceExecutionResult::GetKey() const { return key_; }

Slice IteratorTraceExecutionResult::GetValue() const { return value_; }

Status IteratorTraceExecutionResult::Accept(Handler* handler) { return handler->Handle(*this); }

}  // namespace rocksdb
