#include "tests/schedules/scheduled_database.h"

#include "engine/base/coding.h"
#include "engine/wal/write_batch.h"

namespace gneiss::schedules {

BatchText::BatchText() { rep_.resize(kBatchHeaderBytes); }
BatchText& BatchText::Put(Slice key, Slice value, uint32_t family) {
  return Append(static_cast<uint8_t>(family == 0 ? Kind::kPut : Kind::kColumnFamilyPut), family, key, &value);
}
BatchText& BatchText::Delete(Slice key, uint32_t family) {
  return Append(static_cast<uint8_t>(family == 0 ? Kind::kDelete : Kind::kColumnFamilyDelete), family, key, nullptr);
}
BatchText& BatchText::Append(uint8_t kind, uint32_t family, Slice key, const Slice* value) {
  rep_.push_back(static_cast<char>(kind));
  if (family != 0) PutVarint32(&rep_, family);
  PutLengthPrefixed(&rep_, key);
  if (value != nullptr) PutLengthPrefixed(&rep_, *value);
  EncodeU32(rep_.data() + 8, BatchCount(rep_) + 1);
  return *this;
}

ScheduledDatabase::ScheduledDatabase() {
  config.create_if_missing = true;
  config.create_missing_families = true;
  config.session_id = "0123456789ABCDEFGHIJ";  // cache keys are made of it
  family_config.write_buffer_bytes = 64 << 10;
  family_config.arena_block_bytes = 1 << 10;
  family_config.compaction.compression = Compression::kNone;
  family_config.table_read.block_cache =
      NewCache({.capacity_bytes = 4 << 10, .shard_bits = 0, .charges_metadata = false});
}

ScheduledDatabase::~ScheduledDatabase() {
  families.clear();
  database.reset();
}

void ScheduledDatabase::Open(MemoryFileSystem* disk) {
  config.fs = disk;
  const std::vector<FamilyDescriptor> descriptors = {{.name = kDefaultFamilyName, .config = family_config},
                                                     {.name = "other", .config = family_config}};
  families.clear();
  CheckOk(Database::Open(config, "/db", descriptors, &families, &database), "Open");
}

void ScheduledDatabase::Write(const WriteParams& params, BatchText* batch) {
  CheckOk(database->Write(params, batch->rep()), "Write");
}

std::string ScheduledDatabase::Get(Slice key, const Snapshot* snapshot, size_t family) {
  PinnedValue value;
  const Status status = database->Get({.snapshot = snapshot}, families[family].get(), key, &value);
  if (status.code() == Status::Code::kNotFound) return "";
  CheckOk(status, "Get");
  return std::string(value.slice());
}

Contents ScheduledDatabase::Scan(const Snapshot* snapshot, size_t family) {
  return Read(database->NewIterator({.snapshot = snapshot}, families[family]).get());
}

Contents ScheduledDatabase::Read(DbIterator* iterator) {
  Contents found;
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) found.emplace(iterator->key(), iterator->value());
  CheckOk(iterator->status(), "an iterator");
  return found;
}

void CheckOk(const Status& status, const char* call) {
  SCHEDULE_CHECK(status.ok(), "%s: %s", call, status.ToString().c_str());
}

void JoinAll(std::vector<std::thread>* threads) {
  for (std::thread& thread : *threads) thread.join();
  threads->clear();
}

}  // namespace gneiss::schedules
