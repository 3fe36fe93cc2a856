// One program for two libraries: it writes databases whose values lie in blob files, and checks what any library wrote.
// What it writes follows from a seed and a round alone, so that it can be written by one library and checked by
// another.
//
//   blob_tool write DIR SEED ROUND     applies the round's operations
//   blob_tool check DIR SEED ROUNDS    compares all that the first ROUNDS rounds leave with what is there
//   blob_tool golden DIR               writes the small database that tests/data/blobs keeps
//
// With a fourth argument `write` kills itself behind the round's last operation, without closing the database.

#include <rocksdb/db.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/table.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/blobs/golden.h"

namespace gneiss {
namespace {

using Map = std::map<std::string, std::string>;

constexpr int kFamilies = 2;
const char* const kFamilyNames[kFamilies] = {"default", "second"};

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}
void Need(const rocksdb::Status& status, const char* what) {
  if (!status.ok()) Die(std::string(what) + ": " + status.ToString());
}

class Append final : public rocksdb::AssociativeMergeOperator {
 public:
  bool Merge(const rocksdb::Slice&, const rocksdb::Slice* base, const rocksdb::Slice& operand, std::string* result,
             rocksdb::Logger*) const override {
    if (base != nullptr) *result = base->ToString() + ",";
    result->append(operand.data(), operand.size());
    return true;
  }
  const char* Name() const override { return "Append"; }
};

// Draws the operations of a round one by one; both the writer and the model follow it.
struct Operation {
  enum Kind : int { kPut, kDelete, kMerge, kSingleDeletePut, kSingleDelete, kRangeDelete, kFlush, kCompact, kOptions };
  Kind kind = kPut;
  int family = 0;
  std::string key, value;  // of a range delete: begin and end
  uint64_t number = 0;
};

class Round {
 public:
  Round(uint64_t seed, uint64_t round) : random_(seed * 1'000'003 + round) {}

  uint64_t Next(uint64_t n) { return random_() % n; }
  bool NextOperation(Operation* operation) {
    if (++done_ > 700) return false;
    *operation = {};
    operation->family = static_cast<int>(Next(kFamilies));
    operation->key = "key" + std::to_string(1000 + Next(400));
    operation->value = Value();
    operation->number = Next(1000);
    const uint64_t kind = Next(200);
    if (kind < 110) {
      operation->kind = Operation::kPut;
    } else if (kind < 135) {
      operation->kind = Operation::kDelete;
    } else if (kind < 165) {
      operation->kind = Operation::kMerge;
    } else if (kind < 190) {
      // A key that was put once and is deleted once, as single deletes ask.
      operation->kind = Next(2) == 0 || singles_.empty() ? Operation::kSingleDeletePut : Operation::kSingleDelete;
      NameSingle(operation);
    } else if (kind < 193) {
      operation->kind = Operation::kRangeDelete;
      operation->value = "key" + std::to_string(1000 + Next(400));
    } else if (kind < 196) {
      operation->kind = Operation::kFlush;
    } else if (kind < 198) {
      operation->kind = Operation::kCompact;
    } else {
      operation->kind = Operation::kOptions;
    }
    return true;
  }

 private:
  std::string Value() {
    const uint64_t kind = Next(20);
    const size_t bytes = kind == 0 ? 0 : kind == 1 ? 9000 : Next(600);
    std::string value(bytes, static_cast<char>('a' + Next(26)));
    for (size_t i = 0; i < bytes; i += 5) value[i] = static_cast<char>(Next(256));
    return value;
  }
  void NameSingle(Operation* operation) {
    if (operation->kind == Operation::kSingleDeletePut) {
      operation->key = "single" + std::to_string(random_());
      singles_.emplace_back(operation->family, operation->key);
    } else {
      const size_t at = Next(singles_.size());
      operation->family = singles_[at].first;
      operation->key = singles_[at].second;
      singles_.erase(singles_.begin() + static_cast<long>(at));
    }
  }

