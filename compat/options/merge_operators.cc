// The base classes of merge operators and the stock operators that option strings can name.
#include <rocksdb/env.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/utilities/options_type.h>

#include <algorithm>
#include <charconv>

#include "compat/options/load_object.h"
#include "compat/options/option_field.h"
#include "compat/options/stock_objects.h"
#include "engine/base/coding.h"

namespace gneiss::compat {

namespace {

using rocksdb::AssociativeMergeOperator;
using rocksdb::Logger;
using rocksdb::MergeOperator;
using rocksdb::Slice;

// Keeps the newest operand.
class PutOperator : public MergeOperator {
 public:
  explicit PutOperator(const char* nick_name) : nick_name_(nick_name) {}
  const char* Name() const override { return "PutOperator"; }
  const char* NickName() const override { return nick_name_; }
  bool FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const override {
    out->existing_operand = in.operand_list.back();
    return true;
  }
  bool PartialMerge(const Slice&, const Slice&, const Slice& right, std::string* value, Logger*) const override {
    value->assign(right.data(), right.size());
    return true;
  }
  bool PartialMergeMulti(const Slice&, const std::deque<Slice>& operands, std::string* value, Logger*) const override {
    value->assign(operands.back().data(), operands.back().size());
    return true;
  }

 private:
  const char* const nick_name_;
};

// Adds 64-bit little-endian numbers; a value of another length counts as zero.
class Uint64AddOperator : public AssociativeMergeOperator {
 public:
  const char* Name() const override { return "UInt64AddOperator"; }
  const char* NickName() const override { return "uint64add"; }
  bool Merge(const Slice&, const Slice* existing, const Slice& value, std::string* result,
             Logger* logger) const override {
    const uint64_t sum = (existing == nullptr ? 0 : Decode(*existing, logger)) + Decode(value, logger);
    result->clear();
    PutU64(result, sum);
    return true;
  }

 private:
  static uint64_t Decode(const Slice& value, Logger* logger) {
    if (value.size() == sizeof(uint64_t)) return DecodeU64(value.data());
    if (logger != nullptr) {
      rocksdb::Error(logger, "uint64 value corruption, size: %zu > %zu", value.size(), sizeof(uint64_t));
    }
    return 0;
  }
};

// Keeps the largest value in bytewise order.
class MaxOperator : public MergeOperator {
 public:
  const char* Name() const override { return "MaxOperator"; }
  const char* NickName() const override { return "max"; }
  bool FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const override {
    Slice largest = in.existing_value == nullptr ? Slice() : *in.existing_value;
    for (const Slice& operand : in.operand_list) largest = Larger(largest, operand);
    out->existing_operand = largest;
    return true;
  }
  bool PartialMerge(const Slice&, const Slice& left, const Slice& right, std::string* value, Logger*) const override {
    const Slice larger = Larger(left, right);
    value->assign(larger.data(), larger.size());
    return true;
  }
  bool PartialMergeMulti(const Slice&, const std::deque<Slice>& operands, std::string* value, Logger*) const override {
    Slice largest;
    for (const Slice& operand : operands) largest = Larger(largest, operand);
    value->assign(largest.data(), largest.size());
    return true;
  }

 private:
  static Slice Larger(const Slice& a, const Slice& b) { return a.compare(b) >= 0 ? a : b; }
};

const OptionMap& DelimiterFields() {
  static const OptionMap* const map = NewOptionMap({{"delimiter", {0, rocksdb::OptionType::kString}}});
  return *map;
}

// Joins values with a delimiter, one operand at a time.
class StringAppendOperator : public AssociativeMergeOperator {
 public:
  StringAppendOperator() { RegisterOptions("Delimiter", &delimiter_, &DelimiterFields()); }
  const char* Name() const override { return "StringAppendOperator"; }
  const char* NickName() const override { return "stringappend"; }
  bool Merge(const Slice&, const Slice* existing, const Slice& value, std::string* result, Logger*) const override {
    result->clear();
    if (existing != nullptr) {
      result->reserve(existing->size() + delimiter_.size() + value.size());
      result->append(existing->data(), existing->size()).append(delimiter_);
    }
    result->append(value.data(), value.size());
    return true;
  }

 private:
  std::string delimiter_ = ",";
};

// The same result from all operands at once, and no partial merges: RocksDB uses it to test that path.
class StringAppendTestOperator : public MergeOperator {
 public:
  StringAppendTestOperator() { RegisterOptions("Delimiter", &delimiter_, &DelimiterFields()); }
  const char* Name() const override { return "StringAppendTESTOperator"; }
  const char* NickName() const override { return "stringappendtest"; }
  bool FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const override {
    std::string& result = out->new_value;
    result.clear();
    if (in.existing_value == nullptr && in.operand_list.size() == 1) {
      out->existing_operand = in.operand_list.back();
      return true;
    }
    bool is_first = in.existing_value == nullptr;
    if (!is_first) result.assign(in.existing_value->data(), in.existing_value->size());
    for (const Slice& operand : in.operand_list) {
      if (!is_first) result.append(delimiter_);
      result.append(operand.data(), operand.size());
      is_first = false;
    }
    return true;
  }
  bool PartialMergeMulti(const Slice&, const std::deque<Slice>&, std::string*, Logger*) const override { return false; }

