#include "tests/disk/trace.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace gneiss::disk {

namespace {

void Put(std::ofstream* out, const std::string& text) { *out << text.size() << ' ' << text; }

std::string Take(std::ifstream* in) {
  size_t size = 0;
  *in >> size;
  in->get();
  std::string text(size, 0);
  in->read(text.data(), static_cast<std::streamsize>(size));
  return text;
}

[[noreturn]] void Fail(const std::string& file) {
  std::perror(file.c_str());
  std::abort();
}

}  // namespace

std::string ToString(const Operation& operation) {
  static const char* const kNames[] = {"create", "write",  "truncate",   "sync",       "failed sync", "rename",
                                       "link",   "remove", "create dir", "remove dir", "sync dir"};
  std::string text = kNames[static_cast<size_t>(operation.kind)];
  if (operation.file != 0) text += " file " + std::to_string(operation.file);
  if (!operation.path.empty()) text += " " + operation.path;
  if (!operation.other_path.empty()) text += " to " + operation.other_path;
  if (operation.kind == Operation::Kind::kWrite) {
    text += " at " + std::to_string(operation.offset) + ", " + std::to_string(operation.bytes.size()) + " bytes";
  }
  return text;
}

void SaveTrace(const Trace& trace, const std::string& file) {
  std::ofstream out(file, std::ios::binary);
  out << trace.size() << '\n';
  for (const Operation& each : trace) {
    out << static_cast<int>(each.kind) << ' ' << each.file << ' ' << each.offset << ' ';
    Put(&out, each.bytes);
    Put(&out, each.path);
    Put(&out, each.other_path);
    out << '\n';
  }
  out.flush();
  if (!out) Fail(file);
}

Trace LoadTrace(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  size_t count = 0;
  in >> count;
  Trace trace(in ? count : 0);
  for (Operation& each : trace) {
    int kind = 0;
    in >> kind >> each.file >> each.offset;
    in.get();
    each.kind = static_cast<Operation::Kind>(kind);
    each.bytes = Take(&in);
    each.path = Take(&in);
    each.other_path = Take(&in);
  }
  if (!in) Fail(file);
  return trace;
}

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

}  // namespace gneiss::disk
