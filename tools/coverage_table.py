#!/usr/bin/env python3
"""Prints gcovr's summary per folder, and the files of one folder: coverage_table.py SUMMARY [FOLDER]"""
import json
import os
import sys


def percent(covered, total):
    return "%5.1f %%" % (100 * covered / total) if total else "      -"


def main():
    with open(sys.argv[1]) as summary:
        files = json.load(summary)["files"]
    folders = {}
    for entry in files:
        parts = os.path.dirname(entry["filename"]).split("/")
        for folder in {"/".join(parts[:2]), parts[0], "all"}:
            sums = folders.setdefault(folder, [0, 0, 0, 0])
            for i, key in enumerate(("line_covered", "line_total", "branch_covered", "branch_total")):
                sums[i] += entry[key]
    print("%-24s %10s %10s   %s" % ("folder", "lines", "branches", "lines in all"))
    for folder in sorted(folders, key=lambda name: (name == "all", "/" not in name, name)):
        lines, line_total, branches, branch_total = folders[folder]
        print("%-24s %10s %10s   %d" % (folder, percent(lines, line_total), percent(branches, branch_total), line_total))
    if len(sys.argv) < 3:
        return
    print("\n%-56s %8s %10s %10s" % ("file", "missed", "lines", "branches"))
    for entry in sorted(files, key=lambda e: e["line_covered"] - e["line_total"]):
        if entry["filename"].startswith(sys.argv[2]):
            print("%-56s %8d %10s %10s" % (entry["filename"], entry["line_total"] - entry["line_covered"],
                                           percent(entry["line_covered"], entry["line_total"]),
                                           percent(entry["branch_covered"], entry["branch_total"])))


if __name__ == "__main__":
    main()
