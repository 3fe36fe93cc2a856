// Families with timestamps: random writes, snapshots, flushes, compactions, reopenings and starts of history against a
// model that keeps every write; and the bytes of docs/formats/timestamps.md.

#include <deque>
#include <set>

#include "engine/base/random.h"
#include "engine/base/test_seed.h"
#include "engine/db/database_test_util.h"
#include "engine/key/timestamp_test_order.h"
#include "engine/table/timestamp_collector.h"

namespace gneiss {
namespace {

std::string Ts(uint64_t time) { return TimestampTestOrder::Timestamp(time); }
std::string Stored(Slice key, uint64_t time) { return TimestampTestOrder::Stored(key, time); }
uint64_t TimeOf(Slice timestamp) { return DecodeU64(timestamp.data()); }

struct Version {
  std::string key;
  uint64_t time = 0;
  std::optional<std::string> value;  // none: deleted
  bool operator==(const Version& other) const { return key == other.key && time == other.time && value == other.value; }
};

void PrintTo(const Version& version, std::ostream* out) {
  *out << version.key << '@' << version.time << (version.value ? "=" + *version.value : "(deleted)");
}

// Every write in order; reads look through all of them.
class Model {
 public:
  struct Op {
    std::string key, end;  // [key, end) where end is not empty
    uint64_t time = 0;
    std::optional<std::string> value;
  };
  void Add(Op op) { ops_.push_back(std::move(op)); }
  size_t size() const { return ops_.size(); }

  // What a reader that sees the first `count` writes finds at `time`: the newest write over the key.
  const Op* Find(const std::string& key, uint64_t time, size_t count) const {
    for (size_t i = count; i-- > 0;) {
      const Op& op = ops_[i];
      if (op.time <= time && Covers(op, key)) return &op;
    }
    return nullptr;
  }
  std::set<std::string> Keys(size_t count) const {
    std::set<std::string> keys;
    for (size_t i = 0; i < count; ++i) {
      if (ops_[i].end.empty()) keys.insert(ops_[i].key);
    }
    return keys;
  }
  std::string Describe(const std::string& key, size_t count) const {
    std::string text;
    for (size_t i = 0; i < ops_.size(); ++i) {
      const Op& op = ops_[i];
      if (!Covers(op, key)) continue;
      text += (i >= count ? "  later: " : "  ") + std::to_string(op.time) +
              (op.end.empty() ? op.value ? "=" + std::to_string(op.value->size()) : " deleted" : " range " + op.end);
    }
    return text;
  }
  std::vector<Version> Scan(uint64_t time, size_t count) const {
    std::vector<Version> found;
    for (const std::string& key : Keys(count)) {
      const Op* const op = Find(key, time, count);
      if (op != nullptr && op->value) found.push_back({key, op->time, op->value});
    }
    return found;
  }
  // Point writes between two times, newest first, without those that a range deletion hides or that were written over.
  std::vector<Version> Versions(uint64_t start, uint64_t time, size_t count) const {
    std::vector<Version> found;
    for (const std::string& key : Keys(count)) {
      uint64_t last_time = UINT64_MAX;
      for (size_t i = count; i-- > 0;) {
        const Op& op = ops_[i];
        if (op.time > time || !Covers(op, key)) continue;
        if (!op.end.empty()) break;
        if (op.time < start) break;
        if (op.time != last_time) found.push_back({key, op.time, op.value});
        last_time = op.time;
      }
    }
    return found;
  }

 private:
  static bool Covers(const Op& op, const std::string& key) {
    return op.end.empty() ? op.key == key : op.key <= key && key < op.end;
  }
  std::vector<Op> ops_;
};

class TimestampsTest : public DatabaseTest {
 protected:
  TimestampsTest() {
    family_.config.order = TimestampTestOrder::Get();
    family_.config.table_read.order = TimestampTestOrder::Get();
  }

