#include "tests/powercut/recording.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace gneiss::powercut {

const char* const kDirectory = "/db";
const std::vector<std::string> kLastingFamilies = {"default", "one", "two"};

Expectation ExpectedAfter(const Recording& recording, size_t operations) {
  Expectation expected;
  for (const std::string& name : kLastingFamilies) expected.families[name].may_be_there = true;
  for (const Event& event : recording.events) {
    if (event.begin > operations) break;
    const bool has_returned = event.end <= operations;
    switch (event.kind) {
      case Event::Kind::kBatch:
        expected.batches.push_back(event.batch);
        break;
      case Event::Kind::kDurable:
        if (!has_returned) break;
        expected.must_exist = true;
        for (size_t i = 0; i < expected.batches.size(); ++i) {
          if (expected.batches[i].number <= event.number) expected.at_least = std::max(expected.at_least, i + 1);
        }
        for (const std::string& name : kLastingFamilies) expected.families[name].must_be_there = true;
        break;
      case Event::Kind::kRollback:
        while (!expected.batches.empty() && expected.batches.back().number > event.number) expected.batches.pop_back();
        break;
      case Event::Kind::kCreateFamily:
        expected.families[event.family] = {.may_be_there = true, .must_be_there = has_returned};
        break;
      case Event::Kind::kDropFamily:
        expected.families[event.family] = {.may_be_there = !has_returned, .must_be_there = false};
        break;
    }
  }
  return expected;
}

void Save(const Recording& recording, const std::string& file) {
  disk::SaveTrace(recording.trace, file);
  std::ofstream out(file + ".events");
  out << recording.seed << ' ' << recording.events.size() << '\n';
  for (const Event& event : recording.events) {
    out << static_cast<int>(event.kind) << ' ' << event.begin << ' ' << event.end << ' ' << event.number << ' '
        << (event.family.empty() ? "-" : event.family) << ' ' << event.batch.seed << ' ' << event.batch.number << ' '
        << event.batch.families.size();
    for (const std::string& name : event.batch.families) out << ' ' << name;
    out << '\n';
  }
  out << recording.text << '\n';
}

Recording Load(const std::string& file) {
  Recording recording;
  recording.trace = disk::LoadTrace(file);
  std::ifstream in(file + ".events");
  size_t count = 0;
  in >> recording.seed >> count;
  recording.events.resize(in ? count : 0);
  for (Event& event : recording.events) {
    int kind = 0;
    size_t families = 0;
    in >> kind >> event.begin >> event.end >> event.number >> event.family >> event.batch.seed >> event.batch.number >>
        families;
    event.kind = static_cast<Event::Kind>(kind);
    event.batch.families.resize(families);
    for (std::string& name : event.batch.families) in >> name;
  }
  in.get();
  std::getline(in, recording.text);
  if (!in) {
    std::fprintf(stderr, "%s.events cannot be read\n", file.c_str());
    std::abort();
  }
  return recording;
}

}  // namespace gneiss::powercut
