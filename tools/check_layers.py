#!/usr/bin/env python3
"""Checks that includes point down only: the layer table of the project's style, run as a test.

Usage: check_layers.py [ROOT]   exits 1 and names every include that breaks the table.
"""
import os
import re
import sys

# Folder of engine/ -> folders it may include besides itself and base.
ALLOWED = {
    "base": [],
    "key": [],
    "io": [],
    "cache": [],
    "filter": [],
    "iter": ["key"],
    "memtable": ["key", "iter"],
    # The write batch's records carry kinds and sequence numbers, so wal needs key besides io.
    "wal": ["key", "io"],
    "table": ["key", "io", "iter", "cache", "filter"],
    "blob": ["key", "io", "iter", "cache", "filter"],
    "version": ["key", "io", "iter", "cache", "filter", "memtable", "wal", "table", "blob"],
    "compaction": ["key", "io", "iter", "cache", "filter", "memtable", "wal", "table", "blob", "version"],
    "db": ["key", "io", "iter", "cache", "filter", "memtable", "wal", "table", "blob", "version", "compaction"],
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def problems_of(path, relative):
    parts = relative.split(os.sep)
    with open(path, encoding="utf-8") as source:
        for number, line in enumerate(source, 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            included = match.group(2)
            place = f"{relative}:{number}"
            if parts[0] == "engine":
                if included.startswith("rocksdb/"):
                    yield f"{place}: engine/ includes no rocksdb header ({included})"
                elif included.startswith("compat/"):
                    yield f"{place}: engine/ must not include compat/ ({included})"
                elif included.startswith("engine/"):
                    folder, other = parts[1], included.split("/")[1]
                    if other not in [folder, "base"] + ALLOWED[folder]:
                        yield f"{place}: engine/{folder} must not include engine/{other} ({included})"
            elif parts[0] in ("db_bench_port", "tools") and included.startswith(("engine/", "compat/")):
                yield f"{place}: {parts[0]}/ uses the public headers only ({included})"


def main():
    root = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), ".."))
    found, files = [], 0
    for top in ("engine", "compat", "db_bench_port", "tools"):
        for folder, _, names in os.walk(os.path.join(root, top)):
            for name in sorted(names):
                if not name.endswith((".h", ".cc", ".inc")):
                    continue
                files += 1
                path = os.path.join(folder, name)
                found.extend(problems_of(path, os.path.relpath(path, root)))
    for problem in found:
        print(problem)
    print(f"check_layers: {files} files, {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
