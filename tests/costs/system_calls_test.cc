// How many system calls operations make in the thread that calls them. The bounds are the project's targets.
#include <gtest/gtest.h>
#include <unistd.h>

#include <vector>

#include "tests/costs/database.h"
#include "tests/costs/traced_calls.h"

namespace costs {
namespace {

// One call in 20 000 may be a lock that was taken late or memory that malloc fetched; more are a cost of the operation.
constexpr double kHardlyEver = 0.001;
constexpr double kSeldom = 0.05;

// The database is opened, and what is needed done, in the child: threads do not survive a fork.
class Case {
 public:
  std::function<bool(Database&)> prepare;
  std::function<bool(Database&, const std::string& key)> operation;

  std::optional<double> CallsPerOperation() const {
    std::unique_ptr<Database> database;
    std::vector<std::string> keys;
    const auto calls = CountSystemCalls(
        [&] {
          database = std::make_unique<Database>(10);
          for (int i = 0; i < kKeys; ++i) keys.push_back(Key(i * 7919 % kKeys));
          for (int i = 0; i < kFirstCalls; ++i) {
            if (i == 0 && !prepare(*database)) return false;
            if (!operation(*database, keys[i])) return false;
          }
          return !testing::Test::HasFailure();
        },
        [&] {
          for (size_t i = kFirstCalls; i < keys.size(); ++i) {
            if (!operation(*database, keys[i])) return false;
          }
          return true;
        });
    if (!calls.has_value()) return std::nullopt;
    return static_cast<double>(*calls) / (kKeys - kFirstCalls);
  }

 private:
  static constexpr int kFirstCalls = 100;
};

void ExpectAtMost(double bound, const Case& tried) {
  const auto calls = tried.CallsPerOperation();
  if (!calls.has_value()) GTEST_SKIP() << "tracing is not allowed here";
  EXPECT_LE(*calls, bound);
}

TEST(SystemCalls, AreCounted) {
  const auto calls = CountSystemCalls([] { return true; },
                                      [] {
                                        for (int i = 0; i < 7; ++i) {
                                          if (getppid() == 0) return false;
                                        }
                                        return true;
                                      });
  if (!calls.has_value()) GTEST_SKIP() << "tracing is not allowed here";
  EXPECT_EQ(*calls, 7);
}

TEST(SystemCalls, CachedGetMakesNone) {
  ExpectAtMost(kHardlyEver,
               {[](Database& database) {
                  database.Fill();
                  database.CompactAndWarmUp();
                  return true;
                },
                [](Database& database, const std::string& key) {
                  rocksdb::PinnableSlice value;
                  return database->Get(rocksdb::ReadOptions(), database->DefaultColumnFamily(), key, &value).ok();
                }});
}

TEST(SystemCalls, CachedSeekAndNextMakeNone) {
  ExpectAtMost(kHardlyEver,
               {[](Database& database) {
                  database.Fill();
                  database.CompactAndWarmUp();
                  return true;
                },
                [](Database& database, const std::string& key) {
                  std::unique_ptr<rocksdb::Iterator> iterator(database->NewIterator(rocksdb::ReadOptions()));
                  iterator->Seek(key);
                  if (!iterator->Valid()) return false;
                  iterator->Next();
                  return iterator->status().ok();
                }});
}

// The log is mapped; only every now and then it needs another window or more room.
TEST(SystemCalls, PutMakesCallsSeldom) {
  ExpectAtMost(kSeldom, {[](Database&) { return true; },
                         [](Database& database, const std::string& key) {
                           return database->Put(rocksdb::WriteOptions(), key, "a value of some length").ok();
                         }});
}

std::optional<int64_t> CallsToOpenWithFamilies(int count) {
  gneiss::TempDir directory;
  std::vector<rocksdb::ColumnFamilyDescriptor> families = {{"default", {}}};
  for (int i = 1; i < count; ++i) families.push_back({Key(i), {}});
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  return CountSystemCalls([] { return true; },
                          [&] {
                            rocksdb::DB* db = nullptr;
                            std::vector<rocksdb::ColumnFamilyHandle*> handles;
                            return rocksdb::DB::Open(options, directory.path(), families, &handles, &db).ok();
                          });
}

// One write and one sync of the MANIFEST make them all; 0.5 per family is what their memory and OPTIONS file may cost.
TEST(SystemCalls, FamiliesMadeAtOpeningAreMadeTogether) {
  const auto one = CallsToOpenWithFamilies(1);
  const auto many = CallsToOpenWithFamilies(201);
  if (!one.has_value() || !many.has_value()) GTEST_SKIP() << "tracing is not allowed here";
  EXPECT_LE(*many - *one, 100);
}

}  // namespace
}  // namespace costs
