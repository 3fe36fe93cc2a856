#include "compat/adapters/engine_stats.h"

namespace gneiss::compat {

namespace {

struct TickerTarget {
  rocksdb::Tickers ticker;
  uint64_t factor = 1;
};

constexpr TickerTarget TargetOf(Ticker ticker) {
  switch (ticker) {
    case Ticker::kBlockCacheHit:
      return {rocksdb::BLOCK_CACHE_HIT};
    case Ticker::kBlockCacheMiss:
      return {rocksdb::BLOCK_CACHE_MISS};
    case Ticker::kBlockCacheAdd:
      return {rocksdb::BLOCK_CACHE_ADD};
    case Ticker::kBlockCacheAddFailures:
      return {rocksdb::BLOCK_CACHE_ADD_FAILURES};
    case Ticker::kBlockCacheBytesRead:
      return {rocksdb::BLOCK_CACHE_BYTES_READ};
    case Ticker::kBlockCacheBytesWrite:
      return {rocksdb::BLOCK_CACHE_BYTES_WRITE};
    case Ticker::kBlockCacheDataHit:
      return {rocksdb::BLOCK_CACHE_DATA_HIT};
    case Ticker::kBlockCacheDataMiss:
      return {rocksdb::BLOCK_CACHE_DATA_MISS};
    case Ticker::kBlockCacheDataAdd:
      return {rocksdb::BLOCK_CACHE_DATA_ADD};
    case Ticker::kBlockCacheDataBytesInsert:
      return {rocksdb::BLOCK_CACHE_DATA_BYTES_INSERT};
    case Ticker::kBlockCacheIndexHit:
      return {rocksdb::BLOCK_CACHE_INDEX_HIT};
    case Ticker::kBlockCacheIndexMiss:
      return {rocksdb::BLOCK_CACHE_INDEX_MISS};
    case Ticker::kBlockCacheIndexAdd:
      return {rocksdb::BLOCK_CACHE_INDEX_ADD};
    case Ticker::kBlockCacheIndexBytesInsert:
      return {rocksdb::BLOCK_CACHE_INDEX_BYTES_INSERT};
    case Ticker::kBlockCacheFilterHit:
      return {rocksdb::BLOCK_CACHE_FILTER_HIT};
    case Ticker::kBlockCacheFilterMiss:
      return {rocksdb::BLOCK_CACHE_FILTER_MISS};
    case Ticker::kBlockCacheFilterAdd:
      return {rocksdb::BLOCK_CACHE_FILTER_ADD};
    case Ticker::kBlockCacheFilterBytesInsert:
      return {rocksdb::BLOCK_CACHE_FILTER_BYTES_INSERT};
    case Ticker::kBlockCacheDictionaryHit:
      return {rocksdb::BLOCK_CACHE_COMPRESSION_DICT_HIT};
    case Ticker::kBlockCacheDictionaryMiss:
      return {rocksdb::BLOCK_CACHE_COMPRESSION_DICT_MISS};
    case Ticker::kBlockCacheDictionaryAdd:
      return {rocksdb::BLOCK_CACHE_COMPRESSION_DICT_ADD};
    case Ticker::kBlockCacheDictionaryBytesInsert:
      return {rocksdb::BLOCK_CACHE_COMPRESSION_DICT_BYTES_INSERT};
    case Ticker::kCompactionKeysDroppedRangeDelete:
      return {rocksdb::COMPACTION_KEY_DROP_RANGE_DEL};
    case Ticker::kReseeks:
      return {rocksdb::NUMBER_OF_RESEEKS_IN_ITERATION};
    case Ticker::kIterSkips:
      return {rocksdb::NUMBER_ITER_SKIP};
    case Ticker::kCompactReadBytesMarked:
      return {rocksdb::COMPACT_READ_BYTES_MARKED};
    case Ticker::kCompactReadBytesPeriodic:
      return {rocksdb::COMPACT_READ_BYTES_PERIODIC};
    case Ticker::kCompactReadBytesTtl:
      return {rocksdb::COMPACT_READ_BYTES_TTL};
    case Ticker::kCompactWriteBytesMarked:
      return {rocksdb::COMPACT_WRITE_BYTES_MARKED};
    case Ticker::kCompactWriteBytesPeriodic:
      return {rocksdb::COMPACT_WRITE_BYTES_PERIODIC};
    case Ticker::kCompactWriteBytesTtl:
      return {rocksdb::COMPACT_WRITE_BYTES_TTL};
    case Ticker::kMemtablePayloadBytesAtFlush:
      return {rocksdb::MEMTABLE_PAYLOAD_BYTES_AT_FLUSH};
    case Ticker::kMemtableGarbageBytesAtFlush:
      return {rocksdb::MEMTABLE_GARBAGE_BYTES_AT_FLUSH};
    case Ticker::kVerifyChecksumReadBytes:
      return {rocksdb::VERIFY_CHECKSUM_READ_BYTES};
    case Ticker::kBlockChecksums:
      return {rocksdb::BLOCK_CHECKSUM_COMPUTE_COUNT};
    case Ticker::kRetryableBackgroundErrors:
      return {rocksdb::ERROR_HANDLER_BG_RETRYABLE_IO_ERROR_COUNT};
    case Ticker::kAutoResumes:
      return {rocksdb::ERROR_HANDLER_AUTORESUME_COUNT};
    case Ticker::kAutoResumeTries:
      return {rocksdb::ERROR_HANDLER_AUTORESUME_RETRY_TOTAL_COUNT};
    case Ticker::kAutoResumeSuccesses:
      return {rocksdb::ERROR_HANDLER_AUTORESUME_SUCCESS_COUNT};
    case Ticker::kBloomUseful:
      return {rocksdb::BLOOM_FILTER_USEFUL};
    case Ticker::kBloomFullPositive:
      return {rocksdb::BLOOM_FILTER_FULL_POSITIVE};
    case Ticker::kBloomFullTruePositive:
      return {rocksdb::BLOOM_FILTER_FULL_TRUE_POSITIVE};
    case Ticker::kBloomPrefixChecked:
      return {rocksdb::BLOOM_FILTER_PREFIX_CHECKED};
    case Ticker::kBloomPrefixUseful:
      return {rocksdb::BLOOM_FILTER_PREFIX_USEFUL};
    case Ticker::kMemtableHit:
      return {rocksdb::MEMTABLE_HIT};
    case Ticker::kMemtableMiss:
      return {rocksdb::MEMTABLE_MISS};
    case Ticker::kGetHitL0:
      return {rocksdb::GET_HIT_L0};
    case Ticker::kGetHitL1:
      return {rocksdb::GET_HIT_L1};
    case Ticker::kGetHitL2AndUp:
      return {rocksdb::GET_HIT_L2_AND_UP};
    case Ticker::kKeysWritten:
      return {rocksdb::NUMBER_KEYS_WRITTEN};
    case Ticker::kKeysRead:
      return {rocksdb::NUMBER_KEYS_READ};
    case Ticker::kKeysUpdated:
      return {rocksdb::NUMBER_KEYS_UPDATED};
    case Ticker::kBytesWritten:
      return {rocksdb::BYTES_WRITTEN};
    case Ticker::kBytesRead:
      return {rocksdb::BYTES_READ};
    case Ticker::kSeeks:
      return {rocksdb::NUMBER_DB_SEEK};
    case Ticker::kNexts:
      return {rocksdb::NUMBER_DB_NEXT};
    case Ticker::kPrevs:
      return {rocksdb::NUMBER_DB_PREV};
    case Ticker::kSeeksFound:
      return {rocksdb::NUMBER_DB_SEEK_FOUND};
    case Ticker::kNextsFound:
      return {rocksdb::NUMBER_DB_NEXT_FOUND};
    case Ticker::kPrevsFound:
      return {rocksdb::NUMBER_DB_PREV_FOUND};
    case Ticker::kIterBytesRead:
      return {rocksdb::ITER_BYTES_READ};
    case Ticker::kIteratorsCreated:
      return {rocksdb::NO_ITERATOR_CREATED};
    case Ticker::kIteratorsDeleted:
      return {rocksdb::NO_ITERATOR_DELETED};
    case Ticker::kMultiGetCalls:
      return {rocksdb::NUMBER_MULTIGET_CALLS};
    case Ticker::kMultiGetKeysRead:
      return {rocksdb::NUMBER_MULTIGET_KEYS_READ};
    case Ticker::kMultiGetBytesRead:
      return {rocksdb::NUMBER_MULTIGET_BYTES_READ};
    case Ticker::kMultiGetKeysFound:
      return {rocksdb::NUMBER_MULTIGET_KEYS_FOUND};
    case Ticker::kWalFilesSynced:
      return {rocksdb::WAL_FILE_SYNCED};
    case Ticker::kWalFileBytes:
      return {rocksdb::WAL_FILE_BYTES};
    case Ticker::kWritesDoneBySelf:
      return {rocksdb::WRITE_DONE_BY_SELF};
    case Ticker::kWritesDoneByOther:
      return {rocksdb::WRITE_DONE_BY_OTHER};
    case Ticker::kWritesWithWal:
      return {rocksdb::WRITE_WITH_WAL};
    case Ticker::kCompactReadBytes:
      return {rocksdb::COMPACT_READ_BYTES};
    case Ticker::kCompactWriteBytes:
      return {rocksdb::COMPACT_WRITE_BYTES};
    case Ticker::kFlushWriteBytes:
      return {rocksdb::FLUSH_WRITE_BYTES};
    case Ticker::kCompactionKeysDroppedNewer:
      return {rocksdb::COMPACTION_KEY_DROP_NEWER_ENTRY};
    case Ticker::kCompactionKeysDroppedObsolete:
      return {rocksdb::COMPACTION_KEY_DROP_OBSOLETE};
    case Ticker::kCompactionKeysDroppedUser:
      return {rocksdb::COMPACTION_KEY_DROP_USER};
    case Ticker::kCompactionCancelled:
      return {rocksdb::COMPACTION_CANCELLED};
    case Ticker::kStallMicros:
      return {rocksdb::STALL_MICROS};
    case Ticker::kFilesOpened:
      return {rocksdb::NO_FILE_OPENS};
    case Ticker::kFileErrors:
      return {rocksdb::NO_FILE_ERRORS};
    case Ticker::kFilesClosed:
      return {rocksdb::NO_FILE_CLOSES};
    case Ticker::kBlocksCompressed:
      return {rocksdb::NUMBER_BLOCK_COMPRESSED};
    case Ticker::kBlocksDecompressed:
      return {rocksdb::NUMBER_BLOCK_DECOMPRESSED};
    case Ticker::kBlocksNotCompressed:
      return {rocksdb::NUMBER_BLOCK_NOT_COMPRESSED};
    case Ticker::kFilterOperationMicros:
      return {rocksdb::FILTER_OPERATION_TOTAL_TIME, 1000};
    case Ticker::kBlobFileBytesRead:
      return {rocksdb::BLOB_DB_BLOB_FILE_BYTES_READ};
    case Ticker::kBlobFileBytesWritten:
      return {rocksdb::BLOB_DB_BLOB_FILE_BYTES_WRITTEN};
    case Ticker::kBlobFilesSynced:
      return {rocksdb::BLOB_DB_BLOB_FILE_SYNCED};
    case Ticker::kBlobKeysRelocated:
      return {rocksdb::BLOB_DB_GC_NUM_KEYS_RELOCATED};
    case Ticker::kBlobBytesRelocated:
      return {rocksdb::BLOB_DB_GC_BYTES_RELOCATED};
    case Ticker::kBlobCacheHit:
      return {rocksdb::BLOB_DB_CACHE_HIT};
    case Ticker::kBlobCacheMiss:
      return {rocksdb::BLOB_DB_CACHE_MISS};
    case Ticker::kBlobCacheAdd:
      return {rocksdb::BLOB_DB_CACHE_ADD};
    case Ticker::kBlobCacheAddFailures:
      return {rocksdb::BLOB_DB_CACHE_ADD_FAILURES};
    case Ticker::kBlobCacheBytesRead:
      return {rocksdb::BLOB_DB_CACHE_BYTES_READ};
    case Ticker::kBlobCacheBytesWrite:
      return {rocksdb::BLOB_DB_CACHE_BYTES_WRITE};
    case Ticker::kCount:
      break;
  }
  return {rocksdb::TICKER_ENUM_MAX};
}

// Timers are left out at StatsLevel::kExceptTimers, sizes and counts are not.
struct HistogramTarget {
  rocksdb::Histograms histogram;
  bool is_timer = true;
  uint64_t factor = 1;
};

constexpr HistogramTarget TargetOf(gneiss::Histogram histogram) {
  using Source = gneiss::Histogram;
  switch (histogram) {
    case Source::kGet:
      return {rocksdb::DB_GET};
    case Source::kWrite:
      return {rocksdb::DB_WRITE};
    case Source::kMultiGet:
      return {rocksdb::DB_MULTIGET};
    case Source::kSeek:
      return {rocksdb::DB_SEEK};
    case Source::kCompaction:
      return {rocksdb::COMPACTION_TIME};
    case Source::kCompactionCpu:
      return {rocksdb::COMPACTION_CPU_TIME};
    case Source::kFlush:
      return {rocksdb::FLUSH_TIME};
    case Source::kWalSync:
      return {rocksdb::WAL_FILE_SYNC_MICROS};
    case Source::kManifestSync:
      return {rocksdb::MANIFEST_FILE_SYNC_MICROS};
    case Source::kTableSync:
      return {rocksdb::TABLE_SYNC_MICROS};
    case Source::kTableOpen:
      return {rocksdb::TABLE_OPEN_IO_MICROS};
    case Source::kSstRead:
      return {rocksdb::SST_READ_MICROS};
    case Source::kStall:
      return {rocksdb::WRITE_STALL};
    case Source::kBytesPerRead:
      return {rocksdb::BYTES_PER_READ, false};
    case Source::kBytesPerWrite:
      return {rocksdb::BYTES_PER_WRITE, false};
    case Source::kBytesPerMultiGet:
      return {rocksdb::BYTES_PER_MULTIGET, false};
    case Source::kSubcompactions:
      return {rocksdb::NUM_SUBCOMPACTIONS_SCHEDULED, false};
    case Source::kFilesInCompaction:
      return {rocksdb::NUM_FILES_IN_SINGLE_COMPACTION, false};
    case Source::kCompressMicros:
      return {rocksdb::COMPRESSION_TIMES_NANOS, true, 1000};
    case Source::kDecompressMicros:
      return {rocksdb::DECOMPRESSION_TIMES_NANOS, true, 1000};
    case Source::kWriteBlockMicros:
      return {rocksdb::WRITE_RAW_BLOCK_MICROS};
    case Source::kReadBlockMicros:
      return {rocksdb::READ_BLOCK_GET_MICROS};
    case Source::kBytesCompressed:
      return {rocksdb::BYTES_COMPRESSED, false};
    case Source::kBytesDecompressed:
      return {rocksdb::BYTES_DECOMPRESSED, false};
    case Source::kCompactionOutputSync:
      return {rocksdb::COMPACTION_OUTFILE_SYNC_MICROS};
    case Source::kMergeOperandsRead:
      return {rocksdb::READ_NUM_MERGE_OPERANDS, false};
    case Source::kAutoResumeTries:
      return {rocksdb::ERROR_HANDLER_AUTORESUME_RETRY_COUNT, false};
    case Source::kReadBlockCompactionMicros:
      return {rocksdb::READ_BLOCK_COMPACTION_MICROS};
    case Source::kBlobRead:
      return {rocksdb::BLOB_DB_BLOB_FILE_READ_MICROS};
    case Source::kBlobWrite:
      return {rocksdb::BLOB_DB_BLOB_FILE_WRITE_MICROS};
    case Source::kBlobSync:
      return {rocksdb::BLOB_DB_BLOB_FILE_SYNC_MICROS};
    case Source::kBlobCompress:
      return {rocksdb::BLOB_DB_COMPRESSION_MICROS};
    case Source::kBlobDecompress:
      return {rocksdb::BLOB_DB_DECOMPRESSION_MICROS};
    case Source::kCount:
      break;
  }
  return {rocksdb::HISTOGRAM_ENUM_MAX};
}

// A table of the switch above, so that a report costs one load.
template <typename Source, typename Target>
struct TargetTable {
  Target targets[static_cast<size_t>(Source::kCount)];

