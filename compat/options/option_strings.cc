// The string functions of convenience.h: options from text and back, through the tables of names.
#include <rocksdb/convenience.h>
#include <rocksdb/options.h>
#include <rocksdb/utilities/options_type.h>

#include <set>

#include "compat/options/enum_names.h"
#include "compat/options/option_field.h"

namespace rocksdb {

using gneiss::compat::AsConfigurable;
using gneiss::compat::kCfOptionsName;
using gneiss::compat::kDbOptionsName;
using gneiss::compat::StringMap;

namespace {

// These functions know one kind of failure.
Status AsInvalidArgument(const Status& s) {
  return s.ok() || s.IsInvalidArgument() ? s : Status::InvalidArgument(s.getState());
}

// The settings of the functions that take no ConfigOptions: plain text, nothing ignored.
template <class Base>
ConfigOptions PlainText(const Base& base) {
  ConfigOptions how(base);
  how.input_strings_escaped = false;
  how.ignore_unknown_options = false;
  return how;
}

template <class Struct>
Status FromMap(const ConfigOptions& how, const Struct& base, const char* name, const StringMap& values,
               Struct* result) {
  const auto config = AsConfigurable(base);
  Status s = config->ConfigureFromMap(how, values);
  // `result` may be `base`, so it is written last.
  *result = s.ok() ? *config->template GetOptions<Struct>(name) : Struct(base);
  return AsInvalidArgument(s);
}

}  // namespace

// ---- DBOptions ----

Status GetDBOptionsFromMap(const ConfigOptions& cfg_options, const DBOptions& base_options,
                           const std::unordered_map<std::string, std::string>& opts_map, DBOptions* new_options) {
  return FromMap(cfg_options, base_options, kDbOptionsName, opts_map, new_options);
}

Status GetDBOptionsFromMap(const DBOptions& base_options, const std::unordered_map<std::string, std::string>& opts_map,
                           DBOptions* new_options, bool input_strings_escaped, bool ignore_unknown_options) {
  ConfigOptions how(base_options);
  how.input_strings_escaped = input_strings_escaped;
  how.ignore_unknown_options = ignore_unknown_options;
  return GetDBOptionsFromMap(how, base_options, opts_map, new_options);
}

Status GetDBOptionsFromString(const ConfigOptions& config_options, const DBOptions& base_options,
                              const std::string& opts_str, DBOptions* new_options) {
  StringMap values;
  Status s = StringToMap(opts_str, &values);
  if (s.ok()) return GetDBOptionsFromMap(config_options, base_options, values, new_options);
  *new_options = base_options;
  return s;
}

Status GetDBOptionsFromString(const DBOptions& base_options, const std::string& opts_str, DBOptions* new_options) {
  return GetDBOptionsFromString(PlainText(base_options), base_options, opts_str, new_options);
}

Status GetStringFromDBOptions(const ConfigOptions& config_options, const DBOptions& db_options, std::string* opts_str) {
  return AsConfigurable(db_options)->GetOptionString(config_options, opts_str);
}

Status GetStringFromDBOptions(std::string* opts_str, const DBOptions& db_options, const std::string& delimiter) {
  ConfigOptions how(db_options);
  how.delimiter = delimiter;
  return GetStringFromDBOptions(how, db_options, opts_str);
}

// ---- ColumnFamilyOptions ----

Status GetColumnFamilyOptionsFromMap(const ConfigOptions& config_options, const ColumnFamilyOptions& base_options,
                                     const std::unordered_map<std::string, std::string>& opts_map,
                                     ColumnFamilyOptions* new_options) {
  return FromMap(config_options, base_options, kCfOptionsName, opts_map, new_options);
}

Status GetColumnFamilyOptionsFromMap(const ColumnFamilyOptions& base_options,
                                     const std::unordered_map<std::string, std::string>& opts_map,
                                     ColumnFamilyOptions* new_options, bool input_strings_escaped,
                                     bool ignore_unknown_options) {
  ConfigOptions how;
  how.input_strings_escaped = input_strings_escaped;
  how.ignore_unknown_options = ignore_unknown_options;
  return GetColumnFamilyOptionsFromMap(how, base_options, opts_map, new_options);
}

Status GetColumnFamilyOptionsFromString(const ConfigOptions& config_options, const ColumnFamilyOptions& base_options,
                                        const std::string& opts_str, ColumnFamilyOptions* new_options) {
  StringMap values;
  Status s = StringToMap(opts_str, &values);
  if (s.ok()) return GetColumnFamilyOptionsFromMap(config_options, base_options, values, new_options);
  *new_options = base_options;
  return s;
}

Status GetColumnFamilyOptionsFromString(const ColumnFamilyOptions& base_options, const std::string& opts_str,
                                        ColumnFamilyOptions* new_options) {
  return GetColumnFamilyOptionsFromString(PlainText(DBOptions()), base_options, opts_str, new_options);
}

Status GetStringFromColumnFamilyOptions(const ConfigOptions& config_options, const ColumnFamilyOptions& cf_options,
                                        std::string* opts_str) {
  return AsConfigurable(cf_options)->GetOptionString(config_options, opts_str);
}

Status GetStringFromColumnFamilyOptions(std::string* opts_str, const ColumnFamilyOptions& cf_options,
                                        const std::string& delimiter) {
  ConfigOptions how;
  how.delimiter = delimiter;
  return GetStringFromColumnFamilyOptions(how, cf_options, opts_str);
}

// ---- both ----

// What DBOptions do not know is left for the column family's.
Status GetOptionsFromString(const ConfigOptions& config_options, const Options& base_options,
                            const std::string& opts_str, Options* new_options) {
  const Options base = base_options;
  *new_options = base;
  StringMap values;
  Status s = StringToMap(opts_str, &values);
  if (!s.ok()) return s;
  StringMap cf_values;
  const auto db_config = AsConfigurable(static_cast<const DBOptions&>(base));
  s = db_config->ConfigureFromMap(config_options, values, &cf_values);
  ColumnFamilyOptions cf_options(base);
  if (s.ok() && !cf_values.empty()) {
    s = GetColumnFamilyOptionsFromMap(config_options, base, cf_values, &cf_options);
  }
  if (s.ok()) *new_options = Options(*db_config->GetOptions<DBOptions>(kDbOptionsName), cf_options);
  return AsInvalidArgument(s);
}

Status GetOptionsFromString(const Options& base_options, const std::string& opts_str, Options* new_options) {
  return GetOptionsFromString(PlainText(static_cast<const DBOptions&>(base_options)), base_options, opts_str,
                              new_options);
}

Status GetStringFromCompressionType(std::string* compression_str, CompressionType compression_type) {
  return SerializeEnum(gneiss::compat::EnumNames<CompressionType>(), compression_type, compression_str)
             ? Status::OK()
             : Status::InvalidArgument("Invalid compression types");
}

std::vector<CompressionType> GetSupportedCompressions() {
  std::set<CompressionType> available;
  for (const auto& [name, type] : gneiss::compat::EnumNames<CompressionType>()) {
    if (gneiss::compat::CompressionIsAvailable(type)) available.insert(type);
  }
  return {available.begin(), available.end()};
}

}  // namespace rocksdb
