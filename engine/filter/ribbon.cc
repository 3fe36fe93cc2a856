#include "engine/filter/ribbon.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "engine/base/coding.h"

namespace gneiss {

namespace {

constexpr uint32_t kColumnsMax = 32;

uint64_t Low(RibbonRow row) { return static_cast<uint64_t>(row); }
uint64_t High(RibbonRow row) { return static_cast<uint64_t>(row >> 64); }
uint32_t Parity(RibbonRow row) { return static_cast<uint32_t>(__builtin_parityll(Low(row) ^ High(row))); }
int TrailingZeros(RibbonRow row) {
  return Low(row) != 0 ? std::countr_zero(Low(row)) : 64 + std::countr_zero(High(row));
}

RibbonRow LoadSegment(const char* segments, size_t number) {
  const char* at = segments + number * kRibbonSegmentBytes;
  return RibbonRow{DecodeU64(at + 8)} << 64 | DecodeU64(at);
}
void StoreSegment(char* segments, size_t number, RibbonRow row) {
  char* at = segments + number * kRibbonSegmentBytes;
  EncodeU64(at, Low(row));
  EncodeU64(at + 8, High(row));
}

// Seeds are numbered from 0; what goes into the hash is spread over 32 bits.
uint32_t SpreadSeed(uint8_t seed) {
  const uint64_t product = seed * 0xc78219a23eeadd03U;
  return static_cast<uint32_t>(product ^ ((product & 0xf0f0f0f0f0f0f0f0U) >> 4));
}

// With 2^i slots, from i = 8 on, so many keys fail to find a solution once in twenty seeds; RocksDB's measurements.
constexpr int kLog2SlotsMin = 8;
constexpr double kKeysOfPowers[] = {248.851, 499.532, 1001.26, 2003.97, 4005.59,
                                    8000.39, 15966.6, 31828.1, 63447.3, 126506};
constexpr int kLog2SlotsKnown = kLog2SlotsMin + static_cast<int>(std::size(kKeysOfPowers)) - 1;
constexpr double kOverheadPerPower = 0.0038;  // beyond, slots per key grow so much with each doubling
constexpr double kLog2OfE = 1.4426950409;

double SlotsPerKey(double log2_slots) {
  const double known = 1.0 * (uint32_t{1} << kLog2SlotsKnown) / kKeysOfPowers[kLog2SlotsKnown - kLog2SlotsMin];
  const double base = known - kLog2SlotsKnown * kOverheadPerPower;
  return base + log2_slots * kOverheadPerPower;
}

double KeysOfPower(int log2_slots) {
  if (log2_slots < kLog2SlotsMin) return 0;
  if (log2_slots <= kLog2SlotsKnown) return kKeysOfPowers[log2_slots - kLog2SlotsMin];
  return 1.0 * static_cast<double>(uint64_t{1} << log2_slots) / SlotsPerKey(1.0 * log2_slots);
}

uint32_t KeysInSlots(uint32_t slots) {
  if (slots == 0) return 0;
  const double log2_slots = std::log(slots) * kLog2OfE;
  const int floor_log2 = static_cast<int>(log2_slots);
  if (floor_log2 >= kLog2SlotsKnown) return static_cast<uint32_t>(slots / SlotsPerKey(log2_slots));
  const double above = 1.0 * slots / (uint32_t{1} << floor_log2) - 1.0;
  return static_cast<uint32_t>(above * KeysOfPower(floor_log2 + 1) + (1.0 - above) * KeysOfPower(floor_log2));
}

uint32_t WholeBlocks(uint32_t slots) {
  const uint32_t blocks = (slots + kRibbonBlockSlots - 1) / kRibbonBlockSlots;
  return std::max(blocks, 2U) * kRibbonBlockSlots;
}

}  // namespace

RibbonEquation::RibbonEquation(uint64_t key_hash, uint8_t seed, uint32_t start_count) {
  const uint64_t hash = (key_hash ^ SpreadSeed(seed)) * 0x6193d459236a3a0dU;
  start = static_cast<uint32_t>((RibbonRow{hash} * start_count) >> 64);
  const uint64_t mixed = hash * 0xc28f82822b650bedU;
  coefficients = RibbonRow{mixed} << 64 | (mixed ^ 0xc367844a6e52731dU) | 1;
  result = static_cast<uint32_t>(__builtin_bswap64(mixed));
}

RibbonLayout::RibbonLayout(size_t bytes, uint32_t block_count) : block_count_(block_count) {
  const uint64_t segments = bytes / kRibbonSegmentBytes;
  const uint64_t columns = (segments + block_count - 1) / block_count;
  if (columns > kColumnsMax) {
    columns_ = kColumnsMax;  // what is left over has no use
    return;
  }
  columns_ = static_cast<uint32_t>(columns);
  narrow_blocks_ = static_cast<uint32_t>(columns * block_count - segments);
}

size_t RibbonLayout::FirstSegmentOf(uint32_t block) const {
  return size_t{block} * columns_ - std::min(block, narrow_blocks_);
}

double RibbonLayout::MissRate() const {
  const double narrow_part = 1.0 * narrow_blocks_ * kRibbonBlockSlots / start_count();
  const int columns = static_cast<int>(columns_);
  return narrow_part * std::pow(0.5, columns - 1) + (1.0 - narrow_part) * std::pow(0.5, columns);
}

bool RibbonLayout::Solves(const char* segments, const RibbonEquation& equation) const {
  const uint32_t block = equation.start / kRibbonBlockSlots;
  const uint32_t shift = equation.start % kRibbonBlockSlots;
  const uint32_t columns = ColumnsOf(block);
  const size_t first = FirstSegmentOf(block);
  const RibbonRow here = equation.coefficients << shift;
  // The band goes on in the next block, but for a start at the block's own; the last start is the last block's.
  const RibbonRow there = shift == 0 ? 0 : equation.coefficients >> (kRibbonBlockSlots - shift);
  for (uint32_t i = 0; i < columns; ++i) {
    RibbonRow terms = LoadSegment(segments, first + i) & here;
    if (shift != 0) terms ^= LoadSegment(segments, first + columns + i) & there;
    if (Parity(terms) != (equation.result >> i & 1)) return false;
  }
  return true;
}

bool RibbonBand::Add(const RibbonEquation& equation) {
  size_t slot = equation.start;
  RibbonRow row = equation.coefficients;
  uint32_t result = equation.result;
  while (rows_[slot] != 0) {
    row ^= rows_[slot];
    result ^= results_[slot];
    if (row == 0) return result == 0;  // what is there says the same already, or the contrary
    const int zeros = TrailingZeros(row);
    slot += static_cast<size_t>(zeros);
    row >>= zeros;
  }
  rows_[slot] = row;
  results_[slot] = result;
  return true;
}

// Each column's state holds the solution of the 128 slots behind the one at hand, the nearest lowest.
void RibbonBand::SolveBlock(uint32_t block, uint32_t columns, RibbonRow* state) const {
  const size_t first = size_t{block} * kRibbonBlockSlots;
  for (size_t slot = first + kRibbonBlockSlots; slot-- > first;) {
    const RibbonRow row = rows_[slot];
    const uint32_t result = results_[slot];
    for (uint32_t i = 0; i < columns; ++i) {
      const RibbonRow behind = state[i] << 1;
      state[i] = behind | (Parity(behind & row) ^ (result >> i & 1));
    }
  }
}

void RibbonBand::Solve(const RibbonLayout& layout, char* segments) const {
  RibbonRow state[kColumnsMax] = {};
  for (uint32_t block = layout.block_count(); block-- > 0;) {
    const uint32_t columns = layout.ColumnsOf(block);
    SolveBlock(block, columns, state);
    const size_t first = layout.FirstSegmentOf(block);
    for (uint32_t i = 0; i < columns; ++i) StoreSegment(segments, first + i, state[i]);
  }
}

// The mean of a line of 512 bits with a standard deviation more and one with a standard deviation less of keys.
double RibbonSize::MissesFor(double bits_per_key, int probes) {
  constexpr double kLineBits = 512;
  const auto rate = [probes](double bits) { return std::pow(1.0 - std::exp(-probes / bits), probes); };
  const double keys = kLineBits / bits_per_key;
  const double deviation = std::sqrt(keys);
  const double crowded = rate(kLineBits / (keys + deviation));
  const double uncrowded = rate(kLineBits / (keys - deviation));
  return 1.0 / ((crowded + uncrowded) / 2);
}

uint32_t RibbonSize::SlotsFor(uint32_t keys) {
  int log2_slots = static_cast<int>(std::log(keys) * kLog2OfE + 0.5);
  if (KeysOfPower(log2_slots) == 0) return 2 * kRibbonBlockSlots;
  if (keys < KeysOfPower(log2_slots)) --log2_slots;
  const double lower = KeysOfPower(log2_slots);
  const double upper = KeysOfPower(log2_slots + 1);
  const double slots = static_cast<double>(uint64_t{1} << log2_slots);
  return WholeBlocks(static_cast<uint32_t>((keys - lower) / (upper - lower) * slots + slots + 0.999999999));
}

size_t RibbonSize::BytesFor(uint32_t slots, double misses, uint32_t rounding) {
  const double rate = 1.0 / misses;
  if (!(misses > 1.0 && rate < 1.0)) return kRibbonSegmentBytes;
  if (misses > 0xffffffffU) return size_t{slots} * sizeof(uint32_t);
  const int columns = std::bit_width(static_cast<uint32_t>(misses)) - 1;
  const double rate_of_less = std::pow(2.0, -columns);
  const double rate_of_more = std::pow(2.0, -(columns + 1));
  const double narrow_part = (rate - rate_of_more) / (rate_of_less - rate_of_more);
  const double bias = (rounding + 0.5) / double{0x100000000};
  const uint32_t starts = slots - kRibbonBlockSlots + 1;
  const auto narrow_blocks = static_cast<uint32_t>((narrow_part * starts + bias) / kRibbonBlockSlots);
  const uint32_t blocks = slots / kRibbonBlockSlots;
  const size_t segments = size_t{blocks} * static_cast<size_t>(columns) + (blocks - narrow_blocks);
  return segments * kRibbonSegmentBytes;
}

uint32_t RibbonSize::KeysFor(size_t bytes, double misses, uint32_t* slots) {
  *slots = UINT32_MAX;
  if (!(misses > 1.0)) return kKeysMax;
  bytes = bytes / kRibbonSegmentBytes * kRibbonSegmentBytes;
  // Bits per slot: of the mix of columns that BytesFor makes.
  double bits_per_slot = kColumnsMax;
  if (misses < 4294967296.0) {
    const int columns = std::bit_width(static_cast<uint32_t>(misses));
    const double rate_of_more = std::pow(2.0, -columns);
    bits_per_slot = columns - (1.0 / misses - rate_of_more) / rate_of_more;
  }
  const double slots_max = static_cast<double>(bytes) * 8.0 / bits_per_slot;
  if (!(slots_max < SlotsFor(kKeysMax))) return kKeysMax;
  uint32_t blocks = WholeBlocks(static_cast<uint32_t>(slots_max)) / kRibbonBlockSlots;
  while (blocks >= 2 && BytesFor(blocks * kRibbonBlockSlots, misses, 0) > bytes) --blocks;
  *slots = blocks < 2 ? 0 : blocks * kRibbonBlockSlots;
  return std::min(KeysInSlots(*slots), kKeysMax);
}

}  // namespace gneiss
