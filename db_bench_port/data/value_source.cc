#include "db_bench_port/data/value_source.h"

#include <algorithm>

#include "db_bench_port/errors.h"
#include "db_bench_port/flags/flags.h"

namespace bench {
namespace {

constexpr size_t kPoolBytesMin = 1 << 20;
constexpr int kPieceBytes = 100;

// 100 bytes made by repeating a random printable text of ratio * 100 bytes.
std::string Piece(std::minstd_rand0* random, double ratio) {
  const int random_bytes = std::max(1, static_cast<int>(kPieceBytes * ratio));
  std::string text(random_bytes, ' ');
  for (char& c : text) c = static_cast<char>(' ' + (*random)() % 95);
  std::string piece;
  while (piece.size() < kPieceBytes) piece += text;
  piece.resize(kPieceBytes);
  return piece;
}

}  // namespace

ValueSource::ValueSource(const Settings& settings, uint32_t fixed_bytes)
    : sizes_(settings.value_sizes),
      fixed_bytes_(fixed_bytes),
      size_engine_(static_cast<uint32_t>(settings.seed)),
      // 99.7 % of a normal distribution lie within three deviations, and those reach from the smallest to the largest
      // size.
      normal_((FLAGS_value_size_min + FLAGS_value_size_max) / 2.0,
              std::max(1.0, (FLAGS_value_size_max - FLAGS_value_size_min) / 6.0)),
      uniform_(FLAGS_value_size_min, std::max(FLAGS_value_size_min, FLAGS_value_size_max)) {
  const size_t largest = sizes_ == ValueSizes::kFixed ? fixed_bytes_ : FLAGS_value_size_max;
  std::minstd_rand0 random(301);
  while (pool_.size() < std::max(kPoolBytesMin, largest)) pool_ += Piece(&random, FLAGS_compression_ratio);
}

rocksdb::Slice ValueSource::Next(uint32_t bytes) {
  if (bytes > pool_.size()) Fail("a value of %u bytes is asked for, the largest is %zu", bytes, pool_.size());
  if (position_ + bytes > pool_.size()) position_ = 0;
  position_ += bytes;
  return rocksdb::Slice(pool_.data() + position_ - bytes, bytes);
}

uint32_t ValueSource::NextSize() {
  if (sizes_ == ValueSizes::kFixed) return fixed_bytes_;
  if (sizes_ == ValueSizes::kUniform) return uniform_(size_engine_);
  const double size = normal_(size_engine_);
  return static_cast<uint32_t>(
      std::clamp<double>(size, FLAGS_value_size_min, std::max(FLAGS_value_size_min, FLAGS_value_size_max)));
}

}  // namespace bench
