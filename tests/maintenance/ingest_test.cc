// Table files written outside (SstFileWriter), read alone (SstFileReader) and taken in (IngestExternalFile).
#include <rocksdb/listener.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/utilities/checkpoint.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <thread>

#include "tests/support/database.h"
#include "tests/support/joiner.h"

namespace gneiss {
namespace {

using rocksdb::ExternalSstFileInfo;
using rocksdb::IngestExternalFileArg;
using rocksdb::IngestExternalFileOptions;
using rocksdb::SstFileReader;
using rocksdb::SstFileWriter;
using rocksdb::Status;

class Ingest : public ::testing::Test {
 protected:
  Ingest() { database_.options.merge_operator = std::make_shared<Joiner>(); }

  std::string PathOf(const std::string& name) const { return database_.temp_path() + "/" + name; }
  // Writes a file with these entries: values, "-" for a deletion, "+x" for an operand; and ranges to delete.
  std::string Write(const std::string& name, const Content& entries,
                    const std::vector<std::pair<std::string, std::string>>& ranges = {},
                    rocksdb::ColumnFamilyHandle* family = nullptr) {
    SstFileWriter writer(rocksdb::EnvOptions(), database_.options, family);
    EXPECT_TRUE(writer.Open(PathOf(name)).ok());
    for (const auto& [key, value] : entries) {
      const Status status = value == "-"             ? writer.Delete(key)
                            : value.starts_with("+") ? writer.Merge(key, value.substr(1))
                                                     : writer.Put(key, value);
      EXPECT_TRUE(status.ok()) << status.ToString();
    }
    for (const auto& [begin, end] : ranges) EXPECT_TRUE(writer.DeleteRange(begin, end).ok());
    const Status status = writer.Finish(&info_);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return PathOf(name);
  }
  std::string Take(const std::vector<std::string>& files, const IngestExternalFileOptions& options = {}) {
    return database_.db->IngestExternalFile(files, options).ToString();
  }
  void CompactAll() { ASSERT_TRUE(database_.db->CompactRange({}, nullptr, nullptr).ok()); }

