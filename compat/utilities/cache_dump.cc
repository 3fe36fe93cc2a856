// rocksdb/utilities/cache_dump_load.h and block_cache_trace_writer.h: not built.
#include <rocksdb/block_cache_trace_writer.h>
#include <rocksdb/system_clock.h>
#include <rocksdb/trace_reader_writer.h>
#include <rocksdb/utilities/cache_dump_load.h>

#include "compat/not_supported.h"

namespace rocksdb {

using gneiss::compat::NotBuilt;
using gneiss::compat::NotBuiltIo;

namespace {

class RefusingTraceWriter : public BlockCacheTraceWriter {
 public:
  Status WriteBlockAccess(const BlockCacheTraceRecord&, const Slice&, const Slice&, const Slice&) override {
    return NotBuilt("BlockCacheTraceWriter");
  }
  Status WriteHeader() override { return NotBuilt("BlockCacheTraceWriter"); }
};

}  // namespace

const uint64_t BlockCacheTraceRecord::kReservedGetId = 0;

std::unique_ptr<BlockCacheTraceWriter> NewBlockCacheTraceWriter(SystemClock*, const BlockCacheTraceWriterOptions&,
                                                                std::unique_ptr<TraceWriter>&&) {
  return std::make_unique<RefusingTraceWriter>();
}

IOStatus NewToFileCacheDumpWriter(const std::shared_ptr<FileSystem>&, const FileOptions&, const std::string&,
                                  std::unique_ptr<CacheDumpWriter>*) {
  return NotBuiltIo("NewToFileCacheDumpWriter");
}

IOStatus NewFromFileCacheDumpReader(const std::shared_ptr<FileSystem>&, const FileOptions&, const std::string&,
                                    std::unique_ptr<CacheDumpReader>*) {
  return NotBuiltIo("NewFromFileCacheDumpReader");
}

Status NewDefaultCacheDumper(const CacheDumpOptions&, const std::shared_ptr<Cache>&, std::unique_ptr<CacheDumpWriter>&&,
                             std::unique_ptr<CacheDumper>*) {
  return NotBuilt("NewDefaultCacheDumper");
}

Status NewDefaultCacheDumpedLoader(const CacheDumpOptions&, const BlockBasedTableOptions&,
                                   const std::shared_ptr<SecondaryCache>&, std::unique_ptr<CacheDumpReader>&&,
                                   std::unique_ptr<CacheDumpedLoader>*) {
  return NotBuilt("NewDefaultCacheDumpedLoader");
}

}  // namespace rocksdb
