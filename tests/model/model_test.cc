// The database against a std::map: random writes to three families, snapshots, iterators both ways with bounds and
// seeks, MultiGet, flushes, compactions, and reopening with other options. The second family merges by appending.

#include <gtest/gtest.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "engine/base/test_seed.h"
#include "tests/support/temp_dir.h"

namespace gneiss {
namespace {

constexpr int kFamilies = 3;
constexpr int kMergeFamily = 1;
constexpr int kUsualSteps = 12'000;
constexpr auto kTimeMax = std::chrono::seconds(55);
constexpr size_t kSnapshotsMax = 6;
const std::array<std::string, kFamilies> kFamilyNames = {"default", "merged", "third"};

using Map = std::map<std::string, std::string>;
using State = std::array<Map, kFamilies>;

// "" for equal maps, else the first key that they hold differently.
std::string FirstDifference(const Map& expected, const Map& found) {
  const auto [at, other] = std::mismatch(expected.begin(), expected.end(), found.begin(), found.end());
  if (at == expected.end() && other == found.end()) return {};
  if (other == found.end() || (at != expected.end() && at->first < other->first)) {
    return "not found: " + at->first + "=" + at->second;
  }
  if (at == expected.end() || other->first < at->first) return "unexpected: " + other->first + "=" + other->second;
  return "at " + at->first + " expected " + at->second + ", found " + other->second;
}

class Model : public testing::Test {
 protected:
  struct Held {
    const rocksdb::Snapshot* snapshot;
    State state;
  };
  // One side of the bounds and the map's view of them.
  struct Window {
    std::optional<std::string> lower, upper;
    rocksdb::Slice lower_slice, upper_slice;
  };

  void SetUp() override { random_.seed(TestSeed(20221107)); }
  void TearDown() override { Close(); }

  uint64_t Random(uint64_t n) { return random_() % n; }
  std::string Key();
  std::string Value();

  void Open();
  void Close();
  void Write();
  void WriteOne(rocksdb::WriteBatch* batch, int family);
  void Maintain();
  void TakeOrReleaseSnapshot();
  void CheckGets();
  void CheckMultiGet();
  void CheckWholeScan();
  void CheckIterator();
  void SeekBoth(rocksdb::Iterator* iterator, const Map& map, Map::const_iterator* at);
  const State& PickState(rocksdb::ReadOptions* options);
  Map MapWithin(const Map& map, const Window& window);
  Window RandomWindow(rocksdb::ReadOptions* options);
  void RandomOptions(rocksdb::ColumnFamilyOptions* options);

