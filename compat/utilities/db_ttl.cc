// rocksdb/utilities/db_ttl.h: values that compactions drop some time after they were written.
//
// Format:  a value or merge operand ends with the time of its writing, 4 bytes little-endian, in seconds since 1970.
// Readers cut it
//          off. Whatever has no plausible time at its end was not written by this class: Corruption.
// Owner:   a DbWithTtl owns the database, and the compaction filter that was put around the user's own.
// Threads: as rocksdb::DB.
// Errors:  the database's, and Corruption for values without a time.
#include <rocksdb/compaction_filter.h>
#include <rocksdb/convenience.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/utilities/db_ttl.h>
#include <rocksdb/utilities/object_registry.h>
#include <rocksdb/utilities/options_type.h>
#include <rocksdb/write_batch.h>

#include <atomic>
#include <mutex>

#include "engine/wal/write_batch.h"

namespace rocksdb {

namespace {

constexpr size_t kTimeBytes = 4;
constexpr int32_t kEarliestTime = 1368146402;  // when RocksDB's TTL was first released

int32_t TimeOf(const Slice& value) {
  return static_cast<int32_t>(gneiss::DecodeU32(value.data() + value.size() - kTimeBytes));
}

Slice WithoutTime(const Slice& value) { return Slice(value.data(), value.size() - kTimeBytes); }

Status CheckTime(const Slice& value) {
  if (value.size() < kTimeBytes) return Status::Corruption("Error: value's length less than timestamp's\n");
  if (TimeOf(value) < kEarliestTime) return Status::Corruption("Error: Timestamp < ttl feature release time!\n");
  return Status::OK();
}

Status AppendTime(SystemClock* clock, std::string* value) {
  int64_t now;
  Status status = clock->GetCurrentTime(&now);
  if (status.ok()) gneiss::PutU32(value, static_cast<uint32_t>(now));
  return status;
}

bool IsStale(const Slice& value, int32_t ttl, SystemClock* clock) {
  int64_t now;
  if (ttl <= 0 || value.size() < kTimeBytes || !clock->GetCurrentTime(&now).ok()) return false;
  return int64_t{TimeOf(value)} + ttl < now;
}

// Copies a batch, with the time behind every value and operand.
Status StampBatch(const WriteBatch& batch, SystemClock* clock, std::string* stamped) {
  const std::string_view rep = batch.Data();
  if (!gneiss::HasBatchHeader(rep)) return Status::Corruption("malformed WriteBatch (too small)");
  stamped->assign(rep.substr(0, gneiss::kBatchHeaderBytes));
  gneiss::BatchReader reader(rep);
  while (!reader.AtEnd()) {
    const char* const begin = rep.data() + rep.size() - reader.RestBytes();
    gneiss::BatchRecord record;
    const gneiss::Status read = reader.Next(&record);
    if (!read.ok()) return Status::Corruption(read.message());
    const char* const end = rep.data() + rep.size() - reader.RestBytes();
    if (record.kind != gneiss::Kind::kPut && record.kind != gneiss::Kind::kMerge) {
      stamped->append(begin, end);
      continue;
    }
    // Everything up to the value's length is as it was.
    stamped->append(begin, record.value.data() - gneiss::VarintLength(record.value.size()));
    std::string value(record.value);
    Status status = AppendTime(clock, &value);
    if (!status.ok()) return status;
    gneiss::PutLengthPrefixed(stamped, value);
  }
  return Status::OK();
}

const std::unordered_map<std::string, OptionTypeInfo>& TtlOption() {
  static const std::unordered_map<std::string, OptionTypeInfo> options = {{"ttl", {0, OptionType::kInt32T}}};
  return options;
}

// Drops what is stale, then asks the user's filter about the value without its time.
class TtlCompactionFilter : public CompactionFilter {
 public:
  TtlCompactionFilter(int32_t ttl, SystemClock* clock, const CompactionFilter* user_filter,
                      std::unique_ptr<CompactionFilter> owned_user_filter)
      : ttl_(ttl),
        clock_(clock),
        owned_user_filter_(std::move(owned_user_filter)),
        user_filter_(user_filter != nullptr ? user_filter : owned_user_filter_.get()) {
    static const std::unordered_map<std::string, OptionTypeInfo> user_option = {
        {"user_filter", OptionTypeInfo::AsCustomRawPtr<const CompactionFilter>(0, OptionVerificationType::kByName,
                                                                               OptionTypeFlags::kAllowNull)}};
    RegisterOptions("TTL", &ttl_, &TtlOption());
    RegisterOptions("UserFilter", &user_filter_, &user_option);
  }
  static const char* kClassName() { return "TtlCompactionFilter"; }
  const char* Name() const override { return kClassName(); }
  bool IsInstanceOf(const std::string& name) const override {
    return name == "Delete By TTL" || CompactionFilter::IsInstanceOf(name);
  }
  const Customizable* Inner() const override { return user_filter_; }
  bool Filter(int level, const Slice& key, const Slice& old_value, std::string* new_value,
              bool* value_changed) const override {
    if (IsStale(old_value, ttl_, clock_)) return true;
    if (user_filter_ == nullptr || old_value.size() < kTimeBytes) return false;
    if (user_filter_->Filter(level, key, WithoutTime(old_value), new_value, value_changed)) return true;
    if (*value_changed) new_value->append(old_value.data() + old_value.size() - kTimeBytes, kTimeBytes);
    return false;
  }
  Status PrepareOptions(const ConfigOptions& options) override {
    if (clock_ == nullptr) clock_ = options.env->GetSystemClock().get();
    return CompactionFilter::PrepareOptions(options);
  }

