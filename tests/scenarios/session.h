// A Session runs the commands of a scenario on one database of RocksDB's public API.
//
//     put K=V..   merge K=V..   delete K..   single-delete K..   delete-range A..B     each also as verb@family
//     batch put A=1 , put@f B=2 , delete C        one atomic write
//     flush   compact [A..B]   levels             levels answers the tables per level, as "L0:1 L6:2"
//     snapshot NAME   release NAME
//     get K   scan [A..B]   rscan [A..B]   seek K   seek-back K     each also "at NAME"
//     multi-get K..
//     family create F   family drop F   family release F     a dropped family's handle lives until released
//     options NAME=VALUE..      for every later open
//     open   reopen [NAME=VALUE..]   close   destroy
//
// Owner:   the session owns the database, its handles and snapshots, and the directory's content.
// Threads: one.
// Errors:  a Status other than OK is the answer, as ToString writes it.
#pragma once

#include <rocksdb/db.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/scenarios/script.h"

namespace gneiss::scenario {

class Session {
 public:
  explicit Session(std::string dir);
  ~Session();
  std::string Run(const Command& command);

 private:
  std::string RunAdmin(const Command& command);
  std::string RunWrite(const Command& command);
  std::string RunRead(const Command& command);

  rocksdb::Status SetOptions(const std::vector<std::string>& words);
  rocksdb::Status Open();
  void Close();
  std::string Family(const Command& command);
  rocksdb::Status Append(const Command& command, rocksdb::WriteBatch* batch);
  rocksdb::Status RunBatch(const Command& command);
  std::string Scan(const Command& command, bool is_backward);
  std::string Seek(const Command& command, bool is_backward);
  std::string MultiGet(const Command& command);
  std::string Levels(const Command& command);
  rocksdb::ReadOptions ReadOptionsOf(const Command& command);
  rocksdb::ColumnFamilyHandle* HandleOf(const Command& command);

  const std::string dir_;
  rocksdb::DBOptions db_options_;
  rocksdb::ColumnFamilyOptions family_options_;
  rocksdb::DB* db_ = nullptr;
  std::map<std::string, rocksdb::ColumnFamilyHandle*> families_;
  std::map<std::string, const rocksdb::Snapshot*> snapshots_;
};

}  // namespace gneiss::scenario
