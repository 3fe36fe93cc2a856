// A table is written front to back: data blocks as they fill, then filter, index, range tombstones, properties,
// metaindex and footer. Blocks gather in `out_` and reach the file in large pieces.
#include "engine/table/table_writer.h"
#include "engine/table/block_cutter.h"

#include <algorithm>
#include <cstring>

#include "engine/base/check.h"
#include "engine/table/block.h"
#include "engine/table/block_builder.h"
#include "engine/table/block_cursor.h"
#include "engine/table/cache_warmer.h"
#include "engine/table/dictionary_buffer.h"
#include "engine/table/footer.h"
#include "engine/table/hash_index_builder.h"
#include "engine/table/index_builder.h"
#include "engine/table/meta_blocks.h"
#include "engine/table/table_filter_builder.h"
#include "engine/table/timestamp_collector.h"

namespace gneiss {

namespace {

constexpr size_t kOutputPieceBytes = size_t{256} << 10;
constexpr size_t kCompressibleBytesMax = 0x7fffffff;
constexpr size_t kAlignmentBytesMax = 4096;

TableFormat Sanitized(TableFormat format) {
  // The old footer has no room for a checksum type.
  if (format.format_version == 0 && format.checksum != ChecksumType::kCrc32c) format.format_version = 1;
  // A hash index finds a place among the restarts.
  if (format.index_type == IndexType::kHashSearch) format.index_restart_interval = 1;
  if (format.index_type != IndexType::kTwoLevel) format.partition_filters = false;
  format.restart_interval = std::max(format.restart_interval, 1);
  format.block_size_deviation_percent = std::clamp(format.block_size_deviation_percent, 0, 100);
  return format;
}

// Up to format_version 1 all codecs but snappy had other payloads, which are not written any more.
Compression SanitizedCompression(const TableWriteConfig& config) {
  const bool is_old = config.format.format_version < 2 && config.compression != Compression::kSnappy;
  return is_old ? Compression::kNone : config.compression;
}

std::string CompressionOptionsText(const CompressionConfig& config) {
  return "window_bits=" + std::to_string(config.window_bits) + "; level=" + std::to_string(config.level) +
         "; strategy=" + std::to_string(config.strategy) +
         "; max_dict_bytes=" + std::to_string(config.dictionary_bytes_max) +
         "; zstd_max_train_bytes=" + std::to_string(config.zstd_train_bytes_max) +
         "; enabled=" + std::to_string(config.is_enabled) +
         "; max_dict_buffer_bytes=" + std::to_string(config.dictionary_buffer_bytes_max) +
         "; use_zstd_dict_trainer=" + std::to_string(config.trains_zstd_dictionary) + "; ";
}

// Keys that a custom order takes for equal may have different bytes, and so different hashes.
double HashKeysPerBucket(const TableFormat& format, const KeyOrder& order) {
  if (!format.data_block_hash_index || order.type() == KeyOrder::Type::kCustom) return 0;
  return format.data_block_hash_ratio > 0 ? format.data_block_hash_ratio : 0.75;
}

// A payload must shrink by more than an eighth to be stored compressed.
bool IsWorthIt(size_t compressed_bytes, size_t raw_bytes) { return compressed_bytes < raw_bytes - raw_bytes / 8; }

}  // namespace

struct TableWriter::Rep {
  Rep(const TableWriteConfig& write_config, WritableFile* output);

  Status Add(Slice key, Slice value);
  Status Finish();
  // Held blocks do not count: how large they will be is known when they are compressed.
  size_t BufferedBytes() const { return data_block.empty() ? 0 : data_block.EstimatedBytes(); }

  const TableWriteConfig config;
  const TableFormat format;
  const Compression compression;
  const size_t deviation_limit_bytes;
  TableProperties properties;
  uint64_t offset = 0;  // of the next block
  Status status;
  bool is_finished = false;
  bool needs_compaction = false;

