#include "engine/wal/write_batch.h"

#include <array>
#include <utility>

namespace gneiss {

namespace {

// How the record of one tag is laid out: [column family id] [one or two length-prefixed strings].
struct Layout {
  bool is_known = false;
  Kind kind = Kind::kNoop;  // what BatchRecord reports
  bool has_family = false;
  unsigned char strings = 0;
  const char* damage = "";  // told when the record is cut; RocksDB's words
};

constexpr size_t kTags = static_cast<size_t>(Kind::kColumnFamilyWideColumn) + 1;

constexpr std::array<Layout, kTags> MakeLayouts() {
  std::array<Layout, kTags> layouts{};
  const auto set = [&layouts](Kind tag, unsigned char strings, const char* damage) {
    layouts[static_cast<size_t>(tag)] = {.is_known = true, .kind = tag, .strings = strings, .damage = damage};
  };
  const auto set_both = [&](Kind tag, Kind family_tag, unsigned char strings, const char* damage) {
    set(tag, strings, damage);
    layouts[static_cast<size_t>(family_tag)] = {
        .is_known = true, .kind = tag, .has_family = true, .strings = strings, .damage = damage};
  };
  set_both(Kind::kPut, Kind::kColumnFamilyPut, 2, "bad WriteBatch Put");
  set_both(Kind::kDelete, Kind::kColumnFamilyDelete, 1, "bad WriteBatch Delete");
  set_both(Kind::kSingleDelete, Kind::kColumnFamilySingleDelete, 1, "bad WriteBatch Delete");
  set_both(Kind::kRangeDelete, Kind::kColumnFamilyRangeDelete, 2, "bad WriteBatch DeleteRange");
  set_both(Kind::kMerge, Kind::kColumnFamilyMerge, 2, "bad WriteBatch Merge");
  set_both(Kind::kBlobIndex, Kind::kColumnFamilyBlobIndex, 2, "bad WriteBatch BlobIndex");
  set_both(Kind::kWideColumn, Kind::kColumnFamilyWideColumn, 2, "bad WriteBatch PutEntity");
  set(Kind::kLogData, 1, "bad WriteBatch Blob");
  set(Kind::kNoop, 0, "");
  set(Kind::kBeginPrepare, 0, "");
  set(Kind::kBeginPersistedPrepare, 0, "");
  set(Kind::kBeginUnprepare, 0, "");
  set(Kind::kEndPrepare, 1, "bad EndPrepare XID");
  set(Kind::kCommit, 1, "bad Commit XID");
  set(Kind::kCommitWithTimestamp, 2, "bad commit timestamp");
  set(Kind::kRollback, 1, "bad Rollback XID");
  return layouts;
}
constexpr std::array<Layout, kTags> kLayouts = MakeLayouts();

}  // namespace

Status BatchReader::NextOfAnyKind(BatchRecord* record) {
  if (rest_.empty()) return Status::Corruption("malformed WriteBatch (no record left)");
  const auto tag = static_cast<unsigned char>(rest_[0]);
  if (tag >= kTags || !kLayouts[tag].is_known) return Status::Corruption("unknown WriteBatch tag");
  rest_.remove_prefix(1);
  const Layout& layout = kLayouts[tag];
  record->kind = layout.kind;
  record->column_family_id = 0;
  if (layout.strings < 2) record->key = record->value = Slice();
  if (layout.has_family && !GetVarint32(&rest_, &record->column_family_id)) return Status::Corruption(layout.damage);
  if (layout.strings >= 1 && !GetLengthPrefixed(&rest_, &record->key)) return Status::Corruption(layout.damage);
  if (layout.strings >= 2 && !GetLengthPrefixed(&rest_, &record->value)) return Status::Corruption(layout.damage);
  // Here the timestamp comes first, and the name is the key as in the other markers.
  if (layout.kind == Kind::kCommitWithTimestamp) std::swap(record->key, record->value);
  return Status::Ok();
}

}  // namespace gneiss