  constexpr TargetTable() : targets{} {
    for (size_t i = 0; i < std::size(targets); ++i) targets[i] = TargetOf(static_cast<Source>(i));
  }
  constexpr const Target& operator[](Source source) const { return targets[static_cast<size_t>(source)]; }
};

constexpr TargetTable<Ticker, TickerTarget> kTickers;
constexpr TargetTable<gneiss::Histogram, HistogramTarget> kHistograms;

}  // namespace

void EngineStats::Add(Ticker ticker, uint64_t count) {
  const TickerTarget& target = kTickers[ticker];
  statistics_->recordTick(target.ticker, count * target.factor);
}

void EngineStats::Record(gneiss::Histogram histogram, uint64_t value) {
  const HistogramTarget& target = kHistograms[histogram];
  if (!statistics_->HistEnabledForType(target.histogram)) return;
  if (target.is_timer) {
    statistics_->reportTimeToHistogram(target.histogram, value * target.factor);
  } else {
    statistics_->recordInHistogram(target.histogram, value * target.factor);
  }
}

std::unique_ptr<EngineStats> NewEngineStats(std::shared_ptr<rocksdb::Statistics> statistics) {
  if (statistics == nullptr) return nullptr;
  return std::make_unique<EngineStats>(std::move(statistics));
}

}  // namespace gneiss::compat
