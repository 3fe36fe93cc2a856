// The two fields of RocksDB's internal ImmutableDBOptions that FileSystem's and Env's Optimize functions look at.
//
// The public headers name the struct without defining it, so no client can make one; we make it when a user's
// FileSystem is asked for its options.
#pragma once

namespace rocksdb {

struct ImmutableDBOptions {
  bool use_direct_reads = false;
  bool use_direct_io_for_flush_and_compaction = false;
};

}  // namespace rocksdb
