// OptionTypeInfo: reading, printing and comparing one named option, and StringToMap under it all.
#include <rocksdb/convenience.h>
#include <rocksdb/customizable.h>
#include <rocksdb/utilities/options_type.h>

#include <cmath>
#include <cstring>
#include <exception>

#include "compat/options/enum_names.h"
#include "compat/options/option_field.h"
#include "compat/options/text.h"

namespace gneiss::compat {

namespace {

using rocksdb::OptionType;

// How values of one OptionType are read, printed and compared. Fields may be unaligned inside user structs, hence
// memcpy.
struct ScalarCodec {
  bool (*parse)(const std::string& text, void* field);
  bool (*print)(const void* field, std::string* text);
  bool (*equal)(const void* a, const void* b);
};

template <class T>
T Load(const void* field) {
  T value;
  std::memcpy(&value, field, sizeof(T));
  return value;
}

template <class T>
bool Store(T value, void* field) {
  std::memcpy(field, &value, sizeof(T));
  return true;
}

template <class T>
bool SameBytes(const void* a, const void* b) {
  return Load<T>(a) == Load<T>(b);
}

template <class T, auto kParse>
const ScalarCodec* NumberCodec() {
  static constexpr ScalarCodec codec = {
      [](const std::string& text, void* field) { return Store(static_cast<T>(kParse(text)), field); },
      [](const void* field, std::string* text) {
        *text = std::to_string(Load<T>(field));
        return true;
      },
      SameBytes<T>};
  return &codec;
}

template <class T>
const ScalarCodec* EnumCodec() {
  static constexpr ScalarCodec codec = {
      [](const std::string& text, void* field) { return ParseEnum<T>(EnumNames<T>(), text, static_cast<T*>(field)); },
      [](const void* field, std::string* text) { return SerializeEnum<T>(EnumNames<T>(), Load<T>(field), text); },
      SameBytes<T>};
  return &codec;
}

bool ParseBoolField(const std::string& text, void* field) { return Store(ParseBool(text), field); }
bool PrintBoolField(const void* field, std::string* text) {
  *text = Load<bool>(field) ? "true" : "false";
  return true;
}

bool ParseUint8Field(const std::string& text, void* field) {
  const uint64_t number = ParseUint64(text);
  if (number > 0xff) throw std::out_of_range(text);
  return Store(static_cast<uint8_t>(number), field);
}
bool PrintUint8Field(const void* field, std::string* text) {
  *text = std::to_string(Load<uint8_t>(field));
  return true;
}

bool ParseInt32Field(const std::string& text, void* field) {
  const int64_t number = ParseInt64(text);
  if (number != static_cast<int32_t>(number)) throw std::out_of_range(text);
  return Store(static_cast<int32_t>(number), field);
}
bool PrintInt32Field(const void* field, std::string* text) {
  *text = std::to_string(Load<int32_t>(field));
  return true;
}

bool ParseDoubleField(const std::string& text, void* field) { return Store(std::stod(text), field); }
bool PrintDoubleField(const void* field, std::string* text) {
  *text = std::to_string(Load<double>(field));
  return true;
}
// Text keeps six digits, so anything closer than that is the same option.
bool SameDouble(const void* a, const void* b) { return std::fabs(Load<double>(a) - Load<double>(b)) < 0.00001; }

const std::string& AsString(const void* field) { return *static_cast<const std::string*>(field); }
bool SameString(const void* a, const void* b) { return AsString(a) == AsString(b); }
bool ParseStringField(const std::string& text, void* field) {
  *static_cast<std::string*>(field) = text;
  return true;
}
bool PrintStringField(const void* field, std::string* text) {
  *text = EscapeOption(AsString(field));
  return true;
}
// Hexadecimal; text that is none leaves what was decoded before the mistake, as RocksDB leaves it.
bool ParseHexField(const std::string& text, void* field) {
  rocksdb::Slice(text).DecodeHex(static_cast<std::string*>(field));
  return true;
}
bool PrintHexField(const void* field, std::string* text) {
  *text = rocksdb::Slice(AsString(field)).ToString(/*hex=*/true);
  return true;
}

// Null for the types that are made of others or that have functions of their own.
const ScalarCodec* CodecOf(OptionType type) {
  static constexpr ScalarCodec kBool = {ParseBoolField, PrintBoolField, SameBytes<bool>};
  static constexpr ScalarCodec kUint8 = {ParseUint8Field, PrintUint8Field, SameBytes<uint8_t>};
  static constexpr ScalarCodec kInt32 = {ParseInt32Field, PrintInt32Field, SameBytes<int32_t>};
  static constexpr ScalarCodec kDouble = {ParseDoubleField, PrintDoubleField, SameDouble};
  static constexpr ScalarCodec kText = {ParseStringField, PrintStringField, SameString};
  static constexpr ScalarCodec kHex = {ParseHexField, PrintHexField, SameString};
  switch (type) {
    case OptionType::kBoolean:
      return &kBool;
    case OptionType::kInt:
      return NumberCodec<int, ParseInt>();
    case OptionType::kInt32T:
      return &kInt32;
    case OptionType::kInt64T:
      return NumberCodec<int64_t, ParseInt64>();
    case OptionType::kUInt:
    case OptionType::kUInt32T:
      return NumberCodec<uint32_t, ParseUint32>();
    case OptionType::kUInt8T:
      return &kUint8;
    case OptionType::kUInt64T:
    case OptionType::kSizeT:
      return NumberCodec<uint64_t, ParseUint64>();
    case OptionType::kString:
      return &kText;
    case OptionType::kEncodedString:
      return &kHex;
    case OptionType::kDouble:
      return &kDouble;
    case OptionType::kCompactionStyle:
      return EnumCodec<rocksdb::CompactionStyle>();
    case OptionType::kCompactionPri:
      return EnumCodec<rocksdb::CompactionPri>();
    case OptionType::kCompressionType:
      return EnumCodec<rocksdb::CompressionType>();
    case OptionType::kCompactionStopStyle:
      return EnumCodec<rocksdb::CompactionStopStyle>();
    case OptionType::kChecksumType:
      return EnumCodec<rocksdb::ChecksumType>();
    case OptionType::kEncodingType:
      return EnumCodec<rocksdb::EncodingType>();
    case OptionType::kTemperature:
      return EnumCodec<rocksdb::Temperature>();
    default:
      return nullptr;
  }
}
static_assert(sizeof(size_t) == sizeof(uint64_t) && sizeof(unsigned) == sizeof(uint32_t));

// Where the brace at `open` is closed, or npos.
size_t MatchingBrace(const std::string& text, size_t open) {
  int depth = 0;
  for (size_t i = open; i < text.size(); ++i) {
    if (text[i] == '{') ++depth;
    if (text[i] == '}' && --depth == 0) return i;
  }
  return std::string::npos;
}

size_t SkipSpaces(const std::string& text, size_t at) {
  while (at < text.size() && std::isspace(static_cast<unsigned char>(text[at])) != 0) ++at;
  return at;
}

// A struct option is addressed as a whole ("opts" or "x.opts"), by one field under its name ("opts.field"), or by the
// bare field. `field` is what Find() should look for when it is not the whole.
struct StructAddress {
  bool is_whole;
  bool is_qualified;
  std::string field;
};

StructAddress ResolveStruct(const std::string& struct_name, const std::string& name, bool is_whole) {
  if (is_whole) return {true, false, ""};
  const std::string prefix = struct_name + ".";
  if (StartsWith(name, prefix)) return {false, true, name.substr(prefix.size())};
  return {false, false, name};
}

}  // namespace

}  // namespace gneiss::compat

