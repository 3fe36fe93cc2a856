// The names that option strings give to the values of RocksDB's enums.
//
// Owner:   the tables live as long as the process; OptionTypeInfo::Enum keeps pointers to them.
// Threads: immutable after the first call.
#pragma once

#include <rocksdb/options.h>
#include <rocksdb/table.h>

#include <string>
#include <unordered_map>

namespace gneiss::compat {

// Defined for the enums that options hold; "kSnappyCompression" and the like.
template <class Enum>
const std::unordered_map<std::string, Enum>& EnumNames();

// The name of `value`, or "unknown_<number>" for a value outside the table.
template <class Enum>
std::string EnumName(Enum value) {
  for (const auto& [name, known] : EnumNames<Enum>()) {
    if (known == value) return name;
  }
  return "unknown_" + std::to_string(static_cast<int>(value));
}

// As the LOG and the table properties print it: "NoCompression", "Snappy", "ZSTDNotFinal".
std::string CompressionLabel(rocksdb::CompressionType type);

// False for a codec that this library cannot run.
bool CompressionIsAvailable(rocksdb::CompressionType type);

}  // namespace gneiss::compat
