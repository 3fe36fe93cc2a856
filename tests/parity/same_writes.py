#!/usr/bin/env python3
"""Lets both libraries write the same and compares what the reference's ldb and sst_dump print of the two directories.

    same_writes.py --driver FILE --library DIR [--seed N] [--directories N]

All that is printed must agree, but for file numbers, times and ids. Seeds whose options one library has not built are
passed over. Exit code 77: the reference is not installed.
"""
import argparse
import difflib
import os
import re
import subprocess
import sys
import tempfile

import handover
import reference_tools
from reference_tools import LDB, SST_DUMP

# Times are told apart only by being there or not; the other names are of this process, machine or file.
TIMES = ("creation time", "time stamp of earliest key", "file creation time")
IDS = ("DB identity", "DB session identity", "DB host id", "original file number", "unique ID")


def table_text(table):
    text = reference_tools.run(SST_DUMP, "--command=scan", "--output_hex", "--show_properties", "--file=" + table)
    lines = []
    for line in text.splitlines():
        name, _, value = line.strip().partition(": ")
        if name in TIMES:
            line = name + (": none" if value == "0" else ": some")
        elif name in IDS or line.startswith(("Process ", "options.env", "from [")):
            continue
        lines.append(line)
    return lines


def manifest_text(manifest):
    text = reference_tools.run(LDB, "manifest_dump", "--path=" + manifest, "--hex")
    text = re.sub(r"^ \d+:", " table:", text, flags=re.MULTILINE)
    text = re.sub(r"next_file_number \d+|(last_sequence|log number|min_log_number_to_keep):? \d+", r"\1 N", text)
    return [line for line in text.splitlines() if not re.match(r"^--- level .* ---$", line)]


def description(directory):
    lines = []
    for table in reference_tools.files(directory, ".sst"):
        lines += ["== table of %d bytes" % os.path.getsize(table)] + table_text(table)
    for name in os.listdir(directory):
        if name.startswith("MANIFEST-"):
            lines += ["== manifest"] + manifest_text(os.path.join(directory, name))
    for log in reference_tools.files(directory, ".log"):
        lines += ["== log"] + reference_tools.run(LDB, "dump_wal", "--walfile=" + log, "--header", "--print_value").splitlines()
    loaded = ["--try_load_options", "--ignore_unknown_options"]
    for command in (["idump", "--hex"], ["scan", "--hex"]):
        lines += ["== " + command[0]]
        lines += reference_tools.run(LDB, "--db=" + directory, *loaded, *command).splitlines()
    return [line for line in lines if not line.startswith("options.env")]


def fill(arguments, library, directory, seed):
    done = subprocess.run([arguments.driver, "fill", directory, str(seed)], env=handover.environment(library),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode not in (0, handover.SKIPPED):
        raise handover.Failed("fill: exit code %d\n%s" % (done.returncode, done.stdout))
    return done.returncode == 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    parser.add_argument("--library", required=True)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("GNEISS_SEED", 1)))
    parser.add_argument("--directories", type=int, default=20)
    parser.add_argument("--temp")
    arguments = parser.parse_args()
    arguments.driver, arguments.library = os.path.abspath(arguments.driver), os.path.abspath(arguments.library)
    if handover.loaded(arguments.driver, None) is None or not reference_tools.installed():
        print("skipped: the reference is not installed")
        return handover.SKIPPED
    compared, seed, failures = 0, arguments.seed, 0
    while compared < arguments.directories and seed < arguments.seed + 20 * arguments.directories:
        with tempfile.TemporaryDirectory(prefix="gneiss_same_", dir=arguments.temp) as root:
            ours, reference = os.path.join(root, "ours"), os.path.join(root, "reference")
            if fill(arguments, arguments.library, ours, seed) and fill(arguments, None, reference, seed):
                compared += 1
                a, b = description(reference), description(ours)
                if a != b:
                    failures += 1
                    print("FAILED seed %d" % seed)
                    for line in list(difflib.unified_diff(a, b, "reference", "ours", lineterm="", n=0))[:60]:
                        print(line[:300])
        seed += 1
    print("%d directories compared, %d differ" % (compared, failures))
    return 1 if failures or compared == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
