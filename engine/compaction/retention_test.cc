#include "engine/compaction/retention.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>

#include "engine/compaction/compaction_test_util.h"
#include "engine/iter/range_tombstone_builder.h"
#include "engine/key/timestamp_test_order.h"

namespace gneiss {

namespace {

struct Kept {
  TestEntries entries;
  Status status;
  Retention::Counts counts;
};

Kept Retain(Retention::Params params, const TestEntries& input, Status end_status = Status::Ok()) {
  VectorIterator iterator(params.order, input, std::move(end_status));
  iterator.SeekToFirst();
  Retention retention(std::move(params), &iterator);
  Kept kept;
  for (; retention.Valid(); retention.Next()) {
    ParsedKey parsed;
    EXPECT_TRUE(ParseInternalKey(retention.key(), &parsed));
    kept.entries.push_back({std::string(parsed.user_key), parsed.seq, parsed.kind, std::string(retention.value())});
  }
  kept.status = retention.status();
  kept.counts = retention.counts();
  return kept;
}

TestEntry Put(const std::string& key, SeqNo seq, const std::string& value) { return {key, seq, Kind::kPut, value}; }
TestEntry Delete(const std::string& key, SeqNo seq) { return {key, seq, Kind::kDelete, ""}; }
TestEntry SingleDelete(const std::string& key, SeqNo seq) { return {key, seq, Kind::kSingleDelete, ""}; }
TestEntry Merge(const std::string& key, SeqNo seq, const std::string& value) { return {key, seq, Kind::kMerge, value}; }

const AppendOperator kAppend(true);
const AppendOperator kAppendFullOnly(false);

TEST(RetentionTest, KeepsTheNewestOfEachStripe) {
  const TestEntries input = {Put("a", 9, "9"), Put("a", 7, "7"), Put("a", 5, "5"), Put("a", 3, "3"), Put("b", 2, "2")};
  EXPECT_EQ(Retain({.snapshots = {5}}, input).entries, (TestEntries{input[0], input[2], input[4]}));
  const Kept kept = Retain({.snapshots = {}}, input);
  EXPECT_EQ(kept.entries, (TestEntries{input[0], input[4]}));
  EXPECT_EQ(kept.counts.input_entries, 5u);
  EXPECT_EQ(kept.counts.dropped_hidden, 3u);
}

TEST(RetentionTest, ZeroesSeqsThatEverySnapshotSees) {
  const TestEntries input = {Put("a", 9, "9"), Put("a", 5, "5"), Put("b", 6, "6"), Put("c", 5, "5")};
  const Kept kept = Retain({.snapshots = {5}, .is_bottommost = true}, input);
  EXPECT_EQ(kept.entries, (TestEntries{input[0], Put("a", 0, "5"), input[2], Put("c", 0, "5")}));
}

TEST(RetentionTest, PassesBlobsAndWideColumnsThrough) {
  const TestEntries input = {
      {"a", 9, Kind::kBlobIndex, "blob"}, {"a", 8, Kind::kPut, "old"}, {"b", 7, Kind::kWideColumn, "wide"}};
  const TestEntries expected = {{"a", 0, Kind::kBlobIndex, "blob"}, {"b", 0, Kind::kWideColumn, "wide"}};
  EXPECT_EQ(Retain({.is_bottommost = true}, input).entries, expected);
}

TEST(RetentionTest, TombstonesGoWhereNothingIsBelow) {
  const TestEntries input = {Delete("a", 9), Put("a", 5, "5"), Delete("b", 8)};
  EXPECT_EQ(Retain({}, input).entries, (TestEntries{input[0], input[2]}));
  const auto only_a = [](Slice key) { return key == "a"; };
  EXPECT_EQ(Retain({.is_absent_below = only_a}, input).entries, (TestEntries{input[2]}));
  EXPECT_EQ(Retain({.is_bottommost = true}, input).entries, TestEntries{});
  // A snapshot keeps the old value, so the tombstone stays above it; one with nothing under it goes.
  EXPECT_EQ(Retain({.snapshots = {5}, .is_bottommost = true}, input).entries,
            (TestEntries{input[0], Put("a", 0, "5")}));
}

TEST(RetentionTest, SingleDeleteGoesWithItsPut) {
  const TestEntries pair = {SingleDelete("a", 9), Put("a", 5, "5"), Put("b", 1, "b")};
  EXPECT_EQ(Retain({}, pair).entries, (TestEntries{pair[2]}));
  // In different stripes both stay.
  EXPECT_EQ(Retain({.snapshots = {6}}, pair).entries, pair);
  // For a transaction that began before: the single-delete stays, its Put is emptied.
  EXPECT_EQ(Retain({.snapshots = {3}, .earliest_write_conflict_snapshot = 3}, pair).entries,
            (TestEntries{pair[0], Put("a", 5, ""), pair[2]}));
  // Alone it stays unless nothing is below.
  const TestEntries alone = {SingleDelete("a", 9), Put("b", 1, "b")};
  EXPECT_EQ(Retain({}, alone).entries, alone);
  EXPECT_EQ(Retain({.is_bottommost = true}, alone).entries, (TestEntries{Put("b", 0, "b")}));
}

// Dropped as hidden by the newer Put, the single-delete would leave the Put it was meant for to come back.
TEST(RetentionTest, SingleDeleteIsNotHiddenByANewerPut) {
  const TestEntries input = {Put("a", 12, "new"), SingleDelete("a", 10)};
  EXPECT_EQ(Retain({}, input).entries, input);
  const TestEntries with_its_put = {Put("a", 12, "new"), SingleDelete("a", 10), Put("a", 9, "old")};
  EXPECT_EQ(Retain({}, with_its_put).entries, (TestEntries{with_its_put[0]}));
}

TEST(RetentionTest, SingleDeleteOverDeleteBreaksTheContract) {
  const TestEntries input = {SingleDelete("a", 9), Delete("a", 5)};
  EXPECT_TRUE(Retain({}, input).status.IsCorruption());
  EXPECT_EQ(Retain({.enforces_single_delete_contracts = false}, input).entries, (TestEntries{input[1]}));
}

TEST(RetentionTest, FoldsOperandsWithinAStripe) {
  const TestEntries onto_put = {Merge("a", 9, "3"), Merge("a", 8, "2"), Put("a", 7, "1"), Put("a", 6, "0")};
  EXPECT_EQ(Retain({.merge_operator = &kAppend}, onto_put).entries, (TestEntries{Put("a", 9, "1,2,3")}));
  EXPECT_EQ(Retain({.is_bottommost = true, .merge_operator = &kAppend}, onto_put).entries,
            (TestEntries{Put("a", 0, "1,2,3")}));
  const TestEntries onto_delete = {Merge("a", 9, "3"), Merge("a", 8, "2"), Delete("a", 7)};
  EXPECT_EQ(Retain({.merge_operator = &kAppend}, onto_delete).entries, (TestEntries{Put("a", 9, "2,3")}));
  // The base lies in an older stripe: the operands wait for it.
  EXPECT_EQ(Retain({.snapshots = {7}, .merge_operator = &kAppend}, onto_put).entries,
            (TestEntries{Merge("a", 9, "2,3"), Put("a", 7, "1")}));
  EXPECT_EQ(Retain({.snapshots = {7}, .merge_operator = &kAppendFullOnly}, onto_put).entries,
            (TestEntries{Merge("a", 9, "3"), Merge("a", 8, "2"), Put("a", 7, "1")}));
}

TEST(RetentionTest, FoldsOperandsWithoutBaseOnlyWhenNothingIsBelow) {
  const TestEntries input = {Merge("a", 9, "2"), Merge("a", 8, "1"), Merge("b", 7, "x")};
  EXPECT_EQ(Retain({.merge_operator = &kAppend}, input).entries, (TestEntries{Merge("a", 9, "1,2"), input[2]}));
  const auto only_a = [](Slice key) { return key == "a"; };
  EXPECT_EQ(Retain({.is_absent_below = only_a, .merge_operator = &kAppend}, input).entries,
            (TestEntries{Put("a", 9, "1,2"), input[2]}));
  EXPECT_EQ(Retain({.is_bottommost = true, .merge_operator = &kAppend}, input).entries,
            (TestEntries{Put("a", 0, "1,2"), Put("b", 0, "x")}));
}

TEST(RetentionTest, MergeErrors) {
  const TestEntries input = {Merge("a", 9, "bad"), Put("a", 8, "1")};
  EXPECT_TRUE(Retain({}, input).status.IsInvalidArgument());
  EXPECT_TRUE(Retain({.merge_operator = &kAppend}, input).status.IsCorruption());
  const TestEntries onto_wide = {Merge("a", 9, "1"), {"a", 8, Kind::kWideColumn, "w"}};
  EXPECT_TRUE(Retain({.merge_operator = &kAppend}, onto_wide).status.IsNotSupported());
}

TEST(RetentionTest, InputErrorsEndTheWalk) {
  const TestEntries input = {Put("a", 9, "1")};
  const Kept kept = Retain({}, input, Status::IoError("gone"));
  EXPECT_EQ(kept.entries, input);
  EXPECT_TRUE(kept.status.IsIoError());
  const std::atomic<bool> is_cancelled{true};
  EXPECT_TRUE(Retain({.is_cancelled = &is_cancelled}, input).status.IsShutdownInProgress());
}

TEST(RetentionTest, RangeTombstonesCoverTheirStripe) {
  RangeTombstoneBuilder builder(KeyOrder::Bytewise());
  builder.Add("a", "c", 8);
  const std::unique_ptr<RangeTombstoneList> list = builder.Build();
  const TestEntries input = {Put("a", 9, "9"), Put("a", 7, "7"), Put("a", 4, "4"), Put("b", 7, "7"), Put("c", 7, "7")};
  EXPECT_EQ(Retain({.range_tombstones = list.get()}, input).entries, (TestEntries{input[0], input[4]}));
  EXPECT_EQ(Retain({.snapshots = {5}, .range_tombstones = list.get()}, input).entries,
            (TestEntries{input[0], input[2], input[4]}));
  const Kept seen = Retain({.snapshots = {7}, .range_tombstones = list.get()}, input);
  EXPECT_EQ(seen.entries, (TestEntries{input[0], input[1], input[3], input[4]}));
}

// A covered value does, a covered operand does not: whether more comes behind it is not known of it.
TEST(RetentionTest, ACoveredValueIsABaseForOperands) {
  RangeTombstoneBuilder builder(KeyOrder::Bytewise());
  builder.Add("a", "c", 8);
  const std::unique_ptr<RangeTombstoneList> list = builder.Build();
  const TestEntries input = {Merge("a", 9, "2"), Put("a", 7, "1"), Merge("b", 9, "2"), Merge("b", 7, "1")};
  EXPECT_EQ(Retain({.merge_operator = &kAppend, .range_tombstones = list.get()}, input).entries,
            (TestEntries{Put("a", 9, "2"), Merge("b", 9, "2")}));
}

// Decides by the value's first letter.
class LetterFilter : public EntryFilter {
 public:
  Decision Filter(int /*level*/, Slice user_key, bool is_merge_operand, Slice value, std::string* new_value,
                  std::string* skip_until) override {
    seen.push_back(std::string(user_key) + (is_merge_operand ? "+" : "=") + std::string(value));
    switch (value.empty() ? 'k' : value[0]) {
      case 'r':
        return Decision::kRemove;
      case 'c':
        *new_value = "changed";
        return Decision::kChangeValue;
      case 's':
        *skip_until = std::string(value.substr(1));
        return Decision::kRemoveAndSkipUntil;
      default:
        return Decision::kKeep;
    }
  }
  std::vector<std::string> seen;
};

TEST(RetentionTest, FilterSeesTheNewestVersionOfEachKey) {
  LetterFilter filter;
  const TestEntries input = {Put("a", 9, "k"), Put("a", 8, "r"), Delete("b", 7), Put("b", 6, "r"), Put("c", 5, "c")};
  const Kept kept = Retain({.snapshots = {8}, .filter = &filter}, input);
  EXPECT_EQ(filter.seen, (std::vector<std::string>{"a=k", "c=c"}));
  EXPECT_EQ(kept.entries, (TestEntries{input[0], input[1], input[2], Put("c", 5, "changed")}));
  EXPECT_TRUE(kept.counts.filter_changed_anything);
}

TEST(RetentionTest, FilterTurnsAPutIntoATombstone) {
  LetterFilter filter;
  const TestEntries input = {Put("a", 9, "r"), Put("a", 8, "old"), Put("b", 7, "k")};
  EXPECT_EQ(Retain({.filter = &filter}, input).entries, (TestEntries{Delete("a", 9), input[2]}));
  const Kept kept = Retain({.is_bottommost = true, .filter = &filter}, input);
  EXPECT_EQ(kept.entries, (TestEntries{Put("b", 0, "k")}));
  EXPECT_EQ(kept.counts.dropped_by_filter, 1u);
  EXPECT_FALSE(Retain({.filter = &filter}, {input[2]}).counts.filter_changed_anything);
}

TEST(RetentionTest, FilterSkipsAhead) {
  LetterFilter filter;
  const TestEntries input = {Put("a", 9, "sc"), Put("b", 8, "b"), Put("c", 7, "sa"), Put("d", 6, "d")};
  // "sa" points back: the entry stays.
  EXPECT_EQ(Retain({.filter = &filter}, input).entries, (TestEntries{input[2], input[3]}));
}

TEST(RetentionTest, FilterLeavesOperandsThatASnapshotSees) {
  LetterFilter filter;
  const TestEntries input = {Merge("a", 9, "r9"), Merge("a", 8, "k8"), Merge("a", 5, "r5"), Put("b", 1, "k")};
  EXPECT_EQ(Retain({.snapshots = {5}, .merge_operator = &kAppend, .filter = &filter}, input).entries,
            (TestEntries{Merge("a", 8, "k8"), input[2], input[3]}));
  EXPECT_EQ(Retain({.merge_operator = &kAppend, .filter = &filter}, {input[0], Put("a", 3, "k3")}).entries,
            (TestEntries{Put("a", 3, "k3")}));
}

// ---- range tombstones

TestEntries Flat(const RangeTombstones& tombstones) {
  TestEntries entries;
  for (const auto& [start, end] : tombstones) {
    entries.push_back({std::string(start.user_key()), start.seq(), Kind::kRangeDelete, end});
  }
  return entries;
}

TestEntry Range(const std::string& start, const std::string& end, SeqNo seq) {
  return {start, seq, Kind::kRangeDelete, end};
}

TestEntries RetainRanges(const TestEntries& ranges, const std::vector<SeqNo>& snapshots, bool is_bottommost) {
  RangeTombstoneBuilder builder(KeyOrder::Bytewise());
  for (const TestEntry& range : ranges) builder.Add(range.user_key, range.value, range.seq);
  const std::unique_ptr<RangeTombstoneList> list = builder.Build();
  return Flat(RetainRangeTombstones(KeyOrder::Bytewise(), *list, snapshots, is_bottommost));
}

TEST(RetainRangeTombstonesTest, NewestOfEachStripe) {
  const TestEntries nested = {Range("a", "z", 5), Range("c", "e", 9)};
  EXPECT_EQ(RetainRanges(nested, {}, false), (TestEntries{Range("a", "c", 5), Range("c", "e", 9), Range("e", "z", 5)}));
  EXPECT_EQ(RetainRanges(nested, {7}, false),
            (TestEntries{Range("a", "c", 5), Range("c", "e", 9), Range("c", "e", 5), Range("e", "z", 5)}));
  EXPECT_EQ(RetainRanges(nested, {7}, true), (TestEntries{nested[1]}));
  EXPECT_EQ(RetainRanges(nested, {}, true), TestEntries{});
  // The same range again and again leaves one.
  EXPECT_EQ(RetainRanges({Range("a", "b", 5), Range("a", "b", 6), Range("a", "b", 7)}, {}, false),
            (TestEntries{Range("a", "b", 7)}));
  // Neighbours of one seq, as an ingested table has them, and an empty one.
  EXPECT_EQ(RetainRanges({Range("a", "b", 5), Range("b", "c", 5), Range("d", "d", 5)}, {}, false),
            (TestEntries{Range("a", "b", 5), Range("b", "c", 5)}));
  const TestEntries apart = {Range("a", "b", 5), Range("c", "d", 5)};
  EXPECT_EQ(RetainRanges(apart, {}, false), apart);
}

// ---- the model: what readers see before and after must be the same

struct Case {
  std::vector<SeqNo> snapshots;
  TestEntries upper;  // the input
  TestEntries below;  // older, in deeper levels
  TestEntries upper_ranges;
  TestEntries below_ranges;
};

std::optional<std::string> Visible(const TestEntries& entries, const TestEntries& ranges, const std::string& key,
                                   SeqNo seq) {
  SeqNo covered_below = 0;
  for (const TestEntry& range : ranges) {
    if (range.seq <= seq && range.user_key <= key && key < range.value) {
      covered_below = std::max(covered_below, range.seq);
    }
  }
  std::vector<std::string> operands;
  std::optional<std::string> base;
  for (const TestEntry& entry : entries) {
    if (entry.user_key != key || entry.seq > seq) continue;
    if (entry.seq < covered_below) break;
    if (entry.kind == Kind::kMerge) {
      operands.push_back(entry.value);
      continue;
    }
    if (entry.kind == Kind::kPut) base = entry.value;
    break;
  }
  if (operands.empty()) return base;
  std::string value = base ? *base + "," : "";
  for (size_t i = operands.size(); i-- > 0;) value += operands[i] + (i > 0 ? "," : "");
  return value;
}

TestEntries Joined(TestEntries newer, const TestEntries& older) {
  newer.insert(newer.end(), older.begin(), older.end());
  std::stable_sort(newer.begin(), newer.end(),
                   [](const TestEntry& a, const TestEntry& b) { return a.user_key < b.user_key; });
  return newer;
}

// Keys "s?" are only ever put and single-deleted in turn, as the contract asks; the others take everything else.
Case RandomCase(Random* random) {
  Case made;
  const SeqNo seqs = 5 + random->Uniform(60);
  const SeqNo upper_from = random->Uniform(seqs);
  std::map<std::string, bool> is_put;
  for (SeqNo seq = 1; seq <= seqs; ++seq) {
    if (random->OneIn(8)) made.snapshots.push_back(seq);
    TestEntries& entries = seq > upper_from ? made.upper : made.below;
    const std::string letter(1, static_cast<char>('a' + random->Uniform(5)));
    const std::string value = "v" + std::to_string(seq);
    if (random->OneIn(10)) {
      const std::string end(1, static_cast<char>(letter[0] + 1 + random->Uniform(3)));
      (seq > upper_from ? made.upper_ranges : made.below_ranges).push_back(Range(letter, end, seq));
    } else if (random->OneIn(4)) {
      const std::string key = "s" + letter;
      entries.push_back(is_put[key] ? SingleDelete(key, seq) : Put(key, seq, value));
      is_put[key] = !is_put[key];
    } else {
      const uint64_t kind = random->Uniform(6);
      entries.push_back(kind < 3   ? Put(letter, seq, value)
                        : kind < 4 ? Delete(letter, seq)
                                   : Merge(letter, seq, value));
    }
  }
  Sort(KeyOrder::Bytewise(), &made.upper);
  Sort(KeyOrder::Bytewise(), &made.below);
  return made;
}

size_t StripeIn(const std::vector<SeqNo>& snapshots, SeqNo seq) {
  return static_cast<size_t>(std::lower_bound(snapshots.begin(), snapshots.end(), seq) - snapshots.begin());
}

// Nothing is kept that the rules let go.
void ExpectNothingSuperfluous(const Case& made, const Retention::Params& params, const TestEntries& kept) {
  for (size_t i = 0; i < kept.size(); ++i) {
    const TestEntry& entry = kept[i];
    const bool has_older = i + 1 < kept.size() && kept[i + 1].user_key == entry.user_key;
    const bool is_single = entry.user_key[0] == 's';
    if (has_older && !is_single && params.merge_operator == &kAppend) {
      EXPECT_NE(StripeIn(made.snapshots, entry.seq), StripeIn(made.snapshots, kept[i + 1].seq))
          << "two entries of one stripe: " << entry.user_key;
    }
    if (!params.is_bottommost) continue;
    const bool is_seen_by_all = StripeIn(made.snapshots, entry.seq) == 0;
    if (is_seen_by_all) {
      EXPECT_EQ(entry.kind, Kind::kPut) << entry.user_key;
      EXPECT_EQ(entry.seq, 0u) << entry.user_key;
    }
    // An operand may wait for an older stripe, even if that turns out to hold nothing to keep.
    const bool had_older_stripe = std::any_of(made.upper.begin(), made.upper.end(), [&](const TestEntry& other) {
      return other.user_key == entry.user_key &&
             StripeIn(made.snapshots, other.seq) < StripeIn(made.snapshots, entry.seq);
    });
    if (!had_older_stripe && !is_single) {
      EXPECT_EQ(entry.kind, Kind::kPut) << entry.user_key;
    }
  }
}

void CheckCase(const Case& made, bool is_bottommost, bool knows_below, const MergeOperator* merge_operator) {
  RangeTombstoneBuilder builder(KeyOrder::Bytewise());
  for (const TestEntry& range : made.upper_ranges) builder.Add(range.user_key, range.value, range.seq);
  const std::unique_ptr<RangeTombstoneList> list = builder.Build();
  const TestEntries below = is_bottommost ? TestEntries{} : made.below;
  const TestEntries below_ranges = is_bottommost ? TestEntries{} : made.below_ranges;
  Retention::Params params{.snapshots = made.snapshots, .is_bottommost = is_bottommost};
  params.merge_operator = merge_operator;
  params.range_tombstones = list.get();
  if (knows_below) {
    params.is_absent_below = [&below](Slice key) {
      return std::none_of(below.begin(), below.end(), [&](const TestEntry& entry) { return entry.user_key == key; });
    };
  }
  // What lies below is not this compaction's to look at: single-deletes there meet their Puts later. The upper input
  // alone must honour the contract, so one whose Put is below is only followed through Visible.
  const Kept kept = Retain(params, made.upper);
  ASSERT_TRUE(kept.status.ok()) << kept.status.ToString();
  const TestEntries kept_ranges = RetainRanges(made.upper_ranges, made.snapshots, is_bottommost);

  const TestEntries before = Joined(made.upper, below);
  const TestEntries after = Joined(kept.entries, below);
  const TestEntries ranges_before = Joined(made.upper_ranges, below_ranges);
  const TestEntries ranges_after = Joined(kept_ranges, below_ranges);
  std::set<std::string> keys;
  for (const TestEntry& entry : before) keys.insert(entry.user_key);
  std::vector<SeqNo> reads = made.snapshots;
  reads.push_back(kSeqMax);
  for (const std::string& key : keys) {
    for (const SeqNo seq : reads) {
      ASSERT_EQ(Visible(before, ranges_before, key, seq), Visible(after, ranges_after, key, seq))
          << key << " at " << seq << (is_bottommost ? ", bottommost" : "") << "\nbefore "
          << testing::PrintToString(before) << "\nafter " << testing::PrintToString(after) << "\nsnapshots "
          << testing::PrintToString(made.snapshots) << "\nranges " << testing::PrintToString(ranges_before);
    }
  }
  ExpectNothingSuperfluous(made, params, kept.entries);
}

TEST(RetentionTest, ReadersSeeTheSameBeforeAndAfter) {
  Random random(TestSeed());
  for (int round = 0; round < 5000 && !testing::Test::HasFatalFailure(); ++round) {
    const Case made = RandomCase(&random);
    for (const MergeOperator* merge_operator : {&kAppend, &kAppendFullOnly}) {
      CheckCase(made, false, false, merge_operator);
      CheckCase(made, false, true, merge_operator);
      CheckCase(made, true, false, merge_operator);
    }
  }
}

// ---- keys with timestamps

TestEntry At(const std::string& key, uint64_t time, SeqNo seq, Kind kind = Kind::kPut) {
  const std::string value = kind == Kind::kPut ? std::to_string(time) : "";
  return {TimestampTestOrder::Stored(key, time), seq, kind, value};
}
TestEntry DeleteAt(const std::string& key, uint64_t time, SeqNo seq) {
  return At(key, time, seq, Kind::kDeleteWithTimestamp);
}
// A version of which the time is gone.
TestEntry Zeroed(const std::string& key, uint64_t time) {
  return {TimestampTestOrder::Stored(key, 0), 0, Kind::kPut, std::to_string(time)};
}
Retention::Params Timed(uint64_t history_start, Retention::Params params = {}) {
  params.order = TimestampTestOrder::Get();
  if (history_start != 0) params.history_start = TimestampTestOrder::Timestamp(history_start);
  return params;
}

TEST(RetentionTest, EveryVersionIsKeptWithoutAStartOfHistory) {
  const TestEntries input = {DeleteAt("a", 9, 9), At("a", 8, 8), At("a", 7, 7), At("b", 3, 3)};
  EXPECT_EQ(Retain(Timed(0), input).entries, input);
  EXPECT_EQ(Retain(Timed(0, {.is_bottommost = true}), input).entries, input);
  // A version that was written over is no version.
  EXPECT_EQ(Retain(Timed(0), {At("a", 8, 9), At("a", 8, 8)}).entries, (TestEntries{At("a", 8, 9)}));
  EXPECT_EQ(Retain(Timed(0, {.snapshots = {8}}), {At("a", 8, 9), At("a", 8, 8)}).entries.size(), 2u);
}

TEST(RetentionTest, OfVersionsBeforeTheStartTheNewestIsKept) {
  const TestEntries input = {At("a", 9, 9), At("a", 5, 5), At("a", 4, 4), At("a", 3, 3), At("b", 3, 2)};
  EXPECT_EQ(Retain(Timed(6), input).entries, (TestEntries{input[0], input[1], input[4]}));
  EXPECT_EQ(Retain(Timed(5), input).entries, (TestEntries{input[0], input[1], input[2], input[4]}));
  EXPECT_EQ(Retain(Timed(6, {.is_bottommost = true}), input).entries,
            (TestEntries{input[0], Zeroed("a", 5), Zeroed("b", 3)}));
  // For each snapshot.
  EXPECT_EQ(Retain(Timed(6, {.snapshots = {4}, .is_bottommost = true}), input).entries,
            (TestEntries{input[0], input[1], Zeroed("a", 4), Zeroed("b", 3)}));
}

// An older timestamp that was written later is hidden for all that see the newer one.
TEST(RetentionTest, VersionsBeforeTheStartGoByTheirTimes) {
  const TestEntries input = {At("a", 5, 3), At("a", 4, 9)};
  EXPECT_EQ(Retain(Timed(6, {.snapshots = {5}}), input).entries, (TestEntries{input[0]}));
}

TEST(RetentionTest, DeletionsBeforeTheStartGoWhereNothingIsBelow) {
  const TestEntries input = {DeleteAt("a", 5, 5), At("a", 4, 4), DeleteAt("b", 9, 9)};
  EXPECT_EQ(Retain(Timed(6), input).entries, (TestEntries{input[0], input[2]}));
  EXPECT_EQ(Retain(Timed(6, {.is_bottommost = true}), input).entries, (TestEntries{input[2]}));
  EXPECT_EQ(Retain(Timed(6, {.snapshots = {4}, .is_bottommost = true}), input).entries,
            (TestEntries{input[0], Zeroed("a", 4), input[2]}));
}

TEST(RetentionTest, SingleDeletesBeforeTheStartGoWithTheirPut) {
  const TestEntries input = {At("a", 5, 5, Kind::kSingleDelete), At("a", 4, 4), At("b", 1, 1)};
  EXPECT_EQ(Retain(Timed(0), input).entries, input);
  EXPECT_EQ(Retain(Timed(5), input).entries, input);
  EXPECT_EQ(Retain(Timed(6), input).entries, (TestEntries{input[2]}));
}

TEST(RetentionTest, RangeTombstonesOfBeforeTheStartCover) {
  const KeyOrder order = TimestampTestOrder::Get();
  RangeTombstoneBuilder builder(order);
  builder.Add(TimestampTestOrder::Stored("a", 5), TimestampTestOrder::Stored("c", 5), 5);
  const std::unique_ptr<RangeTombstoneList> list = builder.Build();
  const TestEntries input = {At("a", 4, 4), At("b", 6, 6), At("b", 3, 3), At("c", 1, 1)};
  EXPECT_EQ(Retain(Timed(0, {.range_tombstones = list.get()}), input).entries, input);
  EXPECT_EQ(Retain(Timed(5, {.range_tombstones = list.get()}), input).entries, (TestEntries{input[1], input[3]}));
  EXPECT_EQ(Retain(Timed(4, {.range_tombstones = list.get()}), input).entries, input);
  // The tombstone itself stays until it is history and every snapshot sees it.
  const auto kept = [&](uint64_t start, std::vector<SeqNo> snapshots) {
    const std::string timestamp = start == 0 ? std::string() : TimestampTestOrder::Timestamp(start);
    return RetainRangeTombstones(order, *list, snapshots, /*is_bottommost=*/true, timestamp).size();
  };
  EXPECT_EQ(1u, kept(0, {}));
  EXPECT_EQ(1u, kept(5, {}));
  EXPECT_EQ(0u, kept(6, {}));
  EXPECT_EQ(1u, kept(6, {4}));
}

TEST(RetentionTest, AKeyTooShortForATimestampIsCorruption) {
  EXPECT_TRUE(Retain(Timed(0), {{"short", 1, Kind::kPut, "v"}}).status.IsCorruption());
}

}  // namespace

}  // namespace gneiss
