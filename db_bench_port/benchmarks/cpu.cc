// What needs no database.
#include <rocksdb/file_checksum.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <string>

#include "db_bench_port/benchmarks/benchmarks.h"
#include "db_bench_port/errors.h"
#include "db_bench_port/flags/flags.h"

namespace bench {

// The library's crc32c over blocks, through the one public class that computes it, 5000 MiB in all.
void Crc32c(BenchThread& thread) {
  constexpr int64_t kBytes = int64_t{5000} << 20;
  const std::string data(FLAGS_block_size, 'x');
  std::unique_ptr<rocksdb::FileChecksumGenerator> generator =
      rocksdb::GetFileChecksumGenCrc32cFactory()->CreateFileChecksumGenerator(rocksdb::FileChecksumGenContext());
  if (generator == nullptr) Fail("this library makes no crc32c generator");
  int64_t bytes = 0;
  while (bytes < kBytes) {
    generator->Update(data.data(), data.size());
    thread.stats.Finished(nullptr, 1, Operation::kCrc);
    bytes += static_cast<int64_t>(data.size());
  }
  generator->Finalize();
  // Printed so that the result is used.
  std::fprintf(stderr, "... crc=0x%s\r", rocksdb::Slice(generator->GetChecksum()).ToString(true).c_str());
  thread.stats.AddBytes(bytes);
  thread.stats.AddMessage(Format("(%d per op)", FLAGS_block_size));
}

void AcquireLoads(BenchThread& thread) {
  constexpr int kOperations = 100000;
  constexpr int kLoadsPerOperation = 1000;
  int target = 0;
  std::atomic<int*> pointer(&target);
  int* loaded = nullptr;
  thread.stats.AddMessage("(each op is 1000 loads)");
  for (int i = 0; i < kOperations; ++i) {
    for (int j = 0; j < kLoadsPerOperation; ++j) loaded = pointer.load(std::memory_order_acquire);
    thread.stats.Finished(nullptr, 1, Operation::kOther);
  }
  if (loaded == nullptr) Fail("acquireload lost its pointer");
}

}  // namespace bench
