#include "tests/scenarios/script.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <sstream>

namespace gneiss::scenario {

namespace {

constexpr std::string_view kEmpty = "(empty)";
constexpr std::string_view kNumberPrefix = "u64:";
constexpr size_t kRepeatsShortenedMin = 32;

uint64_t NumberOf(std::string_view digits) {
  uint64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

std::string Join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

bool IsAllDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

void ParseLine(std::string_view line, int number, std::vector<Command>* commands) {
  std::string_view expected;
  const size_t arrow = line.find("=>");
  if (arrow != std::string_view::npos) {
    expected = line.substr(arrow + 2);
    line = line.substr(0, arrow);
  }
  const size_t first = commands->size();
  for (size_t start = 0; start <= line.size();) {
    size_t end = line.find(" ; ", start);
    if (end == std::string_view::npos) end = line.size();
    Command command = ParseCommand(line.substr(start, end - start));
    command.line = number;
    if (!command.verb.empty()) commands->push_back(std::move(command));
    start = end + 3;
  }
  if (arrow != std::string_view::npos && commands->size() > first)
    commands->back().expected = Join(SplitWords(expected));
}

}  // namespace

std::vector<std::string> SplitWords(std::string_view text) {
  std::istringstream in{std::string(text)};
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

Command ParseCommand(std::string_view text) {
  Command command;
  command.words = SplitWords(text);
  if (command.words.empty()) return command;
  const std::string verb = command.words.front();
  command.words.erase(command.words.begin());
  const size_t at_sign = verb.find('@');
  command.verb = verb.substr(0, at_sign);
  command.family = at_sign == std::string::npos ? "default" : verb.substr(at_sign + 1);
  if (command.words.size() >= 2 && command.words[command.words.size() - 2] == "at") {
    command.snapshot = command.words.back();
    command.words.resize(command.words.size() - 2);
  }
  return command;
}

std::vector<Command> ParseScript(std::string_view text) {
  std::istringstream in{std::string(text)};
  std::vector<Command> commands;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.empty() || line.front() == '#') continue;
    ParseLine(line, number, &commands);
  }
  return commands;
}

std::string BytesOf(std::string_view written) {
  if (written == kEmpty) return {};
  if (written.starts_with(kNumberPrefix)) {
    uint64_t number = NumberOf(written.substr(kNumberPrefix.size()));
    std::string bytes;
    for (int i = 0; i < 8; ++i, number >>= 8) bytes.push_back(static_cast<char>(number & 0xff));
    return bytes;
  }
  const size_t star = written.find('*');
  if (star == 1 && IsAllDigits(written.substr(2))) return std::string(NumberOf(written.substr(2)), written[0]);
  return std::string(written);
}

std::string WrittenForm(std::string_view bytes) {
  if (bytes.empty()) return std::string(kEmpty);
  const bool is_text = std::all_of(bytes.begin(), bytes.end(), [](unsigned char c) { return std::isgraph(c) != 0; });
  if (!is_text && bytes.size() == 8) {
    uint64_t number = 0;
    for (int i = 7; i >= 0; --i) number = number << 8 | static_cast<unsigned char>(bytes[i]);
    return std::string(kNumberPrefix) + std::to_string(number);
  }
  if (bytes.size() >= kRepeatsShortenedMin && bytes.find_first_not_of(bytes[0]) == std::string_view::npos) {
    return std::string(1, bytes[0]) + "*" + std::to_string(bytes.size());
  }
  return std::string(bytes);
}

bool AnswerMatches(std::string_view expected, std::string_view answer) {
  if (expected.ends_with("...")) return answer.starts_with(expected.substr(0, expected.size() - 3));
  return expected == answer;
}

}  // namespace gneiss::scenario
