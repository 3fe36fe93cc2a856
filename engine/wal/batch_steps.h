// The steps of a batch with two-phase markers (docs/formats/write_batch.md): what it applies at once, and what it does
// to transactions.
//
// Owner:   steps own copies of the records: a prepared section lives longer than its batch.
// Threads: plain values.
// Errors:  Corruption for a batch that does not parse or whose markers do not pair. NotSupported for the markers of
//          write-prepared and write-unprepared transactions, whose sections would have to be applied before their
//          commit.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/status.h"
#include "engine/wal/write_batch.h"

namespace gneiss {

struct BatchStep {
  enum class Action : uint8_t { kApply, kPrepare, kCommit, kRollback };
  Action action = Action::kApply;
  std::string name;                           // the transaction's
  std::string rep;                            // kApply, kPrepare: the records as a batch of their own
  std::optional<std::string> timestamp = {};  // kCommit: the section's keys get it; none: they have theirs
};

// True for records that belong to two-phase commits.
bool IsTransactionMarker(Kind kind);

// Writes `timestamp` over the end of every key in `rep` whose family has timestamps; `timestamp_bytes_of` tells by the
// family's id, 0 for none. InvalidArgument for one that is not of the family's size.
Status StampKeys(Slice timestamp, const std::function<size_t(uint32_t)>& timestamp_bytes_of, std::string* rep);

Status SplitIntoSteps(Slice rep, std::vector<BatchStep>* steps);

}  // namespace gneiss
