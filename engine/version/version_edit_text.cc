// VersionEdit::ToString: one line per edit, for LOG lines and tests.
#include "engine/version/version_edit.h"

namespace gneiss {

namespace {

void AppendNumber(std::string* text, const char* name, const std::optional<uint64_t>& value) {
  if (value) text->append(" ").append(name).append("=").append(std::to_string(*value));
}

void AppendTable(std::string* text, int level, const TableMeta& table) {
  text->append(" add=L").append(std::to_string(level)).append(":").append(std::to_string(table.number));
  text->append("(").append(std::to_string(table.file_bytes)).append(" bytes ");
  text->append(KeyText(table.smallest)).append("..").append(KeyText(table.largest)).append(")");
}

void AppendFamily(std::string* text, const VersionEdit& edit) {
  text->append(" family=").append(std::to_string(edit.column_family_id));
  if (edit.added_column_family) text->append(" add_family=").append(*edit.added_column_family);
  if (edit.drops_column_family) text->append(" drop_family");
}

}  // namespace

std::string HexText(Slice bytes) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

std::string KeyText(const InternalKey& key) {
  ParsedKey parsed;
  if (!ParseInternalKey(key.Encode(), &parsed)) return "(bad key)";
  std::string text = "'" + HexText(parsed.user_key);
  text.append("' seq:").append(std::to_string(parsed.seq));
  text.append(", type:").append(std::to_string(static_cast<int>(parsed.kind)));
  return text;
}

std::string VersionEdit::ToString() const {
  std::string text = "edit";
  AppendFamily(&text, *this);
  if (db_id) text.append(" db_id=").append(*db_id);
  if (comparator) text.append(" comparator=").append(*comparator);
  AppendNumber(&text, "log", log_number);
  AppendNumber(&text, "prev_log", prev_log_number);
  AppendNumber(&text, "next_file", next_file_number);
  AppendNumber(&text, "max_family", max_column_family);
  AppendNumber(&text, "min_log_to_keep", min_log_number_to_keep);
  AppendNumber(&text, "last_seq", last_seq);
  for (const auto& [level, key] : compact_cursors)
    text.append(" cursor=L").append(std::to_string(level)).append(":").append(KeyText(key));
  for (const auto& [level, number] : deleted_tables)
    text.append(" delete=L").append(std::to_string(level)).append(":").append(std::to_string(number));
  for (const auto& [level, table] : added_tables) AppendTable(&text, level, table);
  for (const BlobFileMeta& file : added_blob_files) {
    text.append(" add_blob_file=").append(std::to_string(file.number));
    text.append("(").append(std::to_string(file.blob_count)).append(" blobs ");
    text.append(std::to_string(file.blob_bytes)).append(" bytes)");
  }
  for (const BlobGarbage& garbage : blob_garbage) {
    text.append(" blob_garbage=").append(std::to_string(garbage.file_number));
    text.append("(").append(std::to_string(garbage.blob_count)).append(" blobs ");
    text.append(std::to_string(garbage.blob_bytes)).append(" bytes)");
  }
  for (const auto& [number, synced_bytes] : added_wals) {
    text.append(" add_wal=").append(std::to_string(number));
    AppendNumber(&text, "synced_bytes", synced_bytes);
  }
  AppendNumber(&text, "delete_wals_before", deleted_wals_before);
  AppendNumber(&text, "atomic_group_remaining", remaining_in_atomic_group);
  if (full_history_ts_low)
    text.append(" full_history_ts_low_bytes=").append(std::to_string(full_history_ts_low->size()));
  return text;
}

}  // namespace gneiss
