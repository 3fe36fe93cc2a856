"""The reference's own ldb and sst_dump on a directory: what they accept, and what they print.

Nothing here changes the directory: everything runs on a copy, for opening a database replays its logs.
"""
import os
import re
import shutil
import subprocess

LDB, SST_DUMP = "/usr/bin/ldb", "/usr/bin/sst_dump"
COMPLAINTS = re.compile(r"corruption|mismatch|not ok\b|error|invalid argument|io error|assert|failed", re.IGNORECASE)


class Refused(Exception):
    pass


def installed():
    return os.access(LDB, os.X_OK) and os.access(SST_DUMP, os.X_OK)


def run(*command):
    env = {k: v for k, v in os.environ.items() if k not in ("LD_LIBRARY_PATH", "LD_PRELOAD")}
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
    text = done.stdout.decode("latin-1")
    if done.returncode != 0:
        raise Refused("%s: exit code %d\n%s" % (" ".join(command), done.returncode, text[-3000:]))
    return text


def need(fact, command, text):
    if not fact:
        raise Refused("%s\n%s" % (command, text[-3000:]))


def files(directory, *endings):
    found = []
    for base, _, names in os.walk(directory):
        found += [os.path.join(base, name) for name in names if name.endswith(endings)]
    return sorted(found, key=os.path.basename)


def properties(table):
    """The properties of one table as {name: text}."""
    text = run(SST_DUMP, "--command=none", "--show_properties", "--file=" + table)
    need("Table Properties" in text and "# data blocks" in text, "sst_dump --show_properties " + table, text)
    return dict(re.findall(r"^  (\S[^:]*): (.*)$", text, re.MULTILINE))


def accept(directory, scratch, expected_scan):
    """Raises Refused when any tool complains. `expected_scan` is what ldb scan must print of the default family."""
    copy = os.path.join(scratch, "for_tools")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(directory, copy)
    for manifest in files(copy, ""):
        if os.path.basename(manifest).startswith("MANIFEST-"):
            text = run(LDB, "manifest_dump", "--path=" + manifest)
            need("default" in text, "manifest_dump", text)
            need(not re.search(r"error|corruption", text, re.IGNORECASE), "manifest_dump", text)
    for table in files(copy, ".sst", ".ldb"):
        text = run(SST_DUMP, "--command=verify", "--file=" + table)
        need("The file is ok" in text, "sst_dump --command=verify " + table, text)
        properties(table)
    for log in files(copy, ".log"):
        text = run(LDB, "dump_wal", "--walfile=" + log, "--header", "--print_value")
        need("Corruption" not in text and "Sequence,Count,ByteSize" in text, "dump_wal " + log, text)
    loaded = ["--try_load_options", "--ignore_unknown_options"]
    need("OK" in run(LDB, "--db=" + copy, *loaded, "checkconsistency"), "checkconsistency", "")
    text = run(LDB, "--db=" + copy, *loaded, "idump", "--count_only")
    need("Internal keys in range" in text, "idump", text)
    scan = run(LDB, "--db=" + copy, *loaded, "scan", "--hex")
    found = [line for line in scan.splitlines() if line.startswith("0x")]
    need(found == expected_scan, "scan: %d lines, expected %d" % (len(found), len(expected_scan)),
         "\n".join(sorted(set(found) ^ set(expected_scan))[:6]))
    shutil.rmtree(copy)
