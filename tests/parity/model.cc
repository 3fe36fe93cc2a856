#include "tests/parity/model.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include "tests/parity/dice.h"

namespace gneiss::parity {
namespace {

[[noreturn]] void Stop(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

// "-" stands for no bytes, so that every field is a word.
std::string ToWord(const std::string& bytes) { return bytes.empty() ? "-" : Hex(bytes); }

std::string FromWord(const std::string& word) {
  std::string bytes;
  if (word == "-") return bytes;
  for (size_t i = 0; i + 1 < word.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(word.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

}  // namespace

std::string Hex(const std::string& bytes) {
  static const char* const kDigits = "0123456789ABCDEF";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char byte : bytes) {
    text += kDigits[static_cast<unsigned char>(byte) >> 4];
    text += kDigits[static_cast<unsigned char>(byte) & 15];
  }
  return text;
}

const Family* Model::Find(const std::string& name) const {
  for (const Family& family : families) {
    if (family.plan.name == name) return &family;
  }
  return nullptr;
}

void Model::Save(const std::string& file) const {
  std::ofstream out(file + ".new", std::ios::trunc);
  out << is_for_tools << ' ' << has_wal_dir << ' ' << has_db_paths << ' ' << may_recycle_logs << ' '
      << may_have_old_tables << ' ' << next_family << ' ' << now << ' ' << families.size() << '\n';
  for (const Family& family : families) {
    const FamilyPlan& plan = family.plan;
    out << plan.name << ' ' << static_cast<int>(plan.order) << ' ' << static_cast<int>(plan.merge) << ' '
        << static_cast<int>(plan.style) << ' ' << plan.levels << ' ' << plan.is_dynamic << ' ' << plan.has_paths << ' '
        << family.map.size() << '\n';
    for (const auto& [key, value] : family.map) out << ToWord(key) << ' ' << ToWord(value) << '\n';
  }
  out.close();
  if (!out || std::rename((file + ".new").c_str(), file.c_str()) != 0) Stop("cannot write " + file);
}

Model Model::Load(const std::string& file) {
  std::ifstream in(file);
  Model model;
  size_t families = 0;
  in >> model.is_for_tools >> model.has_wal_dir >> model.has_db_paths >> model.may_recycle_logs >>
      model.may_have_old_tables >> model.next_family >> model.now >> families;
  for (size_t i = 0; i < families && in; ++i) {
    FamilyPlan plan;
    int order = 0, merge = 0, style = 0;
    size_t keys = 0;
    in >> plan.name >> order >> merge >> style >> plan.levels >> plan.is_dynamic >> plan.has_paths >> keys;
    plan.may_have_old_tables = model.may_have_old_tables;
    plan.order = static_cast<Order>(order);
    plan.merge = static_cast<MergeKind>(merge);
    plan.style = static_cast<Style>(style);
    Family family(plan);
    for (size_t k = 0; k < keys; ++k) {
      std::string key, value;
      in >> key >> value;
      family.map.emplace_hint(family.map.end(), FromWord(key), FromWord(value));
    }
    model.families.push_back(std::move(family));
  }
  if (!in) Stop("cannot read " + file);
  return model;
}

FamilyPlan DrawFamilyPlan(uint64_t seed, const std::string& name, const Model& model) {
  Dice dice(seed);
  FamilyPlan plan;
  plan.name = name;
  plan.order = dice.Pick({Order::kBytewise, Order::kBytewise, Order::kReverse, Order::kByLength, Order::kTimed});
  plan.merge = dice.Pick({MergeKind::kAppend, MergeKind::kJoin});
  if (model.is_for_tools) {
    // ldb gives its own order to the default family; manifest_dump compares all keys as bytes and takes timestamps ill.
    plan.order = name == "default" || dice.Coin() ? Order::kBytewise : Order::kReverse;
    plan.merge = MergeKind::kAppend;
  }
  // Batches ask for the size of the default family's timestamps.
  if (name == "default" && plan.order == Order::kTimed) plan.order = Order::kBytewise;
  plan.style = dice.Pick({Style::kLeveled, Style::kLeveled, Style::kLeveled, Style::kUniversal, Style::kFifo});
  // FIFO refuses more than one path, and keeps no versions together.
  if ((model.has_db_paths || plan.order == Order::kTimed) && plan.style == Style::kFifo) plan.style = Style::kLeveled;
  plan.levels = plan.style == Style::kFifo ? 1 : static_cast<int>(dice.Between(2, 7));
  plan.is_dynamic = plan.style == Style::kLeveled && dice.Coin();
  // ldb finds absolute paths in the OPTIONS file, which are not those of the copy that it gets.
  plan.has_paths = dice.OneIn(5) && plan.style != Style::kFifo && !model.is_for_tools;
  plan.may_have_old_tables = model.may_have_old_tables;
  return plan;
}

Model Model::Fresh(uint64_t seed) {
  Dice dice(seed);
  Model model;
  model.is_for_tools = dice.Coin();
  model.has_wal_dir = dice.OneIn(4) && !model.is_for_tools;
  model.has_db_paths = dice.OneIn(5) && !model.is_for_tools;
  model.may_recycle_logs = dice.Coin();
  model.may_have_old_tables = dice.OneIn(4);
  model.families.emplace_back(DrawFamilyPlan(dice.Next(), "default", model));
  return model;
}

}  // namespace gneiss::parity
