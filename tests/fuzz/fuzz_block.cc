// A block's payload, as uncompressed: walked and sought, with and without heads.
#include "engine/table/block.h"
#include "engine/table/block_cursor.h"
#include "tests/fuzz/fuzz_target.h"

const char* FuzzCorpusName() { return ".sst"; }

namespace {

void Walk(const gneiss::Block& block, gneiss::BlockCursor::Keys keys) {
  using namespace gneiss;
  BlockCursor cursor;
  cursor.Attach(&block, KeyOrder(), BlockCursor::kNoGlobalSeq, keys);
  std::string middle;
  size_t entries = 0;
  for (cursor.SeekToFirst(); cursor.Valid(); cursor.Next()) {
    if (++entries % 8 == 0) middle = std::string(cursor.key());
    FUZZ_CHECK(entries <= block.entries_bytes());
  }
  if (keys == BlockCursor::Keys::kRaw) return;
  cursor.SeekToLast();
  for (entries = 0; cursor.Valid(); cursor.Prev()) FUZZ_CHECK(++entries <= block.entries_bytes());
  if (middle.empty()) return;
  cursor.Seek(middle);
  if (cursor.Valid()) cursor.Prev();
  if (cursor.Valid()) cursor.Next();
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace gneiss;
  for (const Block::Heads heads : {Block::Heads::kNone, Block::Heads::kBuild}) {
    BlockBytes payload;
    payload.owned = RecycledBuffer(size);
    std::copy(bytes, bytes + size, payload.owned.get());
    payload.payload = Slice(payload.owned.get(), size);
    const std::unique_ptr<Block> block = Block::Parse(std::move(payload), heads);
    if (block == nullptr) continue;
    Walk(*block, BlockCursor::Keys::kInternal);
    Walk(*block, BlockCursor::Keys::kRaw);
  }
  return 0;
}