namespace rocksdb {

using gneiss::compat::CodecOf;
using gneiss::compat::EndsWith;
using gneiss::compat::kNullText;
using gneiss::compat::ResolveStruct;
using gneiss::compat::StructAddress;
using gneiss::compat::TrimText;

Status StringToMap(const std::string& opts_str, std::unordered_map<std::string, std::string>* opts_map) {
  std::string text = TrimText(opts_str);
  while (text.size() > 2 && text.front() == '{' && text.back() == '}') text = TrimText(text.substr(1, text.size() - 2));

  size_t at = 0;
  while (at < text.size()) {
    const size_t equals = text.find_first_of("={};", at);
    if (equals == std::string::npos) return Status::InvalidArgument("Mismatched key value pair, '=' expected");
    if (text[equals] != '=') return Status::InvalidArgument("Unexpected char in key");
    const std::string key = TrimText(text.substr(at, equals - at));
    if (key.empty()) return Status::InvalidArgument("Empty key found");

    std::string value;
    Status s = OptionTypeInfo::NextToken(text, ';', equals + 1, &at, &value);
    if (!s.ok()) return s;
    (*opts_map)[key] = value;
    if (at == std::string::npos) break;
    ++at;
  }
  return Status::OK();
}

Status OptionTypeInfo::NextToken(const std::string& opts, char delimiter, size_t start, size_t* end,
                                 std::string* token) {
  const size_t at = gneiss::compat::SkipSpaces(opts, start);
  if (at >= opts.size()) {
    token->clear();
    *end = std::string::npos;
    return Status::OK();
  }
  if (opts[at] != '{') {
    *end = opts.find(delimiter, at);
    *token = TrimText(*end == std::string::npos ? opts.substr(at) : opts.substr(at, *end - at));
    return Status::OK();
  }
  const size_t close = gneiss::compat::MatchingBrace(opts, at);
  if (close == std::string::npos) return Status::InvalidArgument("Mismatched curly braces for nested options");
  *token = TrimText(opts.substr(at + 1, close - at - 1));
  *end = gneiss::compat::SkipSpaces(opts, close + 1);
  if (*end < opts.size() && opts[*end] != delimiter) {
    return Status::InvalidArgument("Unexpected chars after nested options");
  }
  return Status::OK();
}

Status OptionTypeInfo::Parse(const ConfigOptions& config_options, const std::string& opt_name,
                             const std::string& opt_value, void* const opt_ptr) const {
  if (IsDeprecated()) return Status::OK();
  if (opt_ptr == nullptr) return Status::NotFound("Could not find option", opt_name);
  const std::string value =
      config_options.input_strings_escaped ? gneiss::compat::UnescapeOption(opt_value) : opt_value;
  try {
    if (parse_func_ != nullptr) {
      ConfigOptions unprepared = config_options;
      unprepared.invoke_prepare_options = false;
      return parse_func_(unprepared, opt_name, value, GetOffset(opt_ptr));
    }
    const auto* codec = CodecOf(type_);
    if (codec != nullptr && codec->parse(value, GetOffset(opt_ptr))) return Status::OK();
    if (IsConfigurable()) {
      if (value.empty()) return Status::OK();
      auto* config = AsRawPointer<Configurable>(opt_ptr);
      if (config == nullptr) return Status::NotFound("Could not find configurable: ", opt_name);
      ConfigOptions strict = config_options;
      strict.ignore_unknown_options = false;
      strict.invoke_prepare_options = false;
      return value.find('=') != std::string::npos ? config->ConfigureFromString(strict, value)
                                                  : config->ConfigureOption(strict, opt_name, value);
    }
  } catch (const std::exception& e) {
    return Status::InvalidArgument("Error parsing " + opt_name + ":" + e.what());
  }
  if (IsByName()) return Status::NotSupported("Deserializing the option " + opt_name + " is not supported");
  return Status::InvalidArgument("Error parsing:", opt_name);
}

Status OptionTypeInfo::ParseType(const ConfigOptions& config_options, const std::string& opts_str,
                                 const std::unordered_map<std::string, OptionTypeInfo>& type_map, void* opt_addr,
                                 std::unordered_map<std::string, std::string>* unused) {
  std::unordered_map<std::string, std::string> opts_map;
  Status s = StringToMap(opts_str, &opts_map);
  return s.ok() ? ParseType(config_options, opts_map, type_map, opt_addr, unused) : s;
}

Status OptionTypeInfo::ParseType(const ConfigOptions& config_options,
                                 const std::unordered_map<std::string, std::string>& opts_map,
                                 const std::unordered_map<std::string, OptionTypeInfo>& type_map, void* opt_addr,
                                 std::unordered_map<std::string, std::string>* unused) {
  for (const auto& [name, value] : opts_map) {
    std::string field;
    const OptionTypeInfo* info = Find(name, type_map, &field);
    if (info != nullptr) {
      Status s = info->Parse(config_options, field, value, opt_addr);
      if (!s.ok()) return s;
    } else if (unused != nullptr) {
      (*unused)[name] = value;
    } else if (!config_options.ignore_unknown_options) {
      return Status::NotFound("Unrecognized option", name);
    }
  }
  return Status::OK();
}

Status OptionTypeInfo::ParseStruct(const ConfigOptions& config_options, const std::string& struct_name,
                                   const std::unordered_map<std::string, OptionTypeInfo>* map,
                                   const std::string& opt_name, const std::string& value, void* opt_addr) {
  const StructAddress address =
      ResolveStruct(struct_name, opt_name, opt_name == struct_name || EndsWith(opt_name, "." + struct_name));
  if (address.is_whole) {
    std::unordered_map<std::string, std::string> unused;
    Status s = ParseType(config_options, value, *map, opt_addr, &unused);
    if (!s.ok() || unused.empty()) return s;
    return Status::InvalidArgument("Unrecognized option", struct_name + "." + unused.begin()->first);
  }
  std::string field;
  const OptionTypeInfo* info = Find(address.field, *map, &field);
  if (info == nullptr) {
    return Status::InvalidArgument("Unrecognized option",
                                   address.is_qualified ? opt_name : struct_name + "." + opt_name);
  }
  return info->Parse(config_options, field, value, opt_addr);
}

namespace {

// "nullptr" for an absent object, its name, or its name and options, as the flags of the option ask.
std::string SerializeCustomizable(const ConfigOptions& config_options, const OptionTypeInfo& info,
                                  const Customizable* custom) {
  const bool may_show = info.IsMutable() || !config_options.mutable_options_only;
  if (custom == nullptr) return may_show ? kNullText : "";
  if (info.IsEnabled(OptionTypeFlags::kStringNameOnly) && !config_options.IsDetailed()) {
    return may_show ? custom->GetId() : "";
  }
  ConfigOptions embedded = config_options;
  embedded.delimiter = ";";
  if (info.IsMutable()) embedded.mutable_options_only = false;
  std::string value = custom->ToString(embedded);
  // A bare name is no mutable option.
  if (embedded.mutable_options_only && value.find('=') == std::string::npos) value.clear();
  return value;
}

}  // namespace

Status OptionTypeInfo::Serialize(const ConfigOptions& config_options, const std::string& opt_name,
                                 const void* const opt_ptr, std::string* opt_value) const {
  if (opt_ptr == nullptr || IsDeprecated()) return Status::OK();
  if (IsEnabled(OptionTypeFlags::kDontSerialize)) return Status::NotSupported("Cannot serialize option: ", opt_name);
  if (serialize_func_ != nullptr) return serialize_func_(config_options, opt_name, GetOffset(opt_ptr), opt_value);
  if (IsCustomizable()) {
    *opt_value = SerializeCustomizable(config_options, *this, AsRawPointer<Customizable>(opt_ptr));
    return Status::OK();
  }
  if (IsConfigurable()) {
    const auto* config = AsRawPointer<Configurable>(opt_ptr);
    if (config != nullptr) {
      ConfigOptions embedded = config_options;
      embedded.delimiter = ";";
      *opt_value = config->ToString(embedded);
    }
    return Status::OK();
  }
  if (config_options.mutable_options_only && !IsMutable()) return Status::OK();
  const auto* codec = CodecOf(type_);
  if (codec != nullptr && codec->print(GetOffset(opt_ptr), opt_value)) return Status::OK();
  return Status::InvalidArgument("Cannot serialize option: ", opt_name);
}

Status OptionTypeInfo::SerializeType(const ConfigOptions& config_options,
                                     const std::unordered_map<std::string, OptionTypeInfo>& type_map,
                                     const void* opt_addr, std::string* value) {
  for (const auto& [name, info] : type_map) {
    if (!info.ShouldSerialize()) continue;
    std::string text;
    Status s = info.Serialize(config_options, name, opt_addr, &text);
    if (!s.ok()) return s;
    value->append(name).append("=").append(text).append(config_options.delimiter);
  }
  return Status::OK();
}

Status OptionTypeInfo::SerializeStruct(const ConfigOptions& config_options, const std::string& struct_name,
                                       const std::unordered_map<std::string, OptionTypeInfo>* map,
                                       const std::string& opt_name, const void* opt_addr, std::string* value) {
  const StructAddress address = ResolveStruct(struct_name, opt_name, EndsWith(opt_name, struct_name));
  if (address.is_whole) {
    ConfigOptions embedded = config_options;
    embedded.delimiter = ";";
    std::string fields;
    Status s = SerializeType(embedded, *map, opt_addr, &fields);
    if (s.ok()) *value = "{" + fields + "}";
    return s;
  }
  std::string field;
  const OptionTypeInfo* info = Find(address.field, *map, &field);
  if (info == nullptr) return Status::InvalidArgument("Unrecognized option", opt_name);
  if (address.is_qualified) return info->Serialize(config_options, field, opt_addr, value);
  if (!info->ShouldSerialize()) return Status::OK();
  return info->Serialize(config_options, opt_name + "." + field, opt_addr, value);
}

namespace {

// Objects are compared no more strictly than their option asks.
bool ConfigurablesAreEqual(const ConfigOptions& config_options, ConfigOptions::SanityLevel level,
                           const std::string& name, const Configurable* a, const Configurable* b,
                           std::string* mismatch) {
  ConfigOptions bounded = config_options;
  if (level < bounded.sanity_level) bounded.sanity_level = level;
  std::string inner;
  if (a->AreEquivalent(bounded, b, &inner)) return true;
  *mismatch = name + "." + inner;
  return false;
}

}  // namespace

bool OptionTypeInfo::AreEqual(const ConfigOptions& config_options, const std::string& opt_name, const void* const addr1,
                              const void* const addr2, std::string* mismatch) const {
  const auto level = GetSanityLevel();
  if (!config_options.IsCheckEnabled(level) || addr1 == addr2) return true;
  if (addr1 != nullptr && addr2 != nullptr) {
    const void* field1 = GetOffset(addr1);
    const void* field2 = GetOffset(addr2);
    if (equals_func_ != nullptr) {
      if (equals_func_(config_options, opt_name, field1, field2, mismatch)) return true;
    } else if (const auto* codec = CodecOf(type_); codec != nullptr) {
      if (codec->equal(field1, field2)) return true;
    } else if (IsConfigurable()) {
      const auto* config1 = AsRawPointer<Configurable>(addr1);
      const auto* config2 = AsRawPointer<Configurable>(addr2);
      if (config1 == config2) return true;
      if (config1 != nullptr && config2 != nullptr) {
        return ConfigurablesAreEqual(config_options, level, opt_name, config1, config2, mismatch);
      }
    }
  }
  if (mismatch->empty()) *mismatch = opt_name;
  return false;
}

bool OptionTypeInfo::TypesAreEqual(const ConfigOptions& config_options,
                                   const std::unordered_map<std::string, OptionTypeInfo>& map, const void* this_addr,
                                   const void* that_addr, std::string* mismatch) {
  for (const auto& [name, info] : map) {
    if (!info.AreEqual(config_options, name, this_addr, that_addr, mismatch)) return false;
  }
  return true;
}

bool OptionTypeInfo::StructsAreEqual(const ConfigOptions& config_options, const std::string& struct_name,
                                     const std::unordered_map<std::string, OptionTypeInfo>* map,
                                     const std::string& opt_name, const void* this_offset, const void* that_offset,
                                     std::string* mismatch) {
  const StructAddress address = ResolveStruct(struct_name, opt_name, EndsWith(opt_name, struct_name));
  std::string inner;
  if (address.is_whole) {
    if (TypesAreEqual(config_options, *map, this_offset, that_offset, &inner)) return true;
    *mismatch = struct_name + "." + inner;
    return false;
  }
  std::string field;
  const OptionTypeInfo* info = Find(address.field, *map, &field);
  if (info == nullptr) {
    *mismatch = address.is_qualified ? opt_name : struct_name + "." + opt_name;
    return false;
  }
  if (info->AreEqual(config_options, field, this_offset, that_offset, &inner)) return true;
  *mismatch = struct_name + "." + inner;
  return false;
}

bool OptionTypeInfo::AreEqualByName(const ConfigOptions& config_options, const std::string& opt_name,
                                    const void* const this_ptr, const void* const that_ptr) const {
  std::string that_value;
  return IsByName() && Serialize(config_options, opt_name, that_ptr, &that_value).ok() &&
         AreEqualByName(config_options, opt_name, this_ptr, that_value);
}

bool OptionTypeInfo::AreEqualByName(const ConfigOptions& config_options, const std::string& opt_name,
                                    const void* const this_ptr, const std::string& that_value) const {
  std::string this_value;
  if (!IsByName() || !Serialize(config_options, opt_name, this_ptr, &this_value).ok()) return false;
  const bool null_matches_all =
      IsEnabled(OptionVerificationType::kByNameAllowFromNull) || IsEnabled(OptionVerificationType::kByNameAllowNull);
  return (null_matches_all && that_value == kNullText) || this_value == that_value;
}

Status OptionTypeInfo::Prepare(const ConfigOptions& config_options, const std::string& name, void* opt_ptr) const {
  if (!ShouldPrepare()) return Status::OK();
  if (prepare_func_ != nullptr) return prepare_func_(config_options, name, GetOffset(opt_ptr));
  auto* config = AsRawPointer<Configurable>(opt_ptr);
  if (config != nullptr) return config->PrepareOptions(config_options);
  return CanBeNull() ? Status::OK() : Status::NotFound("Missing configurable object", name);
}

Status OptionTypeInfo::Validate(const DBOptions& db_opts, const ColumnFamilyOptions& cf_opts, const std::string& name,
                                const void* opt_ptr) const {
  if (!ShouldValidate()) return Status::OK();
  if (validate_func_ != nullptr) return validate_func_(db_opts, cf_opts, name, GetOffset(opt_ptr));
  const auto* config = AsRawPointer<Configurable>(opt_ptr);
  if (config != nullptr) return config->ValidateOptions(db_opts, cf_opts);
  return CanBeNull() ? Status::OK() : Status::NotFound("Missing configurable object", name);
}

const OptionTypeInfo* OptionTypeInfo::Find(const std::string& opt_name,
                                           const std::unordered_map<std::string, OptionTypeInfo>& opt_map,
                                           std::string* elem_name) {
  if (const auto exact = opt_map.find(opt_name); exact != opt_map.end()) {
    *elem_name = opt_name;
    return &exact->second;
  }
  const size_t dot = opt_name.find('.');
  if (dot == 0 || dot == std::string::npos) return nullptr;
  const auto outer = opt_map.find(opt_name.substr(0, dot));
  if (outer == opt_map.end() || !(outer->second.IsStruct() || outer->second.IsConfigurable())) return nullptr;
  *elem_name = opt_name.substr(dot + 1);
  return &outer->second;
}

}  // namespace rocksdb