  Database database_;
  ExternalSstFileInfo info_;
};

// ---- files alone

TEST_F(Ingest, WriterTellsWhatItWrote) {
  SstFileWriter writer(rocksdb::EnvOptions(), database_.options);
  EXPECT_EQ("Invalid argument: File is not opened", writer.Put("a", "1").ToString());
  EXPECT_EQ("Invalid argument: File is not opened", writer.Finish().ToString());
  ASSERT_TRUE(writer.Open(PathOf("file.sst")).ok());
  EXPECT_EQ("Invalid argument: Cannot create sst file with no entries", writer.Finish().ToString());
  ASSERT_TRUE(writer.Put("b", "1").ok());
  EXPECT_EQ("Invalid argument: Keys must be added in strict ascending order.", writer.Put("b", "2").ToString());
  EXPECT_EQ("Invalid argument: Keys must be added in strict ascending order.", writer.Delete("a").ToString());
  ASSERT_TRUE(writer.Merge("c", "2").ok());
  ASSERT_TRUE(writer.Delete("d").ok());
  ASSERT_TRUE(writer.DeleteRange("x", "z").ok());
  ASSERT_TRUE(writer.DeleteRange("w", "y").ok());
  ASSERT_TRUE(writer.Finish(&info_).ok());
  EXPECT_EQ(PathOf("file.sst"), info_.file_path);
  EXPECT_EQ("b", info_.smallest_key);
  EXPECT_EQ("d", info_.largest_key);
  EXPECT_EQ("w", info_.smallest_range_del_key);
  EXPECT_EQ("z", info_.largest_range_del_key);
  EXPECT_EQ(3u, info_.num_entries);
  EXPECT_EQ(2u, info_.num_range_del_entries);
  EXPECT_EQ(2, info_.version);
  EXPECT_EQ(0u, info_.sequence_number);
  EXPECT_EQ(std::filesystem::file_size(info_.file_path), info_.file_size);
  EXPECT_EQ(info_.file_size, writer.FileSize());
  // The same writer writes the next file.
  ASSERT_TRUE(writer.Open(PathOf("next.sst")).ok());
  ASSERT_TRUE(writer.Put("a", "1").ok());
  ASSERT_TRUE(writer.Finish(&info_).ok());
  EXPECT_EQ(1u, info_.num_entries);
}

TEST_F(Ingest, ReaderShowsAFileAlone) {
  const std::string path = Write("file.sst", {{"a", "1"}, {"b", "-"}, {"c", "+x"}, {"d", "2"}}, {{"a", "b"}});
  SstFileReader reader(database_.options);
  EXPECT_FALSE(reader.Open(PathOf("absent.sst")).ok());
  ASSERT_TRUE(reader.Open(path).ok());
  EXPECT_TRUE(reader.VerifyChecksum().ok());
  const auto properties = reader.GetTableProperties();
  ASSERT_NE(nullptr, properties);
  EXPECT_EQ(4u, properties->num_entries - properties->num_range_deletions);
  EXPECT_EQ(1u, properties->num_range_deletions);
  EXPECT_EQ("leveldb.BytewiseComparator", properties->comparator_name);
  EXPECT_EQ(1u, properties->user_collected_properties.count("rocksdb.external_sst_file.version"));

  const std::unique_ptr<rocksdb::Iterator> iterator(reader.NewIterator({}));
  std::string forward, backward;
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
    forward += iterator->key().ToString() + "=" + iterator->value().ToString() + " ";
  }
  EXPECT_TRUE(iterator->status().ok());
  EXPECT_EQ("a=1 c=x d=2 ", forward);  // range deletions are not applied
  for (iterator->SeekToLast(); iterator->Valid(); iterator->Prev()) backward += iterator->key().ToString();
  EXPECT_EQ("dca", backward);
  iterator->Seek("b");
  EXPECT_EQ("c", iterator->key().ToString());
  EXPECT_TRUE(iterator->Refresh().IsNotSupported());
}

// ---- where files go

TEST_F(Ingest, GoesToTheLastLevelOfAnEmptyDatabase) {
  database_.Open();
  const std::string path = Write("file.sst", {{"a", "1"}, {"b", "2"}});
  EXPECT_EQ("OK", Take({path}));
  EXPECT_EQ("6:1", database_.Levels());
  EXPECT_EQ((Content{{"a", "1"}, {"b", "2"}}), database_.Scan());
  EXPECT_EQ(0u, database_.db->GetLatestSequenceNumber());
  EXPECT_TRUE(std::filesystem::exists(path));
  database_.Open();
  EXPECT_EQ("2", database_.Get("b"));
}

TEST_F(Ingest, GoesAboveWhatItOverlaps) {
  database_.Open();
  database_.Table({"a", "m"}, "old ");
  database_.Promote(4);
  const uint64_t before = database_.db->GetLatestSequenceNumber();
  EXPECT_EQ("OK", Take({Write("1.sst", {{"a", "new"}, {"c", "1"}})}));
  EXPECT_EQ("3:1 4:1", database_.Levels());
  EXPECT_EQ(before + 1, database_.db->GetLatestSequenceNumber());
  EXPECT_EQ("new", database_.Get("a"));
  // Between the keys of a table but none of them: below it, without a sequence number.
  EXPECT_EQ("OK", Take({Write("2.sst", {{"d", "1"}, {"e", "1"}})}));
  EXPECT_EQ("3:1 4:1 6:1", database_.Levels());
  EXPECT_EQ(before + 1, database_.db->GetLatestSequenceNumber());
  EXPECT_EQ("a c d e m", database_.Keys());
  CompactAll();
  database_.Open();
  EXPECT_EQ((Content{{"a", "new"}, {"c", "1"}, {"d", "1"}, {"e", "1"}, {"m", "old m"}}), database_.Scan());
}

TEST_F(Ingest, IsNewerThanTheMemtable) {
  database_.Open();
  database_.Put("a", "old");
  IngestExternalFileOptions options;
  options.allow_blocking_flush = false;
  const std::string path = Write("file.sst", {{"a", "new"}});
  EXPECT_EQ("Invalid argument: External file requires flush", Take({path}, options));
  EXPECT_EQ("old", database_.Get("a"));
  EXPECT_EQ("", database_.Levels());
  EXPECT_EQ("OK", Take({path}));
  EXPECT_EQ("new", database_.Get("a"));
  database_.Put("a", "newest");
  EXPECT_EQ("newest", database_.Get("a"));
  // No key of the file lies in the memtable: no flush.
  EXPECT_EQ("OK", Take({Write("far.sst", {{"x", "1"}})}, options));
  EXPECT_EQ("a x", database_.Keys());
}

TEST_F(Ingest, RefusesToOverwriteWithoutASeq) {
  database_.Open();
  database_.Table({"a"});
  IngestExternalFileOptions options;
  options.allow_global_seqno = false;
  EXPECT_EQ("Invalid argument: Global seqno is required, but disabled",
            Take({Write("1.sst", {{"a", "new"}})}, options));
  EXPECT_EQ("va", database_.Get("a"));
  EXPECT_EQ("OK", Take({Write("2.sst", {{"b", "1"}})}, options));
  EXPECT_EQ("a b", database_.Keys());
}

TEST_F(Ingest, OfOverlappingFilesTheLaterWins) {
  database_.Open();
  const uint64_t before = database_.db->GetLatestSequenceNumber();
  EXPECT_EQ("OK", Take({Write("1.sst", {{"a", "1"}, {"c", "1"}}), Write("2.sst", {{"b", "2"}, {"c", "2"}}),
                        Write("3.sst", {{"c", "+3"}})}));
  EXPECT_EQ("0:3", database_.Levels());
  EXPECT_EQ(before + 3, database_.db->GetLatestSequenceNumber());
  EXPECT_EQ((Content{{"a", "1"}, {"b", "2"}, {"c", "2,3"}}), database_.Scan());
  database_.Open();
  CompactAll();
  EXPECT_EQ((Content{{"a", "1"}, {"b", "2"}, {"c", "2,3"}}), database_.Scan());
}

TEST_F(Ingest, OnlyToTheLastLevelWhenAsked) {
  database_.Open();
  database_.Table({"a"});
  database_.Promote(6);
  IngestExternalFileOptions options;
  options.fail_if_not_bottommost_level = true;
  EXPECT_TRUE(database_.db->IngestExternalFile({Write("1.sst", {{"a", "new"}})}, options).IsTryAgain());
  EXPECT_EQ("OK", Take({Write("2.sst", {{"b", "1"}})}, options));
  EXPECT_EQ("6:2", database_.Levels());
}

// ---- deletions

TEST_F(Ingest, DeletesAndIsDeleted) {
  database_.Open();
  database_.Table({"a", "b", "c", "d"});
  EXPECT_EQ("OK", Take({Write("1.sst", {{"a", "-"}}, {{"b", "d"}})}));
  EXPECT_EQ("d", database_.Keys());
  EXPECT_EQ("OK", Take({Write("2.sst", {{"b", "again"}})}));
  EXPECT_EQ("b d", database_.Keys());
  ASSERT_TRUE(database_.db->DeleteRange({}, database_.db->DefaultColumnFamily(), "a", "c").ok());
  EXPECT_EQ("d", database_.Keys());
  // A tombstone in the memtable is older than the file.
  EXPECT_EQ("OK", Take({Write("3.sst", {{"b", "third"}})}));
  EXPECT_EQ("b d", database_.Keys());
  CompactAll();
  database_.Open();
  EXPECT_EQ((Content{{"b", "third"}, {"d", "vd"}}), database_.Scan());
}

TEST_F(Ingest, OfRangeDeletionsAlone) {
  database_.Open();
  database_.Table({"a", "b", "c"});
  EXPECT_EQ("OK", Take({Write("1.sst", {}, {{"a", "b"}, {"b", "bb"}})}));
  EXPECT_EQ("c", database_.Keys());
  database_.Open();
  CompactAll();
  EXPECT_EQ("c", database_.Keys());
}

// ---- snapshots

TEST_F(Ingest, IsNotSeenByOlderSnapshots) {
  database_.Open();
  database_.Table({"a"}, "old ");
  const rocksdb::Snapshot* const snapshot = database_.db->GetSnapshot();
  const uint64_t before = database_.db->GetLatestSequenceNumber();
  EXPECT_EQ("OK", Take({Write("1.sst", {{"a", "new"}}), Write("2.sst", {{"x", "new"}})}));
  EXPECT_EQ(before + 2, database_.db->GetLatestSequenceNumber());
  EXPECT_EQ((Content{{"a", "old a"}}), database_.Scan(snapshot));
  EXPECT_EQ((Content{{"a", "new"}, {"x", "new"}}), database_.Scan());
  CompactAll();
  EXPECT_EQ((Content{{"a", "old a"}}), database_.Scan(snapshot));
  database_.db->ReleaseSnapshot(snapshot);
  CompactAll();
  EXPECT_EQ((Content{{"a", "new"}, {"x", "new"}}), database_.Scan());
}

TEST_F(Ingest, WithoutASeqIsNotSeenByOlderSnapshotsEither) {
  if (IsOnReference()) GTEST_SKIP() << "such files appear in RocksDB's older snapshots";
  database_.Open();
  database_.Table({"a"});
  const rocksdb::Snapshot* const snapshot = database_.db->GetSnapshot();
  IngestExternalFileOptions options;
  options.snapshot_consistency = false;
  const uint64_t before = database_.db->GetLatestSequenceNumber();
  EXPECT_EQ("OK", Take({Write("1.sst", {{"x", "new"}})}, options));
  EXPECT_EQ(before, database_.db->GetLatestSequenceNumber());
  EXPECT_EQ("a", database_.Keys(snapshot));
  EXPECT_EQ("a x", database_.Keys());
  CompactAll();
  EXPECT_EQ("a", database_.Keys(snapshot));
  database_.db->ReleaseSnapshot(snapshot);
}

// ---- files

TEST_F(Ingest, MovesOrCopies) {
  database_.Open();
  IngestExternalFileOptions options;
  const std::string copied = Write("1.sst", {{"a", "1"}});
  EXPECT_EQ("OK", Take({copied}, options));
  EXPECT_TRUE(std::filesystem::exists(copied));
  options.move_files = true;
  const std::string moved = Write("2.sst", {{"b", "2"}});
  EXPECT_EQ("OK", Take({moved}, options));
  EXPECT_FALSE(std::filesystem::exists(moved));
  EXPECT_EQ("a b", database_.Keys());
  // A failure leaves the file alone and nothing behind.
  const auto tables = [&] {
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(database_.dir())) {
      count += entry.path().extension() == ".sst";
    }
    return count;
  };
  ASSERT_EQ(2u, tables());
  options.allow_global_seqno = false;
  options.allow_blocking_flush = false;
  const std::string refused = Write("3.sst", {{"a", "3"}});
  EXPECT_NE("OK", Take({refused}, options));
  EXPECT_TRUE(std::filesystem::exists(refused));
  EXPECT_EQ(2u, tables());
}

