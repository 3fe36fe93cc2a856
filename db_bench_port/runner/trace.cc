#include "db_bench_port/runner/trace.h"

#include <rocksdb/trace_reader_writer.h>

#include <cstdio>
#include <memory>

#include "db_bench_port/errors.h"
#include "db_bench_port/flags/flags.h"

namespace bench {

void Trace::Start(Databases* databases) {
  rocksdb::DB* db = databases->first().db();
  if (traced_ == db) return;
  if (!FLAGS_trace_file.empty()) StartOperations(db);
  if (!FLAGS_block_cache_trace_file.empty()) StartBlockCache(db);
  if (!FLAGS_trace_file.empty() || !FLAGS_block_cache_trace_file.empty()) traced_ = db;
}

void Trace::StartOperations(rocksdb::DB* db) {
  std::unique_ptr<rocksdb::TraceWriter> writer;
  CheckOk("trace", rocksdb::NewFileTraceWriter(env_, rocksdb::EnvOptions(), FLAGS_trace_file, &writer));
  CheckOk("start trace", db->StartTrace(rocksdb::TraceOptions(), std::move(writer)));
  std::printf("Tracing the workload to: [%s]\n", FLAGS_trace_file.c_str());
}

void Trace::StartBlockCache(rocksdb::DB* db) {
  if (FLAGS_block_cache_trace_sampling_frequency <= 0)
    Fail("Block cache trace sampling frequency must be higher than 0.");
  if (FLAGS_block_cache_trace_max_trace_file_size_in_bytes <= 0) {
    Fail("The maximum file size for block cache tracing must be higher than 0.");
  }
  rocksdb::TraceOptions options;
  options.max_trace_file_size = FLAGS_block_cache_trace_max_trace_file_size_in_bytes;
  options.sampling_frequency = FLAGS_block_cache_trace_sampling_frequency;
  std::unique_ptr<rocksdb::TraceWriter> writer;
  CheckOk("block cache trace",
          rocksdb::NewFileTraceWriter(env_, rocksdb::EnvOptions(), FLAGS_block_cache_trace_file, &writer));
  CheckOk("start block cache trace", db->StartBlockCacheTrace(options, std::move(writer)));
  std::printf("Tracing block cache accesses to: [%s]\n", FLAGS_block_cache_trace_file.c_str());
}

void Trace::End(Databases* databases) {
  if (traced_ == nullptr || traced_ != databases->first().db()) return;
  if (!FLAGS_trace_file.empty()) CheckOk("end trace", traced_->EndTrace());
  if (!FLAGS_block_cache_trace_file.empty()) CheckOk("end block cache trace", traced_->EndBlockCacheTrace());
  traced_ = nullptr;
}

}  // namespace bench
