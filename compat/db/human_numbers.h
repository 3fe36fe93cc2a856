// Numbers as the statistics print them.
#pragma once

#include <string>

namespace gneiss::compat {

// "12.50 MB", at least in KB.
std::string HumanBytes(double bytes);

}  // namespace gneiss::compat
