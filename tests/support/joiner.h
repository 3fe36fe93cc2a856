// A merge operator of the user's own: what was there and the operands, with commas between.
#pragma once

#include <rocksdb/merge_operator.h>

#include <string>

namespace gneiss {

class Joiner : public rocksdb::AssociativeMergeOperator {
 public:
  bool Merge(const rocksdb::Slice&, const rocksdb::Slice* before, const rocksdb::Slice& value, std::string* joined,
             rocksdb::Logger*) const override {
    *joined = (before == nullptr ? "" : before->ToString() + ",") + value.ToString();
    return true;
  }
  const char* Name() const override { return "Joiner"; }
};

}  // namespace gneiss
