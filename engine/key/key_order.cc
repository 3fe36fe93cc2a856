#include "engine/key/key_order.h"

namespace gneiss {

namespace {

size_t SharedPrefixBytes(Slice a, Slice b) {
  const size_t size = std::min(a.size(), b.size());
  size_t shared = 0;
  while (shared < size && a[shared] == b[shared]) ++shared;
  return shared;
}

unsigned char ByteAt(Slice bytes, size_t at) { return static_cast<unsigned char>(bytes[at]); }

// Raises the first byte at or behind `at` that is not 0xff and drops what follows it. Does nothing if all are 0xff.
void RaiseAndCut(std::string* key, size_t at) {
  for (; at < key->size(); ++at) {
    const unsigned char byte = ByteAt(*key, at);
    if (byte == 0xff) continue;
    (*key)[at] = static_cast<char>(byte + 1);
    key->resize(at + 1);
    return;
  }
}

void BytewiseSeparator(std::string* start, Slice limit) {
  const size_t at = SharedPrefixBytes(*start, limit);
  if (at == start->size() || at == limit.size()) return;  // one is the other's prefix
  const unsigned char start_byte = ByteAt(*start, at);
  const unsigned char limit_byte = ByteAt(limit, at);
  if (start_byte >= limit_byte) return;  // not in order: leave it alone
  // Raising this byte may reach `limit` only if it becomes limit's last byte; then a later byte is raised instead.
  const bool would_equal_limit = start_byte + 1 == limit_byte && at + 1 == limit.size();
  RaiseAndCut(start, would_equal_limit ? at + 1 : at);
}

// In the reverse order a prefix sorts behind the key, so cutting is enough.
void ReverseBytewiseSeparator(std::string* start, Slice limit) {
  const size_t at = SharedPrefixBytes(*start, limit);
  if (at == start->size() || at == limit.size()) return;
  if (ByteAt(*start, at) > ByteAt(limit, at)) start->resize(at + 1);
}

}  // namespace

const char* KeyOrder::Name() const {
  switch (type_) {
    case Type::kBytewise:
      return "leveldb.BytewiseComparator";
    case Type::kReverseBytewise:
      return "rocksdb.ReverseBytewiseComparator";
    case Type::kCustom:
      break;
  }
  return custom_->Name();
}

void KeyOrder::FindShortestSeparator(std::string* start, Slice limit) const {
  switch (type_) {
    case Type::kBytewise:
      return BytewiseSeparator(start, limit);
    case Type::kReverseBytewise:
      return ReverseBytewiseSeparator(start, limit);
    case Type::kCustom:
      return custom_->FindShortestSeparator(start, limit);
  }
}

void KeyOrder::FindShortSuccessor(std::string* key) const {
  switch (type_) {
    case Type::kBytewise:
      return RaiseAndCut(key, 0);
    case Type::kReverseBytewise:
      return;  // the shortest, the empty key, would hide how far the table reaches
    case Type::kCustom:
      return custom_->FindShortSuccessor(key);
  }
}

// A user key that became shorter and larger stands before all entries of its own, so it gets the highest trailer;
// otherwise the internal key stays as it was. A key with a timestamp is never shortened: it would lose that.

void KeyOrder::ShortestInternalSeparator(Slice start, Slice limit, std::string* separator) const {
  if (!has_timestamps()) {
    separator->assign(UserKeyOf(start));
    FindShortestSeparator(separator, UserKeyOf(limit));
    if (EndShortened(UserKeyOf(start), separator)) return;
  }
  separator->assign(start);
}

void KeyOrder::ShortInternalSuccessor(Slice key, std::string* successor) const {
  if (!has_timestamps()) {
    successor->assign(UserKeyOf(key));
    FindShortSuccessor(successor);
    if (EndShortened(UserKeyOf(key), successor)) return;
  }
  successor->assign(key);
}

bool KeyOrder::EndShortened(Slice user_key, std::string* shortened) const {
  if (shortened->size() > user_key.size() || Compare(user_key, *shortened) >= 0) return false;
  PutU64(shortened, PackTrailer(kSeqMax, kKindForSeek));
  return true;
}

}  // namespace gneiss
