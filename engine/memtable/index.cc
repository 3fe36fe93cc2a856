#include "engine/memtable/index.h"

#include <algorithm>
#include <new>
#include <type_traits>
#include <utility>

namespace gneiss {
namespace {

// Small beside the blocks of usual arenas, because what is left of a block when a chunk no longer fits is lost.
constexpr uint32_t kLeavesPerChunkMax = 16;

// A node's heads are counted in groups of eight.
constexpr uint32_t kGroup = 8;
static_assert(IndexLeaf::kEntriesMax % kGroup == 0 && IndexInner::kEntriesMax % kGroup == 0);

// How many of heads[begin + i * stride] are below `head`: all loads and comparisons side by side.
template <uint32_t stride, typename Node, uint32_t... i>
uint32_t CountEveryBelow(const Node* node, uint32_t begin, typename Node::Head head,
                         std::integer_sequence<uint32_t, i...>) {
  return (0U + ... + (node->HeadAt(begin + i * stride) < head ? 1U : 0U));
}

// The number of heads below `head`, in two rounds that wait for nothing. The first, over the last head of each group
// but one, finds the group, and the cache lines come from memory side by side. Unused heads are kHeadUnused.
template <typename Node>
uint32_t CountHeadsBelow(const Node* node, typename Node::Head head) {
  constexpr uint32_t kGroups = Node::kEntriesMax / kGroup;
  const uint32_t groups =
      CountEveryBelow<kGroup>(node, kGroup - 1, head, std::make_integer_sequence<uint32_t, kGroups - 1>());
  const uint32_t begin = groups * kGroup;
  return begin + CountEveryBelow<1>(node, begin, head, std::make_integer_sequence<uint32_t, kGroup>());
}

bool IsFull(const IndexNode* node) {
  return node->level == 0 ? static_cast<const IndexLeaf*>(node)->IsFull()
                          : static_cast<const IndexInner*>(node)->IsFull();
}

}  // namespace

template <typename Node>
typename Node::Head MemtableIndex::HeadFor(const Node* node, Slice user_key) const {
  if (order_.type() == KeyOrder::Type::kCustom) return 0;
  const size_t head_at = std::min<size_t>(node->head_at.load(std::memory_order_acquire), user_key.size());
  const uint64_t head = KeyOrder::HeadOf(user_key.substr(head_at)) ^ head_flip_;
  return static_cast<typename Node::Head>(head >> (64 - 8 * sizeof(typename Node::Head)));
}

template <typename Node>
uint32_t MemtableIndex::CountBelow(const Node* node, Slice internal_key) const {
  const uint32_t count = node->CountNow();
  const auto head = HeadFor(node, UserKeyOf(internal_key));
  const uint32_t begin = std::min(count, CountHeadsBelow(node, head));
  if (begin == count || node->HeadAt(begin) != head) return begin;
  uint32_t end = begin + 1;
  if (end < count && node->HeadAt(end) == head) {
    const bool is_last_head = head == Node::kHeadUnused;
    end = is_last_head ? count : std::min(count, CountHeadsBelow(node, static_cast<typename Node::Head>(head + 1)));
  }
  return CountBelowAmongTies(node, begin, end, internal_key);
}

template <typename Node>
uint32_t MemtableIndex::CountBelowAmongTies(const Node* node, uint32_t begin, uint32_t end, Slice internal_key) const {
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
      IndexNode* const child = inner->ChildAt(choose(inner));
      if (node->level == 1) static_cast<IndexLeaf*>(child)->PrefetchEntries();
      const uint64_t child_version = child->version.BeginRead();
      is_good = node->version.IsStill(version);
      node = child;
      version = child_version;
    }
    if (!is_good) continue;
    auto* const leaf = static_cast<IndexLeaf*>(node);
    return {.leaf = leaf, .version = version, .at = choose(leaf)};
  }
}

