#include "engine/memtable/index.h"

#include <new>

namespace gneiss {

Memtable::Index::Index(const KeyOrder& order, Arena* arena)
    : order_(order), arena_(arena), head_(NewNode(nullptr, kHeightMax)) {}

Memtable::Index::Node* Memtable::Index::NewNode(const char* entry, int height) {
  const size_t bytes = sizeof(Node) + sizeof(std::atomic<Node*>) * static_cast<size_t>(height - 1);
  Node* const node = new (arena_->Allocate(bytes)) Node{.entry = entry, .height = height, .next = {}};
  for (int level = 0; level < height; ++level) new (&node->next[level]) std::atomic<Node*>(nullptr);
  return node;
}

void Memtable::Index::FindBefore(Slice internal_key, Node** before) const {
  Node* node = head_;
  for (int level = kHeightMax - 1; level >= 0; --level) {
    for (Node* next = node->Next(level); next != nullptr && order_.CompareInternal(next->Key(), internal_key) < 0;
         next = node->Next(level)) {
      node = next;
    }
    before[level] = node;
  }
}

void Memtable::Index::Insert(const char* entry) {
  MutexLock lock(&mutex_);
  Node* before[kHeightMax];
  FindBefore(MemtableEntry::Key(entry), before);
  int height = 1;
  while (height < kHeightMax && random_.OneIn(4)) ++height;
  Node* const node = NewNode(entry, height);
  for (int level = 0; level < height; ++level) {
    node->next[level].store(before[level]->Next(level), std::memory_order_relaxed);
    before[level]->next[level].store(node, std::memory_order_release);
  }
}

Memtable::Index::Node* Memtable::Index::Last() const {
  Node* node = head_;
  for (int level = kHeightMax - 1; level >= 0; --level) {
    for (Node* next = node->Next(level); next != nullptr; next = node->Next(level)) node = next;
  }
  return node == head_ ? nullptr : node;
}

Memtable::Index::Node* Memtable::Index::FirstNotBelow(Slice internal_key) const {
  Node* before[kHeightMax];
  FindBefore(internal_key, before);
  return before[0]->Next(0);
}

Memtable::Index::Node* Memtable::Index::LastBelow(Slice internal_key) const {
  Node* before[kHeightMax];
  FindBefore(internal_key, before);
  return before[0] == head_ ? nullptr : before[0];
}

}  // namespace gneiss
