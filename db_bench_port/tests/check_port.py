#!/usr/bin/env python3
"""Holds db_bench_port against Debian's db_bench: flags, names, report lines, and the work that is done.

Usage: check_port.py PART --port PROGRAM [--library DIR] [--reference /usr/bin/db_bench]
  flags    same names, types and defaults as `db_bench --help` shows
  names    every benchmark of db_bench's default list is known, and what is left out says why
  work     with one seed, both programs on Debian's library find the same keys and print lines of one form
  library  the port runs on our library
Exit code 77: the reference is not installed.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

REFERENCE_LIBRARY = "/usr/lib/x86_64-linux-gnu"
OURS = {"json_file", "list_benchmarks"}
LINE = re.compile(r"^(\S+(?: write)?) +: +[\d.]+ micros/op \d+ ops/sec [\d.]+ seconds (\d+) operations;(.*)$")


def run(program, arguments, library=None):
    environment = dict(os.environ)
    environment["LD_LIBRARY_PATH"] = library or REFERENCE_LIBRARY
    done = subprocess.run([program] + arguments, env=environment, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout, done.stderr


def flags_of(program, library=None):
    """name -> (type, default), from the program's own file of flags in --help."""
    _, text, _ = run(program, ["--help"], library)
    flags, wanted = {}, False
    for part in re.split(r"\n(?=  Flags from|    -)", text):
        if part.startswith("  Flags from"):
            wanted = "db_bench" in part.splitlines()[0]
        elif wanted:
            match = re.match(r"\s*-(\w+)\s+\(.*type:\s+(\w+)\s+default:\s+(\S*)", part, re.S)
            flags[match.group(1)] = (match.group(2), match.group(3))
    return flags


def check_flags(options):
    expected, actual = flags_of(options.reference), flags_of(options.port)
    problems = [f"flag --{name}: expected {expected.get(name)}, got {actual.get(name)}"
                for name in sorted(set(expected) | set(actual))
                if name not in OURS and name != "benchmarks" and expected.get(name) != actual.get(name)]
    if len(expected) < 300:
        problems.append(f"only {len(expected)} flags were read from {options.reference} --help")
    return problems


def check_names(options):
    _, text, _ = run(options.port, ["--list_benchmarks"])
    known = {line.split()[0] for line in text.splitlines()}
    left_out = {line.split()[0] for line in text.splitlines() if "skipped" in line}
    _, help_text, _ = run(options.reference, ["--help"])
    default = re.search(r'-benchmarks .*?default: "([^"]*)"', help_text, re.S).group(1)
    named = [name for name in re.sub(r"\s", "", default).split(",") if name]
    problems = [f"benchmark {name} is unknown" for name in named if name not in known]
    if left_out != {"xxhash", "xxhash64", "xxh3", "compress", "uncompress"}:
        problems.append(f"left out: {sorted(left_out)}")
    code, _, errors = run(options.port, ["--benchmarks=nosuch", f"--db={options.directory}/names"])
    if code == 0 or "unknown benchmark 'nosuch'" not in errors:
        problems.append("an unknown benchmark is not refused")
    return problems


def lines_of(text):
    """(benchmark, operations, message) of each report line; rates are left out."""
    found = []
    for line in text.splitlines():
        match = LINE.match(line)
        if match:
            found.append((match.group(1), match.group(2), re.sub(r"[\d.]+ MB/s", "", match.group(3)).strip()))
    return found


def check_work(options):
    problems = []
    arguments = ["--num=3000", "--seed=7", "--progress_reports=false", "--merge_operator=put", "--histogram", "--batch_size=2",
                 "--seek_nexts=3", "--benchmarks=fillrandom,readrandom,readmissing,multireadrandom,readrandomfast,seekrandom,"
                 "readseq,readreverse,overwrite,readrandom,deleterandom,readrandom,updaterandom,readrandomwriterandom,"
                 "mergerandom,readrandommergerandom,deleteseq,readseq,fillbatch,readrandom,newiterator,mixgraph[X2]"]
    results = {}
    for name, program in (("reference", options.reference), ("port", options.port)):
        code, text, errors = run(program, arguments + [f"--db={options.directory}/{name}"])
        if code != 0:
            problems.append(f"{name} failed: {errors[-500:]}")
        results[name] = (lines_of(text), re.sub(r"[\d.]+", "9", text))
    for expected, actual in zip(results["reference"][0], results["port"][0]):
        # An average over nothing is not a number there, and 0 here.
        expected = expected[:2] + (expected[2].replace("-nan", "0.0"),)
        if expected != actual:
            problems.append(f"expected {expected}, got {actual}")
    if len(results["reference"][0]) != 23 or len(results["port"][0]) != 23:
        problems.append(f"lines: {[len(lines) for lines, _ in results.values()]}, expected 23 each")
    for form in ("Percentiles: P9: 9 P9: 9 P9: 9 P9: 9 P9: 9", "Count: 9 Average: 9  StdDev: 9", "Min: 9  Median: 9  Max: 9",
                 "mixgraph [AVG    9 runs] : 9 (± 9) ops/sec; ", "mixgraph [MEDIAN 9 runs] : 9 ops/sec; ",
                 "mixgraph [AVG 9 runs] : 9 (± 9) ops/sec; ", "Microseconds per seek:"):
        for name, (_, text) in results.items():
            if form not in text:
                problems.append(f"{name} prints no line of the form {form}")
    return problems