// The sequence number goes into the file or only into the MANIFEST; a file that has one is not taken in again.
TEST_F(Ingest, WritesTheSeqIntoTheFileWhenAsked) {
  for (const bool writes : {false, true}) {
    SCOPED_TRACE(writes);
    Database database;
    database.Open();
    database.Table({"a"}, "old ");
    IngestExternalFileOptions options;
    options.write_global_seqno = writes;
    options.move_files = true;
    const std::string path = Write("file.sst", {{"a", "new"}});
    const std::string twin = PathOf(writes ? "twin1.sst" : "twin2.sst");
    std::filesystem::create_hard_link(path, twin);
    ASSERT_TRUE(database.db->IngestExternalFile({path}, options).ok());
    EXPECT_EQ("new", database.Get("a"));
    database.Open();
    EXPECT_EQ("new", database.Get("a"));
    EXPECT_TRUE(database.db->VerifyChecksum().ok());
    Database other;
    other.Open();
    const Status again = other.db->IngestExternalFile({twin}, {});
    EXPECT_EQ(writes, again.IsCorruption()) << again.ToString();
    EXPECT_EQ(!writes, again.ok()) << again.ToString();
  }
}

TEST_F(Ingest, RefusesWhatIsNoExternalTable) {
  database_.Open();
  database_.Table({"a"});
  const std::string own = database_.dir() + database_.Names(0).front();
  EXPECT_EQ("Corruption: External file version not found", Take({own}));
  EXPECT_TRUE(database_.db->IngestExternalFile({PathOf("absent.sst")}, {}).IsIOError());
  std::ofstream(PathOf("text.sst")) << "this is no table at all, though it is long enough to hold a footer of one.";
  EXPECT_TRUE(database_.db->IngestExternalFile({PathOf("text.sst")}, {}).IsCorruption());
  EXPECT_EQ("Invalid argument: external_files[0] is empty", Take({}));
  EXPECT_EQ("Invalid argument: ingestion arg list is empty", database_.db->IngestExternalFiles({}).ToString());
  IngestExternalFileOptions behind;
  behind.ingest_behind = true;
  EXPECT_EQ("Invalid argument: can't ingest_behind file in DB with allow_ingest_behind=false",
            Take({Write("1.sst", {{"a", "1"}})}, behind));
  EXPECT_EQ("a", database_.Keys());
}

