// A LogDatabase is a database in a directory of its own, with the calls that tests of logs make again and again.
//
// Owner:   the directory and the open database.
// Errors:  failed calls fail the test.
#pragma once

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/transaction_log.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/temp_dir.h"

namespace gneiss {

// One batch as GetUpdatesSince tells it: its first sequence number and its puts and deletes.
struct Update {
  rocksdb::SequenceNumber seq = 0;
  std::string text;
  bool operator==(const Update& other) const { return seq == other.seq && text == other.text; }
};
inline std::ostream& operator<<(std::ostream& out, const Update& update) {
  return out << update.seq << ":" << update.text;
}

class UpdateText : public rocksdb::WriteBatch::Handler {
 public:
  rocksdb::Status PutCF(uint32_t family, const rocksdb::Slice& key, const rocksdb::Slice& value) override {
    text += "+" + std::to_string(family) + "." + key.ToString() + "=" + value.ToString();
    return rocksdb::Status::OK();
  }
  rocksdb::Status DeleteCF(uint32_t family, const rocksdb::Slice& key) override {
    text += "-" + std::to_string(family) + "." + key.ToString();
    return rocksdb::Status::OK();
  }
  void LogData(const rocksdb::Slice& blob) override { text += "#" + blob.ToString(); }
  std::string text;
};

// The size of a log without the zeros that an open one may have ahead.
inline uint64_t LoggedBytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  return bytes.find_last_not_of('\0') + 1;
}

class LogDatabase {
 public:
  LogDatabase() {
    options.create_if_missing = true;
    options.disable_auto_compactions = true;
    options.compression = rocksdb::kNoCompression;
  }
  ~LogDatabase() { Close(); }

  rocksdb::Status TryOpen() {
    Close();
    rocksdb::DB* opened = nullptr;
    const rocksdb::Status status = rocksdb::DB::Open(options, dir(), &opened);
    db.reset(opened);
    return status;
  }
  void Open() {
    const rocksdb::Status status = TryOpen();
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  void Close() { db.reset(); }

  void Put(const std::string& key, const std::string& value, bool sync = false) {
    rocksdb::WriteOptions write;
    write.sync = sync;
    const rocksdb::Status status = db->Put(write, key, value);
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  void Flush() {
    const rocksdb::Status status = db->Flush(rocksdb::FlushOptions());
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  std::string Get(const std::string& key) {
    std::string value;
    const rocksdb::Status status = db->Get({}, key, &value);
    return status.ok() ? value : status.ToString();
  }
  std::vector<std::string> WalNames() {
    rocksdb::VectorLogPtr files;
    const rocksdb::Status status = db->GetSortedWalFiles(files);
    EXPECT_TRUE(status.ok()) << status.ToString();
    std::vector<std::string> names;
    for (const auto& file : files) names.push_back(file->PathName());
    return names;
  }
  std::unique_ptr<rocksdb::TransactionLogIterator> Since(rocksdb::SequenceNumber seq) {
    std::unique_ptr<rocksdb::TransactionLogIterator> iterator;
    since_status = db->GetUpdatesSince(seq, &iterator);
    return iterator;
  }

  std::string dir() const { return temp_.path() + "/db"; }

  rocksdb::Options options;
  std::unique_ptr<rocksdb::DB> db;
  rocksdb::Status since_status;

 private:
  TempDir temp_;
};

// Everything from the iterator's place on.
inline std::vector<Update> ReadAll(rocksdb::TransactionLogIterator* iterator) {
  std::vector<Update> updates;
  for (; iterator->Valid(); iterator->Next()) {
    EXPECT_TRUE(iterator->status().ok()) << iterator->status().ToString();
    rocksdb::BatchResult batch = iterator->GetBatch();
    UpdateText text;
    EXPECT_TRUE(batch.writeBatchPtr->Iterate(&text).ok());
    updates.push_back({batch.sequence, text.text});
  }
  return updates;
}

}  // namespace gneiss
