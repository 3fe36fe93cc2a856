// A VersionEdit is one change of a column family's tables, or of the set of column families: one MANIFEST record.
//
// Format:  docs/formats/manifest.md: a row of tags with their fields, RocksDB 7.8.3's.
// Owner:   a plain value.
// Errors:  Decode answers Corruption for cut or unknown tags; tags marked safe to ignore (bit 13 set) are skipped.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/status.h"
#include "engine/blob/blob_format.h"
#include "engine/key/internal_key.h"

namespace gneiss {

// What the MANIFEST says of one table. Immutable once logged.
struct TableMeta {
  uint64_t number = 0;
  uint32_t path_id = 0;
  uint64_t file_bytes = 0;
  InternalKey smallest;
  InternalKey largest;
  SeqNo smallest_seq = 0;
  SeqNo largest_seq = 0;
  bool is_marked_for_compaction = false;
  uint8_t temperature = 0;
  uint64_t oldest_blob_file_number = 0;       // 0: none
  uint64_t oldest_ancestor_unix_seconds = 0;  // 0: unknown
  uint64_t file_creation_unix_seconds = 0;    // 0: unknown
  std::string file_checksum;
  std::string file_checksum_function;  // empty: "Unknown"
  std::string min_timestamp;
  std::string max_timestamp;
  std::array<uint64_t, 2> unique_id{};  // zeros: unknown
};

// So that a reader of one serves for the other.
bool IsSameTable(const TableMeta& a, const TableMeta& b);

// What the MANIFEST says of one blob file when it is added. Immutable.
struct BlobFileMeta {
  uint64_t number = 0;
  uint64_t blob_count = 0;
  uint64_t blob_bytes = 0;  // of the records: all of the file but header and footer
  std::string checksum_method;
  std::string checksum;

  uint64_t FileBytes() const { return kBlobHeaderBytes + blob_bytes + kBlobFooterBytes; }
};

// More of a blob file has become garbage: its blobs are referred to no longer.
struct BlobGarbage {
  uint64_t file_number = 0;
  uint64_t blob_count = 0;
  uint64_t blob_bytes = 0;
};

struct VersionEdit {
  std::optional<std::string> db_id;
  std::optional<std::string> comparator;
  std::optional<uint64_t> log_number;  // logs below it hold nothing of this family
  std::optional<uint64_t> prev_log_number;
  std::optional<uint64_t> next_file_number;
  std::optional<uint64_t> min_log_number_to_keep;
  std::optional<SeqNo> last_seq;
  std::optional<uint32_t> max_column_family;
  std::optional<std::string> full_history_ts_low;
  std::optional<uint32_t> remaining_in_atomic_group;  // this edit belongs to an atomic group; so many follow
  uint32_t column_family_id = 0;
  std::optional<std::string> added_column_family;  // its name
  bool drops_column_family = false;
  std::vector<std::pair<int, InternalKey>> compact_cursors;
  std::vector<std::pair<int, uint64_t>> deleted_tables;                  // level, number
  std::vector<std::pair<int, TableMeta>> added_tables;                   // level, table
  std::vector<std::pair<uint64_t, std::optional<uint64_t>>> added_wals;  // number, synced size
  std::optional<uint64_t> deleted_wals_before;
  std::vector<BlobFileMeta> added_blob_files;
  std::vector<BlobGarbage> blob_garbage;

  void EncodeTo(std::string* out) const;
  static Status Decode(Slice record, VersionEdit* edit);
  std::string ToString() const;  // for LOG lines and tests
};

std::string HexText(Slice bytes);  // upper case
// A key in messages, as RocksDB shows it: '<user key in hex>' seq:<n>, type:<n>
std::string KeyText(const InternalKey& key);

}  // namespace gneiss
