// Flush block policies: when a data block is full. The engine cuts blocks by size as the table options say; a policy is
// a name in the options, and the engine never asks for its object.
#include <rocksdb/flush_block_policy.h>

#include "compat/not_supported.h"
#include "compat/options/load_object.h"
#include "compat/options/stock_objects.h"

namespace gneiss::compat {

namespace {

using rocksdb::FlushBlockPolicy;
using rocksdb::FlushBlockPolicyFactory;

std::unique_ptr<FlushBlockPolicyFactory> StockByName(const std::string& id) {
  if (id == rocksdb::FlushBlockBySizePolicyFactory::kClassName()) {
    return std::make_unique<rocksdb::FlushBlockBySizePolicyFactory>();
  }
  return nullptr;
}

}  // namespace

void RegisterFlushBlockPolicies(rocksdb::ObjectLibrary& library) {
  AddStock<FlushBlockPolicyFactory>(library, {NamePattern(rocksdb::FlushBlockBySizePolicyFactory::kClassName())},
                                    StockByName);
}

}  // namespace gneiss::compat

namespace rocksdb {

Status FlushBlockPolicyFactory::CreateFromString(const ConfigOptions& config_options, const std::string& value,
                                                 std::shared_ptr<FlushBlockPolicyFactory>* result) {
  return gneiss::compat::LoadObject(config_options, value, gneiss::compat::StockByName, result);
}

FlushBlockBySizePolicyFactory::FlushBlockBySizePolicyFactory() = default;

FlushBlockPolicy* FlushBlockBySizePolicyFactory::NewFlushBlockPolicy(const BlockBasedTableOptions&,
                                                                     const BlockBuilder&) const {
  gneiss::compat::FailNotBuilt("FlushBlockPolicyFactory::NewFlushBlockPolicy");
}

FlushBlockPolicy* FlushBlockBySizePolicyFactory::NewFlushBlockPolicy(const uint64_t, const int, const BlockBuilder&) {
  gneiss::compat::FailNotBuilt("FlushBlockPolicyFactory::NewFlushBlockPolicy");
}

}  // namespace rocksdb
