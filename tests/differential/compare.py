#!/usr/bin/env python3
"""Runs the same random operations on this library and on RocksDB's own, and compares every printed result.

    compare.py PROGRAM --ours DIRECTORY --reference DIRECTORY [--seed N] [--runs N] [--steps N] [--jobs N]
               [--failures N] [--progress SECONDS] [--directory DIRECTORY]

A difference is shown with its seed; `--seed N --runs 1` plays it again. GNEISS_SEED does the same under ctest.
Databases lie in --directory, in memory where the system has /dev/shm: fsync is most of the time else.
"""
import argparse
import concurrent.futures
import itertools
import os
import random
import re
import subprocess
import sys
import tempfile
import time

SECONDS_MAX = 600  # of one run with one library; a hang is a difference
REFERENCE_TRIES = 3  # RocksDB's own races make it crash, or answer differently, now and then


def run(args, library, seed):
    with tempfile.TemporaryDirectory(dir=args.directory) as directory:
        env = dict(os.environ, LD_LIBRARY_PATH=library)
        command = [args.program, directory + "/db", str(seed), str(args.steps)]
        try:
            done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=SECONDS_MAX)
            end = "exit code %d: %s" % (done.returncode, done.stderr.decode(errors="replace")[-500:])
            output, failed = done.stdout, done.returncode != 0
        except subprocess.TimeoutExpired as expired:
            output, failed, end = expired.stdout or b"", True, "no end after %d s" % SECONDS_MAX
        lines = output.decode(errors="replace").replace(directory, "DIR").split("\n")
        return lines[:-1] + [end] if failed else lines


def shown(line, around):
    """A line, with runs of padding folded, around the place where two differ."""
    start = max(0, around - 80)
    return line[:30] + " ... " + re.sub("x{9,}", "x..x", line[start:around + 300])


def first_difference(ours, reference):
    """The number of the first line that is not the same, or None."""
    for number, (mine, theirs) in enumerate(itertools.zip_longest(ours, reference)):
        if mine != theirs:
            return number
    return None


def described(args, seed, number, ours, reference):
    mine = ours[number] if number < len(ours) else "(nothing)"
    theirs = reference[number] if number < len(reference) else "(nothing)"
    at = next((i for i, (a, b) in enumerate(zip(mine, theirs)) if a != b), min(len(mine), len(theirs)))
    before = "\n           ".join(shown(line, 0) for line in reference[max(0, number - 3):number])
    return ("seed %d differs at line %d (replay: --seed %d --runs 1 --steps %d)\nbefore:    %s\n"
            "ours:      %s\nreference: %s" % (seed, number, seed, args.steps, before, shown(mine, at), shown(theirs, at)))


def compare(args, seed):
    """The number of lines that are the same, and a text about the first that is not.

    This library answers once; what it answered, RocksDB must answer in one of REFERENCE_TRIES runs."""
    ours = run(args, args.ours, seed)
    for _ in range(REFERENCE_TRIES):
        reference = run(args, args.reference, seed)
        number = first_difference(ours, reference)
        if number is None:
            return len(ours) - 1, None
    return number, described(args, seed, number, ours, reference)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--ours", required=True)
    parser.add_argument("--reference", required=True)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--runs", type=int, default=4)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--jobs", type=int, default=min(4, os.cpu_count() or 1))
    parser.add_argument("--failures", type=int, default=1, help="stop after so many seeds that differ")
    parser.add_argument("--progress", type=float, default=0, help="a line of progress every so many seconds")
    parser.add_argument("--directory", default=os.environ.get("TMPDIR") or
                        ("/dev/shm" if os.access("/dev/shm", os.W_OK) else None))
    args = parser.parse_args()
    seed = args.seed if args.seed is not None else int(os.environ.get("GNEISS_SEED", random.randrange(1 << 32)))
    compared = done = failures = 0
    started = told = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        seeds = iter(range(seed, seed + args.runs))
        running = {pool.submit(compare, args, each) for _, each in zip(range(2 * args.jobs), seeds)}
        while running:
            ended, running = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
            for each in ended:
                lines, difference = each.result()
                compared, done = compared + lines, done + 1
                if difference is not None:
                    failures += 1
                    print(difference, flush=True)
                if failures < args.failures:
                    running |= {pool.submit(compare, args, following) for _, following in zip(range(1), seeds)}
            now = time.monotonic()
            if args.progress and now - told >= args.progress:
                told = now
                print("%d of %d seeds, %d operations and results compared in %.0f s, %d seeds differ" %
                      (done, args.runs, compared, now - started, failures), flush=True)
    print("seeds %d..%d: %d operations and results are the same, %d seeds differ" %
          (seed, seed + done - 1, compared, failures))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
