// A rocksdb::WalFilter as the engine's.
//
// Owner:   the user's filter stays the user's and outlives the opening.
#pragma once

#include <memory>

#include "engine/db/wal_filter.h"

namespace rocksdb {
class WalFilter;
}

namespace gneiss::compat {

std::unique_ptr<WalFilter> NewWalFilterAdapter(rocksdb::WalFilter* user);

}  // namespace gneiss::compat
