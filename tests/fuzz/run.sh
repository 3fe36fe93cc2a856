#!/usr/bin/env bash
# Runs the libFuzzer targets one after the other (README.md says how to configure the build).
#
# Usage: tests/fuzz/run.sh [--build DIR] [--work DIR] [--executions N] [--only TARGET[,TARGET...]]
#   --work   where corpora, logs and what is found are kept; by default DIR/fuzz
set -uo pipefail
cd "$(dirname "$0")/../.."

build=build-fuzz
work=
executions=20000000
# Of a thousand executions how many each gets, and the size of its inputs: what runs fast gets more, and small inputs
# reach as much as large ones, sooner. Of 20 million each gets 100 000 at least; all take about 45 minutes of one core.
shares="block:440:4096 filter:240:4096 wal:185:8192 batch:100:2048 table:13:8192 manifest:7:4096 options_file:5:8192
  option_strings:5:1024 api:5:300"
only=
while [ $# -gt 0 ]; do
  case "$1" in
    --build) build=$2; shift 2 ;;
    --work) work=$2; shift 2 ;;
    --executions) executions=$2; shift 2 ;;
    --only) only=$2; shift 2 ;;
    *) sed -n '2,5p' "$0" | sed 's/^# \{0,1\}//'; exit 2 ;;
  esac
done
work=${work:-$build/fuzz}
if [ ! -d "$build" ]; then
  CC=clang CXX=clang++ cmake -S . -B "$build" -G Ninja -DGNEISS_FUZZ=ON -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    -DGNEISS_SANITIZE=address,undefined >/dev/null || exit 1
fi
make() { [ ! -f "$build/build.ninja" ] || ninja -C "$build" "$1" >/dev/null || exit 1; }

make fuzz_seeds
"$build/tests/fuzz_seeds" tests/parity/golden "$work/seeds" || exit 1
# Small quarantine, short stacks: twice the speed, and what is found is replayed with more.
export ASAN_OPTIONS=${ASAN_OPTIONS:-quarantine_size_mb=16:malloc_context_size=3}
total=0
failed=0
for entry in $shares; do
  IFS=: read -r target share bytes_max <<<"$entry"
  [ -z "$only" ] || [[ ",$only," == *",$target,"* ]] || continue
  make "fuzz_$target"
  mkdir -p "$work/$target/corpus" "$work/$target/found"
  "$build/tests/fuzz_$target" "$work/$target/corpus" "$work/seeds/$target" -runs=$((executions / 1000 * share)) \
    -max_len="$bytes_max" -timeout=60 -rss_limit_mb=2048 -artifact_prefix="$work/$target/found/" -print_final_stats=1 \
    >"$work/$target/log" 2>&1
  status=$?
  done_runs=$(sed -n 's/stat::number_of_executed_units: *//p' "$work/$target/log")
  covered=$(sed -n 's/.*\(cov: [0-9]*\).*/\1/p' "$work/$target/log" | tail -1)
  total=$((total + ${done_runs:-0}))
  echo "fuzz_$target: ${done_runs:-0} executions, ${covered:-} edges, exit code $status"
  [ $status = 0 ] || { failed=$((failed + 1)); tail -30 "$work/$target/log"; ls "$work/$target/found"; }
done
echo "$total executions, $failed targets found something"
[ $failed = 0 ]
