#include "tests/conformance/loaded_library.h"

#include <rocksdb/version.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

namespace gneiss::conformance {

namespace {

std::set<std::string> MappedLibraries() {
  std::set<std::string> paths;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    const size_t slash = line.find('/');
    if (slash == std::string::npos) continue;
    const std::string path = line.substr(slash);
    if (path.find("/librocksdb.so") != std::string::npos) paths.insert(path);
  }
  return paths;
}

}  // namespace

const std::string& LoadedLibraryPath() {
  static const std::string path = [] {
    const std::set<std::string> paths = MappedLibraries();
    return paths.size() == 1 ? *paths.begin() : std::string();
  }();
  return path;
}

bool IsReference() {
  const auto& properties = rocksdb::GetRocksBuildProperties();
  const auto tag = properties.find("rocksdb_build_git_tag");
  return tag == properties.end() || tag->second != "gneiss";
}

bool CheckLoadedLibrary() {
  const std::string& loaded = LoadedLibraryPath();
  if (loaded.empty()) {
    std::fprintf(stderr, "expected exactly one librocksdb in /proc/self/maps\n");
    return false;
  }
  const char* const expected = std::getenv("CONFORMANCE_LIBRARY");
  std::printf("library: %s (%s)\n", loaded.c_str(), IsReference() ? "RocksDB" : "Gneiss");
  if (expected == nullptr) return true;
  std::error_code error;
  if (std::filesystem::equivalent(loaded, expected, error)) return true;
  std::fprintf(stderr, "expected to run on %s\n", expected);
  return false;
}

}  // namespace gneiss::conformance
