"""The command line of compare."""
import argparse
import datetime
import json
import os
import platform
import shlex
import shutil
import sys
import tempfile

from comparing import page, summary, table
from comparing.contender import BadContender, DEFAULT_PROGRAM, parse_library, parse_program
from comparing.measure import Measurement, Places, run_count
from comparing.progress import Progress
from comparing.workloads import BadWorkloads, METRICS, choose, load

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def parser():
    made = argparse.ArgumentParser(
        prog="compare", description="Runs db_bench on several libraries, workload by workload, interleaved, and compares them.",
        epilog="Example: compare --library gneiss=build/lib --library debian= --program fair=PEER/db_bench:PEER --baseline fair")
    add = made.add_argument
    add("--library", action="append", default=[], metavar="NAME=DIR",
        help="a contender: librocksdb in DIR (empty: the system's) under the common db_bench")
    add("--program", action="append", default=[], metavar="NAME=PROGRAM:DIR", help="a contender with a db_bench of its own")
    add("--db_bench", default=DEFAULT_PROGRAM, metavar="PROGRAM", help="the common db_bench (default: %(default)s)")
    add("--baseline", metavar="NAME", help="whom the others are compared with (default: the last one)")
    add("--workloads", default=os.path.join(HERE, "workloads.toml"), metavar="FILE", help="what to run (default: %(default)s)")
    add("--only", action="append", default=[], metavar="TEXT", help="only workloads whose name holds TEXT or whose group is TEXT")
    add("--list", action="store_true", help="print the workloads, and end")
    add("--keys", type=int, default=1000000, help="keys of a database (default: %(default)s)")
    add("--rounds", type=int, default=5, help="timed runs of each contender (default: %(default)s)")
    add("--no_latencies", action="store_true", help="leave out the runs for latencies and written bytes")
    add("--dir", default="/dev/shm", help="where databases lie (default: %(default)s, so that the disk is not measured)")
    add("--disk_dir", default="/var/tmp", help="where those lie that need a disk, and those whose writes are counted (default: %(default)s)")
    add("--timeout", type=int, default=3600, metavar="SECONDS", help="end a run that takes longer (default: %(default)s)")
    add("--json", metavar="FILE", help="write the results as JSON")
    add("--html", metavar="FILE", help="write a page with charts")
    add("--render", metavar="FILE", help="run nothing: show the results of this JSON file")
    add("--check", action="store_true", help="exit with 1 when the first contender that is not the baseline misses a target")
    return made


def read_contenders(options):
    contenders = [parse_library(text, os.path.abspath(options.db_bench)) for text in options.library]
    contenders += [parse_program(text) for text in options.program]
    if len(contenders) < 2:
        raise BadContender("two contenders or more are needed (--library, --program)")
    names = [contender.name for contender in contenders]
    if len(set(names)) != len(names):
        raise BadContender("two contenders have one name")
    for contender in contenders:
        contender.check()
    if options.baseline is None:
        options.baseline = names[-1]
    if options.baseline not in names:
        raise BadContender(f"--baseline {options.baseline}: no such contender")
    return contenders


def machine():
    def first(path, name):
        try:
            with open(path, encoding="utf-8") as file:
                return next((line.partition(":")[2].strip() for line in file if line.startswith(name)), "")
        except OSError:
            return ""
    memory = first("/proc/meminfo", "MemTotal").split()
    return {"processor": first("/proc/cpuinfo", "model name"), "cores": os.cpu_count(),
            "memory_bytes": int(memory[0]) * 1024 if memory else None, "kernel": platform.release(),
            "load_before": os.getloadavg()[0]}


def result_of(workload, runs, baseline_name):
    """What the results keep of one workload."""
    entries = {name: {"error": run["error"]} if run["error"] or not run["samples"]
               else {"error": None, **summary.summary_of(workload, run)} for name, run in runs.items()}
    baseline = entries[baseline_name]
    for name, entry in entries.items():
        if name == baseline_name or entry["error"] or baseline["error"]:
            continue
        entry["ratio"] = summary.ratio(workload.metric, entry, baseline)
        entry["checks"] = summary.checks_of(workload, entry, baseline)
    return {"name": workload.name, "group": workload.group, "metric": workload.metric, "unit": METRICS[workload.metric][0],
            "more_is_better": METRICS[workload.metric][1], "target": workload.target, "note": workload.note,
            "benchmarks": workload.run, "flags": workload.flags, "dataset": workload.dataset, "contenders": entries}


def measure(options, arguments):
    contenders = read_contenders(options)
    title, datasets, workloads = load(options.workloads, options.keys)
    workloads = choose(workloads, options.only)
    if not workloads:
        raise BadWorkloads("no workload is left to run")
    results = {"title": title, "made": datetime.datetime.now().astimezone().isoformat(timespec="seconds"), "machine": machine(),
               "command": "compare " + shlex.join(arguments), "keys": options.keys, "rounds": options.rounds,
               "baseline": options.baseline, "workloads": [],
               "contenders": [{"name": each.name, "program": each.program, "library": each.loaded_library()}
                              for each in contenders]}
    has_details = not options.no_latencies
    progress = Progress(run_count(workloads, len(contenders), options.rounds, has_details))
    places = Places(tempfile.mkdtemp(prefix="compare.", dir=options.dir), tempfile.mkdtemp(prefix="compare.", dir=options.disk_dir))

    def keep(workload, runs):
        results["workloads"].append(result_of(workload, runs, options.baseline))
        write_json(results, options.json)  # a run that is stopped has still said what it knew

    try:
        Measurement(contenders, datasets, places, options.rounds, has_details, progress, options.timeout).run(workloads, keep)
    finally:
        progress.close()
        for path in (places.memory, places.disk):
            shutil.rmtree(path, ignore_errors=True)
    return results


def write_json(results, path):
    if path is None:
        return
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1, ensure_ascii=False)
        file.write("\n")
    os.replace(path + ".new", path)


def show(results, options):
    print(table.text_of(results))
    if options.html:
        try:
            page.write(results, options.html)
            print(f"page: {options.html}")
        except page.NoPage as reason:
            print(f"no page was written: {reason}", file=sys.stderr)


def misses_a_target(results):
    others = [each["name"] for each in results["contenders"] if each["name"] != results["baseline"]]
    entries = [workload["contenders"][others[0]] for workload in results["workloads"]]
    return any(entry["error"] or any(not check["is_met"] for check in entry.get("checks", [])) for entry in entries)


def print_list(options):
    title, _, workloads = load(options.workloads, options.keys)
    print(title)
    print("\n".join(table.align([[each.name, each.group, each.run, "" if each.target is None else f"{each.target:g}"]
                                 for each in choose(workloads, options.only)])))


def main(arguments):
    options = parser().parse_args(arguments)
    try:
        if options.list:
            print_list(options)
            return 0
        if options.render:
            with open(options.render, encoding="utf-8") as file:
                results = json.load(file)
        else:
            results = measure(options, arguments)
    except (BadContender, BadWorkloads, OSError) as problem:
        print(f"compare: {problem}", file=sys.stderr)
        return 2
    show(results, options)
    return 1 if options.check and misses_a_target(results) else 0
