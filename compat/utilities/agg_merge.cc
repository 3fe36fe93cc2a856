// rocksdb/utilities/agg_merge.h: merge operands that name the function which aggregates them.
//
// Format:  an operand or value is a length-prefixed function name, then the payload. Operands without a name take the
//          function of those before or after them. What cannot be aggregated is kept: a value of the function
//          "kErrorFuncName" whose payload is the list of operands, each length-prefixed.
// Threads: aggregators are registered before the database is used, as the header asks.
#include <rocksdb/utilities/agg_merge.h>

#include <map>

#include "engine/base/coding.h"

namespace rocksdb {

const std::string kUnnamedFuncName = "";
const std::string kErrorFuncName = "kErrorFuncName";

namespace {

using Registry = std::map<std::string, std::unique_ptr<Aggregator>, std::less<>>;

Registry& Aggregators() {
  static Registry registry;
  return registry;
}

const Aggregator* FindAggregator(const Slice& name) {
  const auto found = Aggregators().find(name.ToStringView());
  return found == Aggregators().end() ? nullptr : found->second.get();
}

std::string Encode(const Slice& function, const Slice& payload) {
  std::string encoded;
  gneiss::PutLengthPrefixed(&encoded, function.ToStringView());
  encoded.append(payload.data(), payload.size());
  return encoded;
}

// Collects operands of one function at a time; a change of function aggregates what came before into one payload.
class Accumulator {
 public:
  // False when the operand cannot be taken in.
  bool Add(const Slice& operand) {
    Slice function;
    Slice payload;
    if (!ExtractAggFuncAndValue(operand, function, payload)) return false;
    if (function != kUnnamedFuncName && function != function_) {
      if (!function_.empty() && !Fold()) return false;
      function_ = function;
    }
    payloads_.push_back(payload);
    return true;
  }

  bool Result(std::string* result) {
    const Aggregator* aggregator = FindAggregator(function_);
    std::string payload;
    if (function_.empty() || aggregator == nullptr || !aggregator->Aggregate(payloads_, payload)) return false;
    *result = Encode(function_, payload);
    return true;
  }

  const Slice& function() const { return function_; }

 private:
  bool Fold() {
    const Aggregator* aggregator = FindAggregator(function_);
    std::string folded;
    if (aggregator == nullptr || !aggregator->Aggregate(payloads_, folded)) return false;
    folded_.swap(folded);
    payloads_.assign(1, folded_);
    return true;
  }

  Slice function_;  // empty until an operand names one
  std::vector<Slice> payloads_;
  std::string folded_;
};

// Once an operand is unreadable, those after it are left out, as RocksDB does.
class AggMergeOperator : public MergeOperator {
 public:
  const char* Name() const override { return "AggMergeOperator.v1"; }

  bool FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const override {
    Accumulator accumulator;
    bool is_readable = in.existing_value == nullptr || accumulator.Add(*in.existing_value);
    for (size_t i = 0; is_readable && i < in.operand_list.size(); ++i)
      is_readable = accumulator.Add(in.operand_list[i]);
    if (!accumulator.Result(&out->new_value)) out->new_value = PackAll(in);
    return true;
  }

  bool PartialMergeMulti(const Slice&, const std::deque<Slice>& operands, std::string* new_value,
                         Logger*) const override {
    Accumulator accumulator;
    for (const Slice& operand : operands) {
      Slice function;
      Slice payload;
      if (!ExtractAggFuncAndValue(operand, function, payload)) break;
      if (!function.empty()) {
        const Aggregator* aggregator = FindAggregator(function);
        if (aggregator == nullptr || !aggregator->DoPartialAggregate()) return false;
        if (!accumulator.function().empty() && accumulator.function() != function) return false;
      }
      accumulator.Add(operand);
    }
    return accumulator.Result(new_value);
  }

 private:
  static std::string PackAll(const MergeOperationInput& in) {
    std::string packed;
    gneiss::PutLengthPrefixed(&packed, kErrorFuncName);
    if (in.existing_value != nullptr) gneiss::PutLengthPrefixed(&packed, in.existing_value->ToStringView());
    for (const Slice& operand : in.operand_list) gneiss::PutLengthPrefixed(&packed, operand.ToStringView());
    return packed;
  }
};

bool TakeLengthPrefixed(Slice* from, Slice* item) {
  std::string_view rest = from->ToStringView();
  std::string_view taken;
  if (!gneiss::GetLengthPrefixed(&rest, &taken)) return false;
  *from = rest;
  *item = taken;
  return true;
}

}  // namespace

Status AddAggregator(const std::string& function_name, std::unique_ptr<Aggregator>&& agg) {
  if (function_name == kErrorFuncName) {
    return Status::InvalidArgument("Cannot register function name kErrorFuncName");
  }
  Aggregators().emplace(function_name, std::move(agg));
  return Status::OK();
}

std::shared_ptr<MergeOperator> GetAggMergeOperator() {
  static const auto* instance = new std::shared_ptr<MergeOperator>(std::make_shared<AggMergeOperator>());
  return *instance;
}

Status EncodeAggFuncAndPayload(const Slice& function_name, const Slice& payload, std::string& output) {
  if (function_name == kErrorFuncName) return Status::InvalidArgument("Cannot use error function name");
  if (function_name != kUnnamedFuncName && FindAggregator(function_name) == nullptr) {
    return Status::InvalidArgument("Function name not registered");
  }
  output = Encode(function_name, payload);
  return Status::OK();
}

bool ExtractAggFuncAndValue(const Slice& op, Slice& func, Slice& value) {
  value = op;
  return TakeLengthPrefixed(&value, &func);
}

bool ExtractList(const Slice& encoded_list, std::vector<Slice>& decoded_list) {
  decoded_list.clear();
  Slice rest = encoded_list;
  for (Slice item; TakeLengthPrefixed(&rest, &item);) decoded_list.push_back(item);
  return rest.empty();
}

}  // namespace rocksdb
