// The structure of Versions and Runs: building, finding, overlap. No table is opened here.
#include "engine/version/version.h"

#include <gtest/gtest.h>

#include <set>

#include "engine/version/version_test_util.h"

namespace gneiss {
namespace {

std::string RandomKey(Random* random, const std::string& prefix) {
  std::string key = prefix;
  for (uint64_t size = random->Uniform(12); size > 0; --size)
    key.push_back(static_cast<char>('a' + random->Uniform(3)));
  return key;
}

// Disjoint tables over random keys, in key order.
std::vector<TableMeta> DisjointTables(const KeyOrder& order, Random* random, const std::string& prefix, size_t count) {
  const auto is_before = [&](const std::string& a, const std::string& b) { return order.Compare(a, b) < 0; };
  std::set<std::string, decltype(is_before)> keys(is_before);
  while (keys.size() < 2 * count) keys.insert(RandomKey(random, prefix));
  std::vector<TableMeta> tables;
  for (auto key = keys.begin(); key != keys.end(); ++key) {
    const std::string smallest = *key++;
    tables.push_back(MetaOf(tables.size() + 1, smallest, random->OneIn(4) ? smallest : *key));
  }
  return tables;
}

using Numbers = std::vector<uint64_t>;

class VersionTest : public ::testing::Test {
 protected:
  VersionPtr Empty(int levels = kLevelsDefault) { return std::make_shared<const Version>(tables_.order(), levels); }
  Status Apply(const VersionEdit& edit) {
    VersionPtr next;
    Status status = version_->Apply(edit, tables_.Maker(), &next);
    if (status.ok()) version_ = next;
    return status;
  }
  Numbers NumbersOf(int level) { return Of(version_->level(level)); }
  static Numbers Of(const Level& level) {
    Numbers numbers;
    level.ForEachTable([&](const TableFilePtr& table) { numbers.push_back(table->meta().number); });
    return numbers;
  }
  static Numbers Of(const std::vector<TableFilePtr>& tables) {
    Numbers numbers;
    for (const auto& table : tables) numbers.push_back(table->meta().number);
    return numbers;
  }
  static VersionEdit Adding(std::vector<std::pair<int, TableMeta>> added) {
    VersionEdit edit;
    edit.added_tables = std::move(added);
    return edit;
  }
  static VersionEdit Deleting(std::vector<std::pair<int, uint64_t>> deleted) {
    VersionEdit edit;
    edit.deleted_tables = std::move(deleted);
    return edit;
  }

