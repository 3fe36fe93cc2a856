#include "engine/db/external_table.h"

#include <algorithm>

#include "engine/base/coding.h"
#include "engine/io/file_name.h"
#include "engine/table/meta_blocks.h"
#include "engine/table/unique_id.h"

namespace gneiss {

namespace {

Status ReadExternalProperties(const TableProperties& properties, const ExternalTableChecks& checks,
                              ExternalTable* table) {
  const auto text_of = [&](const char* name) {
    const auto found = properties.user.find(name);
    return found == properties.user.end() ? std::string() : found->second;
  };
  const std::string version_text = text_of(kExternalVersionProperty);
  if (version_text.size() < sizeof(uint32_t)) return Status::Corruption("External file version not found");
  switch (DecodeU32(version_text.data())) {
    case 1:
      if (checks.needs_global_seq) return Status::InvalidArgument("External SST file V1 does not support global seqno");
      return Status::Ok();
    case 2: {
      const std::string seq_text = text_of(kGlobalSeqProperty);
      if (seq_text.size() < sizeof(uint64_t)) {
        return Status::Corruption("External file global sequence number not found");
      }
      table->original_seq = DecodeU64(seq_text.data());
      table->global_seq_offset = properties.external_file_global_seq_offset;
      if (table->global_seq_offset == 0) return Status::Corruption("Was not able to find file global seqno field");
      return Status::Ok();
    }
    default:
      return Status::InvalidArgument("External file version is not supported");
  }
}

Status CheckedKey(Slice internal_key, const KeyOrder& order, bool must_have_no_seq, InternalKey* key) {
  ParsedKey parsed;
  const bool is_whole = ParseInternalKey(internal_key, &parsed) && order.HoldsTimestamp(parsed.user_key);
  if (!is_whole) return Status::Corruption("Corrupted key in external file. ");
  if (must_have_no_seq && parsed.seq != 0) return Status::Corruption("External file has non zero sequence number");
  *key = InternalKey::FromBytes(internal_key);
  return Status::Ok();
}

Status ReadBounds(const TableReader& reader, const KeyOrder& order, bool must_have_no_seq, TableMeta* meta) {
  ReadParams params;
  params.fill_cache = false;
  params.total_order_seek = true;
  const std::unique_ptr<InternalIterator> entries = reader.NewIterator(params);
  entries->SeekToFirst();
  if (entries->Valid()) {
    GNEISS_RETURN_IF_ERROR(CheckedKey(entries->key(), order, must_have_no_seq, &meta->smallest));
    entries->SeekToLast();
    if (entries->Valid()) GNEISS_RETURN_IF_ERROR(CheckedKey(entries->key(), order, must_have_no_seq, &meta->largest));
  }
  GNEISS_RETURN_IF_ERROR(entries->status());
  const std::unique_ptr<InternalIterator> tombstones = reader.NewRangeTombstoneIterator(params);
  if (tombstones == nullptr) return Status::Ok();
  for (tombstones->SeekToFirst(); tombstones->Valid(); tombstones->Next()) {
    const Slice start = UserKeyOf(tombstones->key());
    const Slice end = tombstones->value();
    if (!order.HoldsTimestamp(start) || !order.HoldsTimestamp(end))
      return Status::Corruption("Corrupted key in external file. ");
    if (meta->smallest.empty() || order.CompareStored(start, meta->smallest.user_key()) < 0) {
      meta->smallest = InternalKey(start, SeqOf(tombstones->key()), Kind::kRangeDelete);
    }
    // The end is not part of the range: this key sorts before every entry of its user key.
    if (meta->largest.empty() || order.Compare(end, meta->largest.user_key()) > 0) {
      meta->largest = InternalKey(order.BeforeVersions(order.BareKey(end)), kSeqMax, Kind::kRangeDelete);
    }
  }
  return tombstones->status();
}

Status CopyFile(FileSystem* fs, const std::string& from, const std::string& to) {
  constexpr size_t kPieceBytes = size_t{1} << 20;
  std::unique_ptr<SequentialFile> source;
  std::unique_ptr<WritableFile> target;
  GNEISS_RETURN_IF_ERROR(fs->OpenSequential(from, &source));
  GNEISS_RETURN_IF_ERROR(fs->Create(to, FileOptions{}, &target));
  const auto scratch = std::make_unique<char[]>(kPieceBytes);
  while (true) {
    Slice piece;
    GNEISS_RETURN_IF_ERROR(source->Read(kPieceBytes, &piece, scratch.get()));
    if (piece.empty()) break;
    GNEISS_RETURN_IF_ERROR(target->Append(piece));
  }
  GNEISS_RETURN_IF_ERROR(target->Sync());
  return target->Close();
}

// A link's data may still be on its way to the disk.
Status SyncFile(FileSystem* fs, const std::string& path) {
  std::unique_ptr<WritableFile> file;
  const Status opened = fs->Reopen(path, FileOptions{}, &file);
  if (opened.IsNotSupported()) return Status::Ok();
  GNEISS_RETURN_IF_ERROR(opened);
  GNEISS_RETURN_IF_ERROR(file->Sync());
  return file->Close();
}

InternalKey WithSeq(const InternalKey& key, SeqNo seq) {
  if (key.seq() != 0) return key;  // the end of a range tombstone
  ParsedKey parsed;
  if (!ParseInternalKey(key.Encode(), &parsed)) return key;
  return InternalKey(parsed.user_key, seq, parsed.kind);
}

// Opens the table and notes what it says of itself.
Status OpenOutside(const TableOpener& opener, const std::string& path, SeqNo largest_seq, ExternalTable* table,
                   std::unique_ptr<TableReader>* reader) {
  const TableOpener::Config& config = opener.config();
  table->outside_path = path;
  GNEISS_RETURN_IF_ERROR(config.fs->FileSize(path, &table->meta.file_bytes));
  std::unique_ptr<RandomAccessFile> file;
  GNEISS_RETURN_IF_ERROR(config.fs->OpenRandomAccess(path, config.file_options, &file));
  const TableReader::OpenParams params{.path = path, .file_bytes = table->meta.file_bytes, .largest_seq = largest_seq};
  GNEISS_RETURN_IF_ERROR(TableReader::Open(config.read, params, std::move(file), reader));
  table->properties = (*reader)->properties();
  const TableProperties& properties = table->properties;
  table->meta.unique_id = TableUniqueId(properties.db_id, properties.db_session_id, properties.original_file_number);
  return Status::Ok();
}

}  // namespace

Status LookAtExternalTable(const TableOpener& opener, const std::string& path, const ExternalTableChecks& checks,
                           ExternalTable* table) {
  std::unique_ptr<TableReader> reader;
  GNEISS_RETURN_IF_ERROR(OpenOutside(opener, path, /*largest_seq=*/0, table, &reader));
  if (checks.verify_checksums) {
    ReadParams read;
    read.readahead_bytes = checks.readahead_bytes;
    GNEISS_RETURN_IF_ERROR(reader->VerifyChecksums(read));
  }
  GNEISS_RETURN_IF_ERROR(ReadExternalProperties(table->properties, checks, table));
  return ReadBounds(*reader, opener.config().read.order, /*must_have_no_seq=*/true, &table->meta);
}

Status LookAtExportedTable(const TableOpener& opener, const std::string& path, ExternalTable* table) {
  std::unique_ptr<TableReader> reader;
  GNEISS_RETURN_IF_ERROR(OpenOutside(opener, path, table->meta.largest_seq, table, &reader));
  return ReadBounds(*reader, opener.config().read.order, /*must_have_no_seq=*/false, &table->meta);
}

Status BringInside(FileSystem* fs, const std::string& inside_path, bool moves, bool may_fall_back,
                   ExternalTable* table) {
  table->is_copy = !moves;
  Status status;
  if (moves) {
    status = fs->Link(table->outside_path, inside_path);
    if (status.ok()) {
      status = SyncFile(fs, inside_path);
    } else if (status.IsNotSupported() && may_fall_back) {
      table->is_copy = true;
    } else {
      return status;  // there may be another's file
    }
  }
  if (table->is_copy) status = CopyFile(fs, table->outside_path, inside_path);
  if (!status.ok()) {
    fs->Remove(inside_path).IgnoreError("an orphan is swept at the next open");
    return status;
  }
  table->inside_path = inside_path;
  return Status::Ok();
}

Status AssignGlobalSeq(FileSystem* fs, SeqNo seq, bool writes_file, ExternalTable* table) {
  TableMeta& meta = table->meta;
  meta.smallest = WithSeq(meta.smallest, seq);
  meta.largest = WithSeq(meta.largest, seq);
  meta.smallest_seq = seq;
  meta.largest_seq = seq;
  if (table->original_seq == seq || !writes_file) return Status::Ok();
  char bytes[sizeof(uint64_t)];
  EncodeU64(bytes, seq);
  const Status written = fs->Overwrite(table->inside_path, table->global_seq_offset, Slice(bytes, sizeof(bytes)));
  // The MANIFEST knows the seq as well.
  return written.IsNotSupported() ? Status::Ok() : written;
}

}  // namespace gneiss
