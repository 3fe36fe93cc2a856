// A TempDir is a directory of its own for one test, gone with everything in it when the object goes.
//
// Owner:   the object owns the directory and what the test puts there.
// Threads: none needed; path() is constant.
// Errors:  a directory that cannot be made ends the program: no test can go on without one.
#pragma once

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace gneiss {

class TempDir {
 public:
  TempDir() : path_((std::filesystem::temp_directory_path() / "gneiss_XXXXXX").string()) {
    if (mkdtemp(path_.data()) == nullptr) {
      std::perror("mkdtemp");
      std::abort();
    }
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace gneiss
