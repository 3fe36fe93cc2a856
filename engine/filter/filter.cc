#include "engine/filter/filter.h"

#include <algorithm>
#include <bit>
#include <climits>
#include <vector>

#include "engine/base/coding.h"
#include "engine/base/hash.h"
#include "engine/filter/bloom.h"
#include "engine/filter/filter_fit.h"
#include "engine/filter/filter_hashes.h"
#include "engine/filter/ribbon.h"

namespace gneiss {

namespace {

// The byte behind the bits: a legacy filter's probes (1..127), or one of these.
constexpr int8_t kNewBloomMarker = -1;
constexpr int8_t kRibbonMarker = -2;

constexpr size_t kFastBloomBytesMax = 0xffffffc0;  // lines times 64, in 32 bits
constexpr uint64_t kLegacyBloomBitsMax = 0xffff0000;

// Bits per key in thousandths, as RocksDB rounds them; zero: no filter.
int MillibitsPerKey(double bits_per_key) {
  if (bits_per_key < 0.5) return 0;
  if (bits_per_key < 1.0) return 1000;
  if (!(bits_per_key < 100.0)) return 100000;
  return static_cast<int>(bits_per_key * 1000.0 + 0.500001);
}

double BitsWithinBounds(double bits_per_key) {
  if (bits_per_key < 1.0) return 1.0;
  return bits_per_key < 100.0 ? bits_per_key : 100.0;
}

// Gathers hashes; Finish makes a fast local Bloom filter of them.
class FastBloomBuilder : public FilterBuilder {
 public:
  FastBloomBuilder(const FilterConfig& config, int millibits_per_key)
      : hashes_(config.detects_corruption, config.charge),
        balance_(config.rounding_balance),
        charge_(config.charge),
        millibits_per_key_(millibits_per_key),
        detects_corruption_(config.detects_corruption),
        built_of_(config.detects_corruption, config.charge),
        charged_for_filters_(config.charge) {}
  void AddKey(Slice key_or_prefix) override { hashes_.Add(Xxph3(key_or_prefix)); }
  size_t KeyCount() const override { return hashes_.values().size(); }
  std::string Finish() override;
  Status CheckLast(Slice filter) override;
  size_t KeysFor(size_t block_bytes) const override {
    const uint64_t lines =
        block_bytes < kFilterTrailerBytes ? 0 : (block_bytes - kFilterTrailerBytes) / kBloomLineBytes;
    return static_cast<size_t>(lines * kBloomLineBytes * 8000 / static_cast<uint64_t>(millibits_per_key_));
  }

 protected:
  uint64_t BloomBytes() const {
    const uint64_t target = (uint64_t{KeyCount()} * static_cast<uint64_t>(millibits_per_key_) + 7999) / 8000;
    return (std::min<uint64_t>(target, kFastBloomBytesMax) + kBloomLineBytes - 1) / kBloomLineBytes * kBloomLineBytes;
  }
  // What is finished stays in the caller's memory until the table is.
  std::string NewFilter(size_t bytes) {
    charged_for_filters_.Set(charged_for_filters_.bytes() + bytes + kFilterTrailerBytes);
    return std::string(bytes + kFilterTrailerBytes, '\0');
  }
  void EndHashes();

  FilterHashes hashes_;
  const std::shared_ptr<std::atomic<int64_t>> balance_;  // null: exact sizes
  const std::shared_ptr<MemoryCharge> charge_;

 private:
  int ProbesIn(uint64_t bytes) const;
  void SetBits(char* bits, uint32_t line_count, int probes) const;

