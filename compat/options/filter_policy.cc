#include "compat/options/filter_policy.h"
#include "compat/options/load_object.h"
#include "compat/options/stock_objects.h"
#include "compat/options/text.h"

namespace gneiss::compat {

namespace {

using rocksdb::FilterBitsBuilder;
using rocksdb::FilterBitsReader;
using rocksdb::FilterBuildingContext;
using rocksdb::FilterPolicy;

// The name under which all stock filters are found in a table's meta index, whatever built them.
constexpr char kStockFilterName[] = "rocksdb.BuiltinBloomFilter";

// Bits per key in thousandths, between "no filter" and 100 bits.
int MilliBits(double bits_per_key) {
  if (bits_per_key < 0.5) return 0;
  if (bits_per_key < 1.0) bits_per_key = 1.0;
  if (!(bits_per_key < 100.0)) bits_per_key = 100.0;  // NaN comes here too
  return static_cast<int>(bits_per_key * 1000.0 + 0.500001);
}

// "9.9", "10": no trailing zeros.
std::string PrintMilliBits(int millibits) {
  std::string text = std::to_string(millibits / 1000);
  if (const int fraction = millibits % 1000; fraction != 0) {
    std::string digits = std::to_string(1000 + fraction).substr(1);
    digits.erase(digits.find_last_not_of('0') + 1);
    text += "." + digits;
  }
  return text;
}

class StockFilterPolicy : public FilterPolicy {
 public:
  const char* CompatibilityName() const override { return kStockFilterName; }
  FilterBitsReader* GetFilterBitsReader(const rocksdb::Slice& contents) const override {
    return new FilterBitsReader(contents);
  }
  bool IsInstanceOf(const std::string& name) const override {
    return name == "rocksdb.internal.BuiltinFilter" || FilterPolicy::IsInstanceOf(name);
  }
};

// Reads the filters there are and builds none: what a table's own record of its policy names.
class ReadOnlyFilterPolicy : public StockFilterPolicy {
 public:
  const char* Name() const override { return kStockFilterName; }
  FilterBitsBuilder* GetBuilderWithContext(const FilterBuildingContext&) const override { return nullptr; }
};

class BitsPerKeyPolicy : public StockFilterPolicy {
 public:
  explicit BitsPerKeyPolicy(double bits_per_key) : millibits_(MilliBits(bits_per_key)) {}

  std::string GetId() const override { return std::string(Name()) + ":" + PrintMilliBits(millibits_); }
  bool IsInstanceOf(const std::string& name) const override {
    return name == "rocksdb.internal.BloomLikeFilter" || StockFilterPolicy::IsInstanceOf(name);
  }
  FilterBitsBuilder* GetBuilderWithContext(const FilterBuildingContext& context) const override {
    if (millibits_ == 0) return nullptr;
    FilterConfig config = Choose(context);
    if (context.table_options.optimize_filters_for_memory) config.rounding_balance = rounding_balance_;
    config.detects_corruption = context.table_options.detect_filter_construct_corruption;
    return new FilterBitsBuilder(std::move(config));
  }

 protected:
  virtual FilterConfig Choose(const FilterBuildingContext& context) const = 0;

  FilterConfig Config(FilterConfig::Type type, bool is_legacy_bloom = false) const {
    FilterConfig config;
    config.type = type;
    config.bits_per_key = millibits_ / 1000.0;
    config.is_legacy_bloom = is_legacy_bloom;
    return config;
  }

 private:
  const int millibits_;
  // Of all filters that this policy gives, because accuracy gained with one may be spent by another.
  const std::shared_ptr<std::atomic<int64_t>> rounding_balance_ = std::make_shared<std::atomic<int64_t>>(0);
};

class BloomPolicy : public BitsPerKeyPolicy {
 public:
  using BitsPerKeyPolicy::BitsPerKeyPolicy;
  const char* Name() const override { return "bloomfilter"; }
  const char* NickName() const override { return "rocksdb.BloomFilter"; }
  // Releases before 7.0 expect the flag of a filter type that no longer exists.
  std::string GetId() const override { return BitsPerKeyPolicy::GetId() + ":false"; }

 protected:
  FilterConfig Choose(const FilterBuildingContext& context) const override {
    return Config(FilterConfig::Type::kBloom, context.table_options.format_version < 5);
  }
};

class RibbonPolicy : public BitsPerKeyPolicy {
 public:
  RibbonPolicy(double bits_per_key, int bloom_before_level)
      : BitsPerKeyPolicy(bits_per_key), bloom_before_level_(bloom_before_level) {}
  const char* Name() const override { return "ribbonfilter"; }
  const char* NickName() const override { return "rocksdb.RibbonFilter"; }
  std::string GetId() const override { return BitsPerKeyPolicy::GetId() + ":" + std::to_string(bloom_before_level_); }

 protected:
  FilterConfig Choose(const FilterBuildingContext& context) const override {
    FilterConfig config = Config(FilterConfig::Type::kRibbon);
    config.bloom_before_level = bloom_before_level_;
    if (LevelOf(context) < bloom_before_level_) config.type = FilterConfig::Type::kBloom;
    return config;
  }

 private:
  // A flush counts as level -1, an unknown level and styles without levels as the last one.
  static int LevelOf(const FilterBuildingContext& context) {
    const bool has_levels = context.compaction_style == rocksdb::kCompactionStyleLevel ||
                            context.compaction_style == rocksdb::kCompactionStyleUniversal;
    if (!has_levels) return INT_MAX;
    if (context.reason == rocksdb::TableFileCreationReason::kFlush) return -1;
    return context.level_at_creation == -1 ? INT_MAX : context.level_at_creation;
  }

