// Session ids and the unique ids of table files, beyond what rocksdb/unique_id.h declares.
//
// Units:   a session id is 20 upper-case base-36 digits: 8 for the upper bits, 12 for the lower 62.
// Owner:   values.
// Threads: any thread. Ids made in one process never repeat.
// Errors:  NotSupported, with RocksDB's words, when a part of an id is missing or malformed.
#pragma once

#include <rocksdb/status.h>

#include <array>
#include <cstdint>
#include <string>

namespace gneiss::compat {

// A new id for one opening of a database.
std::string NewSessionId();
// Starts a new sequence, as a new process would. Not safe while other threads make ids.
void ResetSessionIds();

std::string EncodeSessionId(uint64_t upper, uint64_t lower);
rocksdb::Status DecodeSessionId(const std::string& session_id, uint64_t* upper, uint64_t* lower);

// The three words that RocksDB derives from who wrote a table; only the first two go into a MANIFEST.
struct TableIdentity {
  std::string db_id;
  std::string session_id;
  uint64_t file_number = 0;
};
std::array<uint64_t, 3> InternalUniqueId(const std::string& db_id, uint64_t session_upper, uint64_t session_lower,
                                         uint64_t file_number);
rocksdb::Status InternalUniqueId(const TableIdentity& identity, std::array<uint64_t, 3>* id);

}  // namespace gneiss::compat
