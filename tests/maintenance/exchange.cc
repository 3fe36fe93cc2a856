// Makes and reads databases with files that the tending calls put in place. check_exchange.py runs this program with
// one library and then with the other on the same directory.
//
//   exchange write DIR ROUND   files taken in with and without their sequence number written, ranges deleted, files
//                              dropped, compacted by name; ROUND makes the keys differ
//   exchange read DIR          prints what is there: keys, values, columns
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/wide_columns.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace {

using rocksdb::Status;

void Need(const Status& status, const char* what) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s: %s\n", what, status.ToString().c_str());
  std::exit(1);
}

rocksdb::Options OptionsOf() {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.disable_auto_compactions = true;
  return options;
}

std::unique_ptr<rocksdb::DB> Open(const std::string& dir) {
  rocksdb::DB* db = nullptr;
  Need(rocksdb::DB::Open(OptionsOf(), dir, &db), "open");
  return std::unique_ptr<rocksdb::DB>(db);
}

// Keys PREFIX00 .. PREFIX19, every third one deleted, and a range deleted.
std::string WriteFile(const std::string& path, const std::string& prefix, const std::string& value) {
  rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), OptionsOf());
  Need(writer.Open(path), "open file");
  for (int i = 0; i < 20; ++i) {
    const std::string key = prefix + std::to_string(10 + i);
    Need(i % 3 == 2 ? writer.Delete(key) : writer.Put(key, value + std::to_string(i)), "write file");
  }
  Need(writer.DeleteRange(prefix + "4", prefix + "6"), "write file");
  Need(writer.Finish(), "finish file");
  return path;
}

void Write(const std::string& dir, const std::string& round) {
  const std::unique_ptr<rocksdb::DB> db = Open(dir);
  for (const char* prefix : {"a", "b", "c", "d"}) {
    for (int i = 0; i < 60; ++i) Need(db->Put({}, prefix + std::to_string(10 + i), "old" + round), "put");
    Need(db->Flush({}), "flush");
  }
  const rocksdb::Snapshot* const snapshot = db->GetSnapshot();
  for (const bool writes_seq : {false, true}) {
    rocksdb::IngestExternalFileOptions options;
    options.write_global_seqno = writes_seq;
    options.move_files = writes_seq;
    const std::string prefix = writes_seq ? "a" : "b";
    Need(db->IngestExternalFile({WriteFile(dir + "_1.sst", prefix, round), WriteFile(dir + "_2.sst", prefix, round),
                                 WriteFile(dir + "_3.sst", "x" + round + prefix, round)},
                                options),
         "ingest");
  }
  db->ReleaseSnapshot(snapshot);
  Need(db->PutEntity({}, db->DefaultColumnFamily(), "e" + round, {{"", "default"}, {"name", round}}), "entity");
  Need(db->Flush({}), "flush");
  rocksdb::ColumnFamilyMetaData metadata;
  db->GetColumnFamilyMetaData(&metadata);
  std::vector<std::string> names;
  for (const auto& file : metadata.levels[0].files) {
    if (file.smallestkey >= "b") names.push_back(file.name);
  }
  Need(db->CompactFiles({}, names, 5), "compact files");
  const rocksdb::Slice begin("c"), end("c99");
  Need(rocksdb::DeleteFilesInRange(db.get(), db->DefaultColumnFamily(), &begin, &end), "delete files in range");
  Need(db->SetDBOptions({{"max_background_jobs", "3"}}), "set options");
  Need(db->Put({}, "in the log " + round, "1"), "put");
}

void Read(const std::string& dir) {
  const std::unique_ptr<rocksdb::DB> db = Open(dir);
  Need(db->VerifyChecksum(), "verify");
  const std::unique_ptr<rocksdb::Iterator> iterator(db->NewIterator({}));
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
    std::printf("%s=%s", iterator->key().ToString().c_str(), iterator->value().ToString().c_str());
    for (const rocksdb::WideColumn& column : iterator->columns()) {
      std::printf(" %s:%s", column.name().ToString().c_str(), column.value().ToString().c_str());
    }
    std::printf("\n");
  }
  Need(iterator->status(), "scan");
  std::printf("seq %llu\n", static_cast<unsigned long long>(db->GetLatestSequenceNumber()));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string verb = argc > 2 ? argv[1] : "";
  if (verb == "write" && argc == 4) {
    Write(argv[2], argv[3]);
  } else if (verb == "read") {
    Read(argv[2]);
  } else {
    std::fprintf(stderr, "usage: exchange write DIR ROUND | exchange read DIR\n");
    return 2;
  }
  return 0;
}
