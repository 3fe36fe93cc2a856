#include "tests/parity/timed_model.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

namespace gneiss::parity {

const char* const kTimedFamilies[2] = {"default", "timed"};
const char* const kPlainFamily = "plain";

namespace {

constexpr uint64_t kUseTimedOperations = 6;
constexpr uint64_t kKeys = 50;

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

std::string Unhex(const std::string& text) {
  std::string bytes;
  for (size_t i = 1; i + 1 < text.size(); i += 2) {  // behind a mark, so that empty strings are words too
    bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

std::string DrawTimedKey(Dice* dice) {
  if (dice->OneIn(60)) return "a";  // the reference asserts on an empty one when it is asked for its timestamp
  if (dice->OneIn(20)) return "z" + std::string(dice->Between(20, 300), 'x') + std::to_string(dice->Below(3));
  return "key" + std::to_string(dice->Below(kKeys));
}

bool Covers(const TimedWrite& range, const std::string& key) { return range.key <= key && key < range.value; }

}  // namespace

uint64_t TimedModel::StartOf(const std::string& family) const {
  const auto found = start.find(family);
  return found == start.end() ? 0 : found->second;
}

void TimedModel::Save(const std::string& file) const {
  std::ofstream out(file + ".new", std::ios::trunc);
  out << now << '\n' << start.size() << '\n';
  for (const auto& [family, time] : start) out << family << ' ' << time << '\n';
  for (const TimedWrite& write : writes) {
    out << static_cast<int>(write.kind) << ' ' << write.family << " x" << Hex(write.key) << " x" << Hex(write.value)
        << ' ' << write.time << '\n';
  }
  out.close();
  if (!out || std::rename((file + ".new").c_str(), file.c_str()) != 0) Die("cannot write " + file);
}

TimedModel TimedModel::Load(const std::string& file) {
  std::ifstream in(file);
  TimedModel model;
  size_t starts = 0;
  if (!(in >> model.now >> starts)) Die("cannot read " + file);
  for (size_t i = 0; i < starts; ++i) {
    std::string family;
    uint64_t time = 0;
    in >> family >> time;
    model.start[family] = time;
  }
  int kind = 0;
  std::string key, value;
  for (TimedWrite write; in >> kind >> write.family >> key >> value >> write.time;) {
    write.kind = static_cast<TimedWrite::Kind>(kind);
    write.key = Unhex(key);
    write.value = Unhex(value);
    model.writes.push_back(write);
  }
  return model;
}

TimedView::TimedView(const TimedModel& model, const std::string& family, size_t count) : writes_(model.writes) {
  for (size_t i = 0; i < count; ++i) {
    const TimedWrite& write = writes_[i];
    if (write.family != family) continue;
    if (write.kind == TimedWrite::Kind::kDeleteRange) {
      ranges_.push_back(i);
      for (auto& [key, positions] : by_key_) {
        if (Covers(write, key)) positions.push_back(i);
      }
      continue;
    }
    auto [at, is_new] = by_key_.try_emplace(write.key);
    if (is_new) {
      for (const size_t range : ranges_) {
        if (Covers(writes_[range], write.key)) at->second.push_back(range);
      }
    }
    at->second.push_back(i);
  }
}

const TimedWrite* TimedView::Find(const std::string& key, uint64_t time) const {
  const auto at = by_key_.find(key);
  if (at == by_key_.end()) return nullptr;
  for (auto i = at->second.rbegin(); i != at->second.rend(); ++i) {
    if (writes_[*i].time <= time) return &writes_[*i];
  }
  return nullptr;
}

std::vector<TimedVersion> TimedView::Scan(uint64_t time) const {
  std::vector<TimedVersion> found;
  for (const auto& [key, positions] : by_key_) {
    const TimedWrite* const write = Find(key, time);
    if (write != nullptr && write->kind == TimedWrite::Kind::kPut) found.push_back({key, write->time, write->value});
  }
  return found;
}

std::vector<TimedVersion> TimedView::Versions(uint64_t from, uint64_t time) const {
  std::vector<TimedVersion> found;
  for (const auto& [key, positions] : by_key_) {
    for (auto i = positions.rbegin(); i != positions.rend(); ++i) {
      const TimedWrite& write = writes_[*i];
      if (write.time > time) continue;
      if (write.time < from || write.kind == TimedWrite::Kind::kDeleteRange) break;
      found.push_back(
          {key, write.time, write.kind == TimedWrite::Kind::kPut ? std::optional(write.value) : std::nullopt});
    }
  }
  return found;
}

TimedStream::TimedStream(uint64_t seed, uint64_t turn) : dice_(SeedFor(seed, turn, kUseTimedOperations)) {}

TimedWrite TimedStream::DrawWrite(const TimedModel& model, uint64_t time) {
  TimedWrite write;
  const bool is_plain = dice_.OneIn(4);
  write.family = is_plain ? kPlainFamily : kTimedFamilies[dice_.Below(2)];
  write.time = is_plain ? 0 : time;
  write.key = DrawTimedKey(&dice_);
  const uint64_t kind = dice_.Below(100);
  if (kind < 22) {
    write.kind = TimedWrite::Kind::kDelete;
  } else if (kind < 30) {
    // A key that lives by one Put and one SingleDelete at a time.
    write.key = "single" + std::to_string(dice_.Below(10));
    const TimedWrite* last = nullptr;
    for (const TimedWrite& each : model.writes) {
      if (each.family == write.family && each.key == write.key) last = &each;
    }
    const bool is_there = last != nullptr && last->kind == TimedWrite::Kind::kPut;
    write.kind = is_there ? TimedWrite::Kind::kSingleDelete : TimedWrite::Kind::kPut;
  } else if (kind < 34) {
    write.kind = TimedWrite::Kind::kDeleteRange;
    write.value = DrawTimedKey(&dice_);
    if (write.value < write.key) std::swap(write.key, write.value);
    // Over no keys of single deletes, as they ask; they sort between "key..." and "z...".
    if (write.value[0] == 'z' && write.key[0] != 'z') write.value = "key~";
    if (write.key == write.value) write.kind = TimedWrite::Kind::kDelete;
  }
  if (write.kind == TimedWrite::Kind::kPut) {
    write.value = "v" + std::to_string(dice_.Next() % 100000) + std::string(dice_.Below(300), 'v');
  }
  return write;
}

TimedOperation TimedStream::Next(const TimedModel& model) {
  using Kind = TimedOperation::Kind;
  TimedOperation operation;
  operation.seed = dice_.Next();
  operation.family = dice_.OneIn(4) ? kPlainFamily : kTimedFamilies[dice_.Below(2)];
  const uint64_t kind = dice_.Below(100);
  if (kind < 60) {
    operation.is_later = dice_.Coin();
    operation.is_sync = dice_.OneIn(20);
    std::set<std::string> touched;
    const uint64_t count = dice_.Between(1, 8);
    for (uint64_t i = 0; i < count; ++i) {
      TimedWrite write = DrawWrite(model, model.now + 1);
      // One write of a key at a time, and none beside a range deletion: which comes first would count.
      const bool is_range = write.kind == TimedWrite::Kind::kDeleteRange;
      if (is_range && !operation.writes.empty()) continue;
      if (!touched.insert(write.family + "/" + write.key).second) continue;
      operation.writes.push_back(std::move(write));
      if (is_range) break;
    }
    return operation;
  }
  if (kind < 66) {
    operation.kind = dice_.Coin() ? Kind::kFlush : Kind::kFlushAll;
  } else if (kind < 70) {
    operation.kind = Kind::kCompact;
    std::string begin = DrawTimedKey(&dice_), end = DrawTimedKey(&dice_);
    if (end < begin) std::swap(begin, end);
    if (!dice_.OneIn(3)) operation.begin = begin;
    if (!dice_.OneIn(3)) operation.end = end;
  } else if (kind < 75 && model.now > 0) {
    operation.kind = dice_.Coin() ? Kind::kRaise : Kind::kCompactRaise;
    operation.family = kTimedFamilies[dice_.Below(2)];
    const uint64_t start = model.StartOf(operation.family);
    // Not to zero, which would say nothing, and not beyond what was written.
    operation.time = std::max<uint64_t>(1, start + (model.now > start ? dice_.Below(model.now - start + 1) : 0));
  } else if (kind < 77) {
    operation.kind = Kind::kReopen;
  } else if (kind < 80) {
    operation.kind = Kind::kFlushWal;
    operation.is_sync = dice_.Coin();
  } else if (kind < 84) {
    operation.kind = Kind::kTakeSnapshot;
  } else if (kind < 87) {
    operation.kind = Kind::kReleaseSnapshot;
  } else if (kind < 89) {
    operation.kind = Kind::kIngest;
    operation.family = kTimedFamilies[dice_.Below(2)];
    std::set<std::string> keys;
    for (uint64_t i = dice_.Between(1, 10); i > 0; --i) keys.insert("key" + std::to_string(dice_.Below(kKeys)));
    for (const std::string& key : keys) {
      const auto what = dice_.OneIn(4) ? TimedWrite::Kind::kDelete : TimedWrite::Kind::kPut;
      operation.writes.push_back({what, operation.family, key,
                                  what == TimedWrite::Kind::kPut ? "ingested" + std::to_string(dice_.Below(1000)) : "",
                                  model.now + 1});
    }
  } else {
    operation.kind = Kind::kCheck;
  }
  return operation;
}

void Apply(const TimedOperation& operation, TimedModel* model) {
  using Kind = TimedOperation::Kind;
  if (operation.kind == Kind::kRaise || operation.kind == Kind::kCompactRaise) {
    model->start[operation.family] = operation.time;
  }
  if (operation.kind != Kind::kWrite && operation.kind != Kind::kIngest) return;
  ++model->now;
  model->writes.insert(model->writes.end(), operation.writes.begin(), operation.writes.end());
}

}  // namespace gneiss::parity
