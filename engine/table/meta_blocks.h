// The meta blocks of a table: the metaindex (name -> handle) and the properties block (name -> value).
//
// Format:  docs/formats/table.md. Both are blocks with raw keys in bytewise order, never compressed.
// Threads: plain functions.
// Errors:  Corruption naming what is wrong; the caller adds the file.
#pragma once

#include <map>
#include <string>

#include "engine/base/slice.h"
#include "engine/base/status.h"
#include "engine/table/block_handle.h"
#include "engine/table/table_properties.h"

namespace gneiss {

inline constexpr char kPropertiesBlockName[] = "rocksdb.properties";
inline constexpr char kPropertiesBlockOldName[] = "rocksdb.stats";
inline constexpr char kCompressionDictionaryBlockName[] = "rocksdb.compression_dict";
inline constexpr char kRangeDeletionBlockName[] = "rocksdb.range_del";
inline constexpr char kHashIndexPrefixesBlockName[] = "rocksdb.hashindex.prefixes";
inline constexpr char kHashIndexMetadataBlockName[] = "rocksdb.hashindex.metadata";
inline constexpr char kFullFilterPrefix[] = "fullfilter.";
inline constexpr char kPartitionedFilterPrefix[] = "partitionedfilter.";
// The name in the metaindex of every filter that RocksDB's own policies make, whatever their kind.
inline constexpr char kBuiltinFilterName[] = "rocksdb.BuiltinBloomFilter";

inline constexpr char kIndexTypeProperty[] = "rocksdb.block.based.table.index.type";
inline constexpr char kWholeKeyFilteringProperty[] = "rocksdb.block.based.table.whole.key.filtering";
inline constexpr char kPrefixFilteringProperty[] = "rocksdb.block.based.table.prefix.filtering";
inline constexpr char kExternalVersionProperty[] = "rocksdb.external_sst_file.version";
inline constexpr char kGlobalSeqProperty[] = "rocksdb.external_sst_file.global_seqno";

using MetaIndex = std::map<std::string, BlockHandle>;

std::string EncodeMetaIndex(const MetaIndex& index);
Status DecodeMetaIndex(Slice payload, MetaIndex* index);

std::string EncodeProperties(const TableProperties& properties);
// `block_offset` is the payload's place in the file: the global seq's place is noted from it.
Status DecodeProperties(Slice payload, uint64_t block_offset, TableProperties* properties);

}  // namespace gneiss
