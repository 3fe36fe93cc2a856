#include "session.h"

#include <rocksdb/comparator.h>

#include <cstdio>

namespace differential {

namespace {

Kind DrawKind(std::mt19937_64* random) {
  const uint64_t drawn = (*random)() % 8;
  return drawn < 4 ? Kind::kFree : drawn < 7 ? Kind::kArranged : Kind::kTimed;
}

}  // namespace

Session::Session(std::string path, uint64_t seed) : path_(std::move(path)), random_(seed), kind_(DrawKind(&random_)) {
  ChooseOptions();
  ChooseOperations();
}

Session::~Session() { Close(); }

void Session::Run(int steps) {
  Open();
  for (step_ = 0; step_ < steps; ++step_) Step();
  ScanAll();
}

void Session::AddOperation(uint64_t weight, Operation operation) {
  operations_.emplace_back(weight, operation);
  weights_ += weight;
}

// Weights are per thousand or so. What makes files costs a thousand times what a read does, so it is rare.
void Session::ChooseOperations() {
  AddOperation(200, &Session::WriteOne);
  AddOperation(60, &Session::WriteMany);
  AddOperation(140, &Session::WriteDirectly);
  AddOperation(140, &Session::GetOne);
  AddOperation(40, &Session::GetMany);
  AddOperation(80, &Session::ScanPart);
  AddOperation(100, &Session::MoveHeldIterator);
  AddOperation(20, &Session::ScanFamilies);
  if (!has_history_start_) AddOperation(20, &Session::ChangeSnapshots);
  AddOperation(14, &Session::Facts);
  AddOperation(14, &Session::ReadDropped);
  AddOperation(8, &Session::Flush);
  AddOperation(4, &Session::CompactRange);
  AddOperation(4, &Session::ChangeOptions);
  AddOperation(6, &Session::PauseOrCall);
  AddOperation(4, &Session::Misuse);
  AddOperation(2, &Session::ChangeFamilies);
  AddOperation(2, &Session::Reopen);
  AddOperation(1, &Session::OpenForReadOnly);
  AddOperation(1, &Session::OpenWrongly);
  if (IsTimed()) {
    AddOperation(40, &Session::ScanHistory);
    if (has_history_start_) AddOperation(3, &Session::RaiseHistoryStart);
    return;
  }
  AddOperation(30, &Session::WriteWithSavePoints);
  AddOperation(20, &Session::BuildBatch);
  AddOperation(60, &Session::GetEntityOrOperands);
  AddOperation(40, &Session::GetManyOfFamilies);
  AddOperation(30, &Session::ScanByPrefix);
  if (!has_range_deletes_) AddOperation(30, &Session::ScanTailing);
  AddOperation(3, &Session::Ingest);
  if (!has_range_deletes_) AddOperation(1, &Session::ExportAndImport);  // of which RocksDB loses some
  AddOperation(1, &Session::CheckCheckpoint);
  if (!writes_without_log_) AddOperation(6, &Session::ReadUpdates);
  if (IsArranged()) {
    AddOperation(8, &Session::Flush);
    AddOperation(4, &Session::CompactFiles);
    AddOperation(3, &Session::DeleteFiles);
    if (!has_entities_ && !has_blobs_ && !has_range_deletes_) AddOperation(3, &Session::CatchUp);
  }
}

void Session::Step() {
  uint64_t drawn = Draw(weights_);
  for (const auto& [weight, operation] : operations_) {
    if (drawn < weight) return (this->*operation)();
    drawn -= weight;
  }
}

void Session::Say(const std::string& what, const std::string& result) {
  std::printf("%d %s -> %s\n", step_, what.c_str(), result.c_str());
}

std::string Session::DrawKey() {
  char text[16];
  std::snprintf(text, sizeof(text), "k%03u", static_cast<unsigned>(Draw(200)));
  std::string key = text;
  // RocksDB's iterators over versions take no empty key.
  if (OneIn(20)) key.resize(IsTimed() ? 1 + Draw(3) : Draw(4));
  return key;
}

std::string Session::DrawValue() { return "v" + std::to_string(step_) + std::string(Draw(OneIn(10) ? 2000 : 40), 'x'); }

// uint64add takes operands of eight bytes; some are not.
std::string Session::DrawOperand(const Family& family) {
  has_merged_ = true;
  if (family.options.merge_operator != nullptr && OneIn(2)) {
    std::string number(8, '\0');
    number[0] = static_cast<char>('a' + Draw(26));
    return number;
  }
  return "m" + std::to_string(step_);
}

std::pair<std::string, std::string> Session::DrawRange(const Family& family) {
  std::string low = DrawKey(), high = DrawKey();
  if (family.options.comparator->CompareWithoutTimestamp(low, false, high, false) > 0) std::swap(low, high);
  return {low, high};
}

std::string Session::Timestamp(uint64_t time) const {
  std::string bytes(sizeof(time), '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(time >> (8 * i));
  return bytes;
}

// A compaction may clear a timestamp before the start of history.
std::string Session::ShownTime(const Slice& timestamp) const {
  uint64_t time = 0;
  for (size_t i = timestamp.size(); i-- > 0;) time = time << 8 | static_cast<unsigned char>(timestamp[i]);
  return time < history_start_ ? "before history" : std::to_string(time);
}

// RocksDB may come back with a lower last seq than it closed with, when the last entries were dropped by a flush.
std::string Session::SeqSinceOpen(SequenceNumber seq) const { return std::to_string(seq - seq_at_open_); }

}  // namespace differential
