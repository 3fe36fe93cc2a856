#include "engine/version/manifest.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "engine/io/file_name.h"
#include "engine/version/golden_manifest.h"

namespace gneiss {
namespace {

class ManifestTest : public ::testing::Test {
 protected:
  ManifestTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gneiss_manifest_XXXXXX").string();
    dir_ = mkdtemp(pattern.data());
  }
  ~ManifestTest() override { std::filesystem::remove_all(dir_); }

  void Write(const std::string& path, Slice contents) { ASSERT_TRUE(WriteWholeFile(fs_, path, contents, false).ok()); }
  // Makes `contents` the current MANIFEST.
  void SetManifest(Slice contents, uint64_t number = 5) {
    Write(ManifestName(dir_, number), contents);
    Write(CurrentName(dir_), ManifestName("", number).substr(1) + "\n");
  }
  // A MANIFEST of these edits.
  void SetEdits(const std::vector<VersionEdit>& edits) {
    std::unique_ptr<Manifest> manifest;
    ASSERT_TRUE(Manifest::Create(fs_, dir_, 5, edits, 0, &manifest).ok());
    ASSERT_TRUE(manifest->Close().ok());
  }
  Status Recover() { return RecoverManifest(fs_, dir_, &state_); }
  std::string RecoverText() { return Recover().ToString(); }
  std::string InManifest(const std::string& text) {
    return "Corruption: " + text + " in file " + ManifestName(dir_, 5);
  }
  std::string Contents(uint64_t number = 5) {
    std::string contents;
    EXPECT_TRUE(ReadWholeFile(fs_, ManifestName(dir_, number), &contents).ok());
    return contents;
  }

