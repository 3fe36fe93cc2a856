#!/usr/bin/env python3
"""Checks what librocksdb.so.7.8 shows to the programs that are linked to it.

usage: check_library.py LIBRARY

It must export the public symbols, the few internal ones that Debian's tools import, and nothing else; all of them
unversioned. Its soname is librocksdb.so.7.8 and it needs no RocksDB. The vtables of classes with a key function have the
size RocksDB 7.8.3 gives them.
"""
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).parent


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def expected_symbols():
    public = {line.split("\t")[1] for line in (HERE / "public_symbols.tsv").read_text().splitlines()}
    return public | internal_symbols().keys()


def internal_symbols():
    """name -> size in bytes, for data, or None."""
    lines = (HERE / "internal_symbols.txt").read_text().splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return {row[0]: int(row[1]) if len(row) > 1 else None for row in rows}


def exported_symbols(library):
    """name -> (type letter, size); names carry a version only when the library has one."""
    symbols = {}
    for line in run("nm", "-D", "-S", "--defined-only", library).splitlines():
        fields = line.split()
        name, kind = fields[-1], fields[-2]
        size = int(fields[1], 16) if len(fields) == 4 else 0
        symbols[name] = (kind, size)
    return symbols


def vtable_entries():
    """Mangled vtable name -> entries, for the classes whose vtable the library must emit."""
    entries = {}
    for line in (HERE / "abi_classes.tsv").read_text().splitlines()[1:]:
        fields = line.split("\t")
        if fields[5] == "strong":
            parts = fields[0].split("::")
            name = "_ZTVN" + "".join(f"{len(part)}{part}" for part in parts) + "E"
            entries[name] = int(fields[4])
    return entries


def problems_of(library):
    exported = exported_symbols(library)
    expected = expected_symbols()
    for name in sorted(expected - exported.keys()):
        yield f"missing symbol {name}"
    for name in sorted(exported.keys() - expected):
        yield f"symbol exported without need: {name}"

    dynamic = run("readelf", "-dW", library)
    sonames = re.findall(r"\(SONAME\).*\[(.*)\]", dynamic)
    if sonames != ["librocksdb.so.7.8"]:
        yield f"soname is {sonames}"
    for needed in re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic):
        if "rocksdb" in needed:
            yield f"needs {needed}"
    for tag in ("SYMBOLIC", "RPATH", "RUNPATH", "TEXTREL"):
        if f"({tag})" in dynamic:
            yield f"has {tag}"
    if "Version definition section" in run("readelf", "-VW", library):
        yield "defines symbol versions"

    entries = vtable_entries()
    if not entries:
        yield "abi_classes.tsv names no vtable"
    for name, count in sorted(entries.items()):
        size = exported.get(name, ("", 0))[1]
        if size != 8 * count:
            yield f"{name} has {size} bytes, not {8 * count}"
    for name, expected_size in internal_symbols().items():
        size = exported.get(name, ("", 0))[1]
        if expected_size is not None and size != expected_size:
            yield f"{name} has {size} bytes, not {expected_size}"


def main():
    problems = list(problems_of(sys.argv[1]))
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problems in {sys.argv[1]}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