 private:
  int32_t ttl_;
  SystemClock* clock_;
  std::unique_ptr<CompactionFilter> owned_user_filter_;
  const CompactionFilter* user_filter_;
};

class TtlCompactionFilterFactory : public CompactionFilterFactory {
 public:
  TtlCompactionFilterFactory(int32_t ttl, SystemClock* clock, std::shared_ptr<CompactionFilterFactory> user_factory)
      : ttl_(ttl), clock_(clock), user_factory_(std::move(user_factory)) {
    static const std::unordered_map<std::string, OptionTypeInfo> user_option = {
        {"user_filter_factory", OptionTypeInfo::AsCustomSharedPtr<CompactionFilterFactory>(
                                    0, OptionVerificationType::kByNameAllowFromNull, OptionTypeFlags::kNone)}};
    RegisterOptions("UserOptions", &user_factory_, &user_option);
    RegisterOptions("TTL", &ttl_, &TtlOption());
  }
  static const char* kClassName() { return "TtlCompactionFilterFactory"; }
  const char* Name() const override { return kClassName(); }
  const Customizable* Inner() const override { return user_factory_.get(); }
  std::unique_ptr<CompactionFilter> CreateCompactionFilter(const CompactionFilter::Context& context) override {
    std::unique_ptr<CompactionFilter> user_filter;
    if (user_factory_ != nullptr) user_filter = user_factory_->CreateCompactionFilter(context);
    // Compactions run beside SetTtl.
    const int32_t ttl = __atomic_load_n(&ttl_, __ATOMIC_RELAXED);
    return std::make_unique<TtlCompactionFilter>(ttl, clock_, nullptr, std::move(user_filter));
  }
  void SetTtl(int32_t ttl) { __atomic_store_n(&ttl_, ttl, __ATOMIC_RELAXED); }
  Status PrepareOptions(const ConfigOptions& options) override {
    if (clock_ == nullptr) clock_ = options.env->GetSystemClock().get();
    return CompactionFilterFactory::PrepareOptions(options);
  }

 private:
  int32_t ttl_;  // an option field, so a plain integer; SetTtl and compactions access it atomically
  SystemClock* clock_;
  std::shared_ptr<CompactionFilterFactory> user_factory_;
};

// Merges values without their times, then puts the time of the merge behind the result.
class TtlMergeOperator : public MergeOperator {
 public:
  TtlMergeOperator(std::shared_ptr<MergeOperator> user_operator, SystemClock* clock)
      : user_operator_(std::move(user_operator)), clock_(clock) {
    static const std::unordered_map<std::string, OptionTypeInfo> user_option = {
        {"user_operator",
         OptionTypeInfo::AsCustomSharedPtr<MergeOperator>(0, OptionVerificationType::kByName, OptionTypeFlags::kNone)}};
    RegisterOptions("TtlMergeOptions", &user_operator_, &user_option);
  }
  static const char* kClassName() { return "TtlMergeOperator"; }
  const char* Name() const override { return kClassName(); }
  bool IsInstanceOf(const std::string& name) const override {
    return name == "Merge By TTL" || MergeOperator::IsInstanceOf(name);
  }
  const Customizable* Inner() const override { return user_operator_.get(); }

