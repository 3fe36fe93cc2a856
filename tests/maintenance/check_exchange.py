#!/usr/bin/env python3
"""Hands one directory back and forth between this library and the reference, and compares what both read in it.

    check_exchange.py PROGRAM --library DIR

Exit code 77: the reference library is not installed.
"""
import argparse
import glob
import os
import subprocess
import sys
import tempfile

SKIPPED = 77


def run(library, *command):
    env = {k: v for k, v in os.environ.items() if k not in ("LD_LIBRARY_PATH", "LD_PRELOAD")}
    env["LD_LIBRARY_PATH"] = library
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300)
    if done.returncode != 0:
        sys.exit("%s with %s: exit code %d\n%s" % (" ".join(command), library, done.returncode, done.stderr[-3000:]))
    return done.stdout


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--library", required=True)
    arguments = parser.parse_args()
    found = glob.glob("/usr/lib/*/librocksdb.so.7.8")
    if not found:
        print("skipped: the reference library is not installed")
        return SKIPPED
    reference = os.path.dirname(found[0])
    loaded = run(reference, "ldd", arguments.program)
    if found[0] not in loaded:
        sys.exit("the program would not load the reference:\n" + loaded)
    problems = 0
    with tempfile.TemporaryDirectory(prefix="gneiss_") as root:
        for first, second, name in ((arguments.library, reference, "ours"), (reference, arguments.library, "reference")):
            directory = os.path.join(root, name)
            for number, writer in enumerate((first, second, first)):
                run(writer, arguments.program, "write", directory, "r%d" % number)
                by_first = run(first, arguments.program, "read", directory)
                by_second = run(second, arguments.program, "read", directory)
                if by_first != by_second or not by_first.strip():
                    problems += 1
                    print("%s first, round %d: the two libraries differ\n--- first\n%s--- second\n%s"
                          % (name, number, by_first, by_second))
            print("%s first: %d lines after three rounds" % (name, by_first.count("\n")))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
