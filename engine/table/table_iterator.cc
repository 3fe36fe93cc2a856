#include "engine/table/table_iterator.h"

#include <algorithm>

namespace gneiss {

namespace {

constexpr size_t kNoBlock = ~size_t{0};
// A compaction holds one piece of each input. The kernel reads further ahead by itself; where it does not (direct
// reads), the caller asks for more.
constexpr size_t kCompactionReadBytes = size_t{64} << 10;

// How far from a block's end a scan looks for the next one, and then asks for the bytes it will read first.
constexpr size_t kFindBytesLeft = 1024;
constexpr size_t kFetchBytesLeft = 512;

ReadAhead::Config ReadAheadFor(const TableReadConfig& config, const ReadParams& params) {
  if (params.is_compaction) {
    const size_t bytes = params.readahead_bytes != 0 ? params.readahead_bytes : kCompactionReadBytes;
    return {.initial_bytes = bytes, .max_bytes = bytes, .reads_before = 0};
  }
  if (params.readahead_bytes != 0) {
    return {.initial_bytes = params.readahead_bytes, .max_bytes = params.readahead_bytes, .reads_before = 0};
  }
  return {.initial_bytes = config.readahead_initial_bytes, .max_bytes = config.readahead_max_bytes};
}

}  // namespace

TableIterator::TableIterator(const TableCore* core, const ReadParams& params)
    : core_(core), params_(params), ahead_(ReadAheadFor(core->config(), params)) {}

void TableIterator::Fail(Status status) {
  status_ = std::move(status);
  cursor_.Detach();
  block_.Reset();
  ForgetNear();
  open_block_ = kNoBlock;
}

bool TableIterator::Start() {
  status_ = Status::Ok();
  if (index_.get() != nullptr) return true;
  if (Status status = core_->GetIndex(params_, &index_); !status.ok()) {
    Fail(std::move(status));
    return false;
  }
  return true;
}

Status TableIterator::GetBlock(size_t i, BlockRef* block) {
  const BlockSource& source = core_->source();
  const BlockHandle& handle = index_->handle(i);
  uint32_t* const cache_place = index_->cache_place(i);
  const bool is_near = i == near_index_;
  if (is_near && near_block_) {
    *block = std::move(near_block_);
    source.CountHit(*block->get());
    return Status::Ok();
  }
  if (is_near && near_is_missing_) return source.ReadDataBlock(params_, handle, cache_place, &ahead_, block);
  return source.GetDataBlock(params_, handle, cache_place, &ahead_, block);
}

bool TableIterator::OpenBlock(size_t i, Direction direction) {
  block_index_ = i;
  if (open_block_ == i) return true;
  BlockRef block;
  if (Status status = GetBlock(i, &block); !status.ok()) {
    Fail(std::move(status));
    return false;
  }
  ForgetNear();
  block_ = std::move(block);
  open_block_ = i;
  core_->Attach(block_.get(), &cursor_);
  near_index_ = direction == Direction::kForward ? i + 1 : i - 1;  // wraps for the first: there is none
  if (near_index_ < index_->size()) {
    core_->source().PrefetchDataBlock(index_->handle(near_index_), index_->cache_place(near_index_));
    WatchFor(kFindBytesLeft);
  }
  return true;
}

void TableIterator::WatchFor(size_t bytes_left) {
  const size_t bytes = std::min<size_t>(bytes_left, block_->entries_bytes());
  if (IsForward()) {
    near_from_ = block_->entries_end() - bytes;
  } else {
    near_below_ = block_->entries() + bytes;
  }
}

void TableIterator::ForgetNear() {
  near_block_.Reset();
  near_is_missing_ = false;
  StopWatching();
}

// To come to a block is to read memory far away three times, each time to learn where to read next: the cache's entry,
// the block, its first bytes. Each is asked for while the scan is busy with what lies before.
void TableIterator::ComeNear() {
  StopWatching();
  if (!near_block_) {
    near_block_ = core_->source().FindDataBlock(index_->handle(near_index_), index_->cache_place(near_index_));
    near_is_missing_ = !near_block_;
    if (near_block_) WatchFor(kFetchBytesLeft);
  } else if (IsForward()) {
    near_block_->PrefetchStart();
  } else {
    near_block_->PrefetchEnd();
  }
}

bool TableIterator::FailIfDamaged() {
  if (!cursor_.is_damaged()) return false;
  Fail(core_->source().DamagedBlock("bad entry in block", index_->handle(block_index_)));
  return true;
}

void TableIterator::SkipForward() {
  while (!cursor_.Valid()) {
    if (FailIfDamaged() || block_index_ + 1 >= index_->size()) return;
    if (!OpenBlock(block_index_ + 1, Direction::kForward)) return;
    cursor_.SeekToFirst();
  }
}

void TableIterator::SkipBackward() {
  while (!cursor_.Valid()) {
    if (FailIfDamaged() || block_index_ == 0) return;
    if (!OpenBlock(block_index_ - 1, Direction::kBackward)) return;
    cursor_.SeekToLast();
  }
}

void TableIterator::SeekToFirst() {
  cursor_.Invalidate();
  if (!Start() || index_->size() == 0 || !OpenBlock(0, Direction::kForward)) return;
  cursor_.SeekToFirst();
  SkipForward();
}

void TableIterator::SeekToLast() {
  cursor_.Invalidate();
  if (!Start() || index_->size() == 0 || !OpenBlock(index_->size() - 1, Direction::kBackward)) return;
  cursor_.SeekToLast();
  SkipBackward();
}

void TableIterator::SeekInOrder(Slice internal_key) {
  cursor_.Invalidate();
  if (!Start()) return;
  const size_t i = index_->LowerBound(internal_key);
  if (i == index_->size() || !OpenBlock(i, Direction::kForward)) return;
  cursor_.Seek(internal_key);
  SkipForward();
}

// The table's filter says that nothing the caller wants is there.
bool TableIterator::IsLeftOut(Slice user_key) const {
  if (params_.total_order_seek) return false;
  const SeekScope* const scope = params_.seek_scope;
  const bool asks = params_.prefix_same_as_start || scope->is_prefix_only ||
                    (scope->end != nullptr && core_->HaveOnePrefix(user_key, *scope->end));
  return asks && !core_->MayContainPrefixOf(user_key, params_);
}

void TableIterator::Seek(Slice internal_key) {
  const bool may_be_left_out = params_.prefix_same_as_start || params_.seek_scope != nullptr;
  if (may_be_left_out && IsLeftOut(UserKeyOf(internal_key))) {
    status_ = Status::Ok();
    cursor_.Invalidate();
    return;
  }
  SeekInOrder(internal_key);
}

void TableIterator::SeekForPrev(Slice internal_key) {
  SeekInOrder(internal_key);
  if (!status_.ok()) return;
  if (!Valid()) {
    SeekToLast();
  } else if (core_->config().order.CompareInternal(key(), internal_key) > 0) {
    Prev();
  }
}

}  // namespace gneiss
