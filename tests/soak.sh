#!/usr/bin/env bash
# The long forms of the batteries, with progress, and a table at the end.
#
# Usage: tests/soak.sh [--build DIR] [--scale PERCENT] [--only NAME[,NAME...]] [--seed N] [--control] [--slice]
#   --scale    how much of the full length, in percent (100: some hours on two cores)
#   --only     powercut, faults, allocations, stress, tsan, fuzz, handover, differential, golden, schedules
#   --seed     where the seeds begin, 100000 if not given
#   --control  the batteries that run on RocksDB as the system has it, on that library
#   --slice    the short forms that are too long for ctest: stress, tsan, fuzz
# The databases of the batteries lie in $TMPDIR; /dev/shm is a good place. tsan uses the build build-tsan, and fuzz, but
# for its slice, build-fuzz; both are made when they are missing.
set -uo pipefail
cd "$(dirname "$0")/.."

build=build
scale=100
only=
seed=100000
control=0
slice=0
while [ $# -gt 0 ]; do
  case "$1" in
    --build) build=$2; shift 2 ;;
    --scale) scale=$2; shift 2 ;;
    --only) only=$2; shift 2 ;;
    --seed) seed=$2; shift 2 ;;
    --control) control=1; shift ;;
    --slice) slice=1; shift ;;
    *) sed -n '2,11p' "$0" | sed 's/^# \{0,1\}//'; exit 2 ;;
  esac
done
[ $slice = 1 ] && only=${only:-stress,tsan,fuzz}
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

# Lives of the stress worker, without kills, whose every access ThreadSanitizer watches.
run_tsan() { # seconds
  local left=$1 lives=0 life=10 directory lives_here=3 seed_here=$((seed - 1)) status
  local fixed_addresses=()  # ThreadSanitizer refuses some of the addresses that a kernel may draw
  setarch -R true 2>/dev/null && fixed_addresses=(setarch -R)
  [ -f build-tsan/build.ninja ] || cmake -S . -B build-tsan -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    -DGNEISS_SANITIZE=thread >/dev/null || return 1
  ninja -C build-tsan --quiet stress_worker rocksdb || return 1
  directory=$(mktemp -d)
  while [ "$left" -gt 0 ]; do
    if [ $lives_here = 3 ]; then
      rm -rf "$directory"
      mkdir "$directory"
      lives_here=0
      seed_here=$((seed_here + 1))
    fi
    LD_LIBRARY_PATH=build-tsan/lib TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1 \
      "${fixed_addresses[@]}" build-tsan/tests/stress_worker "$directory/db" $seed_here $((life * 1000)) >"$directory.log" 2>&1
    status=$?
    if [ $status = 3 ]; then  # it only looked, and the directory has nothing more to tell
      lives_here=3
      continue
    fi
    if [ $status != 0 ]; then
      cat "$directory.log"
      echo "FAILED: life $lives_here of seed $seed_here, exit code $status; the directory is $directory"
      return 1
    fi
    lives=$((lives + 1))
    lives_here=$((lives_here + 1))
    left=$((left - life))
  done
  rm -rf "$directory" "$directory.log"
  echo "$lives lives of $life s under ThreadSanitizer, no race, no broken promise"
}

run_fuzz_slice() { # seconds for all targets together
  local targets=(table block filter wal manifest options_file option_strings batch api) target
  for target in "${targets[@]}"; do
    "$build/tests/fuzz_$target" --corpus tests/parity/golden --seconds $(($1 / ${#targets[@]} + 1)) --seed "$seed" || return 1
  done
}

tests=$build/tests
with_library=()
[ $control = 0 ] && with_library=(--library "$build/lib")
reference=()
[ $control = 0 ] && reference=(--reference 40)
isolated=()
[ $control = 1 ] && isolated=(--isolated 1 --failures 1000000)
keeps_going=()
[ $control = 1 ] && keeps_going=(--failures 1000000)

kills=$(scaled 1000)
tsan_seconds=$(scaled 1800)
[ $slice = 1 ] && kills=60 && tsan_seconds=120

[ $slice = 1 ] || run powercut "20 000 states, 500 also read by the reference" \
  "$tests/powercut_test" --seed "$seed" --traces "$(scaled 400)" "${reference[@]}" "${keeps_going[@]}"
[ $slice = 1 ] || run faults "5 000 fault points" "$tests/faults_test" --seed "$seed" --points "$(scaled 5000)" "${isolated[@]}"
[ $slice = 1 ] || run allocations "5 000 allocation faults" \
  "$tests/allocation_faults_test" --seed "$seed" --points "$(scaled 5000)" "${keeps_going[@]}"
run stress "$kills kills, lives of 1 to 3 s" \
  tests/stress/stress.py --worker "$tests/stress_worker" "${with_library[@]}" --seed "$seed" --kills "$kills" "${keeps_going[@]}"
if [ $control = 0 ]; then
  run tsan "$tsan_seconds s of lives under ThreadSanitizer" run_tsan "$tsan_seconds"
  if [ $slice = 1 ]; then
    run fuzz "the corpora, and 2 minutes over all targets" run_fuzz_slice 120
  else
    run fuzz "20 000 000 executions over all targets" tests/fuzz/run.sh --executions "$(scaled 20000000)"
    run handover "200 directories of 12 turns" tests/parity/handover.py --driver "$tests/parity_driver" \
      --library "$build/lib" --seed "$seed" --directories "$(scaled 200)" --turns 12
    reference_library=$(ls /usr/lib/*/librocksdb.so.7.8 2>/dev/null | head -1)
    if [ -n "$reference_library" ]; then
      run differential "20 000 000 compared operations" tests/differential/compare.py "$tests/operations" \
        --ours "$build/lib" --reference "$(dirname "$reference_library")" --seed "$seed" --steps 20000 \
        --progress 60 --runs "$(scaled 1000)"
    fi
    run schedules "5 000 interleavings of each of eleven scenarios" \
      "$tests/schedules_test" --seed "$seed" --runs "$(scaled 5000)"
    run golden "2 000 bytes flipped in every golden file" env GNEISS_FLIPS="$(scaled 2000)" GNEISS_SEED="$seed" \
      "$tests/golden_test" --gtest_brief=1 '--gtest_filter=*Damage*'
  fi
fi

printf '\n%-13s %-8s %8s  %s\n' battery verdict time "last line"
cat "$results/table"
exit $failed