  bool FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const override {
    std::vector<Slice> operands;
    for (const Slice& operand : in.operand_list) {
      if (operand.size() < kTimeBytes) return Fail(in.logger, "operand value");
      operands.push_back(WithoutTime(operand));
    }
    Slice existing;
    if (in.existing_value != nullptr) {
      if (in.existing_value->size() < kTimeBytes) return Fail(in.logger, "existing value");
      existing = WithoutTime(*in.existing_value);
    }
    const MergeOperationInput user_in(in.key, in.existing_value == nullptr ? nullptr : &existing, operands, in.logger);
    if (!user_operator_->FullMergeV2(user_in, out)) return false;
    if (out->existing_operand.data() != nullptr) {
      out->new_value = out->existing_operand.ToString();
      out->existing_operand = Slice(nullptr, 0);
    }
    return AppendTime(clock_, &out->new_value).ok();
  }

  bool PartialMergeMulti(const Slice& key, const std::deque<Slice>& operand_list, std::string* new_value,
                         Logger* logger) const override {
    std::deque<Slice> operands;
    for (const Slice& operand : operand_list) {
      if (operand.size() < kTimeBytes) return Fail(logger, "value");
      operands.push_back(WithoutTime(operand));
    }
    return user_operator_->PartialMergeMulti(key, operands, new_value, logger) && AppendTime(clock_, new_value).ok();
  }

  Status PrepareOptions(const ConfigOptions& options) override {
    if (clock_ == nullptr) clock_ = options.env->GetSystemClock().get();
    return MergeOperator::PrepareOptions(options);
  }
  Status ValidateOptions(const DBOptions& db_options, const ColumnFamilyOptions& cf_options) const override {
    if (user_operator_ == nullptr) return Status::InvalidArgument("UserMergeOperator required by TtlMergeOperator");
    return MergeOperator::ValidateOptions(db_options, cf_options);
  }

 private:
  static bool Fail(Logger* logger, const char* what) {
    Error(logger, "Error: Could not remove timestamp from %s.", what);
    return false;
  }

  std::shared_ptr<MergeOperator> user_operator_;
  SystemClock* clock_;
};

void RegisterTtlClasses() {
  static std::once_flag once;
  std::call_once(once, [] {
    ObjectRegistry::Default()->AddLibrary(
        "TTL",
        [](ObjectLibrary& library, const std::string&) {
          library.AddFactory<MergeOperator>(
              TtlMergeOperator::kClassName(),
              [](const std::string&, std::unique_ptr<MergeOperator>* guard, std::string*) {
                *guard = std::make_unique<TtlMergeOperator>(nullptr, nullptr);
                return guard->get();
              });
          library.AddFactory<CompactionFilterFactory>(
              TtlCompactionFilterFactory::kClassName(),
              [](const std::string&, std::unique_ptr<CompactionFilterFactory>* guard, std::string*) {
                *guard = std::make_unique<TtlCompactionFilterFactory>(0, nullptr, nullptr);
                return guard->get();
              });
          return 2;
        },
        "");
  });
}

// Puts the TTL classes around what the user set. A filter made here is the DbWithTtl's to delete.
void AddTtl(int32_t ttl, SystemClock* clock, ColumnFamilyOptions* options) {
  if (options->compaction_filter != nullptr) {
    options->compaction_filter = new TtlCompactionFilter(ttl, clock, options->compaction_filter, nullptr);
  } else {
    options->compaction_filter_factory =
        std::make_shared<TtlCompactionFilterFactory>(ttl, clock, options->compaction_filter_factory);
  }
  if (options->merge_operator != nullptr) {
    options->merge_operator = std::make_shared<TtlMergeOperator>(options->merge_operator, clock);
  }
}

class TtlIterator : public Iterator {
 public:
  explicit TtlIterator(Iterator* iter) : iter_(iter) {}
  bool Valid() const override { return iter_->Valid() && status_.ok(); }
  void SeekToFirst() override {
    Moved([this] { iter_->SeekToFirst(); });
  }
  void SeekToLast() override {
    Moved([this] { iter_->SeekToLast(); });
  }
  void Seek(const Slice& target) override {
    Moved([&] { iter_->Seek(target); });
  }
  void SeekForPrev(const Slice& target) override {
    Moved([&] { iter_->SeekForPrev(target); });
  }
  void Next() override {
    Moved([this] { iter_->Next(); });
  }
  void Prev() override {
    Moved([this] { iter_->Prev(); });
  }
  Slice key() const override { return iter_->key(); }
  Slice value() const override { return WithoutTime(iter_->value()); }
  Status status() const override { return status_.ok() ? iter_->status() : status_; }

