// rocksdb/experimental.h, sst_partitioner.h and utilities/table_properties_collectors.h: ways to ask for compactions
// and to shape what they write.
#include <rocksdb/experimental.h>
#include <rocksdb/sst_partitioner.h>
#include <rocksdb/utilities/options_type.h>
#include <rocksdb/utilities/table_properties_collectors.h>

#include <vector>

#include "compat/not_supported.h"
#include "compat/options/load_object.h"

namespace rocksdb {

Status experimental::SuggestCompactRange(DB* db, ColumnFamilyHandle* column_family, const Slice* begin,
                                         const Slice* end) {
  if (db == nullptr) return Status::InvalidArgument("DB is empty");
  return db->SuggestCompactRange(column_family, begin, end);
}

Status experimental::SuggestCompactRange(DB* db, const Slice* begin, const Slice* end) {
  if (db == nullptr) return Status::InvalidArgument("DB is empty");
  return SuggestCompactRange(db, db->DefaultColumnFamily(), begin, end);
}

Status experimental::PromoteL0(DB* db, ColumnFamilyHandle* column_family, int target_level) {
  if (db == nullptr) return Status::InvalidArgument("Didn't recognize DB object");
  return db->PromoteL0(column_family, target_level);
}

Status experimental::UpdateManifestForFilesState(const DBOptions&, const std::string&,
                                                 const std::vector<ColumnFamilyDescriptor>&,
                                                 const UpdateManifestForFilesStateOptions&) {
  return gneiss::compat::NotBuilt("experimental::UpdateManifestForFilesState");
}

namespace {

Slice Prefix(const Slice& key, size_t length) { return Slice(key.data(), std::min(key.size(), length)); }

const std::unordered_map<std::string, OptionTypeInfo>& PartitionerOptions() {
  static const std::unordered_map<std::string, OptionTypeInfo> options = {
      {"length", {0, OptionType::kSizeT, OptionVerificationType::kNormal, OptionTypeFlags::kNone}}};
  return options;
}

}  // namespace

PartitionerResult SstPartitionerFixedPrefix::ShouldPartition(const PartitionerRequest& request) {
  return Prefix(*request.prev_user_key, len_) == Prefix(*request.current_user_key, len_) ? kNotRequired : kRequired;
}

bool SstPartitionerFixedPrefix::CanDoTrivialMove(const Slice& smallest_user_key, const Slice& largest_user_key) {
  return Prefix(smallest_user_key, len_) == Prefix(largest_user_key, len_);
}

SstPartitionerFixedPrefixFactory::SstPartitionerFixedPrefixFactory(size_t len) : len_(len) {
  RegisterOptions("Length", &len_, &PartitionerOptions());
}

std::unique_ptr<SstPartitioner> SstPartitionerFixedPrefixFactory::CreatePartitioner(
    const SstPartitioner::Context&) const {
  return std::make_unique<SstPartitionerFixedPrefix>(len_);
}

std::shared_ptr<SstPartitionerFactory> NewSstPartitionerFixedPrefixFactory(size_t prefix_len) {
  return std::make_shared<SstPartitionerFixedPrefixFactory>(prefix_len);
}

Status SstPartitionerFactory::CreateFromString(const ConfigOptions& options, const std::string& value,
                                               std::shared_ptr<SstPartitionerFactory>* result) {
  const auto make = [](const std::string& id) -> std::shared_ptr<SstPartitionerFactory> {
    if (id != SstPartitionerFixedPrefixFactory::kClassName()) return nullptr;
    return std::make_shared<SstPartitionerFixedPrefixFactory>(0);
  };
  return gneiss::compat::LoadObject(options, value, make, result);
}

namespace {

struct DeletionTriggers {
  size_t window_keys;     // 0: no sliding window
  size_t window_dels;     // so many deletions within the window ask for a compaction
  double file_del_share;  // so large a share within the file does too; 0 or more than 1: no limit
};

// The window slides in 128 steps: a ring of counters, each over a 128th of the window's keys.
class CompactOnDeletionCollector : public TablePropertiesCollector {
 public:
  explicit CompactOnDeletionCollector(const DeletionTriggers& triggers)
      : triggers_(triggers), keys_per_step_((triggers.window_keys + kSteps - 1) / kSteps), dels_in_step_(kSteps) {}

  const char* Name() const override { return CompactOnDeletionCollectorFactory::kClassName(); }

