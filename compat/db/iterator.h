// The rocksdb::Iterator over an engine DbIterator.
//
// Owner:   holds the core, so it may outlive the DB; without a database (a table file alone) it cannot be renewed.
// Bounds are the caller's Slices and are read again at every seek. Threads: one at a time, as rocksdb::Iterator.
#pragma once

#include <rocksdb/iterator.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/wide_columns.h>

#include <forward_list>
#include <functional>
#include <memory>
#include <string>

#include "compat/db/core.h"
#include "compat/db/read_params.h"

namespace gneiss::compat {

class IteratorHandle final : public rocksdb::Iterator {
 public:
  IteratorHandle(std::shared_ptr<DbCore> core, const rocksdb::ReadOptions& options,
                 std::shared_ptr<const rocksdb::SliceTransform> prefix_extractor, const KeyOrder& order);
  // Before use: opens the engine's iterator at the newest state or the options' snapshot.
  void Open(const FamilyPtr& family);
  void Adopt(std::unique_ptr<DbIterator> inner) { inner_ = std::move(inner); }
  IteratorParams ParamsOf();

  bool Valid() const override { return inner_->Valid() && !is_past_prefix_ && refusal_.ok(); }
  void SeekToFirst() override;
  void SeekToLast() override;
  void Seek(const rocksdb::Slice& target) override;
  void SeekForPrev(const rocksdb::Slice& target) override;
  void Next() override;
  void Prev() override;
  rocksdb::Slice key() const override;
  rocksdb::Slice value() const override;
  rocksdb::Slice timestamp() const override;
  const rocksdb::WideColumns& columns() const override;
  rocksdb::Status status() const override;
  rocksdb::Status Refresh() override;
  rocksdb::Status GetProperty(std::string name, std::string* value) override;

 private:
  void ReadBounds();
  void BeforeSeek();
  Slice TargetOf(const rocksdb::Slice& target, const rocksdb::Slice* timestamp);
  rocksdb::Slice ShownKey() const;
  rocksdb::Slice BareKey() const;
  void NotePrefix(const rocksdb::Slice& target);
  void CheckPrefix();
  bool RefusesBackwards(const char* call);
  rocksdb::Slice KeptKey() const;

  const std::shared_ptr<DbCore> core_;
  const rocksdb::ReadOptions options_;
  const std::shared_ptr<const rocksdb::SliceTransform> prefix_extractor_;  // null unless prefix_same_as_start
  const KeyOrder order_;
  const bool shows_versions_;  // with iter_start_ts every version is an entry, and key() is an internal key
  Slice lower_;
  Slice upper_;
  Slice timestamp_;
  Slice start_timestamp_;
  std::string lower_bytes_;  // with shows_versions_
  std::string upper_bytes_;
  std::string target_bytes_;
  std::string prefix_;
  bool has_prefix_ = false;
  bool is_past_prefix_ = false;
  ReadOptionsGate gate_;
  std::function<bool(const TableProperties&)> table_filter_;
  rocksdb::Status refusal_;                           // of a step that a tailing iterator does not take
  mutable std::forward_list<std::string> kept_keys_;  // with pin_data, the newest first
  mutable bool is_key_kept_ = false;                  // the first of them is the current one
  std::unique_ptr<DbIterator> inner_;
  mutable rocksdb::PinnableWideColumns columns_;  // of the entry that columns() was last asked for
};

}  // namespace gneiss::compat
