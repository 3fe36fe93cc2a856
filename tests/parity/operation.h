// The operations of a turn, drawn one after the other from the seed and the model so far. Nothing that the library
// answers goes into the draw, so that after a kill the next turn can draw the same operations again and knows what the
// killed one was about to do.
#pragma once

#include <rocksdb/db.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/parity/dice.h"
#include "tests/parity/model.h"

namespace gneiss::parity {

struct Entry {
  enum class Kind { kPut, kDelete, kSingleDelete, kMerge, kDeleteRange, kLogData, kPutEntity };
  Kind kind;
  std::string family;
  std::string key;
  std::string value;  // for kDeleteRange the end, not included; for kPutEntity the default column
  uint64_t time = 0;  // where the family has timestamps
};
// The other column of an entity.
inline const std::string kEntityColumn = "column";
inline std::string EntityColumnValue(const std::string& value) { return "of " + value; }
bool IsEntityKey(const std::string& key);  // such keys hold entities alone, and are not merged with

struct Operation {
  enum class Kind {
    kWrite,
    kCreateFamily,
    kDropFamily,
    kFlush,
    kFlushAll,
    kCompact,
    kReopen,
    kFlushWal,
    kSyncWal,
    kTakeSnapshot,
    kReleaseSnapshot,
    kSetOptions,
    // These change nothing.
    kGets,
    kMultiGet,
    kScan,
    kPrefixScan,
    kVerifyChecksum,
  };
  Kind kind = Kind::kWrite;
  std::vector<Entry> entries;
  bool is_sync = false;
  bool is_without_wal = false;
  std::string family;
  std::optional<std::string> begin, end;
  FamilyPlan plan;
  uint64_t seed = 0;  // for what is drawn while it runs
};

// What a whole turn keeps to.
struct TurnTraits {
  TurnTraits(uint64_t seed, uint64_t turn);
  uint64_t operations = 0;
  bool is_killed = false;
  uint64_t kill_at = 0;          // the operation, counted from 0; `operations` for a kill while opening
  bool is_killed_after = false;  // right after the operation, else somewhere in it
  bool has_manual_wal_flush = false;
  bool may_skip_wal = false;
  bool has_large_values = false;
};

class OperationStream {
 public:
  OperationStream(uint64_t seed, uint64_t turn, const TurnTraits& traits);
  Operation Next(const Model& model);

 private:
  Entry DrawEntry(const Model& model);
  void DrawRange(const Family& family, Operation* operation);

  TurnTraits traits_;
  Dice dice_;
  std::set<std::string> touched_;  // keys of single deletes in this batch: the model does not know it yet
};

std::string DrawKey(Dice* dice);
const Family& DrawFamily(const Model& model, Dice* dice);
void Apply(const Operation& operation, Model* model);
// ReadOptions::timestamp for the newest; null where the family has none.
const rocksdb::Slice* NewestTime(rocksdb::ColumnFamilyHandle* family);

}  // namespace gneiss::parity
