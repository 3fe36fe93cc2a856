// Memtable factories: objects that carry a name and options. The engine has one memtable of its own and takes them as a
// hint; it never asks them for a MemTableRep, and nobody else can.
#include <rocksdb/memtablerep.h>
#include <rocksdb/slice.h>

#include "compat/not_supported.h"
#include "compat/options/load_object.h"
#include "compat/options/option_field.h"
#include "compat/options/stock_objects.h"
#include "compat/options/text.h"
#include "engine/base/coding.h"

namespace gneiss::compat {

namespace {

using rocksdb::Allocator;
using rocksdb::Logger;
using rocksdb::MemTableRep;
using rocksdb::MemTableRepFactory;
using rocksdb::OptionType;
using rocksdb::OptionTypeFlags;
using rocksdb::OptionVerificationType;
using rocksdb::SliceTransform;

struct HashSkipListOptions {
  static const char* kName() { return "HashSkipListRepFactoryOptions"; }
  size_t bucket_count;
  int32_t height;
  int32_t branching_factor;
};

struct HashLinkListOptions {
  static const char* kName() { return "HashLinkListRepFactoryOptions"; }
  size_t bucket_count;
  uint32_t threshold;
  size_t huge_page_size;
  int logging_threshold;
  bool log_when_flash;
};

const OptionMap& HashSkipListFields() {
  static const OptionMap* const map = NewOptionMap({{"branching_factor", Field(&HashSkipListOptions::branching_factor)},
                                                    {"skiplist_height", Field(&HashSkipListOptions::height)},
                                                    {"bucket_count", Field(&HashSkipListOptions::bucket_count)}});
  return *map;
}

const OptionMap& HashLinkListFields() {
  static const OptionMap* const map =
      NewOptionMap({{"log_when_flash", Field(&HashLinkListOptions::log_when_flash)},
                    {"logging_threshold", Field(&HashLinkListOptions::logging_threshold)},
                    {"huge_page_size", Field(&HashLinkListOptions::huge_page_size)},
                    {"threshold", Field(&HashLinkListOptions::threshold)},
                    {"bucket_count", Field(&HashLinkListOptions::bucket_count)}});
  return *map;
}

// The lookahead is part of the skip list's id, so it is read but not printed.
const OptionMap& SkipListFields() {
  static const OptionMap* const map = NewOptionMap(
      {}, {{"lookahead", {0, OptionType::kSizeT, OptionVerificationType::kNormal, OptionTypeFlags::kDontSerialize}}});
  return *map;
}

const OptionMap& VectorFields() {
  static const OptionMap* const map = NewOptionMap({{"count", {0, OptionType::kSizeT}}});
  return *map;
}

[[noreturn]] MemTableRep* MakeNoMemtable() { FailNotBuilt("MemTableRepFactory::CreateMemTableRep"); }

class HashSkipListFactory : public MemTableRepFactory {
 public:
  explicit HashSkipListFactory(const HashSkipListOptions& options) : options_(options) {
    RegisterOptions(&options_, &HashSkipListFields());
  }
  const char* Name() const override { return "HashSkipListRepFactory"; }
  const char* NickName() const override { return "prefix_hash"; }
  using MemTableRepFactory::CreateMemTableRep;
  MemTableRep* CreateMemTableRep(const MemTableRep::KeyComparator&, Allocator*, const SliceTransform*,
                                 Logger*) override {
    return MakeNoMemtable();
  }

 private:
  HashSkipListOptions options_;
};

class HashLinkListFactory : public MemTableRepFactory {
 public:
  explicit HashLinkListFactory(const HashLinkListOptions& options) : options_(options) {
    RegisterOptions(&options_, &HashLinkListFields());
  }
  const char* Name() const override { return "HashLinkListRepFactory"; }
  const char* NickName() const override { return "hash_linkedlist"; }
  using MemTableRepFactory::CreateMemTableRep;
  MemTableRep* CreateMemTableRep(const MemTableRep::KeyComparator&, Allocator*, const SliceTransform*,
                                 Logger*) override {
    return MakeNoMemtable();
  }

 private:
  HashLinkListOptions options_;
};

using FactoryHolder = std::unique_ptr<MemTableRepFactory>;

// "skip_list", "SkipListFactory:16" ...: null for a name that is none of the stock ones.
FactoryHolder StockByName(const std::string& id) {
  const size_t colon = id.find(':');
  const std::string name = id.substr(0, colon);
  size_t number = 0;
  if (colon != std::string::npos) {
    const std::string digits = id.substr(colon + 1);
    if (digits.empty() || digits.find_first_not_of("0123456789") != std::string::npos) return nullptr;
    number = ParseUint64(digits);
  }
  const bool has_number = colon != std::string::npos;
  if (name == rocksdb::SkipListFactory::kNickName() || name == rocksdb::SkipListFactory::kClassName()) {
    return std::make_unique<rocksdb::SkipListFactory>(number);
  }
  if (name == rocksdb::VectorRepFactory::kNickName() || name == rocksdb::VectorRepFactory::kClassName()) {
    return std::make_unique<rocksdb::VectorRepFactory>(number);
  }
  if (name == "hash_linkedlist" || name == "HashLinkListRepFactory") {
    return FactoryHolder(has_number ? rocksdb::NewHashLinkListRepFactory(number)
                                    : rocksdb::NewHashLinkListRepFactory());
  }
  if (name == "prefix_hash" || name == "HashSkipListRepFactory") {
    return FactoryHolder(has_number ? rocksdb::NewHashSkipListRepFactory(number)
                                    : rocksdb::NewHashSkipListRepFactory());
  }
  return nullptr;
}

}  // namespace

void RegisterMemtableFactories(rocksdb::ObjectLibrary& library) {
  AddStock<MemTableRepFactory>(
      library,
      {Named("VectorRepFactory", "vector").AddNumber(":"), Named("SkipListFactory", "skip_list").AddNumber(":"),
       Named("HashLinkListRepFactory", "hash_linkedlist").AddNumber(":"),
       Named("HashSkipListRepFactory", "prefix_hash").AddNumber(":")},
      StockByName);
}

}  // namespace gneiss::compat

