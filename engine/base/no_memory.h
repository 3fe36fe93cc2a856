// std::bad_alloc, where it must not unwind further: from a thread of our own, or past a step that others wait for.
// Elsewhere it reaches the caller as it is.
#pragma once

#include <new>
#include <utility>

#include "engine/base/mutex.h"
#include "engine/base/status.h"

namespace gneiss {

template <typename Function>
Status CatchBadAlloc(Function&& function) NO_THREAD_SAFETY_ANALYSIS {
  try {
    return std::forward<Function>(function)();
  } catch (const std::bad_alloc&) {
    return Status::OutOfMemory();
  }
}

// For destructors and clean-up: what is left undone is made good at the next open.
template <typename Function>
void DropBadAlloc(Function&& function) {
  try {
    std::forward<Function>(function)();
  } catch (const std::bad_alloc&) {
  }
}

}  // namespace gneiss
