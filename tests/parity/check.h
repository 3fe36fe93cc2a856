// Reads a whole database and compares it with a model.
//
// Errors: every function returns "" when all is as it must be, else one line that says what differs.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/slice_transform.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/parity/dice.h"
#include "tests/parity/model.h"

namespace gneiss::parity {

using Handles = std::map<std::string, rocksdb::ColumnFamilyHandle*>;
using Pairs = std::vector<std::pair<std::string, std::string>>;
// One family's pairs in its order.
using Dump = std::map<std::string, Pairs>;

// Scans all families forward and backward; both must agree.
std::string ReadDump(rocksdb::DB* db, const Handles& handles, const rocksdb::Snapshot* snapshot, Dump* dump);
std::string Difference(const Model& model, const Dump& dump);

std::string CheckGets(rocksdb::DB* db, const Handles& handles, const rocksdb::Snapshot* snapshot, const Model& model,
                      int count, Dice* dice);
std::string CheckMultiGet(rocksdb::DB* db, const Handles& handles, const rocksdb::Snapshot* snapshot,
                          const Model& model, Dice* dice);
// From a drawn key on: within its prefix when `is_prefix`, else forth and back over all keys.
std::string CheckScan(rocksdb::DB* db, const Handles& handles, const rocksdb::Snapshot* snapshot, const Model& model,
                      bool is_prefix, Dice* dice);

}  // namespace gneiss::parity
