// The Model says what the database must hold. It lives in a file outside the database and passes from turn to turn.
//
// Errors: a model file that cannot be read or written ends the program: no turn can go on without it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/parity/family.h"

namespace gneiss::parity {

struct KeyLess {
  const rocksdb::Comparator* comparator;
  bool operator()(const std::string& a, const std::string& b) const { return comparator->Compare(a, b) < 0; }
};
using Map = std::map<std::string, std::string, KeyLess>;

struct Family {
  explicit Family(FamilyPlan with) : plan(std::move(with)), map(KeyLess{KeyOrderOf(plan.order)}) {}
  FamilyPlan plan;
  Map map;
};

struct Model {
  // What a directory keeps for life.
  bool is_for_tools = false;  // only what ldb can load by name: no comparator or merge operator of our own
  bool has_wal_dir = false;
  bool has_db_paths = false;
  bool may_recycle_logs = false;
  bool may_have_old_tables = false;  // format_version 0 and 1; then no MultiGet: the reference's fails on them

  uint64_t next_family = 1;
  uint64_t now = 0;  // the time of the last entry
  std::vector<Family> families;

  const Family* Find(const std::string& name) const;
  void Save(const std::string& file) const;
  static Model Load(const std::string& file);
  // A new directory's model: the default family, empty.
  static Model Fresh(uint64_t seed);
};

FamilyPlan DrawFamilyPlan(uint64_t seed, const std::string& name, const Model& model);

std::string Hex(const std::string& bytes);

}  // namespace gneiss::parity
