// Configurable and Customizable: an object that is set, printed and compared through its registered option tables.
#include <rocksdb/configurable.h>
#include <rocksdb/convenience.h>
#include <rocksdb/customizable.h>
#include <rocksdb/utilities/options_type.h>
#include <unistd.h>

#include <set>
#include <sstream>

#include "compat/options/option_field.h"
#include "compat/options/text.h"

namespace rocksdb {

using gneiss::compat::EndsWith;
using gneiss::compat::kNullText;
using gneiss::compat::OptionMap;
using gneiss::compat::StartsWith;
using gneiss::compat::StringMap;

// Configurable names this class as its friend; it holds what works on the registered tables of any Configurable.
class ConfigurableHelper {
 public:
  using Table = Configurable::RegisteredOptions;

  static Status SetMany(const ConfigOptions& how, Configurable& target, StringMap* pending);
  static Status SetOne(const ConfigOptions& how, Configurable& target, const std::string& name,
                       const std::string& value);
  static Status Print(const ConfigOptions& how, const Configurable& source, const std::string& prefix,
                      std::string* text);
  static Status PrintOne(const ConfigOptions& how, const Configurable& source, const std::string& name,
                         std::string* value);
  static bool AreEqual(const ConfigOptions& how, const Configurable& a, const Configurable& b, std::string* mismatch);

 private:
  // One assignment: the name as given (without the object's own name), the element it addresses, and the value.
  struct Assignment {
    const OptionTypeInfo& info;
    std::string name;
    std::string element;
    const std::string& value;
    void* options;
  };

