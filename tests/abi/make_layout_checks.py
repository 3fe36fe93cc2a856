#!/usr/bin/env python3
"""Writes a C++ file whose static_asserts hold the public classes against RocksDB 7.8.3's sizes and alignments.

usage: make_layout_checks.py abi_classes.tsv OUT.cc

Lambdas, templates and nested private classes are left out: no program can name them.
"""
import pathlib
import sys


def main():
    table, out = map(pathlib.Path, sys.argv[1:])
    rows = [line.split("\t") for line in table.read_text().splitlines()[1:]]
    rows = [row for row in rows if row[1].startswith("rocksdb/")]
    headers = sorted({row[1] for row in rows})
    lines = [f"#include <{header}>" for header in headers]
    for name, _, size, alignment, *_ in rows:
        lines.append(f"static_assert(sizeof({name}) == {size} && alignof({name}) == {alignment});")
    out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
