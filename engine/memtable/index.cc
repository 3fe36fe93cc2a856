#include "engine/memtable/index.h"

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

namespace gneiss {
namespace {

constexpr uint32_t kFull = IndexNode::kEntriesMax;
constexpr size_t kChunkBytesMax = size_t{64} << 10;

constexpr uint32_t kHeadsPerLine = 64 / sizeof(uint64_t);
static_assert(IndexNode::kEntriesMax == kHeadsPerLine * kHeadsPerLine);

// How many of heads[begin + i * stride] are below `head`: all loads and comparisons side by side.
template <uint32_t stride, uint32_t... i>
uint32_t CountEveryBelow(const IndexNode* node, uint32_t begin, uint64_t head, std::integer_sequence<uint32_t, i...>) {
  return (0U + ... + (node->HeadAt(begin + i * stride) < head ? 1U : 0U));
}

// The number of heads below `head`, in two rounds that wait for nothing. The first, over the last head of each cache
// line but one, finds the line, and the lines come from memory side by side. Unused heads are kHeadUnused.
uint32_t CountHeadsBelow(const IndexNode* node, uint64_t head) {
  const uint32_t lines = CountEveryBelow<kHeadsPerLine>(node, kHeadsPerLine - 1, head,
                                                        std::make_integer_sequence<uint32_t, kHeadsPerLine - 1>());
  const uint32_t begin = lines * kHeadsPerLine;
  return begin + CountEveryBelow<1>(node, begin, head, std::make_integer_sequence<uint32_t, kHeadsPerLine>());
}

}  // namespace

uint64_t MemtableIndex::HeadOf(Slice user_key, uint32_t head_at) const {
  if (order_.type() == KeyOrder::Type::kCustom) return 0;
  return KeyOrder::HeadOf(user_key.substr(std::min<size_t>(head_at, user_key.size()))) ^ head_flip_;
}

uint32_t MemtableIndex::CountBelow(const IndexNode* node, Slice internal_key) const {
  const uint32_t count = node->CountNow();
  const uint64_t head = HeadOf(UserKeyOf(internal_key), node->head_at.load(std::memory_order_acquire));
  const uint32_t begin = std::min(count, CountHeadsBelow(node, head));
  if (begin == count || node->HeadAt(begin) != head) return begin;
  uint32_t end = begin + 1;
  while (end < count && node->HeadAt(end) == head) ++end;
  return CountBelowAmongTies(node, begin, end, internal_key);
}

uint32_t MemtableIndex::CountBelowAmongTies(const IndexNode* node, uint32_t begin, uint32_t end,
                                            Slice internal_key) const {
  while (begin < end) {
    const uint32_t middle = begin + (end - begin) / 2;
    if (order_.CompareInternal(MemtableEntry::Key(node->EntryAt(middle)), internal_key) < 0) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return begin;
}

template <typename Choose>
MemtableIndex::Place MemtableIndex::Descend(const Choose& choose) const {
  for (;;) {
    IndexNode* node = root_.load(std::memory_order_acquire);
    if (node == nullptr) return {};
    uint64_t version = node->version.BeginRead();
    // A root that was split before we noted its version is no longer the root.
    bool is_good = root_.load(std::memory_order_acquire) == node;
    while (is_good && node->level > 0) {
      const auto* const inner = static_cast<const IndexInner*>(node);
      IndexNode* const child = inner->ChildAt(choose(node));
      if (node->level == 1) child->PrefetchEntries();
      const uint64_t child_version = child->version.BeginRead();
      is_good = node->version.IsStill(version);
      node = child;
      version = child_version;
    }
    if (is_good) return {.leaf = node, .version = version, .at = choose(node)};
  }
}

MemtableIndex::Place MemtableIndex::Find(Slice internal_key) const {
  return Descend([this, internal_key](const IndexNode* node) { return CountBelow(node, internal_key); });
}
MemtableIndex::Place MemtableIndex::FindFirst() const {
  return Descend([](const IndexNode*) { return 0U; });
}
MemtableIndex::Place MemtableIndex::FindLast() const {
  return Descend([](const IndexNode* node) { return node->CountNow(); });
}

const char* MemtableIndex::NewestOf(Slice internal_key) const {
  for (;;) {
    const Place place = Find(internal_key);
    if (place.leaf == nullptr) return nullptr;
    const IndexNode* const leaf = place.leaf;
    // Where the heads differ the entry is another key's, and needs not be fetched to see that.
    const uint64_t head = HeadOf(UserKeyOf(internal_key), leaf->head_at.load(std::memory_order_acquire));
    const bool may_match = place.at < leaf->CountNow() && leaf->HeadAt(place.at) == head;
    const char* const entry = may_match ? leaf->EntryAt(place.at) : nullptr;
    if (!leaf->version.IsStill(place.version)) continue;
    const bool matches = may_match && order_.Equal(MemtableEntry::UserKey(entry), UserKeyOf(internal_key));
    return matches ? entry : nullptr;
  }
}

void MemtableIndex::Insert(const char* entry, bool is_concurrent) {
  if (!is_concurrent && is_run_.load(std::memory_order_relaxed) && InsertBesidePrevious(entry)) return;
  const Slice key = MemtableEntry::Key(entry);
  for (;;) {
    const Place place = Find(key);
    if (place.leaf == nullptr || place.leaf->IsFull()) {
      MakeRoomFor(key);
      continue;
    }
    if (is_concurrent) {
      if (!place.leaf->version.TryLock(place.version)) continue;
    } else {
      place.leaf->version.LockAlone();
      is_run_.store(previous_leaf_.load(std::memory_order_relaxed) == place.leaf, std::memory_order_relaxed);
      previous_leaf_.store(place.leaf, std::memory_order_relaxed);
    }
    InsertInto(place.leaf, place.at, entry);
    return;
  }
}

// For the single writer: a key that belongs right after all others of the leaf it used last.
bool MemtableIndex::InsertBesidePrevious(const char* entry) {
  IndexNode* const leaf = previous_leaf_.load(std::memory_order_relaxed);
  const uint32_t count = leaf->CountNow();
  if (count == kFull) return false;
  const Slice key = MemtableEntry::Key(entry);
  if (order_.CompareInternal(MemtableEntry::Key(leaf->EntryAt(count - 1)), key) >= 0) return false;
  const char* const high = leaf->high.load(std::memory_order_relaxed);
  if (high != nullptr && order_.CompareInternal(MemtableEntry::Key(high), key) < 0) return false;
  leaf->version.LockAlone();
  InsertInto(leaf, count, entry);
  return true;
}

// The leaf is locked; this unlocks it.
void MemtableIndex::InsertInto(IndexNode* leaf, uint32_t at, const char* entry) {
  const uint32_t count = leaf->count.load(std::memory_order_relaxed);
  leaf->OpenGap(at);
  leaf->SetAt(at, HeadOf(MemtableEntry::UserKey(entry), leaf->head_at.load(std::memory_order_relaxed)), entry);
  leaf->count.store(count + 1, std::memory_order_release);
  leaf->version.Unlock();
}

// Nodes lie together, apart from entries: that keeps the pages a search touches few.
IndexNode* MemtableIndex::NewNode(uint32_t level) {
  const size_t bytes = level == 0 ? sizeof(IndexNode) : sizeof(IndexInner);
  if (bytes > node_bytes_left_) {
    const size_t chunk_bytes = std::max(bytes, next_chunk_bytes_);
    constexpr size_t kSlack = alignof(IndexNode) - 1;
    void* chunk = arena_->Allocate(chunk_bytes + kSlack);
    size_t space = chunk_bytes + kSlack;
    next_node_ = static_cast<char*>(std::align(alignof(IndexNode), chunk_bytes, chunk, space));
    node_bytes_left_ = chunk_bytes;
    next_chunk_bytes_ = std::min(2 * chunk_bytes, kChunkBytesMax);
  }
  void* const place = next_node_;
  next_node_ += bytes;
  node_bytes_left_ -= bytes;
  if (level > 0) return new (place) IndexInner(level);
  leaf_count_.fetch_add(1, std::memory_order_relaxed);
  return new (place) IndexNode(level);
}

// Splits, from the root down, every full node on the way to the key. A parent is split before its child, so it has room
// for one more.
void MemtableIndex::MakeRoomFor(Slice internal_key) {
  MutexLock lock(&structure_mutex_);
  IndexNode* node = root_.load(std::memory_order_relaxed);
  if (node == nullptr) {
    root_.store(NewNode(0), std::memory_order_release);
    return;
  }
  if (node->IsFull()) {
    auto* const root = static_cast<IndexInner*>(NewNode(node->level + 1));
    root->children[0].store(node, std::memory_order_relaxed);
    // 1. the new root is seen, 2. the old one is split: a reader that noted the old root's version later finds 1 done.
    root_.store(root, std::memory_order_release);
    node = root;
  }
  while (node->level > 0) {
    auto* const inner = static_cast<IndexInner*>(node);
    uint32_t at = CountBelow(inner, internal_key);
    if (inner->ChildAt(at)->IsFull()) {
      SplitChild(inner, at, internal_key);
      at = CountBelow(inner, internal_key);
    }
    node = inner->ChildAt(at);
  }
}

// The child keeps its lower part and a new node to its right takes the rest. Both child and parent stay locked until
// the parent knows the new node: a reader that comes to the child later sees that the parent changed.
void MemtableIndex::SplitChild(IndexInner* parent, uint32_t child_at, Slice internal_key) {
  IndexNode* const child = parent->ChildAt(child_at);
  IndexNode* const right = NewNode(child->level);  // may throw, so nothing is locked yet
  // A full leaf gets no more inserts, but the one that filled it may still be under way.
  while (!child->version.TryLock(child->version.BeginRead())) {
  }

  // A run of ascending keys leaves full nodes behind, a run of descending ones too.
  const uint32_t at = CountBelow(child, internal_key);
  const uint32_t kept = at == kFull ? kFull - 1 : (at == 0 ? 1 : kFull / 2);
  const char* const divider = child->EntryAt(kept - 1);
  MoveUpperPart(child, kept, right);

  parent->version.LockAlone();
  LinkChild(parent, child_at, HeadOf(MemtableEntry::UserKey(divider), parent->head_at.load(std::memory_order_relaxed)),
            divider, right);
  parent->version.Unlock();
  child->version.Unlock();
}

void MemtableIndex::MoveUpperPart(IndexNode* from, uint32_t kept, IndexNode* to) {
  for (uint32_t i = kept; i < kFull; ++i) to->SetAt(i - kept, from->HeadAt(i), from->EntryAt(i));
  to->count.store(kFull - kept, std::memory_order_release);
  to->head_at.store(from->head_at.load(std::memory_order_relaxed), std::memory_order_release);
  to->low.store(from->EntryAt(kept - 1), std::memory_order_release);
  to->high.store(from->high.load(std::memory_order_relaxed), std::memory_order_release);
  from->high.store(from->EntryAt(kept - 1), std::memory_order_release);
  if (from->level > 0) {
    auto* const inner_from = static_cast<IndexInner*>(from);
    auto* const inner_to = static_cast<IndexInner*>(to);
    for (uint32_t i = kept; i <= kFull; ++i) {
      inner_to->children[i - kept].store(inner_from->ChildAt(i), std::memory_order_release);
    }
    from->count.store(kept - 1, std::memory_order_release);  // the divider goes up and stays in neither part
  } else {
    to->next.store(from->next.load(std::memory_order_relaxed), std::memory_order_release);
    from->next.store(to, std::memory_order_release);
    from->count.store(kept, std::memory_order_release);
  }
  for (uint32_t i = from->CountNow(); i < kFull; ++i)
    from->heads[i].store(IndexNode::kHeadUnused, std::memory_order_release);
  RefineHeads(from);
  RefineHeads(to);
}

void MemtableIndex::LinkChild(IndexInner* parent, uint32_t at, uint64_t head, const char* divider, IndexNode* child) {
  const uint32_t count = parent->count.load(std::memory_order_relaxed);
  parent->OpenGap(at);
  parent->SetAt(at, head, divider);
  for (uint32_t i = count + 1; i > at + 1; --i) {
    parent->children[i].store(parent->children[i - 1].load(std::memory_order_relaxed), std::memory_order_release);
  }
  parent->children[at + 1].store(child, std::memory_order_release);
  parent->count.store(count + 1, std::memory_order_release);
}

// Where heads tie although the node's bounds share a longer prefix by now, heads are taken from behind it.
void MemtableIndex::RefineHeads(IndexNode* node) {
  const char* const low = node->low.load(std::memory_order_relaxed);
  const char* const high = node->high.load(std::memory_order_relaxed);
  if (low == nullptr || high == nullptr || order_.type() == KeyOrder::Type::kCustom) return;
  const Slice a = MemtableEntry::UserKey(low);
  const Slice b = MemtableEntry::UserKey(high);
  const auto shared = static_cast<uint32_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
  if (shared < node->head_at.load(std::memory_order_relaxed) + 4) return;

  const uint32_t count = node->count.load(std::memory_order_relaxed);
  bool has_ties = false;
  for (uint32_t i = 1; i < count && !has_ties; ++i) has_ties = node->HeadAt(i - 1) == node->HeadAt(i);
  if (!has_ties) return;
  node->head_at.store(shared, std::memory_order_release);
  for (uint32_t i = 0; i < count; ++i) {
    node->heads[i].store(HeadOf(MemtableEntry::UserKey(node->EntryAt(i)), shared), std::memory_order_release);
  }
}

uint64_t MemtableIndex::EstimateBetween(Slice from, Slice to, uint64_t entry_count) const {
  const IndexNode* const root = root_.load(std::memory_order_acquire);
  if (root == nullptr || order_.CompareInternal(from, to) >= 0) return 0;
  const uint64_t leaf_count = std::max<uint64_t>(1, leaf_count_.load(std::memory_order_relaxed));
  return CountInRange(root, &from, &to, entry_count / leaf_count);
}

// A null bound: all of the node on that side. Leaves inside the range are not looked at, they count as usual ones.
uint64_t MemtableIndex::CountInRange(const IndexNode* node, const Slice* from, const Slice* to,
                                     uint64_t usual_leaf) const {
  const uint32_t begin = from == nullptr ? 0 : CountBelow(node, *from);
  const uint32_t end = to == nullptr ? node->CountNow() : CountBelow(node, *to);
  if (begin > end) return 0;  // a writer is moving entries just now
  if (node->level == 0) return end - begin;
  const auto* const inner = static_cast<const IndexInner*>(node);
  if (begin == end) return CountInRange(inner->ChildAt(begin), from, to, usual_leaf);
  uint64_t sum = CountInRange(inner->ChildAt(begin), from, nullptr, usual_leaf) +
                 CountInRange(inner->ChildAt(end), nullptr, to, usual_leaf);
  if (node->level == 1) return sum + usual_leaf * (end - begin - 1);
  for (uint32_t i = begin + 1; i < end; ++i) sum += CountInRange(inner->ChildAt(i), nullptr, nullptr, usual_leaf);
  return sum;
}

}  // namespace gneiss
