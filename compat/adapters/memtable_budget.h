// A WriteBufferManager as the engine's MemoryBudget.
#pragma once

#include <rocksdb/write_buffer_manager.h>

#include <memory>

#include "engine/base/memory_budget.h"

namespace gneiss::compat {

std::shared_ptr<MemoryBudget> MemtableBudgetOf(std::shared_ptr<rocksdb::WriteBufferManager> manager);

}  // namespace gneiss::compat