  std::mt19937_64 random_;
  int done_ = 0;
  std::vector<std::pair<int, std::string>> singles_;
};

rocksdb::ColumnFamilyOptions FamilyOptions(Round* round) {
  static constexpr rocksdb::CompressionType kCompressions[] = {rocksdb::kNoCompression, rocksdb::kSnappyCompression,
                                                               rocksdb::kZlibCompression, rocksdb::kLZ4Compression,
                                                               rocksdb::kZSTD};
  rocksdb::ColumnFamilyOptions options;
  options.merge_operator = std::make_shared<Append>();
  options.write_buffer_size = 64 << 10;
  options.target_file_size_base = 16 << 10;
  options.max_bytes_for_level_base = 64 << 10;
  options.level0_file_num_compaction_trigger = 2 + static_cast<int>(round->Next(3));
  options.enable_blob_files = round->Next(5) != 0;
  options.min_blob_size = round->Next(3) * 150;
  options.blob_file_size = 4096 << round->Next(6);
  options.blob_compression_type = kCompressions[round->Next(std::size(kCompressions))];
  options.blob_file_starting_level = round->Next(4) == 0 ? 1 : 0;
  options.enable_blob_garbage_collection = round->Next(3) != 0;
  options.blob_garbage_collection_age_cutoff = 0.25 * static_cast<double>(round->Next(5));
  options.blob_garbage_collection_force_threshold = round->Next(2) == 0 ? 0.3 : 1.0;
  options.blob_compaction_readahead_size = round->Next(2) * 65536;
  return options;
}

struct OpenDb {
  ~OpenDb() {
    for (rocksdb::ColumnFamilyHandle* family : families) delete family;
  }
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> families;
};

void Open(const std::string& dir, Round* round, bool is_read_only, OpenDb* open) {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.avoid_flush_during_recovery = round->Next(2) == 0;
  options.max_open_files = round->Next(2) == 0 ? -1 : 20;
  options.allow_mmap_reads = round->Next(4) == 0;
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (const char* name : kFamilyNames) descriptors.emplace_back(name, FamilyOptions(round));
  rocksdb::DB* db = nullptr;
  Need(is_read_only ? rocksdb::DB::OpenForReadOnly(options, dir, descriptors, &open->families, &db)
                    : rocksdb::DB::Open(options, dir, descriptors, &open->families, &db),
       "open");
  open->db.reset(db);
}

void Apply(const Operation& operation, OpenDb* open) {
  rocksdb::DB* const db = open->db.get();
  rocksdb::ColumnFamilyHandle* const family = open->families[static_cast<size_t>(operation.family)];
  switch (operation.kind) {
    case Operation::kPut:
    case Operation::kSingleDeletePut:
      return Need(db->Put({}, family, operation.key, operation.value), "put");
    case Operation::kDelete:
      return Need(db->Delete({}, family, operation.key), "delete");
    case Operation::kMerge:
      return Need(db->Merge({}, family, operation.key, operation.value), "merge");
    case Operation::kSingleDelete:
      return Need(db->SingleDelete({}, family, operation.key), "single delete");
    case Operation::kRangeDelete:
      if (operation.key >= operation.value) return;
      return Need(db->DeleteRange({}, family, operation.key, operation.value), "range delete");
    case Operation::kFlush:
      return Need(db->Flush({}, family), "flush");
    case Operation::kCompact: {
      rocksdb::CompactRangeOptions options;
      options.bottommost_level_compaction = operation.number % 2 == 0
                                                ? rocksdb::BottommostLevelCompaction::kForce
                                                : rocksdb::BottommostLevelCompaction::kIfHaveCompactionFilter;
      options.blob_garbage_collection_policy = static_cast<rocksdb::BlobGarbageCollectionPolicy>(operation.number % 3);
      if (operation.number % 5 != 0) options.blob_garbage_collection_age_cutoff = 0.5;
      return Need(db->CompactRange(options, family, nullptr, nullptr), "compact");
    }
    case Operation::kOptions:
      return Need(db->SetOptions(family, {{"min_blob_size", std::to_string(operation.number / 2)},
                                          {"enable_blob_files", operation.number % 4 == 0 ? "false" : "true"},
                                          {"blob_garbage_collection_age_cutoff", "0.7"}}),
                  "set options");
  }
}

void Apply(const Operation& operation, Map* map) {
  switch (operation.kind) {
    case Operation::kPut:
    case Operation::kSingleDeletePut:
      (*map)[operation.key] = operation.value;
      return;
    case Operation::kDelete:
    case Operation::kSingleDelete:
      map->erase(operation.key);
      return;
    case Operation::kMerge: {
      const auto [at, is_new] = map->emplace(operation.key, operation.value);
      if (!is_new) at->second += "," + operation.value;
      return;
    }
    case Operation::kRangeDelete:
      if (operation.key < operation.value)
        map->erase(map->lower_bound(operation.key), map->lower_bound(operation.value));
      return;
    default:
      return;
  }
}

void Write(const std::string& dir, uint64_t seed, uint64_t number, bool is_killed) {
  Round options(seed + 77, number);
  Round round(seed, number);
  OpenDb open;
  Open(dir, &options, false, &open);
  Operation operation;
  while (round.NextOperation(&operation)) Apply(operation, &open);
  if (is_killed) raise(SIGKILL);
  Need(open.db->FlushWAL(true), "sync");
  for (rocksdb::ColumnFamilyHandle* family : open.families) delete family;
  open.families.clear();
  Need(open.db->Close(), "close");
}

void CheckFamily(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family, const Map& expected) {
  const std::unique_ptr<rocksdb::Iterator> iterator(db->NewIterator({}, family));
  const auto differs = [&](const std::string& key) { Die(family->GetName() + " differs at " + key); };
  auto at = expected.begin();
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next(), ++at) {
    const std::string key = iterator->key().ToString();
    if (at == expected.end() || at->first != key || iterator->value() != at->second) differs(key);
  }
  Need(iterator->status(), "scan");
  if (at != expected.end()) differs(at->first);
  auto back = expected.rbegin();
  for (iterator->SeekToLast(); iterator->Valid(); iterator->Prev(), ++back) {
    const std::string key = iterator->key().ToString();
    if (back == expected.rend() || back->first != key || iterator->value() != back->second) differs(key);
  }
  Need(iterator->status(), "reverse scan");
  if (back != expected.rend()) differs(back->first);

