#include <gtest/gtest.h>

#include "tests/conformance/loaded_library.h"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (!gneiss::conformance::CheckLoadedLibrary()) return 2;
  return RUN_ALL_TESTS();
}
