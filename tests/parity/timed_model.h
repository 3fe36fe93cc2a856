// The model and the operations of the timed hand-over: families with user-defined timestamps and one without, and all
// that was ever written to them. As in model.h and operation.h the operations are drawn from the seed and the model
// alone.
//
// Errors: a model file that cannot be read or written ends the program.
#pragma once

#include <rocksdb/slice.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/parity/dice.h"
#include "tests/parity/operation.h"

namespace gneiss::parity {

// A time as the comparator stores it, little-endian, and back.
inline std::string Ts(uint64_t time) {
  std::string bytes(8, '\0');
  for (size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(time >> (8 * i));
  return bytes;
}
inline uint64_t TimeOf(const rocksdb::Slice& bytes) {
  uint64_t time = 0;
  for (size_t i = bytes.size(); i-- > 0;) time = time << 8 | static_cast<uint8_t>(bytes[i]);
  return time;
}

struct TimedWrite {
  enum class Kind { kPut, kDelete, kSingleDelete, kDeleteRange };
  Kind kind = Kind::kPut;
  std::string family;
  std::string key;
  std::string value;  // for kDeleteRange the end, not included
  uint64_t time = 0;  // 0 in the family without timestamps
};

struct TimedVersion {
  std::string key;
  uint64_t time = 0;
  std::optional<std::string> value;  // none: deleted
  bool operator==(const TimedVersion& other) const {
    return key == other.key && time == other.time && value == other.value;
  }
};

struct TimedModel {
  uint64_t now = 0;                       // the time of the last write
  std::map<std::string, uint64_t> start;  // of history, by family
  std::vector<TimedWrite> writes;

  uint64_t StartOf(const std::string& family) const;
  void Save(const std::string& file) const;
  static TimedModel Load(const std::string& file);
};

// One family as a reader sees it that knows the first `count` writes.
class TimedView {
 public:
  TimedView(const TimedModel& model, const std::string& family, size_t count);
  // What is read at `time`; null: nothing was ever written.
  const TimedWrite* Find(const std::string& key, uint64_t time) const;
  std::vector<TimedVersion> Scan(uint64_t time) const;
  // Every version between two times, newest first.
  std::vector<TimedVersion> Versions(uint64_t from, uint64_t time) const;

 private:
  std::map<std::string, std::vector<size_t>> by_key_;  // positions in the model's writes, oldest first
  std::vector<size_t> ranges_;
  const std::vector<TimedWrite>& writes_;
};

struct TimedOperation {
  enum class Kind {
    kWrite,
    kFlush,
    kFlushAll,
    kCompact,
    kRaise,         // full_history_ts_low
    kCompactRaise,  // the same by CompactRange
    kReopen,
    kFlushWal,
    kTakeSnapshot,
    kReleaseSnapshot,
    kIngest,
    kCheck,  // changes nothing
  };
  Kind kind = Kind::kWrite;
  std::vector<TimedWrite> writes;
  std::string family;
  uint64_t time = 0;      // kRaise
  bool is_later = false;  // kWrite: the batch gets its timestamps when it is whole
  bool is_sync = false;
  std::optional<std::string> begin, end;
  uint64_t seed = 0;
};

extern const char* const kTimedFamilies[2];
extern const char* const kPlainFamily;

class TimedStream {
 public:
  TimedStream(uint64_t seed, uint64_t turn);
  TimedOperation Next(const TimedModel& model);

 private:
  TimedWrite DrawWrite(const TimedModel& model, uint64_t time);

  Dice dice_;
  std::map<std::string, bool> touched_;  // keys of this batch
};

void Apply(const TimedOperation& operation, TimedModel* model);

}  // namespace gneiss::parity