MemtableIndex::Place MemtableIndex::Find(Slice internal_key) const {
  return Descend([this, internal_key](const auto* node) { return CountBelow(node, internal_key); });
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
    const IndexLeaf* const leaf = place.leaf;
    // Where the heads differ the entry is another key's, and needs not be fetched to see that.
    const bool may_match =
        place.at < leaf->CountNow() && leaf->HeadAt(place.at) == HeadFor(leaf, UserKeyOf(internal_key));
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
  IndexLeaf* const leaf = previous_leaf_.load(std::memory_order_relaxed);
  const uint32_t count = leaf->CountNow();
  if (count == IndexLeaf::kEntriesMax) return false;
  const Slice key = MemtableEntry::Key(entry);
  if (order_.CompareInternal(MemtableEntry::Key(leaf->EntryAt(count - 1)), key) >= 0) return false;
  const char* const high = leaf->high.load(std::memory_order_relaxed);
  if (high != nullptr && order_.CompareInternal(MemtableEntry::Key(high), key) < 0) return false;
  leaf->version.LockAlone();
  InsertInto(leaf, count, entry);
  return true;
}

// The leaf is locked; this unlocks it.
void MemtableIndex::InsertInto(IndexLeaf* leaf, uint32_t at, const char* entry) {
  const uint32_t count = leaf->count.load(std::memory_order_relaxed);
  leaf->OpenGap(at);
  leaf->SetAt(at, HeadFor(leaf, MemtableEntry::UserKey(entry)), entry);
  leaf->count.store(count + 1, std::memory_order_release);
  leaf->version.Unlock();
}

// Leaves lie together, apart from entries: that keeps the pages a search touches few.
IndexLeaf* MemtableIndex::NewLeaf() {
  if (leaves_left_ == 0) {
    next_leaf_ = arena_->AllocateAligned(next_chunk_leaves_ * sizeof(IndexLeaf), alignof(IndexLeaf));
    leaves_left_ = next_chunk_leaves_;
    next_chunk_leaves_ = std::min(2 * next_chunk_leaves_, kLeavesPerChunkMax);
  }
  void* const place = next_leaf_;
  next_leaf_ += sizeof(IndexLeaf);
  --leaves_left_;
  leaf_count_.fetch_add(1, std::memory_order_relaxed);
  return new (place) IndexLeaf(0);
}

IndexInner* MemtableIndex::NewInner(uint32_t level) {
  return new (arena_->AllocateAligned(sizeof(IndexInner), alignof(IndexInner))) IndexInner(level);
}

// Splits, from the root down, every full node on the way to the key. A parent is split before its child, so it has room
// for one more.
void MemtableIndex::MakeRoomFor(Slice internal_key) {
  MutexLock lock(&structure_mutex_);
  IndexNode* node = root_.load(std::memory_order_relaxed);
  if (node == nullptr) {
    root_.store(NewLeaf(), std::memory_order_release);
    return;
  }
  if (IsFull(node)) {
    auto* const root = NewInner(node->level + 1);
    root->children[0].store(node, std::memory_order_relaxed);
    // 1. the new root is seen, 2. the old one is split: a reader that noted the old root's version later finds 1 done.
    root_.store(root, std::memory_order_release);
    node = root;
  }
  while (node->level > 0) {
    auto* const inner = static_cast<IndexInner*>(node);
    uint32_t at = CountBelow(inner, internal_key);
    if (IsFull(inner->ChildAt(at))) {
      if (inner->level == 1) {
        SplitChild<IndexLeaf>(inner, at, internal_key);
      } else {
        SplitChild<IndexInner>(inner, at, internal_key);
      }
      at = CountBelow(inner, internal_key);
    }
    node = inner->ChildAt(at);
  }
}

// The child keeps its lower part and a new node to its right takes the rest. Both child and parent stay locked until
// the parent knows the new node: a reader that comes to the child later sees that the parent changed.
template <typename Node>
void MemtableIndex::SplitChild(IndexInner* parent, uint32_t child_at, Slice internal_key) {
  auto* const child = static_cast<Node*>(parent->ChildAt(child_at));
  Node* right = nullptr;  // made before anything is locked, because that may throw
  if constexpr (std::is_same_v<Node, IndexLeaf>) {
    right = NewLeaf();
  } else {
    right = NewInner(child->level);
  }
  // A full leaf gets no more inserts, but the one that filled it may still be under way.
  while (!child->version.TryLock(child->version.BeginRead())) {
  }

  // A run of ascending keys leaves full nodes behind, a run of descending ones too.
  const uint32_t at = CountBelow(child, internal_key);
  constexpr uint32_t kFull = Node::kEntriesMax;
  const uint32_t kept = at == kFull ? kFull - 1 : (at == 0 ? 1 : kFull / 2);
  const char* const divider = child->EntryAt(kept - 1);
  MoveUpperPart(child, kept, right);

  parent->version.LockAlone();
  LinkChild(parent, child_at, divider, right);
  parent->version.Unlock();
  child->version.Unlock();
}

