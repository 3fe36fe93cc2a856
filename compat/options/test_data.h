// What the tests of this folder share: the files under testdata/, all printed by RocksDB 7.8.3 itself.
//   options_default.txt   the OPTIONS file of a database opened with the defaults and create_if_missing
//   options_changed.txt   the same sections with every value changed that can change, for two column families
//   dump_default.txt      Options().Dump(), with pointers replaced by POINTER
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace gneiss::compat {

inline std::string ReadTestData(const std::string& name) {
  std::ifstream file(std::string(GNEISS_OPTIONS_TESTDATA) + "/" + name);
  EXPECT_TRUE(file.good()) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace gneiss::compat