TEST_F(Ingest, VerifiesChecksumsWhenAsked) {
  database_.Open();
  const std::string path = Write("file.sst", {{"a", std::string(3000, 'a')}, {"b", std::string(3000, 'b')}});
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(100);
  file.put('!');
  file.close();
  IngestExternalFileOptions options;
  options.verify_checksums_before_ingest = true;
  EXPECT_TRUE(database_.db->IngestExternalFile({path}, options).IsCorruption());
  EXPECT_EQ("", database_.Keys());
}

// ---- families

TEST_F(Ingest, IsAtomicOverFamilies) {
  database_.Open();
  rocksdb::DB* const db = database_.db.get();
  rocksdb::ColumnFamilyHandle* second = nullptr;
  ASSERT_TRUE(db->CreateColumnFamily(database_.options, "second", &second).ok());
  const auto get = [&](const std::string& key) {
    std::string value;
    const Status status = db->Get({}, second, key, &value);
    return status.ok() ? value : std::string("(none)");
  };
  ASSERT_TRUE(db->Put({}, second, "a", "old").ok());
  database_.Put("a", "old");
  IngestExternalFileArg first_arg, second_arg;
  first_arg.column_family = db->DefaultColumnFamily();
  first_arg.external_files = {Write("1.sst", {{"a", "new"}})};
  second_arg.column_family = second;
  second_arg.external_files = {Write("2.sst", {{"a", "new"}, {"b", "new"}}, {}, second)};
  second_arg.options.allow_global_seqno = false;
  EXPECT_TRUE(db->IngestExternalFiles({first_arg, second_arg}).IsInvalidArgument());
  EXPECT_EQ("old", database_.Get("a"));
  EXPECT_EQ("old", get("a"));
  EXPECT_EQ("Invalid argument: ingestion args have duplicate column families",
            db->IngestExternalFiles({first_arg, first_arg}).ToString());
  second_arg.options.allow_global_seqno = true;
  const uint64_t before = db->GetLatestSequenceNumber();
  const Status status = db->IngestExternalFiles({first_arg, second_arg});
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(before + 1, db->GetLatestSequenceNumber());  // each family counts for itself
  EXPECT_EQ("new", database_.Get("a"));
  EXPECT_EQ("new", get("a"));
  EXPECT_EQ("new", get("b"));

  EXPECT_EQ("Invalid argument: External file column family id don't match",
            Take({Write("3.sst", {{"x", "1"}}, {}, second)}));
  ASSERT_TRUE(db->DropColumnFamily(second).ok());
  EXPECT_EQ("Column family dropped: ", db->IngestExternalFile(second, {Write("4.sst", {{"x", "1"}})}, {}).ToString());
  ASSERT_TRUE(db->DestroyColumnFamilyHandle(second).ok());
}

