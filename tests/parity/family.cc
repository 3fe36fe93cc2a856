#include "tests/parity/family.h"

#include <rocksdb/convenience.h>

#include <cstdio>
#include <cstdlib>

namespace gneiss::parity {
namespace {

// Shorter keys first, equal lengths bytewise: no built-in order, so nothing may be shortened or compared by bytes.
class ByLength : public rocksdb::Comparator {
 public:
  const char* Name() const override { return "gneiss.parity.ByLength"; }
  int Compare(const rocksdb::Slice& a, const rocksdb::Slice& b) const override {
    if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
    return a.compare(b);
  }
  void FindShortestSeparator(std::string*, const rocksdb::Slice&) const override {}
  void FindShortSuccessor(std::string*) const override {}
};

class Join : public rocksdb::MergeOperator {
 public:
  const char* Name() const override { return "gneiss.parity.Join"; }
  bool FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const override {
    out->new_value = in.existing_value == nullptr ? std::string() : in.existing_value->ToString();
    for (const rocksdb::Slice& operand : in.operand_list) {
      out->new_value += '|';
      out->new_value.append(operand.data(), operand.size());
    }
    return true;
  }
};

}  // namespace

const rocksdb::Comparator* ComparatorOf(Order order) {
  static const ByLength by_length;
  static const rocksdb::Comparator* const timed = [] {
    const rocksdb::Comparator* comparator = nullptr;
    rocksdb::Comparator::CreateFromString(rocksdb::ConfigOptions(), "leveldb.BytewiseComparator.u64ts", &comparator)
        .PermitUncheckedError();
    return comparator;
  }();
  switch (order) {
    case Order::kBytewise:
      return rocksdb::BytewiseComparator();
    case Order::kReverse:
      return rocksdb::ReverseBytewiseComparator();
    case Order::kTimed:
      return timed;
    default:
      return &by_length;
  }
}

const rocksdb::Comparator* KeyOrderOf(Order order) {
  return ComparatorOf(order == Order::kTimed ? Order::kBytewise : order);
}

std::shared_ptr<rocksdb::MergeOperator> MergeOperatorOf(MergeKind kind) {
  if (kind == MergeKind::kJoin) return std::make_shared<Join>();
  std::shared_ptr<rocksdb::MergeOperator> append;
  const rocksdb::Status status =
      rocksdb::MergeOperator::CreateFromString(rocksdb::ConfigOptions(), "stringappend", &append);
  if (!status.ok()) {
    std::fprintf(stderr, "stringappend: %s\n", status.ToString().c_str());
    std::exit(1);
  }
  return append;
}

std::string Merged(MergeKind kind, const std::string* existing, const std::string& operand) {
  if (kind == MergeKind::kJoin) return (existing == nullptr ? std::string() : *existing) + "|" + operand;
  return existing == nullptr ? operand : *existing + "," + operand;
}

}  // namespace gneiss::parity
