// A BatchIndex keeps the records of one WriteBatch findable by (column family, key).
//
// Order:   family id, then key by the family's comparator (timestamps left out), then position in the batch. The last
// record of a
//          key is the newest.
// Owner:   borrows the batch; holds offsets into it, so it survives the batch's growth. Merge operators are shared.
// Threads: one thread at a time, as the batch.
// Errors:  Corruption for records that do not parse.
#pragma once

#include <rocksdb/comparator.h>
#include <rocksdb/db.h>
#include <rocksdb/utilities/write_batch_with_index.h>
#include <rocksdb/write_batch.h>

#include <map>
#include <memory_resource>
#include <set>
#include <string>
#include <vector>

#include "engine/wal/write_batch.h"

namespace gneiss::compat {

class BatchIndex {
 public:
  // Offsets may move on to a newer record of the same key: that leaves the order as it is, and cursors where they are.
  struct Entry {
    uint32_t family_id;
    mutable size_t offset;  // of the record in the batch
    mutable size_t key_offset;
    mutable size_t key_size;  // without timestamp
  };
  struct Options {
    const rocksdb::Comparator* default_comparator;
    // A key has one entry, apart from merges: a newer put or delete takes the place of the key's last entry.
    bool overwrites_keys;
  };

  BatchIndex(rocksdb::WriteBatch* batch, const Options& options);

  // Takes in the record that was appended last, at `offset`. A null family is the default one.
  void Add(rocksdb::ColumnFamilyHandle* family, size_t offset);
  // Reads the whole batch again, after a rollback.
  rocksdb::Status Rebuild();
  void Clear();

  rocksdb::WriteBatch& batch() const { return *batch_; }
  const rocksdb::Comparator* ComparatorOf(uint32_t family_id) const;
  // How many batches without repeated keys this one amounts to.
  size_t sub_batches() const { return sub_batches_; }

  rocksdb::Slice KeyOf(const Entry& entry) const { return {batch_->Data().data() + entry.key_offset, entry.key_size}; }
  BatchRecord RecordOf(const Entry& entry) const;

 private:
  friend class BatchCursor;

  // What is looked for: a family's first or last place, or a key before or after its entries.
  struct Bound {
    uint32_t family_id;
    const rocksdb::Slice* key;  // null: the whole family
    bool after;
  };
  struct Less {
    using is_transparent = void;
    const BatchIndex* index;
    bool operator()(const Entry& a, const Entry& b) const;
    bool operator()(const Entry& a, const Bound& b) const;
    bool operator()(const Bound& a, const Entry& b) const;
  };
  using Entries = std::pmr::set<Entry, Less>;

  int CompareKeys(uint32_t family_id, const rocksdb::Slice& a, const rocksdb::Slice& b) const;
  void Insert(const Entry& entry, Kind kind);
  Entry MakeEntry(const BatchRecord& record, size_t offset) const;

  rocksdb::WriteBatch* batch_;
  const Options options_;
  std::map<uint32_t, const rocksdb::Comparator*> comparators_;
  std::pmr::monotonic_buffer_resource memory_;
  Entries entries_;
  size_t sub_batches_ = 1;
  size_t sub_batch_start_ = 0;  // offset of the current sub-batch's first record
};

// A place among the entries of one family. Entries may be added while cursors stand.
class BatchCursor {
 public:
  BatchCursor(const BatchIndex* index, uint32_t family_id) : index_(index), family_id_(family_id) { SetEnd(); }

  bool Valid() const { return at_ != index_->entries_.end() && at_->family_id == family_id_; }
  void SeekToFirst();
  void SeekToLast();
  void Seek(const rocksdb::Slice& key);         // the first entry at or after the key
  void SeekForPrev(const rocksdb::Slice& key);  // the last entry at or before the key
  void SeekPast(const rocksdb::Slice& key);     // the first entry of a later key
  void SeekBefore(const rocksdb::Slice& key);   // the last entry of an earlier key
  void Next();
  void Prev();
  rocksdb::Slice key() const { return index_->KeyOf(*at_); }
  BatchRecord record() const { return index_->RecordOf(*at_); }

 private:
  void SetEnd() { at_ = index_->entries_.end(); }
  void StepBackFrom(BatchIndex::Entries::const_iterator place);

  const BatchIndex* index_;
  uint32_t family_id_;
  BatchIndex::Entries::const_iterator at_;
};

// What a batch says about one key, before the database is asked.
struct BatchLookup {
  enum class Outcome {
    kUnknown,  // the batch has no record of the key
    kFound,    // value()
    kDeleted,
    kMerging,  // `operands`, oldest first, wait for what lies below
    kError,    // `status`
  };
  // The value of kFound: merged, or as it lies in the batch.
  rocksdb::Slice value() const { return operands.empty() ? in_batch : rocksdb::Slice(merged); }

  Outcome outcome = Outcome::kUnknown;
  rocksdb::Slice in_batch;
  std::string merged;
  std::vector<std::string> operands;
  rocksdb::Status status;
};

// The merge operators of families, looked up once: asking a handle copies all its options.
class MergeOperators {
 public:
  // Merges `operands`, oldest first, over `base` (null: nothing there).
  rocksdb::Status Merge(rocksdb::ColumnFamilyHandle* family, const rocksdb::Slice& key, const rocksdb::Slice* base,
                        const std::vector<std::string>& operands, std::string* value);

 private:
  std::map<uint32_t, std::shared_ptr<rocksdb::MergeOperator>> operators_;
};

BatchLookup LookUpInBatch(const BatchIndex& index, MergeOperators* merge_operators, rocksdb::ColumnFamilyHandle* family,
                          const rocksdb::Slice& key);

inline uint32_t FamilyId(rocksdb::ColumnFamilyHandle* family) { return family == nullptr ? 0 : family->GetID(); }

// An iterator over a database with a batch laid over it. Owns `base`.
rocksdb::Iterator* NewLayeredIterator(const BatchIndex* index, MergeOperators* merge_operators,
                                      rocksdb::ColumnFamilyHandle* family, rocksdb::Iterator* base,
                                      const rocksdb::ReadOptions* options);

}  // namespace gneiss::compat
