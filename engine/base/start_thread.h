// Threads from a system that may have none to give: too many processes, or no memory for a stack.
#pragma once

#include <chrono>
#include <exception>
#include <thread>

namespace gneiss {

// Waits until there is one, because nobody could do without it.
template <typename Function>
std::thread StartThread(const Function& function) {
  while (true) {
    try {
      return std::thread(function);
    } catch (const std::exception&) {  // std::system_error, std::bad_alloc
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
}

}  // namespace gneiss