 private:
  Status AddPoint(Slice key, Slice value);
  Status AddRangeTombstone(Slice key, Slice value);
  void CountEntry(Kind kind, Slice key, Slice value);
  bool IsBlockFull(Slice key, Slice value) const;
  Status WriteDataBlock(const Slice* next_first_key);
  Status EmitDataBlock(Slice payload, Slice own_first_key, Slice last_key, const Slice* next_first_key);
  Status EmitHeldBlocks();
  Status WriteDictionary(MetaIndex* metaindex);
  // Compresses when that pays, writes, and says where.
  Status WriteCompressible(Slice payload, Slice with_dictionary, BlockHandle* handle);
  Status WriteRaw(Slice payload, BlockHandle* handle);
  // What lies behind `begin` in `out` is a block's payload.
  Status EndBlock(size_t begin, Compression type, BlockHandle* handle);
  Status VerifyCompressed(Slice compressed, Slice raw, Slice with_dictionary) const;
  Status Pad(size_t bytes);
  Status FlushOutput();
  void AddToFilter(Slice bare_key);
  Status AddBlockToFilter(Slice payload);
  Status WriteFilter(MetaIndex* metaindex);
  Status WriteFilterParts(BlockHandle* handle);
  Status WriteHashIndex(MetaIndex* metaindex);
  Status WriteIndex(BlockHandle* handle);
  Status WriteIndexBlock(const std::string& payload, BlockHandle* handle);
  // As the table's reader will see it.
  TableIndex::Format WarmFormat(bool has_first_key) const {
    return {.key_is_user_key = index.key_is_user_key(),
            .value_is_delta_encoded = index.value_is_delta_encoded(),
            .has_first_key = has_first_key};
  }
  Status WriteRangeTombstones(MetaIndex* metaindex);
  Status WriteProperties(MetaIndex* metaindex);
  void StartCollectors();
  void Collect(const ParsedKey& key, Slice value);
  void FinishCollectors();

