// What a secondary has read of its primary (secondary.cc), so that the next CatchUp reads only what is new; and a log
// as recovery and secondaries read it.
//
// Threads: as the only writer (CommitQueue).
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "engine/base/logger.h"
#include "engine/db/database_impl.h"
#include "engine/wal/log_reader.h"

namespace gneiss {

// Notes the first damage of the log; whether it ends the replay is the recovery mode's to say.
class ReplayedLog final : public LogReader::Reporter {
 public:
  ReplayedLog(Logger* logger, uint64_t number, std::string path, std::unique_ptr<SequentialFile> file)
      : logger_(logger), number_(number), path_(std::move(path)), reader_(std::move(file), number, this) {}

  uint64_t number() const { return number_; }
  const std::string& path() const { return path_; }
  LogReader& reader() { return reader_; }
  const Status& damage() const { return damage_; }
  void Corruption(size_t bytes, const Status& why) override {
    Log(logger_, LogLevel::kWarn, "%s: dropping %zu bytes; %s", path_.c_str(), bytes, why.ToString().c_str());
    if (damage_.ok()) damage_ = why;
  }

 private:
  Logger* const logger_;
  const uint64_t number_;
  const std::string path_;
  Status damage_;
  LogReader reader_;
};

struct DatabaseImpl::FollowedFamily {
  FamilyPtr family;
  VersionPtr version;
  uint64_t log_number = 0;
  std::map<uint64_t, MemtablePtr> memtables;  // by the number of the log whose entries they hold
  bool has_changed = true;                    // version or set of memtables, since the last install
};

struct DatabaseImpl::Followed {
  struct FollowedLog {
    std::unique_ptr<ReplayedLog> log;
    bool was_last = false;  // when it was last read
  };

  Followed(FileSystem* fs, const std::string& dir) : manifest(fs, dir) {}

  uint64_t LowestLogNumber() const {
    uint64_t lowest = UINT64_MAX;
    for (const auto& [id, family] : families) lowest = std::min(lowest, family.log_number);
    return lowest;
  }

  ManifestFollower manifest;
  bool are_tables_due = true;  // the MANIFEST says more than is in `families`
  uint64_t min_log_number_to_keep = 0;
  std::map<uint32_t, FollowedFamily> families;
  std::map<uint64_t, FollowedLog> logs;
  Replay replay;
  bool is_installed = false;  // readers see the memtables
  bool can_go_on = true;      // false: the next look is at everything
};

}  // namespace gneiss
