// What readers make of logs that were cut, damaged, zeroed or recycled.
#include <gtest/gtest.h>

#include "engine/base/coding.h"
#include "engine/base/crc32c.h"
#include "engine/base/test_seed.h"
#include "engine/wal/log_test_util.h"

namespace gneiss::log_test {
namespace {

using Records = std::vector<std::string>;

// Small records, one that spans two blocks, and one behind a block's trailer. A bit over one block in all.
Records SampleRecords() {
  Records records;
  for (const size_t size : {12u, 40u, 300u, 33000u, 5u, 0u, 500u})
    records.push_back(NumberedRecord(records.size(), size));
  return records;
}

Records Prefix(const Records& records, size_t count) {
  return Records(records.begin(), records.begin() + static_cast<ptrdiff_t>(count));
}

bool IsPrefix(const Records& got, const Records& all) {
  return got.size() <= all.size() && got == Prefix(all, got.size());
}

bool IsSubsequence(const Records& got, const Records& all) {
  size_t at = 0;
  for (const std::string& record : got) {
    while (at < all.size() && all[at] != record) ++at;
    if (at++ == all.size()) return false;
  }
  return true;
}

std::vector<LogWriter::Config> BothFormats() { return {{}, {.log_number = 7, .is_recyclable = true}}; }

TEST(LogDamageTest, EveryCutGivesThePrefix) {
  const Records records = SampleRecords();
  for (const LogWriter::Config& config : BothFormats()) {
    const LogImage image = WriteLog(records, config);
    for (size_t cut = 0; cut <= image.bytes.size(); ++cut) {
      const size_t whole =
          static_cast<size_t>(std::upper_bound(image.ends.begin(), image.ends.end(), cut) - image.ends.begin());
      const bool is_clean = cut == (whole == 0 ? 0 : image.ends[whole - 1]);
      for (const WalRecoveryMode mode : kAllModes) {
        const ReadResult result = ReadLog(image.bytes.substr(0, cut), mode, config.log_number);
        ASSERT_EQ(result.records, Prefix(records, whole)) << cut;
        ASSERT_EQ(result.has_torn_tail, !is_clean) << cut;
        ASSERT_EQ(result.reports.size(), mode == kAbsolute && !is_clean ? 1u : 0u) << cut;
      }
    }
  }
}

// One thread alone gives ThreadSanitizer nothing to see, and all bytes take it many minutes.
#if defined(__SANITIZE_THREAD__)
constexpr size_t kFlipStep = 101;
#else
constexpr size_t kFlipStep = 1;
#endif

TEST(LogDamageTest, NoFlippedByteGivesAWrongRecord) {
  const Records records = SampleRecords();
  for (const LogWriter::Config& config : BothFormats()) {
    const LogImage image = WriteLog(records, config);
    std::string damaged = image.bytes;
    for (size_t at = 0; at < damaged.size(); at += kFlipStep) {
      for (const char flip : {'\x01', '\x80', '\xff'}) {
        damaged[at] = static_cast<char>(damaged[at] ^ flip);
        for (const WalRecoveryMode mode : kAllModes) {
          const ReadResult result = ReadLog(damaged, mode, config.log_number);
          if (mode == kSkip) {
            ASSERT_TRUE(IsSubsequence(result.records, records)) << at;
          } else {
            ASSERT_TRUE(IsPrefix(result.records, records)) << at;
          }
          // What is missing was told: as damage, or as a tail that is not complete.
          ASSERT_TRUE(result.records == records || !result.reports.empty() || result.has_torn_tail) << at;
        }
        damaged[at] = image.bytes[at];
      }
    }
  }
}

TEST(LogDamageTest, SkippingGoesOnInTheNextBlock) {
  Records records;
  for (size_t i = 0; i < 100; ++i) records.push_back(NumberedRecord(i, 1000));
  LogImage image = WriteLog(records);
  image.bytes[100] ^= 1;
  const ReadResult skipping = ReadLog(image.bytes, kSkip);
  EXPECT_EQ(skipping.reports[0], "Corruption: checksum mismatch");
  EXPECT_GT(skipping.records.size(), 60u);
  EXPECT_EQ(skipping.records.back(), records.back());
  EXPECT_TRUE(IsSubsequence(skipping.records, records));
  const ReadResult point_in_time = ReadLog(image.bytes, kPointInTime);
  EXPECT_TRUE(point_in_time.records.empty());
  EXPECT_EQ(point_in_time.reports, Records{"Corruption: checksum mismatch"});
  EXPECT_EQ(point_in_time.reported_bytes, kLogBlockBytes);
}

TEST(LogDamageTest, ZerosAtTheEndAreSpaceAllocatedAhead) {
  const Records records = SampleRecords();
  for (const LogWriter::Config& config : BothFormats()) {
    const LogImage image = WriteLog(records, config);
    for (const size_t zeros : {1u, 6u, 7u, 11u, 100u, 32000u, 32768u, 200000u}) {
      for (const WalRecoveryMode mode : kAllModes) {
        const ReadResult result = ReadLog(image.bytes + std::string(zeros, '\0'), mode, config.log_number);
        EXPECT_EQ(result.records, records) << zeros;
        if (zeros < kFragmentHeaderBytes) {
          EXPECT_EQ(result.is_torn_tail_zeros, result.has_torn_tail) << zeros;
        } else {
          EXPECT_TRUE(result.reports.empty()) << zeros;
          EXPECT_FALSE(result.has_torn_tail) << zeros;
        }
      }
    }
  }
}

// A log of nothing but zeros is empty.
TEST(LogDamageTest, OnlyZeros) {
  for (const WalRecoveryMode mode : kAllModes) {
    const ReadResult result = ReadLog(std::string(100000, '\0'), mode);
    EXPECT_TRUE(result.records.empty());
    EXPECT_TRUE(result.reports.empty());
    EXPECT_FALSE(result.has_torn_tail);
  }
}

TEST(LogDamageTest, ZerosBeforeDataAreDamage) {
  Records records;
  for (size_t i = 0; i < 150; ++i) records.push_back(NumberedRecord(i, 1000));
  const LogImage image = WriteLog(records);
  // A part of a block, a block's end, whole blocks; the hole begins where a record does.
  for (const auto& [record, hole_end] : std::vector<std::pair<size_t, size_t>>{
           {4, image.ends[4] + 10}, {4, kLogBlockBytes}, {4, 3 * kLogBlockBytes}, {4, 3 * kLogBlockBytes + 5}}) {
    std::string holed = image.bytes;
    std::fill(holed.begin() + static_cast<ptrdiff_t>(image.ends[record]),
              holed.begin() + static_cast<ptrdiff_t>(hole_end), '\0');
    for (const WalRecoveryMode mode : {kTolerate, kAbsolute, kPointInTime}) {
      const ReadResult result = ReadLog(holed, mode);
      EXPECT_EQ(result.records, Prefix(records, record + 1)) << hole_end;
      EXPECT_EQ(result.reports, Records{"Corruption: zeros in the middle of the log"}) << hole_end;
    }
    const ReadResult skipping = ReadLog(holed, kSkip);
    EXPECT_TRUE(IsSubsequence(skipping.records, records));
    EXPECT_EQ(skipping.records.back(), records.back());
    EXPECT_FALSE(skipping.reports.empty());
  }
}

// What a writer leaves that was killed before it stored the header: a torn tail, with or without allocated space
// behind.
TEST(LogDamageTest, ZerosBeforeDataAreATornTailInTheLastBlock) {
  const Records records = {NumberedRecord(0, 100), NumberedRecord(1, 100), NumberedRecord(2, 100)};
  const LogImage image = WriteLog(records);
  for (const size_t allocated : {size_t{0}, kLogBlockBytes - image.bytes.size(), 3 * kLogBlockBytes}) {
    std::string holed = image.bytes + std::string(allocated, '\0');
    std::fill_n(holed.begin() + static_cast<ptrdiff_t>(image.ends[0]), 20, '\0');
    for (const WalRecoveryMode mode : kAllModes) {
      const ReadResult result = ReadLog(holed, mode);
      EXPECT_EQ(result.records, Prefix(records, 1));
      EXPECT_TRUE(result.has_torn_tail);
      EXPECT_EQ(result.reports, mode == kAbsolute ? Records{"Corruption: truncated record body"} : Records{});
    }
  }
}

// The last fragment begins shortly before a sector's end, and that sector was lost: with `lost` bytes of the header the
// checksum, and perhaps the length. Where it is the last, it was torn; before another one it would have been synced.
TEST(LogDamageTest, ALostBeginningOfTheLastHeaderIsATornTail) {
  constexpr size_t kSectorBytes = 512;
  for (size_t lost = 1; lost < kFragmentHeaderBytes; ++lost) {
    const size_t first_bytes = 2 * kSectorBytes - lost;
    const Records records = {NumberedRecord(0, first_bytes - kFragmentHeaderBytes), NumberedRecord(1, 300),
                             NumberedRecord(2, 50)};
    for (const bool is_last : {true, false}) {
      LogImage image = WriteLog(Prefix(records, is_last ? 2 : 3));
      ASSERT_EQ(image.ends[0], first_bytes);
      std::fill_n(image.bytes.begin() + static_cast<ptrdiff_t>(first_bytes), lost, '\0');
      image.bytes.resize(image.bytes.size() + 1000);
      for (const WalRecoveryMode mode : kAllModes) {
        const ReadResult result = ReadLog(image.bytes, mode);
        EXPECT_EQ(result.records, Prefix(records, 1)) << lost;
        if (is_last) {
          EXPECT_TRUE(result.has_torn_tail) << lost;
          EXPECT_EQ(result.reports.size(), mode == kAbsolute ? 1u : 0u) << lost;
        } else {
          EXPECT_EQ(result.reports.size(), 1u) << lost;
        }
      }
    }
  }
}

TEST(LogDamageTest, TwoBlocksWithUnfinishedDataAreDamage) {
  Records records;
  for (size_t i = 0; i < 70; ++i) records.push_back(NumberedRecord(i, 1000));
  const LogImage image = WriteLog(records);
  ASSERT_GT(image.bytes.size(), 2 * kLogBlockBytes);
  std::string holed = image.bytes;
  std::fill_n(holed.begin() + static_cast<ptrdiff_t>(image.ends[3]), 20, '\0');
  std::fill_n(holed.begin() + kLogBlockBytes, 20, '\0');
  std::fill(holed.begin() + 2 * kLogBlockBytes, holed.end(), '\0');
  for (const WalRecoveryMode mode : kAllModes) {
    const ReadResult result = ReadLog(holed, mode);
    EXPECT_EQ(result.records, Prefix(records, 4));
    EXPECT_EQ(result.reports, Records{"Corruption: zeros in the middle of the log"});
    EXPECT_EQ(result.reported_bytes, 2 * kLogBlockBytes - image.ends[3]);
  }
}

// Writes `records` as log `number` over the bytes of an older log.
std::string Overwrite(const std::string& old_bytes, const Records& records, uint64_t number) {
  MemoryFileState state;
  state.bytes = old_bytes;
  LogWriter writer({.log_number = number, .is_recyclable = true}, WritableOver(&state));
  for (const std::string& record : records) EXPECT_TRUE(writer.AddRecord(record).ok());
  return state.bytes;
}

TEST(LogDamageTest, RecordsOfAFormerLifeAreNotRead) {
  Records old_records;
  for (size_t i = 0; i < 300; ++i) old_records.push_back(NumberedRecord(i, 500));
  const std::string old_bytes = WriteLog(old_records, {.log_number = 4, .is_recyclable = true}).bytes;
  // Same sizes: the new log ends where an old record begins.
  Records new_records;
  for (size_t i = 0; i < 100; ++i) new_records.push_back(NumberedRecord(1000 + i, 500));
  for (const size_t count : {0u, 1u, 64u, 65u, 66u, 100u}) {
    const Records part = Prefix(new_records, count);
    const std::string bytes = Overwrite(old_bytes, part, 9);
    for (const WalRecoveryMode mode : kAllModes) {
      const ReadResult result = ReadLog(bytes, mode, 9);
      EXPECT_EQ(result.records, part) << count;
      EXPECT_TRUE(result.reports.empty()) << count;
      EXPECT_FALSE(result.has_torn_tail) << count;
    }
  }
  EXPECT_EQ(ReadLog(old_bytes, kTolerate, 4).records, old_records);
}

// A crash may leave any prefix of the new bytes over the old ones.
TEST(LogDamageTest, EveryCutOfARecycledLogGivesThePrefix) {
  Records old_records;
  for (size_t i = 0; i < 80; ++i) old_records.push_back(NumberedRecord(i, 1 + i * 77 % 1500));
  const std::string old_bytes = WriteLog(old_records, {.log_number = 4, .is_recyclable = true}).bytes;
  const Records records = SampleRecords();
  const LogImage image = WriteLog(records, {.log_number = 9, .is_recyclable = true});
  ASSERT_GT(old_bytes.size(), image.bytes.size());
  for (size_t cut = 0; cut <= image.bytes.size(); ++cut) {
    const std::string bytes = image.bytes.substr(0, cut) + old_bytes.substr(cut);
    const size_t whole =
        static_cast<size_t>(std::upper_bound(image.ends.begin(), image.ends.end(), cut) - image.ends.begin());
    const ReadResult result = ReadLog(bytes, kTolerate, 9);
    ASSERT_EQ(result.records, Prefix(records, whole)) << cut;
    ASSERT_TRUE(result.reports.empty() || whole == 0) << cut;  // nothing tells that an empty log is a recycled one
    ASSERT_TRUE(IsSubsequence(ReadLog(bytes, kSkip, 9).records, records)) << cut;
  }
}

std::string RawFragment(char type, Slice payload) {
  std::string checked(1, type);
  checked.append(payload);
  std::string fragment;
  PutU32(&fragment, MaskCrc(Crc32c(checked)));
  PutU16(&fragment, static_cast<uint16_t>(payload.size()));
  return fragment + checked;
}

TEST(LogDamageTest, FragmentsOutOfOrder) {
  const std::string full = RawFragment(1, "full");
  const std::string first = RawFragment(2, "first");
  const std::string middle = RawFragment(3, "middle");
  const std::string last = RawFragment(4, "last");
  const struct {
    std::string bytes;
    Records skipping;
    std::string report;
  } kCases[] = {
      {middle + full, {"full"}, "Corruption: missing start of fragmented record"},
      {last + full, {"full"}, "Corruption: missing start of fragmented record"},
      {first + full, {"full"}, "Corruption: partial record without end"},
      {first + first + last, {"firstlast"}, "Corruption: partial record without end"},
      {RawFragment(10, "x") + full, {"full"}, "Corruption: unknown record type 10"},
      {RawFragment(-1, "x") + full, {"full"}, "Corruption: unknown record type 255"},
      {RawFragment(0, "x") + full, {"full"}, "Corruption: unknown record type 0"},
  };
  for (const auto& expected : kCases) {
    EXPECT_EQ(ReadLog(expected.bytes, kSkip).records, expected.skipping);
    for (const WalRecoveryMode mode : kAllModes) {
      const ReadResult result = ReadLog(expected.bytes, mode);
      EXPECT_EQ(result.reports, Records{expected.report});
      EXPECT_TRUE(mode == kSkip || result.records.empty());
    }
  }
  // What an old LevelDB left at a block's end is no damage.
  EXPECT_EQ(ReadLog(RawFragment(2, "") + full, kAbsolute).records, Records{"full"});
  EXPECT_TRUE(ReadLog(RawFragment(2, "") + full, kAbsolute).reports.empty());
}

TEST(LogDamageTest, CompressionTypes) {
  const std::string full = RawFragment(1, "full");
  const auto type = [](uint32_t number) {
    std::string payload;
    PutU32(&payload, number);
    return RawFragment(9, payload);
  };
  EXPECT_EQ(ReadLog(type(0) + full, kAbsolute).records, Records{"full"});
  const struct {
    std::string bytes;
    std::string report;
  } kCases[] = {
      {type(1) + full, "Corruption: WAL compression type not supported"},
      {RawFragment(9, "abc") + full, "Corruption: could not decode SetCompressionType record"},
      {type(7) + type(7) + full, "Corruption: SetCompressionType not the first record"},
      {full + type(7), "Corruption: SetCompressionType not the first record"},
      {type(7) + full, "Corruption: corrupted compressed record: Unknown frame descriptor"},
  };
  for (const auto& expected : kCases) {
    for (const WalRecoveryMode mode : kAllModes) {
      EXPECT_EQ(ReadLog(expected.bytes, mode).reports, Records{expected.report});
    }
  }
}

// Right checksums over broken frames: a writer's mistake must not become a crash or a wrong record.
TEST(LogDamageTest, BrokenCompressedRecords) {
  ByteBuffer compressed;
  ASSERT_TRUE(CompressZstdFrame(NumberedRecord(1, 3000), &compressed));
  const std::string frame(compressed);
  std::string type;
  PutU32(&type, 7);
  const std::string head = RawFragment(9, type);
  for (size_t cut = 1; cut < frame.size(); ++cut) {
    const ReadResult result = ReadLog(head + RawFragment(1, frame.substr(0, cut)), kPointInTime);
    EXPECT_TRUE(result.records.empty());
    EXPECT_EQ(result.reports.size(), 1u);
  }
  EXPECT_EQ(ReadLog(head + RawFragment(1, frame + "x"), kPointInTime).reports,
            Records{"Corruption: compressed record with bytes behind its end"});
  EXPECT_EQ(ReadLog(head + RawFragment(1, frame), kPointInTime).records, Records{NumberedRecord(1, 3000)});
}

// Whatever the bytes, the reader ends and stays inside them.
TEST(LogDamageTest, RandomBytes) {
  Random random(TestSeed(20240607));
  const LogImage image = WriteLog(SampleRecords(), {.log_number = 7, .is_recyclable = true});
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = random.OneIn(2) ? image.bytes : std::string(random.Uniform(70000), '\0');
    for (uint64_t changes = random.Uniform(20); changes > 0 && !bytes.empty(); --changes) {
      const size_t at = random.Uniform(random.OneIn(2) ? std::min<size_t>(bytes.size(), 60) : bytes.size());
      bytes[at] = static_cast<char>(random.OneIn(2) ? random.Uniform(12) : random.Next());
    }
    for (const WalRecoveryMode mode : kAllModes) {
      const ReadResult result = ReadLog(bytes, mode, 7);
      size_t read_bytes = 0;
      for (const std::string& record : result.records) read_bytes += record.size();
      ASSERT_LE(read_bytes, bytes.size());
    }
  }
}

}  // namespace
}  // namespace gneiss::log_test
