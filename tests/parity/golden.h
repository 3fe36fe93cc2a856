// The golden directories: one per variant of the formats, written once by the reference library (make_golden.cc) and
// read on every test run without it (golden_test.cc). All hold the same data, but for what a variant adds.
#pragma once

#include <rocksdb/options.h>
#include <rocksdb/table.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/parity/model.h"

namespace gneiss::parity {

struct GoldenVariant {
  std::string name;
  // Changes the writer's options. The reader opens with them too, and once more without.
  std::function<void(rocksdb::Options*, rocksdb::BlockBasedTableOptions*)> set = [](auto*, auto*) {};
  bool compacts = false;           // else two tables in level 0
  bool is_killed = false;          // the log keeps its preallocated tail
  bool has_families = false;       // one more family, and a third that was dropped
  bool is_renamed = false;         // tables as .ldb
  bool has_entities = false;       // two wide-column entities
  bool has_logged_entity = false;  // one in the log, before all else there
  bool has_ingested_file = false;
  bool writes_global_seq = true;  // into that file; else only the MANIFEST has it
  bool has_transactions = false;  // prepared and committed, prepared and rolled back, in the log
  bool keeps_options_file = false;
  bool has_checksums = true;  // damage can be told
};

// The number of writes that only the log holds: GoldenLogKey(0) and so on, each a record of its own.
inline constexpr int kGoldenLogKeys = 30;
std::string GoldenLogKey(int number);
inline constexpr char kGoldenLoggedEntity[] = "first in the log";
// Every value that was ever written begins with its key, so that a test can tell one that never was.
std::string GoldenValue(const std::string& key, int version);

const std::vector<GoldenVariant>& GoldenVariants();
rocksdb::Options GoldenOptions(const GoldenVariant& variant);
rocksdb::Options GoldenPlainOptions(const GoldenVariant& variant);
Model GoldenModel(const GoldenVariant& variant);
// What is written into tables, in two steps, to a family; `other` families get the first step alone.
std::vector<struct Entry> GoldenEntries(int step);

}  // namespace gneiss::parity
