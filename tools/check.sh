#!/usr/bin/env bash
# The whole ritual, the same here and in CI: format, layers, build with warnings as errors, all tests, and the short forms
# of the batteries that are too long for ctest (tests/README.md).
#
# Usage: tools/check.sh [--full]
#   --full  adds the suites under ASan+UBSan and under TSan, and a build with clang (thread-safety analysis)
set -euo pipefail
cd "$(dirname "$0")/.."

full=0
case "${1:-}" in
  "") ;;
  --full) full=1 ;;
  *)
    sed -n '2,6p' "$0" | sed 's/^# \{0,1\}//'
    exit 2
    ;;
esac

started=$SECONDS
step() { printf '\n== %s (%d s so far)\n' "$1" $((SECONDS - started)); }

step "packages"
if [ $full = 1 ]; then tools/install_packages.sh --full; else tools/install_packages.sh; fi

step "format"
mapfile -t sources < <(git ls-files '*.cc' '*.h')
clang-format --dry-run -Werror "${sources[@]}"
echo "format: ${#sources[@]} files"

step "layers"
python3 tools/check_layers.py

build_and_test() { # name, cmake options...
  local name="$1"
  shift
  step "build: $name"
  cmake -S . -B "$name" -G Ninja -DGNEISS_WERROR=ON "$@" >/dev/null
  ninja -C "$name" --quiet 2>/dev/null || ninja -C "$name"
  step "tests: $name"
  ctest --test-dir "$name" --output-on-failure --no-tests=error -j 2
}

build_and_test build
step "slices of the batteries"
tests/soak.sh --slice
if [ $full = 1 ]; then
  build_and_test build-asan -DCMAKE_BUILD_TYPE=RelWithDebInfo -DGNEISS_SANITIZE=address,undefined
  build_and_test build-tsan -DCMAKE_BUILD_TYPE=RelWithDebInfo -DGNEISS_SANITIZE=thread
  step "build: clang"
  CC=clang CXX=clang++ cmake -S . -B build-clang -G Ninja -DGNEISS_WERROR=ON >/dev/null
  ninja -C build-clang
fi
step "done"
