// FlushBlockPolicies as the engine asks for them.
#pragma once

#include <rocksdb/table.h>

#include <memory>

#include "engine/table/block_cutter.h"

namespace gneiss::compat {

// Null where the options' policy is the stock one, which is the engine's own.
std::shared_ptr<const BlockCutterFactory> BlockCuttersOf(const rocksdb::BlockBasedTableOptions& options);

}  // namespace gneiss::compat
