// What tables and logs are made of, for fuzz targets and their corpora.
//
// A changed byte makes a checksum wrong, and then nothing behind it is read: a target that got no further would test
// checksums alone. So targets read what a fuzzer made with its checksums put right, too.
//
// Errors: any bytes may come; what is no part of a table or log is left out.
#pragma once

#include <string>
#include <vector>

#include "engine/base/slice.h"
#include "engine/table/footer.h"

namespace gneiss::fuzz {

// Of logs and MANIFESTs: every fragment that lies within its block gets the right checksum.
void RightLogChecksums(std::string* log);

struct TablePart {
  std::string name;  // "metaindex", "index", "data", or its name in the metaindex
  BlockHandle handle;
};
// Also puts each part's checksum right before it looks into it.
std::vector<TablePart> RightTableChecksums(std::string* table);

// A block's payload, uncompressed. False when it cannot be.
bool ReadPart(Slice table, const BlockHandle& handle, std::string* payload);

}  // namespace gneiss::fuzz
