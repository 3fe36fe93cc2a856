#!/usr/bin/env python3
"""Hands one directory back and forth between this library and the reference's.

    handover.py --driver FILE --library DIR [--seed N] [--directories N] [--turns N] [--minutes M] [--tools EVERY]
                [--only ours|reference] [--keep DIR] [--reference-seconds N]

Each directory has a seed; each of its turns is one start of the driver with one of the two libraries, chosen by the
seed. The driver compares all it finds with a model, operates, and may kill itself. A failure prints the line that
replays it and keeps the directory.

Exit code 77: the reference library is not installed.
"""
import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

import reference_tools

SKIPPED = 77
KILLED = -9
TURN_SECONDS_MAX = 300
REFERENCE_TURN_SECONDS_MAX = 45
# What ends the reference by itself, in turns by it alone too. Such a turn is taken back and run again; when it ends so
# each time, the directory is given up. The first three are races. The fourth is a compaction into the last level that
# opened a table and put nothing into it: 7.8.3 would delete that table, but asserts first that timestamps were seen. The
# last is one within level 0 that took in an ingested file while older writes were still in memory (found at opening it
# would be ours).
REFERENCE_FAULTS = ("ResetThreadLocalSuperVersions", "SuperVersion::Unref", "~ColumnFamilySet",
                    "TimestampTablePropertiesCollector::Finish",
                    "CompactRange: Corruption: force_consistency_checks(DEBUG): VersionBuilder: L0 file")
FAULTS_MAX = 3


class Failed(Exception):
    pass


def environment(library):
    env = {k: v for k, v in os.environ.items() if k not in ("LD_LIBRARY_PATH", "LD_PRELOAD")}
    if library:
        env["LD_LIBRARY_PATH"] = library
    # The reference is not instrumented and leaks on purpose; a sanitizer build of ours answers for itself.
    env.setdefault("ASAN_OPTIONS", "detect_leaks=0")
    return env


def loaded(driver, library):
    done = subprocess.run([driver, "library"], env=environment(library), capture_output=True, text=True)
    return os.path.realpath(done.stdout.strip()) if done.returncode == 0 and done.stdout.strip() else None


def features(driver, library):
    with tempfile.TemporaryDirectory(prefix="gneiss_parity_") as root:
        done = subprocess.run([driver, "features", root + "/db"], env=environment(library), capture_output=True, text=True)
    return set(done.stdout.strip().split(","))


class Totals:
    def __init__(self):
        self.turns = {"ours": 0, "reference": 0}
        self.handovers = self.kills = self.operations = self.entries = self.refusals = self.tools = self.faults = 0
        self.hangs = self.given_up = 0

    def add(self, output):
        words = output.split()
        numbers = dict(zip(words[::2], words[1::2]))
        self.operations += int(numbers.get("operations", 0))
        self.entries += int(numbers.get("entries", 0))
        self.refusals += int(numbers.get("refusals", 0))

    def line(self):
        return ("%d hand-overs, turns: %d ours, %d reference, %d killed; %d operations with %d entries in turns that ended"
                " in order; %d draws of options refused; %d turns of the reference run again after its own assertions; "
                "%d directories given up because the reference hung, %d because it asserted; reference tools on %d directories" %
                (self.handovers, self.turns["ours"], self.turns["reference"], self.kills, self.operations, self.entries,
                 self.refusals, self.faults, self.hangs, self.given_up, self.tools))


def run_turn(arguments, which, directory, state, seed, turn):
    # The reference asserts on its own atomic flushes, and forgets flushes where memtables are merged (README.md).
    may_have = arguments.features + (",atomic_flush,merged_memtables" if which == "ours" else "")
    command = [arguments.driver, "turn", directory, state, str(seed), str(turn), may_have]
    return subprocess.run(command, env=environment(arguments.library if which == "ours" else None),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                          timeout=TURN_SECONDS_MAX if which == "ours" else arguments.reference_seconds)


def run_directory(arguments, seed, totals, root):
    directory, state = os.path.join(root, "db"), os.path.join(root, "state")
    os.makedirs(directory)
    os.makedirs(state)
    dice = random.Random(seed)
    before = None
    for turn in range(arguments.turns):
        # Mostly the other library's turn; sometimes the same one twice, as after an ordinary restart.
        which = arguments.only or (dice.choice(("ours", "reference")) if before is None or dice.random() < 0.15 else
                                   "reference" if before == "ours" else "ours")
        # A failing turn changes what it fails on, so what it was given is kept beside.
        given = os.path.join(root, "given")
        shutil.rmtree(given, ignore_errors=True)
        for each in (directory, state):
            shutil.copytree(each, os.path.join(given, os.path.basename(each)))
        for attempt in range(FAULTS_MAX):
            try:
                done = run_turn(arguments, which, directory, state, seed, turn)
            except subprocess.TimeoutExpired:
                # 7.8.3 can wait for ever in Flush. That says nothing of ours, but what is left has no model.
                if which == "ours":
                    raise
                totals.hangs += 1
                return
            is_fault = which == "reference" and any(fault in done.stdout for fault in REFERENCE_FAULTS)
            if done.returncode in (0, KILLED) or not is_fault or attempt + 1 == FAULTS_MAX:
                break
            totals.faults += 1
            for each in (directory, state):
                shutil.rmtree(each)
                shutil.copytree(os.path.join(given, os.path.basename(each)), each)
        if done.returncode not in (0, KILLED) and is_fault:
            totals.given_up += 1
            return
        if done.returncode not in (0, KILLED):
            raise Failed("turn %d by %s after %s: exit code %d\n%s" %
                         (turn, which, before, done.returncode, done.stdout[-6000:]))
        totals.turns[which] += 1
        totals.handovers += before is not None and before != which
        totals.kills += done.returncode == KILLED
        if done.returncode == 0:
            totals.add(done.stdout)
        before = which
        if done.returncode == 0 and arguments.tools and dice.randrange(arguments.tools) == 0:
            check_with_tools(arguments, directory, state, root, totals)


