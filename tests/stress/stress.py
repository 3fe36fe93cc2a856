#!/usr/bin/env python3
"""Kills a database at random moments, again and again, and lets it check itself when it opens.

    stress.py --worker FILE [--library DIR] [--kills N] [--seed N] [--life-ms LEAST MOST] [--minutes M] [--keep DIR]

Without --library the worker runs on the library that the system has. Each directory has a seed, which draws how it is
written; it lives for a few lives, of which most end by SIGKILL and some in order. A failure prints the line that replays
its seed and keeps the directory, as it was before the life that failed to open it, and after.
"""
import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

LIVES_PER_DIRECTORY = 5
OPENING_SECONDS_MAX = 120
FAMILIES_DIFFER = 3


class Failed(Exception):
    pass


def environment(library):
    env = {k: v for k, v in os.environ.items() if k not in ("LD_LIBRARY_PATH", "LD_PRELOAD")}
    if library:
        env["LD_LIBRARY_PATH"] = library
    return env


class Totals:
    def __init__(self):
        self.kills = self.orderly = self.directories = self.early = self.batches = 0

    def line(self):
        return ("%d kills (%d of them while opening), %d lives that ended in order, in %d directories; %d batches checked" %
                (self.kills, self.early, self.orderly, self.directories, self.batches))


def live(arguments, directory, seed, milliseconds, is_killed, is_early, totals):
    """One life. Returns, when it has ended as it should, whether there may be another."""
    command = [arguments.worker, directory, str(seed), "0" if is_killed else str(milliseconds)]
    process = subprocess.Popen(command, env=environment(arguments.library), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, errors="replace")
    started = time.monotonic()
    line = ""
    try:
        if is_killed and is_early:
            time.sleep(milliseconds / 1000 / 20)
            totals.early += 1
        else:
            line = process.stdout.readline()  # "checked ..." or what failed
            if line.startswith("checked"):
                totals.batches += int(line.split()[1])
                if is_killed:
                    time.sleep(milliseconds / 1000)
        if is_killed and process.poll() is None:
            process.send_signal(signal.SIGKILL)
        output = line + process.communicate(timeout=OPENING_SECONDS_MAX)[0]
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)
        raise Failed("it hangs\n" + line + process.communicate()[0])
    if process.returncode == FAMILIES_DIFFER:
        return False
    if is_killed and process.returncode == -signal.SIGKILL:
        totals.kills += 1
    elif process.returncode == 0 and not is_killed:
        totals.orderly += 1
    else:
        raise Failed("exit code %d after %d s\n%s" % (process.returncode, time.monotonic() - started,
                                                      output))
    return True


def run_directory(arguments, seed, totals, root):
    dice = random.Random(seed)
    directory = os.path.join(root, "db")
    for life in range(LIVES_PER_DIRECTORY + 1):
        given = os.path.join(root, "given")
        shutil.rmtree(given, ignore_errors=True)
        if life > 0:
            os.makedirs(given)
            if os.path.isdir(directory):
                shutil.copytree(directory, os.path.join(given, "db"))
            if os.path.exists(directory + ".expected"):
                shutil.copy(directory + ".expected", given)
        milliseconds = int(dice.uniform(*arguments.life_ms)) + 1
        is_last = life == LIVES_PER_DIRECTORY  # that one only looks
        is_killed = not is_last and dice.random() < 0.85
        if not live(arguments, directory, seed, 1 if is_last else milliseconds, is_killed, dice.random() < 0.1, totals):
            break
    totals.directories += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worker", required=True)
    parser.add_argument("--library", help="the directory of our librocksdb.so.7.8")
    parser.add_argument("--kills", type=int, default=int(os.environ.get("GNEISS_KILLS", 60)))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("GNEISS_SEED", 1)))
    parser.add_argument("--life-ms", type=float, nargs=2, default=(1000, 3000), metavar=("LEAST", "MOST"))
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no further directory after that")
    parser.add_argument("--failures", type=int, default=3, help="stop after so many")
    parser.add_argument("--keep", help="where a failing directory is kept; by default in the temporary directory")
    arguments = parser.parse_args()
    arguments.worker = os.path.abspath(arguments.worker)
    if arguments.library:
        arguments.library = os.path.abspath(arguments.library)
    name = subprocess.run([arguments.worker, "library"], env=environment(arguments.library), capture_output=True, text=True)
    print("library: %s; seeds from %d on" % (name.stdout.strip(), arguments.seed), flush=True)
    totals, started, failures, seed = Totals(), time.monotonic(), 0, arguments.seed
    told = 0
    while totals.kills < arguments.kills and time.monotonic() - started < arguments.minutes * 60:
        root = tempfile.mkdtemp(prefix="gneiss_stress_")
        try:
            run_directory(arguments, seed, totals, root)
        except Failed as failed:
            failures += 1
            kept = os.path.join(arguments.keep or tempfile.gettempdir(), "gneiss_stress_seed_%d" % seed)
            shutil.rmtree(kept, ignore_errors=True)
            shutil.move(root, kept)
            print("FAILED seed %d, kept in %s\n%s" % (seed, kept, str(failed)[-3000:]))
            print("replay: %s --worker %s%s --kills 1 --life-ms %g %g --seed %d" %
                  (os.path.relpath(__file__), os.path.relpath(arguments.worker),
                   " --library " + os.path.relpath(arguments.library) if arguments.library else "", *arguments.life_ms, seed),
                  flush=True)
            if failures >= arguments.failures:
                break
        shutil.rmtree(root, ignore_errors=True)
        seed += 1
        if time.monotonic() - started > told + 60:
            told = time.monotonic() - started
            print("%5.0f s: %s" % (told, totals.line()), flush=True)
    print("%s; %d violations" % (totals.line(), failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
