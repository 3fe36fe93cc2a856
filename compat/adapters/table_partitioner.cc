#include "compat/adapters/table_partitioner.h"

#include "compat/status_map.h"

namespace gneiss::compat {

namespace {

class PartitionerAdapter final : public TablePartitioner {
 public:
  explicit PartitionerAdapter(std::unique_ptr<rocksdb::SstPartitioner> partitioner)
      : partitioner_(std::move(partitioner)) {}

  bool MustCutBetween(Slice user_key, Slice next_user_key, uint64_t file_bytes) override {
    // The request points at the slices.
    const rocksdb::Slice before = ToRocks(user_key);
    const rocksdb::Slice after = ToRocks(next_user_key);
    const rocksdb::PartitionerRequest request(before, after, file_bytes);
    return partitioner_->ShouldPartition(request) == rocksdb::kRequired;
  }
  bool CanMove(Slice first_user_key, Slice last_user_key) override {
    return partitioner_->CanDoTrivialMove(ToRocks(first_user_key), ToRocks(last_user_key));
  }

 private:
  const std::unique_ptr<rocksdb::SstPartitioner> partitioner_;
};

class FactoryAdapter final : public TablePartitionerFactory {
 public:
  explicit FactoryAdapter(std::shared_ptr<rocksdb::SstPartitionerFactory> factory) : factory_(std::move(factory)) {}

  std::unique_ptr<TablePartitioner> Create(const TablePartitionerContext& context) override {
    rocksdb::SstPartitioner::Context shown;
    shown.is_full_compaction = context.is_full_compaction;
    shown.is_manual_compaction = context.is_manual_compaction;
    shown.output_level = context.output_level;
    shown.smallest_user_key = ToRocks(context.first_user_key);
    shown.largest_user_key = ToRocks(context.last_user_key);
    std::unique_ptr<rocksdb::SstPartitioner> partitioner = factory_->CreatePartitioner(shown);
    return partitioner == nullptr ? nullptr : std::make_unique<PartitionerAdapter>(std::move(partitioner));
  }

 private:
  const std::shared_ptr<rocksdb::SstPartitionerFactory> factory_;
};

}  // namespace

std::shared_ptr<TablePartitionerFactory> PartitionerFactoryOf(std::shared_ptr<rocksdb::SstPartitionerFactory> factory) {
  return factory == nullptr ? nullptr : std::make_shared<FactoryAdapter>(std::move(factory));
}

}  // namespace gneiss::compat