  TestTables tables_;
  VersionPtr version_ = Empty();
};

TEST_F(VersionTest, OrdersLevel0NewestFirst) {
  ASSERT_TRUE(Apply(Adding({{0, MetaOf(10, "a", "z", 1, 5)}, {0, MetaOf(12, "a", "z", 11, 15)}})).ok());
  ASSERT_TRUE(Apply(Adding({{0, MetaOf(11, "a", "z", 6, 10)}})).ok());
  EXPECT_EQ(NumbersOf(0), (Numbers{12, 11, 10}));
  EXPECT_EQ(version_->level(0).runs.size(), 3u);
  EXPECT_EQ(version_->level(0).bytes, 3033u);
  EXPECT_EQ(version_->TableCount(), 3u);
  EXPECT_EQ(version_->LastNonEmptyLevel(), 0);
}

TEST_F(VersionTest, OrdersDeeperLevelsByKey) {
  ASSERT_TRUE(Apply(Adding({{2, MetaOf(3, "m", "p")}, {2, MetaOf(1, "q", "z")}})).ok());
  ASSERT_TRUE(Apply(Adding({{2, MetaOf(2, "a", "l")}})).ok());
  EXPECT_EQ(NumbersOf(2), (Numbers{2, 3, 1}));
  EXPECT_EQ(version_->level(2).runs.size(), 1u);
  EXPECT_EQ(version_->LastNonEmptyLevel(), 2);
}

TEST_F(VersionTest, SharesWhatAnEditDoesNotTouch) {
  ASSERT_TRUE(Apply(Adding({{0, MetaOf(1, "a", "z", 1, 2)}, {1, MetaOf(2, "a", "c")}, {3, MetaOf(3, "a", "c")}})).ok());
  const VersionPtr before = version_;
  ASSERT_TRUE(Apply(Adding({{0, MetaOf(4, "a", "z", 5, 6)}, {1, MetaOf(5, "d", "e")}})).ok());
  EXPECT_EQ(version_->level(3).runs[0], before->level(3).runs[0]);
  EXPECT_EQ(version_->level(0).runs[1], before->level(0).runs[0]);
  EXPECT_EQ(version_->level(1).runs[0]->tables()[0], before->level(1).runs[0]->tables()[0]);
  EXPECT_EQ(before->TableCount(), 3u) << "a Version never changes";
}

TEST_F(VersionTest, AMovedTableKeepsItsTableFile) {
  const TableMeta meta = MetaOf(8, "a", "c");
  ASSERT_TRUE(Apply(Adding({{1, meta}})).ok());
  const TableFilePtr table = version_->level(1).runs[0]->tables()[0];
  VersionEdit move = Adding({{2, meta}});
  move.deleted_tables = {{1, 8}};
  ASSERT_TRUE(Apply(move).ok());
  EXPECT_TRUE(version_->level(1).runs.empty());
  EXPECT_EQ(version_->level(2).runs[0]->tables()[0], table);
  EXPECT_EQ(NumbersOf(2), (Numbers{8}));
}

TEST_F(VersionTest, RefusesEditsThatDoNotFit) {
  ASSERT_TRUE(Apply(Adding({{1, MetaOf(8, "a", "c")}, {2, MetaOf(9, "a", "c")}})).ok());
  const auto text = [&](const VersionEdit& edit) { return Apply(edit).ToString(); };
  EXPECT_EQ(text(Deleting({{1, 7}})),
            "Corruption: VersionBuilder: Cannot delete table file #7 from level 1 since it is not in the LSM tree");
  EXPECT_EQ(text(Deleting({{1, 9}})),
            "Corruption: VersionBuilder: Cannot delete table file #9 from level 1 since it is on level 2");
  EXPECT_EQ(text(Deleting({{50, 9}})),
            "Corruption: VersionBuilder: Cannot delete table file #9 from level 50 since it is on level 2");
  EXPECT_EQ(text(Deleting({{1, 8}, {2, 8}})),
            "Corruption: VersionBuilder: Cannot delete table file #8 from two levels at once");
  EXPECT_EQ(text(Adding({{3, MetaOf(8, "x", "z")}})),
            "Corruption: VersionBuilder: Cannot add table file #8 to level 3 since it is already in the LSM tree on "
            "level 1");
  EXPECT_EQ(text(Adding({{3, MetaOf(20, "x", "z")}, {4, MetaOf(20, "x", "z")}})),
            "Corruption: VersionBuilder: Cannot add table file #20 to level 4 since it is already in the LSM tree on "
            "level 3");
  EXPECT_EQ(text(Adding({{7, MetaOf(20, "x", "z")}})), "Invalid argument: db has more levels than options.num_levels");
  EXPECT_EQ(text(Adding({{3, MetaOf(20, "z", "x")}})),
            "Corruption: VersionBuilder: table file #20 has smallest key '7A' seq:2, type:1 behind largest key '78' "
            "seq:1, type:1");
  EXPECT_EQ(text(Adding({{1, MetaOf(20, "c", "d", 1, 2)}})),
            "Corruption: force_consistency_checks: VersionBuilder: L1 has overlapping ranges: file #8 largest key: "
            "'63' seq:1, type:1 vs. file #20 smallest key: '63' seq:2, type:1");
  EXPECT_EQ(NumbersOf(1), (Numbers{8})) << "a refused edit changes nothing";
}

TEST_F(VersionTest, RefusesLevel0TablesOutOfTime) {
  ASSERT_TRUE(Apply(Adding({{0, MetaOf(10, "a", "z", 10, 20)}})).ok());
  EXPECT_EQ(
      Apply(Adding({{0, MetaOf(11, "a", "z", 12, 19)}})).ToString(),
      "Corruption: force_consistency_checks: VersionBuilder: L0 file #10 with seqno 10 20 vs. file #11 with seqno "
      "12 19");
  EXPECT_EQ(Apply(Adding({{0, MetaOf(12, "a", "z", 20, 20)}})).ToString(), "OK") << "newer than the first";
  EXPECT_EQ(Apply(Adding({{0, MetaOf(13, "a", "z", 0, 0)}})).ToString(), "OK") << "ingested behind";
  EXPECT_EQ(Apply(Adding({{0, MetaOf(14, "a", "z", 20, 20)}})).ToString(),
            "Corruption: force_consistency_checks: VersionBuilder: L0 file #14 with seqno 20 20 vs. file #12 with "
            "global_seqno 20");
}

TEST_F(VersionTest, NeighboursMayShareAUserKey) {
  TableMeta newer = MetaOf(1, "a", "k");
  newer.largest = InternalKey("k", 9, Kind::kPut);
  TableMeta older = MetaOf(2, "k", "z");
  older.smallest = InternalKey("k", 5, Kind::kPut);
  ASSERT_TRUE(Apply(Adding({{1, newer}, {1, older}})).ok());
  const gneiss::Run& run = *version_->level(1).runs[0];
  const auto span_of = [&](Slice user_key, SeqNo seq) {
    const auto span = run.TablesFor(version_->order(), SeekKey(user_key, seq));
    return std::make_pair(span.first, span.last);
  };
  EXPECT_EQ(span_of("k", 20), std::make_pair(size_t{0}, size_t{2}));
  EXPECT_EQ(span_of("k", 7), std::make_pair(size_t{1}, size_t{2}));
  EXPECT_EQ(span_of("j", 7), std::make_pair(size_t{0}, size_t{1}));
  EXPECT_EQ(span_of("zz", 7), std::make_pair(size_t{0}, size_t{0}));
  EXPECT_EQ(span_of("A", 7), std::make_pair(size_t{0}, size_t{0}));
}

TEST_F(VersionTest, RebuildsFromTheEditItAppends) {
  ASSERT_TRUE(
      Apply(Adding({{0, MetaOf(1, "a", "z", 1, 2)}, {0, MetaOf(4, "a", "z", 5, 6)}, {1, MetaOf(2, "a", "c")}})).ok());
  VersionEdit edit;
  version_->AppendTo(&edit);
  const std::string text = version_->DebugString();
  version_ = Empty();
  ASSERT_TRUE(Apply(edit).ok());
  EXPECT_EQ(version_->DebugString(), text);
}

TEST_F(VersionTest, DebugStringIsRocksDbs) {
  version_ = Empty(2);
  ASSERT_TRUE(Apply(Adding({{1, MetaOf(45, "b", "b", 0, 0)}})).ok());
  EXPECT_EQ(version_->DebugString(2),
            "--- level 0 --- version# 2 ---\n"
            "--- level 1 --- version# 2 ---\n"
            " 45:1045[0 .. 0]['62' seq:0, type:1 .. '62' seq:0, type:1](0)\n");
}

// ---- against naive models

// Random edits, all sound: the levels hold what a map of number -> (level, meta) holds.
TEST_F(VersionTest, HoldsWhatTheEditsSay) {
  Random random(TestSeed());
  std::map<uint64_t, std::pair<int, TableMeta>> model;
  uint64_t next_number = 1;
  SeqNo next_seq = 1;
  for (int step = 0; step < 400; ++step) {
    VersionEdit edit;
    for (auto entry = model.begin(); entry != model.end();) {
      if (random.OneIn(12)) {
        edit.deleted_tables.emplace_back(entry->second.first, entry->first);
        entry = model.erase(entry);
      } else {
        ++entry;
      }
    }
    for (uint64_t i = random.Uniform(4); i > 0; --i) {
      const int level = static_cast<int>(random.Uniform(3));
      // Deeper levels: one table per slot of ten keys, so that none overlap.
      const uint64_t slot = random.Uniform(40);
      const bool is_taken = std::any_of(model.begin(), model.end(), [&](const auto& entry) {
        return entry.second.first == level && level > 0 && entry.second.second.file_bytes == slot;
      });
      if (is_taken) continue;
      char smallest[16], largest[16];
      std::snprintf(smallest, sizeof(smallest), "key%05d", static_cast<int>(slot * 10));
      std::snprintf(largest, sizeof(largest), "key%05d", static_cast<int>(slot * 10 + random.Uniform(10)));
      TableMeta meta = MetaOf(next_number++, smallest, largest, next_seq, next_seq + 1);
      meta.file_bytes = slot;
      next_seq += 2;
      model[meta.number] = {level, meta};
      edit.added_tables.emplace_back(level, meta);
    }
    ASSERT_TRUE(Apply(edit).ok()) << step << edit.ToString();
    version_->CheckInvariants();
    ASSERT_EQ(version_->TableCount(), model.size());
    for (int level = 0; level < 3; ++level) {
      for (const uint64_t number : NumbersOf(level)) ASSERT_EQ(model.at(number).first, level);
    }
  }
}

void CompareFinds(const KeyOrder& order, const std::string& prefix, Random* random) {
  const TestTables tables(order);
  std::vector<TableFilePtr> files;
  for (const TableMeta& meta : DisjointTables(order, random, prefix, 1 + random->Uniform(40)))
    files.push_back(tables.Maker()(meta));
  const Run run(order, files);
  run.CheckInvariants(order);
  for (int i = 0; i < 200; ++i) {
    const std::string key = RandomKey(random, random->OneIn(5) ? std::string() : prefix);
    const SeekKey seek(key, random->Uniform(4));
    size_t by_user_key = 0;
    while (by_user_key < files.size() && order.Compare(files[by_user_key]->largest_user_key(), key) < 0) ++by_user_key;
    size_t by_internal_key = 0;
    while (by_internal_key < files.size() &&
           order.CompareInternal(files[by_internal_key]->meta().largest.Encode(), seek.Encode()) < 0)
      ++by_internal_key;
    ASSERT_EQ(run.FindUserKey(order, key), by_user_key);
    ASSERT_EQ(run.FindInternalKey(order, seek.Encode()), by_internal_key);
    const Run::Span span = run.TablesFor(order, seek);
    const bool is_inside =
        by_internal_key < files.size() && order.Compare(files[by_internal_key]->smallest_user_key(), key) <= 0;
    ASSERT_EQ(span.last - span.first, is_inside ? 1u : 0u) << key;
    ASSERT_TRUE(!is_inside || span.first == by_internal_key);
  }
}

TEST_F(VersionTest, RunsFindTables) {
  Random random(TestSeed());
  const BackwardOrder backward;
  for (int round = 0; round < 20; ++round) {
    CompareFinds(KeyOrder::Bytewise(), "", &random);
    CompareFinds(KeyOrder::Bytewise(), "a common prefix ", &random);
    CompareFinds(KeyOrder::Bytewise(), std::string("\0\0", 2), &random);
    CompareFinds(KeyOrder::ReverseBytewise(), "prefix", &random);
    CompareFinds(KeyOrder::Custom(&backward), "prefix", &random);
  }
}

bool Overlaps(const TableMeta& meta, const std::string* begin, const std::string* end) {
  return (begin == nullptr || meta.largest.user_key() >= *begin) &&
         (end == nullptr || meta.smallest.user_key() <= *end);
}

TEST_F(VersionTest, FindsOverlap) {
  Random random(TestSeed());
  for (int round = 0; round < 30; ++round) {
    version_ = Empty();
    const auto metas = DisjointTables(KeyOrder::Bytewise(), &random, "", 1 + random.Uniform(20));
    VersionEdit edit;
    for (const TableMeta& meta : metas) edit.added_tables.emplace_back(2, meta);
    ASSERT_TRUE(Apply(edit).ok());
    for (int i = 0; i < 50; ++i) {
      std::string begin = RandomKey(&random, "");
      std::string end = RandomKey(&random, "");
      if (begin > end) std::swap(begin, end);
      const Slice begin_slice = begin;
      const Slice end_slice = end;
      const bool has_begin = !random.OneIn(5);
      const bool has_end = !random.OneIn(5);
      Numbers expected;
      for (const TableMeta& meta : metas) {
        if (Overlaps(meta, has_begin ? &begin : nullptr, has_end ? &end : nullptr)) expected.push_back(meta.number);
      }
      ASSERT_EQ(Of(version_->Overlapping(2, has_begin ? &begin_slice : nullptr, has_end ? &end_slice : nullptr)),
                expected);
      const bool any =
          std::any_of(metas.begin(), metas.end(), [&](const auto& m) { return Overlaps(m, &begin, &end); });
      ASSERT_EQ(version_->AnyOverlap(1, begin, end), any);
      ASSERT_EQ(version_->AnyOverlap(2, begin, end), any);
      ASSERT_FALSE(version_->AnyOverlap(3, begin, end));
    }
  }
}

TEST_F(VersionTest, AnExclusiveEndDoesNotOverlap) {
  TableMeta meta = MetaOf(1, "a", "m");
  meta.largest = InternalKey("m", kSeqMax, Kind::kRangeDelete);
  ASSERT_TRUE(Apply(Adding({{1, meta}, {1, MetaOf(2, "m", "z")}})).ok());
  const Slice m = "m";
  EXPECT_EQ(Of(version_->Overlapping(1, &m, nullptr)), (Numbers{2}));
  const Slice l = "l";
  EXPECT_EQ(Of(version_->Overlapping(1, &l, &m)), (Numbers{1, 2}));
}

TEST_F(VersionTest, Level0OverlapGrows) {
  ASSERT_TRUE(Apply(Adding({{0, MetaOf(1, "a", "c", 1, 2)},
                            {0, MetaOf(2, "c", "e", 3, 4)},
                            {0, MetaOf(3, "e", "g", 5, 6)},
                            {0, MetaOf(4, "x", "z", 7, 8)}}))
                  .ok());
  const Slice b = "b";
  EXPECT_EQ(Of(version_->Overlapping(0, &b, &b)), (Numbers{1}));
  EXPECT_EQ(Of(version_->Overlapping(0, &b, &b, true)), (Numbers{3, 2, 1}));
  EXPECT_EQ(Of(version_->Overlapping(0, nullptr, &b, true)), (Numbers{3, 2, 1}));
  EXPECT_EQ(Of(version_->Overlapping(0, nullptr, nullptr)), (Numbers{4, 3, 2, 1}));
}

TEST_F(VersionTest, ThousandsOfTablesApplyQuickly) {
  // A guard against quadratic work: 20 000 tables, then 50 small edits. Quadratic, this would take minutes.
  VersionEdit edit;
  for (int i = 0; i < 20000; ++i) {
    char key[16];
    std::snprintf(key, sizeof(key), "%08d", i);
    edit.added_tables.emplace_back(6, MetaOf(static_cast<uint64_t>(i) + 1, key, key));
  }
  ASSERT_TRUE(Apply(edit).ok());
  for (uint64_t i = 1; i <= 50; ++i) ASSERT_TRUE(Apply(Deleting({{6, i * 7}})).ok());
  EXPECT_EQ(version_->TableCount(), 19950u);
}

}  // namespace
}  // namespace gneiss