  const int millibits_per_key_;
  const bool detects_corruption_;
  FilterHashes built_of_;  // where corruption is looked for: the last filter's
  bool was_whole_ = true;  // and they were what had been added
  ChargedBytes charged_for_filters_;
};

// Sizes that were fitted bring other bits per key, for which another number may be best.
int FastBloomBuilder::ProbesIn(uint64_t bytes) const {
  if (balance_ == nullptr) return FastBloom::ProbesFor(millibits_per_key_);
  return FastBloom::ProbesFor(static_cast<int>(std::min<uint64_t>(bytes * 8000 / KeyCount(), INT_MAX)));
}

std::string FastBloomBuilder::Finish() {
  if (hashes_.values().empty()) return {};
  uint64_t bytes = BloomBytes();
  if (balance_ != nullptr) {
    const auto rate = [this](size_t size) { return FilterFit::BloomMissRate(KeyCount(), size, ProbesIn(size)); };
    bytes = std::min<uint64_t>(FilterFit::BytesNear(bytes, kBloomLineBytes, rate, balance_.get()), kFastBloomBytesMax);
  }
  const int probes = ProbesIn(bytes);
  std::string filter = NewFilter(bytes);
  SetBits(filter.data(), static_cast<uint32_t>(bytes / kBloomLineBytes), probes);
  filter[bytes] = kNewBloomMarker;
  filter[bytes + 1] = 0;  // the fast local kind
  filter[bytes + 2] = static_cast<char>(probes);
  EndHashes();
  return filter;
}

void FastBloomBuilder::EndHashes() {
  if (detects_corruption_) {
    was_whole_ = hashes_.IsWhole();
    built_of_ = std::move(hashes_);
  }
  hashes_.Clear();
}

Status FastBloomBuilder::CheckLast(Slice filter) {
  if (!detects_corruption_) return Status::Ok();
  const FilterReader reader(filter);
  const std::vector<uint64_t>& hashes = built_of_.values();
  const bool has_all = std::all_of(hashes.begin(), hashes.end(), [&](uint64_t h) { return reader.MayMatchHash(h); });
  built_of_.Clear();
  if (!was_whole_) return Status::Corruption("Filter's hash entries checksum mismatched");
  return has_all ? Status::Ok() : Status::Corruption("Corrupted filter content");
}

void FastBloomBuilder::SetBits(char* bits, uint32_t line_count, int probes) const {
  // Lines are fetched this many keys ahead of their use.
  constexpr size_t kAhead = 8;
  const std::vector<uint64_t>& hashes = hashes_.values();
  const size_t count = hashes.size();
  const auto line_at = [&](size_t i) {
    return bits + size_t{FastBloom::LineOf(hashes[i], line_count)} * kBloomLineBytes;
  };
  for (size_t i = 0; i < count; ++i) {
    if (i + kAhead < count) __builtin_prefetch(line_at(i + kAhead), 1);
    FastBloom::Add(hashes[i], probes, line_at(i));
  }
}

// A Ribbon filter, or a Bloom filter where that is smaller, no equations are found that have a solution, or there is no
// room for them.
class RibbonBuilder final : public FastBloomBuilder {
 public:
  // As many false positives as a Bloom filter with so many bits per key.
  RibbonBuilder(const FilterConfig& config, int millibits_per_key, double bits_per_key)
      : FastBloomBuilder(config, millibits_per_key),
        misses_(RibbonSize::MissesFor(bits_per_key, FastBloom::ProbesFor(millibits_per_key))) {}
  std::string Finish() override;
  size_t KeysFor(size_t block_bytes) const override {
    uint32_t slots = 0;
    const size_t bytes = block_bytes < kFilterTrailerBytes ? 0 : block_bytes - kFilterTrailerBytes;
    const size_t keys = RibbonSize::KeysFor(bytes, misses_, &slots);
    return slots < kSlotsOfSmall ? std::max(keys, FastBloomBuilder::KeysFor(block_bytes)) : keys;
  }

 private:
  static constexpr uint32_t kSlotsOfSmall = 1024;  // below, a Bloom filter may be smaller

  // Empty when no seed has a solution.
  std::string SolveFor(uint32_t slots, size_t bytes);

