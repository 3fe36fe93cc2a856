// Helpers for the tests of this folder: files in memory, and tables made of entries in a map.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/random.h"
#include "engine/io/file_system.h"
#include "engine/table/table_reader.h"
#include "engine/table/table_writer.h"

namespace gneiss {

class StringSink final : public WritableFile {
 public:
  Status Append(Slice bytes) override {
    contents.append(bytes);
    return Status::Ok();
  }
  Status Sync() override { return Status::Ok(); }
  Status Close() override { return Status::Ok(); }
  Status Truncate(uint64_t) override { return Status::Ok(); }
  std::string contents;
};

// With `is_mapped`, reads give pointers into the contents, as mmap does; they are good for nothing once the file is
// gone.
class StringFile final : public RandomAccessFile {
 public:
  explicit StringFile(std::string contents, bool is_mapped = false)
      : contents_(std::move(contents)), is_mapped_(is_mapped) {}
  ~StringFile() override {
    if (is_mapped_) std::fill(contents_.begin(), contents_.end(), '\xee');
  }
  Status Read(uint64_t offset, size_t size, Slice* result, char* scratch) const override {
    ++reads;
    if (offset > contents_.size()) return Status::IoError("read behind the end");
    const Slice found = Slice(contents_).substr(offset, size);
    if (is_mapped_) {
      *result = found;
    } else {
      found.copy(scratch, found.size());
      *result = Slice(scratch, found.size());
    }
    return Status::Ok();
  }
  mutable std::atomic<int> reads = 0;

 private:
  std::string contents_;
  const bool is_mapped_;
};

// Orders internal keys as a table does.
struct InternalLess {
  KeyOrder order;
  bool operator()(const std::string& a, const std::string& b) const { return order.CompareInternal(a, b) < 0; }
};
using Entries = std::map<std::string, std::string, InternalLess>;

inline std::string Internal(Slice user_key, SeqNo seq, Kind kind = Kind::kPut) {
  return std::string(InternalKey(user_key, seq, kind).Encode());
}

inline std::string BuildTable(const TableWriteConfig& config, const Entries& entries,
                              TableProperties* properties = nullptr) {
  StringSink sink;
  TableWriter writer(config, &sink);
  for (const auto& [key, value] : entries) {
    const Status status = writer.Add(key, value);
    if (!status.ok()) std::cerr << status.ToString() << "\n";
  }
  const Status status = writer.Finish();
  if (!status.ok()) std::cerr << status.ToString() << "\n";
  if (properties != nullptr) *properties = writer.properties();
  return sink.contents;
}

inline Status OpenTable(const TableReadConfig& config, const std::string& contents,
                        std::unique_ptr<TableReader>* reader, TableReader::OpenParams params = {}) {
  params.path = "test.sst";
  params.file_bytes = contents.size();
  return TableReader::Open(config, params, std::make_unique<StringFile>(contents), reader);
}

// The seed of a random test: GNEISS_SEED, or the one given.
inline uint64_t TestSeed(uint64_t fallback) {
  const char* text = std::getenv("GNEISS_SEED");
  const uint64_t seed = text != nullptr ? std::strtoull(text, nullptr, 10) : fallback;
  std::cout << "GNEISS_SEED=" << seed << "\n";
  return seed;
}

inline std::string RandomBytes(Random* random, size_t size, int alphabet) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>('a' + random->Uniform(static_cast<uint64_t>(alphabet)));
  return bytes;
}

}  // namespace gneiss
