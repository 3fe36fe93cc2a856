// A test program's options: "--name value", or GNEISS_<NAME> in the environment.
//
// Errors:  an option that the program does not know ends it.
#pragma once

#include <cctype>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <string>

namespace gneiss {

class ProgramOptions {
 public:
  ProgramOptions(int argc, char** argv, const std::set<std::string>& known) {
    for (const std::string& name : known) {
      std::string variable = "GNEISS_";
      for (const char c : name) variable.push_back(static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
      if (const char* const value = std::getenv(variable.c_str()); value != nullptr) values_[name] = value;
    }
    for (int i = 1; i < argc; i += 2) {
      const std::string name = argv[i];
      if (name.size() < 3 || name.compare(0, 2, "--") != 0 || known.count(name.substr(2)) == 0 || i + 1 == argc) {
        std::fprintf(stderr, "unknown option %s\n", name.c_str());
        std::exit(2);
      }
      values_[name.substr(2)] = argv[i + 1];
    }
  }
  uint64_t Number(const std::string& name, uint64_t otherwise) const {
    const auto found = values_.find(name);
    return found == values_.end() ? otherwise : std::strtoull(found->second.c_str(), nullptr, 10);
  }
  std::string Text(const std::string& name, const std::string& otherwise) const {
    const auto found = values_.find(name);
    return found == values_.end() ? otherwise : found->second;
  }

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace gneiss
