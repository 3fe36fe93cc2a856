// What a family keeps for life, however often it is opened: how its keys sort, how operands merge, how it compacts.
// The objects behind are of the test's own or come out of the library under test by name; both behave alike.
#pragma once

#include <rocksdb/comparator.h>
#include <rocksdb/merge_operator.h>

#include <memory>
#include <string>

namespace gneiss::parity {

// kTimed is bytewise with 64-bit timestamps. Here every write has a time of its own and reads see the newest; what is
// read at older times is timed_driver.cc's.
enum class Order { kBytewise, kReverse, kByLength, kTimed };
// kAppend is the library's own stringappend. kJoin merges only all at once, so operands pile up until a value is read.
enum class MergeKind { kAppend, kJoin };
enum class Style { kLeveled, kUniversal, kFifo };

struct FamilyPlan {
  std::string name;
  Order order = Order::kBytewise;
  MergeKind merge = MergeKind::kAppend;
  Style style = Style::kLeveled;
  int levels = 7;
  bool is_dynamic = false;  // level_compaction_dynamic_level_bytes
  bool has_paths = false;   // cf_paths
  bool may_have_old_tables = false;
};

const rocksdb::Comparator* ComparatorOf(Order order);
// The same of keys as callers know them: without timestamps.
const rocksdb::Comparator* KeyOrderOf(Order order);
std::shared_ptr<rocksdb::MergeOperator> MergeOperatorOf(MergeKind kind);
// `existing` is null where there is no value.
std::string Merged(MergeKind kind, const std::string* existing, const std::string& operand);

}  // namespace gneiss::parity
