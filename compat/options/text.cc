#include "compat/options/text.h"

#include <cctype>
#include <limits>
#include <stdexcept>

namespace gneiss::compat {

namespace {

bool IsSpace(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

// How far a suffix shifts; any other trailing text is ignored, as RocksDB ignores it.
int SuffixShift(const std::string& text, size_t at) {
  if (at >= text.size()) return 0;
  switch (std::tolower(static_cast<unsigned char>(text[at]))) {
    case 'k':
      return 10;
    case 'm':
      return 20;
    case 'g':
      return 30;
    case 't':
      return 40;
    default:
      return 0;
  }
}

bool NeedsEscape(char c) { return c == '\\' || c == '#' || c == ':' || c == '\r' || c == '\n'; }

}  // namespace

std::string TrimText(const std::string& text) {
  size_t begin = 0;
  size_t end = text.size();
  while (begin < end && IsSpace(text[begin])) ++begin;
  while (end > begin && IsSpace(text[end - 1])) --end;
  return text.substr(begin, end - begin);
}

bool StartsWith(const std::string& text, const std::string& prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}

bool EndsWith(const std::string& text, const std::string& suffix) {
  return text.size() >= suffix.size() && text.compare(text.size() - suffix.size(), suffix.size(), suffix) == 0;
}

std::string EscapeOption(const std::string& raw) {
  std::string escaped;
  escaped.reserve(raw.size());
  for (const char c : raw) {
    if (NeedsEscape(c)) escaped += '\\';
    escaped += c == '\n' ? 'n' : c == '\r' ? 'r' : c;
  }
  return escaped;
}

std::string UnescapeOption(const std::string& escaped) {
  std::string raw;
  raw.reserve(escaped.size());
  for (size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] != '\\') {
      raw += escaped[i];
    } else if (++i < escaped.size()) {
      raw += escaped[i] == 'n' ? '\n' : escaped[i] == 'r' ? '\r' : escaped[i];
    }
  }
  return raw;
}

bool ParseBool(const std::string& text) {
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  throw std::invalid_argument("");
}

int ParseInt(const std::string& text) {
  size_t end = 0;
  const int number = std::stoi(text, &end);
  const int shift = SuffixShift(text, end);
  return shift > 30 ? number : static_cast<int>(static_cast<unsigned>(number) << shift);
}

int64_t ParseInt64(const std::string& text) {
  size_t end = 0;
  const int64_t number = std::stoll(text, &end);
  return static_cast<int64_t>(static_cast<uint64_t>(number) << SuffixShift(text, end));
}

uint64_t ParseUint64(const std::string& text) {
  size_t end = 0;
  const uint64_t number = std::stoull(text, &end);
  return number << SuffixShift(text, end);
}

uint32_t ParseUint32(const std::string& text) {
  const uint64_t number = ParseUint64(text);
  if (number > std::numeric_limits<uint32_t>::max()) throw std::out_of_range(text);
  return static_cast<uint32_t>(number);
}

}  // namespace gneiss::compat
