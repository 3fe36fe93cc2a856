// A Version is the immutable set of a column family's tables: levels of runs of tables. A change builds the next
// Version.
//
// Nouns:   a Run holds tables with disjoint key ranges in key order; a Level holds runs, newest first. Level 0 has one
//          run per table, deeper levels at most one run.
// Units:   bytes.
// Owner:   shared_ptr<const Version>; a Version shares its runs and TableFiles with its neighbours.
// Threads: immutable, so safe from any thread.
// Errors:  Apply answers Corruption for an edit that does not fit (a deleted table that is not there, overlap in a
//          run), with RocksDB's texts. Reads report errors through their result.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/iter/blob_values.h"
#include "engine/iter/internal_iterator.h"
#include "engine/iter/point_lookup.h"
#include "engine/version/blob_file.h"
#include "engine/version/run.h"
#include "engine/version/table_file.h"
#include "engine/version/version_edit.h"

namespace gneiss {

inline constexpr int kLevelsDefault = 7;

struct Level {
  std::vector<std::shared_ptr<const Run>> runs;  // newest first
  uint64_t bytes = 0;
  size_t table_count = 0;

  // All tables, newest run first; within a run in key order.
  void ForEachTable(const std::function<void(const TableFilePtr&)>& visit) const;
  SeqNo LargestSeq() const;  // 0: it is empty
};

class Version {
 public:
  // An empty Version with `level_count` levels.
  Version(const KeyOrder& order, int level_count);

  // The next Version: this one less the edit's deleted tables plus its added ones (as made by `make_table`). A table
  // that the edit deletes and adds again keeps its TableFile, unless its metadata changed; in both cases its file stays
  // in use, so the caller marks obsolete only what the edit deletes for good. Runs of untouched levels are shared.
  using MakeTable = std::function<TableFilePtr(const TableMeta&)>;
  // Blob files stay as long as a table may refer to them: see version_blobs.cc. `make_blob_file` may be null when the
  // edit adds none.
  using MakeBlobFile = std::function<BlobFilePtr(const BlobFileMeta&)>;
  Status Apply(const VersionEdit& edit, const MakeTable& make_table, std::shared_ptr<const Version>* next,
               const MakeBlobFile& make_blob_file = nullptr) const;
  // Adds to the edit all tables of this Version, level by level, and all blob files: for a new MANIFEST.
  void AppendTo(VersionEdit* edit) const;

  const KeyOrder& order() const { return order_; }
  int LevelCount() const { return static_cast<int>(levels_.size()); }
  const Level& level(int number) const { return levels_[static_cast<size_t>(number)]; }
  int LastNonEmptyLevel() const;  // -1 when there is no table
  size_t TableCount() const;
  std::vector<size_t> TablesPerLevel() const;
  uint64_t TotalBytes() const;

  // Offers the lookup this Version's entries of its key, newest first, level by level, until it is done.
  // What `probe` (may be null) knows of one of the tables is used.
  void Get(const ReadParams& params, const SeekKey& key, PointLookup* lookup, TableProbe* probe = nullptr) const;

  // Ahead of such calls for several keys without timestamps: finds, for each key, the block of the first table that
  // will have to be searched for it, without reading files (engine/table/table_probe.h).
  struct KeyProbe {
    const SeekKey* key = nullptr;
    uint64_t hash = 0;  // Xxph3 of its user key
    TableProbe* probe = nullptr;
  };
  static constexpr size_t kProbedKeysMax = 32;
  void ProbeTables(const KeyProbe* keys, size_t count) const;

  // In ascending order of their numbers.
  const std::vector<BlobFileUse>& blob_files() const;
  const BlobFileUse* FindBlobFile(uint64_t number) const;  // null when this Version has no such file
  // The value that a table's entry of kind kBlobIndex refers to. `ahead` may be null.
  Status ReadBlob(const ReadParams& params, Slice user_key, Slice reference, PinnedValue* value) const;
  Status ReadBlob(const ReadParams& params, Slice user_key, const BlobReference& reference, BlobReadAhead* ahead,
                  PinnedValue* value) const;

  // Adds iterators that together show every entry: one per level-0 table, one per deeper run. Newest first.
  void AddIterators(const ReadParams& params, std::vector<std::unique_ptr<InternalIterator>>* iterators) const;
  bool HasRangeTombstones() const;  // false only when it is certain
  // Every range tombstone, as TableFile::ForEachTombstone tells them. *status keeps the first error.
  void AddRangeTombstones(const ReadParams& params, const TableFile::AddTombstone& add, Status* status) const;

  // Tables of a level that overlap [begin, end] by user key; null means unbounded. For level 0 the result is grown
  // until no other level-0 table overlaps it when `expand_level0`.
  std::vector<TableFilePtr> Overlapping(int level, const Slice* begin_user_key, const Slice* end_user_key,
                                        bool expand_level0 = false) const;
  // Does any table at `level` or deeper overlap the user-key range?
  bool AnyOverlap(int from_level, Slice begin_user_key, Slice end_user_key) const;

  // About how many bytes of tables lie in [start, end). Tables at the edges are asked where the keys lie, unless all of
  // them together are smaller than `error_margin` of the rest: then half of each counts.
  uint64_t ApproximateBytes(Slice start_user_key, Slice end_user_key, const ReadParams& params,
                            double error_margin = -1) const;

  void CheckInvariants() const;
  // RocksDB's text (rocksdb.sstables), with the number of the version as the caller counts them.
  std::string DebugString(uint64_t version_number = 0) const;

 private:
  // A level-0 table with the heads of its first and last user key; for orders without heads, the widest ones.
  struct Fence {
    uint64_t smallest_head = 0;
    uint64_t largest_head = UINT64_MAX;
    const TableFile* table = nullptr;
  };
  struct Change;
  class Search;

  Status CheckDeleted(const VersionEdit& edit, Change* change) const;
  Status CheckAdded(const VersionEdit& edit, const MakeTable& make_table, Change* change) const;
  Status ApplyToLevel(int number, const Change& change, Level* next) const;
  Status ApplyToBlobFiles(const VersionEdit& edit, const Change& change, const MakeBlobFile& make_blob_file,
                          Version* next) const;
  void BuildFences();
  std::optional<int> LevelOf(uint64_t table_number) const;
  bool IsInside(const Fence& fence, Slice user_key, uint64_t head) const;
  struct Candidates;
  void FindCandidates(const SeekKey& key, Candidates* candidates) const;
  void GetFromLevel0(Search* search) const;
  void GetFromRun(const Run& run, int level, Search* search) const;

  KeyOrder order_;
  std::vector<Level> levels_;
  std::vector<Fence> level0_fences_;
  std::shared_ptr<const std::vector<BlobFileUse>> blob_files_;  // null: none; shared by Versions that differ otherwise
  uint64_t table_number_max_ = 0;                               // no table here has a higher one
};

using VersionPtr = std::shared_ptr<const Version>;

}  // namespace gneiss