  Status AddUserKey(const Slice&, const Slice&, EntryType type, SequenceNumber, uint64_t) override {
    if (needs_compaction_) return Status::OK();
    const bool is_deletion = type == kEntryDelete;
    ++keys_in_file_;
    dels_in_file_ += is_deletion;
    if (keys_per_step_ == 0) return Status::OK();
    if (keys_in_step_ == keys_per_step_) {
      step_ = (step_ + 1) % kSteps;
      dels_in_window_ -= dels_in_step_[step_];
      dels_in_step_[step_] = 0;
      keys_in_step_ = 0;
    }
    ++keys_in_step_;
    if (is_deletion) {
      ++dels_in_step_[step_];
      if (++dels_in_window_ >= triggers_.window_dels) needs_compaction_ = true;
    }
    return Status::OK();
  }

  Status Finish(UserCollectedProperties*) override {
    const double limit = triggers_.file_del_share;
    if (limit > 0 && limit <= 1 && keys_in_file_ > 0) {
      needs_compaction_ |= static_cast<double>(dels_in_file_) / static_cast<double>(keys_in_file_) >= limit;
    }
    return Status::OK();
  }

  UserCollectedProperties GetReadableProperties() const override { return {}; }
  bool NeedCompact() const override { return needs_compaction_; }

 private:
  static constexpr size_t kSteps = 128;

  const DeletionTriggers triggers_;
  const size_t keys_per_step_;
  std::vector<size_t> dels_in_step_;
  size_t step_ = 0;
  size_t keys_in_step_ = 0;
  size_t dels_in_window_ = 0;
  size_t keys_in_file_ = 0;
  size_t dels_in_file_ = 0;
  bool needs_compaction_ = false;
};

// The factory's fields are atomic and set through functions, so each option comes with its own way in and out.
template <class Number>
OptionTypeInfo FactoryOption(Number (CompactOnDeletionCollectorFactory::*get)() const,
                             void (CompactOnDeletionCollectorFactory::*set)(Number)) {
  return {0,
          OptionType::kUnknown,
          OptionVerificationType::kNormal,
          OptionTypeFlags::kCompareNever | OptionTypeFlags::kMutable,
          [set](const ConfigOptions&, const std::string& name, const std::string& value, void* factory) {
            try {
              const Number number = std::is_same_v<Number, double> ? static_cast<Number>(std::stod(value))
                                                                   : static_cast<Number>(std::stoull(value));
              (static_cast<CompactOnDeletionCollectorFactory*>(factory)->*set)(number);
              return Status::OK();
            } catch (const std::exception&) {
              return Status::InvalidArgument("Error parsing option", name);
            }
          },
          [get](const ConfigOptions&, const std::string&, const void* factory, std::string* value) {
            *value = std::to_string((static_cast<const CompactOnDeletionCollectorFactory*>(factory)->*get)());
            return Status::OK();
          },
          nullptr};
}

const std::unordered_map<std::string, OptionTypeInfo>& CollectorOptions() {
  using Factory = CompactOnDeletionCollectorFactory;
  static const std::unordered_map<std::string, OptionTypeInfo> options = {
      {"window_size", FactoryOption(&Factory::GetWindowSize, &Factory::SetWindowSize)},
      {"deletion_trigger", FactoryOption(&Factory::GetDeletionTrigger, &Factory::SetDeletionTrigger)},
      {"deletion_ratio", FactoryOption(&Factory::GetDeletionRatio, &Factory::SetDeletionRatio)}};
  return options;
}

}  // namespace

CompactOnDeletionCollectorFactory::CompactOnDeletionCollectorFactory(size_t sliding_window_size,
                                                                     size_t deletion_trigger, double deletion_ratio)
    : sliding_window_size_(sliding_window_size), deletion_trigger_(deletion_trigger), deletion_ratio_(deletion_ratio) {
  RegisterOptions("", this, &CollectorOptions());
}

TablePropertiesCollector* CompactOnDeletionCollectorFactory::CreateTablePropertiesCollector(
    TablePropertiesCollectorFactory::Context) {
  return new CompactOnDeletionCollector({GetWindowSize(), GetDeletionTrigger(), GetDeletionRatio()});
}

std::string CompactOnDeletionCollectorFactory::ToString() const {
  std::ostringstream text;
  text << Name() << " (Sliding window size = " << GetWindowSize() << " Deletion trigger = " << GetDeletionTrigger()
       << " Deletion ratio = " << GetDeletionRatio() << ')';
  return text.str();
}

std::shared_ptr<CompactOnDeletionCollectorFactory> NewCompactOnDeletionCollectorFactory(size_t sliding_window_size,
                                                                                        size_t deletion_trigger,
                                                                                        double deletion_ratio) {
  return std::make_shared<CompactOnDeletionCollectorFactory>(sliding_window_size, deletion_trigger, deletion_ratio);
}

}  // namespace rocksdb