def check_library(options):
    problems = []
    report = f"{options.directory}/report.json"
    intervals = f"{options.directory}/intervals.csv"
    names = ["fillseq", "fillrandom", "filluniquerandom", "overwrite", "readrandom", "readmissing", "multireadrandom", "seekrandom",
             "readseq", "readreverse", "newiterator", "deleteseq", "deleterandom", "updaterandom", "appendrandom",
             "xorupdaterandom", "mergerandom", "readrandomwriterandom", "randomwithverify", "mixgraph", "readwhilewriting",
             "readwhilescanning", "seekrandomwhilewriting", "randomreplacekeys", "fillseekseq", "timeseries", "compact",
             "verifychecksum"]
    code, text, errors = run(options.port, ["--num=2000", "--seed=7", "--merge_operator=put", "--mix_put_ratio=0.5",
                                            "--mix_seek_ratio=0.2", "--threads=2", f"--db={options.directory}/db",
                                            "--report_interval_seconds=1", f"--report_file={intervals}",
                                            "--num_column_families=1", f"--json_file={report}", "--histogram",
                                            "--benchmarks=" + ",".join(names) + ",flush,levelstats,memstats,compactall"],
                             options.library)
    if code != 0:
        return [f"exit code {code}: {errors[-1000:]}"]
    with open(report, encoding="utf-8") as file:
        results = json.load(file)["results"]
    if [result["benchmark"] for result in results] != names:
        problems.append(f"the JSON report has {[result['benchmark'] for result in results]}")
    problems += [f"{result['benchmark']}: no operations or no time" for result in results
                 if result["operations"] < 1 or not result["seconds"] > 0]
    if not open(intervals, encoding="utf-8").read().startswith("secs_elapsed,interval_qps\n"):
        problems.append("the interval report has no header")
    code, text, errors = run(options.port, ["--use_existing_db", "--num=2000", "--num_column_families=1", "--reads=100",
                                            f"--db={options.directory}/db", "--merge_operator=put",
                                            "--benchmarks=fillseq,readrandom", "--report_open_timing"], options.library)
    if "fillseq      : skipped (--use_existing_db is true)" not in text or not re.search(r"OpenDb:     [\d.e+]+ milli", text):
        problems.append("--use_existing_db or --report_open_timing does not show: " + text + errors)
    code, text, errors = run(options.port, ["--report_file_operations", "--num=1000", f"--db={options.directory}/counted",
                                            "--benchmarks=fillseq,compact"], options.library)
    counts = [int(count) for count in re.findall(r"Num bytes written: (\d+)", text)]
    if code != 0 or len(counts) != 2 or counts[0] < 100000 or counts[1] < 1000 or not re.search(r"Num files opened: [1-9]", text):
        problems.append(f"--report_file_operations counts {counts}: " + errors)
    code, _, errors = run(options.port, ["--use_blob_db", f"--db={options.directory}/blob"], options.library)
    if code != 1 or "--use_blob_db cannot be had" not in errors:
        problems.append("--use_blob_db is not refused")
    code, text, errors = run(options.port, ["--num_multi_db=2", "--num_column_families=4", "--num_hot_column_families=2",
                                            "--num=1000", f"--db={options.directory}/many", "--benchmarks=fillseq,readrandom"],
                             options.library)
    if code != 0 or len(lines_of(text)) != 2:
        problems.append("several databases and families: " + text + errors)
    return problems


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=["flags", "names", "work", "library"])
    parser.add_argument("--port", required=True)
    parser.add_argument("--library")
    parser.add_argument("--reference", default="/usr/bin/db_bench")
    options = parser.parse_args()
    if options.part != "library" and not os.path.exists(options.reference):
        print(f"skipped: {options.reference} is not installed (package rocksdb-tools)")
        return 77
    with tempfile.TemporaryDirectory(prefix="check_port.") as directory:
        options.directory = directory
        problems = {"flags": check_flags, "names": check_names, "work": check_work, "library": check_library}[options.part](options)
    for problem in problems:
        print(problem)
    print(f"check_port {options.part}: {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
