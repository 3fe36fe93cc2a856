#include "tests/fuzz/parts.h"

#include <algorithm>

#include "engine/base/compression.h"
#include "engine/base/crc32c.h"
#include "engine/table/block.h"
#include "engine/table/block_cursor.h"
#include "engine/table/meta_blocks.h"
#include "engine/wal/log_format.h"

namespace gneiss::fuzz {

namespace {

constexpr size_t kPayloadBytesMax = size_t{1} << 20;
constexpr size_t kPartsMax = 1000;

bool IsWithin(Slice table, const BlockHandle& handle) {
  return handle.size <= table.size() && handle.offset <= table.size() && handle.EndWithTrailer() <= table.size();
}

void RightChecksum(ChecksumType type, const BlockHandle& handle, std::string* table) {
  if (!IsWithin(*table, handle)) return;
  const Slice checked = Slice(*table).substr(handle.offset, handle.size + 1);
  EncodeU32(table->data() + handle.offset + handle.size + 1, BlockChecksum(type, checked));
}

std::vector<BlockHandle> HandlesIn(Slice index) {
  std::vector<BlockHandle> handles;
  BlockBytes bytes;
  bytes.payload = index;
  const std::unique_ptr<Block> block = Block::Parse(std::move(bytes));
  if (block == nullptr) return handles;
  BlockCursor cursor;
  cursor.Attach(block.get(), KeyOrder(), BlockCursor::kNoGlobalSeq, BlockCursor::Keys::kRaw);
  for (cursor.SeekToFirst(); cursor.Valid() && handles.size() < kPartsMax; cursor.Next()) {
    BlockHandle handle;
    Slice value = cursor.value();
    // Behind the first entry of a restart interval only the difference is stored; such intervals are not usual.
    if (handle.DecodeFrom(&value)) handles.push_back(handle);
  }
  return handles;
}

}  // namespace

void RightLogChecksums(std::string* log) {
  for (size_t block = 0; block < log->size(); block += kLogBlockBytes) {
    const size_t block_end = std::min(block + kLogBlockBytes, log->size());
    size_t at = block;
    while (at + kFragmentHeaderBytes <= block_end) {
      char* const header = log->data() + at;
      const auto type = static_cast<FragmentType>(header[6]);
      const size_t header_bytes = IsRecyclable(type) ? kRecyclableFragmentHeaderBytes : kFragmentHeaderBytes;
      const size_t bytes = header_bytes + DecodeU16(header + 4);
      if (at + bytes > block_end || (bytes == kFragmentHeaderBytes && type == FragmentType::kZero)) break;
      EncodeU32(header, MaskCrc(Crc32c(Slice(header + 6, bytes - 6))));
      at += bytes;
    }
  }
}

bool ReadPart(Slice table, const BlockHandle& handle, std::string* payload) {
  if (!IsWithin(table, handle)) return false;
  const Slice stored = table.substr(handle.offset, handle.size);
  const auto compression = static_cast<Compression>(table[handle.offset + handle.size]);
  if (compression == Compression::kNone) {
    payload->assign(stored.data(), stored.size());
    return true;
  }
  RawBuffer raw;
  if (!Uncompress(compression, Slice(), stored, kPayloadBytesMax, &raw).ok()) return false;
  payload->assign(raw.bytes.get(), raw.size_bytes);
  return true;
}

std::vector<TablePart> RightTableChecksums(std::string* table) {
  std::vector<TablePart> parts;
  Footer footer;
  const Slice tail = Slice(*table).substr(table->size() - std::min(table->size(), kFooterBytesMax));
  if (!footer.DecodeFrom(tail, "table").ok()) return parts;
  const auto add = [&](const std::string& name, const BlockHandle& handle) {
    RightChecksum(footer.checksum, handle, table);
    if (IsWithin(*table, handle)) parts.push_back({name, handle});
  };
  add("metaindex", footer.metaindex);
  add("index", footer.index);
  std::string payload;
  MetaIndex metas;
  if (ReadPart(*table, footer.metaindex, &payload) && DecodeMetaIndex(payload, &metas).ok()) {
    for (const auto& [name, handle] : metas) add(name, handle);
  }
  if (ReadPart(*table, footer.index, &payload)) {
    for (const BlockHandle& handle : HandlesIn(payload)) add("data", handle);
  }
  return parts;
}

}  // namespace gneiss::fuzz
