// Flush block policies: when a data block is full. The stock one cuts by size, which the engine does itself; a user's
// own is asked before each entry.
#include "compat/options/flush_block_policy.h"

#include <rocksdb/flush_block_policy.h>

#include "compat/options/load_object.h"
#include "compat/options/stock_objects.h"

namespace rocksdb {

// RocksDB's headers name this class without defining it: what a policy may know of the block that is being filled. This
// is our definition.
class BlockBuilder {
 public:
  explicit BlockBuilder(const gneiss::BlockBuilder* block) : block_(block) {}
  const gneiss::BlockBuilder& block() const { return *block_; }

 private:
  const gneiss::BlockBuilder* const block_;
};

}  // namespace rocksdb

namespace gneiss::compat {

namespace {

using rocksdb::BlockBasedTableOptions;
using rocksdb::FlushBlockPolicy;
using rocksdb::FlushBlockPolicyFactory;

gneiss::Slice ToEngineSlice(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

// As the engine does by itself (TableWriter): for factories of users that hand on to the stock one.
class BySizePolicy final : public FlushBlockPolicy {
 public:
  struct Limits {
    size_t block_bytes;
    int deviation_percent;
    bool is_aligned;
  };
  BySizePolicy(const Limits& limits, const gneiss::BlockBuilder& block)
      : limits_(limits),
        nearly_full_bytes_((limits.block_bytes * static_cast<size_t>(100 - limits.deviation_percent) + 99) / 100),
        block_(block) {}

  bool Update(const rocksdb::Slice& key, const rocksdb::Slice& value) override {
    constexpr size_t kTrailerBytes = 5;
    if (block_.empty()) return false;
    const size_t bytes = block_.EstimatedBytes();
    if (bytes >= limits_.block_bytes) return true;
    if (limits_.deviation_percent == 0) return false;
    const size_t bytes_with = block_.EstimatedBytesWith(ToEngineSlice(key), ToEngineSlice(value));
    if (limits_.is_aligned) return bytes_with + kTrailerBytes > limits_.block_bytes;
    return bytes > nearly_full_bytes_ && bytes_with > limits_.block_bytes;
  }

 private:
  const Limits limits_;
  const size_t nearly_full_bytes_;
  const gneiss::BlockBuilder& block_;
};

// Each entry gets a block of its own.
class EveryKeyPolicyFactory final : public FlushBlockPolicyFactory {
 public:
  static const char* kClassName() { return "FlushBlockEveryKeyPolicyFactory"; }
  const char* Name() const override { return kClassName(); }
  FlushBlockPolicy* NewFlushBlockPolicy(const BlockBasedTableOptions&, const rocksdb::BlockBuilder&) const override {
    class Policy final : public FlushBlockPolicy {
      bool Update(const rocksdb::Slice&, const rocksdb::Slice&) override { return true; }
    };
    return new Policy;
  }
};

class UserCutter final : public BlockCutter {
 public:
  UserCutter(const FlushBlockPolicyFactory& factory, const BlockBasedTableOptions& options,
             const gneiss::BlockBuilder& block)
      : block_(&block), policy_(factory.NewFlushBlockPolicy(options, block_)) {}
  bool has_policy() const { return policy_ != nullptr; }
  bool MustCutBefore(gneiss::Slice internal_key, gneiss::Slice value) override {
    return policy_->Update({internal_key.data(), internal_key.size()}, {value.data(), value.size()});
  }

 private:
  const rocksdb::BlockBuilder block_;
  const std::unique_ptr<FlushBlockPolicy> policy_;
};

class UserCutters final : public BlockCutterFactory {
 public:
  explicit UserCutters(const BlockBasedTableOptions& options) : options_(options) {}
  std::unique_ptr<BlockCutter> Create(const gneiss::BlockBuilder& block) const override {
    auto cutter = std::make_unique<UserCutter>(*options_.flush_block_policy_factory, options_, block);
    if (!cutter->has_policy()) return nullptr;
    return cutter;
  }

 private:
  const BlockBasedTableOptions options_;
};

std::unique_ptr<FlushBlockPolicyFactory> StockByName(const std::string& id) {
  if (id == rocksdb::FlushBlockBySizePolicyFactory::kClassName()) {
    return std::make_unique<rocksdb::FlushBlockBySizePolicyFactory>();
  }
  if (id == EveryKeyPolicyFactory::kClassName()) return std::make_unique<EveryKeyPolicyFactory>();
  return nullptr;
}

}  // namespace

std::shared_ptr<const BlockCutterFactory> BlockCuttersOf(const BlockBasedTableOptions& options) {
  const FlushBlockPolicyFactory* const factory = options.flush_block_policy_factory.get();
  if (factory == nullptr || factory->Name() == std::string(rocksdb::FlushBlockBySizePolicyFactory::kClassName())) {
    return nullptr;
  }
  return std::make_shared<UserCutters>(options);
}

void RegisterFlushBlockPolicies(rocksdb::ObjectLibrary& library) {
  AddStock<FlushBlockPolicyFactory>(library,
                                    {NamePattern(rocksdb::FlushBlockBySizePolicyFactory::kClassName()),
                                     NamePattern(EveryKeyPolicyFactory::kClassName())},
                                    StockByName);
}

}  // namespace gneiss::compat

namespace rocksdb {

Status FlushBlockPolicyFactory::CreateFromString(const ConfigOptions& config_options, const std::string& value,
                                                 std::shared_ptr<FlushBlockPolicyFactory>* result) {
  return gneiss::compat::LoadObject(config_options, value, gneiss::compat::StockByName, result);
}

FlushBlockBySizePolicyFactory::FlushBlockBySizePolicyFactory() = default;

FlushBlockPolicy* FlushBlockBySizePolicyFactory::NewFlushBlockPolicy(const BlockBasedTableOptions& table_options,
                                                                     const BlockBuilder& data_block_builder) const {
  return new gneiss::compat::BySizePolicy({.block_bytes = table_options.block_size,
                                           .deviation_percent = table_options.block_size_deviation,
                                           .is_aligned = table_options.block_align},
                                          data_block_builder.block());
}

FlushBlockPolicy* FlushBlockBySizePolicyFactory::NewFlushBlockPolicy(const uint64_t size, const int deviation,
                                                                     const BlockBuilder& data_block_builder) {
  return new gneiss::compat::BySizePolicy({.block_bytes = size, .deviation_percent = deviation, .is_aligned = false},
                                          data_block_builder.block());
}

}  // namespace rocksdb
