#!/usr/bin/env python3
"""Lets the reference and this library read each other's databases.

    check_reference.py loading|directories|sortmerna|blobs --library DIR --data DIR [--tool blob_tool]

loading      programs started with LD_LIBRARY_PATH load our library, and it needs no other librocksdb
directories  db_bench with our library writes databases that the reference's tools accept and count alike, and the
             other way round; also after a kill in the middle of writing
blobs        databases whose values lie in blob files go back and forth between the libraries, garbage-collected and
             killed on the way; GNEISS_SEED=<n> and GNEISS_ROUNDS=<n> replay and prolong
sortmerna    a program that knows nothing of us gives byte-equal results with both libraries

Exit code 77: the reference programs are not installed.
"""
import argparse
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

PROGRAMS = {name: "/usr/bin/" + name for name in ("db_bench", "ldb", "sst_dump", "sortmerna")}
SKIPPED = 77
KEYS = 20000
SMALL = ["--write_buffer_size=262144", "--target_file_size_base=131072", "--max_bytes_for_level_base=524288",
         "--value_size=100", "--num=%d" % KEYS, "--disable_wal=0", "--compression_ratio=0.5"]
# name, writer's options, benchmarks
DIRECTORIES = [
    ("none", ["--compression_type=none"], "fillrandom,overwrite"),
    ("snappy_bloom", ["--compression_type=snappy", "--bloom_bits=10"], "fillrandom,deleterandom"),
    ("lz4", ["--compression_type=lz4", "--format_version=4"], "fillseq,deleteseq,fillrandom"),
    ("zstd_bloom", ["--compression_type=zstd", "--bloom_bits=10", "--num_column_families=1"], "fillrandom,compact"),
    ("zlib", ["--compression_type=zlib", "--block_size=1000"], "filluniquerandom,flush"),
    ("blobs", ["--compression_type=lz4", "--enable_blob_files=1", "--min_blob_size=50", "--blob_file_size=65536",
               "--blob_compression_type=snappy", "--enable_blob_garbage_collection=1",
               "--blob_garbage_collection_age_cutoff=0.5", "--blob_garbage_collection_force_threshold=0.4"],
     "fillrandom,overwrite,compact"),
    ("merge", ["--compression_type=lz4", "--merge_operator=put", "--bloom_bits=8"], "fillrandom,mergerandom"),
]


class Failed(Exception):
    pass


def need(fact, text):
    if not fact:
        raise Failed(text)


def environment(library):
    env = {k: v for k, v in os.environ.items() if k not in ("LD_LIBRARY_PATH", "LD_PRELOAD")}
    if library:
        env["LD_LIBRARY_PATH"] = library
        # A library with a sanitizer in a program without: its runtime must come first. What the programs
        # themselves leak, or let run on, is theirs.
        if "GNEISS_SANITIZER_RUNTIME" in os.environ:
            env["LD_PRELOAD"] = os.environ["GNEISS_SANITIZER_RUNTIME"]
            env["ASAN_OPTIONS"] = "detect_leaks=0"
            env["TSAN_OPTIONS"] = "report_thread_leaks=0"
    return env


