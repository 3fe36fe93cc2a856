// A Session is the database opened by this turn, with its families' handles and the turn's snapshots.
//
// Errors: functions return "" or one line that says what went wrong.
#pragma once

#include <rocksdb/db.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/parity/check.h"
#include "tests/parity/matrix.h"

namespace gneiss::parity {

void AddTo(rocksdb::WriteBatch* batch, const Entry& entry, rocksdb::ColumnFamilyHandle* handle);

class Session {
 public:
  Session(std::string directory, uint64_t seed, uint64_t turn, TurnTraits traits, Features features);
  ~Session();

  // Opens the families of `plans` that exist; a new directory has only the default one.
  std::string Open(const std::vector<Model>& candidates, bool is_after_kill);
  std::string Close();
  std::string Run(const Operation& operation, const Model& before);

  rocksdb::DB* db() { return db_.get(); }
  const Handles& handles() const { return handles_; }
  int refusals() const { return refusals_; }
  // The options of the last opening, for a failure's report.
  std::string OptionsText() const;

 private:
  struct Held {
    const rocksdb::Snapshot* snapshot;
    Model model;
  };
  std::string OpenOnce(const Model& shape, const std::vector<std::string>& names, bool is_after_kill, Dice* dice,
                       rocksdb::Status* status);
  std::string RunWrite(const Operation& operation);
  std::string RunFlush(const Operation& operation);
  std::string RunCompact(const Operation& operation);
  std::string RunCreateFamily(const Operation& operation);
  std::string RunDropFamily(const Operation& operation);
  std::string RunSetOptions(const Operation& operation);
  std::string RunCheck(const Operation& operation, const Model& now);
  void ReleaseSnapshots();

  const std::string directory_;
  const uint64_t seed_;
  const uint64_t turn_;
  const TurnTraits traits_;
  const Features features_;
  uint64_t openings_ = 0;
  int refusals_ = 0;
  rocksdb::DBOptions db_options_;
  std::map<std::string, rocksdb::ColumnFamilyOptions> family_options_;
  std::unique_ptr<rocksdb::DB> db_;
  Handles handles_;
  std::vector<Held> snapshots_;
};

}  // namespace gneiss::parity
