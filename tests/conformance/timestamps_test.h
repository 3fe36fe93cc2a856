// A database whose families have user-defined timestamps, with the comparator whose timestamps are 64-bit numbers, and
// short names for what the cases about them do.
//
// Owner, threads and errors: as DbTest.
#pragma once

#include <rocksdb/comparator.h>
#include <rocksdb/convenience.h>

#include "tests/conformance/db_test.h"

namespace gneiss::conformance {

inline std::string Ts(uint64_t time) {
  std::string bytes(8, '\0');
  for (size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(time >> (8 * i));
  return bytes;
}

inline uint64_t TimeOf(const Slice& bytes) {
  uint64_t time = 0;
  for (size_t i = bytes.size(); i-- > 0;) time = time << 8 | static_cast<uint8_t>(bytes[i]);
  return time;
}

inline const Comparator* WithTimestamps() {
  const Comparator* comparator = nullptr;
  EXPECT_OK(Comparator::CreateFromString(ConfigOptions(), "leveldb.BytewiseComparator.u64ts", &comparator));
  return comparator;
}

class TimestampTest : public DbTest {
 protected:
  TimestampTest() {
    options_.comparator = WithTimestamps();
    options_.disable_auto_compactions = true;
  }

  Status PutAt(uint64_t time, const std::string& key, const std::string& value, size_t family = 0) {
    return db()->Put(write_options_, Family(family), key, Ts(time), value);
  }
  Status DeleteAt(uint64_t time, const std::string& key, size_t family = 0) {
    return db()->Delete(write_options_, Family(family), key, Ts(time));
  }
  Status SingleDeleteAt(uint64_t time, const std::string& key) {
    return db()->SingleDelete(write_options_, Family(0), key, Ts(time));
  }
  Status DeleteRangeAt(uint64_t time, const std::string& begin, const std::string& end) {
    return db()->DeleteRange(write_options_, Family(0), begin, end, Ts(time));
  }

  // ReadOptions hold a pointer to the timestamp.
  ReadOptions At(uint64_t time) { return From(nullptr, time); }
  ReadOptions From(const uint64_t* start, uint64_t time) {
    ReadOptions options = read_options_;
    options.timestamp = Keep(Ts(time));
    if (start != nullptr) options.iter_start_ts = Keep(Ts(*start));
    return options;
  }
  const Slice* Keep(std::string bytes) {
    kept_.push_back(std::make_unique<std::string>(std::move(bytes)));
    slices_.push_back(std::make_unique<Slice>(*kept_.back()));
    return slices_.back().get();
  }

  // "value@time", "(none)@time" where it was deleted, "(none)" where it never was, or the text of the status.
  std::string GetTimed(uint64_t time, const std::string& key, size_t family = 0) {
    return GetTimed(At(time), key, family);
  }
  std::string GetTimed(const ReadOptions& options, const std::string& key, size_t family = 0) {
    PinnableSlice value;
    std::string found = "not touched";
    const Status status = db()->Get(options, Family(family), key, &value, &found);
    if (!status.ok() && !status.IsNotFound()) return status.ToString();
    const std::string shown = status.ok() ? value.ToString() : "(none)";
    return found.empty() ? shown : shown + "@" + std::to_string(TimeOf(found));
  }

  static std::string Entry(const Iterator& it) {
    return it.key().ToString() + "=" + it.value().ToString() + "@" + std::to_string(TimeOf(it.timestamp()));
  }
  std::string ScanAt(uint64_t time, size_t family = 0) { return ScanTimed(At(time), family); }
  std::string ScanTimed(const ReadOptions& options, size_t family = 0) {
    const auto it = NewIterator(options, family);
    std::string all;
    for (it->SeekToFirst(); it->Valid(); it->Next()) all += (all.empty() ? "" : " ") + Entry(*it);
    return it->status().ok() ? all : it->status().ToString();
  }
  std::string ScanBackAt(uint64_t time, size_t family = 0) { return ScanBackTimed(At(time), family); }
  std::string ScanBackTimed(const ReadOptions& options, size_t family = 0) {
    const auto it = NewIterator(options, family);
    std::string all;
    for (it->SeekToLast(); it->Valid(); it->Prev()) all += (all.empty() ? "" : " ") + Entry(*it);
    return it->status().ok() ? all : it->status().ToString();
  }

  // With iter_start_ts: "a@5=v a@3(deleted)". The key is an internal one: user key, timestamp, eight bytes.
  static std::string Version(const Iterator& it) {
    const Slice key = it.key();
    EXPECT_GE(key.size(), 16u);
    const Slice time(key.data() + key.size() - 16, 8);
    EXPECT_EQ(time, it.timestamp());
    const auto kind = static_cast<uint8_t>(key[key.size() - 8]);
    const std::string user_key(key.data(), key.size() - 16);
    return user_key + "@" + std::to_string(TimeOf(time)) + (kind == 1 ? "=" + it.value().ToString() : "(deleted)");
  }
  std::string Versions(uint64_t start, uint64_t time) { return Versions(From(&start, time)); }
  std::string Versions(const ReadOptions& options) {
    const auto it = NewIterator(options);
    std::string all;
    for (it->SeekToFirst(); it->Valid(); it->Next()) all += (all.empty() ? "" : " ") + Version(*it);
    return it->status().ok() ? all : it->status().ToString();
  }
  // Whatever the kind of the value.
  std::string BlobVersions(uint64_t start, uint64_t time) {
    const auto it = NewIterator(From(&start, time));
    std::string all;
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
      all += (all.empty() ? "" : " ") + std::string(it->key().data(), it->key().size() - 16) + "@" +
             std::to_string(TimeOf(it->timestamp())) + "=" + it->value().ToString();
    }
    return it->status().ok() ? all : it->status().ToString();
  }
  std::string VersionsBack(uint64_t start, uint64_t time) {
    const auto it = NewIterator(From(&start, time));
    std::string all;
    for (it->SeekToLast(); it->Valid(); it->Prev()) all += (all.empty() ? "" : " ") + Version(*it);
    return it->status().ok() ? all : it->status().ToString();
  }

  // a: 1 at 10, 2 at 20, gone at 30; b: 1 at 15; c: 1 at 5, gone at 6, 2 at 40.
  void PutHistory() {
    ASSERT_OK(PutAt(5, "c", "c1"));
    ASSERT_OK(DeleteAt(6, "c"));
    ASSERT_OK(PutAt(10, "a", "a1"));
    ASSERT_OK(PutAt(15, "b", "b1"));
    ASSERT_OK(PutAt(20, "a", "a2"));
    ASSERT_OK(DeleteAt(30, "a"));
    ASSERT_OK(PutAt(40, "c", "c2"));
  }
  void ExpectHistory() {
    EXPECT_EQ("(none)", GetTimed(4, "c"));
    EXPECT_EQ("c1@5", GetTimed(5, "c"));
    EXPECT_EQ("(none)@6", GetTimed(39, "c"));
    EXPECT_EQ("c2@40", GetTimed(40, "c"));
    EXPECT_EQ("(none)", GetTimed(9, "a"));
    EXPECT_EQ("a1@10", GetTimed(10, "a"));
    EXPECT_EQ("a1@10", GetTimed(19, "a"));
    EXPECT_EQ("a2@20", GetTimed(29, "a"));
    EXPECT_EQ("(none)@30", GetTimed(100, "a"));
    EXPECT_EQ("(none)", GetTimed(100, "d"));
    EXPECT_EQ("", ScanAt(4));
    EXPECT_EQ("c=c1@5", ScanAt(5));
    EXPECT_EQ("a=a1@10 b=b1@15", ScanAt(15));
    EXPECT_EQ("a=a2@20 b=b1@15", ScanAt(29));
    EXPECT_EQ("b=b1@15 c=c2@40", ScanAt(UINT64_MAX));
    EXPECT_EQ("b=b1@15 a=a2@20", ScanBackAt(29));
    EXPECT_EQ("c=c2@40 b=b1@15", ScanBackAt(40));
    EXPECT_EQ("a@20=a2 a@10=a1 b@15=b1 c@6(deleted) c@5=c1", Versions(0, 29));
    EXPECT_EQ("a@30(deleted) a@20=a2 c@40=c2", Versions(20, 50));
    // Going back, RocksDB 7.8.3 also shows a key's last version where all of them are older than iter_start_ts.
    EXPECT_EQ(IsReference() ? "c@40=c2 b@15=b1 a@20=a2 a@30(deleted)" : "c@40=c2 a@20=a2 a@30(deleted)",
              VersionsBack(20, 50));
  }

 private:
  std::vector<std::unique_ptr<std::string>> kept_;
  std::vector<std::unique_ptr<Slice>> slices_;
};

}  // namespace gneiss::conformance
