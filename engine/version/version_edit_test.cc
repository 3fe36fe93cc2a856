#include "engine/version/version_edit.h"

#include <gtest/gtest.h>

#include "engine/version/golden_manifest.h"

namespace gneiss {
namespace {

std::string Encoded(const VersionEdit& edit) {
  std::string bytes;
  edit.EncodeTo(&bytes);
  return bytes;
}

// The records of a log that fits into one block of whole fragments.
std::vector<std::string> RecordsOf(const std::string& log) {
  std::vector<std::string> records;
  for (size_t at = 0; at + 7 <= log.size();) {
    const size_t size = DecodeU16(log.data() + at + 4);
    records.push_back(log.substr(at + 7, size));
    at += 7 + size;
  }
  return records;
}

// An edit with every field that is written.
VersionEdit FullEdit() {
  VersionEdit edit;
  edit.db_id = "id";
  edit.comparator = "c";
  edit.log_number = 300;
  edit.prev_log_number = 0;
  edit.next_file_number = 7;
  edit.max_column_family = 4;
  edit.min_log_number_to_keep = 6;
  edit.last_seq = 129;
  edit.compact_cursors.emplace_back(2, InternalKey("k", 1, Kind::kPut));
  edit.deleted_tables = {{1, 5}, {0, 9}};
  TableMeta table;
  table.number = 130;
  table.path_id = 1;
  table.file_bytes = 1000;
  table.smallest = InternalKey("a", 2, Kind::kDelete);
  table.largest = InternalKey("b", kSeqMax, Kind::kRangeDelete);
  table.smallest_seq = 2;
  table.largest_seq = 129;
  table.is_marked_for_compaction = true;
  table.temperature = 8;
  table.oldest_blob_file_number = 3;
  table.oldest_ancestor_unix_seconds = 1;
  table.file_creation_unix_seconds = 128;
  table.file_checksum = "sum";
  table.file_checksum_function = "fn";
  table.unique_id = {1, 2};
  edit.added_tables.emplace_back(3, table);
  edit.added_blob_files.push_back(
      {.number = 1, .blob_count = 2, .blob_bytes = 3, .checksum_method = "m", .checksum = "v"});
  edit.blob_garbage.push_back({.file_number = 1, .blob_count = 1, .blob_bytes = 200});
  edit.added_wals = {{11, std::nullopt}, {12, 200}};
  edit.deleted_wals_before = 10;
  edit.column_family_id = 5;
  edit.added_column_family = "cf";
  edit.drops_column_family = true;
  edit.remaining_in_atomic_group = 2;
  edit.full_history_ts_low = "ts";
  return edit;
}

// Field by field: docs/formats/manifest.md.
const char kFullEditHex[] =
    "8140"
    "026964"                                // db id "id"
    "010163"                                // comparator "c"
    "02ac02"                                // log number 300
    "0900"                                  // previous log number
    "0307"                                  // next file number
    "cb0104"                                // highest column family
    "0a06"                                  // logs to keep
    "048101"                                // last sequence number 129
    "0502096b0101000000000000"              // cursor of level 2
    "060009"                                // deleted tables, sorted
    "060105"                                //
    "6703"                                  // table at level 3
    "8201"                                  // number 130
    "e807"                                  // 1000 bytes
    "0961"                                  // smallest key
    "0002000000000000"                      //
    "0962"                                  // largest key
    "0fffffffffffffff"                      //
    "028101"                                // its sequence numbers
    "050101"                                // oldest ancestor time
    "06028001"                              // file creation time
    "070373756d"                            // checksum
    "0802666e"                              // its function
    "410101"                                // path
    "090108"                                // temperature
    "020101"                                // marked for compaction
    "0308"                                  // logs to keep, again
    "0600000000000000"                      //
    "040103"                                // oldest blob file
    "0c1001000000000000000200000000000000"  // unique id
    "01"                                    // end of fields
    "9003010203016d017600"                  // blob file
    "91030101c80100"                        // garbage in it
    "8740020b01"                            // log 11
    "8740050c02c80101"                      // log 12, 200 bytes synced
    "8840010a"                              // logs below 10 are gone
    "c80105"                                // column family 5
    "c901026366"                            // is added
    "ca01"                                  // is dropped
    "ac0202"                                // atomic group, two follow
    "8640027473";                           // full_history_ts_low

TEST(VersionEditTest, WritesTheBytesOfTheFormat) {
  EXPECT_EQ(Encoded(FullEdit()), FromHex(kFullEditHex)) << FullEdit().ToString();
  EXPECT_EQ(Encoded(VersionEdit()), "");
}

// The worked example of docs/formats/manifest.md.
TEST(VersionEditTest, WritesTheExampleOfThePage) {
  VersionEdit edit;
  edit.log_number = 10;
  edit.prev_log_number = 0;
  edit.next_file_number = 12;
  edit.last_seq = 4;
  TableMeta table;
  table.number = 11;
  table.file_bytes = 1001;
  table.smallest = InternalKey("a", 3, Kind::kPut);
  table.largest = InternalKey("b", 4, Kind::kPut);
  table.smallest_seq = 3;
  table.largest_seq = 4;
  edit.added_tables.emplace_back(0, table);
  EXPECT_EQ(Encoded(edit), FromHex("020a0900030c040467000be9070961010300000000000009620104000000000000"
                                   "03040501000601000700"
                                   "0807556e6b6e6f776e01"));
}

TEST(VersionEditTest, ReadsWhatItWrites) {
  VersionEdit edit;
  const std::string bytes = FromHex(kFullEditHex);
  ASSERT_TRUE(VersionEdit::Decode(bytes, &edit).ok());
  EXPECT_EQ(Encoded(edit), bytes);
  EXPECT_EQ(edit.db_id, "id");
  EXPECT_EQ(edit.last_seq, 129u);
  ASSERT_EQ(edit.added_tables.size(), 1u);
  const TableMeta& table = edit.added_tables[0].second;
  EXPECT_EQ(edit.added_tables[0].first, 3);
  EXPECT_EQ(table.number, 130u);
  EXPECT_EQ(table.path_id, 1u);
  EXPECT_EQ(table.largest.seq(), kSeqMax);
  EXPECT_EQ(table.temperature, 8);
  EXPECT_TRUE(table.is_marked_for_compaction);
  EXPECT_EQ(table.unique_id[1], 2u);
  EXPECT_EQ(edit.added_wals[0].second, std::nullopt);
  EXPECT_EQ(edit.added_wals[1].second, 200u);
  EXPECT_EQ(edit.remaining_in_atomic_group, 2u);
}

TEST(VersionEditTest, WritesRocksDbsRecordsAgainByteForByte) {
  const auto records = RecordsOf(FromHex(kGoldenManifestHex));
  ASSERT_EQ(records.size(), 9u);
  for (const std::string& record : records) {
    VersionEdit edit;
    ASSERT_TRUE(VersionEdit::Decode(record, &edit).ok());
    EXPECT_EQ(Encoded(edit), record) << edit.ToString();
  }
}

// ---- older and newer writers

Status DecodeHex(const std::string& hex, VersionEdit* edit) { return VersionEdit::Decode(FromHex(hex), edit); }

const char kKeysHex[] = "0961010000000000000009620100000000000000";

TEST(VersionEditTest, ReadsTablesOfOlderFormats) {
  VersionEdit edit;
  ASSERT_TRUE(DecodeHex(std::string("070105e807") + kKeysHex, &edit).ok());
  ASSERT_TRUE(edit.added_tables.size() == 1u);
  EXPECT_EQ(edit.added_tables[0].second.number, 5u);
  EXPECT_EQ(edit.added_tables[0].second.largest.user_key(), "b");

  ASSERT_TRUE(DecodeHex(std::string("640105e807") + kKeysHex + "0304", &edit).ok());
  EXPECT_EQ(edit.added_tables[0].second.smallest_seq, 3u);
  EXPECT_EQ(edit.added_tables[0].second.largest_seq, 4u);

  ASSERT_TRUE(DecodeHex(std::string("66010502e807") + kKeysHex + "0304", &edit).ok());
  EXPECT_EQ(edit.added_tables[0].second.path_id, 2u);
  EXPECT_EQ(edit.added_tables[0].second.file_checksum_function, "");
}

TEST(VersionEditTest, ReadsUnprefixedLogRecords) {
  VersionEdit edit;
  ASSERT_TRUE(DecodeHex("84400b02c80101"
                        "85400a",
                        &edit)
                  .ok());
  ASSERT_EQ(edit.added_wals.size(), 1u);
  EXPECT_EQ(edit.added_wals[0].second, 200u);
  EXPECT_EQ(edit.deleted_wals_before, 10u);
}

TEST(VersionEditTest, WritesOldBlobTagsAsTheNewOnes) {
  VersionEdit edit;
  ASSERT_TRUE(DecodeHex("8240010203016d017600"
                        "834001020300",
                        &edit)
                  .ok());
  EXPECT_EQ(Encoded(edit), FromHex("9003010203016d017600"
                                   "910301020300"));
}

TEST(VersionEditTest, SkipsTagsThatAreSafeToIgnore) {
  VersionEdit edit;
  ASSERT_TRUE(DecodeHex("ff6003aabbcc"
                        "0307",
                        &edit)
                  .ok());  // tag 0x307f has bit 13
  EXPECT_EQ(edit.next_file_number, 7u);
  EXPECT_EQ(DecodeHex("ff6004aabbcc", &edit).ToString(), "Corruption: VersionEdit: safely ignoreable tag length error");
}

TEST(VersionEditTest, SkipsTableFieldsThatAreSafeToIgnore) {
  const std::string table = std::string("670105e807") + kKeysHex + "0304";
  VersionEdit edit;
  EXPECT_TRUE(DecodeHex(table + "2002aabb"
                                "01",
                        &edit)
                  .ok());
  EXPECT_EQ(DecodeHex(table + "4202aabb"
                              "01",
                      &edit)
                .ToString(),
            "Corruption: VersionEdit: new-file4 custom field not supported");
}

TEST(VersionEditTest, NamesWhatIsWrong) {
  const std::string table = std::string("670105e807") + kKeysHex + "0304";
  const struct {
    std::string hex;
    const char* message;
  } cases[] = {
      {"08", "unknown tag"},
      {"ff", "invalid tag"},
      {"01056162", "comparator name"},
      {"02", "log number"},
      {"0903ff", "invalid tag"},
      {"0501096101", "compaction cursor"},
      {"0501036101ff", "compaction cursor"},
      {"06ffffffffff7f05", "deleted file"},
      {"070105", "new-file entry"},
      {"640105", "new-file2 entry"},
      {"6601050400", "new-file3 entry"},
      {"670105", "new-file4 entry"},
      {table, "new-file4 custom field"},
      {table + "4105", "new-file4 custom field length prefixed slice error"},
      {table + "410104"
               "01",
       "path_id wrong value"},
      {table + "4101ff"
               "01",
       "path_id wrong value"},
      {table + "41020101"
               "01",
       "path_id field wrong size"},
      {table + "0c03aabbcc"
               "01",
       "invalid unique id"},
      {table + "0902aabb"
               "01",
       "temperature field wrong size"},
      {table + "0302aabb"
               "01",
       "deleted log number malformatted"},
      {"874005", "WalAddition not prefixed by length"},
      {"874002"
       "0b07",
       "WalAddition: Unknown tag"},
      {"ac02", "remaining entries"},
      {"864000", "full_history_ts_low: empty"},
      {"9003", "BlobFileAddition: Error decoding blob file number"},
      {"900301", "BlobFileAddition: Error decoding total blob count"},
      {"90030102", "BlobFileAddition: Error decoding total blob bytes"},
      {"9003010203", "BlobFileAddition: Error decoding checksum method"},
      {"9003010203016d", "BlobFileAddition: Error decoding checksum value"},
      {"9003010203016d0176", "BlobFileAddition: Error decoding custom field tag"},
      {"9003010203016d017601", "BlobFileAddition: Error decoding custom field value"},
      {"9003010203016d01764100", "BlobFileAddition: Forward incompatible custom field encountered"},
      {"9103", "BlobFileGarbage: Error decoding blob file number"},
      {"910301", "BlobFileGarbage: Error decoding garbage blob count"},
      {"91030101", "BlobFileGarbage: Error decoding garbage blob bytes"},
      {"9103010102", "BlobFileGarbage: Error decoding custom field tag"},
      {"910301010202", "BlobFileGarbage: Error decoding custom field value"},
      {"91030101024000", "BlobFileGarbage: Forward incompatible custom field encountered"},
  };
  for (const auto& c : cases) {
    VersionEdit edit;
    const Status status = DecodeHex(c.hex, &edit);
    EXPECT_TRUE(status.IsCorruption()) << c.hex;
    EXPECT_EQ(status.message(), std::string("VersionEdit: ") + c.message) << c.hex;
  }
}

TEST(VersionEditTest, KeepsUnknownTemperaturesOut) {
  VersionEdit edit;
  ASSERT_TRUE(DecodeHex(std::string("670105e807") + kKeysHex +
                            "0304"
                            "09010d"
                            "01",
                        &edit)
                  .ok());
  EXPECT_EQ(edit.added_tables[0].second.temperature, 0);
}

// ---- damage

TEST(VersionEditTest, EveryCutIsReadOrRefused) {
  const std::string bytes = FromHex(kFullEditHex);
  for (size_t size = 0; size < bytes.size(); ++size) {
    VersionEdit edit;
    const Status status = VersionEdit::Decode(Slice(bytes).substr(0, size), &edit);
    ASSERT_TRUE(status.ok() || status.IsCorruption());
    // A cut between two tags leaves an edit of its own.
    if (status.ok()) {
      EXPECT_EQ(Encoded(edit), bytes.substr(0, size));
    }
  }
}

TEST(VersionEditTest, EveryChangedByteIsReadOrRefused) {
  const std::string bytes = FromHex(kFullEditHex);
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (const int bits : {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x7f, 0xff}) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ bits);
      VersionEdit edit;
      const Status status = VersionEdit::Decode(changed, &edit);
      ASSERT_TRUE(status.ok() || status.IsCorruption());
      if (!status.ok()) continue;
      // What was understood is written and understood again.
      VersionEdit again;
      ASSERT_TRUE(VersionEdit::Decode(Encoded(edit), &again).ok());
      ASSERT_EQ(Encoded(again), Encoded(edit));
      ASSERT_FALSE(edit.ToString().empty());
    }
  }
}

}  // namespace
}  // namespace gneiss
