// A fuzz target takes any bytes and must answer in bounded time and memory, with an error or not, and never read what
// is not its own. Built with clang and GNEISS_FUZZ=ON it is a libFuzzer program, otherwise main.cc runs it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size);

// Real files that make good inputs: those below the corpus directory whose names hold this text.
const char* FuzzCorpusName();

// A rule that no bytes may break.
#define FUZZ_CHECK(condition)                                              \
  do {                                                                     \
    if (!(condition)) {                                                    \
      std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                        \
    }                                                                      \
  } while (false)
