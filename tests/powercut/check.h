// Opens what a power cut left behind and holds it against what was promised.
#pragma once

#include <cstdint>
#include <string>

#include "tests/disk/disk.h"
#include "tests/powercut/recording.h"

namespace gneiss::powercut {

struct Verdict {
  std::string problem;      // not empty: a promise was broken
  std::string content;      // what was found, in one line; the other library must say the same of the same disk
  bool is_refused = false;  // a recovery mode that asks for whole logs would not open a damaged one
  bool has_second_cut = false;
  size_t found = 0;  // batches
};

// `draw` chooses the disk among those that a cut after `operations` operations may leave, and the second cut.
struct Cut {
  size_t operations = 0;
  uint64_t draw = 0;
};

Verdict CheckCut(const Recording& recording, disk::Image image, const Cut& cut);

// Whether `content` is what Verdict::content would be after some other number of batches.
bool IsOtherPrefix(const Recording& recording, const Cut& cut, const std::string& content);

// Opens the directory on the real file system below `root` with the options that CheckCut would open it with, and says
// what Verdict::content says.
std::string DescribeDirectory(uint64_t seed, uint64_t draw, const std::string& root);

}  // namespace gneiss::powercut
