// A Configurable over a copy of an option struct: what AsConfigurable() makes for DBOptions and ColumnFamilyOptions.
//
// Owner:   holds the copy; `texts` belongs to the caller and outlives it.
// Threads: one at a time.
#pragma once

#include <rocksdb/configurable.h>
#include <rocksdb/convenience.h>

#include <string>

#include "compat/options/option_field.h"
#include "compat/options/text.h"

namespace gneiss::compat {

template <class Struct>
class OptionsConfigurable : public rocksdb::Configurable {
 public:
  OptionsConfigurable(const Struct& options, std::string name, const OptionMap& mutable_fields,
                      const OptionMap& immutable_fields, const StringMap* texts)
      : options_(options), name_(std::move(name)), texts_(texts) {
    RegisterOptions("Mutable" + name_, &options_, &mutable_fields);
    RegisterOptions("Immutable" + name_, &options_, &immutable_fields);
  }

 protected:
  rocksdb::Status ConfigureOptions(const rocksdb::ConfigOptions& how, const StringMap& values,
                                   StringMap* unused) override {
    rocksdb::Status s = Configurable::ConfigureOptions(how, values, unused);
    return s.ok() ? PrepareOptions(how) : s;
  }

  const void* GetOptionsPtr(const std::string& name) const override {
    return name == name_ ? &options_ : Configurable::GetOptionsPtr(name);
  }

  // An object that differs is forgiven where the file's text, if it speaks of the option at all, names an equal one.
  // And an object that the file names must not be missing.
  bool OptionsAreEqual(const rocksdb::ConfigOptions& how, const rocksdb::OptionTypeInfo& info, const std::string& name,
                       const void* const this_ptr, const void* const that_ptr, std::string* mismatch) const override {
    const std::string* text = TextOf(name);
    if (!info.AreEqual(how, name, this_ptr, that_ptr, mismatch)) {
      if (!info.IsByName() || (text != nullptr && !info.AreEqualByName(how, name, this_ptr, *text))) return false;
      mismatch->clear();
    }
    const bool is_named = text != nullptr && !text->empty() && *text != kNullText;
    if (is_named && info.IsConfigurable() && info.AsRawPointer<Configurable>(this_ptr) == nullptr) {
      *mismatch = name;
      return false;
    }
    return true;
  }

  Struct options_;

 private:
  const std::string* TextOf(const std::string& name) const {
    if (texts_ == nullptr) return nullptr;
    const auto found = texts_->find(name);
    return found == texts_->end() ? nullptr : &found->second;
  }

  const std::string name_;
  const StringMap* const texts_;
};

}  // namespace gneiss::compat
