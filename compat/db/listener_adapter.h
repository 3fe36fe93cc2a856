// rocksdb::EventListeners as the engine's EventSink.
//
// Owner:   shares the listeners. `core` outlives the adapter, which it owns; its `db` is set once the DB is open.
// Threads: listeners are called from background threads, never under a lock.
#pragma once

#include <rocksdb/listener.h>

#include <memory>
#include <vector>

#include "compat/db/core.h"

namespace gneiss::compat {

std::unique_ptr<EventSink> NewListenerAdapter(DbCore* core,
                                              std::vector<std::shared_ptr<rocksdb::EventListener>> listeners);

}  // namespace gneiss::compat
