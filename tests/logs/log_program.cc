// One turn with a directory, for check_logs.py: the same binary runs with either library.
//
//   log_program fill DIR SEED BATCHES [option=value ...]   writes batches and dies without closing
//   log_program prepare DIR [option=value ...]    leaves transactions behind: "a" committed, "b" prepared, "c" rolled
//   back log_program commit DIR [option=value ...]     commits "b"
//                              (both with TransactionDB where the library has one, else through marked batches)
//   log_program read DIR [option=value ...]                opens, prints the outcome and all there is, and closes
//
// Options: mode (a WALRecoveryMode's number), compress, recycle, families, buffer, 2pc, track, atomic, checksums (1),
// timed (1: of two families the second has timestamps, and transactions are committed with one).
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/utilities/transaction_db.h>

#include <unistd.h>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace {

using Settings = std::map<std::string, int>;

int Get(const Settings& settings, const char* name, int otherwise) {
  const auto found = settings.find(name);
  return found == settings.end() ? otherwise : found->second;
}

rocksdb::Options OptionsOf(const Settings& settings) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.compression = rocksdb::kNoCompression;
  options.wal_recovery_mode = static_cast<rocksdb::WALRecoveryMode>(Get(settings, "mode", 2));
  options.wal_compression = Get(settings, "compress", 0) != 0 ? rocksdb::kZSTD : rocksdb::kNoCompression;
  options.recycle_log_file_num = static_cast<size_t>(Get(settings, "recycle", 0));
  options.write_buffer_size = static_cast<size_t>(Get(settings, "buffer", 64 << 20));
  options.allow_2pc = Get(settings, "2pc", 0) != 0;
  options.track_and_verify_wals_in_manifest = Get(settings, "track", 0) != 0;
  options.atomic_flush = Get(settings, "atomic", 0) != 0;
  if (Get(settings, "checksums", 0) != 0) {
    options.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  }
  return options;
}

struct Open {
  rocksdb::Status status;
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> families;
};

std::vector<rocksdb::ColumnFamilyDescriptor> FamiliesOf(const Settings& settings) {
  const rocksdb::Options options = OptionsOf(settings);
  std::vector<rocksdb::ColumnFamilyDescriptor> families = {{rocksdb::kDefaultColumnFamilyName, options}};
  for (int i = 1; i < Get(settings, "families", 1); ++i) families.emplace_back("f" + std::to_string(i), options);
  if (Get(settings, "timed", 0) != 0) {
    families.emplace_back("timed", options);
    rocksdb::Comparator::CreateFromString(rocksdb::ConfigOptions(), "leveldb.BytewiseComparator.u64ts",
                                          &families.back().options.comparator)
        .PermitUncheckedError();
  }
  return families;
}

Open OpenDb(const std::string& dir, const Settings& settings) {
  Open open;
  const rocksdb::Options options = OptionsOf(settings);
  const std::vector<rocksdb::ColumnFamilyDescriptor> families = FamiliesOf(settings);
  rocksdb::DB* db = nullptr;
  open.status = rocksdb::DB::Open(options, dir, families, &open.families, &db);
  open.db.reset(db);
  return open;
}

int Fill(const std::string& dir, unsigned seed, int batches, const Settings& settings) {
  Open open = OpenDb(dir, settings);
  if (!open.status.ok()) {
    std::printf("open: %s\n", open.status.ToString().c_str());
    return 1;
  }
  std::mt19937 random(seed);
  for (int i = 0; i < batches; ++i) {
    rocksdb::WriteBatch batch;
    const unsigned records = 1 + random() % 4;
    for (unsigned r = 0; r < records; ++r) {
      rocksdb::ColumnFamilyHandle* const family = open.families[random() % open.families.size()];
      const std::string key = "k" + std::to_string(random() % 500);
      // Some values span blocks, some compress well.
      const size_t bytes = random() % 20 == 0 ? random() % 70'000 : random() % 300;
      std::string value(bytes, static_cast<char>('a' + random() % 26));
      if (random() % 2 == 0) {
        for (char& c : value) c = static_cast<char>(random());
      }
      const rocksdb::Status status = random() % 5 == 0 ? batch.Delete(family, key) : batch.Put(family, key, value);
      if (!status.ok()) return 1;
    }
    if (random() % 7 == 0 && !batch.PutLogData("note").ok()) return 1;
    rocksdb::WriteOptions write;
    write.sync = random() % 50 == 0;
    const rocksdb::Status status = open.db->Write(write, &batch);
    if (!status.ok()) {
      std::printf("write: %s\n", status.ToString().c_str());
      return 1;
    }
  }
  std::fflush(stdout);
  _exit(0);  // as a crash would
}

