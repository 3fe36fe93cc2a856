"""Reads what a db_bench prints: report lines, histograms, opening times, intervals."""
import dataclasses
import re

REPORT = re.compile(r"^(?P<name>\S+(?: write)?) *: +(?P<micros>[\d.]+) micros/op (?P<rate>\d+) ops/sec (?P<seconds>[\d.]+) seconds "
                    r"(?P<operations>\d+) operations;(?: +(?P<megabytes>[\d.]+|inf|-nan|nan) MB/s)?(?P<message>.*)$")
SKIPPED = re.compile(r"^(\S+) *: skipped \((.*)\)")
OPENED = re.compile(r"^OpenDb: +([\d.e+]+) milliseconds")
LATENCY_OF = re.compile(r"^Microseconds per (\w+):")
COUNT = re.compile(r"^Count: (\d+) Average: ([\d.]+)  StdDev: ([\d.]+)")
RANGE = re.compile(r"^Min: (\d+)  Median: ([\d.]+)  Max: (\d+)")
PERCENTILES = re.compile(r"^Percentiles: P50: ([\d.]+) P75: ([\d.]+) P99: ([\d.]+) P99.9: ([\d.]+) P99.99: ([\d.]+)")


@dataclasses.dataclass
class Report:
    """One report line and the histograms under it."""
    name: str
    micros_per_op: float
    ops_per_second: float
    seconds: float
    operations: int
    message: str = ""
    latency: dict = dataclasses.field(default_factory=dict)  # kind of operation -> percentiles in microseconds


class OutputReader:
    """Takes a program's lines one after the other."""

    def __init__(self):
        self.reports = []
        self.skipped = []  # (name, why)
        self.open_milliseconds = []
        self._latency = None

    def add(self, line):
        """Returns the Report that the line begins, if it does."""
        line = line.rstrip("\n")
        match = REPORT.match(line)
        if match:
            self._latency = None
            self.reports.append(report_of(match))
            return self.reports[-1]
        match = OPENED.match(line)
        if match:
            self.open_milliseconds.append(float(match.group(1)))
            return None
        match = SKIPPED.match(line)
        if match:
            self.skipped.append(match.groups())
            return None
        self._add_latency(line)
        return None

    def _add_latency(self, line):
        match = LATENCY_OF.match(line)
        if match and self.reports:
            self._latency = self.reports[-1].latency.setdefault(match.group(1), {})
        if self._latency is None:
            return
        for pattern, names in ((COUNT, ("count", "mean", "stddev")), (RANGE, ("min", None, "max")),
                               (PERCENTILES, ("p50", "p75", "p99", "p99.9", "p99.99"))):
            match = pattern.match(line)
            if match:
                self._latency.update((name, float(value)) for name, value in zip(names, match.groups()) if name)


def report_of(match):
    seconds, operations = float(match.group("seconds")), int(match.group("operations"))
    micros = float(match.group("micros"))
    # The printed rate is whole operations and the seconds have three digits; for one short operation only the microseconds say much.
    rate = float(match.group("rate"))
    if rate < 1000 and operations == 1 and micros > 0:
        rate = 1e6 / micros
    return Report(match.group("name"), micros, rate, seconds, operations, match.group("message").strip())


def read_output(text):
    reader = OutputReader()
    for line in text.splitlines():
        reader.add(line)
    return reader


def read_intervals(text):
    """Operations of each whole interval in a --report_file."""
    rows = [line.split(",") for line in text.splitlines()[1:] if line.count(",") == 1]
    return [int(operations) for _, operations in rows]


def busiest(latency):
    """The kind of operation that a benchmark mostly does."""
    return max(latency, key=lambda kind: latency[kind].get("count", 0), default=None)
