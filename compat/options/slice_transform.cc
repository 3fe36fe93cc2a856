// The stock prefix extractors: the first n bytes, at most n bytes, everything.
#include <rocksdb/slice.h>
#include <rocksdb/slice_transform.h>

#include <algorithm>

#include "compat/options/load_object.h"
#include "compat/options/stock_objects.h"
#include "compat/options/text.h"

namespace gneiss::compat {

namespace {

using rocksdb::Slice;
using rocksdb::SliceTransform;

constexpr char kFixedName[] = "rocksdb.FixedPrefix";
constexpr char kFixedNickName[] = "fixed";
constexpr char kCappedName[] = "rocksdb.CappedPrefix";
constexpr char kCappedNickName[] = "capped";
constexpr char kNoopName[] = "rocksdb.Noop";

// What the fixed and the capped transform share: names "rocksdb.FixedPrefix.8" and "fixed:8".
class LengthTransform : public SliceTransform {
 public:
  LengthTransform(const char* name, const char* nick_name, size_t length)
      : length_(length),
        name_(name),
        nick_name_(nick_name),
        id_(std::string(name) + "." + std::to_string(length)),
        short_id_(std::string(nick_name) + ":" + std::to_string(length)) {}

  const char* Name() const override { return name_; }
  const char* NickName() const override { return nick_name_; }
  std::string GetId() const override { return id_; }
  bool IsInstanceOf(const std::string& name) const override {
    return name == id_ || name == short_id_ || SliceTransform::IsInstanceOf(name);
  }
  bool FullLengthEnabled(size_t* len) const override {
    *len = length_;
    return true;
  }

 protected:
  const size_t length_;

 private:
  const char* const name_;
  const char* const nick_name_;
  const std::string id_;
  const std::string short_id_;
};

class FixedPrefix : public LengthTransform {
 public:
  explicit FixedPrefix(size_t length) : LengthTransform(kFixedName, kFixedNickName, length) {}
  Slice Transform(const Slice& key) const override { return Slice(key.data(), length_); }
  bool InDomain(const Slice& key) const override { return key.size() >= length_; }
  bool InRange(const Slice& dst) const override { return dst.size() == length_; }
  bool SameResultWhenAppended(const Slice& prefix) const override { return InDomain(prefix); }
};

class CappedPrefix : public LengthTransform {
 public:
  explicit CappedPrefix(size_t length) : LengthTransform(kCappedName, kCappedNickName, length) {}
  Slice Transform(const Slice& key) const override { return Slice(key.data(), std::min(length_, key.size())); }
  bool InDomain(const Slice&) const override { return true; }
  bool InRange(const Slice& dst) const override { return dst.size() <= length_; }
  bool SameResultWhenAppended(const Slice& prefix) const override { return prefix.size() >= length_; }
};

class Noop : public SliceTransform {
 public:
  const char* Name() const override { return kNoopName; }
  Slice Transform(const Slice& key) const override { return key; }
  bool InDomain(const Slice&) const override { return true; }
  bool InRange(const Slice&) const override { return true; }
};

// "<name><separator><number>"; false for anything else.
bool ReadLength(const std::string& id, const char* name, char separator, size_t* length) {
  const std::string prefix = std::string(name) + separator;
  if (!StartsWith(id, prefix) || id.size() == prefix.size()) return false;
  if (id.find_first_not_of("0123456789", prefix.size()) != std::string::npos) return false;
  *length = ParseUint64(id.substr(prefix.size()));
  return true;
}

std::unique_ptr<const SliceTransform> StockByName(const std::string& id) {
  size_t length = 0;
  if (id == kNoopName) return std::make_unique<Noop>();
  if (ReadLength(id, kFixedName, '.', &length) || ReadLength(id, kFixedNickName, ':', &length)) {
    return std::make_unique<FixedPrefix>(length);
  }
  if (ReadLength(id, kCappedName, '.', &length) || ReadLength(id, kCappedNickName, ':', &length)) {
    return std::make_unique<CappedPrefix>(length);
  }
  return nullptr;
}

}  // namespace

void RegisterSliceTransforms(rocksdb::ObjectLibrary& library) {
  AddStock<const SliceTransform>(
      library,
      {NamePattern(kNoopName), NamePattern(kFixedName, false).AddNumber("."),
       NamePattern(kFixedNickName, false).AddNumber(":"), NamePattern(kCappedName, false).AddNumber("."),
       NamePattern(kCappedNickName, false).AddNumber(":")},
      StockByName);
}

}  // namespace gneiss::compat

namespace rocksdb {

const SliceTransform* NewFixedPrefixTransform(size_t prefix_len) { return new gneiss::compat::FixedPrefix(prefix_len); }
const SliceTransform* NewCappedPrefixTransform(size_t cap_len) { return new gneiss::compat::CappedPrefix(cap_len); }
const SliceTransform* NewNoopTransform() { return new gneiss::compat::Noop(); }

Status SliceTransform::CreateFromString(const ConfigOptions& config_options, const std::string& id,
                                        std::shared_ptr<const SliceTransform>* result) {
  return gneiss::compat::LoadObject(config_options, id, gneiss::compat::StockByName, result);
}

std::string SliceTransform::AsString() const {
  if (!HasRegisteredOptions()) return GetId();
  ConfigOptions how;
  how.delimiter = ";";
  return ToString(how);
}

}  // namespace rocksdb