template <typename Node>
void MemtableIndex::MoveUpperPart(Node* from, uint32_t kept, Node* to) {
  constexpr uint32_t kFull = Node::kEntriesMax;
  for (uint32_t i = kept; i < kFull; ++i) to->SetAt(i - kept, from->HeadAt(i), from->EntryAt(i));
  to->count.store(kFull - kept, std::memory_order_release);
  to->head_at.store(from->head_at.load(std::memory_order_relaxed), std::memory_order_release);
  to->low.store(from->EntryAt(kept - 1), std::memory_order_release);
  to->high.store(from->high.load(std::memory_order_relaxed), std::memory_order_release);
  from->high.store(from->EntryAt(kept - 1), std::memory_order_release);
  if constexpr (std::is_same_v<Node, IndexInner>) {
    for (uint32_t i = kept; i <= kFull; ++i) to->children[i - kept].store(from->ChildAt(i), std::memory_order_release);
    from->count.store(kept - 1, std::memory_order_release);  // the divider goes up and stays in neither part
  } else {
    to->next.store(from->next.load(std::memory_order_relaxed), std::memory_order_release);
    from->next.store(to, std::memory_order_release);
    from->count.store(kept, std::memory_order_release);
  }
  for (uint32_t i = from->CountNow(); i < kFull; ++i)
    from->heads[i].store(Node::kHeadUnused, std::memory_order_release);
  RefineHeads(from);
  RefineHeads(to);
}

void MemtableIndex::LinkChild(IndexInner* parent, uint32_t at, const char* divider, IndexNode* child) const {
  const uint32_t count = parent->count.load(std::memory_order_relaxed);
  parent->OpenGap(at);
  parent->SetAt(at, HeadFor(parent, MemtableEntry::UserKey(divider)), divider);
  for (uint32_t i = count + 1; i > at + 1; --i) {
    parent->children[i].store(parent->children[i - 1].load(std::memory_order_relaxed), std::memory_order_release);
  }
  parent->children[at + 1].store(child, std::memory_order_release);
  parent->count.store(count + 1, std::memory_order_release);
}

// Where heads tie although the node's bounds share a longer prefix by now, heads are taken from behind it.
template <typename Node>
void MemtableIndex::RefineHeads(Node* node) {
  const char* const low = node->low.load(std::memory_order_relaxed);
  const char* const high = node->high.load(std::memory_order_relaxed);
  if (low == nullptr || high == nullptr || order_.type() == KeyOrder::Type::kCustom) return;
  const Slice a = MemtableEntry::UserKey(low);
  const Slice b = MemtableEntry::UserKey(high);
  const auto shared = static_cast<uint32_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
  // Not for less than half a head: that tells few more keys apart.
  if (shared < node->head_at.load(std::memory_order_relaxed) + sizeof(typename Node::Head) / 2) return;

  const uint32_t count = node->count.load(std::memory_order_relaxed);
  bool has_ties = false;
  for (uint32_t i = 1; i < count && !has_ties; ++i) has_ties = node->HeadAt(i - 1) == node->HeadAt(i);
  if (!has_ties) return;
  node->head_at.store(shared, std::memory_order_release);
  for (uint32_t i = 0; i < count; ++i) {
    node->heads[i].store(HeadFor(node, MemtableEntry::UserKey(node->EntryAt(i))), std::memory_order_release);
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
  const auto count_below = [this, node](Slice key) {
    return node->level == 0 ? CountBelow(static_cast<const IndexLeaf*>(node), key)
                            : CountBelow(static_cast<const IndexInner*>(node), key);
  };
  const uint32_t begin = from == nullptr ? 0 : count_below(*from);
  const uint32_t end = to == nullptr ? node->CountNow() : count_below(*to);
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
