// Calls of the API, drawn from the bytes, against a map that must agree.
#include <map>

#include "tests/fuzz/disk_database.h"
#include "tests/fuzz/fuzz_target.h"

const char* FuzzCorpusName() { return ".log"; }  // any bytes do

namespace {

using Map = std::map<std::string, std::string>;

class Reader {
 public:
  Reader(const uint8_t* bytes, size_t size) : bytes_(bytes), size_(size) {}
  bool AtEnd() const { return size_ == 0; }
  uint8_t Byte() {
    if (AtEnd()) return 0;
    --size_;
    return *bytes_++;
  }
  // Few keys, so that they meet.
  std::string Key() { return std::string(1 + Byte() % 3, static_cast<char>('a' + Byte() % 8)); }
  std::string Value() { return std::string(Byte(), static_cast<char>(Byte())); }

 private:
  const uint8_t* bytes_;
  size_t size_;
};

class Session {
 public:
  explicit Session(Reader reader) : reader_(reader), database_({}) {
    database_.options.create_if_missing = true;
    database_.options.write_buffer_size = 64 << 10;
    database_.options.disable_auto_compactions = reader_.Byte() % 2 == 0;
    database_.options.enable_blob_files = reader_.Byte() % 4 == 0;
    Open();
  }
  ~Session() { Forget(); }

  void Run() {
    for (int i = 0; i < 300 && !reader_.AtEnd(); ++i) Step();
    Compare(nullptr, map_);
  }

 private:
  void Open() {
    rocksdb::DB* opened = nullptr;
    FUZZ_CHECK(rocksdb::DB::Open(database_.options, "/db", &opened).ok());
    db_.reset(opened);
  }
  void Forget() {
    if (snapshot_ != nullptr) db_->ReleaseSnapshot(snapshot_);
    snapshot_ = nullptr;
  }

  void Step() {
    const std::string key = reader_.Key();
    switch (reader_.Byte() % 16) {
      case 0:
      case 1:
      case 2:
      case 3: {
        const std::string value = reader_.Value();
        FUZZ_CHECK(db_->Put({}, key, value).ok());
        map_[key] = value;
        return;
      }
      case 4:
      case 5:
        FUZZ_CHECK(db_->Delete({}, key).ok());
        map_.erase(key);
        return;
      case 6: {
        const std::string value = reader_.Value();
        FUZZ_CHECK(db_->Merge({}, key, value).ok());
        const auto [at, is_new] = map_.try_emplace(key);
        at->second += (is_new ? "" : ",") + value;
        return;
      }
      case 7: {
        const std::string end = reader_.Key();
        const rocksdb::Status status = db_->DeleteRange({}, db_->DefaultColumnFamily(), key, end);
        FUZZ_CHECK(status.ok() == (key <= end));
        if (key <= end) map_.erase(map_.lower_bound(key), map_.lower_bound(end));
        return;
      }
      case 8: {
        std::string value;
        const rocksdb::Status status = db_->Get({}, key, &value);
        const auto found = map_.find(key);
        FUZZ_CHECK(found == map_.end() ? status.IsNotFound() : status.ok() && value == found->second);
        return;
      }
      case 9:
        FUZZ_CHECK(db_->Flush({}).ok());
        return;
      case 10: {
        const rocksdb::Slice begin = key;
        FUZZ_CHECK(db_->CompactRange({}, reader_.Byte() % 2 == 0 ? nullptr : &begin, nullptr).ok());
        return;
      }
      case 11:
        Forget();
        snapshot_ = db_->GetSnapshot();
        then_ = map_;
        return;
      case 12:
        if (snapshot_ != nullptr) Compare(snapshot_, then_);
        return;
      case 13:
        Walk(key);
        return;
      case 14:
        Compare(nullptr, map_);
        return;
      default:
        if (reader_.Byte() % 4 != 0) return;  // it takes long
        Forget();
        db_.reset();
        Open();
    }
  }

  void Compare(const rocksdb::Snapshot* snapshot, const Map& map) {
    rocksdb::ReadOptions read;
    read.snapshot = snapshot;
    const std::unique_ptr<rocksdb::Iterator> iterator(db_->NewIterator(read));
    auto at = map.begin();
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next(), ++at) {
      FUZZ_CHECK(at != map.end() && iterator->key() == at->first && iterator->value() == at->second);
    }
    FUZZ_CHECK(at == map.end() && iterator->status().ok());
  }

  // Seeks and steps in both directions.
  void Walk(const std::string& from) {
    const std::unique_ptr<rocksdb::Iterator> iterator(db_->NewIterator({}));
    auto at = map_.lower_bound(from);
    iterator->Seek(from);
    for (int i = 0; i < 20; ++i) {
      FUZZ_CHECK(iterator->Valid() == (at != map_.end()));
      if (!iterator->Valid()) return;
      FUZZ_CHECK(iterator->key() == at->first && iterator->value() == at->second);
      if (reader_.Byte() % 2 == 0) {
        iterator->Next();
        ++at;
      } else {
        iterator->Prev();
        at = at == map_.begin() ? map_.end() : std::prev(at);
      }
    }
  }

  Reader reader_;
  gneiss::fuzz::DiskDatabase database_;
  std::unique_ptr<rocksdb::DB> db_;
  Map map_;
  Map then_;
  const rocksdb::Snapshot* snapshot_ = nullptr;
};

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  Session(Reader(bytes, size)).Run();
  return 0;
}
