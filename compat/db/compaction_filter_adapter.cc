#include "compat/db/compaction_filter_adapter.h"

#include "compat/status_map.h"

namespace gneiss::compat {

namespace {

class FilterAdapter final : public EntryFilter {
 public:
  FilterAdapter(const rocksdb::CompactionFilter* filter, std::unique_ptr<rocksdb::CompactionFilter> owned)
      : filter_(owned != nullptr ? owned.get() : filter), owned_(std::move(owned)) {}

  Decision Filter(int level, Slice user_key, bool is_merge_operand, Slice value, std::string* new_value,
                  std::string* skip_until) override {
    const auto type = is_merge_operand ? rocksdb::CompactionFilter::ValueType::kMergeOperand
                                       : rocksdb::CompactionFilter::ValueType::kValue;
    return DecisionOf(filter_->FilterV2(level, ToRocks(user_key), type, ToRocks(value), new_value, skip_until));
  }

  Decision FilterBlobByKey(int level, Slice user_key, std::string* new_value, std::string* skip_until) override {
    return DecisionOf(filter_->FilterBlobByKey(level, ToRocks(user_key), new_value, skip_until));
  }

 private:
  static Decision DecisionOf(rocksdb::CompactionFilter::Decision decision) {
    switch (decision) {
      case rocksdb::CompactionFilter::Decision::kRemove:
      case rocksdb::CompactionFilter::Decision::kPurge:
        return Decision::kRemove;
      case rocksdb::CompactionFilter::Decision::kChangeValue:
        return Decision::kChangeValue;
      case rocksdb::CompactionFilter::Decision::kRemoveAndSkipUntil:
        return Decision::kRemoveAndSkipUntil;
      case rocksdb::CompactionFilter::Decision::kUndetermined:
        return Decision::kUndetermined;
      case rocksdb::CompactionFilter::Decision::kChangeBlobIndex:
        return Decision::kChangeBlobIndex;
      case rocksdb::CompactionFilter::Decision::kIOError:
        return Decision::kIoError;
      default:
        return Decision::kKeep;
    }
  }

  const rocksdb::CompactionFilter* const filter_;
  const std::unique_ptr<rocksdb::CompactionFilter> owned_;
};

class FilterFactoryAdapter final : public EntryFilterFactory {
 public:
  FilterFactoryAdapter(const rocksdb::CompactionFilter* filter,
                       std::shared_ptr<rocksdb::CompactionFilterFactory> factory)
      : filter_(filter), factory_(std::move(factory)) {}

  std::unique_ptr<EntryFilter> Create(const EntryFilterContext& context) override {
    if (filter_ != nullptr) return context.is_flush ? nullptr : std::make_unique<FilterAdapter>(filter_, nullptr);
    rocksdb::CompactionFilter::Context rocks_context;
    rocks_context.is_full_compaction = context.is_full_compaction;
    rocks_context.is_manual_compaction = context.is_manual_compaction;
    rocks_context.column_family_id = context.column_family_id;
    rocks_context.reason =
        context.is_flush ? rocksdb::TableFileCreationReason::kFlush : rocksdb::TableFileCreationReason::kCompaction;
    if (!factory_->ShouldFilterTableFileCreation(rocks_context.reason)) return nullptr;
    std::unique_ptr<rocksdb::CompactionFilter> made = factory_->CreateCompactionFilter(rocks_context);
    return made == nullptr ? nullptr : std::make_unique<FilterAdapter>(nullptr, std::move(made));
  }

 private:
  const rocksdb::CompactionFilter* const filter_;
  const std::shared_ptr<rocksdb::CompactionFilterFactory> factory_;
};

}  // namespace

std::shared_ptr<EntryFilterFactory> NewCompactionFilterAdapter(
    const rocksdb::CompactionFilter* filter, std::shared_ptr<rocksdb::CompactionFilterFactory> factory) {
  return std::make_shared<FilterFactoryAdapter>(filter, std::move(factory));
}

}  // namespace gneiss::compat
