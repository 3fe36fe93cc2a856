// Makes an object from "name" or "id=name;a=b": what the CreateFromString functions of the public headers are made of.
//
// A stock object is tried first through `make` (returns null for a name it does not know), then the registry of the
// ConfigOptions. A name nobody knows is NotSupported, or OK and no object where ignore_unsupported_options asks so.
//
// Owner:   *result. An object already there hands its options on to one of its own kind.
// Threads: plain functions; the registry has its own locks.
#pragma once

#include <rocksdb/convenience.h>
#include <rocksdb/customizable.h>
#include <rocksdb/utilities/object_registry.h>

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <unordered_map>

namespace gneiss::compat {

namespace load_object_internal {

template <class T>
rocksdb::Status FromRegistry(rocksdb::ObjectRegistry& registry, const std::string& id, std::shared_ptr<T>* result) {
  return registry.NewSharedObject<T>(id, result);
}
template <class T>
rocksdb::Status FromRegistry(rocksdb::ObjectRegistry& registry, const std::string& id, std::unique_ptr<T>* result) {
  return registry.NewUniqueObject<T>(id, result);
}
template <class T>
rocksdb::Status FromRegistry(rocksdb::ObjectRegistry& registry, const std::string& id, T** result) {
  return registry.NewStaticObject<T>(id, result);
}

template <class T>
void Clear(std::shared_ptr<T>* result) {
  result->reset();
}
template <class T>
void Clear(std::unique_ptr<T>* result) {
  result->reset();
}
template <class T>
void Clear(T** result) {
  *result = nullptr;
}

// Factories give out const objects (comparators, transforms, filter policies); their options are set before use.
template <class Pointer>
rocksdb::Customizable* Writable(const Pointer& pointer) {
  const rocksdb::Customizable* object = &*pointer;
  return const_cast<rocksdb::Customizable*>(object);
}

}  // namespace load_object_internal

// `Holder` is a shared_ptr, a unique_ptr or a raw pointer to a static object. `make(id)` returns such a holder.
template <class Holder>
rocksdb::Status LoadObject(const rocksdb::ConfigOptions& config_options, const std::string& value,
                           const std::type_identity_t<std::function<Holder(const std::string& id)>>& make,
                           Holder* result) {
  namespace internal = load_object_internal;
  using rocksdb::Status;
  std::string id;
  std::unordered_map<std::string, std::string> properties;
  const bool has_object = *result != nullptr;
  Status s = rocksdb::Customizable::GetOptionsMap(config_options, has_object ? internal::Writable(*result) : nullptr,
                                                  value, &id, &properties);
  if (!s.ok()) return s;
  if (id.empty()) {
    if (!properties.empty()) return Status::NotSupported("Cannot reset object ");
    internal::Clear(result);
    return Status::OK();
  }
  Holder made = make == nullptr ? Holder() : make(id);
  if (made != nullptr) {
    *result = std::move(made);
  } else {
    s = internal::FromRegistry(*config_options.registry, id, result);
    if (s.IsNotSupported() && config_options.ignore_unsupported_options) return Status::OK();
    if (!s.ok()) return s;
  }
  return rocksdb::Customizable::ConfigureNewObject(
      config_options, *result == nullptr ? nullptr : internal::Writable(*result), properties);
}

// The same without stock objects.
template <class Holder>
rocksdb::Status LoadObject(const rocksdb::ConfigOptions& config_options, const std::string& value, Holder* result) {
  return LoadObject<Holder>(config_options, value, nullptr, result);
}

}  // namespace gneiss::compat
