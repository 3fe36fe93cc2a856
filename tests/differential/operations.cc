// Does random operations on a database of random options, all drawn from one seed, and prints each with its result.
// Two runs with two libraries must print the same; compare.py looks.
//
//     operations DIRECTORY SEED STEPS

#include <cstdio>
#include <cstdlib>

#include "session.h"

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "operations DIRECTORY SEED STEPS\n");
    return 2;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, 1 << 16);  // what was printed stays when a library crashes
  differential::Session(argv[1], std::strtoull(argv[2], nullptr, 10)).Run(std::atoi(argv[3]));
  return 0;
}
