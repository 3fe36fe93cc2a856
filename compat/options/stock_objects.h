// The stock objects in the default object library, so that a registry finds them by name and can list them.
//
// Owner:   factories give their result to the caller's guard, except for comparators, which live for ever.
// Threads: called once, while the default library is made.
#pragma once

#include <rocksdb/utilities/object_registry.h>

#include <initializer_list>
#include <memory>
#include <string>

namespace gneiss::compat {

using NamePattern = rocksdb::ObjectLibrary::PatternEntry;

// Every name that matches one of the patterns is made by `make`.
template <class T>
void AddStock(rocksdb::ObjectLibrary& library, std::initializer_list<NamePattern> patterns,
              std::unique_ptr<T> (*make)(const std::string& id)) {
  for (const NamePattern& pattern : patterns) {
    library.AddFactory<T>(pattern, [make](const std::string& id, std::unique_ptr<T>* guard, std::string*) {
      *guard = make(id);
      return guard->get();
    });
  }
}

// Both names of a class.
inline NamePattern Named(const char* name, const char* nick_name) {
  NamePattern pattern(name);
  pattern.AnotherName(nick_name);
  return pattern;
}

void RegisterComparators(rocksdb::ObjectLibrary& library);
void RegisterSliceTransforms(rocksdb::ObjectLibrary& library);
void RegisterMergeOperators(rocksdb::ObjectLibrary& library);
void RegisterMemtableFactories(rocksdb::ObjectLibrary& library);
void RegisterFilterPolicies(rocksdb::ObjectLibrary& library);
void RegisterFlushBlockPolicies(rocksdb::ObjectLibrary& library);
void RegisterTableFactories(rocksdb::ObjectLibrary& library);

}  // namespace gneiss::compat