  FileSystem* const fs_ = FileSystem::Posix();
  std::string dir_;
  RecoveredState state_;
};

TableMeta Table(uint64_t number) {
  TableMeta table;
  table.number = number;
  table.file_bytes = 100 + number;
  table.smallest = InternalKey("a", 1, Kind::kPut);
  table.largest = InternalKey("b", 2, Kind::kPut);
  table.smallest_seq = 1;
  table.largest_seq = 2;
  return table;
}

// What RocksDB writes first into a new database.
VersionEdit NewDatabase() {
  VersionEdit edit;
  edit.log_number = 0;
  edit.next_file_number = 2;
  edit.last_seq = 0;
  return edit;
}

VersionEdit Adding(int level, uint64_t number) {
  VersionEdit edit;
  edit.added_tables.emplace_back(level, Table(number));
  return edit;
}

VersionEdit Deleting(int level, uint64_t number) {
  VersionEdit edit;
  edit.deleted_tables.emplace_back(level, number);
  return edit;
}

VersionEdit AddingFamily(uint32_t id, const std::string& name) {
  VersionEdit edit;
  edit.column_family_id = id;
  edit.added_column_family = name;
  return edit;
}

VersionEdit DroppingFamily(uint32_t id) {
  VersionEdit edit;
  edit.column_family_id = id;
  edit.drops_column_family = true;
  return edit;
}

VersionEdit InGroup(VersionEdit edit, uint32_t remaining) {
  edit.remaining_in_atomic_group = remaining;
  return edit;
}

// ---- what is recovered

TEST_F(ManifestTest, ReadsAManifestOfRocksDb) {
  SetManifest(FromHex(kGoldenManifestHex), 42);
  ASSERT_EQ(RecoverText(), "OK");
  EXPECT_EQ(state_.manifest_number, 42u);
  EXPECT_EQ(state_.manifest_bytes, 408u);
  EXPECT_EQ(state_.next_file_number, 47u);
  EXPECT_EQ(state_.last_seq, 4u);
  EXPECT_EQ(state_.max_column_family, 2u);
  EXPECT_EQ(state_.min_log_number_to_keep, 37u);
  ASSERT_EQ(state_.families.size(), 2u);
  const RecoveredFamily& family = state_.families[0];
  EXPECT_EQ(family.name, "default");
  EXPECT_EQ(family.comparator, "leveldb.BytewiseComparator");
  EXPECT_EQ(family.log_number, 37u);
  ASSERT_EQ(family.tables.at(1).size(), 1u);
  EXPECT_EQ(family.tables.at(1).at(45).file_bytes, 1003u);
  EXPECT_TRUE(family.tables.at(0).empty());
  EXPECT_EQ(state_.families[2].name, "cf2");
  std::vector<std::string> names;
  ASSERT_TRUE(ListManifestFamilies(fs_, dir_, &names).ok());
  EXPECT_EQ(names, (std::vector<std::string>{"default", "cf2"}));
}

TEST_F(ManifestTest, ReadsWhatItLogged) {
  std::unique_ptr<Manifest> manifest;
  ASSERT_TRUE(Manifest::Create(fs_, dir_, 5, {NewDatabase(), Adding(0, 7)}, 1 << 20, &manifest).ok());
  EXPECT_EQ(manifest->number(), 5u);
  VersionEdit logs;
  logs.added_wals = {{8, std::nullopt}, {9, 100}};
  VersionEdit synced;
  synced.added_wals = {{8, 50}};
  VersionEdit move = Deleting(0, 7);
  move.added_tables.emplace_back(2, Table(7));
  move.last_seq = 20;
  move.compact_cursors.emplace_back(1, InternalKey("m", 3, Kind::kPut));
  ASSERT_TRUE(manifest->Log({logs, synced, move}).ok());
  ASSERT_TRUE(manifest->Log({AddingFamily(3, "three")}).ok());
  ASSERT_TRUE(manifest->Close().ok());

  ASSERT_EQ(RecoverText(), "OK");
  EXPECT_EQ(state_.manifest_bytes, Contents().size());
  EXPECT_EQ(state_.next_file_number, 10u) << "above the logs";
  EXPECT_EQ(state_.last_seq, 20u);
  EXPECT_EQ(state_.wals.at(8), 50u);
  EXPECT_EQ(state_.families[0].tables.at(2).at(7).file_bytes, 107u);
  EXPECT_EQ(state_.families[0].compact_cursors.at(1).user_key(), "m");
  EXPECT_EQ(state_.families[3].name, "three");
  EXPECT_EQ(state_.max_column_family, 3u);
}

TEST_F(ManifestTest, ForgetsDeletedLogs) {
  VersionEdit added;
  added.added_wals = {{3, 10}, {8, 10}};
  VersionEdit deleted;
  deleted.deleted_wals_before = 8;
  VersionEdit late;
  late.added_wals = {{4, 10}};
  SetEdits({NewDatabase(), added, deleted, late});
  ASSERT_EQ(RecoverText(), "OK");
  EXPECT_EQ(state_.wals.size(), 1u);
  EXPECT_EQ(state_.wals.count(8), 1u);
}

TEST_F(ManifestTest, ForgetsDroppedFamilies) {
  VersionEdit in_one = Adding(0, 30);
  in_one.column_family_id = 1;
  SetEdits({NewDatabase(), AddingFamily(1, "one"), in_one, DroppingFamily(1), AddingFamily(2, "two")});
  ASSERT_EQ(RecoverText(), "OK");
  EXPECT_EQ(state_.families.size(), 2u);
  EXPECT_EQ(state_.families.count(1), 0u);
  EXPECT_EQ(state_.next_file_number, 31u) << "the dropped family's table may still be on disk";
}

TEST_F(ManifestTest, IgnoresALogNumberThatGoesBack) {
  VersionEdit forward;
  forward.log_number = 9;
  VersionEdit back;
  back.log_number = 4;
  SetEdits({NewDatabase(), forward, back});
  ASSERT_EQ(RecoverText(), "OK");
  EXPECT_EQ(state_.families[0].log_number, 9u);
}

// ---- atomic groups

TEST_F(ManifestTest, AppliesAtomicGroupsWhole) {
  SetEdits({NewDatabase(), InGroup(Adding(0, 7), 1), InGroup(Adding(0, 8), 0)});
  ASSERT_EQ(RecoverText(), "OK");
  EXPECT_EQ(state_.families[0].tables.at(0).size(), 2u);

  SetEdits({NewDatabase(), Adding(0, 6), InGroup(Adding(0, 7), 2), InGroup(Adding(0, 8), 1)});
  ASSERT_EQ(RecoverText(), "OK");
  EXPECT_EQ(state_.families[0].tables.at(0).size(), 1u) << "the last one is missing";
}

TEST_F(ManifestTest, RefusesBrokenAtomicGroups) {
  SetEdits({NewDatabase(), InGroup(Adding(0, 7), 2), InGroup(Adding(0, 8), 0)});
  EXPECT_EQ(RecoverText(), InManifest("corrupted atomic group"));
  SetEdits({NewDatabase(), InGroup(Adding(0, 7), 1), Adding(0, 8)});
  EXPECT_EQ(RecoverText(), InManifest("corrupted atomic group"));
  SetEdits({NewDatabase(), InGroup(Adding(0, 7), UINT32_MAX), Adding(0, 8)});
  EXPECT_EQ(RecoverText(), InManifest("corrupted atomic group"));
}

// ---- what is refused

TEST_F(ManifestTest, RefusesADamagedCurrent) {
  EXPECT_TRUE(Recover().IsPathNotFound());
  Write(CurrentName(dir_), "");
  EXPECT_EQ(RecoverText(), "Corruption: CURRENT file does not end with newline");
  Write(CurrentName(dir_), "MANIFEST-000005");
  EXPECT_EQ(RecoverText(), "Corruption: CURRENT file does not end with newline");
  Write(CurrentName(dir_), "000005.sst\n");
  EXPECT_EQ(RecoverText(), "Corruption: CURRENT file corrupted");
  Write(CurrentName(dir_), "MANIFEST-000005\n");
  EXPECT_TRUE(Recover().IsPathNotFound());
  std::vector<std::string> names;
  EXPECT_TRUE(ListManifestFamilies(fs_, dir_, &names).IsPathNotFound());
}

TEST_F(ManifestTest, NamesMissingEntries) {
  SetManifest("");
  EXPECT_EQ(RecoverText(), InManifest("no log_file_number, next_file_number, last_sequence entry in MANIFEST"));
  VersionEdit edit = NewDatabase();
  edit.next_file_number.reset();
  SetEdits({edit});
  EXPECT_EQ(RecoverText(), InManifest("no next_file_number entry in MANIFEST"));
}

TEST_F(ManifestTest, RefusesEditsThatDoNotFit) {
  SetEdits({NewDatabase(), AddingFamily(1, "one"), AddingFamily(1, "again")});
  EXPECT_EQ(RecoverText(), InManifest("MANIFEST adding the same column family twice: again"));
  std::vector<std::string> names;
  EXPECT_EQ(ListManifestFamilies(fs_, dir_, &names).ToString(),
            InManifest("Manifest adding the same column family twice"));
  SetEdits({NewDatabase(), DroppingFamily(1)});
  EXPECT_EQ(RecoverText(), InManifest("MANIFEST - dropping non-existing column family"));
  SetEdits({NewDatabase(), DroppingFamily(0)});
  EXPECT_EQ(RecoverText(), InManifest("MANIFEST - dropping the default column family"));
  VersionEdit unknown = Adding(0, 7);
  unknown.column_family_id = 4;
  SetEdits({NewDatabase(), unknown});
  EXPECT_EQ(RecoverText(), InManifest("MANIFEST record referencing unknown column family"));
  SetEdits({NewDatabase(), Deleting(1, 7)});
  EXPECT_EQ(RecoverText(),
            InManifest("VersionBuilder: Cannot delete table file #7 from level 1 since it is not in the LSM tree"));
  SetEdits({NewDatabase(), Adding(2, 7), Deleting(1, 7)});
  EXPECT_EQ(RecoverText(),
            InManifest("VersionBuilder: Cannot delete table file #7 from level 1 since it is on level 2"));
  SetEdits({NewDatabase(), Adding(2, 7), Adding(1, 7)});
  EXPECT_EQ(RecoverText(), InManifest("VersionBuilder: Cannot add table file #7 to level 1 since it is already in the "
                                      "LSM tree on level 2"));
  VersionEdit log;
  log.added_wals = {{8, std::nullopt}};
  SetEdits({NewDatabase(), log, log});
  EXPECT_EQ(RecoverText(), InManifest("WalSet::AddWal: WAL 8 is created more than once"));
}

TEST_F(ManifestTest, FoldsBlobFiles) {
  VersionEdit adds;
  adds.added_blob_files.push_back({.number = 90, .blob_count = 5, .blob_bytes = 500});
  VersionEdit wastes;
  wastes.blob_garbage.push_back({.file_number = 90, .blob_count = 2, .blob_bytes = 150});
  SetEdits({NewDatabase(), adds, wastes, wastes});
  ASSERT_TRUE(Recover().ok());
  const auto& [file, garbage] = state_.families[0].blob_files.at(90);
  EXPECT_EQ(file.blob_bytes, 500u);
  EXPECT_EQ(file.FileBytes(), 562u);
  EXPECT_EQ(garbage.blob_count, 4u);
  EXPECT_EQ(garbage.blob_bytes, 300u);
  EXPECT_EQ(state_.next_file_number, 91u);
}

TEST_F(ManifestTest, NamesContradictionsOfBlobFiles) {
  VersionEdit adds;
  adds.added_blob_files.push_back({.number = 90, .blob_count = 5, .blob_bytes = 500});
  VersionEdit wastes;
  wastes.blob_garbage.push_back({.file_number = 90, .blob_count = 3, .blob_bytes = 150});
  SetEdits({NewDatabase(), adds, adds});
  EXPECT_EQ(RecoverText(), InManifest("VersionBuilder: Blob file #90 already added"));
  SetEdits({NewDatabase(), wastes});
  EXPECT_EQ(RecoverText(), InManifest("VersionBuilder: Blob file #90 not found"));
  SetEdits({NewDatabase(), adds, wastes, wastes});
  EXPECT_EQ(RecoverText(), InManifest("VersionBuilder: Garbage overflow for blob file #90"));
}

// ---- damage to the file

TEST_F(ManifestTest, ATornTailIsDropped) {
  const std::string whole = FromHex(kGoldenManifestHex);
  size_t recovered = 0;
  for (size_t size = 0; size <= whole.size(); ++size) {
    SetManifest(Slice(whole).substr(0, size));
    const Status status = Recover();
    if (status.ok()) {
      ++recovered;
      EXPECT_LE(state_.manifest_bytes, size);
    } else {
      ASSERT_TRUE(status.message().substr(0, 3) == "no ") << size << status.ToString();
    }
  }
  EXPECT_GT(recovered, whole.size() / 3);
}

TEST_F(ManifestTest, EveryChangedByteIsReadOrRefused) {
  const std::string whole = FromHex(kGoldenManifestHex);
  size_t refused = 0;
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
    SetManifest(changed);
    const Status status = Recover();
    refused += !status.ok();
    std::vector<std::string> names;
    ListManifestFamilies(fs_, dir_, &names).IgnoreError("only that it returns is of interest");
  }
  // A changed length in the last record looks like a torn tail.
  EXPECT_GE(refused, whole.size() - 16);
}

