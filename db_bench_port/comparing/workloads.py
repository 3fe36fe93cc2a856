"""Reads workloads.toml: datasets that are prepared once, and workloads that are measured."""
import dataclasses
import re
import shlex
import tomllib

METRICS = {  # name -> (unit, whether more is better)
    "ops_per_second": ("ops/s", True),
    "micros_per_op": ("µs/op", False),
    "cpu_seconds": ("CPU s", False),
    "open_milliseconds": ("ms", False),
}
LIMITS = ("peak_memory", "write_amplification", "p99.9", "worst_second")


class BadWorkloads(Exception):
    pass


@dataclasses.dataclass
class Dataset:
    name: str
    steps: list  # each a list of flags
    flags: list  # of every run on it


@dataclasses.dataclass
class Workload:
    name: str
    group: str
    benchmark: str  # whose report line counts
    run: str  # all of --benchmarks, warm-up included
    flags: list
    metric: str
    target: float | None  # how many times better than the baseline
    limits: dict  # name -> bound
    dataset: str | None
    changes_dataset: bool  # each run gets a copy
    place: str  # memory or disk
    entry_bytes: int | None  # key and value of one write; None: no write amplification is computed
    settles: bool  # what is left in memory, and compactions under way, count as written by it
    has_latency: bool
    note: str


def numbers(text, keys):
    """Replaces {keys}, {keys/10} and {keys*2}."""
    def value(match):
        sign, by = match.group(1), match.group(2)
        number = keys if not sign else keys // int(by) if sign == "/" else keys * int(by)
        return str(max(1, number))
    return re.sub(r"\{keys(?:([*/])(\d+))?\}", value, text)


def flags_of(text, keys):
    return shlex.split(numbers(text, keys))


def take(table, where, **known):
    """The table's values, with defaults; an unknown name is an error, since it is most likely a misspelt one."""
    unknown = set(table) - set(known)
    if unknown:
        raise BadWorkloads(f"{where}: unknown {', '.join(sorted(unknown))}")
    values = {name: table.get(name, default) for name, default in known.items()}
    missing = [name for name, value in values.items() if value is ...]
    if missing:
        raise BadWorkloads(f"{where}: {', '.join(missing)} is missing")
    return values


def workload_of(table, keys, common, datasets, limits):
    where = f"workload {table.get('name', '?')}"
    values = take(table, where, name=..., group=..., benchmark=..., run=None, flags="", metric="ops_per_second", target=None,
                  limits={}, dataset=None, changes_dataset=False, place="memory", entry_bytes=None, settles=False,
                  has_latency=True, note="")
    values["run"] = values["benchmark"] if values["run"] is None else values["run"]
    if values["metric"] not in METRICS:
        raise BadWorkloads(f"{where}: unknown metric {values['metric']}")
    if values["place"] not in ("memory", "disk"):
        raise BadWorkloads(f"{where}: place is memory or disk")
    dataset = values["dataset"]
    if dataset is not None and dataset not in datasets:
        raise BadWorkloads(f"{where}: unknown dataset {dataset}")
    values["limits"] = {**limits, **values["limits"]}
    unknown = set(values["limits"]) - set(LIMITS)
    if unknown:
        raise BadWorkloads(f"{where}: unknown limit {', '.join(sorted(unknown))}")
    values["flags"] = common + (datasets[dataset].flags if dataset else []) + flags_of(values["flags"], keys)
    return Workload(**values)


def load(path, keys):
    """Returns (title, datasets by name, workloads)."""
    with open(path, "rb") as file:
        top = take(tomllib.load(file), path, title="Workloads", flags="", limits={}, dataset={}, workload=...)
    common = flags_of(top["flags"], keys)
    datasets = {}
    for name, table in top["dataset"].items():
        values = take(table, f"dataset {name}", steps=..., flags="")
        flags = flags_of(values["flags"], keys)
        datasets[name] = Dataset(name, [common + flags + flags_of(step, keys) for step in values["steps"]], flags)
    workloads = [workload_of(table, keys, common, datasets, top["limits"]) for table in top["workload"]]
    names = [workload.name for workload in workloads]
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise BadWorkloads(f"{path}: {', '.join(sorted(repeated))} is there twice")
    return top["title"], datasets, workloads


def choose(workloads, patterns):
    """Those whose name or group holds one of the patterns; all without patterns."""
    if not patterns:
        return workloads
    return [workload for workload in workloads
            if any(pattern in workload.name or pattern == workload.group for pattern in patterns)]
