#include "compat/adapters/property_collector.h"

#include "compat/status_map.h"

namespace gneiss::compat {

namespace {

rocksdb::EntryType EntryTypeOf(Kind kind) {
  switch (kind) {
    case Kind::kPut:
      return rocksdb::kEntryPut;
    case Kind::kDelete:
      return rocksdb::kEntryDelete;
    case Kind::kSingleDelete:
      return rocksdb::kEntrySingleDelete;
    case Kind::kMerge:
      return rocksdb::kEntryMerge;
    case Kind::kRangeDelete:
      return rocksdb::kEntryRangeDeletion;
    case Kind::kBlobIndex:
      return rocksdb::kEntryBlobIndex;
    case Kind::kDeleteWithTimestamp:
      return rocksdb::kEntryDeleteWithTimestamp;
    case Kind::kWideColumn:
      return rocksdb::kEntryWideColumnEntity;
    default:
      return rocksdb::kEntryOther;
  }
}

class CollectorAdapter final : public PropertyCollector {
 public:
  explicit CollectorAdapter(std::unique_ptr<rocksdb::TablePropertiesCollector> collector)
      : collector_(std::move(collector)) {}

  void Add(const ParsedKey& key, Slice value, uint64_t file_bytes) override {
    collector_->AddUserKey(ToRocks(key.user_key), ToRocks(value), EntryTypeOf(key.kind), key.seq, file_bytes)
        .PermitUncheckedError();
  }
  void AddBlock(uint64_t raw_bytes) override { collector_->BlockAdd(raw_bytes, 0, 0); }
  bool Finish(std::map<std::string, std::string>* properties) override {
    rocksdb::UserCollectedProperties collected;
    const rocksdb::Status status = collector_->Finish(&collected);
    if (status.ok()) properties->insert(collected.begin(), collected.end());
    return status.ok();
  }
  bool NeedsCompaction() const override { return collector_->NeedCompact(); }

 private:
  const std::unique_ptr<rocksdb::TablePropertiesCollector> collector_;
};

class FactoryAdapter final : public PropertyCollectorFactory {
 public:
  explicit FactoryAdapter(std::shared_ptr<rocksdb::TablePropertiesCollectorFactory> factory)
      : factory_(std::move(factory)) {}

  std::string Name() const override { return factory_->Name(); }
  std::unique_ptr<PropertyCollector> Create(uint32_t column_family_id, int level) const override {
    rocksdb::TablePropertiesCollectorFactory::Context context;
    context.column_family_id = column_family_id;
    context.level_at_creation = level;
    std::unique_ptr<rocksdb::TablePropertiesCollector> collector(factory_->CreateTablePropertiesCollector(context));
    return collector == nullptr ? nullptr : std::make_unique<CollectorAdapter>(std::move(collector));
  }

 private:
  const std::shared_ptr<rocksdb::TablePropertiesCollectorFactory> factory_;
};

}  // namespace

std::vector<std::shared_ptr<const PropertyCollectorFactory>> PropertyCollectorsOf(
    const std::vector<std::shared_ptr<rocksdb::TablePropertiesCollectorFactory>>& factories) {
  std::vector<std::shared_ptr<const PropertyCollectorFactory>> adapters;
  for (const auto& factory : factories) adapters.push_back(std::make_shared<const FactoryAdapter>(factory));
  return adapters;
}

}  // namespace gneiss::compat
