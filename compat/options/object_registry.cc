// ObjectLibrary and ObjectRegistry: which factory makes the object that a text names.
#include <rocksdb/env.h>
#include <rocksdb/utilities/object_registry.h>

#include <cctype>

#include "compat/options/stock_objects.h"
#include "compat/options/text.h"

namespace rocksdb {

namespace {

// An optional minus, digits, and at most one point where `allow_point`.
bool IsNumber(const std::string& text, size_t begin, size_t end, bool allow_point) {
  if (begin < end && text[begin] == '-') ++begin;
  bool has_digit = false;
  for (; begin < end; ++begin) {
    if (std::isdigit(static_cast<unsigned char>(text[begin])) != 0) {
      has_digit = true;
    } else if (text[begin] == '.' && allow_point) {
      allow_point = false;
    } else {
      return false;
    }
  }
  return has_digit;
}

}  // namespace

std::unordered_map<std::string, RegistrarFunc> ObjectRegistry::builtins_;

// Returns the position after `pattern`, which stands at `start` (kMatchExact) or later, with what `mode` asks between.
size_t ObjectLibrary::PatternEntry::MatchSeparatorAt(size_t start, Quantifier mode, const std::string& target,
                                                     size_t tlen, const std::string& pattern) const {
  if (tlen < start + pattern.size()) return std::string::npos;
  if (mode == kMatchExact) {
    return target.compare(start, pattern.size(), pattern) == 0 ? start + pattern.size() : std::string::npos;
  }
  const size_t at = pattern.empty() ? start + 1 : target.find(pattern, start + 1);
  if (at == std::string::npos) return std::string::npos;
  if (mode == kMatchInteger && !IsNumber(target, start, at, false)) return std::string::npos;
  if (mode == kMatchDecimal && !IsNumber(target, start, at, true)) return std::string::npos;
  return at + pattern.size();
}

bool ObjectLibrary::PatternEntry::MatchesTarget(const std::string& name, size_t nlen, const std::string& target,
                                                size_t ylen) const {
  if (separators_.empty()) return name == target;
  if (nlen == ylen) return optional_ && name == target;
  if (ylen < nlen + slength_ || target.compare(0, nlen, name) != 0) return false;

  // Each separator is followed by what its own quantifier allows, so a search uses the quantifier of the one before.
  size_t at = nlen;
  Quantifier mode = kMatchExact;
  for (const auto& [separator, quantifier] : separators_) {
    at = MatchSeparatorAt(at, mode, target, ylen, separator);
    if (at == std::string::npos) return false;
    mode = quantifier;
  }
  switch (mode) {
    case kMatchExact:
      return at == ylen;
    case kMatchZeroOrMore:
      return at <= ylen;
    case kMatchAtLeastOne:
      return at < ylen;
    case kMatchInteger:
      return IsNumber(target, at, ylen, false);
    case kMatchDecimal:
      return IsNumber(target, at, ylen, true);
  }
  return false;
}

bool ObjectLibrary::PatternEntry::Matches(const std::string& target) const {
  if (MatchesTarget(name_, nlength_, target, target.size())) return true;
  for (const std::string& name : names_) {
    if (MatchesTarget(name, name.size(), target, target.size())) return true;
  }
  return false;
}

size_t ObjectLibrary::GetFactoryCount(size_t* num_types) const {
  std::lock_guard<std::mutex> lock(mu_);
  *num_types = factories_.size();
  size_t count = 0;
  for (const auto& [type, entries] : factories_) count += entries.size();
  return count;
}

size_t ObjectLibrary::GetFactoryCount(const std::string& type) const {
  std::lock_guard<std::mutex> lock(mu_);
  const auto found = factories_.find(type);
  return found == factories_.end() ? 0 : found->second.size();
}

void ObjectLibrary::GetFactoryNames(const std::string& type, std::vector<std::string>* names) const {
  std::lock_guard<std::mutex> lock(mu_);
  const auto found = factories_.find(type);
  if (found == factories_.end()) return;
  for (const auto& entry : found->second) names->push_back(entry->Name());
}

void ObjectLibrary::GetFactoryTypes(std::unordered_set<std::string>* types) const {
  std::lock_guard<std::mutex> lock(mu_);
  for (const auto& [type, entries] : factories_) types->insert(type);
}

void ObjectLibrary::Dump(Logger* logger) const {
  std::lock_guard<std::mutex> lock(mu_);
  if (logger == nullptr || factories_.empty()) return;
  Header(logger, "    Registered Library: %s\n", id_.c_str());
  for (const auto& [type, entries] : factories_) {
    Header(logger, "    Registered factories for type[%s] ", type.c_str());
    char before = ':';
    for (const auto& entry : entries) {
      Header(logger, "%c %s", before, entry->Name());
      before = ',';
    }
  }
}

// Both defaults are never destroyed: objects made from strings may live until the process ends.
std::shared_ptr<ObjectLibrary>& ObjectLibrary::Default() {
  static auto* const library = [] {
    auto made = std::make_shared<ObjectLibrary>("default");
    gneiss::compat::RegisterComparators(*made);
    gneiss::compat::RegisterSliceTransforms(*made);
    gneiss::compat::RegisterMergeOperators(*made);
    gneiss::compat::RegisterMemtableFactories(*made);
    gneiss::compat::RegisterFilterPolicies(*made);
    gneiss::compat::RegisterFlushBlockPolicies(*made);
    gneiss::compat::RegisterTableFactories(*made);
    return new std::shared_ptr<ObjectLibrary>(made);
  }();
  return *library;
}

std::shared_ptr<ObjectRegistry> ObjectRegistry::Default() {
  static auto* const registry =
      new std::shared_ptr<ObjectRegistry>(std::make_shared<ObjectRegistry>(ObjectLibrary::Default()));
  return *registry;
}

ObjectRegistry::ObjectRegistry(const std::shared_ptr<ObjectLibrary>& library) {
  libraries_.push_back(library);
  for (const auto& [name, registrar] : builtins_) RegisterPlugin(name, registrar);
}

std::shared_ptr<ObjectRegistry> ObjectRegistry::NewInstance() { return NewInstance(Default()); }

std::shared_ptr<ObjectRegistry> ObjectRegistry::NewInstance(const std::shared_ptr<ObjectRegistry>& parent) {
  return std::make_shared<ObjectRegistry>(parent);
}

Status ObjectRegistry::SetManagedObject(const std::string& type, const std::string& id,
                                        const std::shared_ptr<Customizable>& c) {
  const std::string key = ToManagedObjectKey(type, id);
  std::shared_ptr<Customizable> present = parent_ == nullptr ? nullptr : parent_->GetManagedObject(type, id);
  if (present == nullptr) {
    std::lock_guard<std::mutex> lock(objects_mutex_);
    std::weak_ptr<Customizable>& slot = managed_objects_[key];
    present = slot.lock();
    if (present == nullptr) slot = present = c;
  }
  return present == c ? Status::OK() : Status::InvalidArgument("Object already exists: ", key);
}

std::shared_ptr<Customizable> ObjectRegistry::GetManagedObject(const std::string& type, const std::string& id) const {
  {
    std::lock_guard<std::mutex> lock(objects_mutex_);
    const auto found = managed_objects_.find(ToManagedObjectKey(type, id));
    if (found != managed_objects_.end()) return found->second.lock();
  }
  return parent_ == nullptr ? nullptr : parent_->GetManagedObject(type, id);
}

Status ObjectRegistry::ListManagedObjects(const std::string& type, const std::string& pattern,
                                          std::vector<std::shared_ptr<Customizable>>* results) const {
  {
    const std::string prefix = ToManagedObjectKey(type, pattern);
    std::lock_guard<std::mutex> lock(objects_mutex_);
    for (auto entry = managed_objects_.lower_bound(prefix);
         entry != managed_objects_.end() && gneiss::compat::StartsWith(entry->first, prefix); ++entry) {
      auto object = entry->second.lock();
      if (object != nullptr && (pattern.empty() || object->IsInstanceOf(pattern))) results->push_back(object);
    }
  }
  return parent_ == nullptr ? Status::OK() : parent_->ListManagedObjects(type, pattern, results);
}

size_t ObjectRegistry::GetFactoryCount(const std::string& type) const {
  size_t count = parent_ == nullptr ? 0 : parent_->GetFactoryCount(type);
  std::lock_guard<std::mutex> lock(library_mutex_);
  for (const auto& library : libraries_) count += library->GetFactoryCount(type);
  return count;
}

void ObjectRegistry::GetFactoryNames(const std::string& type, std::vector<std::string>* names) const {
  names->clear();
  if (parent_ != nullptr) parent_->GetFactoryNames(type, names);
  std::lock_guard<std::mutex> lock(library_mutex_);
  for (const auto& library : libraries_) library->GetFactoryNames(type, names);
}

void ObjectRegistry::GetFactoryTypes(std::unordered_set<std::string>* types) const {
  if (parent_ != nullptr) parent_->GetFactoryTypes(types);
  std::lock_guard<std::mutex> lock(library_mutex_);
  for (const auto& library : libraries_) library->GetFactoryTypes(types);
}

void ObjectRegistry::Dump(Logger* logger) const {
  if (logger != nullptr) {
    std::lock_guard<std::mutex> lock(library_mutex_);
    if (!plugins_.empty()) {
      Header(logger, "    Registered Plugins:");
      const char* before = " ";
      for (const std::string& plugin : plugins_) {
        Header(logger, "%s%s", before, plugin.c_str());
        before = ", ";
      }
      Header(logger, "\n");
    }
    for (auto library = libraries_.rbegin(); library != libraries_.rend(); ++library) (*library)->Dump(logger);
  }
  if (parent_ != nullptr) parent_->Dump(logger);
}

int ObjectRegistry::RegisterPlugin(const std::string& name, const RegistrarFunc& func) {
  if (name.empty() || func == nullptr) return -1;
  plugins_.push_back(name);
  return AddLibrary(name)->Register(func, name);
}

}  // namespace rocksdb
