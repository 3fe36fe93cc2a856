// Log records of one put (about 140 bytes): framing and checksum alone (to a file that drops them), and with a file
// system.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "engine/wal/log_writer.h"

namespace gneiss {
namespace {

class DroppingFile final : public WritableFile {
 public:
  Status Append(Slice bytes) override {
    benchmark::DoNotOptimize(bytes.data());
    return Status::Ok();
  }
  Status Sync() override { return Status::Ok(); }
  Status Close() override { return Status::Ok(); }
  Status Truncate(uint64_t) override { return Status::Ok(); }
};

const std::string& Record() {
  static const std::string record(140, 'r');
  return record;
}

void AddRecord(benchmark::State& state) {
  LogWriter writer({.log_number = 1}, std::make_unique<DroppingFile>());
  for (auto _ : state) {
    const Status status = writer.AddRecord(Record());
    if (!status.ok()) state.SkipWithError("AddRecord failed");
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * Record().size()));
}
BENCHMARK(AddRecord);

void AddGroup(benchmark::State& state) {
  LogWriter writer({.log_number = 1}, std::make_unique<DroppingFile>());
  const std::vector<Slice> records(state.range(0), Slice(Record()));
  for (auto _ : state) {
    const Status status = writer.AddRecords(records.data(), records.size());
    if (!status.ok()) state.SkipWithError("AddRecords failed");
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * records.size()));
}
BENCHMARK(AddGroup)->Arg(8)->Arg(64);

// `log_block_bytes` as the database asks for: 0 writes, otherwise a mapping where the file system has one.
void AddRecordToDisk(benchmark::State& state, size_t log_block_bytes) {
  std::string path = "/tmp/gneiss_log_XXXXXX";
  const int descriptor = mkstemp(path.data());
  std::unique_ptr<WritableFile> file;
  const Status created = FileSystem::Posix()->Create(path, {.log_block_bytes = log_block_bytes}, &file);
  if (descriptor < 0 || !created.ok()) {
    state.SkipWithError("no file");
    return;
  }
  {
    LogWriter writer({.log_number = 1, .allocate_ahead_bytes = 1 << 20}, std::move(file));
    for (auto _ : state) {
      const Status status = writer.AddRecord(Record());
      if (!status.ok()) state.SkipWithError("AddRecord failed");
      // One gigabyte of log is enough for any machine.
      if (writer.FileBytes() > (uint64_t{1} << 30)) state.SkipWithError("the log has grown too large");
    }
  }
  std::remove(path.c_str());
}
BENCHMARK_CAPTURE(AddRecordToDisk, write, 0)->Iterations(200000);
BENCHMARK_CAPTURE(AddRecordToDisk, mapping, 32 << 10)->Iterations(200000);

}  // namespace
}  // namespace gneiss
