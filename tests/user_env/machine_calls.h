// Notes which files and clocks of the machine this program, and the libraries in it, ask for: machine_calls.cc stands
// in front of libc's functions of those names. An object that includes this header must be linked with it.
//
// Threads: every function is safe from any thread; calls of all threads are noted.
#pragma once

#include <string>
#include <vector>

namespace gneiss {

// From Begin to End. What End returns has one line per distinct caller: the call, its path if it has one, and who
// called.
void BeginNotingMachineCalls();
std::vector<std::string> EndNotingMachineCalls();

}  // namespace gneiss