TEST_F(ManifestTest, AFailedCreateLeavesCurrentAlone) {
  SetEdits({NewDatabase()});
  std::unique_ptr<Manifest> manifest;
  EXPECT_FALSE(Manifest::Create(fs_, dir_ + "/missing", 6, {NewDatabase()}, 0, &manifest).ok());
  EXPECT_EQ(manifest, nullptr);
  EXPECT_EQ(RecoverText(), "OK");
}

// ---- following

class ManifestFollowerTest : public ManifestTest {
 protected:
  // "5 7 (changed)": the default family's tables.
  std::string ReadOn() {
    bool has_changed = false;
    const Status status = follower_.ReadOn(&has_changed);
    if (!status.ok()) return status.ToString();
    std::string text;
    for (const auto& [level, tables] : follower_.state().families.at(0).tables) {
      for (const auto& [number, table] : tables) text += std::to_string(number) + " ";
    }
    return text + (has_changed ? "(changed)" : "(as before)");
  }
  VersionEdit Adding(uint64_t number) {
    VersionEdit edit;
    edit.log_number = 3;
    edit.next_file_number = 20;
    edit.last_seq = number;
    edit.added_tables.emplace_back(0, Table(number));
    return edit;
  }

  ManifestFollower follower_{fs_, dir_};
};

