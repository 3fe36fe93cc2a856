// A Trace is what a program did to a disk, operation by operation. Enough to build the disk again as it was after any
// of them, or as a power cut would have left it (power_cut.h).
//
// Units:   offsets and sizes count bytes. Files are numbered by identity, not by name: a rename changes no number.
// Errors:  a trace file that cannot be written or read ends the program.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gneiss::disk {

struct Operation {
  enum class Kind : uint8_t {
    kCreate,      // `path` begins to name the new, empty file
    kWrite,       // `bytes` at `offset`
    kTruncate,    // to `offset` bytes
    kSync,        // of the file
    kFailedSync,  // what was not durable before never will be: the kernel marks such pages clean
    kRename,      // `path` to `other_path`
    kLink,        // `other_path` names what `path` names
    kRemove,      // the name
    kCreateDir,
    kRemoveDir,
    kSyncDir,
  };
  Kind kind;
  uint64_t file = 0;
  uint64_t offset = 0;
  std::string bytes;
  std::string path;
  std::string other_path;
};

using Trace = std::vector<Operation>;

std::string ToString(const Operation& operation);
void SaveTrace(const Trace& trace, const std::string& file);
Trace LoadTrace(const std::string& file);

// "/a/b" of "/a/b/c".
std::string DirectoryOf(const std::string& path);

}  // namespace gneiss::disk
