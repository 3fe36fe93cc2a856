// The table factories that are not built: plain, cuckoo and adaptive tables. They exist as objects with names and
// options, so that options load, print and compare; a database that would use one is refused when it opens.
#include <rocksdb/convenience.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/options_type.h>

#include "compat/not_supported.h"
#include "compat/options/block_based_table.h"
#include "compat/options/load_object.h"
#include "compat/options/option_field.h"
#include "compat/options/stock_objects.h"

namespace gneiss::compat {

namespace {

using rocksdb::CuckooTableOptions;
using rocksdb::PlainTableOptions;
using rocksdb::Status;
using rocksdb::TableFactory;

const OptionMap& PlainFields() {
  using O = PlainTableOptions;
  static const OptionMap* const map = NewOptionMap({{"store_index_in_file", Field(&O::store_index_in_file)},
                                                    {"encoding_type", Field(&O::encoding_type)},
                                                    {"huge_page_tlb_size", Field(&O::huge_page_tlb_size)},
                                                    {"hash_table_ratio", Field(&O::hash_table_ratio)},
                                                    {"full_scan_mode", Field(&O::full_scan_mode)},
                                                    {"bloom_bits_per_key", Field(&O::bloom_bits_per_key)},
                                                    {"index_sparseness", Field(&O::index_sparseness)},
                                                    {"user_key_len", Field(&O::user_key_len)}});
  return *map;
}

const OptionMap& CuckooFields() {
  using O = CuckooTableOptions;
  static const OptionMap* const map = NewOptionMap({{"use_module_hash", Field(&O::use_module_hash)},
                                                    {"identity_as_first_hash", Field(&O::identity_as_first_hash)},
                                                    {"max_search_depth", Field(&O::max_search_depth)},
                                                    {"cuckoo_block_size", Field(&O::cuckoo_block_size)},
                                                    {"hash_table_ratio", Field(&O::hash_table_ratio)}});
  return *map;
}

std::string Line(const char* name, const std::string& value) { return std::string("  ") + name + ": " + value + "\n"; }

class UnbuiltTableFactory : public TableFactory {
 public:
  using TableFactory::NewTableReader;
  Status NewTableReader(const rocksdb::ReadOptions&, const rocksdb::TableReaderOptions&,
                        std::unique_ptr<rocksdb::RandomAccessFileReader>&&, uint64_t,
                        std::unique_ptr<rocksdb::TableReader>*, bool) const override {
    return NotBuilt("TableFactory::NewTableReader");
  }
  rocksdb::TableBuilder* NewTableBuilder(const rocksdb::TableBuilderOptions&,
                                         rocksdb::WritableFileWriter*) const override {
    FailNotBuilt("TableFactory::NewTableBuilder");
  }
};

class PlainTableFactory : public UnbuiltTableFactory {
 public:
  explicit PlainTableFactory(const PlainTableOptions& options = {}) : options_(options) {
    RegisterOptions(&options_, &PlainFields());
  }
  const PlainTableOptions& options() const { return options_; }
  const char* Name() const override { return kPlainTableName(); }
  std::string GetPrintableOptions() const override {
    return Line("user_key_len", std::to_string(options_.user_key_len)) +
           Line("bloom_bits_per_key", std::to_string(options_.bloom_bits_per_key)) +
           Line("hash_table_ratio", std::to_string(options_.hash_table_ratio)) +
           Line("index_sparseness", std::to_string(options_.index_sparseness)) +
           Line("huge_page_tlb_size", std::to_string(options_.huge_page_tlb_size)) +
           Line("encoding_type", std::to_string(options_.encoding_type)) +
           Line("full_scan_mode", std::to_string(options_.full_scan_mode)) +
           Line("store_index_in_file", std::to_string(options_.store_index_in_file));
  }

 private:
  PlainTableOptions options_;
};

class CuckooTableFactory : public UnbuiltTableFactory {
 public:
  explicit CuckooTableFactory(const CuckooTableOptions& options = {}) : options_(options) {
    RegisterOptions(&options_, &CuckooFields());
  }
  const char* Name() const override { return kCuckooTableName(); }
  std::string GetPrintableOptions() const override {
    return Line("hash_table_ratio", std::to_string(options_.hash_table_ratio)) +
           Line("max_search_depth", std::to_string(options_.max_search_depth)) +
           Line("cuckoo_block_size", std::to_string(options_.cuckoo_block_size)) +
           Line("identity_as_first_hash", std::to_string(options_.identity_as_first_hash));
  }

 private:
  CuckooTableOptions options_;
};

// Writes with one factory and reads whatever there is.
class AdaptiveTableFactory : public UnbuiltTableFactory {
 public:
  using Factory = std::shared_ptr<TableFactory>;
  AdaptiveTableFactory(Factory to_write, Factory block_based, Factory plain, Factory cuckoo)
      : block_based_(block_based ? block_based : std::make_shared<BlockBasedTableFactory>()),
        plain_(plain ? plain : std::make_shared<PlainTableFactory>()),
        cuckoo_(cuckoo ? cuckoo : std::make_shared<CuckooTableFactory>()),
        to_write_(to_write ? to_write : block_based_) {}
  const char* Name() const override { return "AdaptiveTableFactory"; }
  std::string GetPrintableOptions() const override {
    std::string text =
        std::string("  write factory (") + to_write_->Name() + ") options:\n" + to_write_->GetPrintableOptions() + "\n";
    for (const Factory& factory : {plain_, block_based_, cuckoo_}) {
      text += std::string("  ") + factory->Name() + " options:\n" + factory->GetPrintableOptions() + "\n";
    }
    return text;
  }

