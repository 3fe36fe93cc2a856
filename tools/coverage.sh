#!/usr/bin/env bash
# Which lines and branches of engine/ and compat/ the tests reach, per folder.
#
# Usage: tools/coverage.sh [--build DIR] [--tests REGEX] [--report] [--files FOLDER]
#   --tests   only the tests of ctest whose names match; what earlier runs reached is forgotten
#   --report  no run: what the last one reached
#   --files   also the files of a folder, with how many lines of each no test reaches, most first (engine/db, say)
#
# Needs gcovr (tools/install_packages.sh --full). What processes did that were killed or left by _Exit is not counted.
set -euo pipefail
cd "$(dirname "$0")/.."

build=build-coverage
tests=.
runs=1
files=
while [ $# -gt 0 ]; do
  case "$1" in
    --build) build=$2; shift 2 ;;
    --tests) tests=$2; shift 2 ;;
    --report) runs=0; shift ;;
    --files) files=$2; shift 2 ;;
    *) sed -n '2,9p' "$0" | sed 's/^# \{0,1\}//'; exit 2 ;;
  esac
done
command -v gcovr >/dev/null || { echo "coverage: gcovr is missing: tools/install_packages.sh --full" >&2; exit 1; }

status=0
if [ $runs = 1 ]; then
  # Inlined functions would be counted where they went to.
  cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Coverage >/dev/null \
    -DCMAKE_CXX_FLAGS="-O1 -DNDEBUG --coverage -fprofile-update=atomic" -DCMAKE_C_FLAGS="-O1 --coverage -fprofile-update=atomic"
  ninja -C "$build" --quiet
  find "$build" -name '*.gcda' -delete
  ctest --test-dir "$build" -R "$tests" -j 2 --no-tests=error --output-on-failure || status=$?
fi
# Branches to where an exception is caught are the compiler's, not ours.
gcovr --root . --object-directory "$build" --filter 'engine/' --filter 'compat/' --exclude '.*_test\.cc' --exclude '.*_test_.*\.h' \
  --exclude '.*_benchmark\.cc' --exclude-throw-branches --exclude-unreachable-branches -j 2 \
  --json-summary "$build/coverage.json" "$build" >/dev/null
python3 tools/coverage_table.py "$build/coverage.json" $files
exit $status