def run(library, *command, cwd=None):
    done = subprocess.run(command, env=environment(library), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", timeout=600, cwd=cwd)
    need(done.returncode == 0, "%s: exit code %d\n%s" % (" ".join(command), done.returncode, done.stdout[-3000:]))
    return done.stdout


def installed(*names):
    missing = [PROGRAMS[n] for n in names if not os.access(PROGRAMS[n], os.X_OK)]
    if missing:
        print("skipped: not installed: " + " ".join(missing))
    return not missing


# --- loading

def check_loading(library, _data):
    if not installed("db_bench"):
        return SKIPPED
    ours = os.path.realpath(os.path.join(library, "librocksdb.so.7.8"))
    trace = run(library, "ldd", PROGRAMS["db_bench"])
    loaded = re.search(r"librocksdb\.so\S* => (\S+)", trace)
    need(loaded and os.path.realpath(loaded.group(1)) == ours, "db_bench loads something else:\n" + trace)
    reference = run(None, "ldd", PROGRAMS["db_bench"])
    need(ours not in reference, "without LD_LIBRARY_PATH db_bench must load the reference:\n" + reference)
    needed = re.findall(r"NEEDED.*\[(.*)\]", run(None, "readelf", "-d", ours))
    need(needed and not [n for n in needed if "rocksdb" in n], "our library needs " + " ".join(needed))
    return 0


# --- directories

def bench(library, directory, benchmarks, *options):
    return run(library, PROGRAMS["db_bench"], "--db=" + directory, "--benchmarks=" + benchmarks, *SMALL, *options)


def tables_of(directory):
    return sorted(f for f in os.listdir(directory) if f.endswith(".sst"))


def reference_verifies(directory):
    """What the reference's tools check without reading values."""
    ldb = PROGRAMS["ldb"]
    need("OK" in run(None, ldb, "--db=" + directory, "checkconsistency"), "checkconsistency of " + directory)
    manifests = [f for f in os.listdir(directory) if f.startswith("MANIFEST-")]
    need(manifests, "no manifest in " + directory)
    for manifest in manifests:
        text = run(None, ldb, "manifest_dump", "--path=" + os.path.join(directory, manifest))
        need("default" in text, "manifest_dump: " + text[:300])
    if tables_of(directory):
        text = run(None, PROGRAMS["sst_dump"], "--command=verify", "--file=" + directory)
        need("orrupt" not in text, "sst_dump verify: " + text[-2000:])
        need(text.count("The file is ok") == len(tables_of(directory)), "sst_dump verify: " + text[-2000:])


def reference_accepts(directory):
    """Returns the number of keys the reference sees, after all its checks have passed."""
    reference_verifies(directory)
    keys = run(None, PROGRAMS["ldb"], "--db=" + directory, "scan", "--no_value", "--hex")
    return len([line for line in keys.splitlines() if line.startswith("0x")])


def counts(library, directory, *options):
    """What db_bench with `library` finds: the keys of a scan each way, and the hits of random reads."""
    text = bench(library, directory, "readseq,readreverse", "--use_existing_db=1", "--reads=100000000", *options)
    scans = [int(ops) for ops in re.findall(r"(?:readseq|readreverse) +:.* (\d+) operations", text)]
    need(len(scans) == 2 and scans[0] == scans[1], "the scans differ: %s\n%s" % (scans, text[-2000:]))
    text = bench(library, directory, "readrandom", "--use_existing_db=1", "--seed=7", "--reads=%d" % KEYS, *options)
    found = re.search(r"readrandom.*\((\d+) of (\d+) found\)", text)
    need(found, "no count of found keys:\n" + text[-2000:])
    return scans[0], int(found.group(1))


def exchange(writer, other, root, name, options, benchmarks):
    """`writer` makes a directory; both libraries must find the same in it, then `other` goes on writing."""
    directory = os.path.join(root, name + ("_ours" if writer else "_reference"))
    bench(writer, directory, benchmarks, "--seed=3", *options)
    need(tables_of(directory), name + ": nothing was flushed")
    by_writer = counts(writer, directory, *options)
    by_other = counts(other, directory, *options)
    need(by_writer == by_other, "%s: the writer finds %s, the other %s" % (directory, by_writer, by_other))
    need(by_writer[0] > 0 and by_writer[1] > 0, name + ": no keys")
    # The merge operator is no part of a database, so ldb cannot scan values that are still to be merged.
    if "merge" not in name:
        keys = reference_accepts(directory)
        need(keys == by_writer[0], "%s: ldb counts %d, db_bench %d" % (directory, keys, by_writer[0]))
    bench(other, directory, "overwrite,deleterandom", "--use_existing_db=1", "--seed=5", *options)
    after = counts(writer, directory, *options)
    need(after == counts(other, directory, *options), directory + ": differs after the other wrote")
    print("%-28s scan %d, found %d; after the other wrote %d, %d" % (os.path.basename(directory), *by_writer, *after))
    shutil.rmtree(directory)


def bytes_in(directory):
    """What was written so far; a log may have zeros ahead."""
    total = 0
    for path in glob.glob(os.path.join(directory, "*")):
        try:
            with open(path, "rb") as file:
                total += len(file.read().rstrip(b"\0"))
        except FileNotFoundError:
            pass  # the database has just deleted it
    return total


def kill_and_read(writer, other, root, kill_bytes):
    """`writer` is killed in the middle of filling; the other library must open what is left, and both agree."""
    directory = os.path.join(root, "killed_" + ("ours" if writer else "reference"))
    command = [PROGRAMS["db_bench"], "--db=" + directory, "--benchmarks=fillrandom", *SMALL, "--num=10000000",
               "--compression_type=lz4"]
    child = subprocess.Popen(command, env=environment(writer), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while bytes_in(directory) < kill_bytes:
        need(child.poll() is None, "the writer ended before it was killed")
        time.sleep(0.005)
    child.kill()
    child.wait()
    copy = directory + "_copy"
    shutil.copytree(directory, copy)
    by_other, by_writer = counts(other, directory), counts(writer, copy)
    need(by_other == by_writer and by_other[0] > 0, "after a kill: %s and %s" % (by_other, by_writer))
    keys = reference_accepts(copy)
    need(keys == by_other[0], "after a kill ldb counts %d, db_bench %d" % (keys, by_other[0]))
    print("%-28s scan %d, found %d, ldb %d" % (os.path.basename(directory), *by_other, keys))
    shutil.rmtree(directory)
    shutil.rmtree(copy)


def check_directories(library, _data):
    if not installed("db_bench", "ldb", "sst_dump"):
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="gneiss_") as root:
        for name, options, benchmarks in DIRECTORIES:
            exchange(library, None, root, name, options, benchmarks)
            exchange(None, library, root, name, options, benchmarks)
        for kill_bytes in (150_000, 4_000_000):
            kill_and_read(library, None, root, kill_bytes)
            kill_and_read(None, library, root, kill_bytes)
    return 0


# --- blobs

def check_blobs(library, _data, tool):
    if not installed("db_bench", "ldb", "sst_dump"):
        return SKIPPED
    loaded = re.search(r"librocksdb\.so\S* => (\S+)", run(None, "ldd", PROGRAMS["db_bench"]))
    reference = os.path.dirname(loaded.group(1))  # the tool was linked to ours: only an explicit path changes that
    for which in (library, reference):
        trace = run(which, "ldd", tool)
        need(which + "/librocksdb.so" in trace, "the tool does not load from %s:\n%s" % (which, trace))
    seed = int(os.environ.get("GNEISS_SEED", "31"))
    rounds = int(os.environ.get("GNEISS_ROUNDS", "6"))
    for first in (library, reference):
        with tempfile.TemporaryDirectory(prefix="gneiss_") as root:
            directory = os.path.join(root, "db")
            print("GNEISS_SEED=%d, first written by %s" % (seed, first))
            for number in range(rounds):
                writer = first if number % 2 == 0 else (reference if first == library else library)
                command = [tool, "write", directory, str(seed), str(number)]
                is_killed = (number + seed) % 3 == 2
                if is_killed:
                    killed = subprocess.run(command + ["killed"], env=environment(writer), timeout=600)
                    need(killed.returncode == -9, "%s: exit code %d" % (" ".join(command), killed.returncode))
                else:
                    run(writer, *command)
                for reader in (library, reference):
                    found = run(reader, tool, "check", directory, str(seed), str(number + 1))
                print("round %d: %s" % (number, found.strip()))
                if not is_killed:  # else half-written files may lie about until the next open
                    reference_verifies(directory)
            seed += 1
    return 0


# --- sortmerna

def check_sortmerna(library, data):
    if not installed("sortmerna"):
        return SKIPPED
    source = os.path.join(data, "sortmerna")
    results = []
    with tempfile.TemporaryDirectory(prefix="gneiss_") as root:
        for which in (library, None):
            directory = os.path.join(root, "ours" if which else "reference")
            os.mkdir(directory)
            run(which, PROGRAMS["sortmerna"], "--ref", os.path.join(source, "references.fasta"), "--reads",
                os.path.join(source, "reads.fastq"), "--workdir", os.path.join(directory, "work"), "--blast", "1",
                "--fastx", "--threads", "1", cwd=directory)
            for name in ("aligned.blast", "aligned.fq"):
                with open(os.path.join(directory, "work/out", name), "rb") as file:
                    results.append(file.read())
    need(results[0].count(b"\n") > 0, "no alignments")
    need(results[0] == results[2], "the alignments differ")
    need(results[1] == results[3], "the aligned reads differ")
    print("%d alignments, byte-equal" % results[0].count(b"\n"))
    return 0


def main():
    checks = {"loading": check_loading, "directories": check_directories, "sortmerna": check_sortmerna, "blobs": check_blobs}
    parser = argparse.ArgumentParser()
    parser.add_argument("check", choices=checks)
    parser.add_argument("--library", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--tool")
    arguments = parser.parse_args()
    try:
        rest = [os.path.abspath(arguments.tool)] if arguments.tool else []
        return checks[arguments.check](os.path.abspath(arguments.library), os.path.abspath(arguments.data), *rest)
    except Failed as failed:
        print(failed)
        return 1


if __name__ == "__main__":
    sys.exit(main())
