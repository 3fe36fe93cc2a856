"""From samples to what is told: medians, spread, ratios, and whether targets are met."""
import statistics

from comparing.output import busiest
from comparing.workloads import METRICS


def median(samples):
    return statistics.median(samples) if samples else None


def spread(samples):
    """Half the distance from the smallest to the largest sample, as a share of the median."""
    if len(samples) < 2 or not median(samples):
        return None
    return (max(samples) - min(samples)) / 2 / median(samples)


def divide(above, below):
    return above / below if above is not None and below else None


def worst_share(intervals):
    """The slowest whole second as a share of the mean; the first second warms up and the last is cut off, so neither counts."""
    whole = intervals[1:-1]
    if len(whole) < 3:
        return None
    return divide(min(whole), statistics.fmean(whole))


def summary_of(workload, run):
    """One contender's figures on one workload, of its timed runs and the two further ones."""
    samples, latency_run, writes_run = run["samples"], run["latency"] or {}, run["writes"] or {}
    values = [sample["value"] for sample in samples]
    latency, intervals = latency_run.get("latency") or {}, latency_run.get("intervals") or []
    operations = median([sample["operations"] for sample in samples])
    written = writes_run.get("device_bytes") or None
    user_bytes = writes_run["operations"] * workload.entry_bytes if written else None
    cpu = median([sample["cpu_seconds"] for sample in samples])
    return {
        "values": values,
        "median": median(values),
        "spread": spread(values),
        "operations": operations,
        "cpu_seconds": cpu,
        "cpu_micros_per_op": divide(cpu * 1e6 if cpu is not None else None, operations),
        "peak_memory_bytes": median([sample["peak_memory_bytes"] for sample in samples]),
        "written_bytes": written,
        "write_amplification": divide(written, user_bytes),
        "latency": latency,
        "operation": busiest(latency),
        "intervals": intervals,
        "worst_second": worst_share(intervals),
    }


def latency_of(summary, percentile):
    return summary["latency"].get(summary["operation"], {}).get(percentile)


def ratio(workload_metric, summary, baseline):
    """How many times better than the baseline: above 1 is better, whatever is measured."""
    _, more_is_better = METRICS[workload_metric]
    if more_is_better:
        return divide(summary["median"], baseline["median"])
    return divide(baseline["median"], summary["median"])


def checks_of(workload, summary, baseline):
    """[{name, value, bound, is_met}] for what the workload demands and what could be measured."""
    checks = []

    def check(name, value, bound, is_met):
        if value is not None:
            checks.append({"name": name, "value": value, "bound": bound, "is_met": is_met(value, bound)})

    def at_least(value, bound):
        return value >= bound

    def at_most(value, bound):
        return value <= bound

    if workload.target is not None:
        check("ratio", ratio(workload.metric, summary, baseline), workload.target, at_least)
    for name, bound in workload.limits.items():
        if name == "peak_memory":
            check(name, divide(summary["peak_memory_bytes"], baseline["peak_memory_bytes"]), bound, at_most)
        elif name == "write_amplification":
            check(name, divide(summary["write_amplification"], baseline["write_amplification"]), bound, at_most)
        elif name == "p99.9":
            check(name, divide(latency_of(summary, "p99.9"), latency_of(baseline, "p99.9")), bound, at_most)
        elif name == "worst_second":
            check(name, summary["worst_second"], bound, at_least)
    return checks
