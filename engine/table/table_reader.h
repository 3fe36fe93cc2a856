// A TableReader answers point reads and scans from one block-based table.
//
// Format:  docs/formats/table.md; format_version 0 to 5.
// Owner:   owns its file. Iterators and pinned values must not outlive it (SuperVersions see to that), except that
// blocks
//          pinned by values live in the cache.
// Threads: every const method is safe from any thread.
// Errors:  damaged bytes are Corruption naming file and offset.
#pragma once

#include <memory>
#include <string>

#include "engine/io/file_system.h"
#include "engine/iter/internal_iterator.h"
#include "engine/iter/point_lookup.h"
#include "engine/table/table_options.h"
#include "engine/table/table_properties.h"

namespace gneiss {

struct TableProbe;

class TableReader {
 public:
  struct OpenParams {
    std::string path;  // for messages
    uint64_t file_bytes = 0;
    uint64_t file_number = 0;
    int level = -1;               // -1: unknown
    SeqNo largest_seq = kSeqMax;  // of the manifest; the global seq of an ingested file
    bool skip_filters = false;
    // The file's part of its blocks' keys in the block cache, from Cache::NewId; 0: a new one. A table that is closed
    // and opened again finds its blocks under the same id.
    uint64_t cache_id = 0;
  };
  // `config` outlives the reader.
  static Status Open(const TableReadConfig& config, const OpenParams& params, std::unique_ptr<RandomAccessFile> file,
                     std::unique_ptr<TableReader>* reader);
  ~TableReader();

  // False when the filter says that user_key is certainly absent. `hash` = Xxph3(user_key), computed once per lookup.
  bool MayContain(Slice user_key, uint64_t hash, const ReadParams& params) const {
    return MayContain(user_key, user_key, hash, params);
  }
  // For keys with timestamps: where to look, and the bare key, of which `hash` is.
  bool MayContain(Slice user_key, Slice bare_key, uint64_t hash, const ReadParams& params) const;

  // Offers the lookup this table's entries of its user key with seq <= its seq, newest first, until it is done.
  // Checks the filter first. Errors are reported through lookup->Fail.
  // `probe` (may be null) is used up where it is this table's.
  void Get(const ReadParams& params, const SeekKey& key, uint64_t hash, PointLookup* lookup,
           TableProbe* probe = nullptr) const;

  // The steps of a probe for keys without timestamps, one after the other. FindBlock returns false when the filter says
  // that the table has no such key.
  void PrefetchFilter(Slice user_key, uint64_t hash) const;
  bool FindBlock(const SeekKey& key, uint64_t hash, TableProbe* probe) const;
  void TakeBlock(TableProbe* probe) const;
  void PrefetchEntry(Slice user_key, const TableProbe& probe) const;

  std::unique_ptr<InternalIterator> NewIterator(const ReadParams& params) const;
  // Range tombstones as internal key -> end user key, sorted; null when the table has none.
  std::unique_ptr<InternalIterator> NewRangeTombstoneIterator(const ReadParams& params) const;

  // About where the key lies (or would lie) in the file: bytes from its start.
  uint64_t ApproximateOffsetOf(Slice internal_key, const ReadParams& params) const;
  const TableProperties& properties() const;
  size_t MemoryUsage() const;  // of index, filter and reader, when not in the cache
  // Takes the table's blocks out of the block cache, when nobody will ask for them again. Some hundred nanoseconds per
  // block; what is pinned goes with its last pin.
  void EraseFromCache() const;
  // Reads every block and checks its checksum.
  Status VerifyChecksums(const ReadParams& params) const;

 private:
  struct Rep;
  explicit TableReader(std::unique_ptr<Rep> rep);
  std::unique_ptr<Rep> rep_;
};

}  // namespace gneiss