  const int bloom_before_level_;
};

// One kind of filter whatever the table's format: names that only tests of filters use.
class PinnedPolicy : public BitsPerKeyPolicy {
 public:
  PinnedPolicy(const char* name, FilterConfig::Type type, bool is_legacy_bloom, double bits_per_key)
      : BitsPerKeyPolicy(bits_per_key), name_(name), type_(type), is_legacy_bloom_(is_legacy_bloom) {}
  const char* Name() const override { return name_; }

 protected:
  FilterConfig Choose(const FilterBuildingContext&) const override {
    FilterConfig config = Config(type_, is_legacy_bloom_);
    config.bloom_before_level = INT_MIN;
    return config;
  }

 private:
  const char* const name_;
  const FilterConfig::Type type_;
  const bool is_legacy_bloom_;
};

constexpr char kLegacyName[] = "rocksdb.internal.LegacyBloomFilter";
constexpr char kFastLocalName[] = "rocksdb.internal.FastLocalBloomFilter";
constexpr char kStandardRibbonName[] = "rocksdb.internal.Standard128RibbonFilter";

// "bloomfilter:10:false" cut at its colons; empty when the second part is no number.
struct PolicyText {
  std::string name;
  double bits_per_key = 0;
  std::string rest;
  bool is_valid = false;
};

PolicyText SplitPolicy(const std::string& id) {
  PolicyText text;
  const size_t first = id.find(':');
  if (first == std::string::npos) return text;
  const size_t second = id.find(':', first + 1);
  const std::string bits = id.substr(first + 1, second == std::string::npos ? second : second - first - 1);
  if (bits.empty() || bits.find_first_not_of("-.0123456789") != std::string::npos) return text;
  text.name = id.substr(0, first);
  text.bits_per_key = std::stod(bits);
  text.rest = second == std::string::npos ? "" : id.substr(second + 1);
  text.is_valid = true;
  return text;
}

std::unique_ptr<const FilterPolicy> StockByName(const std::string& id) {
  if (id == kStockFilterName) return std::make_unique<ReadOnlyFilterPolicy>();
  const PolicyText text = SplitPolicy(id);
  if (!text.is_valid) return nullptr;
  if (text.name == "bloomfilter" || text.name == "rocksdb.BloomFilter") {
    if (text.rest.empty() || text.rest == "true" || text.rest == "false") {
      return std::make_unique<BloomPolicy>(text.bits_per_key);
    }
  } else if (text.name == "ribbonfilter" || text.name == "rocksdb.RibbonFilter") {
    if (text.rest.find_first_not_of("-0123456789") == std::string::npos) {
      return std::make_unique<RibbonPolicy>(text.bits_per_key, text.rest.empty() ? 0 : ParseInt(text.rest));
    }
  } else if (text.rest.empty()) {
    using Type = FilterConfig::Type;
    if (text.name == kLegacyName) {
      return std::make_unique<PinnedPolicy>(kLegacyName, Type::kBloom, true, text.bits_per_key);
    }
    if (text.name == kFastLocalName) {
      return std::make_unique<PinnedPolicy>(kFastLocalName, Type::kBloom, false, text.bits_per_key);
    }
    if (text.name == kStandardRibbonName) {
      return std::make_unique<PinnedPolicy>(kStandardRibbonName, Type::kRibbon, false, text.bits_per_key);
    }
  }
  return nullptr;
}

NamePattern WithBits(const char* name) { return NamePattern(name, false).AddNumber(":", /*is_int=*/false); }

}  // namespace

void RegisterFilterPolicies(rocksdb::ObjectLibrary& library) {
  AddStock<const FilterPolicy>(
      library,
      {NamePattern(kStockFilterName), WithBits("bloomfilter").AnotherName("rocksdb.BloomFilter"),
       WithBits("bloomfilter").AnotherName("rocksdb.BloomFilter").AddSuffix(":false"),
       WithBits("bloomfilter").AnotherName("rocksdb.BloomFilter").AddSuffix(":true"),
       WithBits("ribbonfilter").AnotherName("rocksdb.RibbonFilter"),
       WithBits("ribbonfilter").AnotherName("rocksdb.RibbonFilter").AddNumber(":"), WithBits(kLegacyName),
       WithBits(kFastLocalName), WithBits(kStandardRibbonName)},
      StockByName);
}

FilterConfig FilterConfigFor(const rocksdb::FilterBuildingContext& context) {
  const FilterPolicy* policy = context.table_options.filter_policy.get();
  if (policy == nullptr) return {};
  const std::unique_ptr<FilterBitsBuilder> builder(policy->GetBuilderWithContext(context));
  FilterConfig config;
  if (builder != nullptr) config = builder->config();
  config.policy_name = policy->Name();
  return config;
}

FilterConfig FilterConfigOf(const rocksdb::BlockBasedTableOptions& table_options) {
  return FilterConfigFor(rocksdb::FilterBuildingContext(table_options));
}

}  // namespace gneiss::compat

namespace rocksdb {

FilterBuildingContext::FilterBuildingContext(const BlockBasedTableOptions& _table_options)
    : table_options(_table_options) {}

FilterPolicy::~FilterPolicy() = default;

Status FilterPolicy::CreateFromString(const ConfigOptions& config_options, const std::string& value,
                                      std::shared_ptr<const FilterPolicy>* result) {
  return gneiss::compat::LoadObject(config_options, value, gneiss::compat::StockByName, result);
}

const FilterPolicy* NewBloomFilterPolicy(double bits_per_key, bool) {
  return new gneiss::compat::BloomPolicy(bits_per_key);
}

const FilterPolicy* NewRibbonFilterPolicy(double bloom_equivalent_bits_per_key, int bloom_before_level) {
  return new gneiss::compat::RibbonPolicy(bloom_equivalent_bits_per_key, bloom_before_level);
}

}  // namespace rocksdb