class IngestionListener : public rocksdb::EventListener {
 public:
  void OnExternalFileIngested(rocksdb::DB*, const rocksdb::ExternalFileIngestionInfo& info) override {
    infos.push_back(info);
  }
  std::vector<rocksdb::ExternalFileIngestionInfo> infos;
};

TEST_F(Ingest, TellsListeners) {
  const auto listener = std::make_shared<IngestionListener>();
  database_.options.listeners.push_back(listener);
  database_.Open();
  database_.Table({"a"});
  const std::string path = Write("file.sst", {{"a", "new"}});
  EXPECT_EQ("OK", Take({path}));
  ASSERT_EQ(1u, listener->infos.size());
  EXPECT_EQ("default", listener->infos[0].cf_name);
  EXPECT_EQ(path, listener->infos[0].external_file_path);
  EXPECT_TRUE(std::filesystem::exists(listener->infos[0].internal_file_path));
  EXPECT_EQ(database_.db->GetLatestSequenceNumber(), listener->infos[0].global_seqno);
  EXPECT_EQ(1u, listener->infos[0].table_properties.num_entries);
}

// ---- other styles

TEST_F(Ingest, IntoUniversalLevels) {
  database_.options.compaction_style = rocksdb::kCompactionStyleUniversal;
  database_.Open();
  EXPECT_EQ("OK", Take({Write("1.sst", {{"a", "1"}, {"c", "1"}})}));
  database_.Table({"b"});
  CompactAll();
  EXPECT_EQ("OK", Take({Write("2.sst", {{"c", "2"}})}));
  EXPECT_EQ("OK", Take({Write("3.sst", {{"x", "3"}})}));
  EXPECT_EQ((Content{{"a", "1"}, {"b", "vb"}, {"c", "2"}, {"x", "3"}}), database_.Scan());
  database_.Open();
  CompactAll();
  EXPECT_EQ((Content{{"a", "1"}, {"b", "vb"}, {"c", "2"}, {"x", "3"}}), database_.Scan());
}

