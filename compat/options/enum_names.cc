#include "compat/options/enum_names.h"

#include <rocksdb/advanced_options.h>
#include <rocksdb/env.h>

#include "engine/base/compression.h"

namespace gneiss::compat {

namespace {

using rocksdb::BlockBasedTableOptions;
using rocksdb::DBOptions;

template <class Enum>
using Names = std::unordered_map<std::string, Enum>;

}  // namespace

// Each table is built on first use and never destroyed: options are made before main() and after it.
#define GNEISS_ENUM_NAMES(Enum, ...)                                     \
  template <>                                                            \
  const std::unordered_map<std::string, Enum>& EnumNames<Enum>() {       \
    static const auto* const names = new const Names<Enum>(__VA_ARGS__); \
    return *names;                                                       \
  }

GNEISS_ENUM_NAMES(rocksdb::CompressionType, {{"kNoCompression", rocksdb::kNoCompression},
                                             {"kSnappyCompression", rocksdb::kSnappyCompression},
                                             {"kZlibCompression", rocksdb::kZlibCompression},
                                             {"kBZip2Compression", rocksdb::kBZip2Compression},
                                             {"kLZ4Compression", rocksdb::kLZ4Compression},
                                             {"kLZ4HCCompression", rocksdb::kLZ4HCCompression},
                                             {"kXpressCompression", rocksdb::kXpressCompression},
                                             {"kZSTD", rocksdb::kZSTD},
                                             {"kZSTDNotFinalCompression", rocksdb::kZSTDNotFinalCompression},
                                             {"kDisableCompressionOption", rocksdb::kDisableCompressionOption}})

GNEISS_ENUM_NAMES(rocksdb::CompactionStyle, {{"kCompactionStyleLevel", rocksdb::kCompactionStyleLevel},
                                             {"kCompactionStyleUniversal", rocksdb::kCompactionStyleUniversal},
                                             {"kCompactionStyleFIFO", rocksdb::kCompactionStyleFIFO},
                                             {"kCompactionStyleNone", rocksdb::kCompactionStyleNone}})

GNEISS_ENUM_NAMES(rocksdb::CompactionPri, {{"kByCompensatedSize", rocksdb::kByCompensatedSize},
                                           {"kOldestLargestSeqFirst", rocksdb::kOldestLargestSeqFirst},
                                           {"kOldestSmallestSeqFirst", rocksdb::kOldestSmallestSeqFirst},
                                           {"kMinOverlappingRatio", rocksdb::kMinOverlappingRatio},
                                           {"kRoundRobin", rocksdb::kRoundRobin}})

GNEISS_ENUM_NAMES(rocksdb::CompactionStopStyle,
                  {{"kCompactionStopStyleSimilarSize", rocksdb::kCompactionStopStyleSimilarSize},
                   {"kCompactionStopStyleTotalSize", rocksdb::kCompactionStopStyleTotalSize}})

GNEISS_ENUM_NAMES(rocksdb::Temperature, {{"kUnknown", rocksdb::Temperature::kUnknown},
                                         {"kHot", rocksdb::Temperature::kHot},
                                         {"kWarm", rocksdb::Temperature::kWarm},
                                         {"kCold", rocksdb::Temperature::kCold}})

GNEISS_ENUM_NAMES(rocksdb::ChecksumType, {{"kNoChecksum", rocksdb::kNoChecksum},
                                          {"kCRC32c", rocksdb::kCRC32c},
                                          {"kxxHash", rocksdb::kxxHash},
                                          {"kxxHash64", rocksdb::kxxHash64},
                                          {"kXXH3", rocksdb::kXXH3}})

GNEISS_ENUM_NAMES(rocksdb::EncodingType, {{"kPlain", rocksdb::kPlain}, {"kPrefix", rocksdb::kPrefix}})

GNEISS_ENUM_NAMES(rocksdb::PrepopulateBlobCache, {{"kDisable", rocksdb::PrepopulateBlobCache::kDisable},
                                                  {"kFlushOnly", rocksdb::PrepopulateBlobCache::kFlushOnly}})

GNEISS_ENUM_NAMES(rocksdb::WALRecoveryMode,
                  {{"kTolerateCorruptedTailRecords", rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords},
                   {"kAbsoluteConsistency", rocksdb::WALRecoveryMode::kAbsoluteConsistency},
                   {"kPointInTimeRecovery", rocksdb::WALRecoveryMode::kPointInTimeRecovery},
                   {"kSkipAnyCorruptedRecords", rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords}})

GNEISS_ENUM_NAMES(DBOptions::AccessHint, {{"NONE", DBOptions::NONE},
                                          {"NORMAL", DBOptions::NORMAL},
                                          {"SEQUENTIAL", DBOptions::SEQUENTIAL},
                                          {"WILLNEED", DBOptions::WILLNEED}})

GNEISS_ENUM_NAMES(rocksdb::CacheTier, {{"kVolatileTier", rocksdb::CacheTier::kVolatileTier},
                                       {"kNonVolatileBlockTier", rocksdb::CacheTier::kNonVolatileBlockTier}})

GNEISS_ENUM_NAMES(rocksdb::InfoLogLevel, {{"DEBUG_LEVEL", rocksdb::DEBUG_LEVEL},
                                          {"INFO_LEVEL", rocksdb::INFO_LEVEL},
                                          {"WARN_LEVEL", rocksdb::WARN_LEVEL},
                                          {"ERROR_LEVEL", rocksdb::ERROR_LEVEL},
                                          {"FATAL_LEVEL", rocksdb::FATAL_LEVEL},
                                          {"HEADER_LEVEL", rocksdb::HEADER_LEVEL}})

GNEISS_ENUM_NAMES(rocksdb::PinningTier, {{"kFallback", rocksdb::PinningTier::kFallback},
                                         {"kNone", rocksdb::PinningTier::kNone},
                                         {"kFlushedAndSimilar", rocksdb::PinningTier::kFlushedAndSimilar},
                                         {"kAll", rocksdb::PinningTier::kAll}})

GNEISS_ENUM_NAMES(BlockBasedTableOptions::IndexType,
                  {{"kBinarySearch", BlockBasedTableOptions::kBinarySearch},
                   {"kHashSearch", BlockBasedTableOptions::kHashSearch},
                   {"kTwoLevelIndexSearch", BlockBasedTableOptions::kTwoLevelIndexSearch},
                   {"kBinarySearchWithFirstKey", BlockBasedTableOptions::kBinarySearchWithFirstKey}})

GNEISS_ENUM_NAMES(BlockBasedTableOptions::DataBlockIndexType,
                  {{"kDataBlockBinarySearch", BlockBasedTableOptions::kDataBlockBinarySearch},
                   {"kDataBlockBinaryAndHash", BlockBasedTableOptions::kDataBlockBinaryAndHash}})

GNEISS_ENUM_NAMES(BlockBasedTableOptions::IndexShorteningMode,
                  {{"kNoShortening", BlockBasedTableOptions::IndexShorteningMode::kNoShortening},
                   {"kShortenSeparators", BlockBasedTableOptions::IndexShorteningMode::kShortenSeparators},
                   {"kShortenSeparatorsAndSuccessor",
                    BlockBasedTableOptions::IndexShorteningMode::kShortenSeparatorsAndSuccessor}})

GNEISS_ENUM_NAMES(BlockBasedTableOptions::PrepopulateBlockCache,
                  {{"kDisable", BlockBasedTableOptions::PrepopulateBlockCache::kDisable},
                   {"kFlushOnly", BlockBasedTableOptions::PrepopulateBlockCache::kFlushOnly}})

#undef GNEISS_ENUM_NAMES

std::string CompressionLabel(rocksdb::CompressionType type) {
  if (type == rocksdb::kZSTDNotFinalCompression) return "ZSTDNotFinal";
  if (type == rocksdb::kDisableCompressionOption) return "DisableOption";
  if (type > rocksdb::kZSTD) return "";
  return CompressionName(static_cast<Compression>(type));
}

bool CompressionIsAvailable(rocksdb::CompressionType type) {
  if (type == rocksdb::kZSTDNotFinalCompression) type = rocksdb::kZSTD;
  return type <= rocksdb::kZSTD && CompressionAvailable(static_cast<Compression>(type));
}

}  // namespace gneiss::compat