// ---- transactions

constexpr uint64_t kCommitTime = 0x0102030405060708;
std::string TimeBytes(uint64_t time) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(time >> (8 * i));
  return bytes;
}

std::string Marker(char kind, const std::string& name) {
  return std::string(1, kind) + static_cast<char>(name.size()) + name;
}
std::string CommitMarker(const std::string& name, const Settings& settings) {
  if (Get(settings, "timed", 0) == 0) return Marker('\x0b', name);
  return '\x15' + std::string(1, '\x08') + TimeBytes(kCommitTime) + Marker('\x0b', name).substr(1);
}

bool WriteRep(rocksdb::DB* db, const std::string& rep) {
  rocksdb::WriteBatch batch(rep);
  const rocksdb::Status status = db->Write({}, &batch);
  if (!status.ok()) std::printf("write: %s\n", status.ToString().c_str());
  return status.ok();
}

// What both ways put into transaction `name`. The last family may have timestamps.
template <typename Batch>
bool PutIn(const std::string& name, const std::vector<rocksdb::ColumnFamilyHandle*>& families, Batch* batch) {
  return batch->Put(families.front(), "k1", "of " + name).ok() &&
         batch->Put(families.front(), name, std::string(1000, 'x')).ok() &&
         batch->Delete(families.front(), "k2").ok() && batch->Put(families.back(), "all", "of " + name).ok() &&
         batch->Delete(families.back(), "none").ok();
}

int PrepareByMarkers(const std::string& dir, Settings settings) {
  settings["2pc"] = 1;
  Open open = OpenDb(dir, settings);
  if (!open.status.ok() || !open.db->Put({}, "k1", "1").ok() || !open.db->Put({}, "k2", "2").ok()) return 1;
  for (const char* name : {"a", "b", "c"}) {
    rocksdb::WriteBatch changes;
    if (!PutIn(name, open.families, &changes)) return 1;
    const std::string& rep = changes.Data();
    if (!WriteRep(open.db.get(), rep.substr(0, 12) + '\x09' + rep.substr(12) + Marker('\x0a', name))) return 1;
    if (*name == 'b' && !open.db->Flush({}).ok()) return 1;
    if (*name == 'b') continue;
    const std::string end = *name == 'a' ? CommitMarker(name, settings) : Marker('\x0c', name);
    if (!WriteRep(open.db.get(), std::string(12, '\0') + end)) return 1;
  }
  if (!open.db->Put({}, "k3", "3").ok() || !open.db->Flush({}).ok() || !open.db->Put({}, "k4", "4").ok()) return 1;
  _exit(0);
}

bool Commit(rocksdb::Transaction* transaction, const Settings& settings) {
  if (Get(settings, "timed", 0) != 0 && !transaction->SetCommitTimestamp(kCommitTime).ok()) return false;
  const rocksdb::Status status = transaction->Commit();
  if (!status.ok()) std::printf("commit: %s\n", status.ToString().c_str());
  return status.ok();
}