// ---- families of other databases

TEST_F(Ingest, FamiliesAreExportedAndImported) {
  database_.Open();
  database_.Table({"a", "m"}, "old ");
  database_.Promote(3);
  database_.Table({"a", "b"}, "new ");
  database_.Put("c", "1");
  // RocksDB loses range deletions that reach beyond a table's keys, and cannot import a file that was taken in once and
  // has its sequence number written.
  if (!IsOnReference()) {
    ASSERT_TRUE(database_.db->DeleteRange({}, database_.db->DefaultColumnFamily(), "m", "z").ok());
    EXPECT_EQ("OK", Take({Write("file.sst", {{"b", "ingested"}})}));
  }
  const Content expected = database_.Scan();
  ASSERT_EQ(IsOnReference() ? "a b c m" : "a b c", database_.Keys());
  rocksdb::Checkpoint* made = nullptr;
  ASSERT_TRUE(rocksdb::Checkpoint::Create(database_.db.get(), &made).ok());
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  rocksdb::ExportImportFilesMetaData* exported = nullptr;
  ASSERT_TRUE(checkpoint->ExportColumnFamily(database_.db->DefaultColumnFamily(), PathOf("export"), &exported).ok());
  const std::unique_ptr<rocksdb::ExportImportFilesMetaData> metadata(exported);

  Database other;
  other.options.merge_operator = database_.options.merge_operator;
  for (const bool moves : {false, true}) {
    SCOPED_TRACE(moves);
    other.Open();
    const std::string name = moves ? "moved" : "copied";
    rocksdb::ImportColumnFamilyOptions options;
    options.move_files = moves;
    rocksdb::ColumnFamilyHandle* family = nullptr;
    Status status = other.db->CreateColumnFamilyWithImport(other.options, name, options, *metadata, &family);
    ASSERT_TRUE(status.ok()) << status.ToString();
    EXPECT_GE(other.db->GetLatestSequenceNumber(), database_.db->GetLatestSequenceNumber());
    Content found;
    {
      const std::unique_ptr<rocksdb::Iterator> iterator(other.db->NewIterator({}, family));
      for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
        found[iterator->key().ToString()] = iterator->value().ToString();
      }
    }
    EXPECT_EQ(expected, found);
    ASSERT_TRUE(other.db->Put({}, family, "a", "newest").ok());
    ASSERT_TRUE(other.db->CompactRange({}, family, nullptr, nullptr).ok());
    std::string value;
    ASSERT_TRUE(other.db->Get({}, family, "a", &value).ok());
    EXPECT_EQ("newest", value);
    ASSERT_TRUE(other.db->DropColumnFamily(family).ok());
    ASSERT_TRUE(other.db->DestroyColumnFamilyHandle(family).ok());
  }
  EXPECT_TRUE(std::filesystem::is_empty(PathOf("export")));

  rocksdb::ColumnFamilyHandle* family = nullptr;
  EXPECT_FALSE(other.db->CreateColumnFamilyWithImport(other.options, "gone", {}, *metadata, &family).ok());
  EXPECT_EQ(nullptr, family);
  rocksdb::ExportImportFilesMetaData wrong = *metadata;
  wrong.db_comparator_name = "another";
  EXPECT_EQ("Invalid argument: Comparator name mismatch",
            other.db->CreateColumnFamilyWithImport(other.options, "wrong", {}, wrong, &family).ToString());
}

