#pragma once

#include <memory>
#include <string>
#include <vector>

#include "db_bench_port/data/random.h"
#include "db_bench_port/database/database.h"
#include "db_bench_port/flags/settings.h"

namespace bench {

// The databases of this run: one, or --num_multi_db of them side by side.
//
// Threads: Open and Close only while no benchmark runs; the rest is safe from any thread.
class Databases {
 public:
  Databases(const Settings& settings, rocksdb::Options options);

  void Open();
  void Close() { all_.clear(); }
  // Closes and removes them.
  void Destroy();

  size_t count() const { return all_.size(); }
  Database& at(size_t index) const { return *all_[index]; }
  Database& first() const { return *all_[0]; }
  const std::vector<std::unique_ptr<Database>>& all() const { return all_; }

  // One of them at random. Draws a number also when there is only one: db_bench does, and the numbers that follow must
  // be its.
  Database& Pick(Random64* random) const { return *all_[random->Next() % all_.size()]; }

  rocksdb::Options& options() { return options_; }

 private:
  std::string DirectoryOf(const std::string& base, int index) const;
  rocksdb::Options OptionsOf(int index) const;

  const Settings& settings_;
  rocksdb::Options options_;
  std::vector<std::unique_ptr<Database>> all_;
};

}  // namespace bench