int Prepare(const std::string& dir, const Settings& settings) {
  rocksdb::TransactionDB* opened = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  const rocksdb::Status status = rocksdb::TransactionDB::Open(OptionsOf({}), rocksdb::TransactionDBOptions(), dir,
                                                              FamiliesOf(settings), &families, &opened);
  if (status.IsNotSupported()) return PrepareByMarkers(dir, settings);
  if (!status.ok() || !opened->Put({}, "k1", "1").ok() || !opened->Put({}, "k2", "2").ok()) return 1;
  for (const char* name : {"a", "b", "c"}) {
    rocksdb::TransactionOptions options;
    options.skip_concurrency_control = true;
    rocksdb::Transaction* const transaction = opened->BeginTransaction({}, options);
    if (!transaction->SetName(name).ok()) return 1;
    if (!PutIn(name, families, transaction) || !transaction->Prepare().ok()) return 1;
    if (*name == 'a' && !Commit(transaction, settings)) return 1;
    if (*name == 'b' && !opened->Flush({}).ok()) return 1;
    if (*name == 'c' && !transaction->Rollback().ok()) return 1;
  }
  if (!opened->Put({}, "k3", "3").ok() || !opened->Flush({}).ok() || !opened->Put({}, "k4", "4").ok()) return 1;
  _exit(0);
}

int Commit(const std::string& dir, Settings settings) {
  rocksdb::TransactionDB* opened = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  const rocksdb::Status status = rocksdb::TransactionDB::Open(OptionsOf({}), rocksdb::TransactionDBOptions(), dir,
                                                              FamiliesOf(settings), &families, &opened);
  if (status.IsNotSupported()) {
    settings["2pc"] = 1;
    Open open = OpenDb(dir, settings);
    if (!open.status.ok() || !WriteRep(open.db.get(), std::string(12, '\0') + CommitMarker("b", settings))) return 1;
    _exit(0);
  }
  if (!status.ok()) return 1;
  rocksdb::Transaction* const transaction = opened->GetTransactionByName("b");
  if (transaction == nullptr || !Commit(transaction, settings)) return 1;
  _exit(0);
}

uint64_t HashOf(const rocksdb::Slice& bytes) {
  uint64_t hash = 14695981039346656037u;
  for (size_t i = 0; i < bytes.size(); ++i) hash = (hash ^ static_cast<unsigned char>(bytes[i])) * 1099511628211u;
  return hash;
}

int Read(const std::string& dir, const Settings& settings) {
  Open open = OpenDb(dir, settings);
  std::printf("open: %s\n", open.status.ok() ? "OK" : std::to_string(static_cast<int>(open.status.code())).c_str());
  std::fprintf(stderr, "%s\n", open.status.ToString().c_str());
  if (!open.status.ok()) return 0;
  std::printf("seq %" PRIu64 "\n", open.db->GetLatestSequenceNumber());
  const std::string last_time(8, '\xff');
  const rocksdb::Slice newest(last_time);
  for (rocksdb::ColumnFamilyHandle* family : open.families) {
    const bool is_timed = family->GetComparator()->timestamp_size() > 0;
    rocksdb::ReadOptions options;
    if (is_timed) options.timestamp = &newest;
    const std::unique_ptr<rocksdb::Iterator> iterator(open.db->NewIterator(options, family));
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
      const std::string time = is_timed ? "@" + iterator->timestamp().ToString(/*hex=*/true) : "";
      std::printf("%s %s%s %zu %016" PRIx64 "\n", family->GetName().c_str(), iterator->key().ToString().c_str(),
                  time.c_str(), iterator->value().size(), HashOf(iterator->value()));
    }
    if (!iterator->status().ok()) std::printf("scan: %s\n", iterator->status().ToString().c_str());
  }
  if (Get(settings, "checksums", 0) != 0) {
    std::printf("verified: %s\n", open.db->VerifyFileChecksums(rocksdb::ReadOptions()).ToString().c_str());
  }
  for (rocksdb::ColumnFamilyHandle* family : open.families) {
    if (!open.db->DestroyColumnFamilyHandle(family).ok()) return 1;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const std::string command = argv[1];
  const int first = command == "fill" ? 5 : 3;
  Settings settings;
  for (int i = first; i < argc; ++i) {
    const std::string setting = argv[i];
    const size_t equals = setting.find('=');
    settings[setting.substr(0, equals)] = std::atoi(setting.c_str() + equals + 1);
  }
  if (command == "read") return Read(argv[2], settings);
  if (command == "prepare") return Prepare(argv[2], settings);
  if (command == "commit") return Commit(argv[2], settings);
  if (command != "fill" || argc < 5) return 2;
  return Fill(argv[2], static_cast<unsigned>(std::atoi(argv[3])), std::atoi(argv[4]), settings);
}
