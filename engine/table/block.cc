#include "engine/table/block.h"

#include "engine/table/block_hash_index.h"

namespace gneiss {

namespace {

constexpr size_t kBlockBytesMax = 0x7fffffff;

}  // namespace

std::unique_ptr<Block> Block::Parse(BlockBytes bytes, Heads heads) {
  size_t left = bytes.payload.size();
  if (left < sizeof(uint32_t) || left > kBlockBytesMax) return nullptr;
  left -= sizeof(uint32_t);
  const char* data = bytes.payload.data();
  uint32_t restart_count = DecodeU32(data + left);
  if ((restart_count & kHashIndexBit) != 0 && bytes.payload.size() <= BlockHashIndex::kBlockBytesMax) {
    restart_count &= ~kHashIndexBit;
    if (left < sizeof(uint16_t)) return nullptr;
    left -= sizeof(uint16_t);
    const uint16_t bucket_count = DecodeU16(data + left);
    if (left < bucket_count) return nullptr;
    left -= bucket_count;
  }
  if (left / sizeof(uint32_t) < restart_count) return nullptr;
  left -= size_t{restart_count} * sizeof(uint32_t);

  const Slice entries = bytes.payload.substr(0, restart_count == 0 ? 0 : left);
  const char* restarts = data + left;
  BlockHeads plan;
  BlockHeads::Draft draft;
  const size_t heads_bytes = heads == Heads::kBuild ? plan.Plan(entries, restarts, restart_count, &draft) : 0;
  auto* memory = static_cast<char*>(::operator new(sizeof(Block) + heads_bytes));
  std::unique_ptr<Block> block(new (memory) Block);
  block->owned_ = std::move(bytes.owned);
  block->payload_ = bytes.payload;
  block->restarts_at_ = static_cast<uint32_t>(left);
  block->entries_bytes_ = static_cast<uint32_t>(entries.size());
  block->restart_count_ = restart_count;
  block->first_offset_ = restart_count == 0 ? 0 : block->RestartOffset(0);
  if (heads_bytes != 0) {
    block->heads_ = plan;
    block->heads_.Build(entries, restarts, draft, memory + sizeof(Block));
  }
  return block;
}

}  // namespace gneiss
