// Copies the files of an open database as a crash would leave them.
#pragma once

#include <filesystem>
#include <string>
#include <system_error>

namespace gneiss {

// Files that are deleted meanwhile, in the background, are no longer needed and are left out; so is LOCK.
inline void CopyLiveDirectory(const std::string& from, const std::string& to) {
  namespace fs = std::filesystem;
  fs::remove_all(to);
  fs::create_directory(to);
  for (const fs::directory_entry& file : fs::directory_iterator(from)) {
    const std::string name = file.path().filename().string();
    std::error_code error;
    if (name != "LOCK" && !file.is_directory(error)) fs::copy(file.path(), to + "/" + name, error);
    if (error && error != std::errc::no_such_file_or_directory) throw fs::filesystem_error(name, error);
  }
}

}  // namespace gneiss
