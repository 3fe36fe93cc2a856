// What is in the database of tests/data/blobs, which RocksDB 7.8.3 wrote (blob_tool golden).
#pragma once

#include <map>
#include <string>

namespace gneiss {

inline constexpr int kGoldenKeys = 24;

inline std::string GoldenKey(int i) { return "key" + std::to_string(100 + i); }
// Every fourth value is short and stays in its table.
inline std::string GoldenValue(int i, int version) {
  std::string value = "value " + std::to_string(i) + "." + std::to_string(version);
  if (i % 4 != 0) value.append(static_cast<size_t>(20 + i * 7), static_cast<char>('a' + i));
  return value;
}

inline std::map<std::string, std::string> GoldenContents() {
  std::map<std::string, std::string> contents;
  for (int i = 0; i < kGoldenKeys; ++i) contents[GoldenKey(i)] = GoldenValue(i, i % 3 == 0 ? 1 : 0);
  contents.erase(GoldenKey(1));
  contents[GoldenKey(2)] += ",more";
  contents[GoldenKey(4)] = GoldenValue(4, 2);
  return contents;
}

}  // namespace gneiss
