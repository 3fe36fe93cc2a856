// The 128-bit number by which a MANIFEST knows a table across databases, made of what the table's properties say:
// who wrote it (db id, session id) and its file number. RocksDB checks one against the other.
//
// Format:  word 0 is the low half of the session id; word 1 is the high half of XXH3-128(db id, seed = high half of the
//          session id), xor the file number. A session id is 13 to 24 base-36 digits: the last 12 give the low 62 bits,
//          the others the two bits above them and the high half.
// Threads: a plain function.
// Errors:  zeros (unknown) when any part is missing or no session id.
#pragma once

#include <array>
#include <cstdint>

#include "engine/base/slice.h"

namespace gneiss {

std::array<uint64_t, 2> TableUniqueId(Slice db_id, Slice db_session_id, uint64_t file_number);

}  // namespace gneiss