namespace rocksdb {

// What a MemTableRep of the user's own may call. The engine never makes one; the defaults are there for their vtables.
Slice GetLengthPrefixedSlice(const char* data) {
  uint32_t length = 0;
  const char* bytes = gneiss::DecodeVarint32(data, data + gneiss::kVarint32BytesMax, &length);
  return bytes == nullptr ? Slice() : Slice(bytes, length);
}

KeyHandle MemTableRep::Allocate(const size_t, char**) { gneiss::compat::FailNotBuilt("MemTableRep::Allocate"); }
void MemTableRep::InsertConcurrently(KeyHandle) { gneiss::compat::FailNotBuilt("MemTableRep::InsertConcurrently"); }
void MemTableRep::Get(const LookupKey&, void*, bool (*)(void*, const char*)) {
  gneiss::compat::FailNotBuilt("MemTableRep::Get");
}

// An entry starts with its internal key: user key and eight bytes of sequence and type.
Slice MemTableRep::UserKey(const char* key) const {
  const Slice internal_key = GetLengthPrefixedSlice(key);
  return Slice(internal_key.data(), internal_key.size() < 8 ? 0 : internal_key.size() - 8);
}

SkipListFactory::SkipListFactory(size_t lookahead) : lookahead_(lookahead) {
  RegisterOptions("SkipListFactoryOptions", &lookahead_, &gneiss::compat::SkipListFields());
}

std::string SkipListFactory::GetId() const {
  return lookahead_ == 0 ? Name() : std::string(Name()) + ":" + std::to_string(lookahead_);
}

MemTableRep* SkipListFactory::CreateMemTableRep(const MemTableRep::KeyComparator&, Allocator*, const SliceTransform*,
                                                Logger*) {
  return gneiss::compat::MakeNoMemtable();
}

VectorRepFactory::VectorRepFactory(size_t count) : count_(count) {
  RegisterOptions("VectorRepFactoryOptions", &count_, &gneiss::compat::VectorFields());
}

MemTableRep* VectorRepFactory::CreateMemTableRep(const MemTableRep::KeyComparator&, Allocator*, const SliceTransform*,
                                                 Logger*) {
  return gneiss::compat::MakeNoMemtable();
}

MemTableRepFactory* NewHashSkipListRepFactory(size_t bucket_count, int32_t skiplist_height,
                                              int32_t skiplist_branching_factor) {
  return new gneiss::compat::HashSkipListFactory({bucket_count, skiplist_height, skiplist_branching_factor});
}

MemTableRepFactory* NewHashLinkListRepFactory(size_t bucket_count, size_t huge_page_tlb_size,
                                              int bucket_entries_logging_threshold, bool if_log_bucket_dist_when_flash,
                                              uint32_t threshold_use_skiplist) {
  return new gneiss::compat::HashLinkListFactory({bucket_count, threshold_use_skiplist, huge_page_tlb_size,
                                                  bucket_entries_logging_threshold, if_log_bucket_dist_when_flash});
}

Status MemTableRepFactory::CreateFromString(const ConfigOptions& config_options, const std::string& id,
                                            std::unique_ptr<MemTableRepFactory>* factory) {
  if (id == "cuckoo") return Status::InvalidArgument("cuckoo hash memtable is not supported anymore.", id);
  if (id == gneiss::compat::kNullText) return Status::NotSupported("Cannot reset object ", "");
  return gneiss::compat::LoadObject(config_options, id, gneiss::compat::StockByName, factory);
}

// Leaves a shared factory alone when the text names none.
Status MemTableRepFactory::CreateFromString(const ConfigOptions& config_options, const std::string& id,
                                            std::shared_ptr<MemTableRepFactory>* factory) {
  std::unique_ptr<MemTableRepFactory> made;
  Status s = CreateFromString(config_options, id, &made);
  if (s.ok() && made != nullptr) *factory = std::move(made);
  return s;
}

Status GetMemTableRepFactoryFromString(const std::string& opts_str,
                                       std::unique_ptr<MemTableRepFactory>* new_mem_factory) {
  ConfigOptions how;
  how.ignore_unsupported_options = false;
  how.ignore_unknown_options = false;
  return MemTableRepFactory::CreateFromString(how, opts_str, new_mem_factory);
}

}  // namespace rocksdb
