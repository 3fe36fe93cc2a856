// c.h: compaction, flushing, files, metadata, properties, the write-ahead log, options of an open database.
#include <rocksdb/convenience.h>
#include <rocksdb/experimental.h>
#include <rocksdb/metadata.h>
#include <rocksdb/transaction_log.h>

#include <cstdlib>
#include <unordered_map>

#include "compat/c/handles.h"

using namespace gneiss::compat;
using rocksdb::ColumnFamilyHandle;
using rocksdb::CompactRangeOptions;
using rocksdb::Range;
using rocksdb::Slice;
using rocksdb::Status;
using rocksdb::TransactionLogIterator;

struct rocksdb_wal_iterator_t {
  std::unique_ptr<TransactionLogIterator> rep;
};
struct rocksdb_wal_readoptions_t {
  TransactionLogIterator::ReadOptions rep;
};
struct rocksdb_livefiles_t {
  std::vector<rocksdb::LiveFileMetaData> rep;
};
struct rocksdb_column_family_metadata_t {
  rocksdb::ColumnFamilyMetaData rep;
};
// These two point into a rocksdb_column_family_metadata_t. They are malloc'ed: clients may give them to rocksdb_free.
struct rocksdb_level_metadata_t {
  const rocksdb::LevelMetaData* rep;
};
struct rocksdb_sst_file_metadata_t {
  const rocksdb::SstFileMetaData* rep;
};

namespace {

struct KeyRange {
  OptionalSlice start;
  OptionalSlice limit;
};

void Compact(rocksdb_t* db, const CompactRangeOptions& options, ColumnFamilyHandle* family, const KeyRange& range) {
  // c.h gives this function no way to report an error.
  db->rep->CompactRange(options, family, range.start.get(), range.limit.get()).PermitUncheckedError();
}

struct RangeArrays {
  int count;
  const char* const* starts;
  const size_t* start_sizes;
  const char* const* limits;
  const size_t* limit_sizes;
};

Status ApproximateSizes(rocksdb_t* db, ColumnFamilyHandle* family, const RangeArrays& in, uint64_t* sizes) {
  std::vector<Range> ranges;
  for (int i = 0; i < in.count; ++i) {
    ranges.emplace_back(Slice(in.starts[i], in.start_sizes[i]), Slice(in.limits[i], in.limit_sizes[i]));
  }
  return db->rep->GetApproximateSizes(family, ranges.data(), in.count, sizes);
}

char* PropertyValue(rocksdb_t* db, ColumnFamilyHandle* family, const char* name) {
  std::string value;
  return db->rep->GetProperty(family, name, &value) ? CopyText(value) : nullptr;
}

int PropertyInt(rocksdb_t* db, ColumnFamilyHandle* family, const char* name, uint64_t* value) {
  return db->rep->GetIntProperty(family, name, value) ? 0 : -1;
}

Status SetOptions(rocksdb_t* db, ColumnFamilyHandle* family, int count, const char* const keys[],
                  const char* const values[]) {
  std::unordered_map<std::string, std::string> changes;
  for (int i = 0; i < count; ++i) changes[keys[i]] = values[i];
  return db->rep->SetOptions(family, changes);
}

template <class Handle, class Item>
Handle* Locate(const std::vector<Item>& items, size_t i) {
  if (i >= items.size()) return nullptr;
  auto* handle = static_cast<Handle*>(malloc(sizeof(Handle)));
  handle->rep = &items[i];
  return handle;
}

}  // namespace