TEST_F(ManifestFollowerTest, ReadsWhatWasWrittenSince) {
  EXPECT_EQ("IO error", ReadOn().substr(0, 8));  // there is none
  std::unique_ptr<Manifest> manifest;
  ASSERT_TRUE(Manifest::Create(fs_, dir_, 5, {Adding(7)}, 0, &manifest).ok());
  EXPECT_EQ("7 (changed)", ReadOn());
  EXPECT_EQ("7 (as before)", ReadOn());
  ASSERT_TRUE(manifest->Log({Adding(8)}).ok());
  EXPECT_EQ("7 8 (changed)", ReadOn());
  EXPECT_EQ(8u, follower_.state().last_seq);
  ASSERT_TRUE(Recover().ok());
  EXPECT_EQ(state_.next_file_number, follower_.state().next_file_number);
  EXPECT_EQ(state_.manifest_bytes, follower_.state().manifest_bytes);
  VersionEdit removing;
  removing.deleted_tables.emplace_back(0, 7);
  ASSERT_TRUE(manifest->Log({removing}).ok());
  EXPECT_EQ("8 (changed)", ReadOn());
  // Half an edit is no edit yet.
  const std::string before = Contents();
  ASSERT_TRUE(manifest->Log({Adding(9)}).ok());
  const std::string after = Contents();
  Write(ManifestName(dir_, 5), after.substr(0, after.size() - 3));
  EXPECT_EQ("8 (as before)", ReadOn());
  Write(ManifestName(dir_, 5), after);
  EXPECT_EQ("8 9 (changed)", ReadOn());
  Write(ManifestName(dir_, 5), before);
  EXPECT_EQ("Operation failed. Try again", ReadOn().substr(0, 27));
}