  std::vector<rocksdb::Slice> keys;
  for (const auto& [key, value] : expected) {
    std::string found;
    Need(db->Get({}, family, key, &found), "get");
    if (found != value) differs(key);
    keys.emplace_back(key);
  }
  std::vector<rocksdb::PinnableSlice> values(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  db->MultiGet({}, family, keys.size(), keys.data(), values.data(), statuses.data());
  for (size_t i = 0; i < keys.size(); ++i) {
    Need(statuses[i], "multi get");
    if (values[i] != expected.at(keys[i].ToString())) differs(keys[i].ToString());
  }
}

void Check(const std::string& dir, uint64_t seed, uint64_t rounds) {
  Map maps[kFamilies];
  for (uint64_t number = 0; number < rounds; ++number) {
    Round round(seed, number);
    Operation operation;
    while (round.NextOperation(&operation)) Apply(operation, &maps[operation.family]);
  }
  Round options(seed + 78, rounds);
  OpenDb open;
  Open(dir, &options, true, &open);
  size_t blob_files = 0;
  for (int family = 0; family < kFamilies; ++family) {
    CheckFamily(open.db.get(), open.families[static_cast<size_t>(family)], maps[family]);
    rocksdb::ColumnFamilyMetaData metadata;
    open.db->GetColumnFamilyMetaData(open.families[static_cast<size_t>(family)], &metadata);
    blob_files += metadata.blob_file_count;
  }
  std::printf("%zu and %zu keys, %zu blob files\n", maps[0].size(), maps[1].size(), blob_files);
}

// Two levels, three blob files of which one holds garbage, merges onto blobs.
void WriteGolden(const std::string& dir) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.merge_operator = std::make_shared<Append>();
  options.enable_blob_files = true;
  options.min_blob_size = 20;
  options.blob_compression_type = rocksdb::kLZ4Compression;
  options.compression = rocksdb::kNoCompression;
  rocksdb::DB* opened = nullptr;
  Need(rocksdb::DB::Open(options, dir, &opened), "open");
  const std::unique_ptr<rocksdb::DB> db(opened);
  for (int i = 0; i < kGoldenKeys; ++i) Need(db->Put({}, GoldenKey(i), GoldenValue(i, 0)), "put");
  rocksdb::CompactRangeOptions compact;
  Need(db->CompactRange(compact, nullptr, nullptr), "compact");
  for (int i = 0; i < kGoldenKeys; i += 3) Need(db->Put({}, GoldenKey(i), GoldenValue(i, 1)), "put");
  Need(db->Delete({}, GoldenKey(1)), "delete");
  Need(db->CompactRange(compact, nullptr, nullptr), "compact");
  Need(db->Merge({}, GoldenKey(2), "more"), "merge");
  Need(db->Put({}, GoldenKey(4), GoldenValue(4, 2)), "put");
  Need(db->Flush({}), "flush");
}

}  // namespace
}  // namespace gneiss

int main(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "";
  const auto number = [&](int at) { return std::strtoull(argv[at], nullptr, 10); };
  if (command == "write" && argc >= 5) {
    gneiss::Write(argv[2], number(3), number(4), argc > 5);
  } else if (command == "check" && argc == 5) {
    gneiss::Check(argv[2], number(3), number(4));
  } else if (command == "golden" && argc == 3) {
    gneiss::WriteGolden(argv[2]);
  } else {
    std::fprintf(stderr, "usage: blob_tool write|check DIR SEED ROUND | golden DIR\n");
    return 2;
  }
  return 0;
}
