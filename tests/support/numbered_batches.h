// Batches numbered 1, 2, 3 ..., each of them made from its seed and number alone. Every batch changes several families
// at once and leaves a marker in each, so that what a database holds after a crash tells which batches it has, and
// whether it has them whole.
//
// Errors:  functions that check return "" or what is wrong.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace gneiss {

struct Change {
  enum class Kind : uint8_t { kPut, kDelete, kMerge, kDeleteRange };
  Kind kind;
  std::string family;
  std::string key;
  std::string value;  // of kDeleteRange: the end
};
using Changes = std::vector<Change>;
using State = std::map<std::string, std::map<std::string, std::string>>;  // family, key, value
using Handles = std::map<std::string, rocksdb::ColumnFamilyHandle*>;

struct NumberedBatch {
  uint64_t seed = 0;
  uint64_t number = 0;
  std::vector<std::string> families;
  std::string owner;  // prefix of all keys: writers with different ones do not meet
  size_t value_bytes_max = 40'000;
};

Changes ChangesOf(const NumberedBatch& batch);
void Apply(const Changes& changes, State* state);  // merges join with commas, as Joiner does
void AddTo(const Changes& changes, const Handles& handles, rocksdb::WriteBatch* batch);

std::string MarkerOf(const std::string& owner, uint64_t number);
// The numbers of the batches that left a marker in `content`.
std::set<uint64_t> MarkersIn(const std::string& owner, const std::map<std::string, std::string>& content);

// All that a family holds; by scan, and each `owner`'s keys by Get as well.
std::string ReadFamily(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* handle, const std::string& owner,
                       std::map<std::string, std::string>* content, const rocksdb::Snapshot* snapshot = nullptr);
std::string ReadState(rocksdb::DB* db, const Handles& handles, const std::string& owner, State* state);
std::string Difference(const State& expected, const State& found);

}  // namespace gneiss
