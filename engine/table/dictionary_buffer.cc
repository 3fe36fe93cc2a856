#include "engine/table/dictionary_buffer.h"

#include <algorithm>
#include <cstdint>

namespace gneiss {

std::string DictionaryBuffer::MakeDictionary(size_t bytes_max) const {
  // Steps of a large prime visit every block once, far from each other; the same blocks that RocksDB takes.
  constexpr uint64_t kStepPrime = 545055921143;
  std::string dictionary;
  if (blocks_.empty()) return dictionary;
  const auto step = static_cast<size_t>(kStepPrime % blocks_.size());
  size_t at = blocks_.size() / 2;
  for (size_t i = 0; i < blocks_.size() && dictionary.size() < bytes_max; ++i) {
    const std::string& payload = blocks_[at].payload;
    dictionary.append(payload, 0, bytes_max - dictionary.size());
    at = (at + step) % blocks_.size();
  }
  return dictionary;
}

}  // namespace gneiss
