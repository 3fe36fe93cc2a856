// How an option struct becomes a table of named fields: Field(&DBOptions::max_open_files) knows its place and its type.
//
// NewOptionMap keeps the order of its list as the map's iteration order (with libstdc++, see the .cc), because that
// order is the one in which options appear in strings and OPTIONS files. The lists therefore stand in the order that
// RocksDB 7.8.3 writes. Nothing depends on it for reading.
//
// Owner:   a map lives as long as the process; Configurables keep pointers to it.
// Threads: immutable once made.
#pragma once

#include <rocksdb/options.h>
#include <rocksdb/utilities/options_type.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "compat/options/enum_names.h"

namespace gneiss::compat {

using OptionMap = std::unordered_map<std::string, rocksdb::OptionTypeInfo>;
using OptionEntry = std::pair<const char*, rocksdb::OptionTypeInfo>;
using StringMap = std::unordered_map<std::string, std::string>;

// `written`: what is serialised, in file order. `silent`: what is only read (aliases, retired names, objects that
// have no text).
const OptionMap* NewOptionMap(std::initializer_list<OptionEntry> written,
                              std::initializer_list<OptionEntry> silent = {});

template <class Struct, class Base, class Member>
int OffsetOf(Member Base::*field) {
  alignas(Struct) static const char bytes[sizeof(Struct)] = {};
  const auto* base = reinterpret_cast<const Struct*>(bytes);
  return static_cast<int>(reinterpret_cast<const char*>(&(base->*field)) - bytes);
}

// The types that OptionTypeInfo reads, prints and compares by itself.
template <class T>
constexpr rocksdb::OptionType ScalarType() {
  using rocksdb::OptionType;
  if constexpr (std::is_same_v<T, bool>) return OptionType::kBoolean;
  if constexpr (std::is_same_v<T, int>) return OptionType::kInt;
  if constexpr (std::is_same_v<T, int64_t>) return OptionType::kInt64T;
  if constexpr (std::is_same_v<T, uint32_t>) return OptionType::kUInt32T;
  if constexpr (std::is_same_v<T, uint64_t>) return OptionType::kUInt64T;
  if constexpr (std::is_same_v<T, double>) return OptionType::kDouble;
  if constexpr (std::is_same_v<T, std::string>) return OptionType::kString;
  if constexpr (std::is_same_v<T, rocksdb::CompactionStyle>) return OptionType::kCompactionStyle;
  if constexpr (std::is_same_v<T, rocksdb::CompactionPri>) return OptionType::kCompactionPri;
  if constexpr (std::is_same_v<T, rocksdb::CompactionStopStyle>) return OptionType::kCompactionStopStyle;
  if constexpr (std::is_same_v<T, rocksdb::CompressionType>) return OptionType::kCompressionType;
  if constexpr (std::is_same_v<T, rocksdb::ChecksumType>) return OptionType::kChecksumType;
  if constexpr (std::is_same_v<T, rocksdb::EncodingType>) return OptionType::kEncodingType;
  if constexpr (std::is_same_v<T, rocksdb::Temperature>) return OptionType::kTemperature;
  return OptionType::kUnknown;
}

// A field of `Struct`, whose members may come from its base class.
template <class Struct, class Base, class Member>
rocksdb::OptionTypeInfo FieldOf(Member Base::*field, rocksdb::OptionTypeFlags flags = rocksdb::OptionTypeFlags::kNone) {
  const int offset = OffsetOf<Struct>(field);
  if constexpr (ScalarType<Member>() != rocksdb::OptionType::kUnknown) {
    return {offset, ScalarType<Member>(), rocksdb::OptionVerificationType::kNormal, flags};
  } else {
    static_assert(std::is_enum_v<Member>, "objects and vectors have factories of their own");
    return rocksdb::OptionTypeInfo::Enum<Member>(offset, &EnumNames<Member>(), flags);
  }
}

template <class Struct, class Member>
rocksdb::OptionTypeInfo Field(Member Struct::*field, rocksdb::OptionTypeFlags flags = rocksdb::OptionTypeFlags::kNone) {
  return FieldOf<Struct>(field, flags);
}

// A name that older releases wrote: accepted in files and ignored.
inline rocksdb::OptionTypeInfo Retired(rocksdb::OptionTypeFlags flags = rocksdb::OptionTypeFlags::kNone) {
  return {0, rocksdb::OptionType::kUnknown, rocksdb::OptionVerificationType::kDeprecated, flags};
}

// The two option structs as Configurables, over a copy of their argument. `texts`, if given, must outlive the result:
// objects that cannot be compared by value are then compared by what the file says of them.
std::unique_ptr<rocksdb::Configurable> AsConfigurable(const rocksdb::DBOptions& options,
                                                      const StringMap* texts = nullptr);
std::unique_ptr<rocksdb::Configurable> AsConfigurable(const rocksdb::ColumnFamilyOptions& options,
                                                      const StringMap* texts = nullptr);
// The names under which GetOptions() of those answers.
inline constexpr char kDbOptionsName[] = "DBOptions";
inline constexpr char kCfOptionsName[] = "ColumnFamilyOptions";

// The fields that may change while a database is open, and those that may not.
const OptionMap& MutableDbFields();
const OptionMap& ImmutableDbFields();
const OptionMap& MutableCfFields();
const OptionMap& ImmutableCfFields();

}  // namespace gneiss::compat
