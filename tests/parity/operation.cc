#include "tests/parity/operation.h"

#include <utility>

namespace gneiss::parity {
namespace {

constexpr uint64_t kFamiliesMax = 5;
constexpr uint64_t kUseTraits = 1;
constexpr uint64_t kUseOperations = 2;

// Keys that live by one Put and one SingleDelete each; nothing else may touch them, as SingleDelete asks.
constexpr uint64_t kSingleKeys = 40;
std::string SingleKey(uint64_t number) { return "single" + std::to_string(number); }

constexpr uint64_t kEntityKeys = 30;
constexpr char kEntityPrefix[] = "entity";

// The reference takes prefixes of keys with their timestamps: not longer than any key they end before those.
constexpr size_t kTimedKeyBytesMin = 5;
std::string TimedKey(std::string key) {
  if (key.size() < kTimedKeyBytesMin) key.resize(kTimedKeyBytesMin, '-');
  return key;
}

bool HoldsSingleKeys(const rocksdb::Comparator* order, const std::string& begin, const std::string& end) {
  for (uint64_t i = 0; i < kSingleKeys; ++i) {
    if (order->Compare(begin, SingleKey(i)) <= 0 && order->Compare(SingleKey(i), end) < 0) return true;
  }
  return false;
}

std::string DrawBytes(Dice* dice, size_t size) {
  std::string bytes;
  bytes.reserve(size);
  // Some values repeat themselves, some do not compress.
  const bool is_random = dice->Coin();
  const std::string word = "value" + std::to_string(dice->Below(1000)) + "/";
  while (bytes.size() < size) {
    if (is_random) {
      bytes += static_cast<char>(dice->Next());
    } else {
      bytes += word;
    }
  }
  bytes.resize(size);
  return bytes;
}

std::string DrawValue(Dice* dice, bool may_be_large) {
  if (dice->OneIn(20)) return {};
  if (may_be_large && dice->OneIn(25)) return DrawBytes(dice, dice->Between(5'000, 90'000));
  return DrawBytes(dice, dice->Between(1, 250));
}

void ApplyEntry(const Entry& entry, Model* model) {
  if (entry.kind == Entry::Kind::kLogData) return;
  Family* family = nullptr;
  for (Family& each : model->families) {
    if (each.plan.name == entry.family) family = &each;
  }
  Map& map = family->map;
  switch (entry.kind) {
    case Entry::Kind::kPut:
    case Entry::Kind::kPutEntity:
      map[entry.key] = entry.value;
      break;
    case Entry::Kind::kDelete:
    case Entry::Kind::kSingleDelete:
      map.erase(entry.key);
      break;
    case Entry::Kind::kMerge: {
      const auto at = map.find(entry.key);
      map[entry.key] = Merged(family->plan.merge, at == map.end() ? nullptr : &at->second, entry.value);
      break;
    }
    default:
      map.erase(map.lower_bound(entry.key), map.lower_bound(entry.value));
      break;
  }
}

}  // namespace

TurnTraits::TurnTraits(uint64_t seed, uint64_t turn) {
  Dice dice(SeedFor(seed, turn, kUseTraits));
  operations = dice.Between(60, 260);
  is_killed = dice.OneIn(3);
  kill_at = dice.OneIn(8) ? operations : dice.Below(operations);
  is_killed_after = dice.Coin();
  has_manual_wal_flush = dice.OneIn(5);
  may_skip_wal = !is_killed && dice.OneIn(4);
  has_large_values = dice.OneIn(3);
}

OperationStream::OperationStream(uint64_t seed, uint64_t turn, const TurnTraits& traits)
    : traits_(traits), dice_(SeedFor(seed, turn, kUseOperations)) {}

// Short and long, with zero bytes and 0xff, empty, and many that share a prefix.
std::string DrawKey(Dice* dice) {
  const uint64_t kind = dice->Below(40);
  if (kind == 0) return {};
  if (kind == 1) return std::string(dice->Between(1, 3), static_cast<char>(dice->Pick({0x00, 0xff, 0x6b})));
  if (kind == 2) return "long" + std::string(dice->Between(100, 700), 'x') + std::to_string(dice->Below(5));
  std::string key = dice->Pick<const char*>({"aa", "ab", "key", "user", "zz"});
  key += static_cast<char>('0' + dice->Below(10));
  key += kind < 8 ? std::string() : std::to_string(dice->Below(90));
  if (kind == 3) key += std::string("\0\xff\0", 3);
  return key;
}

const Family& DrawFamily(const Model& model, Dice* dice) { return dice->Pick(model.families); }

void OperationStream::DrawRange(const Family& family, Operation* operation) {
  std::string begin = DrawKey(&dice_), end = DrawKey(&dice_);
  if (KeyOrderOf(family.plan.order)->Compare(begin, end) > 0) std::swap(begin, end);
  if (!dice_.OneIn(5)) operation->begin = begin;
  if (!dice_.OneIn(5)) operation->end = end;
}

Entry OperationStream::DrawEntry(const Model& model) {
  const Family& family = DrawFamily(model, &dice_);
  const bool is_timed = family.plan.order == Order::kTimed;
  Entry entry{Entry::Kind::kPut, family.plan.name, {}, {}};
  const uint64_t kind = dice_.Below(100);
  const std::string single_key = SingleKey(dice_.Below(kSingleKeys));
  if (kind < 5 && touched_.insert(entry.family + "/" + single_key).second) {
    entry.key = single_key;
    if (family.map.contains(entry.key)) {
      entry.kind = Entry::Kind::kSingleDelete;
    } else {
      entry.value = DrawValue(&dice_, false);
    }
    return entry;
  }
  entry.key = DrawKey(&dice_);
  if (is_timed) entry.key = TimedKey(std::move(entry.key));
  if (kind < 8) {
    entry.key = kEntityPrefix + std::to_string(dice_.Below(kEntityKeys));
    entry.value = DrawValue(&dice_, false);
    // ldb dump_wal of 7.8.3 stops at an entity; and none has a timestamp.
    entry.kind = model.is_for_tools || is_timed ? Entry::Kind::kPut : Entry::Kind::kPutEntity;
    if (dice_.OneIn(4)) entry.kind = Entry::Kind::kDelete;
  } else if (kind < 20) {
    entry.kind = Entry::Kind::kDelete;
  } else if (kind < 35 && !is_timed) {
    entry.kind = Entry::Kind::kMerge;
    entry.value = DrawBytes(&dice_, dice_.Between(0, 30));
  } else if (kind < 38) {
    entry.kind = Entry::Kind::kDeleteRange;
    entry.value = DrawKey(&dice_);
    if (is_timed) entry.value = TimedKey(std::move(entry.value));
    const rocksdb::Comparator* const order = KeyOrderOf(family.plan.order);
    if (order->Compare(entry.key, entry.value) > 0) std::swap(entry.key, entry.value);
    if (HoldsSingleKeys(order, entry.key, entry.value)) return {Entry::Kind::kDelete, entry.family, entry.key, {}};
  } else if (kind < 39) {
    entry.kind = Entry::Kind::kLogData;
  } else {
    entry.value = DrawValue(&dice_, traits_.has_large_values);
  }
  return entry;
}

Operation OperationStream::Next(const Model& model) {
  using Kind = Operation::Kind;
  Operation operation;
  operation.seed = dice_.Next();
  const uint64_t kind = dice_.Below(1000);
  const Family& family = DrawFamily(model, &dice_);
  operation.family = family.plan.name;
  if (kind < 780) {
    operation.kind = Kind::kWrite;
    operation.is_sync = dice_.OneIn(20);
    operation.is_without_wal = traits_.may_skip_wal && dice_.OneIn(3);
    if (operation.is_without_wal) operation.is_sync = false;
    const uint64_t count = dice_.Coin() ? 1 : dice_.Between(2, 40);
    touched_.clear();
    for (uint64_t i = 0; i < count; ++i) {
      operation.entries.push_back(DrawEntry(model));
      operation.entries.back().time = model.now + 1 + i;
    }
  } else if (kind < 788) {
    operation.kind = Kind::kCreateFamily;
    if (model.families.size() >= kFamiliesMax) operation.kind = Kind::kGets;
    operation.plan = DrawFamilyPlan(dice_.Next(), "family" + std::to_string(model.next_family), model);
  } else if (kind < 792) {
    operation.kind = operation.family == "default" ? Kind::kScan : Kind::kDropFamily;
  } else if (kind < 815) {
    operation.kind = Kind::kFlush;
  } else if (kind < 820) {
    operation.kind = Kind::kFlushAll;
  } else if (kind < 832) {
    operation.kind = Kind::kCompact;
    DrawRange(family, &operation);
  } else if (kind < 838) {
    operation.kind = Kind::kReopen;
  } else if (kind < 848) {
    operation.kind = Kind::kFlushWal;
    operation.is_sync = dice_.Coin();
  } else if (kind < 852) {
    operation.kind = Kind::kSyncWal;
  } else if (kind < 870) {
    operation.kind = Kind::kTakeSnapshot;
  } else if (kind < 880) {
    operation.kind = Kind::kReleaseSnapshot;
  } else if (kind < 885) {
    operation.kind = Kind::kSetOptions;
  } else if (kind < 930) {
    operation.kind = Kind::kGets;
  } else if (kind < 960) {
    operation.kind = Kind::kMultiGet;
  } else if (kind < 980) {
    operation.kind = Kind::kPrefixScan;
  } else if (kind < 996) {
    operation.kind = Kind::kScan;
  } else {
    operation.kind = Kind::kVerifyChecksum;
  }
  return operation;
}

void Apply(const Operation& operation, Model* model) {
  switch (operation.kind) {
    case Operation::Kind::kWrite:
      for (const Entry& entry : operation.entries) ApplyEntry(entry, model);
      model->now += operation.entries.size();
      break;
    case Operation::Kind::kCreateFamily:
      model->families.emplace_back(operation.plan);
      ++model->next_family;
      break;
    case Operation::Kind::kDropFamily:
      std::erase_if(model->families, [&](const Family& family) { return family.plan.name == operation.family; });
      break;
    default:
      break;
  }
}

bool IsEntityKey(const std::string& key) { return key.starts_with(kEntityPrefix); }

const rocksdb::Slice* NewestTime(rocksdb::ColumnFamilyHandle* family) {
  static const std::string bytes(8, '\xff');
  static const rocksdb::Slice newest(bytes);
  return family->GetComparator()->timestamp_size() == 0 ? nullptr : &newest;
}

}  // namespace gneiss::parity