// ---- beside older data in memory

// One level, where all merges stay within level 0.
class IngestIntoOneLevel : public Ingest {
 protected:
  IngestIntoOneLevel() {
    database_.options.compaction_style = rocksdb::kCompactionStyleUniversal;
    database_.options.num_levels = 1;
    database_.options.disable_auto_compactions = false;
    database_.options.level0_file_num_compaction_trigger = 2;
  }
  // Files that overlap, one after the other.
  void TakeFiles(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string number = std::to_string(++files_);
      ASSERT_EQ("OK", Take({Write(number + ".sst", {{"in", number}, {"in" + number, number}})}));
    }
  }
  std::string TableCount() {
    std::string count;
    EXPECT_TRUE(database_.db->GetProperty("rocksdb.num-files-at-level0", &count));
    return count;
  }

 private:
  int files_ = 0;
};

TEST_F(IngestIntoOneLevel, LeavesLevel0InOrder) {
  if (IsOnReference()) GTEST_SKIP() << "RocksDB merges the files, cannot install the memtable and takes no more writes";
  database_.options.level0_slowdown_writes_trigger = 100;
  database_.options.level0_stop_writes_trigger = 100;
  database_.Open();
  database_.Put("base", std::string(100'000, 'b'));  // too large to be merged with the files
  database_.Flush();
  database_.Put("before", "1");
  TakeFiles(4);
  database_.Put("after", "1");
  std::this_thread::sleep_for(std::chrono::milliseconds(100));  // merges, if there are any, may come now
  // No merge of the files may have taken the sequence numbers that the memtable begins before and ends after.
  database_.Flush();
  CompactAll();
  EXPECT_EQ("1", TableCount());
  ASSERT_TRUE(database_.db->Put({}, "after", "2").ok());
  database_.Put("base", "");
  database_.Open();
  EXPECT_EQ((Content{{"base", ""},
                     {"before", "1"},
                     {"in", "4"},
                     {"in1", "1"},
                     {"in2", "2"},
                     {"in3", "3"},
                     {"in4", "4"},
                     {"after", "2"}}),
            database_.Scan());
}

TEST_F(IngestIntoOneLevel, WritesDoNotWaitForMergesThatWaitForThem) {
  database_.options.level0_slowdown_writes_trigger = 4;
  database_.options.level0_stop_writes_trigger = 6;
  database_.Open();
  database_.Put("memory", "1");
  TakeFiles(8);
  ASSERT_TRUE(database_.db->Put({}, "memory", "2").ok());
  EXPECT_EQ("2", database_.Get("memory"));
}

TEST_F(IngestIntoOneLevel, ACompactedRangeWaitsForNoWrite) {
  database_.options.disable_auto_compactions = true;
  database_.Open();
  database_.Put("memory", "1");
  TakeFiles(3);
  const rocksdb::Slice begin = "i", end = "j";
  ASSERT_TRUE(database_.db->CompactRange({}, &begin, &end).ok());
  EXPECT_EQ("1", TableCount());
  EXPECT_EQ((Content{{"in", "3"}, {"in1", "1"}, {"in2", "2"}, {"in3", "3"}, {"memory", "1"}}), database_.Scan());
}

// ---- against a map

class IngestAtRandom : public Ingest, public ::testing::WithParamInterface<rocksdb::CompactionStyle> {};

TEST_P(IngestAtRandom, KeepsEverythingRight) {
  const char* const given = std::getenv("GNEISS_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
  SCOPED_TRACE("GNEISS_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto up_to = [&](uint64_t limit) { return random() % limit; };
  const auto key = [&] { return "k" + std::to_string(100 + up_to(150)); };
  const auto value = [&] { return std::to_string(random()); };
  database_.options.compaction_style = GetParam();
  database_.options.disable_auto_compactions = false;
  database_.options.level0_file_num_compaction_trigger = 3;
  database_.options.target_file_size_base = 1 << 10;
  database_.options.max_bytes_for_level_base = 4 << 10;
  database_.Open();
  Content expected;
  struct Remembered {
    const rocksdb::Snapshot* snapshot;
    Content content;
  };
  std::vector<Remembered> open;
  for (int step = 0; step < 120; ++step) {
    const uint64_t what = up_to(100);
    if (what < 50) {
      const std::string at = key();
      expected[at] = value();
      database_.Put(at, expected[at]);
    } else if (what < 55) {
      std::string begin = key(), end = key();
      if (end < begin) std::swap(begin, end);
      ASSERT_TRUE(database_.db->DeleteRange({}, database_.db->DefaultColumnFamily(), begin, end).ok());
      expected.erase(expected.lower_bound(begin), expected.lower_bound(end));
    } else if (what < 75) {
      std::vector<std::string> files;
      for (uint64_t i = 0; i <= up_to(3); ++i) {
        Content entries;
        for (uint64_t n = 0; n <= up_to(8); ++n) entries[key()] = up_to(6) == 0 ? "-" : value();
        std::vector<std::pair<std::string, std::string>> ranges;
        if (up_to(4) == 0) {
          std::string begin = key(), end = key();
          if (end < begin) std::swap(begin, end);
          if (begin != end) ranges.emplace_back(begin, end);
        }
        files.push_back(Write(std::to_string(step) + "_" + std::to_string(i) + ".sst", entries, ranges));
        // Within one file a key beats the range deletion: both have one sequence number.
        for (const auto& [begin, end] : ranges) expected.erase(expected.lower_bound(begin), expected.lower_bound(end));
        for (const auto& [at, entry] : entries) {
          if (entry == "-") {
            expected.erase(at);
          } else {
            expected[at] = entry;
          }
        }
      }
      IngestExternalFileOptions options;
      options.move_files = up_to(2) == 0;
      options.write_global_seqno = up_to(2) == 0;
      ASSERT_EQ("OK", Take(files, options)) << "step " << step;
    } else if (what < 82) {
      database_.Flush();
    } else if (what < 86) {
      CompactAll();
    } else if (what < 88) {
      for (const Remembered& each : open) database_.db->ReleaseSnapshot(each.snapshot);
      open.clear();
      database_.Open();
    } else if (what < 94 || open.size() > 5) {
      if (open.empty()) continue;
      const size_t which = up_to(open.size());
      ASSERT_EQ(open[which].content, database_.Scan(open[which].snapshot)) << "step " << step;
      database_.db->ReleaseSnapshot(open[which].snapshot);
      open.erase(open.begin() + static_cast<ptrdiff_t>(which));
    } else {
      open.push_back({database_.db->GetSnapshot(), expected});
    }
    if (step % 10 == 0) {
      ASSERT_EQ(expected, database_.Scan()) << "step " << step;
    }
  }
  for (const Remembered& each : open) {
    ASSERT_EQ(each.content, database_.Scan(each.snapshot));
    database_.db->ReleaseSnapshot(each.snapshot);
  }
  ASSERT_EQ(expected, database_.Scan());
  database_.Open();
  ASSERT_EQ(expected, database_.Scan());
}

INSTANTIATE_TEST_SUITE_P(Styles, IngestAtRandom,
                         ::testing::Values(rocksdb::kCompactionStyleLevel, rocksdb::kCompactionStyleUniversal));

// Writers, readers and compactions go on meanwhile.
TEST_F(Ingest, GoesOnBesideWriters) {
  database_.options.disable_auto_compactions = false;
  database_.options.level0_file_num_compaction_trigger = 2;
  database_.options.write_buffer_size = 64 << 10;
  database_.Open();
  std::vector<std::string> files;
  for (int i = 0; i < 20; ++i) {
    files.push_back(
        Write(std::to_string(i) + ".sst", {{"in" + std::to_string(10 + i), "1"}, {"shared", std::to_string(i)}}));
  }
  std::thread writer([&] {
    for (int i = 0; i < 2000; ++i) database_.Put("out" + std::to_string(1000 + i), std::string(100, 'x'));
  });
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ("OK", Take({files[static_cast<size_t>(i)]}));
    EXPECT_EQ(std::to_string(i), database_.Get("shared"));
  }
  writer.join();
  EXPECT_EQ(2021u, database_.Scan().size());
  database_.Open();
  EXPECT_EQ(2021u, database_.Scan().size());
}

}  // namespace
}  // namespace gneiss
