#!/usr/bin/env bash
# Runs the libFuzzer targets one after the other (README.md says how to configure the build).
#
# Usage: tests/fuzz/run.sh [--build DIR] [--executions N] [--only TARGET[,TARGET...]]
set -uo pipefail
cd "$(dirname "$0")/../.."

build=build-fuzz
executions=20000000
# With the share of the executions that each gets, in percent: what runs fast gets more.
shares="block:30 filter:25 wal:25 option_strings:5 table:5 manifest:3 options_file:3 batch:3 api:1"
only=
while [ $# -gt 0 ]; do
  case "$1" in
    --build) build=$2; shift 2 ;;
    --executions) executions=$2; shift 2 ;;
    --only) only=$2; shift 2 ;;
    *) sed -n '2,4p' "$0" | sed 's/^# \{0,1\}//'; exit 2 ;;
  esac
done
if [ ! -d "$build" ]; then
  CC=clang CXX=clang++ cmake -S . -B "$build" -G Ninja -DGNEISS_FUZZ=ON -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    -DGNEISS_SANITIZE=address,undefined >/dev/null || exit 1
fi

declare -A names=([block]=.sst [filter]=.sst [table]=.sst [wal]=.log [batch]=.log [api]=.log [manifest]=MANIFEST
  [options_file]=OPTIONS [option_strings]=OPTIONS)
total=0
failed=0
for entry in $shares; do
  target=${entry%%:*}
  share=${entry##*:}
  [ -z "$only" ] || [[ ",$only," == *",$target,"* ]] || continue
  ninja -C "$build" "fuzz_$target" >/dev/null || exit 1
  work=$build/fuzz/$target
  mkdir -p "$work/corpus" "$work/found"
  find tests/parity/golden -type f -name "*${names[$target]}*" | while read -r file; do
    cp "$file" "$work/corpus/$(echo "$file" | tr / _)"
  done
  runs=$((executions / 100 * share))
  ASAN_OPTIONS=detect_leaks=0 "$build/tests/fuzz_$target" "$work/corpus" -runs="$runs" -max_len=65536 -timeout=60 \
    -rss_limit_mb=2048 -artifact_prefix="$work/found/" -print_final_stats=1 -verbosity=0 >"$work/log" 2>&1
  status=$?
  done_runs=$(sed -n 's/stat::number_of_executed_units: *//p' "$work/log")
  total=$((total + ${done_runs:-0}))
  echo "fuzz_$target: ${done_runs:-0} executions, exit code $status"
  [ $status = 0 ] || { failed=$((failed + 1)); tail -30 "$work/log"; ls "$work/found"; }
done
echo "$total executions, $failed targets found something"
[ $failed = 0 ]