  const double misses_;
};

std::string RibbonBuilder::Finish() {
  const std::vector<uint64_t>& hashes = hashes_.values();
  if (hashes.empty()) return {};
  if (hashes.size() > RibbonSize::kKeysMax) return FastBloomBuilder::Finish();
  // The first key's hash is as good as chance, and gives the same bytes for the same keys.
  const auto rounding = static_cast<uint32_t>(hashes.front() >> 32);
  const uint32_t slots = RibbonSize::SlotsFor(static_cast<uint32_t>(hashes.size()));
  const size_t bytes = RibbonSize::BytesFor(slots, misses_, rounding);
  if (slots < kSlotsOfSmall && BloomBytes() < bytes) return FastBloomBuilder::Finish();
  ChargedBytes charged_for_band(charge_);
  if (!charged_for_band.Set(RibbonBand::MemoryBytes(slots))) {
    charged_for_band.Set(0);
    return FastBloomBuilder::Finish();
  }
  std::string filter = SolveFor(slots, bytes);
  if (filter.empty()) return FastBloomBuilder::Finish();
  EndHashes();
  return filter;
}

std::string RibbonBuilder::SolveFor(uint32_t slots, size_t bytes) {
  const std::vector<uint64_t>& hashes = hashes_.values();
  const uint32_t blocks = slots / kRibbonBlockSlots;
  const uint32_t start_count = RibbonLayout(bytes, blocks).start_count();
  const auto first_seed = static_cast<uint8_t>(hashes.front());
  for (int i = 0; i < 256; ++i) {
    const auto seed = static_cast<uint8_t>(first_seed + i);
    RibbonBand band(slots);
    const bool is_solvable = std::all_of(
        hashes.begin(), hashes.end(), [&](uint64_t hash) { return band.Add(RibbonEquation(hash, seed, start_count)); });
    if (!is_solvable) continue;
    if (balance_ != nullptr) {
      const auto rate = [blocks](size_t size) { return RibbonLayout(size, blocks).MissRate(); };
      bytes = FilterFit::BytesNear(bytes, kRibbonSegmentBytes, rate, balance_.get());
    }
    std::string filter = NewFilter(bytes);
    band.Solve(RibbonLayout(bytes, blocks), filter.data());
    filter[bytes] = kRibbonMarker;
    filter[bytes + 1] = static_cast<char>(seed);
    for (size_t k = 0; k < 3; ++k) filter[bytes + 2 + k] = static_cast<char>(blocks >> (8 * k));
    return filter;
  }
  return {};
}

class LegacyBloomBuilder final : public FilterBuilder {
 public:
  explicit LegacyBloomBuilder(int bits_per_key) : bits_per_key_(bits_per_key) {}
  void AddKey(Slice key_or_prefix) override {
    const uint32_t hash = LegacyHash32(key_or_prefix, kLegacyBloomSeed);
    if (hashes_.empty() || hash != hashes_.back()) hashes_.push_back(hash);
  }
  size_t KeyCount() const override { return hashes_.size(); }
  std::string Finish() override;
  size_t KeysFor(size_t block_bytes) const override {
    // The most keys whose lines, an odd number of them, fit.
    uint64_t lines = block_bytes < kFilterTrailerBytes ? 0 : (block_bytes - kFilterTrailerBytes) / kBloomLineBytes;
    if (lines % 2 == 0 && lines > 0) --lines;
    return static_cast<size_t>(std::min(lines * kBloomLineBytes * 8, kLegacyBloomBitsMax) /
                               static_cast<uint64_t>(bits_per_key_));
  }

