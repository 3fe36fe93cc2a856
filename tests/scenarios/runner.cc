// scenario_runner FILE: runs the script in FILE on an empty database and fails on the first answer that differs.
#include <cstdio>
#include <exception>
#include <fstream>
#include <sstream>

#include "tests/scenarios/session.h"
#include "tests/support/temp_dir.h"

namespace gneiss::scenario {
namespace {

int RunFile(const char* name) {
  std::ifstream in(name);
  std::ostringstream text;
  text << in.rdbuf();
  const std::vector<Command> commands = ParseScript(text.str());
  if (commands.empty()) {
    std::fprintf(stderr, "%s: no commands\n", name);
    return 2;
  }
  const TempDir dir;
  Session session(dir.path() + "/db");
  for (const Command& command : commands) {
    std::string answer;
    try {
      answer = session.Run(command);
    } catch (const std::exception& error) {
      answer = std::string("script error: ") + error.what();
    }
    if (AnswerMatches(command.expected, answer)) continue;
    std::fprintf(stderr, "%s:%d: %s\n  expected: %s\n  answer:   %s\n", name, command.line, command.verb.c_str(),
                 command.expected.c_str(), answer.c_str());
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace gneiss::scenario

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FILE\n", argv[0]);
    return 2;
  }
  return gneiss::scenario::RunFile(argv[1]);
}