  WritableFile* const file;
  const CacheWarmer warmer;
  BlockBuilder data_block;
  std::unique_ptr<BlockCutter> cutter;  // null: data blocks end by their size
  BlockBuilder range_tombstones;
  IndexBuilder index;
  std::unique_ptr<HashIndexBuilder> hash_index;  // null: the index is of another type
  std::unique_ptr<TableFilterBuilder> filter;
  size_t keys_per_filter_part = 0;
  std::vector<std::unique_ptr<PropertyCollector>> collectors;
  std::string first_key;                   // of the data block, for an index with first keys
  std::unique_ptr<DictionaryBuffer> held;  // null: blocks are written as they fill
  std::string dictionary;
  ByteBuffer out;  // finished blocks that have not reached the file
};

TableWriter::Rep::Rep(const TableWriteConfig& write_config, WritableFile* output)
    : config(write_config),
      format(Sanitized(write_config.format)),
      compression(SanitizedCompression(write_config)),
      deviation_limit_bytes(DeviationLimit(format.block_bytes, format.block_size_deviation_percent)),
      file(output),
      warmer(write_config.warming, write_config.order, write_config.stats),
      data_block({.restart_interval = format.restart_interval,
                  .delta_encode_keys = format.delta_encode_keys,
                  .hash_keys_per_bucket = HashKeysPerBucket(format, config.order)}),
      range_tombstones({.restart_interval = 1}),
      index(format, config.order) {
  if (format.index_type == IndexType::kHashSearch && config.prefix_extractor != nullptr) {
    hash_index = std::make_unique<HashIndexBuilder>(config.prefix_extractor.get(), config.order);
  }
  if (format.block_cutters != nullptr) cutter = format.block_cutters->Create(data_block);
  if (std::unique_ptr<FilterBuilder> bits = NewFilterBuilder(format.filter); bits != nullptr) {
    filter = std::make_unique<TableFilterBuilder>(std::move(bits), config.prefix_extractor.get(),
                                                  format.whole_key_filtering);
    const int percent = 100 - format.block_size_deviation_percent;
    keys_per_filter_part = filter->KeysPerPart((format.metadata_block_bytes * static_cast<size_t>(percent) + 99) / 100);
  }
  // As RocksDB does, whether or not the compression has a use for it.
  if (config.compression_config.dictionary_bytes_max > 0) {
    held =
        std::make_unique<DictionaryBuffer>(config.compression_config, config.file_bytes_max, format.dictionary_charge);
  }
  properties.original_file_number = config.file_number;
  properties.column_family_id = config.column_family_id;
  properties.column_family_name = config.column_family_name;
  properties.creation_unix_seconds = config.creation_unix_seconds;
  properties.oldest_key_unix_seconds = config.oldest_key_unix_seconds;
  properties.file_creation_unix_seconds = config.file_creation_unix_seconds;
  properties.db_id = config.db_id;
  properties.db_session_id = config.db_session_id;
  properties.db_host_id = config.host_id;
  properties.filter_policy_name = format.filter.policy_name;
  properties.comparator_name = config.comparator_name;
  properties.merge_operator_name = config.merge_operator_name;
  properties.prefix_extractor_name = config.prefix_extractor == nullptr ? "nullptr" : config.prefix_extractor->Name();
  properties.compression_name = config.compression_name;
  properties.compression_options = config.compression_options.empty()
                                       ? CompressionOptionsText(config.compression_config)
                                       : config.compression_options;
  properties.user = config.user_properties;
  StartCollectors();
}

void TableWriter::Rep::StartCollectors() {
  properties.property_collectors_names = "[";
  for (const auto& factory : config.property_collectors) {
    if (properties.property_collectors_names.size() > 1) properties.property_collectors_names += ",";
    properties.property_collectors_names += factory->Name();
    if (auto collector = factory->Create(config.column_family_id, config.level); collector != nullptr) {
      collectors.push_back(std::move(collector));
    }
  }
  properties.property_collectors_names += "]";
  if (config.order.has_timestamps()) collectors.push_back(std::make_unique<TimestampCollector>(config.order));
}

void TableWriter::Rep::Collect(const ParsedKey& key, Slice value) {
  for (const auto& collector : collectors) collector->Add(key, value, offset);
}

void TableWriter::Rep::FinishCollectors() {
  for (const auto& collector : collectors) {
    std::map<std::string, std::string> collected;
    if (!collector->Finish(&collected)) continue;
    properties.user.merge(collected);
    if (collector->NeedsCompaction()) needs_compaction = true;
  }
}

Status TableWriter::Rep::Add(Slice key, Slice value) {
  ParsedKey parsed;
  if (!ParseInternalKey(key, &parsed) || !config.order.HoldsTimestamp(parsed.user_key)) {
    return Status::Corruption("table writer got a malformed internal key");
  }
  if (parsed.kind == Kind::kRangeDelete) {
    GNEISS_RETURN_IF_ERROR(AddRangeTombstone(key, value));
  } else {
    GNEISS_RETURN_IF_ERROR(AddPoint(key, value));
  }
  CountEntry(parsed.kind, key, value);
  if (!collectors.empty()) Collect(parsed, value);
  return Status::Ok();
}

Status TableWriter::Rep::AddPoint(Slice key, Slice value) {
  const Slice last_key = data_block.last_key();
  if (!last_key.empty() && config.order.CompareInternal(last_key, key) >= 0) {
    return Status::Corruption("table writer got keys out of order");
  }
  if (IsBlockFull(key, value)) GNEISS_RETURN_IF_ERROR(WriteDataBlock(&key));
  // Parts of a filter end where index entries are made, which held blocks have not yet.
  const bool is_filter_behind = held != nullptr && format.partition_filters;
  if (filter != nullptr && !is_filter_behind) AddToFilter(config.order.BareKey(UserKeyOf(key)));
  if (hash_index != nullptr) hash_index->AddKey(UserKeyOf(key));
  if (format.index_type == IndexType::kBinaryWithFirstKey && data_block.empty()) first_key = key;
  data_block.Add(key, value);
  return Status::Ok();
}

Status TableWriter::Rep::AddRangeTombstone(Slice key, Slice value) {
  const Slice last_key = range_tombstones.last_key();
  if (!last_key.empty() && config.order.CompareInternal(last_key, key) > 0) {
    return Status::Corruption("table writer got range tombstones out of order");
  }
  range_tombstones.Add(key, value);
  return Status::Ok();
}

void TableWriter::Rep::CountEntry(Kind kind, Slice key, Slice value) {
  ++properties.entries;
  properties.raw_key_bytes += key.size();
  properties.raw_value_bytes += value.size();
  if (kind == Kind::kDelete || kind == Kind::kSingleDelete || kind == Kind::kRangeDelete) ++properties.deletions;
  if (kind == Kind::kRangeDelete) ++properties.range_deletions;
  if (kind == Kind::kMerge) ++properties.merge_operands;
}

bool TableWriter::Rep::IsBlockFull(Slice key, Slice value) const {
  if (cutter != nullptr) [[unlikely]]
    return cutter->MustCutBefore(key, value);
  if (data_block.empty()) return false;
  const size_t bytes = data_block.EstimatedBytes();
  if (bytes >= format.block_bytes) return true;
  if (deviation_limit_bytes == 0) return false;
  if (format.block_align) return data_block.EstimatedBytesWith(key, value) + kBlockTrailerBytes > format.block_bytes;
  return bytes > deviation_limit_bytes && data_block.EstimatedBytesWith(key, value) > format.block_bytes;
}

Status TableWriter::Rep::WriteDataBlock(const Slice* next_first_key) {
  if (data_block.empty()) return Status::Ok();
  const Slice payload = *data_block.Finish();
  if (held == nullptr) {
    GNEISS_RETURN_IF_ERROR(EmitDataBlock(payload, first_key, data_block.last_key(), next_first_key));
  } else {
    held->Hold({.payload = std::string(payload),
                .first_key = first_key,
                .last_key = std::string(data_block.last_key()),
                .next_first_key = std::string(next_first_key == nullptr ? Slice() : *next_first_key),
                .is_last = next_first_key == nullptr});
    if (held->IsFull()) GNEISS_RETURN_IF_ERROR(EmitHeldBlocks());
  }
  data_block.Reset();
  if (hash_index != nullptr) hash_index->EndBlock();
  return Status::Ok();
}

Status TableWriter::Rep::EmitHeldBlocks() {
  const std::unique_ptr<DictionaryBuffer> blocks = std::move(held);
  if (blocks == nullptr) return Status::Ok();
  dictionary = blocks->MakeDictionary();
  for (const DictionaryBuffer::HeldBlock& block : blocks->blocks()) {
    if (filter != nullptr && format.partition_filters) GNEISS_RETURN_IF_ERROR(AddBlockToFilter(block.payload));
    const Slice next_first_key = block.next_first_key;
    GNEISS_RETURN_IF_ERROR(
        EmitDataBlock(block.payload, block.first_key, block.last_key, block.is_last ? nullptr : &next_first_key));
  }
  return Status::Ok();
}

Status TableWriter::Rep::EmitDataBlock(Slice payload, Slice own_first_key, Slice last_key,
                                       const Slice* next_first_key) {
  BlockHandle handle;
  GNEISS_RETURN_IF_ERROR(WriteCompressible(payload, dictionary, &handle));
  if (warmer.IsActive()) [[unlikely]]
    warmer.AddData(handle.offset, payload);
  if (format.block_align) {
    const size_t alignment = std::min(format.block_bytes, kAlignmentBytesMax);
    GNEISS_RETURN_IF_ERROR(Pad((alignment - offset % alignment) % alignment));
  }
  properties.data_bytes = offset;
  ++properties.data_blocks;
  for (const auto& collector : collectors) collector->AddBlock(payload.size());
  index.AddBlock(last_key, next_first_key, own_first_key, handle);
  return Status::Ok();
}

Status TableWriter::Rep::WriteDictionary(MetaIndex* metaindex) {
  if (dictionary.empty()) return Status::Ok();
  BlockHandle handle;
  GNEISS_RETURN_IF_ERROR(WriteRaw(dictionary, &handle));
  metaindex->emplace(kCompressionDictionaryBlockName, handle);
  if (warmer.TakesMetaBlocks()) warmer.AddDictionary(handle.offset, dictionary);
  return Status::Ok();
}

Status TableWriter::Rep::WriteCompressible(Slice payload, Slice with_dictionary, BlockHandle* handle) {
  if (compression == Compression::kNone) return WriteRaw(payload, handle);
  const bool is_timed = config.stats != nullptr && config.stats->WantsTimers();
  const uint64_t start_us = is_timed ? config.clock->NowMicros() : 0;
  const size_t begin = out.size();
  if (payload.size() >= kCompressibleBytesMax ||
      !Compress(compression, config.compression_config, with_dictionary, payload, &out) ||
      !IsWorthIt(out.size() - begin, payload.size())) {
    out.Truncate(begin);
    AddTicker(config.stats, Ticker::kBlocksNotCompressed);
    return WriteRaw(payload, handle);
  }
  if (is_timed) RecordHistogram(config.stats, Histogram::kCompressMicros, config.clock->NowMicros() - start_us);
  RecordHistogram(config.stats, Histogram::kBytesCompressed, payload.size());
  AddTicker(config.stats, Ticker::kBlocksCompressed);
  if (format.verify_compression) GNEISS_RETURN_IF_ERROR(VerifyCompressed(out.substr(begin), payload, with_dictionary));
  return EndBlock(begin, compression, handle);
}

Status TableWriter::Rep::VerifyCompressed(Slice compressed, Slice raw, Slice with_dictionary) const {
  RawBuffer buffer;
  const Status uncompressed = Uncompress(compression, with_dictionary, compressed, raw.size(), &buffer);
  if (!uncompressed.ok()) return Status::Corruption("Could not decompress: ", uncompressed.message());
  if (Slice(buffer.bytes.get(), buffer.size_bytes) != raw) {
    return Status::Corruption("Decompressed block did not match pre-compression block");
  }
  return Status::Ok();
}

Status TableWriter::Rep::WriteRaw(Slice payload, BlockHandle* handle) {
  const size_t begin = out.size();
  out.Append(payload);
  return EndBlock(begin, Compression::kNone, handle);
}

Status TableWriter::Rep::EndBlock(size_t begin, Compression type, BlockHandle* handle) {
  *handle = {.offset = offset, .size = out.size() - begin};
  *out.Grow(sizeof(type)) = static_cast<char>(type);
  const uint32_t checksum = BlockChecksum(format.checksum, out.substr(begin));
  EncodeU32(out.Grow(sizeof(checksum)), checksum);
  offset += out.size() - begin;
  return out.size() >= kOutputPieceBytes ? FlushOutput() : Status::Ok();
}

Status TableWriter::Rep::Pad(size_t bytes) {
  std::memset(out.Grow(bytes), 0, bytes);
  offset += bytes;
  return Status::Ok();
}

Status TableWriter::Rep::FlushOutput() {
  if (out.empty()) return Status::Ok();
  const bool is_timed = config.stats != nullptr && config.stats->WantsTimers();
  const uint64_t start_us = is_timed ? config.clock->NowMicros() : 0;
  GNEISS_RETURN_IF_ERROR(file->Append(out));
  if (is_timed) RecordHistogram(config.stats, Histogram::kWriteBlockMicros, config.clock->NowMicros() - start_us);
  out.clear();
  return Status::Ok();
}

void TableWriter::Rep::AddToFilter(Slice bare_key) {
  if (format.partition_filters) {
    // The index decides where parts end; it is asked once to end one soon.
    if (filter->KeysInPart() == keys_per_filter_part) index.RequestCut();
    if (index.TakeCut()) filter->EndPart(index.last_separator(), &bare_key);
  }
  filter->Add(bare_key);
}

Status TableWriter::Rep::AddBlockToFilter(Slice payload) {
  const std::unique_ptr<Block> block = Block::Parse({.owned = {}, .payload = payload});
  if (block == nullptr) return Status::Corruption("bad contents of a block held back");
  BlockCursor cursor;
  cursor.Attach(block.get(), config.order);
  for (cursor.SeekToFirst(); cursor.Valid(); cursor.Next()) {
    AddToFilter(config.order.BareKey(UserKeyOf(cursor.key())));
  }
  return cursor.is_damaged() ? Status::Corruption("bad entry in a block held back") : Status::Ok();
}

Status TableWriter::Rep::WriteFilter(MetaIndex* metaindex) {
  if (filter == nullptr || filter->KeyCount() == 0) return Status::Ok();
  properties.filter_entries = filter->KeyCount();
  BlockHandle handle;
  if (format.partition_filters) {
    filter->EndPart(index.last_separator(), nullptr);
    GNEISS_RETURN_IF_ERROR(WriteFilterParts(&handle));
    metaindex->emplace(std::string(kPartitionedFilterPrefix) + kBuiltinFilterName, handle);
    return Status::Ok();
  }
  const std::string bits = filter->Finish();
  properties.filter_bytes = bits.size();
  GNEISS_RETURN_IF_ERROR(filter->CheckLast(bits));
  GNEISS_RETURN_IF_ERROR(WriteRaw(bits, &handle));
  if (warmer.TakesMetaBlocks()) warmer.AddFilter(handle.offset, bits);
  metaindex->emplace(std::string(kFullFilterPrefix) + kBuiltinFilterName, handle);
  return Status::Ok();
}

Status TableWriter::Rep::WriteFilterParts(BlockHandle* handle) {
  GNEISS_RETURN_IF_ERROR(filter->part_status());
  std::vector<Slice> parts;
  IndexBuilder::Top top(index);
  for (const TableFilterBuilder::Part& part : filter->parts()) {
    properties.filter_bytes += part.bits.size();
    GNEISS_RETURN_IF_ERROR(WriteRaw(part.bits, handle));
    top.Add(part.separator, *handle);
    parts.emplace_back(part.bits);
  }
  const std::string payload = top.Finish();
  properties.filter_bytes += payload.size();
  GNEISS_RETURN_IF_ERROR(WriteRaw(payload, handle));
  if (warmer.TakesMetaBlocks()) warmer.AddPartitionedFilter(handle->offset, WarmFormat(false), payload, parts);
  return Status::Ok();
}

// RocksDB's writer compresses these whether or not it compresses the index.
Status TableWriter::Rep::WriteHashIndex(MetaIndex* metaindex) {
  if (hash_index == nullptr || !hash_index->Finish()) return Status::Ok();
  BlockHandle handle;
  GNEISS_RETURN_IF_ERROR(WriteCompressible(hash_index->metadata(), {}, &handle));
  metaindex->emplace(kHashIndexMetadataBlockName, handle);
  GNEISS_RETURN_IF_ERROR(WriteCompressible(hash_index->prefixes(), {}, &handle));
  metaindex->emplace(kHashIndexPrefixesBlockName, handle);
  properties.index_bytes += hash_index->metadata().size() + hash_index->prefixes().size();
  return Status::Ok();
}

Status TableWriter::Rep::WriteIndex(BlockHandle* handle) {
  properties.index_key_is_user_key = index.key_is_user_key();
  properties.index_value_is_delta_encoded = index.value_is_delta_encoded();
  properties.index_bytes += kBlockTrailerBytes;
  std::vector<std::string> warm_payloads;
  if (format.index_type != IndexType::kTwoLevel) {
    std::string payload = index.Finish();
    GNEISS_RETURN_IF_ERROR(WriteIndexBlock(payload, handle));
    if (warmer.TakesMetaBlocks()) warm_payloads.push_back(std::move(payload));
  } else {
    IndexBuilder::Top top(index);
    for (size_t i = 0; i < index.partition_count(); ++i) {
      std::string payload = index.LayOutPartition(i);
      GNEISS_RETURN_IF_ERROR(WriteIndexBlock(payload, handle));
      top.Add(index.PartitionSeparator(i), *handle);
      if (warmer.TakesMetaBlocks()) warm_payloads.push_back(std::move(payload));
    }
    const std::string payload = top.Finish();
    properties.index_partitions = index.partition_count();
    properties.top_level_index_bytes = payload.size();
    GNEISS_RETURN_IF_ERROR(WriteIndexBlock(payload, handle));
  }
  if (warmer.TakesMetaBlocks()) {
    const bool has_first_key = format.index_type == IndexType::kBinaryWithFirstKey;
    warmer.AddIndex(handle->offset, WarmFormat(has_first_key), warm_payloads);
  }
  return Status::Ok();
}

Status TableWriter::Rep::WriteIndexBlock(const std::string& payload, BlockHandle* handle) {
  properties.index_bytes += payload.size();
  return format.compress_index ? WriteCompressible(payload, {}, handle) : WriteRaw(payload, handle);
}

Status TableWriter::Rep::WriteRangeTombstones(MetaIndex* metaindex) {
  if (range_tombstones.empty()) return Status::Ok();
  BlockHandle handle;
  GNEISS_RETURN_IF_ERROR(WriteRaw(*range_tombstones.Finish(), &handle));
  metaindex->emplace(kRangeDeletionBlockName, handle);
  return Status::Ok();
}

Status TableWriter::Rep::WriteProperties(MetaIndex* metaindex) {
  FinishCollectors();
  std::string index_type;
  PutU32(&index_type, static_cast<uint32_t>(format.index_type));
  properties.user[kIndexTypeProperty] = index_type;
  properties.user[kWholeKeyFilteringProperty] = format.whole_key_filtering ? "1" : "0";
  properties.user[kPrefixFilteringProperty] = config.prefix_extractor != nullptr ? "1" : "0";
  BlockHandle handle;
  GNEISS_RETURN_IF_ERROR(WriteRaw(EncodeProperties(properties), &handle));
  metaindex->emplace(kPropertiesBlockName, handle);
  return Status::Ok();
}

Status TableWriter::Rep::Finish() {
  GNEISS_RETURN_IF_ERROR(WriteDataBlock(nullptr));
  GNEISS_RETURN_IF_ERROR(EmitHeldBlocks());
  MetaIndex metaindex;
  Footer footer;
  footer.format_version = format.format_version;
  footer.checksum = format.checksum;
  GNEISS_RETURN_IF_ERROR(WriteFilter(&metaindex));
  GNEISS_RETURN_IF_ERROR(WriteHashIndex(&metaindex));
  GNEISS_RETURN_IF_ERROR(WriteIndex(&footer.index));
  GNEISS_RETURN_IF_ERROR(WriteDictionary(&metaindex));
  GNEISS_RETURN_IF_ERROR(WriteRangeTombstones(&metaindex));
  GNEISS_RETURN_IF_ERROR(WriteProperties(&metaindex));
  GNEISS_RETURN_IF_ERROR(WriteRaw(EncodeMetaIndex(metaindex), &footer.metaindex));
  std::string encoded_footer;
  footer.AppendTo(&encoded_footer);
  out.Append(encoded_footer);
  offset += encoded_footer.size();
  return FlushOutput();
}

TableWriter::TableWriter(const TableWriteConfig& config, WritableFile* file)
    : rep_(std::make_unique<Rep>(config, file)) {}
TableWriter::~TableWriter() = default;

Status TableWriter::Add(Slice internal_key, Slice value) {
  if (!rep_->status.ok()) return rep_->status;
  Status status = rep_->Add(internal_key, value);
  if (!status.ok()) rep_->status = status;
  return status;
}

Status TableWriter::Finish() {
  GNEISS_CHECK(!rep_->is_finished);
  rep_->is_finished = true;
  if (!rep_->status.ok()) return rep_->status;
  Status status = rep_->Finish();
  if (!status.ok()) rep_->status = status;
  return status;
}

uint64_t TableWriter::EntryCount() const { return rep_->properties.entries; }
uint64_t TableWriter::FileBytes() const { return rep_->offset; }
uint64_t TableWriter::EstimatedFileBytes() const { return rep_->offset + rep_->BufferedBytes(); }
bool TableWriter::NeedsCompaction() const { return rep_->needs_compaction; }
const TableProperties& TableWriter::properties() const { return rep_->properties; }

}  // namespace gneiss