 private:
  std::string delimiter_ = ",";
};

// Exclusive or of the bytes; the longer value keeps its tail.
class BytesXorOperator : public AssociativeMergeOperator {
 public:
  const char* Name() const override { return "BytesXOR"; }
  const char* NickName() const override { return "bytesxor"; }
  bool Merge(const Slice&, const Slice* existing, const Slice& value, std::string* result, Logger*) const override {
    const Slice old = existing == nullptr ? Slice() : *existing;
    const Slice& longer = old.size() > value.size() ? old : value;
    const Slice& shorter = old.size() > value.size() ? value : old;
    std::string mixed = longer.ToString();
    for (size_t i = 0; i < shorter.size(); ++i) mixed[i] = static_cast<char>(mixed[i] ^ shorter[i]);
    result->swap(mixed);
    return true;
  }
};

// Merges sorted lists of decimal numbers, "1,4,9".
class SortListOperator : public MergeOperator {
 public:
  const char* Name() const override { return "MergeSortOperator"; }
  const char* NickName() const override { return "sortlist"; }
  bool FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const override {
    std::vector<int> merged;
    for (const Slice& operand : in.operand_list) {
      if (!MergeInto(operand, &merged)) return false;
    }
    out->new_value = Print(merged);
    return true;
  }
  bool PartialMerge(const Slice&, const Slice& left, const Slice& right, std::string* value, Logger*) const override {
    std::vector<int> merged;
    if (!MergeInto(left, &merged) || !MergeInto(right, &merged)) return false;
    *value = Print(merged);
    return true;
  }

 private:
  static bool MergeInto(const Slice& text, std::vector<int>* merged) {
    std::vector<int> numbers;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at < end && *at != '\0') {
      int number = 0;
      const auto [next, error] = std::from_chars(at, end, number);
      if (error != std::errc()) return false;
      numbers.push_back(number);
      if (next < end && *next != ',' && *next != '\0') return false;
      at = next < end && *next == ',' ? next + 1 : end;
    }
    std::vector<int> result;
    result.reserve(merged->size() + numbers.size());
    std::merge(merged->begin(), merged->end(), numbers.begin(), numbers.end(), std::back_inserter(result));
    merged->swap(result);
    return true;
  }
  static std::string Print(const std::vector<int>& numbers) {
    std::string text;
    for (const int number : numbers) text.append(text.empty() ? "" : ",").append(std::to_string(number));
    return text;
  }
};

std::unique_ptr<MergeOperator> StockByName(const std::string& id) {
  if (id == "put" || id == "PutOperator") return std::make_unique<PutOperator>("put");
  if (id == "put_v1") return std::make_unique<PutOperator>("put_v1");
  std::unique_ptr<MergeOperator> others[] = {
      std::make_unique<Uint64AddOperator>(),    std::make_unique<MaxOperator>(),
      std::make_unique<StringAppendOperator>(), std::make_unique<StringAppendTestOperator>(),
      std::make_unique<BytesXorOperator>(),     std::make_unique<SortListOperator>()};
  for (auto& stock : others) {
    if (stock->IsInstanceOf(id)) return std::move(stock);
  }
  return nullptr;
}

}  // namespace

void RegisterMergeOperators(rocksdb::ObjectLibrary& library) {
  AddStock<MergeOperator>(library,
                          {Named("PutOperator", "put"), NamePattern("put_v1"), Named("UInt64AddOperator", "uint64add"),
                           Named("MaxOperator", "max"), Named("StringAppendOperator", "stringappend"),
                           Named("StringAppendTESTOperator", "stringappendtest"), Named("BytesXOR", "bytesxor"),
                           Named("MergeSortOperator", "sortlist")},
                          StockByName);
}

}  // namespace gneiss::compat

namespace rocksdb {

Status MergeOperator::CreateFromString(const ConfigOptions& opts, const std::string& id,
                                       std::shared_ptr<MergeOperator>* result) {
  return gneiss::compat::LoadObject(opts, id, gneiss::compat::StockByName, result);
}

// Operators written before FullMergeV2 take their operands as strings.
bool MergeOperator::FullMergeV2(const MergeOperationInput& merge_in, MergeOperationOutput* merge_out) const {
  std::deque<std::string> operands;
  for (const Slice& operand : merge_in.operand_list) operands.emplace_back(operand.data(), operand.size());
  return FullMerge(merge_in.key, merge_in.existing_value, operands, &merge_out->new_value, merge_in.logger);
}

bool MergeOperator::PartialMergeMulti(const Slice& key, const std::deque<Slice>& operand_list, std::string* new_value,
                                      Logger* logger) const {
  Slice merged = operand_list.front();
  for (size_t i = 1; i < operand_list.size(); ++i) {
    std::string result;
    if (!PartialMerge(key, merged, operand_list[i], &result, logger)) return false;
    new_value->swap(result);
    merged = *new_value;
  }
  return true;
}

bool AssociativeMergeOperator::FullMergeV2(const MergeOperationInput& merge_in, MergeOperationOutput* merge_out) const {
  const Slice* existing = merge_in.existing_value;
  Slice merged;
  for (const Slice& operand : merge_in.operand_list) {
    std::string result;
    if (!Merge(merge_in.key, existing, operand, &result, merge_in.logger)) return false;
    merge_out->new_value.swap(result);
    merged = merge_out->new_value;
    existing = &merged;
  }
  return true;
}

bool AssociativeMergeOperator::PartialMerge(const Slice& key, const Slice& left_operand, const Slice& right_operand,
                                            std::string* new_value, Logger* logger) const {
  return Merge(key, &left_operand, right_operand, new_value, logger);
}

}  // namespace rocksdb