extern "C" {

void rocksdb_compact_range(rocksdb_t* db, const char* start_key, size_t start_key_len, const char* limit_key,
                           size_t limit_key_len) {
  Compact(db, CompactRangeOptions(), db->rep->DefaultColumnFamily(),
          {{start_key, start_key_len}, {limit_key, limit_key_len}});
}

void rocksdb_compact_range_cf(rocksdb_t* db, CfHandle* cf, const char* start_key, size_t start_key_len,
                              const char* limit_key, size_t limit_key_len) {
  Compact(db, CompactRangeOptions(), cf->rep, {{start_key, start_key_len}, {limit_key, limit_key_len}});
}

void rocksdb_compact_range_opt(rocksdb_t* db, rocksdb_compactoptions_t* opt, const char* start_key,
                               size_t start_key_len, const char* limit_key, size_t limit_key_len) {
  Compact(db, opt->rep, db->rep->DefaultColumnFamily(), {{start_key, start_key_len}, {limit_key, limit_key_len}});
}

void rocksdb_compact_range_cf_opt(rocksdb_t* db, CfHandle* cf, rocksdb_compactoptions_t* opt, const char* start_key,
                                  size_t start_key_len, const char* limit_key, size_t limit_key_len) {
  Compact(db, opt->rep, cf->rep, {{start_key, start_key_len}, {limit_key, limit_key_len}});
}

void rocksdb_suggest_compact_range(rocksdb_t* db, const char* start_key, size_t start_key_len, const char* limit_key,
                                   size_t limit_key_len, char** errptr) {
  const KeyRange range{{start_key, start_key_len}, {limit_key, limit_key_len}};
  SaveError(errptr, rocksdb::experimental::SuggestCompactRange(db->rep, range.start.get(), range.limit.get()));
}

void rocksdb_suggest_compact_range_cf(rocksdb_t* db, CfHandle* cf, const char* start_key, size_t start_key_len,
                                      const char* limit_key, size_t limit_key_len, char** errptr) {
  const KeyRange range{{start_key, start_key_len}, {limit_key, limit_key_len}};
  SaveError(errptr, db->rep->SuggestCompactRange(cf->rep, range.start.get(), range.limit.get()));
}

void rocksdb_cancel_all_background_work(rocksdb_t* db, unsigned char wait) {
  rocksdb::CancelAllBackgroundWork(db->rep, wait != 0);
}

void rocksdb_disable_manual_compaction(rocksdb_t* db) { db->rep->DisableManualCompaction(); }

void rocksdb_enable_manual_compaction(rocksdb_t* db) { db->rep->EnableManualCompaction(); }

void rocksdb_flush(rocksdb_t* db, const rocksdb_flushoptions_t* options, char** errptr) {
  SaveError(errptr, db->rep->Flush(options->rep));
}

void rocksdb_flush_cf(rocksdb_t* db, const rocksdb_flushoptions_t* options, CfHandle* cf, char** errptr) {
  SaveError(errptr, db->rep->Flush(options->rep, cf->rep));
}

void rocksdb_flush_wal(rocksdb_t* db, unsigned char sync, char** errptr) {
  SaveError(errptr, db->rep->FlushWAL(sync != 0));
}

void rocksdb_disable_file_deletions(rocksdb_t* db, char** errptr) {
  SaveError(errptr, db->rep->DisableFileDeletions());
}

void rocksdb_enable_file_deletions(rocksdb_t* db, unsigned char force, char** errptr) {
  SaveError(errptr, db->rep->EnableFileDeletions(force != 0));
}

void rocksdb_delete_file(rocksdb_t* db, const char* name) {
  // c.h gives this function no way to report an error.
  db->rep->DeleteFile(name).PermitUncheckedError();
}

void rocksdb_delete_file_in_range(rocksdb_t* db, const char* start_key, size_t start_key_len, const char* limit_key,
                                  size_t limit_key_len, char** errptr) {
  const KeyRange range{{start_key, start_key_len}, {limit_key, limit_key_len}};
  SaveError(errptr,
            rocksdb::DeleteFilesInRange(db->rep, db->rep->DefaultColumnFamily(), range.start.get(), range.limit.get()));
}

void rocksdb_delete_file_in_range_cf(rocksdb_t* db, CfHandle* cf, const char* start_key, size_t start_key_len,
                                     const char* limit_key, size_t limit_key_len, char** errptr) {
  const KeyRange range{{start_key, start_key_len}, {limit_key, limit_key_len}};
  SaveError(errptr, rocksdb::DeleteFilesInRange(db->rep, cf->rep, range.start.get(), range.limit.get()));
}

void rocksdb_approximate_sizes(rocksdb_t* db, int num_ranges, const char* const* range_start_key,
                               const size_t* range_start_key_len, const char* const* range_limit_key,
                               const size_t* range_limit_key_len, uint64_t* sizes, char** errptr) {
  SaveError(errptr,
            ApproximateSizes(db, db->rep->DefaultColumnFamily(),
                             {num_ranges, range_start_key, range_start_key_len, range_limit_key, range_limit_key_len},
                             sizes));
}

void rocksdb_approximate_sizes_cf(rocksdb_t* db, CfHandle* cf, int num_ranges, const char* const* range_start_key,
                                  const size_t* range_start_key_len, const char* const* range_limit_key,
                                  const size_t* range_limit_key_len, uint64_t* sizes, char** errptr) {
  SaveError(errptr,
            ApproximateSizes(db, cf->rep,
                             {num_ranges, range_start_key, range_start_key_len, range_limit_key, range_limit_key_len},
                             sizes));
}

char* rocksdb_property_value(rocksdb_t* db, const char* propname) {
  return PropertyValue(db, db->rep->DefaultColumnFamily(), propname);
}

char* rocksdb_property_value_cf(rocksdb_t* db, CfHandle* cf, const char* propname) {
  return PropertyValue(db, cf->rep, propname);
}

int rocksdb_property_int(rocksdb_t* db, const char* propname, uint64_t* out_val) {
  return PropertyInt(db, db->rep->DefaultColumnFamily(), propname, out_val);
}

int rocksdb_property_int_cf(rocksdb_t* db, CfHandle* cf, const char* propname, uint64_t* out_val) {
  return PropertyInt(db, cf->rep, propname, out_val);
}

void rocksdb_set_options(rocksdb_t* db, int count, const char* const keys[], const char* const values[],
                         char** errptr) {
  SaveError(errptr, SetOptions(db, db->rep->DefaultColumnFamily(), count, keys, values));
}

void rocksdb_set_options_cf(rocksdb_t* db, CfHandle* handle, int count, const char* const keys[],
                            const char* const values[], char** errptr) {
  SaveError(errptr, SetOptions(db, handle->rep, count, keys, values));
}

void rocksdb_increase_full_history_ts_low(rocksdb_t* db, CfHandle* cf, const char* ts_low, size_t ts_lowlen,
                                          char** errptr) {
  SaveError(errptr, db->rep->IncreaseFullHistoryTsLow(cf->rep, std::string(ts_low, ts_lowlen)));
}

char* rocksdb_get_full_history_ts_low(rocksdb_t* db, CfHandle* cf, size_t* ts_lowlen, char** errptr) {
  std::string ts_low;
  *ts_lowlen = 0;
  if (SaveError(errptr, db->rep->GetFullHistoryTsLow(cf->rep, &ts_low))) return nullptr;
  return CopyBytes(ts_low, ts_lowlen);
}

uint64_t rocksdb_get_latest_sequence_number(rocksdb_t* db) { return db->rep->GetLatestSequenceNumber(); }

rocksdb_wal_iterator_t* rocksdb_get_updates_since(rocksdb_t* db, uint64_t seq_number,
                                                  const rocksdb_wal_readoptions_t* options, char** errptr) {
  auto result = std::make_unique<rocksdb_wal_iterator_t>();
  const auto read_options = options != nullptr ? options->rep : TransactionLogIterator::ReadOptions();
  if (SaveError(errptr, db->rep->GetUpdatesSince(seq_number, &result->rep, read_options))) return nullptr;
  return result.release();
}

void rocksdb_wal_iter_next(rocksdb_wal_iterator_t* iter) { iter->rep->Next(); }

unsigned char rocksdb_wal_iter_valid(const rocksdb_wal_iterator_t* iter) { return iter->rep->Valid(); }

void rocksdb_wal_iter_status(const rocksdb_wal_iterator_t* iter, char** errptr) {
  SaveError(errptr, iter->rep->status());
}

void rocksdb_wal_iter_destroy(const rocksdb_wal_iterator_t* iter) { delete iter; }

rocksdb_writebatch_t* rocksdb_wal_iter_get_batch(const rocksdb_wal_iterator_t* iter, uint64_t* seq) {
  rocksdb::BatchResult batch = iter->rep->GetBatch();
  if (seq != nullptr) *seq = batch.sequence;
  return new rocksdb_writebatch_t{std::move(*batch.writeBatchPtr)};
}

const rocksdb_livefiles_t* rocksdb_livefiles(rocksdb_t* db) {
  auto* files = new rocksdb_livefiles_t();
  db->rep->GetLiveFilesMetaData(&files->rep);
  return files;
}

int rocksdb_livefiles_count(const rocksdb_livefiles_t* lf) { return static_cast<int>(lf->rep.size()); }

const char* rocksdb_livefiles_column_family_name(const rocksdb_livefiles_t* lf, int index) {
  return lf->rep[index].column_family_name.c_str();
}

const char* rocksdb_livefiles_name(const rocksdb_livefiles_t* lf, int index) { return lf->rep[index].name.c_str(); }

int rocksdb_livefiles_level(const rocksdb_livefiles_t* lf, int index) { return lf->rep[index].level; }

size_t rocksdb_livefiles_size(const rocksdb_livefiles_t* lf, int index) { return lf->rep[index].size; }

const char* rocksdb_livefiles_smallestkey(const rocksdb_livefiles_t* lf, int index, size_t* size) {
  *size = lf->rep[index].smallestkey.size();
  return lf->rep[index].smallestkey.data();
}

const char* rocksdb_livefiles_largestkey(const rocksdb_livefiles_t* lf, int index, size_t* size) {
  *size = lf->rep[index].largestkey.size();
  return lf->rep[index].largestkey.data();
}

uint64_t rocksdb_livefiles_entries(const rocksdb_livefiles_t* lf, int index) { return lf->rep[index].num_entries; }

uint64_t rocksdb_livefiles_deletions(const rocksdb_livefiles_t* lf, int index) { return lf->rep[index].num_deletions; }

void rocksdb_livefiles_destroy(const rocksdb_livefiles_t* lf) { delete lf; }

rocksdb_column_family_metadata_t* rocksdb_get_column_family_metadata(rocksdb_t* db) {
  auto* meta = new rocksdb_column_family_metadata_t();
  db->rep->GetColumnFamilyMetaData(&meta->rep);
  return meta;
}

rocksdb_column_family_metadata_t* rocksdb_get_column_family_metadata_cf(rocksdb_t* db, CfHandle* cf) {
  auto* meta = new rocksdb_column_family_metadata_t();
  db->rep->GetColumnFamilyMetaData(cf->rep, &meta->rep);
  return meta;
}

void rocksdb_column_family_metadata_destroy(rocksdb_column_family_metadata_t* cf_meta) { delete cf_meta; }

uint64_t rocksdb_column_family_metadata_get_size(rocksdb_column_family_metadata_t* cf_meta) {
  return cf_meta->rep.size;
}

size_t rocksdb_column_family_metadata_get_file_count(rocksdb_column_family_metadata_t* cf_meta) {
  return cf_meta->rep.file_count;
}

char* rocksdb_column_family_metadata_get_name(rocksdb_column_family_metadata_t* cf_meta) {
  return CopyText(cf_meta->rep.name);
}

size_t rocksdb_column_family_metadata_get_level_count(rocksdb_column_family_metadata_t* cf_meta) {
  return cf_meta->rep.levels.size();
}

rocksdb_level_metadata_t* rocksdb_column_family_metadata_get_level_metadata(rocksdb_column_family_metadata_t* cf_meta,
                                                                            size_t i) {
  return Locate<rocksdb_level_metadata_t>(cf_meta->rep.levels, i);
}

void rocksdb_level_metadata_destroy(rocksdb_level_metadata_t* level_meta) { free(level_meta); }

int rocksdb_level_metadata_get_level(rocksdb_level_metadata_t* level_meta) { return level_meta->rep->level; }

uint64_t rocksdb_level_metadata_get_size(rocksdb_level_metadata_t* level_meta) { return level_meta->rep->size; }

size_t rocksdb_level_metadata_get_file_count(rocksdb_level_metadata_t* level_meta) {
  return level_meta->rep->files.size();
}

rocksdb_sst_file_metadata_t* rocksdb_level_metadata_get_sst_file_metadata(rocksdb_level_metadata_t* level_meta,
                                                                          size_t i) {
  return Locate<rocksdb_sst_file_metadata_t>(level_meta->rep->files, i);
}

void rocksdb_sst_file_metadata_destroy(rocksdb_sst_file_metadata_t* file_meta) { free(file_meta); }

char* rocksdb_sst_file_metadata_get_relative_filename(rocksdb_sst_file_metadata_t* file_meta) {
  return CopyText(file_meta->rep->relative_filename);
}

uint64_t rocksdb_sst_file_metadata_get_size(rocksdb_sst_file_metadata_t* file_meta) { return file_meta->rep->size; }

char* rocksdb_sst_file_metadata_get_smallestkey(rocksdb_sst_file_metadata_t* file_meta, size_t* len) {
  return CopyBytes(file_meta->rep->smallestkey, len);
}

char* rocksdb_sst_file_metadata_get_largestkey(rocksdb_sst_file_metadata_t* file_meta, size_t* len) {
  return CopyBytes(file_meta->rep->largestkey, len);
}

}  // extern "C"
