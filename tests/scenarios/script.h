// A script is the text of one scenario: commands with the answers they must give.
//
//     # a comment
//     put a=1 b=2 ; flush ; snapshot s
//     get@family a at s     => 1
//
// Commands stand one per line or several divided by " ; ". What follows "=>" is the answer expected from the last
// command of its line; a command without one must answer "ok". An expected answer that ends in "..." is a beginning.
//
// Errors: Parse never fails; the runner refuses words it does not know, with the line's number.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gneiss::scenario {

struct Command {
  int line = 0;
  std::string verb;
  std::string family;  // "default" unless the verb was written verb@family
  std::vector<std::string> words;
  std::string snapshot;  // the NAME of a trailing "at NAME"
  std::string expected = "ok";
};

std::vector<Command> ParseScript(std::string_view text);
std::vector<std::string> SplitWords(std::string_view text);
Command ParseCommand(std::string_view text);

// Written form to bytes: "(empty)" is "", "x*5" is "xxxxx", "u64:7" is 7 in eight little-endian bytes.
std::string BytesOf(std::string_view written);
// The inverse, so that answers read as scripts are written.
std::string WrittenForm(std::string_view bytes);

bool AnswerMatches(std::string_view expected, std::string_view answer);

}  // namespace gneiss::scenario