 private:
  template <class Move>
  void Moved(Move move) {
    move();
    status_ = iter_->Valid() ? CheckTime(iter_->value()) : Status::OK();
  }

  std::unique_ptr<Iterator> iter_;
  Status status_;
};

class DbWithTtl : public DBWithTTL {
 public:
  DbWithTtl(DB* db, std::vector<const CompactionFilter*> filters)
      : DBWithTTL(db), filters_(std::move(filters)), clock_(db->GetEnv()->GetSystemClock()) {}
  ~DbWithTtl() override { Close().PermitUncheckedError(); }

  Status Close() override {
    if (is_closed_) return Status::OK();
    is_closed_ = true;
    // Compactions use the filters until they have ended.
    CancelAllBackgroundWork(db_, /*wait=*/true);
    Status status = db_->Close();
    for (const CompactionFilter* filter : filters_) delete filter;
    filters_.clear();
    return status;
  }

  Status CreateColumnFamilyWithTtl(const ColumnFamilyOptions& options, const std::string& name,
                                   ColumnFamilyHandle** handle, int ttl) override {
    ColumnFamilyOptions stamped = options;
    AddTtl(ttl, clock_.get(), &stamped);
    if (stamped.compaction_filter != nullptr) filters_.push_back(stamped.compaction_filter);
    return DBWithTTL::CreateColumnFamily(stamped, name, handle);
  }
  using StackableDB::CreateColumnFamily;
  Status CreateColumnFamily(const ColumnFamilyOptions& options, const std::string& name,
                            ColumnFamilyHandle** handle) override {
    return CreateColumnFamilyWithTtl(options, name, handle, 0);
  }

  void SetTtl(int32_t ttl) override { SetTtl(DefaultColumnFamily(), ttl); }
  void SetTtl(ColumnFamilyHandle* family, int32_t ttl) override {
    const Options options = GetOptions(family);
    if (options.compaction_filter_factory == nullptr) return;
    static_cast<TtlCompactionFilterFactory*>(options.compaction_filter_factory.get())->SetTtl(ttl);
  }

  using StackableDB::Put;
  Status Put(const WriteOptions& options, ColumnFamilyHandle* family, const Slice& key, const Slice& value) override {
    WriteBatch batch;
    Status status = batch.Put(family, key, value);
    return status.ok() ? Write(options, &batch) : status;
  }
  using StackableDB::Merge;
  Status Merge(const WriteOptions& options, ColumnFamilyHandle* family, const Slice& key, const Slice& value) override {
    WriteBatch batch;
    Status status = batch.Merge(family, key, value);
    return status.ok() ? Write(options, &batch) : status;
  }
  Status Write(const WriteOptions& options, WriteBatch* updates) override {
    std::string rep;
    Status status = StampBatch(*updates, clock_.get(), &rep);
    if (!status.ok()) return status;
    WriteBatch stamped(std::move(rep));
    return db_->Write(options, &stamped);
  }

