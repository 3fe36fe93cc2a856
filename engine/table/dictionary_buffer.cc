#include "engine/table/dictionary_buffer.h"

#include <cstdint>

namespace gneiss {

std::string DictionaryBuffer::MakeDictionary() const {
  // Steps of a large prime visit every block once, far from each other; the same blocks that RocksDB takes.
  constexpr uint64_t kStepPrime = 545055921143;
  std::string samples;
  std::vector<size_t> sample_sizes;
  if (blocks_.empty()) return samples;
  const bool is_trained = config_.zstd_train_bytes_max > 0;
  const size_t bytes_max = is_trained ? config_.zstd_train_bytes_max : config_.dictionary_bytes_max;
  const auto step = static_cast<size_t>(kStepPrime % blocks_.size());
  size_t at = blocks_.size() / 2;
  for (size_t i = 0; i < blocks_.size() && samples.size() < bytes_max; ++i) {
    const Slice sample = Slice(blocks_[at].payload).substr(0, bytes_max - samples.size());
    samples.append(sample);
    sample_sizes.push_back(sample.size());
    at = (at + step) % blocks_.size();
  }
  return is_trained ? MakeZstdDictionary(config_, samples, sample_sizes) : samples;
}

}  // namespace gneiss