TEST_F(ManifestFollowerTest, AGroupCountsWhenItIsComplete) {
  std::unique_ptr<Manifest> manifest;
  ASSERT_TRUE(Manifest::Create(fs_, dir_, 5, {Adding(7)}, 0, &manifest).ok());
  VersionEdit first = Adding(8);
  first.remaining_in_atomic_group = 1;
  ASSERT_TRUE(manifest->Log({first}).ok());
  EXPECT_EQ("7 (changed)", ReadOn());
  VersionEdit second = Adding(9);
  second.remaining_in_atomic_group = 0;
  ASSERT_TRUE(manifest->Log({second}).ok());
  EXPECT_EQ("7 8 9 (changed)", ReadOn());
}

TEST_F(ManifestFollowerTest, AnotherManifestNeedsAnotherFollower) {
  SetEdits({Adding(7)});
  EXPECT_EQ("7 (changed)", ReadOn());
  std::unique_ptr<Manifest> manifest;
  ASSERT_TRUE(Manifest::Create(fs_, dir_, 6, {Adding(7), Adding(8)}, 0, &manifest).ok());
  EXPECT_EQ("Operation failed. Try again", ReadOn().substr(0, 27));
}

TEST_F(ManifestFollowerTest, DamageIsTold) {
  SetEdits({Adding(7)});
  EXPECT_EQ("7 (changed)", ReadOn());
  Write(ManifestName(dir_, 5), Contents() + std::string("crc!\1\0\1x", 8));
  EXPECT_EQ("Corruption", ReadOn().substr(0, 10));
}

}  // namespace
}  // namespace gneiss