  using StackableDB::Get;
  Status Get(const ReadOptions& options, ColumnFamilyHandle* family, const Slice& key, PinnableSlice* value) override {
    Status status = db_->Get(options, family, key, value);
    if (status.ok()) status = CheckTime(*value);
    if (status.ok()) value->remove_suffix(kTimeBytes);
    return status;
  }
  using StackableDB::MultiGet;
  std::vector<Status> MultiGet(const ReadOptions& options, const std::vector<ColumnFamilyHandle*>& families,
                               const std::vector<Slice>& keys, std::vector<std::string>* values) override {
    std::vector<Status> statuses = db_->MultiGet(options, families, keys, values);
    for (size_t i = 0; i < statuses.size(); ++i) {
      if (statuses[i].ok()) statuses[i] = CheckTime((*values)[i]);
      if (statuses[i].ok()) (*values)[i].resize((*values)[i].size() - kTimeBytes);
    }
    return statuses;
  }
  void MultiGet(const ReadOptions& options, ColumnFamilyHandle* family, const size_t num_keys, const Slice* keys,
                PinnableSlice* values, Status* statuses, const bool sorted_input) override {
    db_->MultiGet(options, family, num_keys, keys, values, statuses, sorted_input);
    for (size_t i = 0; i < num_keys; ++i) {
      if (statuses[i].ok()) statuses[i] = CheckTime(values[i]);
      if (statuses[i].ok()) values[i].remove_suffix(kTimeBytes);
    }
  }
  using StackableDB::KeyMayExist;
  bool KeyMayExist(const ReadOptions& options, ColumnFamilyHandle* family, const Slice& key, std::string* value,
                   bool* value_found) override {
    const bool may_exist = db_->KeyMayExist(options, family, key, value, value_found);
    if (!may_exist || value == nullptr || value_found == nullptr || !*value_found) return may_exist;
    if (!CheckTime(*value).ok()) return false;
    value->resize(value->size() - kTimeBytes);
    return true;
  }
  using StackableDB::NewIterator;
  Iterator* NewIterator(const ReadOptions& options, ColumnFamilyHandle* family) override {
    return new TtlIterator(db_->NewIterator(options, family));
  }

 private:
  std::vector<const CompactionFilter*> filters_;
  std::shared_ptr<SystemClock> clock_;
  bool is_closed_ = false;
};

}  // namespace

Status DBWithTTL::Open(const Options& options, const std::string& dbname, DBWithTTL** dbptr, int32_t ttl,
                       bool read_only) {
  std::vector<ColumnFamilyHandle*> handles;
  Status status = Open(DBOptions(options), dbname, {{kDefaultColumnFamilyName, ColumnFamilyOptions(options)}}, &handles,
                       dbptr, {ttl}, read_only);
  for (ColumnFamilyHandle* handle : handles) delete handle;  // the database keeps its own
  return status;
}

Status DBWithTTL::Open(const DBOptions& db_options, const std::string& dbname,
                       const std::vector<ColumnFamilyDescriptor>& column_families,
                       std::vector<ColumnFamilyHandle*>* handles, DBWithTTL** dbptr, const std::vector<int32_t>& ttls,
                       bool read_only) {
  *dbptr = nullptr;
  RegisterTtlClasses();
  if (ttls.size() != column_families.size()) {
    return Status::InvalidArgument("ttls size has to be the same as number of column families");
  }
  SystemClock* clock = (db_options.env == nullptr ? Env::Default() : db_options.env)->GetSystemClock().get();
  std::vector<ColumnFamilyDescriptor> families = column_families;
  std::vector<const CompactionFilter*> filters;
  for (size_t i = 0; i < families.size(); ++i) {
    AddTtl(ttls[i], clock, &families[i].options);
    if (families[i].options.compaction_filter != nullptr) filters.push_back(families[i].options.compaction_filter);
  }
  DB* db = nullptr;
  Status status = read_only ? DB::OpenForReadOnly(db_options, dbname, families, handles, &db)
                            : DB::Open(db_options, dbname, families, handles, &db);
  if (status.ok()) {
    *dbptr = new DbWithTtl(db, std::move(filters));
  } else {
    for (const CompactionFilter* filter : filters) delete filter;
  }
  return status;
}

}  // namespace rocksdb
