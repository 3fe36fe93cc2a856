// Merges.
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <vector>

#include "db_bench_port/benchmarks/benchmarks.h"
#include "db_bench_port/errors.h"
#include "db_bench_port/flags/flags.h"

namespace bench {

void MergeRandom(BenchThread& thread) {
  const Params& params = thread.params;
  ValueSource values = thread.MakeValues();
  KeyBuffer buffer = thread.MakeKeyBuffer();
  Duration duration = thread.MakeDuration(params.readwrites);
  int64_t bytes = 0;
  while (!duration.IsOver(1)) {
    Database& database = thread.PickDatabase();
    const int64_t number = thread.random.Below(params.merge_keys);
    const rocksdb::Slice& key = buffer.Make(number, params.merge_keys);
    const rocksdb::Slice value = values.Next();
    CheckOk("merge", database.db()->Merge(params.write_options, database.FamilyOf(number), key, value));
    bytes += static_cast<int64_t>(key.size() + value.size());
    thread.stats.Finished(database.db(), 1, Operation::kMerge);
  }
  thread.stats.AddBytes(bytes);
  thread.stats.AddMessage(Format("( updates:%ld)", params.readwrites));
}

void ReadOrMergeRandom(BenchThread& thread) {
  const Params& params = thread.params;
  ValueSource values = thread.MakeValues();
  KeyBuffer buffer = thread.MakeKeyBuffer();
  std::string value;
  int64_t reads = 0, merges = 0, hits = 0;
  size_t longest = 0;
  Duration duration = thread.MakeDuration(params.readwrites);
  while (!duration.IsOver(1)) {
    rocksdb::DB* db = thread.PickDatabase().db();
    const rocksdb::Slice& key = buffer.Make(thread.random.Below(params.merge_keys), params.merge_keys);
    if (thread.random.Below(100) < FLAGS_mergereadpercent) {
      ++merges;
      CheckOk("merge", db->Merge(params.write_options, key, values.Next()));
      thread.stats.Finished(db, 1, Operation::kMerge);
    } else {
      ++reads;
      if (CheckFound("get", db->Get(params.read_options, key, &value))) ++hits;
      longest = std::max(longest, value.size());
      thread.stats.Finished(db, 1, Operation::kRead);
    }
  }
  thread.stats.AddMessage(Format("(reads:%ld merges:%ld total:%ld hits:%ld maxlength:%zu)", reads, merges,
                                 params.readwrites, hits, longest));
}

namespace {

// The numbers of a list such as "1,2,5".
std::vector<int> Numbers(const rocksdb::Slice& list) {
  std::vector<int> numbers;
  std::stringstream stream(list.ToString());
  for (std::string item; std::getline(stream, item, ',');) numbers.push_back(std::atoi(item.c_str()));
  return numbers;
}

bool HasNumber(const rocksdb::Slice& list, int number) {
  const std::vector<int> numbers = Numbers(list);
  return std::binary_search(numbers.begin(), numbers.end(), number);
}

class Stopwatch {
 public:
  double Seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count(); }

 private:
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

constexpr int kLists = 1000;
constexpr int kNumbersPerList = 99;

void MergeSortedLists(rocksdb::DB* db, const std::string& key) {
  for (int list = 0; list < kLists - 1; ++list) {
    std::string operand;
    for (int i = 1; i <= kNumbersPerList; ++i) {
      operand += (operand.empty() ? "" : ",") + std::to_string(list * (kNumbersPerList + 1) + i);
    }
    CheckOk("merge", db->Merge(rocksdb::WriteOptions(), key, operand));
  }
}

}  // namespace

// One key with a long sorted list, built from merge operands that are short sorted lists (--merge_operator=sortlist):
// looks for a number with Get, which merges all, and with GetMergeOperands, which does not.
void CompareMergeOperands(BenchThread& thread) {
  constexpr int kWanted = 1;
  rocksdb::DB* db = thread.PickDatabase().db();
  const std::string key = "my_key";
  MergeSortedLists(db, key);

  std::cout << "--- Get API call --- \n";
  rocksdb::PinnableSlice merged;
  const Stopwatch get_time;
  CheckOk("get", db->Get(rocksdb::ReadOptions(), db->DefaultColumnFamily(), key, &merged));
  bool is_found = HasNumber(merged, kWanted);
  const double get_seconds = get_time.Seconds();
  std::cout << "Found key? " << is_found << "\nGet: " << get_seconds << " seconds\n"
            << "Sample data from Get API call: " << merged.ToString().substr(0, 10) << "\n";

  std::cout << "--- GetMergeOperands API --- \n";
  std::vector<rocksdb::PinnableSlice> operands(kLists + 1);
  rocksdb::GetMergeOperandsOptions limit;
  limit.expected_max_number_of_operands = kLists + 1;
  int count = 0;
  const Stopwatch operands_time;
  CheckOk("GetMergeOperands", db->GetMergeOperands(rocksdb::ReadOptions(), db->DefaultColumnFamily(), key,
                                                   operands.data(), &limit, &count));
  is_found = false;
  for (int i = 0; i < count && !is_found; ++i) is_found = HasNumber(operands[i], kWanted);
  const double operands_seconds = operands_time.Seconds();
  std::cout << "Found key? " << is_found << "\nGet Merge operands: " << operands_seconds << " seconds \n"
            << "Sample data from GetMergeOperands API call: ";
  for (int i = 0; i < std::min(count, 4); ++i) std::cout << "List: " << i << " : " << operands[i].ToString() << "\n";
  std::cout << std::flush;
}

}  // namespace bench
