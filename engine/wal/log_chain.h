// A log that begins while the log before it is not durable says so in its first record: which log that is and how long.
// After a power cut the tail of the earlier log may be missing although records of the later one are there; at a
// record's border nothing else tells. What such a log holds lies behind a hole and must not be replayed.
//
// Format:  docs/formats/log.md. A write batch without entries whose only record is log data, which every reader skips.
// Errors:  none; what is not such a record is not one.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/slice.h"
#include "engine/key/internal_key.h"

namespace gneiss {

struct LogBefore {
  uint64_t number = 0;
  uint64_t bytes = 0;  // of that log, up to the end of its last record
};

// `seq` is the one of the batch that follows.
std::string EncodeLogBefore(SeqNo seq, const LogBefore& before);
bool DecodeLogBefore(Slice record, LogBefore* before);

}  // namespace gneiss