 private:
  const Factory block_based_;
  const Factory plain_;
  const Factory cuckoo_;
  const Factory to_write_;
};

std::unique_ptr<TableFactory> StockByName(const std::string& id) {
  if (id == TableFactory::kBlockBasedTableName()) return std::make_unique<BlockBasedTableFactory>();
  if (id == TableFactory::kPlainTableName()) return std::make_unique<PlainTableFactory>();
  if (id == TableFactory::kCuckooTableName()) return std::make_unique<CuckooTableFactory>();
  return nullptr;
}

}  // namespace

void RegisterTableFactories(rocksdb::ObjectLibrary& library) {
  AddStock<TableFactory>(library,
                         {NamePattern(TableFactory::kBlockBasedTableName()),
                          NamePattern(TableFactory::kPlainTableName()), NamePattern(TableFactory::kCuckooTableName())},
                         StockByName);
}

}  // namespace gneiss::compat

namespace rocksdb {

Status TableFactory::CreateFromString(const ConfigOptions& config_options, const std::string& id,
                                      std::shared_ptr<TableFactory>* factory) {
  return gneiss::compat::LoadObject(config_options, id, gneiss::compat::StockByName, factory);
}

TableFactory* NewPlainTableFactory(const PlainTableOptions& options) {
  return new gneiss::compat::PlainTableFactory(options);
}
TableFactory* NewCuckooTableFactory(const CuckooTableOptions& table_options) {
  return new gneiss::compat::CuckooTableFactory(table_options);
}
TableFactory* NewAdaptiveTableFactory(std::shared_ptr<TableFactory> table_factory_to_write,
                                      std::shared_ptr<TableFactory> block_based_table_factory,
                                      std::shared_ptr<TableFactory> plain_table_factory,
                                      std::shared_ptr<TableFactory> cuckoo_table_factory) {
  return new gneiss::compat::AdaptiveTableFactory(table_factory_to_write, block_based_table_factory,
                                                  plain_table_factory, cuckoo_table_factory);
}

const std::string PlainTablePropertyNames::kEncodingType = "rocksdb.plain.table.encoding.type";
const std::string PlainTablePropertyNames::kBloomVersion = "rocksdb.plain.table.bloom.version";
const std::string PlainTablePropertyNames::kNumBloomBlocks = "rocksdb.plain.table.bloom.numblocks";

const std::string CuckooTablePropertyNames::kEmptyKey = "rocksdb.cuckoo.bucket.empty.key";
const std::string CuckooTablePropertyNames::kValueLength = "rocksdb.cuckoo.value.length";
const std::string CuckooTablePropertyNames::kNumHashFunc = "rocksdb.cuckoo.hash.num";
const std::string CuckooTablePropertyNames::kCuckooBlockSize = "rocksdb.cuckoo.hash.cuckooblocksize";
const std::string CuckooTablePropertyNames::kHashTableSize = "rocksdb.cuckoo.hash.size";
const std::string CuckooTablePropertyNames::kIsLastLevel = "rocksdb.cuckoo.file.islastlevel";
const std::string CuckooTablePropertyNames::kIdentityAsFirstHash = "rocksdb.cuckoo.hash.identityfirst";
const std::string CuckooTablePropertyNames::kUseModuleHash = "rocksdb.cuckoo.hash.usemodule";
const std::string CuckooTablePropertyNames::kUserKeyLength = "rocksdb.cuckoo.hash.userkeylength";

Status GetPlainTableOptionsFromMap(const ConfigOptions& config_options, const PlainTableOptions& table_options,
                                   const std::unordered_map<std::string, std::string>& opts_map,
                                   PlainTableOptions* new_table_options) {
  gneiss::compat::PlainTableFactory factory(table_options);
  Status s = factory.ConfigureFromMap(config_options, opts_map);
  *new_table_options = s.ok() ? factory.options() : table_options;
  return s;
}

Status GetPlainTableOptionsFromMap(const PlainTableOptions& table_options,
                                   const std::unordered_map<std::string, std::string>& opts_map,
                                   PlainTableOptions* new_table_options, bool input_strings_escaped,
                                   bool ignore_unknown_options) {
  ConfigOptions how;
  how.input_strings_escaped = input_strings_escaped;
  how.ignore_unknown_options = ignore_unknown_options;
  return GetPlainTableOptionsFromMap(how, table_options, opts_map, new_table_options);
}

Status GetPlainTableOptionsFromString(const ConfigOptions& config_options, const PlainTableOptions& table_options,
                                      const std::string& opts_str, PlainTableOptions* new_table_options) {
  std::unordered_map<std::string, std::string> opts_map;
  Status s = StringToMap(opts_str, &opts_map);
  if (!s.ok()) return s;
  s = GetPlainTableOptionsFromMap(config_options, table_options, opts_map, new_table_options);
  return s.ok() || s.IsInvalidArgument() ? s : Status::InvalidArgument(s.getState());
}

Status GetPlainTableOptionsFromString(const PlainTableOptions& table_options, const std::string& opts_str,
                                      PlainTableOptions* new_table_options) {
  ConfigOptions how;
  how.input_strings_escaped = false;
  how.ignore_unknown_options = false;
  how.invoke_prepare_options = false;
  return GetPlainTableOptionsFromString(how, table_options, opts_str, new_table_options);
}

}  // namespace rocksdb
