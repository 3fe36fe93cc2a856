// The arithmetic of RocksDB's Ribbon filter. Builders and readers share it, so that they agree by construction.
//
// Format:  docs/formats/filter.md.
// Algorithm: a filter is the solution of one equation per key over the bits of a few columns: the key's hash chooses a
//          first slot, a band of 128 coefficients for the slots from there on, and the right side, one bit per column.
//          A key that was added solves its equation in every column; of the others each column lets half pass. Slots
//          lie in blocks of 128; a segment is one column of one block, 16 bytes. The first blocks may have one column
//          less than the rest, so that any number of segments is put to use.
// Units:   slots, blocks, segments.
// Threads: plain functions; a band belongs to one thread.
// Errors:  none. Any bytes may be read, damaged ones answer anything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gneiss {

using RibbonRow = unsigned __int128;

inline constexpr uint32_t kRibbonBlockSlots = 128;
inline constexpr size_t kRibbonSegmentBytes = sizeof(RibbonRow);

// The equation of a key.
struct RibbonEquation {
  RibbonEquation(uint64_t key_hash, uint8_t seed, uint32_t start_count);

  uint32_t start;
  RibbonRow coefficients;  // of the slots from start on; the lowest bit is set
  uint32_t result;         // bit i: of column i
};

// Where the segments of a filter lie.
class RibbonLayout {
 public:
  RibbonLayout() = default;
  // As many columns as the bytes have room for; block_count >= 2.
  RibbonLayout(size_t bytes, uint32_t block_count);

  uint32_t block_count() const { return block_count_; }
  uint32_t start_count() const { return (block_count_ - 1) * kRibbonBlockSlots + 1; }
  uint32_t ColumnsOf(uint32_t block) const { return columns_ - (block < narrow_blocks_ ? 1 : 0); }
  size_t FirstSegmentOf(uint32_t block) const;
  double MissRate() const;  // of keys that were not added, how many pass: each column lets half of them
  bool Solves(const char* segments, const RibbonEquation& equation) const;

 private:
  uint32_t block_count_ = 0;
  uint32_t columns_ = 0;        // of the last blocks
  uint32_t narrow_blocks_ = 0;  // the first blocks, with one column less
};

// Equations in echelon form, one per slot at most.
class RibbonBand {
 public:
  explicit RibbonBand(uint32_t slot_count) : rows_(slot_count), results_(slot_count) {}

  static size_t MemoryBytes(uint32_t slot_count) { return slot_count * (sizeof(RibbonRow) + sizeof(uint32_t)); }

  // False: it contradicts those there are; another seed may do.
  bool Add(const RibbonEquation& equation);
  // Writes the solution: all the segments of the layout.
  void Solve(const RibbonLayout& layout, char* segments) const;

 private:
  void SolveBlock(uint32_t block, uint32_t columns, RibbonRow* state) const;

  std::vector<RibbonRow> rows_;  // 0: free
  std::vector<uint32_t> results_;
};

// How large RocksDB makes a filter. `misses` is the reciprocal of the rate of false positives that is asked for.
struct RibbonSize {
  static constexpr uint32_t kKeysMax = 950'000'000;

  static double MissesFor(double bits_per_key, int probes);  // as many as a Bloom filter of that size has
  static uint32_t SlotsFor(uint32_t keys);                   // whole blocks, at least two
  // `rounding` chooses between the two sizes next to what is asked for: 0 the larger, 2^32 - 1 the smaller.
  static size_t BytesFor(uint32_t slots, double misses, uint32_t rounding);
  static uint32_t KeysFor(size_t bytes, double misses, uint32_t* slots);  // about the reverse
};

}  // namespace gneiss