# The reference's loader reads these and loses them on the way into DBOptions.
LOST_OPTIONS = ("write_dbid_to_manifest",)


def check_options(arguments, directory):
    """Both libraries load the same from the newest OPTIONS file, whichever wrote it."""
    texts = []
    for library in (arguments.library, None):
        done = subprocess.run([arguments.driver, "options", directory], env=environment(library), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        texts.append(sorted(line for line in done.stdout.splitlines() if not line.startswith(LOST_OPTIONS)))
        if done.returncode != 0:
            raise Failed("%s does not load the OPTIONS file: %s" % (library or "the reference", done.stdout[-3000:]))
    if texts[0] != texts[1]:
        raise Failed("options loaded by ours and the reference differ: %s" % sorted(set(texts[0]) ^ set(texts[1])))


def check_with_tools(arguments, directory, state, root, totals):
    shown = subprocess.run([arguments.driver, "shown", state], env=environment(None), capture_output=True, text=True)
    if shown.returncode != 0:
        return  # a directory with objects that ldb cannot make by name
    check_options(arguments, directory)
    try:
        reference_tools.accept(directory, root, shown.stdout.splitlines())
    except reference_tools.Refused as refused:
        raise Failed("the reference's tools, after the last turn: %s" % refused)
    totals.tools += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--driver", required=True)
    parser.add_argument("--library", required=True, help="the directory of our librocksdb.so.7.8")
    parser.add_argument("--seed", type=int, default=int(os.environ.get("GNEISS_SEED", 1)))
    parser.add_argument("--directories", type=int, default=1, help="as many seeds, from --seed on")
    parser.add_argument("--turns", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no further directory after that")
    parser.add_argument("--tools", type=int, default=0, help="run the reference's ldb and sst_dump after one in so many turns")
    parser.add_argument("--only", choices=("ours", "reference"))
    parser.add_argument("--keep", help="where a failing directory is kept; by default in the temporary directory")
    parser.add_argument("--temp", help="where directories are made")
    parser.add_argument("--reference-seconds", type=float, default=REFERENCE_TURN_SECONDS_MAX,
                        help="how long a turn of the reference may take before its directory is given up")
    arguments = parser.parse_args()
    arguments.driver = os.path.abspath(arguments.driver)
    arguments.library = os.path.abspath(arguments.library)
    ours, reference = loaded(arguments.driver, arguments.library), loaded(arguments.driver, None)
    if ours is None or os.path.dirname(ours) != os.path.realpath(arguments.library):
        print("the driver does not run with our library: %s" % ours)
        return 1
    if reference is None or reference == ours:
        print("skipped: no reference library; without LD_LIBRARY_PATH the driver finds %s" % reference)
        return SKIPPED
    print("ours: %s\nreference: %s" % (ours, reference))
    both = features(arguments.driver, arguments.library) & features(arguments.driver, None)
    arguments.features = ",".join(sorted(both)) or "none"
    print("features that may stay in a directory: " + arguments.features)
    if arguments.tools and not reference_tools.installed():
        print("skipped: ldb and sst_dump are not installed")
        return SKIPPED
    totals, started, failures = Totals(), time.monotonic(), 0
    for number in range(arguments.directories):
        if time.monotonic() - started > arguments.minutes * 60:
            break
        seed = arguments.seed + number
        root = tempfile.mkdtemp(prefix="gneiss_parity_", dir=arguments.temp)
        try:
            run_directory(arguments, seed, totals, root)
        except (Failed, subprocess.TimeoutExpired) as failed:
            failures += 1
            kept = os.path.join(arguments.keep or tempfile.gettempdir(), "gneiss_parity_seed_%d" % seed)
            shutil.rmtree(kept, ignore_errors=True)
            shutil.move(root, kept)
            print("FAILED seed %d, kept in %s\n%s" % (seed, kept, failed))
            print("replay: %s --driver %s --library %s --turns %d%s --seed %d" %
                  (os.path.relpath(__file__), os.path.relpath(arguments.driver), os.path.relpath(arguments.library),
                   arguments.turns, "".join(" --%s %s" % (option, value) for option, value in
                                            (("only", arguments.only), ("tools", arguments.tools)) if value), seed),
                  flush=True)
            if failures >= 5:
                break
        shutil.rmtree(root, ignore_errors=True)
        if (number + 1) % 10 == 0:
            print("%5.0f s, seeds up to %d: %s" % (time.monotonic() - started, seed, totals.line()), flush=True)
    print(totals.line())
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
