#include "engine/table/meta_blocks.h"

#include <limits>

#include "engine/base/coding.h"
#include "engine/table/block.h"
#include "engine/table/block_builder.h"
#include "engine/table/block_cursor.h"

namespace gneiss {

namespace {

struct NumberProperty {
  const char* name;
  uint64_t TableProperties::*field;
  bool is_written_when_zero;
};
constexpr NumberProperty kNumbers[] = {
    {"rocksdb.original.file.number", &TableProperties::original_file_number, true},
    {"rocksdb.data.size", &TableProperties::data_bytes, true},
    {"rocksdb.index.size", &TableProperties::index_bytes, true},
    {"rocksdb.index.partitions", &TableProperties::index_partitions, false},
    {"rocksdb.top-level.index.size", &TableProperties::top_level_index_bytes, false},
    {"rocksdb.index.key.is.user.key", &TableProperties::index_key_is_user_key, true},
    {"rocksdb.index.value.is.delta.encoded", &TableProperties::index_value_is_delta_encoded, true},
    {"rocksdb.filter.size", &TableProperties::filter_bytes, true},
    {"rocksdb.raw.key.size", &TableProperties::raw_key_bytes, true},
    {"rocksdb.raw.value.size", &TableProperties::raw_value_bytes, true},
    {"rocksdb.num.data.blocks", &TableProperties::data_blocks, true},
    {"rocksdb.num.entries", &TableProperties::entries, true},
    {"rocksdb.num.filter_entries", &TableProperties::filter_entries, true},
    {"rocksdb.deleted.keys", &TableProperties::deletions, true},
    {"rocksdb.merge.operands", &TableProperties::merge_operands, true},
    {"rocksdb.num.range-deletions", &TableProperties::range_deletions, true},
    {"rocksdb.format.version", &TableProperties::format_version, true},
    {"rocksdb.fixed.key.length", &TableProperties::fixed_key_bytes, true},
    {"rocksdb.column.family.id", &TableProperties::column_family_id, true},
    {"rocksdb.creation.time", &TableProperties::creation_unix_seconds, true},
    {"rocksdb.oldest.key.time", &TableProperties::oldest_key_unix_seconds, true},
    {"rocksdb.file.creation.time", &TableProperties::file_creation_unix_seconds, false},
    {"rocksdb.sample_for_compression.slow.data.size", &TableProperties::slow_compression_estimated_bytes, false},
    {"rocksdb.sample_for_compression.fast.data.size", &TableProperties::fast_compression_estimated_bytes, false},
};

struct TextProperty {
  const char* name;
  std::string TableProperties::*field;
};
constexpr TextProperty kTexts[] = {
    {"rocksdb.creating.db.identity", &TableProperties::db_id},
    {"rocksdb.creating.session.identity", &TableProperties::db_session_id},
    {"rocksdb.creating.host.identity", &TableProperties::db_host_id},
    {"rocksdb.filter.policy", &TableProperties::filter_policy_name},
    {"rocksdb.column.family.name", &TableProperties::column_family_name},
    {"rocksdb.comparator", &TableProperties::comparator_name},
    {"rocksdb.merge.operator", &TableProperties::merge_operator_name},
    {"rocksdb.prefix.extractor.name", &TableProperties::prefix_extractor_name},
    {"rocksdb.property.collectors", &TableProperties::property_collectors_names},
    {"rocksdb.compression", &TableProperties::compression_name},
    {"rocksdb.compression_options", &TableProperties::compression_options},
};

// Users of old find these two among the user properties as well.
bool IsAlsoUserProperty(Slice name) { return name == "rocksdb.deleted.keys" || name == "rocksdb.merge.operands"; }

std::string EncodeSorted(const std::map<std::string, std::string>& entries, int restart_interval) {
  BlockBuilder builder({.restart_interval = restart_interval});
  for (const auto& [name, value] : entries) builder.Add(name, value);
  return std::move(*builder.Finish());
}

void SetProperty(Slice name, Slice value, TableProperties* properties) {
  for (const NumberProperty& number : kNumbers) {
    if (name != number.name) continue;
    if (IsAlsoUserProperty(name)) properties->user.emplace(name, value);
    uint64_t parsed = 0;
    if (GetVarint64(&value, &parsed)) properties->*number.field = parsed;  // a malformed one is passed over
    return;
  }
  for (const TextProperty& text : kTexts) {
    if (name != text.name) continue;
    properties->*text.field = value;
    return;
  }
  properties->user.emplace(name, value);
}

// Calls visit(key, value) for each entry of a block with raw keys.
template <typename Visit>
Status ForEachEntry(Slice payload, const char* what, Visit visit) {
  const std::unique_ptr<Block> block = Block::Parse({.owned = {}, .payload = payload});
  if (block == nullptr) return Status::Corruption(std::string("bad ") + what + " block contents");
  BlockCursor cursor;
  cursor.Attach(block.get(), KeyOrder::Bytewise(), BlockCursor::kNoGlobalSeq, BlockCursor::Keys::kRaw);
  std::string last_name;
  for (cursor.SeekToFirst(); cursor.Valid(); cursor.Next()) {
    if (!last_name.empty() && cursor.key() <= last_name) return Status::Corruption(std::string(what) + " unsorted");
    last_name = cursor.key();
    GNEISS_RETURN_IF_ERROR(visit(cursor.key(), cursor.value()));
  }
  return cursor.is_damaged() ? Status::Corruption(std::string("bad entry in ") + what + " block") : Status::Ok();
}

}  // namespace

std::string EncodeMetaIndex(const MetaIndex& index) {
  std::map<std::string, std::string> entries;
  for (const auto& [name, handle] : index) handle.AppendTo(&entries[name]);
  return EncodeSorted(entries, 1);
}

Status DecodeMetaIndex(Slice payload, MetaIndex* index) {
  return ForEachEntry(payload, "metaindex", [index](Slice name, Slice value) {
    BlockHandle handle;
    if (!handle.DecodeFrom(&value)) return Status::Corruption("bad block handle");
    index->emplace(name, handle);
    return Status::Ok();
  });
}

std::string EncodeProperties(const TableProperties& properties) {
  std::map<std::string, std::string> entries(properties.user);
  for (const NumberProperty& number : kNumbers) {
    const uint64_t value = properties.*number.field;
    if (value == 0 && !number.is_written_when_zero) continue;
    std::string encoded;
    PutVarint64(&encoded, value);
    entries[number.name] = std::move(encoded);
  }
  for (const TextProperty& text : kTexts) {
    const std::string& value = properties.*text.field;
    if (!value.empty()) entries[text.name] = value;
  }
  // Read from front to back, so one restart point is enough.
  return EncodeSorted(entries, std::numeric_limits<int>::max());
}

Status DecodeProperties(Slice payload, uint64_t block_offset, TableProperties* properties) {
  return ForEachEntry(payload, "properties", [&](Slice name, Slice value) {
    if (name == kGlobalSeqProperty) {
      const auto place = static_cast<uint64_t>(value.data() - payload.data());
      properties->external_file_global_seq_offset = block_offset + place;
    }
    SetProperty(name, value, properties);
    return Status::Ok();
  });
}

}  // namespace gneiss
