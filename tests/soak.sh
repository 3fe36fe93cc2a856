#!/usr/bin/env bash
# The long forms of the batteries, with progress, and a table at the end.
#
# Usage: tests/soak.sh [--build DIR] [--scale PERCENT] [--only NAME[,NAME...]] [--control]
#   --scale    how much of the full length, in percent (100: some hours on two cores)
#   --only     powercut, faults, allocations, stress, fuzz, handover, differential, golden, schedules
#   --control  the batteries that run on RocksDB as the system has it, on that library
set -uo pipefail
cd "$(dirname "$0")/.."

build=build
scale=100
only=
control=0
while [ $# -gt 0 ]; do
  case "$1" in
    --build) build=$2; shift 2 ;;
    --scale) scale=$2; shift 2 ;;
    --only) only=$2; shift 2 ;;
    --control) control=1; shift ;;
    *) sed -n '2,8p' "$0" | sed 's/^# \{0,1\}//'; exit 2 ;;
  esac
done
library=$PWD/$build/lib
[ $control = 1 ] && library=
results=$(mktemp -d)
failed=0

scaled() { echo $((($1 * scale + 99) / 100)); }
is_wanted() { [ -z "$only" ] || [[ ",$only," == *",$1,"* ]]; }

run() { # name, target, command...
  local name=$1 target=$2 started=$SECONDS
  shift 2
  is_wanted "$name" || return 0
  printf '\n== %s: %s\n   %s\n' "$name" "$target" "$*"
  LD_LIBRARY_PATH=$library "$@" 2>&1 | tee "$results/$name.log"
  local status=${PIPESTATUS[0]} verdict=passed
  [ "$status" = 77 ] && verdict=skipped
  [ "$status" != 0 ] && [ "$status" != 77 ] && verdict=FAILED && failed=1
  printf '%-13s %-8s %6d s  %s\n' "$name" "$verdict" $((SECONDS - started)) "$(tail -1 "$results/$name.log" | cut -c1-160)" \
    >>"$results/table"
}

tests=$build/tests
with_library=()
[ $control = 0 ] && with_library=(--library "$build/lib")

reference=()
[ $control = 0 ] && reference=(--reference 40)
run powercut "20 000 states, 500 also read by the reference" \
  "$tests/powercut_test" --seed 100000 --traces "$(scaled 400)" "${reference[@]}"
isolated=()
[ $control = 1 ] && isolated=(--isolated 1 --failures 1000000)
run faults "5 000 fault points" "$tests/faults_test" --seed 100000 --points "$(scaled 5000)" "${isolated[@]}"
if [ -x "$tests/allocation_faults_test" ]; then
  run allocations "5 000 allocation faults" "$tests/allocation_faults_test" --seed 100000 --points "$(scaled 5000)"
fi
run stress "1 000 kills, lives of 1 to 3 s" \
  tests/stress/stress.py --worker "$tests/stress_worker" "${with_library[@]}" --seed 100000 --kills "$(scaled 1000)"
if [ $control = 0 ]; then
  if [ -x tests/fuzz/run.sh ]; then
    run fuzz "20 000 000 executions over all targets" tests/fuzz/run.sh --executions "$(scaled 20000000)"
  fi
  run handover "200 directories of 12 turns" tests/parity/handover.py --driver "$tests/parity_driver" \
    --library "$build/lib" --seed 100000 --directories "$(scaled 200)" --turns 12
  reference_library=$(ls /usr/lib/*/librocksdb.so.7.8 2>/dev/null | head -1)
  if [ -n "$reference_library" ]; then
    run differential "20 000 000 compared operations" tests/differential/compare.py "$tests/operations" \
      --ours "$build/lib" --reference "$(dirname "$reference_library")" --seed 100000 --steps 20000 --runs "$(scaled 1000)"
  fi
  if [ -x "$tests/schedules_test" ]; then
    run schedules "5 000 interleavings of each of nine scenarios" \
      "$tests/schedules_test" --seed 100000 --runs "$(scaled 5000)"
  fi
  run golden "2 000 bytes flipped in every golden file" env GNEISS_FLIPS="$(scaled 2000)" GNEISS_SEED=100000 \
    "$tests/golden_test" --gtest_brief=1 '--gtest_filter=*Damage*'
fi

printf '\n%-13s %-8s %8s  %s\n' battery verdict time "last line"
cat "$results/table"
exit $failed
