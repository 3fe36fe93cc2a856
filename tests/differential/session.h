// A Session does random operations on a database of random options, all drawn from one seed, and prints each with its
// result. Two libraries must print the same, so nothing is printed, and nothing decides what is drawn next, that may
// depend on when background work runs:
//
//     kFree      flushes and compactions go on by themselves; what is printed does not show where data lies
//     kArranged  files change by calls alone, so calls that name files or ranges of them, secondaries and counts of
//                memtable entries are there too. Which tombstones and operands a compaction keeps is no contract,
//                so what shows that is not printed
//     kTimed     as kFree, with user-defined timestamps
//
// Threads: one. Errors: results like others; what the session itself needs ends the program.
#pragma once

#include <rocksdb/db.h>

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace differential {

using namespace rocksdb;  // NOLINT: the program is about nothing else

enum class Kind { kFree, kArranged, kTimed };

struct Family {
  std::string name;
  ColumnFamilyOptions options;
  ColumnFamilyHandle* handle = nullptr;
  bool has_ingested = false;
  std::set<std::string> live_singles;  // keys put once since their last SingleDelete
};

// An iterator that lives on while the database changes, with what its options point to.
struct HeldIterator {
  std::string lower, upper, time;
  Slice lower_slice, upper_slice, time_slice;
  std::unique_ptr<Iterator> iterator;
};

class Session {
 public:
  Session(std::string path, uint64_t seed);
  ~Session();

  void Run(int steps);

 private:
  using Operation = void (Session::*)();

  // session.cc
  void AddOperation(uint64_t weight, Operation operation);
  void ChooseOperations();
  void Step();
  void Say(const std::string& what, const std::string& result);
  uint64_t Draw(uint64_t below) { return random_() % below; }
  bool OneIn(uint64_t n) { return Draw(n) == 0; }
  Family& DrawFamily() { return families_[Draw(families_.size())]; }
  std::string DrawKey();
  std::string DrawSingle() { return "s" + std::to_string(Draw(20)); }
  std::string DrawValue();
  std::string DrawOperand(const Family& family);
  std::pair<std::string, std::string> DrawRange(const Family& family);
  std::string Timestamp(uint64_t time) const;
  std::string ShownTime(const Slice& timestamp) const;
  bool IsArranged() const { return kind_ == Kind::kArranged; }
  bool IsTimed() const { return kind_ == Kind::kTimed; }
  std::string SeqSinceOpen(SequenceNumber seq) const;
  std::string FilePath(const std::string& name) const { return path_ + "." + name; }

  // session_options.cc
  void ChooseOptions();
  void ChooseChangingOptions();
  ColumnFamilyOptions ChooseFamilyOptions();
  void ChooseChangingOptions(ColumnFamilyOptions* options);
  void ChooseTableOptions(ColumnFamilyOptions* options);
  void ChooseMergeOperator(ColumnFamilyOptions* options);

  // opening.cc
  void Open();
  void Close();
  void Reopen();
  void OpenForReadOnly();
  void OpenWrongly();
  void ChangeFamilies();
  void ReadDropped();
  void ChangeSnapshots();
  void CatchUp();
  void CloseSecondary();
  std::vector<ColumnFamilyDescriptor> Descriptors() const;

  // writes.cc
  WriteOptions DrawWriteOptions();
  std::string AddOne(WriteBatch* batch, Family* family, bool may_be_undone);
  void WriteOne();
  void WriteMany();
  void WriteDirectly();
  void WriteWithSavePoints();
  void BuildBatch();
  std::string WriteStatus(const Status& status);

  // reads.cc
  ReadOptions DrawReadOptions();
  void GetOne();
  void GetEntityOrOperands();
  void GetMany();
  void GetManyOfFamilies();

  // scans.cc
  static std::string At(const Iterator& iterator);
  void DrawIteratorOptions(const Family& family, HeldIterator* held, ReadOptions* options);
  std::string Walk(Iterator* iterator, bool is_forward, uint64_t count);
  void ScanPart();
  void ScanByPrefix();
  void ScanTailing();
  void ScanFamilies();
  void ScanHistory();
  void MoveHeldIterator();
  std::string Fingerprint(DB* db, ColumnFamilyHandle* handle);
  void ScanAll();

  // maintenance.cc
  void Flush();
  void CompactRange();
  void ChangeOptions();
  void PauseOrCall();
  void ReadUpdates();
  void RaiseHistoryStart();
  void Misuse();
  void Facts();
  std::string Property(Family* family, const std::string& name);

  // files.cc
  void Ingest();
  void ExportAndImport();
  void CheckCheckpoint();
  void CompactFiles();
  void DeleteFiles();
  Status WriteTable(const Family& family, const std::string& path);

  const std::string path_;
  std::mt19937_64 random_;
  const Kind kind_;
  DBOptions options_;
  std::vector<std::pair<uint64_t, Operation>> operations_;
  uint64_t weights_ = 0;
  std::vector<Family> families_;
  std::vector<ColumnFamilyHandle*> dropped_;
  std::unique_ptr<DB> db_;
  std::unique_ptr<DB> secondary_;
  bool has_merged_ = false;  // an operand was drawn
  std::vector<ColumnFamilyHandle*> secondary_handles_;
  std::map<int, const Snapshot*> snapshots_;
  std::vector<std::unique_ptr<HeldIterator>> iterators_;
  // RocksDB does not merge onto wide columns, reads neither them nor blobs as a secondary, and does not show range
  // deletions to tailing iterators, nor all of them to secondaries; so a session has one or the other. FIFO forbids a
  // limit of open files.
  bool has_entities_ = false;
  bool has_range_deletes_ = false;
  bool has_blobs_ = false;
  bool has_fifo_ = false;
  bool has_history_start_ = false;  // which in RocksDB does not go together with snapshots
  bool writes_without_log_ = false;
  SequenceNumber seq_at_open_ = 0;
  uint64_t time_ = 1;
  uint64_t history_start_ = 0;
  int step_ = 0;
};

}  // namespace differential
