// What CreateFromString functions need beyond compat/options/load_object.h: stock factories, and objects that exist
// once per id.
//
// Threads: plain functions; the registry has its own locks.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "compat/options/load_object.h"

namespace gneiss::compat {

// Adds `T`'s factory to the default library: an id `name` then makes what `make` returns.
template <typename T, typename Make>
void RegisterFactory(const std::string& name, Make make) {
  rocksdb::ObjectLibrary::Default()->AddFactory<T>(
      name, [make](const std::string& /*id*/, std::unique_ptr<T>* guard, std::string* /*error*/) {
        guard->reset(make());
        return guard->get();
      });
}

// A second request for the same id gets the first one's object as it is.
template <typename T>
rocksdb::Status LoadManagedObject(const rocksdb::ConfigOptions& config, const std::string& value,
                                  std::shared_ptr<T>* result) {
  std::string id;
  std::unordered_map<std::string, std::string> options;
  const rocksdb::Status split = rocksdb::Customizable::GetOptionsMap(config, nullptr, value, &id, &options);
  if (!split.ok()) return split;
  if (value.empty()) {
    result->reset();
    return rocksdb::Status::OK();
  }
  if (id.empty()) return rocksdb::Status::NotSupported("Cannot reset object ");
  const rocksdb::Status made = config.registry->GetOrCreateManagedObject<T>(
      id, result, [&](T* object) { return object->ConfigureFromMap(config, options); });
  if (made.IsNotSupported() && config.ignore_unsupported_options) return rocksdb::Status::OK();
  return made;
}

}  // namespace gneiss::compat
