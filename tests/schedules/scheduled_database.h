// What the scenarios of a whole database share: one in memory, small enough that its buffers fill and its tables merge
// within a few dozen writes.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/random.h"
#include "engine/db/database.h"
#include "tests/schedules/memory_file_system.h"
#include "tests/schedules/scenario.h"

namespace gneiss::schedules {

using Contents = std::map<std::string, std::string>;

// The records of one write batch; family 0 is "default", 1 is "other".
class BatchText {
 public:
  BatchText();
  BatchText& Put(Slice key, Slice value, uint32_t family = 0);
  BatchText& Delete(Slice key, uint32_t family = 0);
  std::string* rep() { return &rep_; }

 private:
  BatchText& Append(uint8_t kind, uint32_t family, Slice key, const Slice* value);
  std::string rep_;
};

struct ScheduledDatabase {
  ScheduledDatabase();
  ~ScheduledDatabase();

  void Open(MemoryFileSystem* disk);
  void Write(const WriteParams& params, BatchText* batch);
  // Empty when absent.
  std::string Get(Slice key, const Snapshot* snapshot = nullptr, size_t family = 0);
  Contents Scan(const Snapshot* snapshot = nullptr, size_t family = 0);
  static Contents Read(DbIterator* iterator);

  DatabaseConfig config;
  FamilyConfig family_config;
  std::vector<FamilyPtr> families;
  std::unique_ptr<Database> database;
};

void CheckOk(const Status& status, const char* call);
void JoinAll(std::vector<std::thread>* threads);

}  // namespace gneiss::schedules