  std::mt19937_64 random_;
  TempDir dir_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;
  State state_;
  std::vector<Held> snapshots_;
};

// Few enough keys to meet again, some of them prefixes of others, one of them empty.
std::string Model::Key() {
  const uint64_t kind = Random(40);
  if (kind == 0) return {};
  std::string key = "key" + std::to_string(Random(300));
  if (kind == 1) key.append(60, 'z');
  if (kind == 2) key.push_back('\0');
  return key;
}

std::string Model::Value() {
  const uint64_t kind = Random(50);
  const size_t bytes = kind == 0 ? 0 : kind == 1 ? 20'000 : Random(120);
  std::string value(bytes, static_cast<char>('a' + Random(26)));
  for (size_t i = 0; i < bytes; i += 7) value[i] = static_cast<char>(Random(128));
  return value;
}

void Model::RandomOptions(rocksdb::ColumnFamilyOptions* options) {
  static constexpr rocksdb::CompressionType kCompressions[] = {rocksdb::kNoCompression, rocksdb::kSnappyCompression,
                                                               rocksdb::kZlibCompression, rocksdb::kLZ4Compression,
                                                               rocksdb::kZSTD};
  options->compression = kCompressions[Random(std::size(kCompressions))];
  options->write_buffer_size = 16 << 10 << Random(5);
  options->target_file_size_base = 8 << 10 << Random(5);
  options->max_bytes_for_level_base = 64 << 10;
  options->level0_file_num_compaction_trigger = 2 + static_cast<int>(Random(4));
  options->level_compaction_dynamic_level_bytes = Random(2) == 0;
  options->max_sequential_skip_in_iterations = 1 + Random(10);
  options->disable_auto_compactions = Random(4) == 0;
  options->enable_blob_files = Random(3) != 0;
  options->min_blob_size = Random(3) * 40;
  options->blob_file_size = 1 << 10 << Random(8);
  options->blob_compression_type = kCompressions[Random(std::size(kCompressions))];
  options->blob_file_starting_level = static_cast<int>(Random(2));
  options->enable_blob_garbage_collection = Random(2) == 0;
  options->blob_garbage_collection_age_cutoff = 0.25 * static_cast<double>(Random(5));
  options->blob_garbage_collection_force_threshold = Random(2) == 0 ? 0.2 : 1.0;
  rocksdb::BlockBasedTableOptions table;
  table.block_size = 100 << Random(8);
  table.block_restart_interval = 1 + static_cast<int>(Random(20));
  table.format_version = 2 + static_cast<uint32_t>(Random(4));
  table.no_block_cache = Random(4) == 0;
  table.cache_index_and_filter_blocks = !table.no_block_cache && Random(2) == 0;
  table.whole_key_filtering = true;
  switch (Random(3)) {
    case 0:
      table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
      break;
    case 1:
      table.filter_policy.reset(rocksdb::NewRibbonFilterPolicy(10));
      break;
    default:
      break;
  }
  options->table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
}

void Model::Open() {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.avoid_flush_during_recovery = Random(2) == 0;
  options.max_open_files = Random(2) == 0 ? -1 : 20;
  options.max_background_jobs = 1 + static_cast<int>(Random(4));
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (int i = 0; i < kFamilies; ++i) {
    rocksdb::ColumnFamilyOptions family;
    RandomOptions(&family);
    if (i == kMergeFamily) {
      const rocksdb::Status status =
          rocksdb::GetColumnFamilyOptionsFromString({}, family, "merge_operator=stringappend", &family);
      ASSERT_TRUE(status.ok()) << status.ToString();
    }
    descriptors.emplace_back(kFamilyNames[i], family);
  }
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(options, dir_.path() + "/db", descriptors, &families_, &db);
  ASSERT_TRUE(status.ok()) << status.ToString();
  db_.reset(db);
}

void Model::Close() {
  if (db_ == nullptr) return;
  for (const Held& held : snapshots_) db_->ReleaseSnapshot(held.snapshot);
  for (rocksdb::ColumnFamilyHandle* family : families_) db_->DestroyColumnFamilyHandle(family).PermitUncheckedError();
  snapshots_.clear();
  families_.clear();
  db_.reset();
}

void Model::WriteOne(rocksdb::WriteBatch* batch, int family) {
  Map& map = state_[family];
  std::string key = Key();
  const uint64_t kind = Random(100);
  if (kind < 15) {
    ASSERT_TRUE(batch->Delete(families_[family], key).ok());
    map.erase(key);
  } else if (kind < 18) {
    std::string end = Key();
    if (end < key) std::swap(key, end);
    ASSERT_TRUE(batch->DeleteRange(families_[family], key, end).ok());
    map.erase(map.lower_bound(key), map.lower_bound(end));
  } else if (kind < 50 && family == kMergeFamily) {
    const std::string operand = Value().substr(0, 20);
    ASSERT_TRUE(batch->Merge(families_[family], key, operand).ok());
    const auto [at, is_new] = map.try_emplace(key, operand);
    if (!is_new) at->second += "," + operand;
  } else {
    const std::string value = Value();
    ASSERT_TRUE(batch->Put(families_[family], key, value).ok());
    map[key] = value;
  }
}

void Model::Write() {
  rocksdb::WriteBatch batch;
  const uint64_t count = Random(10) == 0 ? Random(50) : 1 + Random(3);
  for (uint64_t i = 0; i < count; ++i) WriteOne(&batch, static_cast<int>(Random(kFamilies)));
  rocksdb::WriteOptions options;
  options.sync = Random(50) == 0;
  const rocksdb::Status status = db_->Write(options, &batch);
  ASSERT_TRUE(status.ok()) << status.ToString();
}

void Model::Maintain() {
  rocksdb::ColumnFamilyHandle* const family = families_[Random(kFamilies)];
  rocksdb::Status status;
  switch (Random(4)) {
    case 0: {
      const std::string from = Key(), to = Key();
      const rocksdb::Slice begin(from), end(to);
      if (from < to) status = db_->CompactRange({}, family, &begin, &end);
      break;
    }
    case 1:
      if (Random(3) == 0) status = db_->CompactRange({}, family, nullptr, nullptr);
      break;
    default:
      status = db_->Flush({}, family);
      break;
  }
  ASSERT_TRUE(status.ok()) << status.ToString();
}

void Model::TakeOrReleaseSnapshot() {
  if (snapshots_.size() < kSnapshotsMax && Random(2) == 0) {
    snapshots_.push_back({db_->GetSnapshot(), state_});
  } else if (!snapshots_.empty()) {
    const auto chosen = snapshots_.begin() + static_cast<std::ptrdiff_t>(Random(snapshots_.size()));
    db_->ReleaseSnapshot(chosen->snapshot);
    snapshots_.erase(chosen);
  }
}

// The newest state, or that of a snapshot, which is then put into the options.
const State& Model::PickState(rocksdb::ReadOptions* options) {
  if (snapshots_.empty() || Random(2) == 0) return state_;
  const Held& held = snapshots_[Random(snapshots_.size())];
  options->snapshot = held.snapshot;
  return held.state;
}

void Model::CheckGets() {
  rocksdb::ReadOptions options;
  const State& state = PickState(&options);
  for (int i = 0; i < 5; ++i) {
    const uint64_t family = Random(kFamilies);
    const std::string key = Key();
    rocksdb::PinnableSlice value;
    const rocksdb::Status status = db_->Get(options, families_[family], key, &value);
    const auto expected = state[family].find(key);
    if (expected == state[family].end()) {
      ASSERT_TRUE(status.IsNotFound()) << key << ": " << status.ToString();
    } else {
      ASSERT_TRUE(status.ok()) << key << ": " << status.ToString();
      ASSERT_EQ(expected->second, value.ToString()) << key;
    }
  }
}

void Model::CheckMultiGet() {
  rocksdb::ReadOptions options;
  const State& state = PickState(&options);
  std::vector<std::string> keys(1 + Random(40));
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  std::vector<uint64_t> numbers;
  for (std::string& key : keys) {
    key = Key();
    numbers.push_back(Random(kFamilies));
    families.push_back(families_[numbers.back()]);
  }
  const std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
  std::vector<rocksdb::PinnableSlice> values(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  db_->MultiGet(options, keys.size(), families.data(), slices.data(), values.data(), statuses.data());
  for (size_t i = 0; i < keys.size(); ++i) {
    const Map& map = state[numbers[i]];
    const auto expected = map.find(keys[i]);
    ASSERT_EQ(expected == map.end(), statuses[i].IsNotFound()) << keys[i] << ": " << statuses[i].ToString();
    if (expected != map.end()) {
      ASSERT_TRUE(statuses[i].ok()) << statuses[i].ToString();
      ASSERT_EQ(expected->second, values[i].ToString()) << keys[i];
    }
  }
}

void Model::CheckWholeScan() {
  for (int family = 0; family < kFamilies; ++family) {
    Map found;
    const std::unique_ptr<rocksdb::Iterator> iterator(db_->NewIterator({}, families_[family]));
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
      found.emplace_hint(found.end(), iterator->key().ToString(), iterator->value().ToString());
    }
    ASSERT_TRUE(iterator->status().ok()) << iterator->status().ToString();
    ASSERT_EQ(FirstDifference(state_[family], found), "") << kFamilyNames[family];
  }
}

Model::Window Model::RandomWindow(rocksdb::ReadOptions* options) {
  Window window;
  if (Random(3) == 0) window.lower = Key();
  if (Random(3) == 0) window.upper = Key();
  if (window.lower && window.upper && *window.upper < *window.lower) std::swap(window.lower, window.upper);
  options->pin_data = Random(4) == 0;
  options->readahead_size = Random(4) == 0 ? 4096 : 0;
  return window;
}

Map Model::MapWithin(const Map& map, const Window& window) {
  const auto first = window.lower ? map.lower_bound(*window.lower) : map.begin();
  const auto last = window.upper ? map.lower_bound(*window.upper) : map.end();
  return {first, last};
}

// Moves both sides to the same random place. `at` is end() where the iterator must not be valid.
void Model::SeekBoth(rocksdb::Iterator* iterator, const Map& map, Map::const_iterator* at) {
  const std::string key = Key();
  switch (Random(4)) {
    case 0:
      iterator->SeekToFirst();
      *at = map.begin();
      break;
    case 1:
      iterator->SeekToLast();
      *at = map.empty() ? map.end() : std::prev(map.end());
      break;
    case 2:
      iterator->Seek(key);
      *at = map.lower_bound(key);
      break;
    default:
      iterator->SeekForPrev(key);
      *at = map.upper_bound(key);
      *at = *at == map.begin() ? map.end() : std::prev(*at);
      break;
  }
}

void Model::CheckIterator() {
  rocksdb::ReadOptions options;
  const State& state = PickState(&options);
  const uint64_t family = Random(kFamilies);
  Window window = RandomWindow(&options);
  if (window.lower) options.iterate_lower_bound = &(window.lower_slice = *window.lower);
  if (window.upper) options.iterate_upper_bound = &(window.upper_slice = *window.upper);
  const Map map = MapWithin(state[family], window);
  const std::unique_ptr<rocksdb::Iterator> iterator(db_->NewIterator(options, families_[family]));
  // Writes and flushes after its making must not show.
  const int writes_in_between = static_cast<int>(Random(3));
  for (int i = 0; i < writes_in_between; ++i) ASSERT_NO_FATAL_FAILURE(Write());
  Map::const_iterator at = map.end();
  const uint64_t steps = 1 + Random(60);
  for (uint64_t i = 0; i < steps; ++i) {
    if (at == map.end() || Random(12) == 0) {
      SeekBoth(iterator.get(), map, &at);
    } else if (Random(100) < (steps % 2 == 0 ? 80u : 20u)) {
      iterator->Next();
      ++at;
    } else {
      iterator->Prev();
      at = at == map.begin() ? map.end() : std::prev(at);
    }
    ASSERT_TRUE(iterator->status().ok()) << iterator->status().ToString();
    ASSERT_EQ(at != map.end(), iterator->Valid()) << "step " << i;
    if (at == map.end()) continue;
    ASSERT_EQ(at->first, iterator->key().ToString()) << "step " << i;
    ASSERT_EQ(at->second, iterator->value().ToString()) << at->first;
  }
}

TEST_F(Model, AgreesWithAMap) {
  const char* const text = std::getenv("GNEISS_STEPS");
  const int steps = text == nullptr ? kUsualSteps : std::atoi(text);
  const auto end = std::chrono::steady_clock::now() + kTimeMax;
  ASSERT_NO_FATAL_FAILURE(Open());
  for (int step = 0; step < steps; ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    const uint64_t kind = Random(1000);
    if (kind < 550) {
      ASSERT_NO_FATAL_FAILURE(Write());
    } else if (kind < 700) {
      ASSERT_NO_FATAL_FAILURE(CheckGets());
    } else if (kind < 780) {
      ASSERT_NO_FATAL_FAILURE(CheckMultiGet());
    } else if (kind < 940) {
      ASSERT_NO_FATAL_FAILURE(CheckIterator());
    } else if (kind < 970) {
      ASSERT_NO_FATAL_FAILURE(TakeOrReleaseSnapshot());
    } else if (kind < 988) {
      ASSERT_NO_FATAL_FAILURE(Maintain());
    } else if (kind < 992) {
      Close();
      ASSERT_NO_FATAL_FAILURE(Open());
    } else {
      ASSERT_NO_FATAL_FAILURE(CheckWholeScan());
    }
    // A slow machine runs fewer steps of the same sequence.
    if (text == nullptr && std::chrono::steady_clock::now() > end) break;
  }
  Close();
  ASSERT_NO_FATAL_FAILURE(Open());
  CheckWholeScan();
}

}  // namespace
}  // namespace gneiss
