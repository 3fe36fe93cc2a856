#include "db_bench_port/stats/interval_details.h"

#include <rocksdb/env.h>
#include <rocksdb/thread_status.h>

#include <cinttypes>
#include <cstdio>
#include <string>
#include <vector>

#include "db_bench_port/flags/flags.h"

namespace bench {

void PrintDatabaseStats(rocksdb::DB* db) {
  std::string text;
  if (db->GetProperty("rocksdb.stats", &text)) std::fprintf(stderr, "%s", text.c_str());
  for (const char* name : {"num-running-compactions", "num-running-flushes"}) {
    if (db->GetProperty(std::string("rocksdb.") + name, &text)) std::fprintf(stderr, "%s: %s\n", name, text.c_str());
  }
  if (!FLAGS_show_table_properties) return;
  for (int level = 0; level < FLAGS_num_levels; ++level) {
    const std::string name = "rocksdb.aggregated-table-properties-at-level" + std::to_string(level);
    if (!db->GetProperty(name, &text) || text.find("# entries=0") != std::string::npos) continue;
    std::fprintf(stderr, "Level[%d]: %s\n", level, text.c_str());
  }
}

void PrintThreadStatus() {
  using rocksdb::ThreadStatus;
  std::vector<ThreadStatus> threads;
  if (!rocksdb::Env::Default()->GetThreadList(&threads).ok()) return;
  std::fprintf(stderr, "\n%18s %10s %12s %20s %13s %45s %12s %s\n", "ThreadID", "ThreadType", "cfName", "Operation",
               "ElapsedTime", "Stage", "State", "OperationProperties");
  for (const auto& each : threads) {
    std::fprintf(stderr, "%18" PRIu64 " %10s %12s %20s %13s %45s %12s", each.thread_id,
                 ThreadStatus::GetThreadTypeName(each.thread_type).c_str(), each.cf_name.c_str(),
                 ThreadStatus::GetOperationName(each.operation_type).c_str(),
                 ThreadStatus::MicrosToString(each.op_elapsed_micros).c_str(),
                 ThreadStatus::GetOperationStageName(each.operation_stage).c_str(),
                 ThreadStatus::GetStateName(each.state_type).c_str());
    for (const auto& [name, value] :
         ThreadStatus::InterpretOperationProperties(each.operation_type, each.op_properties)) {
      std::fprintf(stderr, " %s %" PRIu64 " |", name.c_str(), value);
    }
    std::fprintf(stderr, "\n");
  }
}

}  // namespace bench
