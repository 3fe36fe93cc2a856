#!/usr/bin/env python3
"""Runs the same random operations on this library and on RocksDB's own, and compares every printed result.

    compare.py PROGRAM --ours DIRECTORY --reference DIRECTORY [--seed N] [--runs N] [--steps N]

A difference is shown with its seed; `--seed N --runs 1` plays it again. GNEISS_SEED does the same under ctest.
"""
import argparse
import os
import random
import subprocess
import sys
import tempfile


def run(program, library, seed, steps):
    with tempfile.TemporaryDirectory() as directory:
        env = dict(os.environ, LD_LIBRARY_PATH=library)
        done = subprocess.run([program, directory + "/db", str(seed), str(steps)], env=env, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=600)
        lines = done.stdout.decode(errors="replace").replace(directory, "DIR").split("\n")
        if done.returncode != 0:
            lines.append("exit code %d: %s" % (done.returncode, done.stderr.decode(errors="replace")[-500:]))
        return lines


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--ours", required=True)
    parser.add_argument("--reference", required=True)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--runs", type=int, default=4)
    parser.add_argument("--steps", type=int, default=1500)
    args = parser.parse_args()
    seed = args.seed if args.seed is not None else int(os.environ.get("GNEISS_SEED", random.randrange(1 << 32)))
    compared = 0
    for i in range(args.runs):
        ours = run(args.program, args.ours, seed + i, args.steps)
        reference = run(args.program, args.reference, seed + i, args.steps)
        for number, (mine, theirs) in enumerate(zip(ours + [""], reference + [""])):
            if mine != theirs:
                print("seed %d differs at line %d (replay: --seed %d --runs 1 --steps %d)" %
                      (seed + i, number, seed + i, args.steps))
                print("before:    " + "\n           ".join(reference[max(0, number - 3):number]))
                print("ours:      %.2000s\nreference: %.2000s" % (mine, theirs))
                sys.exit(1)
        if len(ours) != len(reference):
            print("seed %d: one run is longer" % (seed + i))
            sys.exit(1)
        compared += len(ours) - 1
    print("seeds %d..%d: %d operations and results are the same" % (seed, seed + args.runs - 1, compared))


if __name__ == "__main__":
    main()