  Version Get(const std::string& key, uint64_t time, const Snapshot* snapshot = nullptr) {
    PinnedValue value;
    const std::string timestamp = Ts(time);
    const Slice at(timestamp);
    std::string found;
    const Status status =
        database_->GetAt({.snapshot = snapshot, .timestamp = &at}, handles_[0].get(), key, &value, &found);
    EXPECT_TRUE(status.ok() || status.IsNotFound()) << status.ToString();
    return {key, found.empty() ? UINT64_MAX : TimeOf(found),
            status.ok() ? std::optional(std::string(value.slice())) : std::nullopt};
  }
  std::unique_ptr<DbIterator> NewIterator(const uint64_t* start, uint64_t time, const Snapshot* snapshot) {
    timestamp_ = Ts(time);
    at_ = timestamp_;
    IteratorParams params{.snapshot = snapshot, .timestamp = &at_};
    if (start != nullptr) {
      start_timestamp_ = Ts(*start);
      from_ = start_timestamp_;
      params.start_timestamp = &from_;
    }
    return database_->NewIterator(params, handles_[0]);
  }
  // Times before the start of history may have become zero: they are shown as zero in both.
  std::vector<Version> Scan(uint64_t time, const Snapshot* snapshot, bool is_forward) {
    std::vector<Version> found;
    const auto it = NewIterator(nullptr, time, snapshot);
    for (is_forward ? it->SeekToFirst() : it->SeekToLast(); it->Valid(); is_forward ? it->Next() : it->Prev()) {
      found.push_back({std::string(it->key()), TimeOf(it->timestamp()), std::string(it->value())});
    }
    EXPECT_TRUE(it->status().ok()) << it->status().ToString();
    if (!is_forward) std::reverse(found.begin(), found.end());
    return found;
  }
  std::vector<Version> Versions(uint64_t start, uint64_t time, const Snapshot* snapshot, bool is_forward) {
    std::vector<Version> found;
    const auto it = NewIterator(&start, time, snapshot);
    for (is_forward ? it->SeekToFirst() : it->SeekToLast(); it->Valid(); is_forward ? it->Next() : it->Prev()) {
      const Slice internal_key = it->stored_internal_key();
      const bool is_deletion = IsDeletion(TrailerKind(TrailerOf(internal_key)));
      EXPECT_EQ(it->key(), UserKeyOf(internal_key));
      found.push_back({std::string(family_.config.order.BareKey(it->key())), TimeOf(it->timestamp()),
                       is_deletion ? std::nullopt : std::optional(std::string(it->value()))});
    }
    EXPECT_TRUE(it->status().ok()) << it->status().ToString();
    if (!is_forward) std::reverse(found.begin(), found.end());
    return found;
  }
  std::vector<std::string> Entries() {
    std::vector<std::string> keys;
    const auto it = database_->NewEntryIterator(handles_[0]);
    for (it->SeekToFirst(); it->Valid(); it->Next()) keys.emplace_back(it->key());
    return keys;
  }

