// Takes real files apart into what fuzz targets begin with, small pieces each of its own kind.
//
//     fuzz_seeds DIRECTORY OUTPUT         OUTPUT/<target>/ gets the pieces of the files below DIRECTORY
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <set>
#include <sstream>
#include <string>

#include "engine/io/file_name.h"
#include "engine/wal/log_reader.h"
#include "tests/fuzz/bytes_as_file.h"
#include "tests/fuzz/parts.h"

namespace gneiss::fuzz {
namespace {

constexpr size_t kSeedBytesMax = 16 << 10;

class Seeds {
 public:
  explicit Seeds(std::filesystem::path output) : output_(std::move(output)) {}

  void Add(const std::string& target, Slice bytes) {
    if (bytes.empty() || bytes.size() > kSeedBytesMax) return;
    if (!known_.insert(target + "/" + std::string(bytes)).second) return;
    std::filesystem::create_directories(output_ / target);
    std::ofstream(output_ / target / ("seed" + std::to_string(known_.size())), std::ios::binary) << bytes;
  }
  size_t count() const { return known_.size(); }

 private:
  const std::filesystem::path output_;
  std::set<std::string> known_;
};

void TakeTable(std::string table, Seeds* seeds) {
  seeds->Add("table", table);
  for (const TablePart& part : RightTableChecksums(&table)) {
    std::string payload;
    if (!ReadPart(table, part.handle, &payload)) continue;
    seeds->Add(part.name.find("filter.") != std::string::npos ? "filter" : "block", payload);
  }
}

void TakeLog(const std::string& log, uint64_t number, Seeds* seeds) {
  seeds->Add("wal", log);
  LogReader reader(std::make_unique<BytesAsFile>(Slice(log)), number, nullptr);
  for (Slice record; reader.ReadRecord(&record);) {
    seeds->Add("batch", record);
    seeds->Add("api", record.substr(0, 300));
  }
}

// A file, its sections as strings of options, and each option as one.
void TakeOptions(const std::string& text, Seeds* seeds) {
  seeds->Add("options_file", text);
  std::istringstream in(text);
  std::string section;
  for (std::string line; std::getline(in, line);) {
    const size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string::npos || line[begin] == '#') continue;
    if (line[begin] == '[') {
      seeds->Add("option_strings", section);
      section.clear();
      continue;
    }
    seeds->Add("option_strings", Slice(line).substr(begin));
    section += line.substr(begin) + ";";
  }
  seeds->Add("option_strings", section);
}

void Take(const std::filesystem::path& path, Seeds* seeds) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  uint64_t number = 0;
  FileKind kind;
  if (!ParseFileName(path.filename().string(), &number, &kind)) return;
  switch (kind) {
    case FileKind::kTable:
      return TakeTable(text.str(), seeds);
    case FileKind::kWal:
      return TakeLog(text.str(), number, seeds);
    case FileKind::kManifest:
      return seeds->Add("manifest", text.str());
    case FileKind::kOptions:
      return TakeOptions(text.str(), seeds);
    default:
      return;
  }
}

}  // namespace
}  // namespace gneiss::fuzz

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: fuzz_seeds DIRECTORY OUTPUT\n");
    return 2;
  }
  gneiss::fuzz::Seeds seeds(argv[2]);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[1])) {
    if (entry.is_regular_file()) gneiss::fuzz::Take(entry.path(), &seeds);
  }
  std::printf("%zu seeds\n", seeds.count());
  return seeds.count() > 0 ? 0 : 1;
}
