// What both damage tests share: where bytes are flipped and files cut, and the count of what came of it.
//
//     GNEISS_FLIPS=<n>   so many places in each file, every third of them a cut; GNEISS_SEED=<n> others
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "tests/parity/dice.h"

namespace gneiss::parity {

inline std::string ReadBytes(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

inline void WriteBytes(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

inline int DamagesPerFile() {
  constexpr int kUsual = 3;
  const char* const text = std::getenv("GNEISS_FLIPS");
  return text == nullptr ? kUsual : std::atoi(text);
}

struct Damage {
  bool is_cut = false;
  size_t at = 0;
  std::string bytes;  // the file's, damaged

  static Damage Draw(const std::string& whole, int number, Dice* dice) {
    Damage damage{.is_cut = number % 3 == 2, .at = dice->Below(whole.size()), .bytes = whole};
    if (damage.is_cut) {
      damage.bytes.resize(damage.at);
    } else {
      damage.bytes[damage.at] = static_cast<char>(damage.bytes[damage.at] ^ (1u << dice->Below(8)));
    }
    return damage;
  }
};

// By kind of file: how often damage was told by an error, and how often it changed nothing, or only what a torn end
// may.
class DamageCounts {
 public:
  void Add(const std::filesystem::path& file, bool is_cut, bool is_told) {
    const std::string name = file.filename();
    const std::string kind = file.has_extension() ? file.extension().string() : name.substr(0, name.find('-'));
    Count& count = counts_[kind + (is_cut ? " cut" : " flipped")];
    ++(is_told ? count.told : count.harmless);
  }
  int Told() const {
    int told = 0;
    for (const auto& [kind, count] : counts_) told += count.told;
    return told;
  }
  void Print(const char* title) const {
    std::printf("%s:\n", title);
    int tried = 0;
    for (const auto& [kind, count] : counts_) {
      std::printf("  %-18s %7d told, %6d harmless\n", kind.c_str(), count.told, count.harmless);
      tried += count.told + count.harmless;
    }
    std::printf("  %d damages, %d told\n", tried, Told());
  }

 private:
  struct Count {
    int told = 0;
    int harmless = 0;
  };
  std::map<std::string, Count> counts_;
};

}  // namespace gneiss::parity