 private:
  const int bits_per_key_;
  std::vector<uint32_t> hashes_;
};

std::string LegacyBloomBuilder::Finish() {
  if (hashes_.empty()) return {};
  const uint64_t bits =
      std::min<uint64_t>(uint64_t{hashes_.size()} * static_cast<uint64_t>(bits_per_key_), kLegacyBloomBitsMax);
  // An odd number of lines lets more of the hash take part in choosing one.
  const auto line_count = static_cast<uint32_t>((bits + kBloomLineBytes * 8 - 1) / (kBloomLineBytes * 8)) | 1;
  const size_t bytes = size_t{line_count} * kBloomLineBytes;
  const int probes = LegacyBloom::ProbesFor(bits_per_key_);
  std::string filter(bytes + kFilterTrailerBytes, '\0');
  for (const uint32_t hash : hashes_) {
    LegacyBloom::Add(hash, probes, filter.data() + size_t{LegacyBloom::LineOf(hash, line_count)} * kBloomLineBytes);
  }
  filter[bytes] = static_cast<char>(probes);
  EncodeU32(filter.data() + bytes + 1, line_count);
  hashes_.clear();
  return filter;
}

}  // namespace

int FastBloom::ProbesFor(int millibits_per_key) {
  // What RocksDB found most accurate, per thousandths of bits per key.
  constexpr int kUpTo[] = {2080, 3580, 5100, 6640, 8300, 10070, 11720, 14001, 16050, 18300, 22001, 25501};
  int probes = 1;
  for (const int limit : kUpTo) {
    if (millibits_per_key <= limit) return probes;
    ++probes;
  }
  return millibits_per_key > 50000 ? 24 : (millibits_per_key - 1) / 2000 - 1;
}

int LegacyBloom::ProbesFor(int bits_per_key) {
  return std::clamp(static_cast<int>(bits_per_key * 0.69), 1, 30);  // ln 2
}

std::unique_ptr<FilterBuilder> NewFilterBuilder(const FilterConfig& config) {
  const int millibits = MillibitsPerKey(config.bits_per_key);
  if (config.type == FilterConfig::Type::kNone || millibits == 0) return nullptr;
  // A Ribbon policy's tables may hold Bloom filters: the block says what it is.
  if (config.type == FilterConfig::Type::kRibbon) {
    return std::make_unique<RibbonBuilder>(config, millibits, BitsWithinBounds(config.bits_per_key));
  }
  if (config.is_legacy_bloom && config.type == FilterConfig::Type::kBloom) {
    return std::make_unique<LegacyBloomBuilder>((millibits + 500) / 1000);
  }
  return std::make_unique<FastBloomBuilder>(config, millibits);
}

FilterReader::FilterReader(Slice contents) {
  if (contents.size() <= kFilterTrailerBytes) {
    type_ = Type::kAlwaysNo;  // made of no keys
    return;
  }
  if (contents.size() > 0xffffffffU) return;
  bits_ = contents.substr(0, contents.size() - kFilterTrailerBytes);
  const char* trailer = bits_.data() + bits_.size();
  const auto marker = static_cast<int8_t>(trailer[0]);
  if (marker == kNewBloomMarker) {
    ReadFastBloom(trailer);
  } else if (marker == kRibbonMarker) {
    ReadRibbon(trailer);
  } else if (marker >= 1) {
    ReadLegacyBloom(marker, trailer);
  }
}

void FilterReader::ReadFastBloom(const char* trailer) {
  const auto kind_and_probes = static_cast<uint8_t>(trailer[2]);
  const int probes = kind_and_probes & 31;
  const bool is_fast_local = trailer[1] == 0 && (kind_and_probes >> 5) == 0;  // lines of 64 bytes
  if (!is_fast_local || probes < 1 || probes > 30 || DecodeU16(trailer + 3) != 0) return;
  line_count_ = static_cast<uint32_t>(bits_.size() / kBloomLineBytes);
  if (line_count_ == 0) return;
  probes_ = probes;
  type_ = Type::kFastLocalBloom;
}

void FilterReader::ReadRibbon(const char* trailer) {
  const auto byte = [trailer](size_t i) { return uint32_t{static_cast<uint8_t>(trailer[i])}; };
  const uint32_t block_count = byte(2) | byte(3) << 8 | byte(4) << 16;
  if (block_count < 2) return;
  ribbon_ = RibbonLayout(bits_.size(), block_count);
  ribbon_seed_ = static_cast<uint8_t>(byte(1));
  type_ = Type::kRibbon;
}

void FilterReader::ReadLegacyBloom(int probes, const char* trailer) {
  const uint32_t line_count = DecodeU32(trailer + 1);
  if (line_count == 0 || bits_.size() % line_count != 0) return;
  // Other machines have other cache lines.
  const size_t line_bytes = bits_.size() / line_count;
  if (!std::has_single_bit(line_bytes) || line_bytes > (size_t{1} << 28)) return;
  line_count_ = line_count;
  log2_line_bytes_ = static_cast<uint32_t>(std::countr_zero(line_bytes));
  probes_ = probes;
  type_ = Type::kLegacyBloom;
}

bool FilterReader::MayMatch(Slice key_or_prefix) const {
  if (type_ != Type::kLegacyBloom) return MayMatchHash(Xxph3(key_or_prefix));
  const uint32_t hash = LegacyHash32(key_or_prefix, kLegacyBloomSeed);
  const char* line = bits_.data() + (size_t{LegacyBloom::LineOf(hash, line_count_)} << log2_line_bytes_);
  return LegacyBloom::MayMatch(hash, probes_, line, uint32_t{8} << log2_line_bytes_);
}

bool FilterReader::MayMatchHash(uint64_t hash) const {
  if (type_ == Type::kFastLocalBloom) [[likely]] {
    const char* line = bits_.data() + size_t{FastBloom::LineOf(hash, line_count_)} * kBloomLineBytes;
    return FastBloom::MayMatch(hash, probes_, line);
  }
  if (type_ == Type::kRibbon) {
    return ribbon_.Solves(bits_.data(), RibbonEquation(hash, ribbon_seed_, ribbon_.start_count()));
  }
  return type_ != Type::kAlwaysNo;
}

void FilterReader::Prefetch(uint64_t hash) const {
  if (type_ != Type::kFastLocalBloom) return;
  const char* line = bits_.data() + size_t{FastBloom::LineOf(hash, line_count_)} * kBloomLineBytes;
  __builtin_prefetch(line);
  __builtin_prefetch(line + kBloomLineBytes - 1);
}

}  // namespace gneiss
