// Options drawn at random from everything that may differ between two openings of one directory, and that both
// libraries have. What a library refuses with NotSupported is drawn again by the caller, so nothing is left out here by
// name.
#pragma once

#include <rocksdb/options.h>

#include <string>

#include "tests/parity/dice.h"
#include "tests/parity/model.h"
#include "tests/parity/operation.h"

namespace gneiss::parity {

// What one library leaves in a directory and the other must be able to read. Only what both have is drawn.
struct Features {
  bool has_blobs = true;
  bool has_compressed_logs = true;
  bool has_stats_family = true;
  bool may_flush_atomically = false;
  bool may_merge_memtables = false;  // min_write_buffer_number_to_merge
};
Features FeaturesOf(const std::string& words);

rocksdb::DBOptions DrawDbOptions(Dice* dice, const std::string& directory, const Model& model, const TurnTraits& traits,
                                 const Features& features, bool is_after_kill);
rocksdb::ColumnFamilyOptions DrawFamilyOptions(Dice* dice, const std::string& directory, const FamilyPlan& plan,
                                               const Features& features, const rocksdb::DBOptions& db);

}  // namespace gneiss::parity
