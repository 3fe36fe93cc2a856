#include "tests/support/numbered_batches.h"

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "tests/parity/dice.h"

namespace gneiss {

using parity::Dice;
using parity::SeedFor;

namespace {

constexpr uint64_t kKeys = 60;
constexpr size_t kShownBytes = 40;

std::string KeyOf(const std::string& owner, uint64_t number) {
  char text[16];
  std::snprintf(text, sizeof(text), "k%02u", static_cast<unsigned>(number));
  return owner + text;
}

std::string DrawValue(Dice* dice, uint64_t number, size_t bytes_max) {
  std::string value = std::to_string(number) + ":";
  size_t bytes = dice->OneIn(60) ? dice->Below(40'000) : dice->OneIn(8) ? dice->Below(4'000) : dice->Below(150);
  bytes = std::min(bytes, bytes_max);
  // Half of it repeats, so that compression has something to do.
  while (value.size() < bytes) {
    const uint64_t word = dice->Next();
    for (int i = 0; i < 8; ++i) value.push_back(static_cast<char>('a' + (word >> (8 * i)) % 26));
    value += "repeated";
  }
  return value;
}

std::string Shown(const std::string& bytes) {
  return bytes.size() <= kShownBytes ? bytes
                                     : bytes.substr(0, kShownBytes) + "... (" + std::to_string(bytes.size()) + ")";
}

}  // namespace

Changes ChangesOf(const NumberedBatch& batch) {
  Dice dice(SeedFor(batch.seed, batch.number, 11));
  Changes changes;
  const std::string marker = MarkerOf(batch.owner, batch.number);
  for (const std::string& family : batch.families) {
    changes.push_back({Change::Kind::kPut, family, marker, std::to_string(dice.Next())});
    for (uint64_t count = dice.Below(4); count > 0; --count) {
      const uint64_t key = dice.Below(kKeys);
      const uint64_t draw = dice.Below(20);
      if (draw < 12) {
        changes.push_back({Change::Kind::kPut, family, KeyOf(batch.owner, key),
                           DrawValue(&dice, batch.number, batch.value_bytes_max)});
      } else if (draw < 15) {
        changes.push_back({Change::Kind::kDelete, family, KeyOf(batch.owner, key), {}});
      } else if (draw < 19) {
        changes.push_back({Change::Kind::kMerge, family, KeyOf(batch.owner, key), std::to_string(batch.number)});
      } else {
        changes.push_back({Change::Kind::kDeleteRange, family, KeyOf(batch.owner, key),
                           KeyOf(batch.owner, key + 1 + dice.Below(kKeys / 4))});
      }
    }
  }
  return changes;
}

void Apply(const Changes& changes, State* state) {
  for (const Change& change : changes) {
    auto& content = (*state)[change.family];
    switch (change.kind) {
      case Change::Kind::kPut:
        content[change.key] = change.value;
        break;
      case Change::Kind::kDelete:
        content.erase(change.key);
        break;
      case Change::Kind::kMerge: {
        const auto [at, is_new] = content.try_emplace(change.key);
        at->second += (is_new ? "" : ",") + change.value;
        break;
      }
      case Change::Kind::kDeleteRange:
        content.erase(content.lower_bound(change.key), content.lower_bound(change.value));
    }
  }
}

void AddTo(const Changes& changes, const Handles& handles, rocksdb::WriteBatch* batch) {
  for (const Change& change : changes) {
    rocksdb::ColumnFamilyHandle* const handle = handles.at(change.family);
    rocksdb::Status status;
    switch (change.kind) {
      case Change::Kind::kPut:
        status = batch->Put(handle, change.key, change.value);
        break;
      case Change::Kind::kDelete:
        status = batch->Delete(handle, change.key);
        break;
      case Change::Kind::kMerge:
        status = batch->Merge(handle, change.key, change.value);
        break;
      case Change::Kind::kDeleteRange:
        status = batch->DeleteRange(handle, change.key, change.value);
    }
    if (!status.ok()) {
      std::fprintf(stderr, "a change that does not fit into a batch: %s\n", status.ToString().c_str());
      std::abort();
    }
  }
}

std::string MarkerOf(const std::string& owner, uint64_t number) {
  char text[32];
  std::snprintf(text, sizeof(text), "m%08llu", static_cast<unsigned long long>(number));
  return owner + text;
}

std::set<uint64_t> MarkersIn(const std::string& owner, const std::map<std::string, std::string>& content) {
  std::set<uint64_t> numbers;
  const std::string prefix = owner + "m";
  for (auto at = content.lower_bound(prefix); at != content.end() && at->first.starts_with(prefix); ++at) {
    numbers.insert(std::strtoull(at->first.c_str() + prefix.size(), nullptr, 10));
  }
  return numbers;
}

std::string ReadFamily(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* handle, const std::string& owner,
                       std::map<std::string, std::string>* content, const rocksdb::Snapshot* snapshot) {
  rocksdb::ReadOptions read;
  read.snapshot = snapshot;
  content->clear();
  const std::unique_ptr<rocksdb::Iterator> iterator(db->NewIterator(read, handle));
  for (iterator->Seek(owner); iterator->Valid() && iterator->key().starts_with(owner); iterator->Next()) {
    (*content)[iterator->key().ToString()] = iterator->value().ToString();
  }
  if (!iterator->status().ok()) return handle->GetName() + ": scan: " + iterator->status().ToString();
  for (uint64_t number = 0; number < kKeys; ++number) {
    const std::string key = KeyOf(owner, number);
    std::string value;
    const rocksdb::Status status = db->Get(read, handle, key, &value);
    const auto scanned = content->find(key);
    const bool is_same = scanned == content->end() ? status.IsNotFound() : status.ok() && value == scanned->second;
    if (is_same) continue;
    return handle->GetName() + ": Get and scan differ at " + key + ": " + status.ToString() + " " + Shown(value) +
           " but " + (scanned == content->end() ? "(none)" : Shown(scanned->second));
  }
  return {};
}

std::string ReadState(rocksdb::DB* db, const Handles& handles, const std::string& owner, State* state) {
  state->clear();
  for (const auto& [name, handle] : handles) {
    const std::string problem = ReadFamily(db, handle, owner, &(*state)[name]);
    if (!problem.empty()) return problem;
  }
  return {};
}

std::string Difference(const State& expected, const State& found) {
  std::string problem;
  int differences = 0;
  for (const auto& [family, content] : found) {
    static const std::map<std::string, std::string> kNothing;
    const auto wanted = expected.find(family);
    const auto& want = wanted == expected.end() ? kNothing : wanted->second;
    std::set<std::string> keys;
    for (const auto& [key, value] : content) keys.insert(key);
    for (const auto& [key, value] : want) keys.insert(key);
    for (const std::string& key : keys) {
      const auto have = content.find(key);
      const auto need = want.find(key);
      if (have != content.end() && need != want.end() && have->second == need->second) continue;
      if (++differences > 5) return problem;
      problem += family + " " + key + ": expected " + (need == want.end() ? "(none)" : Shown(need->second)) +
                 ", found " + (have == content.end() ? "(none)" : Shown(have->second)) + "\n";
    }
  }
  return problem;
}

}  // namespace gneiss
