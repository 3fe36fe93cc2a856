// The names of a database's LOG files: "LOG" in its own directory, or "<path with underscores>_LOG" in a directory that
// databases share; older ones end in ".old.<unix microseconds>".
//
// Owner:   a value. Threads: immutable.
#pragma once

#include <cstdint>
#include <string>

namespace gneiss::compat {

class InfoLogNames {
 public:
  InfoLogNames(const std::string& dbname, const std::string& absolute_path, const std::string& log_dir);

  const std::string& directory() const { return directory_; }
  std::string Current() const { return directory_ + "/" + name_; }
  std::string Old(uint64_t unix_us) const;
  // Whether a file of the directory, by its bare name, is an old log of this database.
  bool IsOld(const std::string& child) const;

 private:
  static std::string FlatName(const std::string& path);

  const std::string directory_;
  const std::string name_;
};

}  // namespace gneiss::compat