  static Status SetFromTable(const ConfigOptions& how, Configurable& target, const Table& table, StringMap* pending);
  static Status Set(const ConfigOptions& how, Configurable& target, const Assignment& what);
  static Status SetObject(const ConfigOptions& how, Configurable& target, const Assignment& what);
  static Status SetInsideFixedObject(const ConfigOptions& how, const Assignment& what, Customizable* object);
  static const OptionTypeInfo* Find(const Configurable& owner, const std::string& name, std::string* element,
                                    void** options);
  static Status PrintEntry(const ConfigOptions& how, const OptionTypeInfo& info, const std::string& name,
                           const void* options, std::string* value);
};

namespace {

bool IsIdName(const std::string& name) {
  return name == OptionTypeInfo::kIdPropName() || EndsWith(name, OptionTypeInfo::kIdPropSuffix());
}

Status NotChangeable(const std::string& name) { return Status::InvalidArgument("Option not changeable: " + name); }

ConfigOptions Embedded(const ConfigOptions& how) {
  ConfigOptions embedded = how;
  embedded.delimiter = ";";
  return embedded;
}

// A mutable option makes everything inside it mutable.
ConfigOptions InsideMutable(const ConfigOptions& how) {
  ConfigOptions inside = how;
  inside.mutable_options_only = false;
  return inside;
}

}  // namespace

// Takes the names that it knows out of *pending. On an error the other names of the same table are still tried.
Status ConfigurableHelper::SetMany(const ConfigOptions& how, Configurable& target, StringMap* pending) {
  for (const Table& table : target.options_) {
    if (table.type_map == nullptr) continue;
    Status s = SetFromTable(how, target, table, pending);
    if (!s.ok() || pending->empty()) return s;
  }
  return Status::OK();
}

// Some options only make sense after others ("x.y" after the x that has a y), so names that are not found or not
// supported are tried again as long as a round sets anything.
Status ConfigurableHelper::SetFromTable(const ConfigOptions& how, Configurable& target, const Table& table,
                                        StringMap* pending) {
  Status last_error;
  Status unsupported;
  std::set<std::string> unsupported_names;
  bool progress = true;
  while (progress && !pending->empty()) {
    progress = false;
    unsupported = Status::OK();
    for (auto entry = pending->begin(); entry != pending->end();) {
      const std::string name = target.GetOptionName(entry->first);
      std::string element;
      const OptionTypeInfo* info = OptionTypeInfo::Find(name, *table.type_map, &element);
      Status s =
          info == nullptr ? Status::NotFound() : Set(how, target, {*info, name, element, entry->second, table.opt_ptr});
      if (s.IsNotFound()) {
        ++entry;
      } else if (s.IsNotSupported()) {
        unsupported = s;
        unsupported_names.insert(entry->first);
        ++entry;
      } else {
        progress = true;
        if (!s.ok()) last_error = s;
        entry = pending->erase(entry);
      }
    }
  }
  for (const std::string& name : unsupported_names) pending->erase(name);
  if (how.ignore_unknown_options) return Status::OK();
  if (!last_error.ok()) return last_error;
  return how.ignore_unsupported_options ? Status::OK() : unsupported;
}

Status ConfigurableHelper::SetOne(const ConfigOptions& how, Configurable& target, const std::string& name,
                                  const std::string& value) {
  const std::string short_name = target.GetOptionName(name);
  std::string element;
  void* options = nullptr;
  const OptionTypeInfo* info = Find(target, short_name, &element, &options);
  if (info == nullptr) return Status::NotFound("Could not find option: ", name);
  return Set(how, target, {*info, short_name, element, value, options});
}

Status ConfigurableHelper::Set(const ConfigOptions& how, Configurable& target, const Assignment& what) {
  if (what.info.IsCustomizable()) return SetObject(how, target, what);
  if (what.name != what.element && !what.info.IsStruct() && !what.info.IsConfigurable()) {
    return Status::NotFound("Could not find option: ", what.element);
  }
  return target.ParseOption(how, what.info, what.element, what.value, what.options);
}

// An option that is an object: the assignment may replace it, or set something inside the object there is.
Status ConfigurableHelper::SetObject(const ConfigOptions& how, Configurable& target, const Assignment& what) {
  auto* object = what.info.AsRawPointer<Customizable>(what.options);
  if (!what.info.IsMutable() && how.mutable_options_only) return SetInsideFixedObject(how, what, object);

  const ConfigOptions inside = what.info.IsMutable() ? InsideMutable(how) : how;
  if (what.name == what.element || IsIdName(what.element) || EndsWith(what.name, OptionTypeInfo::kIdPropSuffix())) {
    return target.ParseOption(inside, what.info, what.element, what.value, what.options);
  }
  if (what.value.empty()) return Status::OK();
  if (object == nullptr || !StartsWith(what.element, object->GetId() + ".")) {
    return target.ParseOption(inside, what.info, what.element, what.value, what.options);
  }
  return what.value.find('=') != std::string::npos ? object->ConfigureFromString(inside, what.value)
                                                   : object->ConfigureOption(inside, what.element, what.value);
}

// Only mutable options may change and the object itself is not: it must stay, but its own options may be mutable.
Status ConfigurableHelper::SetInsideFixedObject(const ConfigOptions& how, const Assignment& what,
                                                Customizable* object) {
  if (object == nullptr) return what.value.empty() ? Status::OK() : NotChangeable(what.name);
  if (EndsWith(what.name, OptionTypeInfo::kIdPropSuffix()) || what.element == OptionTypeInfo::kIdPropName()) {
    return object->GetId() == what.value ? Status::OK() : NotChangeable(what.name);
  }
  if (what.name != what.element) return object->ConfigureOption(how, what.element, what.value);

  StringMap properties;
  std::string id;
  Status s = Configurable::GetOptionsMap(what.value, object->GetId(), &id, &properties);
  if (!s.ok()) return s;
  if (object->GetId() != id) return NotChangeable(what.name);
  return properties.empty() ? Status::OK() : object->ConfigureFromMap(how, properties);
}

const OptionTypeInfo* ConfigurableHelper::Find(const Configurable& owner, const std::string& name, std::string* element,
                                               void** options) {
  for (const Table& table : owner.options_) {
    if (table.type_map == nullptr) continue;
    if (const OptionTypeInfo* info = OptionTypeInfo::Find(name, *table.type_map, element)) {
      *options = table.opt_ptr;
      return info;
    }
  }
  return nullptr;
}

// Leaves *value empty when the option is not to be shown.
Status ConfigurableHelper::PrintEntry(const ConfigOptions& how, const OptionTypeInfo& info, const std::string& name,
                                      const void* options, std::string* value) {
  if (!how.mutable_options_only) return info.Serialize(how, name, options, value);
  if (info.IsMutable()) return info.Serialize(InsideMutable(how), name, options, value);
  const bool may_hold_mutable_options =
      info.IsConfigurable() && (how.IsDetailed() || !info.IsEnabled(OptionTypeFlags::kStringNameOnly));
  return may_hold_mutable_options ? info.Serialize(how, name, options, value) : Status::OK();
}

Status ConfigurableHelper::Print(const ConfigOptions& how, const Configurable& source, const std::string& prefix,
                                 std::string* text) {
  for (const Table& table : source.options_) {
    if (table.type_map == nullptr) continue;
    for (const auto& [name, info] : *table.type_map) {
      if (!info.ShouldSerialize()) continue;
      std::string value;
      Status s = PrintEntry(how, info, prefix + name, table.opt_ptr, &value);
      if (!s.ok()) return s;
      if (!value.empty()) text->append(prefix).append(name).append("=").append(value).append(how.delimiter);
    }
  }
  return Status::OK();
}

Status ConfigurableHelper::PrintOne(const ConfigOptions& how, const Configurable& source, const std::string& name,
                                    std::string* value) {
  value->clear();
  std::string element;
  void* options = nullptr;
  const OptionTypeInfo* info = Find(source, name, &element, &options);
  if (info != nullptr) {
    if (name == element || info->IsStruct()) return info->Serialize(Embedded(how), element, options, value);
    const auto* object = info->IsConfigurable() ? info->AsRawPointer<Configurable>(options) : nullptr;
    if (object != nullptr) return object->GetOption(Embedded(how), element, value);
  }
  return Status::NotFound("Cannot find option: ", name);
}

bool ConfigurableHelper::AreEqual(const ConfigOptions& how, const Configurable& a, const Configurable& b,
                                  std::string* mismatch) {
  for (const Table& table : a.options_) {
    const void* options_a = a.GetOptionsPtr(table.name);
    const void* options_b = b.GetOptionsPtr(table.name);
    if (options_a == options_b) continue;
    if (options_a == nullptr || options_b == nullptr) return false;
    if (table.type_map == nullptr) continue;
    for (const auto& [name, info] : *table.type_map) {
      if (!how.IsCheckEnabled(info.GetSanityLevel())) continue;
      if (how.mutable_options_only && !info.IsMutable()) continue;
      const ConfigOptions inside = how.mutable_options_only ? InsideMutable(how) : how;
      if (!a.OptionsAreEqual(inside, info, name, options_a, options_b, mismatch)) return false;
    }
  }
  return true;
}

// ---- Configurable ----

void Configurable::RegisterOptions(const std::string& name, void* opt_ptr,
                                   const std::unordered_map<std::string, OptionTypeInfo>* opt_map) {
  options_.push_back({name, opt_ptr, opt_map});
}

const void* Configurable::GetOptionsPtr(const std::string& name) const {
  for (const auto& table : options_) {
    if (table.name == name) return table.opt_ptr;
  }
  return nullptr;
}

std::string Configurable::GetOptionName(const std::string& long_name) const { return long_name; }

Status Configurable::PrepareOptions(const ConfigOptions& config_options) {
  for (const auto& table : options_) {
    if (table.type_map == nullptr) continue;
    for (const auto& [name, info] : *table.type_map) {
      Status s = info.Prepare(config_options, name, table.opt_ptr);
      if (!s.ok()) return s;
    }
  }
  return Status::OK();
}

Status Configurable::ValidateOptions(const DBOptions& db_opts, const ColumnFamilyOptions& cf_opts) const {
  for (const auto& table : options_) {
    if (table.type_map == nullptr) continue;
    for (const auto& [name, info] : *table.type_map) {
      Status s = info.Validate(db_opts, cf_opts, name, table.opt_ptr);
      if (!s.ok()) return s;
    }
  }
  return Status::OK();
}

Status Configurable::ConfigureFromMap(const ConfigOptions& config_options,
                                      const std::unordered_map<std::string, std::string>& opt_map) {
  return ConfigureOptions(config_options, opt_map, nullptr);
}

Status Configurable::ConfigureFromMap(const ConfigOptions& config_options,
                                      const std::unordered_map<std::string, std::string>& opt_map,
                                      std::unordered_map<std::string, std::string>* unused) {
  return ConfigureOptions(config_options, opt_map, unused);
}

// All or nothing, as far as text can restore the object: 1. remember it as text, 2. set, 3. prepare, 4. on failure
// set it back.
Status Configurable::ConfigureOptions(const ConfigOptions& config_options,
                                      const std::unordered_map<std::string, std::string>& opts_map,
                                      std::unordered_map<std::string, std::string>* unused) {
  std::string before;
  Status s;
  if (!opts_map.empty()) {
    ConfigOptions how = config_options;
    how.invoke_prepare_options = false;
    if (!config_options.ignore_unknown_options) {
      how.depth = ConfigOptions::kDepthDetailed;
      how.delimiter = "; ";
      // What cannot be printed cannot be restored either; then there is nothing to go back to.
      if (!GetOptionString(how, &before).ok()) before.clear();
    }
    StringMap pending = opts_map;
    s = ConfigurableHelper::SetMany(how, *this, &pending);
    if (unused != nullptr) unused->insert(pending.begin(), pending.end());
    if (config_options.ignore_unknown_options) {
      s = Status::OK();
    } else if (s.ok() && unused == nullptr && !pending.empty()) {
      s = Status::NotFound("Could not find option: ", pending.begin()->first);
    }
  }
  if (s.ok() && config_options.invoke_prepare_options) s = PrepareOptions(config_options);
  if (!s.ok() && !before.empty()) {
    ConfigOptions how = config_options;
    how.ignore_unknown_options = true;
    how.ignore_unsupported_options = true;
    how.invoke_prepare_options = true;
    ConfigureFromString(how, before).PermitUncheckedError();
  }
  return s;
}

Status Configurable::ParseStringOptions(const ConfigOptions&, const std::string&) { return Status::OK(); }

Status Configurable::ConfigureFromString(const ConfigOptions& config_options, const std::string& opts) {
  if (opts.find_first_of(";=") != std::string::npos) {
    StringMap map;
    Status s = StringToMap(opts, &map);
    return s.ok() ? ConfigureFromMap(config_options, map, nullptr) : s;
  }
  Status s = opts.empty() ? Status::OK() : ParseStringOptions(config_options, opts);
  if (s.ok() && config_options.invoke_prepare_options) s = PrepareOptions(config_options);
  return s;
}

Status Configurable::ConfigureOption(const ConfigOptions& config_options, const std::string& name,
                                     const std::string& value) {
  return ConfigurableHelper::SetOne(config_options, *this, name, value);
}

Status Configurable::ParseOption(const ConfigOptions& config_options, const OptionTypeInfo& opt_info,
                                 const std::string& opt_name, const std::string& opt_value, void* opt_ptr) {
  if (!config_options.mutable_options_only) return opt_info.Parse(config_options, opt_name, opt_value, opt_ptr);
  if (!opt_info.IsMutable()) return NotChangeable(opt_name);
  return opt_info.Parse(InsideMutable(config_options), opt_name, opt_value, opt_ptr);
}

Status Configurable::GetOptionString(const ConfigOptions& config_options, std::string* result) const {
  result->clear();
  return ConfigurableHelper::Print(config_options, *this, "", result);
}

std::string Configurable::ToString(const ConfigOptions& config_options, const std::string& prefix) const {
  std::string text = SerializeOptions(config_options, prefix);
  return text.find('=') == std::string::npos ? text : "{" + text + "}";
}

std::string Configurable::SerializeOptions(const ConfigOptions& config_options, const std::string& header) const {
  std::string text;
  ConfigurableHelper::Print(config_options, *this, header, &text).PermitUncheckedError();
  return text;
}

Status Configurable::GetOption(const ConfigOptions& config_options, const std::string& name, std::string* value) const {
  return ConfigurableHelper::PrintOne(config_options, *this, GetOptionName(name), value);
}

Status Configurable::GetOptionNames(const ConfigOptions& config_options,
                                    std::unordered_set<std::string>* result) const {
  for (const auto& table : options_) {
    if (table.type_map == nullptr) continue;
    for (const auto& [name, info] : *table.type_map) {
      if (info.IsDeprecated() || info.IsAlias()) continue;
      if (!config_options.mutable_options_only || info.IsMutable()) result->insert(name);
    }
  }
  return Status::OK();
}

bool Configurable::AreEquivalent(const ConfigOptions& config_options, const Configurable* other,
                                 std::string* name) const {
  name->clear();
  if (this == other || config_options.IsCheckDisabled()) return true;
  return other != nullptr && ConfigurableHelper::AreEqual(config_options, *this, *other, name);
}

bool Configurable::OptionsAreEqual(const ConfigOptions& config_options, const OptionTypeInfo& opt_info,
                                   const std::string& name, const void* const this_ptr, const void* const that_ptr,
                                   std::string* bad_name) const {
  if (opt_info.AreEqual(config_options, name, this_ptr, that_ptr, bad_name)) return true;
  if (!opt_info.AreEqualByName(config_options, name, this_ptr, that_ptr)) return false;
  bad_name->clear();
  return true;
}

// "name" or "id=name;a=b": text that is neither is taken as a name.
Status Configurable::GetOptionsMap(const std::string& opt_value, const std::string& default_id, std::string* id,
                                   std::unordered_map<std::string, std::string>* options) {
  if (opt_value.empty() || opt_value == kNullText) {
    *id = default_id;
    return Status::OK();
  }
  *id = opt_value;
  if (opt_value.find('=') == std::string::npos) return Status::OK();
  if (!StringToMap(opt_value, options).ok()) {
    options->clear();
    return Status::OK();
  }
  if (const auto given = options->find(OptionTypeInfo::kIdPropName()); given != options->end()) {
    *id = given->second == kNullText ? "" : given->second;
    options->erase(given);
  } else if (!default_id.empty()) {
    *id = default_id;
  } else {
    options->clear();
  }
  return Status::OK();
}

// ---- Customizable ----

std::string Customizable::GetOptionName(const std::string& long_name) const {
  const std::string own = std::string(Name()) + ".";
  if (long_name.size() > own.size() && StartsWith(long_name, own)) return long_name.substr(own.size());
  return Configurable::GetOptionName(long_name);
}

std::string Customizable::GenerateIndividualId() const {
  std::ostringstream text;
  text << Name() << "@" << static_cast<const void*>(this) << "#" << getpid();
  return text.str();
}

Status Customizable::GetOption(const ConfigOptions& config_options, const std::string& name, std::string* value) const {
  if (name != OptionTypeInfo::kIdPropName()) return Configurable::GetOption(config_options, name, value);
  *value = GetId();
  return Status::OK();
}

std::string Customizable::SerializeOptions(const ConfigOptions& options, const std::string& prefix) const {
  const std::string id = GetId();
  const std::string own = options.IsShallow() || id.empty() ? "" : Configurable::SerializeOptions(options, "");
  return own.empty() ? id : prefix + OptionTypeInfo::kIdPropName() + "=" + id + options.delimiter + own;
}

bool Customizable::AreEquivalent(const ConfigOptions& config_options, const Configurable* other,
                                 std::string* mismatch) const {
  if (config_options.IsCheckDisabled() || this == other) return true;
  const auto* custom = static_cast<const Customizable*>(other);
  if (custom == nullptr) return false;
  if (GetId() != custom->GetId()) {
    *mismatch = OptionTypeInfo::kIdPropName();
    return false;
  }
  if (config_options.sanity_level <= ConfigOptions::kSanityLevelLooselyCompatible) return true;
  return Configurable::AreEquivalent(config_options, other, mismatch);
}

// An object that is replaced by one of its kind hands its options on, where the new text says nothing else.
Status Customizable::GetOptionsMap(const ConfigOptions& config_options, const Customizable* custom,
                                   const std::string& opt_value, std::string* id,
                                   std::unordered_map<std::string, std::string>* options) {
  if (opt_value.empty() || opt_value == kNullText) {
    id->clear();
    options->clear();
    return Status::OK();
  }
  if (custom == nullptr) return Configurable::GetOptionsMap(opt_value, "", id, options);
  Status s = Configurable::GetOptionsMap(opt_value, custom->GetId(), id, options);
  if (!s.ok() || !custom->IsInstanceOf(*id)) return s;
  std::string text;
  StringMap current;
  if (custom->GetOptionString(Embedded(config_options), &text).ok() && StringToMap(text, &current).ok()) {
    options->insert(current.begin(), current.end());
  }
  return s;
}

Status Customizable::ConfigureNewObject(const ConfigOptions& config_options, Customizable* object,
                                        const std::unordered_map<std::string, std::string>& options) {
  if (object != nullptr) return object->ConfigureFromMap(config_options, options);
  return options.empty() ? Status::OK() : Status::InvalidArgument("Cannot configure null object ");
}

}  // namespace rocksdb
