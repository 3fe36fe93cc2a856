#include "db_bench_port/database/databases.h"

#include <rocksdb/env.h>

#include <algorithm>

#include "db_bench_port/flags/flags.h"

namespace bench {
namespace {

int DirectoryCount() { return std::max(1, FLAGS_num_multi_db); }

}  // namespace

Databases::Databases(const Settings& settings, rocksdb::Options options)
    : settings_(settings), options_(std::move(options)) {}

std::string Databases::DirectoryOf(const std::string& base, int index) const {
  if (base.empty() || FLAGS_num_multi_db <= 1) return base;
  return base + (base.back() == '/' ? "" : "/") + std::to_string(index);
}

rocksdb::Options Databases::OptionsOf(int index) const {
  rocksdb::Options options = options_;
  options.wal_dir = DirectoryOf(options_.wal_dir, index);
  return options;
}

void Databases::Open() {
  if (FLAGS_num_multi_db > 1 && !FLAGS_use_existing_db) {
    settings_.env->CreateDirIfMissing(FLAGS_db).PermitUncheckedError();
    if (!options_.wal_dir.empty()) settings_.env->CreateDirIfMissing(options_.wal_dir).PermitUncheckedError();
  }
  for (int i = 0; i < DirectoryCount(); ++i) {
    all_.push_back(std::make_unique<Database>(OptionsOf(i), DirectoryOf(FLAGS_db, i)));
  }
}

void Databases::Destroy() {
  Close();
  // A directory that is not there yet is as good as destroyed.
  for (int i = 0; i < DirectoryCount(); ++i) {
    rocksdb::DestroyDB(DirectoryOf(FLAGS_db, i), OptionsOf(i)).PermitUncheckedError();
  }
}

}  // namespace bench