 private:
  std::string timestamp_, start_timestamp_;
  Slice at_, from_;
};

std::vector<Version> WithoutTimesBefore(uint64_t start, std::vector<Version> versions) {
  for (Version& version : versions) {
    if (version.time < start) version.time = 0;
  }
  return versions;
}

class TimestampsModelTest : public TimestampsTest, public testing::WithParamInterface<uint64_t> {};

TEST_P(TimestampsModelTest, Agrees) {
  const uint64_t seed = TestSeed(GetParam());
  SCOPED_TRACE("GNEISS_SEED=" + std::to_string(seed));
  Random random(seed);
  family_.config.write_buffer_bytes = 16 << 10;
  family_.config.compaction.target_file_bytes_base = 8 << 10;
  family_.config.compaction.level_base_bytes_max = 32 << 10;
  family_.config.compaction.subcompactions_max = 2;
  family_.config.table_format.block_bytes = 512;
  ASSERT_TRUE(Open().ok());
  Model model;
  uint64_t now = 1;
  uint64_t start = 0;  // of history
  struct Held {
    const Snapshot* snapshot;
    size_t count;
  };
  std::vector<Held> held;
  std::set<std::string> single;  // keys that a single delete may end, and have a value
  const auto key_of = [&] { return "key" + std::to_string(random.Uniform(60)); };
  const auto release = [&](size_t i) {
    database_->ReleaseSnapshot(held[i].snapshot);
    held.erase(held.begin() + static_cast<ptrdiff_t>(i));
  };
  const auto check = [&](const Snapshot* snapshot, size_t count) {
    const uint64_t time = start + random.Uniform(now - start + 2);
    const std::string key = key_of();
    const Model::Op* const op = model.Find(key, time, count);
    const Version got = Get(key, time, snapshot);
    ASSERT_EQ(op == nullptr ? std::nullopt : op->value, got.value)
        << key << " at " << time << " found time " << got.time << " snapshot " << (snapshot != nullptr) << " start "
        << start << ":" << model.Describe(key, count);
    if (op != nullptr && op->time >= start) {
      ASSERT_EQ(op->time, got.time) << key << " at " << time;
    }
    if (!random.OneIn(40)) return;
    const std::vector<Version> expected = WithoutTimesBefore(start, model.Scan(time, count));
    ASSERT_EQ(expected, WithoutTimesBefore(start, Scan(time, snapshot, true))) << time;
    ASSERT_EQ(expected, WithoutTimesBefore(start, Scan(time, snapshot, false))) << time;
    const uint64_t from = start + random.Uniform(time - start + 1);
    const std::vector<Version> versions = model.Versions(from, time, count);
    ASSERT_EQ(versions, Versions(from, time, snapshot, true)) << from << ".." << time;
    ASSERT_EQ(versions, Versions(from, time, snapshot, false)) << from << ".." << time;
  };
  for (int step = 0; step < 1200; ++step) {
    const uint64_t dice = random.Uniform(1000);
    if (dice < 10) {
      ASSERT_TRUE(database_->Flush({}, handles_).ok());
    } else if (dice < 13) {
      CompactRangeParams params{.bottommost = CompactRangeParams::Bottommost::kForce};
      ASSERT_TRUE(database_->CompactRange(params, handles_[0], nullptr, nullptr).ok());
    } else if (dice < 16) {
      while (!held.empty()) release(0);
      ASSERT_TRUE(Open().ok());
      ASSERT_EQ(start == 0 ? "" : Ts(start), handles_[0]->HistoryStart());
    } else if (dice < 22 && held.size() < 4) {
      held.push_back({database_->GetSnapshot(), model.size()});
    } else if (dice < 28 && !held.empty()) {
      release(random.Uniform(held.size()));
    } else if (dice < 32 && now > 40) {
      start = std::max(start, now - random.Uniform(40));
      ASSERT_TRUE(database_->RaiseHistoryStart(handles_[0], Ts(start)).ok());
    } else if (dice < 45) {
      std::string begin = key_of();
      std::string end = key_of();
      if (end < begin) std::swap(begin, end);
      if (begin == end) continue;
      ++now;
      ASSERT_TRUE(database_->Write({}, Batch().DeleteRange(Stored(begin, now), Stored(end, now)).rep()).ok());
      model.Add({begin, end, now, std::nullopt});
    } else {
      Batch batch;
      now += random.Uniform(2);  // a time may come again: then it is written over
      if (model.size() > 0 && random.OneIn(3)) ++now;
      std::set<std::string> in_batch;
      for (uint64_t i = 0; i <= random.Uniform(6); ++i) {
        const std::string key = key_of();
        if (!in_batch.insert(key).second) continue;
        if (random.OneIn(4)) {
          batch.Delete(Stored(key, now));
          model.Add({key, "", now, std::nullopt});
        } else {
          const std::string value(random.Uniform(120), static_cast<char>('a' + random.Uniform(26)));
          batch.Put(Stored(key, now), value);
          model.Add({key, "", now, value});
        }
      }
      const std::string once = "once" + std::to_string(random.Uniform(8));
      if (random.OneIn(4)) {
        ++now;
        if (single.erase(once) == 1) {
          batch.SingleDelete(Stored(once, now));
          model.Add({once, "", now, std::nullopt});
        } else {
          single.insert(once);
          batch.Put(Stored(once, now), "o");
          model.Add({once, "", now, "o"});
        }
      }
      ASSERT_TRUE(database_->Write({}, batch.rep()).ok());
    }
    check(nullptr, model.size());
    if (HasFatalFailure()) return;
    if (held.empty()) continue;
    const Held& one = held[random.Uniform(held.size())];
    check(one.snapshot, one.count);
    if (HasFatalFailure()) return;
  }
  while (!held.empty()) release(0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, TimestampsModelTest, testing::Values(1, 2, 3, 4));

TEST_F(TimestampsTest, BytesOfTheFormatPage) {
  ASSERT_TRUE(Open().ok());
  Batch noise;
  for (int i = 0; i < 8; ++i) noise.Put(Stored("z", 1), "z");
  ASSERT_TRUE(database_->Write({}, noise.rep()).ok());
  Batch batch;
  batch.Put(Stored("k", 5), "v").Delete(Stored("k", 6));
  EXPECT_EQ(std::string("\x01\x09\x6b\x05\0\0\0\0\0\0\0\x01\x76"
                        "\0\x09\x6b\x06\0\0\0\0\0\0\0",
                        24),
            batch.rep()->substr(kBatchHeaderBytes));
  ASSERT_TRUE(database_->Write({}, batch.rep()).ok());
  for (int round = 0; round < 2; ++round) {
    const std::vector<std::string> entries = Entries();
    ASSERT_GE(entries.size(), 2u);
    EXPECT_EQ(std::string("\x6b\x06\0\0\0\0\0\0\0\x14\x0a\0\0\0\0\0\0", 17), entries[0]);
    EXPECT_EQ(std::string("\x6b\x05\0\0\0\0\0\0\0\x01\x09\0\0\0\0\0\0", 17), entries[1]);
    ASSERT_TRUE(database_->Flush({}, handles_).ok());
  }
  const FamilyFacts facts = database_->Facts(handles_[0]);
  ReaderRef reader;
  ASSERT_TRUE(facts.version->level(0).runs[0]->tables()[0]->Reader(0, &reader).ok());
  EXPECT_EQ(Ts(1), reader->properties().user.at(kTimestampMinProperty));
  EXPECT_EQ(Ts(6), reader->properties().user.at(kTimestampMaxProperty));

  ASSERT_TRUE(database_->RaiseHistoryStart(handles_[0], Ts(7)).ok());
  const CompactRangeParams params{.bottommost = CompactRangeParams::Bottommost::kForce};
  ASSERT_TRUE(database_->CompactRange(params, handles_[0], nullptr, nullptr).ok());
  EXPECT_EQ(1u, Entries().size());  // z alone
}

TEST_F(TimestampsTest, TheLastVersionBeforeTheStartLosesItsTime) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(database_->Write({}, Batch().Put(Stored("k", 5), "v").rep()).ok());
  ASSERT_TRUE(database_->RaiseHistoryStart(handles_[0], Ts(7)).ok());
  ASSERT_TRUE(database_->Flush({}, handles_).ok());
  const CompactRangeParams params{.bottommost = CompactRangeParams::Bottommost::kForce};
  ASSERT_TRUE(database_->CompactRange(params, handles_[0], nullptr, nullptr).ok());
  EXPECT_EQ(std::vector<std::string>{std::string("\x6b\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0", 17)}, Entries());
}

TEST_F(TimestampsTest, KeysTooShortForATimestampAreRefused) {
  ASSERT_TRUE(Open().ok());
  EXPECT_TRUE(database_->Write({}, Batch().Put("1234567", "v").rep()).IsInvalidArgument());
  EXPECT_TRUE(database_->Write({}, Batch().DeleteRange(Stored("a", 1), "b").rep()).IsInvalidArgument());
  EXPECT_TRUE(database_->Write({}, Batch().Put(Stored("", 1), "v").rep()).ok());
  EXPECT_EQ("v", Get("", 1).value);
}

TEST_F(TimestampsTest, ReadsBeforeTheStartOfHistoryAreRefused) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(database_->RaiseHistoryStart(handles_[0], Ts(7)).ok());
  EXPECT_TRUE(database_->RaiseHistoryStart(handles_[0], Ts(6)).IsInvalidArgument());
  const std::string timestamp = Ts(6);
  const Slice at(timestamp);
  PinnedValue value;
  EXPECT_TRUE(database_->GetAt({.timestamp = &at}, handles_[0].get(), "k", &value, nullptr).IsInvalidArgument());
  const auto it = NewIterator(nullptr, 6, nullptr);
  it->SeekToFirst();
  EXPECT_FALSE(it->Valid());
  EXPECT_TRUE(it->status().IsInvalidArgument());
}

}  // namespace
}  // namespace gneiss
