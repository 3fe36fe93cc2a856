#include "engine/version/version_edit.h"

#include <algorithm>

namespace gneiss {

namespace {

enum Tag : uint32_t {
  kComparator = 1,
  kLogNumber = 2,
  kNextFileNumber = 3,
  kLastSequence = 4,
  kCompactCursor = 5,
  kDeletedFile = 6,
  kNewFile = 7,
  kPrevLogNumber = 9,
  kMinLogNumberToKeep = 10,
  kNewFile2 = 100,
  kNewFile3 = 102,
  kNewFile4 = 103,
  kColumnFamily = 200,
  kColumnFamilyAdd = 201,
  kColumnFamilyDrop = 202,
  kMaxColumnFamily = 203,
  kInAtomicGroup = 300,
  kBlobFileAddition = 400,
  kBlobFileGarbage = 401,
  // Bit 13 set: a reader that does not know the tag skips its length-prefixed field.
  kSafeToIgnoreBit = 1 << 13,
  kDbId = 8193,
  kOldBlobFileAddition = 8194,
  kOldBlobFileGarbage = 8195,
  kOldWalAddition = 8196,  // like 8199 and 8200, but not length-prefixed
  kOldWalDeletion = 8197,
  kFullHistoryTsLow = 8198,
  kWalAddition = 8199,
  kWalDeletion = 8200,
};

// The fields behind a kNewFile4: tag, length, bytes, ended by kEndOfFields.
enum FieldTag : uint32_t {
  kEndOfFields = 1,
  kNeedCompaction = 2,
  kMinLogNumberToKeepField = 3,  // says something of the database, not of the table
  kOldestBlobFileNumber = 4,
  kOldestAncestorTime = 5,
  kFileCreationTime = 6,
  kFileChecksum = 7,
  kFileChecksumFunction = 8,
  kTemperature = 9,
  kMinTimestamp = 10,
  kMaxTimestamp = 11,
  kUniqueId = 12,
  kMustUnderstandBit = 1 << 6,
  kPathId = 65,
};

enum WalFieldTag : uint32_t { kEndOfWalFields = 1, kSyncedBytes = 2 };
enum BlobFieldTag : uint32_t { kEndOfBlobFields = 0, kBlobMustUnderstandBit = 1 << 6 };

constexpr uint64_t kFileNumberMax = 0x3FFFFFFFFFFFFFFF;
constexpr uint32_t kPathIdMax = 3;
constexpr uint8_t kColdTemperature = 12;  // the highest of RocksDB's Temperature
constexpr Slice kUnknownFunction = "Unknown";

// ---- encoding

void PutTagged64(std::string* out, uint32_t tag, const std::optional<uint64_t>& value) {
  if (!value) return;
  PutVarint32(out, tag);
  PutVarint64(out, *value);
}

void PutTagged32(std::string* out, uint32_t tag, const std::optional<uint32_t>& value) {
  if (!value) return;
  PutVarint32(out, tag);
  PutVarint32(out, *value);
}

void PutTaggedBytes(std::string* out, uint32_t tag, Slice bytes) {
  PutVarint32(out, tag);
  PutLengthPrefixed(out, bytes);
}

void PutVarintField(std::string* out, uint32_t tag, uint64_t value) {
  char buffer[kVarint64BytesMax];
  PutTaggedBytes(out, tag, Slice(buffer, static_cast<size_t>(EncodeVarint64(buffer, value) - buffer)));
}

void PutByteField(std::string* out, uint32_t tag, uint32_t value) {
  const char byte = static_cast<char>(value);
  PutTaggedBytes(out, tag, Slice(&byte, 1));
}

void PutFixed64Field(std::string* out, uint32_t tag, uint64_t value) {
  char buffer[8];
  EncodeU64(buffer, value);
  PutTaggedBytes(out, tag, Slice(buffer, sizeof(buffer)));
}

// The order of the fields is RocksDB's, so that both write the same bytes.
void PutTableFields(std::string* out, const TableMeta& table, const uint64_t* min_log_number_to_keep) {
  PutVarintField(out, kOldestAncestorTime, table.oldest_ancestor_unix_seconds);
  PutVarintField(out, kFileCreationTime, table.file_creation_unix_seconds);
  PutTaggedBytes(out, kFileChecksum, table.file_checksum);
  PutTaggedBytes(out, kFileChecksumFunction,
                 table.file_checksum_function.empty() ? kUnknownFunction : Slice(table.file_checksum_function));
  if (table.path_id != 0) PutByteField(out, kPathId, table.path_id);
  if (table.temperature != 0) PutByteField(out, kTemperature, table.temperature);
  if (table.is_marked_for_compaction) PutByteField(out, kNeedCompaction, 1);
  if (min_log_number_to_keep != nullptr) PutFixed64Field(out, kMinLogNumberToKeepField, *min_log_number_to_keep);
  if (table.oldest_blob_file_number != 0) PutVarintField(out, kOldestBlobFileNumber, table.oldest_blob_file_number);
  if (!table.min_timestamp.empty()) PutTaggedBytes(out, kMinTimestamp, table.min_timestamp);
  if (!table.max_timestamp.empty()) PutTaggedBytes(out, kMaxTimestamp, table.max_timestamp);
  if (table.unique_id[0] != 0 || table.unique_id[1] != 0) {
    std::string id;
    PutU64(&id, table.unique_id[0]);
    PutU64(&id, table.unique_id[1]);
    PutTaggedBytes(out, kUniqueId, id);
  }
  PutVarint32(out, kEndOfFields);
}

void PutTable(std::string* out, int level, const TableMeta& table, const uint64_t* min_log_number_to_keep) {
  PutVarint32(out, kNewFile4);
  PutVarint32(out, static_cast<uint32_t>(level));
  PutVarint64(out, table.number);
  PutVarint64(out, table.file_bytes);
  PutLengthPrefixed(out, table.smallest.Encode());
  PutLengthPrefixed(out, table.largest.Encode());
  PutVarint64(out, table.smallest_seq);
  PutVarint64(out, table.largest_seq);
  PutTableFields(out, table, min_log_number_to_keep);
}

void PutDeletedTables(std::string* out, std::vector<std::pair<int, uint64_t>> deleted) {
  std::sort(deleted.begin(), deleted.end());
  deleted.erase(std::unique(deleted.begin(), deleted.end()), deleted.end());
  for (const auto& [level, number] : deleted) {
    PutVarint32(out, kDeletedFile);
    PutVarint32(out, static_cast<uint32_t>(level));
    PutVarint64(out, number);
  }
}

void PutBlobFiles(std::string* out, const VersionEdit& edit) {
  for (const BlobFileMeta& file : edit.added_blob_files) {
    PutVarint32(out, kBlobFileAddition);
    PutVarint64(out, file.number);
    PutVarint64(out, file.blob_count);
    PutVarint64(out, file.blob_bytes);
    PutLengthPrefixed(out, file.checksum_method);
    PutLengthPrefixed(out, file.checksum);
    PutVarint32(out, kEndOfBlobFields);
  }
  for (const BlobGarbage& garbage : edit.blob_garbage) {
    PutVarint32(out, kBlobFileGarbage);
    PutVarint64(out, garbage.file_number);
    PutVarint64(out, garbage.blob_count);
    PutVarint64(out, garbage.blob_bytes);
    PutVarint32(out, kEndOfBlobFields);
  }
}

void PutWals(std::string* out, const VersionEdit& edit) {
  for (const auto& [number, synced_bytes] : edit.added_wals) {
    std::string field;
    PutVarint64(&field, number);
    if (synced_bytes) {
      PutVarint32(&field, kSyncedBytes);
      PutVarint64(&field, *synced_bytes);
    }
    PutVarint32(&field, kEndOfWalFields);
    PutTaggedBytes(out, kWalAddition, field);
  }
  // Zero deletes nothing, so RocksDB does not write it.
  if (edit.deleted_wals_before.value_or(0) != 0) PutVarintField(out, kWalDeletion, *edit.deleted_wals_before);
}

void PutColumnFamily(std::string* out, const VersionEdit& edit) {
  if (edit.column_family_id != 0) PutTagged32(out, kColumnFamily, edit.column_family_id);
  if (edit.added_column_family) PutTaggedBytes(out, kColumnFamilyAdd, *edit.added_column_family);
  if (edit.drops_column_family) PutVarint32(out, kColumnFamilyDrop);
}

// ---- decoding: each function takes its bytes off `in` and answers what is wrong, or null

using Problem = const char*;

bool GetLevel(Slice* in, int* level) {
  uint32_t value = 0;
  if (!GetVarint32(in, &value) || value > INT32_MAX) return false;
  *level = static_cast<int>(value);
  return true;
}

bool GetKey(Slice* in, InternalKey* key) {
  Slice bytes;
  ParsedKey parsed;
  if (!GetLengthPrefixed(in, &bytes) || !ParseInternalKey(bytes, &parsed)) return false;
  *key = InternalKey::FromBytes(bytes);
  return true;
}

Problem Get64(Slice* in, std::optional<uint64_t>* value, Problem name) {
  return GetVarint64(in, &value->emplace()) ? nullptr : name;
}

Problem Get32(Slice* in, std::optional<uint32_t>* value, Problem name) {
  return GetVarint32(in, &value->emplace()) ? nullptr : name;
}

Problem GetBytes(Slice* in, std::optional<std::string>* value, Problem name) {
  Slice bytes;
  if (!GetLengthPrefixed(in, &bytes)) return name;
  value->emplace(bytes);
  return nullptr;
}

// Level, number, [path], size, keys, and for kNewFile2 and later the sequence numbers.
bool GetTableHead(Slice* in, uint32_t tag, int* level, TableMeta* table) {
  if (!GetLevel(in, level) || !GetVarint64(in, &table->number) || table->number > kFileNumberMax) return false;
  if (tag == kNewFile3 && (!GetVarint32(in, &table->path_id) || table->path_id > kPathIdMax)) return false;
  if (!GetVarint64(in, &table->file_bytes) || !GetKey(in, &table->smallest) || !GetKey(in, &table->largest))
    return false;
  if (tag == kNewFile) return true;
  return GetVarint64(in, &table->smallest_seq) && GetVarint64(in, &table->largest_seq);
}

Problem DecodePathId(Slice field, TableMeta* table) {
  if (field.size() != 1) return "path_id field wrong size";
  table->path_id = static_cast<uint8_t>(field[0]);
  return table->path_id <= kPathIdMax ? nullptr : "path_id wrong value";
}

Problem DecodeTemperature(Slice field, TableMeta* table) {
  if (field.size() != 1) return "temperature field wrong size";
  const auto temperature = static_cast<uint8_t>(field[0]);
  if (temperature <= kColdTemperature) table->temperature = temperature;
  return nullptr;
}

Problem DecodeUniqueId(Slice field, TableMeta* table) {
  if (field.size() != 16) return "invalid unique id";
  table->unique_id = {DecodeU64(field.data()), DecodeU64(field.data() + 8)};
  return nullptr;
}

Problem DecodeTableField(uint32_t tag, Slice field, TableMeta* table, VersionEdit* edit) {
  switch (tag) {
    case kPathId:
      return DecodePathId(field, table);
    case kOldestAncestorTime:
      return GetVarint64(&field, &table->oldest_ancestor_unix_seconds) ? nullptr : "invalid oldest ancester time";
    case kFileCreationTime:
      return GetVarint64(&field, &table->file_creation_unix_seconds) ? nullptr : "invalid file creation time";
    case kFileChecksum:
      table->file_checksum = field;
      return nullptr;
    case kFileChecksumFunction:
      table->file_checksum_function = field == kUnknownFunction ? Slice() : field;
      return nullptr;
    case kNeedCompaction:
      if (field.size() != 1) return "need_compaction field wrong size";
      table->is_marked_for_compaction = field[0] == 1;
      return nullptr;
    case kMinLogNumberToKeepField:
      return GetU64(&field, &edit->min_log_number_to_keep.emplace()) ? nullptr : "deleted log number malformatted";
    case kOldestBlobFileNumber:
      return GetVarint64(&field, &table->oldest_blob_file_number) ? nullptr : "invalid oldest blob file number";
    case kTemperature:
      return DecodeTemperature(field, table);
    case kMinTimestamp:
      table->min_timestamp = field;
      return nullptr;
    case kMaxTimestamp:
      table->max_timestamp = field;
      return nullptr;
    case kUniqueId:
      return DecodeUniqueId(field, table);
    default:
      return (tag & kMustUnderstandBit) != 0 ? "new-file4 custom field not supported" : nullptr;
  }
}

Problem GetTableFields(Slice* in, TableMeta* table, VersionEdit* edit) {
  for (;;) {
    uint32_t tag = 0;
    Slice field;
    if (!GetVarint32(in, &tag)) return "new-file4 custom field";
    if (tag == kEndOfFields) return nullptr;
    if (!GetLengthPrefixed(in, &field)) return "new-file4 custom field length prefixed slice error";
    if (Problem problem = DecodeTableField(tag, field, table, edit); problem != nullptr) return problem;
  }
}

Problem GetTable(Slice* in, uint32_t tag, VersionEdit* edit) {
  auto& [level, table] = edit->added_tables.emplace_back();
  if (!GetTableHead(in, tag, &level, &table)) {
    switch (tag) {
      case kNewFile:
        return "new-file entry";
      case kNewFile2:
        return "new-file2 entry";
      case kNewFile3:
        return "new-file3 entry";
      default:
        return "new-file4 entry";
    }
  }
  return tag == kNewFile4 ? GetTableFields(in, &table, edit) : nullptr;
}

Problem GetCompactCursor(Slice* in, VersionEdit* edit) {
  auto& [level, key] = edit->compact_cursors.emplace_back();
  return GetLevel(in, &level) && GetKey(in, &key) ? nullptr : "compaction cursor";
}

Problem GetDeletedTable(Slice* in, VersionEdit* edit) {
  auto& [level, number] = edit->deleted_tables.emplace_back();
  return GetLevel(in, &level) && GetVarint64(in, &number) ? nullptr : "deleted file";
}

Problem GetWalAddition(Slice* in, VersionEdit* edit) {
  auto& [number, synced_bytes] = edit->added_wals.emplace_back();
  if (!GetVarint64(in, &number)) return "WalAddition: Error decoding WAL log number";
  for (;;) {
    uint32_t tag = 0;
    if (!GetVarint32(in, &tag)) return "WalAddition: Error decoding tag";
    if (tag == kEndOfWalFields) return nullptr;
    if (tag != kSyncedBytes) return "WalAddition: Unknown tag";
    if (!GetVarint64(in, &synced_bytes.emplace())) return "WalAddition: Error decoding WAL file size";
  }
}

Problem GetWalDeletion(Slice* in, VersionEdit* edit) {
  return Get64(in, &edit->deleted_wals_before, "WalDeletion: Error decoding WAL log number");
}

// The fields behind a blob record: tag, length, bytes, ended by kEndOfBlobFields. None is known yet.
enum class BlobFields : uint8_t { kRead, kCutTag, kUnknown, kCutValue };
BlobFields SkipBlobFields(Slice* in) {
  for (;;) {
    uint32_t tag = 0;
    Slice bytes;
    if (!GetVarint32(in, &tag)) return BlobFields::kCutTag;
    if (tag == kEndOfBlobFields) return BlobFields::kRead;
    if ((tag & kBlobMustUnderstandBit) != 0) return BlobFields::kUnknown;
    if (!GetLengthPrefixed(in, &bytes)) return BlobFields::kCutValue;
  }
}

Problem GetBlobFile(Slice* in, VersionEdit* edit) {
  BlobFileMeta& file = edit->added_blob_files.emplace_back();
  Slice method;
  Slice checksum;
  if (!GetVarint64(in, &file.number)) return "BlobFileAddition: Error decoding blob file number";
  if (!GetVarint64(in, &file.blob_count)) return "BlobFileAddition: Error decoding total blob count";
  if (!GetVarint64(in, &file.blob_bytes)) return "BlobFileAddition: Error decoding total blob bytes";
  if (!GetLengthPrefixed(in, &method)) return "BlobFileAddition: Error decoding checksum method";
  if (!GetLengthPrefixed(in, &checksum)) return "BlobFileAddition: Error decoding checksum value";
  file.checksum_method = method;
  file.checksum = checksum;
  switch (SkipBlobFields(in)) {
    case BlobFields::kRead:
      return nullptr;
    case BlobFields::kCutTag:
      return "BlobFileAddition: Error decoding custom field tag";
    case BlobFields::kUnknown:
      return "BlobFileAddition: Forward incompatible custom field encountered";
    case BlobFields::kCutValue:
      return "BlobFileAddition: Error decoding custom field value";
  }
  return nullptr;
}

Problem GetBlobGarbage(Slice* in, VersionEdit* edit) {
  BlobGarbage& garbage = edit->blob_garbage.emplace_back();
  if (!GetVarint64(in, &garbage.file_number)) return "BlobFileGarbage: Error decoding blob file number";
  if (!GetVarint64(in, &garbage.blob_count)) return "BlobFileGarbage: Error decoding garbage blob count";
  if (!GetVarint64(in, &garbage.blob_bytes)) return "BlobFileGarbage: Error decoding garbage blob bytes";
  switch (SkipBlobFields(in)) {
    case BlobFields::kRead:
      return nullptr;
    case BlobFields::kCutTag:
      return "BlobFileGarbage: Error decoding custom field tag";
    case BlobFields::kUnknown:
      return "BlobFileGarbage: Forward incompatible custom field encountered";
    case BlobFields::kCutValue:
      return "BlobFileGarbage: Error decoding custom field value";
  }
  return nullptr;
}

Problem GetFullHistoryTsLow(Slice* in, VersionEdit* edit) {
  if (Problem problem = GetBytes(in, &edit->full_history_ts_low, "full_history_ts_low"); problem != nullptr)
    return problem;
  return edit->full_history_ts_low->empty() ? "full_history_ts_low: empty" : nullptr;
}

Problem SkipUnknown(Slice* in, uint32_t tag) {
  Slice skipped;
  if ((tag & kSafeToIgnoreBit) == 0) return "unknown tag";
  return GetLengthPrefixed(in, &skipped) ? nullptr : "safely ignoreable tag length error";
}

Problem GetPrefixedWal(Slice* in, uint32_t tag, VersionEdit* edit) {
  Slice field;
  if (!GetLengthPrefixed(in, &field))
    return tag == kWalAddition ? "WalAddition not prefixed by length" : "WalDeletion not prefixed by length";
  return tag == kWalAddition ? GetWalAddition(&field, edit) : GetWalDeletion(&field, edit);
}

Problem GetTagged(Slice* in, uint32_t tag, VersionEdit* edit) {
  switch (tag) {
    case kDbId:
      return GetBytes(in, &edit->db_id, "db id");
    case kComparator:
      return GetBytes(in, &edit->comparator, "comparator name");
    case kLogNumber:
      return Get64(in, &edit->log_number, "log number");
    case kPrevLogNumber:
      return Get64(in, &edit->prev_log_number, "previous log number");
    case kNextFileNumber:
      return Get64(in, &edit->next_file_number, "next file number");
    case kMinLogNumberToKeep:
      return Get64(in, &edit->min_log_number_to_keep, "min log number to keep");
    case kLastSequence:
      return Get64(in, &edit->last_seq, "last sequence number");
    case kMaxColumnFamily:
      return Get32(in, &edit->max_column_family, "max column family");
    case kCompactCursor:
      return GetCompactCursor(in, edit);
    case kDeletedFile:
      return GetDeletedTable(in, edit);
    case kNewFile:
    case kNewFile2:
    case kNewFile3:
    case kNewFile4:
      return GetTable(in, tag, edit);
    case kBlobFileAddition:
    case kOldBlobFileAddition:
      return GetBlobFile(in, edit);
    case kBlobFileGarbage:
    case kOldBlobFileGarbage:
      return GetBlobGarbage(in, edit);
    case kOldWalAddition:
      return GetWalAddition(in, edit);
    case kOldWalDeletion:
      return GetWalDeletion(in, edit);
    case kWalAddition:
    case kWalDeletion:
      return GetPrefixedWal(in, tag, edit);
    case kColumnFamily:
      return GetVarint32(in, &edit->column_family_id) ? nullptr : "set column family id";
    case kColumnFamilyAdd:
      return GetBytes(in, &edit->added_column_family, "column family add");
    case kColumnFamilyDrop:
      edit->drops_column_family = true;
      return nullptr;
    case kInAtomicGroup:
      return Get32(in, &edit->remaining_in_atomic_group, "remaining entries");
    case kFullHistoryTsLow:
      return GetFullHistoryTsLow(in, edit);
    default:
      return SkipUnknown(in, tag);
  }
}

}  // namespace

bool IsSameTable(const TableMeta& a, const TableMeta& b) {
  return a.number == b.number && a.path_id == b.path_id && a.file_bytes == b.file_bytes &&
         a.smallest.Encode() == b.smallest.Encode() && a.largest.Encode() == b.largest.Encode() &&
         a.smallest_seq == b.smallest_seq && a.largest_seq == b.largest_seq && a.temperature == b.temperature &&
         a.is_marked_for_compaction == b.is_marked_for_compaction;
}

void VersionEdit::EncodeTo(std::string* out) const {
  if (db_id) PutTaggedBytes(out, kDbId, *db_id);
  if (comparator) PutTaggedBytes(out, kComparator, *comparator);
  PutTagged64(out, kLogNumber, log_number);
  PutTagged64(out, kPrevLogNumber, prev_log_number);
  PutTagged64(out, kNextFileNumber, next_file_number);
  PutTagged32(out, kMaxColumnFamily, max_column_family);
  PutTagged64(out, kMinLogNumberToKeep, min_log_number_to_keep);
  PutTagged64(out, kLastSequence, last_seq);
  for (const auto& [level, key] : compact_cursors) {
    PutVarint32(out, kCompactCursor);
    PutVarint32(out, static_cast<uint32_t>(level));
    PutLengthPrefixed(out, key.Encode());
  }
  PutDeletedTables(out, deleted_tables);
  // RocksDB 5.18 knew the number only as a field of the first table; it is still written there too.
  const uint64_t* first_table_field = min_log_number_to_keep ? &*min_log_number_to_keep : nullptr;
  for (const auto& [level, table] : added_tables) {
    PutTable(out, level, table, std::exchange(first_table_field, nullptr));
  }
  PutBlobFiles(out, *this);
  PutWals(out, *this);
  PutColumnFamily(out, *this);
  PutTagged32(out, kInAtomicGroup, remaining_in_atomic_group);
  if (full_history_ts_low) PutTaggedBytes(out, kFullHistoryTsLow, *full_history_ts_low);
}

Status VersionEdit::Decode(Slice record, VersionEdit* edit) {
  *edit = VersionEdit();
  Slice in = record;
  while (!in.empty()) {
    uint32_t tag = 0;
    if (!GetVarint32(&in, &tag)) return Status::Corruption("VersionEdit", "invalid tag");
    if (Problem problem = GetTagged(&in, tag, edit); problem != nullptr)
      return Status::Corruption("VersionEdit", problem);
  }
  return Status::Ok();
}

}  // namespace gneiss
