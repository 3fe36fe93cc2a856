// Counters and histograms of what the engine does. The engine only reports; who listens (compat's Statistics) adds up.
//
// Units:   a ticker counts events or bytes, as its name says; histograms take micros unless named otherwise.
// Owner:   the caller of the engine. A null StatsSink* means nobody listens and costs one branch.
// Threads: a sink is called from any thread.
#pragma once

#include <cstdint>

namespace gneiss {

// compat/adapters/statistics maps each to the rocksdb::Tickers of the same meaning.
enum class Ticker : uint16_t {
  kBlockCacheHit,
  kBlockCacheMiss,
  kBlockCacheAdd,
  kBlockCacheAddFailures,
  kBlockCacheBytesRead,
  kBlockCacheBytesWrite,
  kBlockCacheDataHit,
  kBlockCacheDataMiss,
  kBlockCacheDataAdd,
  kBlockCacheDataBytesInsert,
  kBlockCacheIndexHit,
  kBlockCacheIndexMiss,
  kBlockCacheIndexAdd,
  kBlockCacheIndexBytesInsert,
  kBlockCacheFilterHit,
  kBlockCacheFilterMiss,
  kBlockCacheFilterAdd,
  kBlockCacheFilterBytesInsert,
  kBlockCacheDictionaryHit,
  kBlockCacheDictionaryMiss,
  kBlockCacheDictionaryAdd,
  kBlockCacheDictionaryBytesInsert,
  kBloomUseful,
  kBloomFullPositive,
  kBloomFullTruePositive,
  kBloomPrefixChecked,
  kBloomPrefixUseful,
  kMemtableHit,
  kMemtableMiss,
  kGetHitL0,
  kGetHitL1,
  kGetHitL2AndUp,
  kKeysWritten,
  kKeysRead,
  kKeysUpdated,
  kBytesWritten,
  kBytesRead,
  kSeeks,
  kNexts,
  kPrevs,
  kSeeksFound,
  kNextsFound,
  kPrevsFound,
  kIterBytesRead,
  kIteratorsCreated,
  kIteratorsDeleted,
  kMultiGetCalls,
  kMultiGetKeysRead,
  kMultiGetBytesRead,
  kMultiGetKeysFound,
  kWalFilesSynced,
  kWalFileBytes,
  kWritesDoneBySelf,
  kWritesDoneByOther,
  kWritesWithWal,
  kCompactReadBytes,
  kCompactWriteBytes,
  kFlushWriteBytes,
  kCompactionKeysDroppedNewer,
  kCompactionKeysDroppedObsolete,
  kCompactionKeysDroppedUser,
  kCompactionCancelled,
  kStallMicros,
  kFilesOpened,
  kFileErrors,
  kFilesClosed,
  kBlocksCompressed,
  kBlocksDecompressed,
  kBlocksNotCompressed,
  kFilterOperationMicros,
  kBlobFileBytesRead,
  kBlobFileBytesWritten,
  kBlobFilesSynced,
  kBlobKeysRelocated,
  kBlobBytesRelocated,
  kBlobCacheHit,
  kBlobCacheMiss,
  kBlobCacheAdd,
  kBlobCacheAddFailures,
  kBlobCacheBytesRead,
  kBlobCacheBytesWrite,
  kCompactionKeysDroppedRangeDelete,
  kReseeks,
  kIterSkips,
  kCompactReadBytesMarked,
  kCompactReadBytesPeriodic,
  kCompactReadBytesTtl,
  kCompactWriteBytesMarked,
  kCompactWriteBytesPeriodic,
  kCompactWriteBytesTtl,
  kMemtablePayloadBytesAtFlush,
  kMemtableGarbageBytesAtFlush,
  kVerifyChecksumReadBytes,
  kBlockChecksums,
  kRetryableBackgroundErrors,
  kAutoResumes,
  kAutoResumeTries,
  kAutoResumeSuccesses,
  kCount
};

enum class Histogram : uint16_t {
  kGet,
  kWrite,
  kMultiGet,
  kSeek,
  kCompaction,
  kCompactionCpu,
  kFlush,
  kWalSync,
  kManifestSync,
  kTableSync,
  kTableOpen,
  kSstRead,
  kStall,
  kBytesPerRead,
  kBytesPerWrite,
  kBytesPerMultiGet,
  kSubcompactions,
  kFilesInCompaction,
  kCompressMicros,
  kDecompressMicros,
  kWriteBlockMicros,
  kReadBlockMicros,
  kBytesCompressed,
  kBytesDecompressed,
  kBlobRead,
  kBlobWrite,
  kBlobSync,
  kBlobCompress,
  kBlobDecompress,
  kCompactionOutputSync,
  kMergeOperandsRead,
  kAutoResumeTries,
  kReadBlockCompactionMicros,
  kCount
};

class StatsSink {
 public:
  virtual ~StatsSink() = default;
  virtual void Add(Ticker ticker, uint64_t count) = 0;
  virtual void Record(Histogram histogram, uint64_t value) = 0;
  // False lets the engine spare the clock readings that only histograms need.
  virtual bool WantsTimers() const = 0;
};

inline void AddTicker(StatsSink* stats, Ticker ticker, uint64_t count = 1) {
  if (stats != nullptr) stats->Add(ticker, count);
}
inline void RecordHistogram(StatsSink* stats, Histogram histogram, uint64_t value) {
  if (stats != nullptr) stats->Record(histogram, value);
}

}  // namespace gneiss
