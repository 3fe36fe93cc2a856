# Flags and the three helpers that every folder's CMakeLists.txt uses.

add_library(gneiss_flags INTERFACE)
target_include_directories(gneiss_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(gneiss_flags INTERFACE -Wall -Wextra -Wshadow -Wno-unused-parameter -Wno-missing-field-initializers -fno-semantic-interposition
                       $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>
                       # g++ 12 reports both for correct uses of std::string (GCC bugs 105329 and 105562).
                       $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict> $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
if(GNEISS_WERROR)
  target_compile_options(gneiss_flags INTERFACE -Werror)
endif()
# The baseline that every machine of the last decade has; wider instructions are chosen at run time.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  target_compile_options(gneiss_flags INTERFACE -march=x86-64-v2)
endif()
if(GNEISS_SANITIZE)
  target_compile_options(gneiss_flags INTERFACE -fsanitize=${GNEISS_SANITIZE} -fno-omit-frame-pointer -g -fno-sanitize-recover=all)
  target_link_options(gneiss_flags INTERFACE -fsanitize=${GNEISS_SANITIZE})
endif()
option(GNEISS_FUZZ "Build the fuzz targets as libFuzzer programs (clang)" OFF)
if(GNEISS_FUZZ)
  target_compile_options(gneiss_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(GNEISS_SANITIZE OR CMAKE_BUILD_TYPE STREQUAL "Debug")
  target_compile_definitions(gneiss_flags INTERFACE GNEISS_DEBUG_CHECKS)
endif()

# gneiss_library(NAME SOURCES a.cc b.cc DEPS other_folders LINK external_libraries)
# One library per engine folder: gneiss_NAME. Linking follows the layers, so an upward call does not link.
function(gneiss_library NAME)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;LINK" ${ARGN})
  add_library(gneiss_${NAME} STATIC ${ARG_SOURCES})
  list(TRANSFORM ARG_DEPS PREPEND gneiss_)
  target_link_libraries(gneiss_${NAME} PUBLIC gneiss_flags ${ARG_DEPS} ${ARG_LINK})
  target_compile_options(gneiss_${NAME} PRIVATE -fvisibility=hidden -fvisibility-inlines-hidden)
  set_target_properties(gneiss_${NAME} PROPERTIES ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/parts)
endfunction()

# gneiss_test(NAME SOURCES a_test.cc LINK gneiss_x): one GoogleTest program per folder, run by ctest.
function(gneiss_test NAME)
  if(NOT GNEISS_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LINK" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 600)
  endif()
  add_executable(${NAME} ${ARG_SOURCES})
  target_link_libraries(${NAME} PRIVATE gneiss_flags ${ARG_LINK} GTest::gtest GTest::gmock GTest::gtest_main Threads::Threads)
  set_target_properties(${NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  add_test(NAME ${NAME} COMMAND ${NAME} WORKING_DIRECTORY ${PROJECT_BINARY_DIR})
  set_tests_properties(${NAME} PROPERTIES TIMEOUT ${ARG_TIMEOUT})
endfunction()

# gneiss_benchmark(NAME SOURCES a_benchmark.cc LINK gneiss_x): one Google Benchmark program per folder, in bin/benchmarks.
function(gneiss_benchmark NAME)
  if(NOT GNEISS_BENCHMARKS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${NAME} ${ARG_SOURCES})
  target_link_libraries(${NAME} PRIVATE ${ARG_LINK} benchmark::benchmark benchmark::benchmark_main Threads::Threads)
  set_target_properties(${NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin/benchmarks)
endfunction()
