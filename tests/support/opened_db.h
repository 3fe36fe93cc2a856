// An OpenedDb is a database with the handles of its families by name.
//
// Owner:   owns the database and its handles; whatever Env the options name must outlive it.
#pragma once

#include <rocksdb/db.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/drawn_options.h"
#include "tests/support/numbered_batches.h"

namespace gneiss {

class OpenedDb {
 public:
  OpenedDb() = default;
  OpenedDb(const OpenedDb&) = delete;
  OpenedDb& operator=(const OpenedDb&) = delete;
  ~OpenedDb() { Close(); }

  rocksdb::Status Open(const DrawnOptions& options, const std::string& directory,
                       const std::vector<std::string>& families) {
    std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
    Handles handles;  // made before: without memory afterwards they would be lost, and with them the database
    for (const std::string& name : families) {
      descriptors.emplace_back(name, options.family);
      handles[name] = nullptr;
    }
    std::vector<rocksdb::ColumnFamilyHandle*> opened;
    rocksdb::DB* db = nullptr;
    const rocksdb::Status status = rocksdb::DB::Open(options.db, directory, descriptors, &opened, &db);
    db_.reset(db);
    if (!status.ok()) return status;
    for (rocksdb::ColumnFamilyHandle* handle : opened) handles.at(handle->GetName()) = handle;
    handles_.swap(handles);
    return status;
  }
  void Close() {
    while (!handles_.empty()) Release(handles_.begin()->first);
    db_.reset();
  }
  void Add(rocksdb::ColumnFamilyHandle* handle) { handles_[handle->GetName()] = handle; }
  void Release(const std::string& family) {
    db_->DestroyColumnFamilyHandle(handles_.at(family)).PermitUncheckedError();
    handles_.erase(family);
  }

  rocksdb::DB* operator->() const { return db_.get(); }
  rocksdb::DB* get() const { return db_.get(); }
  const Handles& handles() const { return handles_; }
  rocksdb::Status Write(const NumberedBatch& batch, bool sync, bool without_log = false) const {
    rocksdb::WriteBatch changes;
    AddTo(ChangesOf(batch), handles_, &changes);
    rocksdb::WriteOptions options;
    options.sync = sync;
    options.disableWAL = without_log;
    return db_->Write(options, &changes);
  }

 private:
  std::unique_ptr<rocksdb::DB> db_;
  Handles handles_;
};

}  // namespace gneiss
