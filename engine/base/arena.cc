#include "engine/base/arena.h"

#include <algorithm>
#include <new>

namespace gneiss {

namespace {
constexpr size_t kFirstBlockBytes = 4096;
constexpr size_t kPooledBytesMin = size_t{128} << 10;
}  // namespace

Arena::Arena(size_t block_bytes, std::shared_ptr<BlockPool> pool, BudgetShare* share)
    : block_bytes_(std::max(block_bytes, kFirstBlockBytes)),
      pool_(std::move(pool)),
      share_(share),
      next_block_bytes_(kFirstBlockBytes) {}

Arena::~Arena() {
  MutexLock lock(&mutex_);
  for (Block* block = newest_; block != nullptr;) {
    Block* const previous = block->previous;
    FreeBlock(block, sizeof(Block) + block->size_bytes);
    block = previous;
  }
}

bool Arena::IsPooled(size_t bytes) const {
  return pool_ != nullptr && bytes == block_bytes_ && bytes >= kPooledBytesMin;
}

void* Arena::AllocateBlock(size_t bytes) { return IsPooled(bytes) ? pool_->Take(bytes) : ::operator new(bytes); }

void Arena::FreeBlock(void* memory, size_t bytes) {
  if (IsPooled(bytes)) {
    pool_->Give(memory, bytes);
  } else {
    ::operator delete(memory);
  }
}

Arena::Block* Arena::NewBlock(size_t size_bytes) {
  void* const memory = AllocateBlock(sizeof(Block) + size_bytes);
  reserved_bytes_.fetch_add(sizeof(Block) + size_bytes, std::memory_order_relaxed);
  newest_ = new (memory) Block{.previous = newest_, .size_bytes = size_bytes, .used_bytes = 0};
  if (share_ != nullptr) share_->Reserve(sizeof(Block) + size_bytes);
  return newest_;
}

char* Arena::TakeIfItFits(Block* block, size_t bytes) {
  size_t at = block->used_bytes.load(std::memory_order_relaxed);
  do {
    if (at > block->size_bytes || bytes > block->size_bytes - at) return nullptr;
  } while (!block->used_bytes.compare_exchange_weak(at, at + bytes, std::memory_order_relaxed));
  return block->payload() + at;
}

char* Arena::AllocateSlow(size_t bytes) {
  MutexLock lock(&mutex_);
  // A large request comes here at once; for others another thread may have brought a new block meanwhile.
  if (Block* block = current_.load(std::memory_order_relaxed); block != nullptr) {
    if (char* place = TakeIfItFits(block, bytes); place != nullptr) return place;
  }
  // Where a large one does not fit it gets memory of its own, and the current block stays.
  if (IsLarge(bytes, block_bytes_)) return Take(NewBlock(bytes), bytes);
  // The size counts the block's own header, so that a block is a round number of pages.
  Block* const block = NewBlock(std::max(next_block_bytes_, bytes + sizeof(Block)) - sizeof(Block));
  next_block_bytes_ = std::min(next_block_bytes_ * 2, block_bytes_);
  char* const place = Take(block, bytes);
  current_.store(block, std::memory_order_release);
  return place;
}

}  // namespace gneiss
