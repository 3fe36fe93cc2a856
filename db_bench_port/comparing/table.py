"""The tables on the terminal."""
from comparing.summary import latency_of
from comparing.workloads import METRICS


def short(number):
    """Three significant digits with k, M or G."""
    if number is None:
        return "–"
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= size:
            return f"{number / size:.3g}".rjust(1) + " " + letter
    return f"{number:.3g}"


def megabytes(number):
    return "–" if number is None else f"{number / 1e6:.0f}" if number >= 1e7 else f"{number / 1e6:.1f}"


def times(number):
    return "–" if number is None else f"{number:.2f}" if number < 100 else f"{number:.0f}"


def percent(number):
    return "" if number is None else f"±{number * 100:.0f}%"


def align(rows):
    """Rows of cells as lines; the first column to the left, the rest to the right. None is a rule."""
    widths = [max(len(row[column]) for row in rows if row) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        if row is None:
            lines.append("  ".join("─" * width for width in widths))
        else:
            lines.append("  ".join(cell.ljust(width) if column == 0 else cell.rjust(width)
                                   for column, (cell, width) in enumerate(zip(row, widths))).rstrip())
    return lines


def mark(entry):
    """✓ or ✗ for the target, nothing when there is none."""
    met = [check["is_met"] for check in entry.get("checks", []) if check["name"] == "ratio"]
    return "" if not met else "✓" if met[0] else "✗"


def speed_table(results):
    names, baseline = [contender["name"] for contender in results["contenders"]], results["baseline"]
    others = [name for name in names if name != baseline]
    rows = [["workload", "unit", f"{baseline} (base)", ""], None]
    for name in others:
        rows[0] += [name, "", f"× {baseline}"]
    rows[0] += ["target", ""]
    for workload in results["workloads"]:
        row = [workload["name"], METRICS[workload["metric"]][0]]
        for name in [baseline] + others:
            entry = workload["contenders"][name]
            if entry.get("error"):
                row += ["failed", ""]
            else:
                row += [short(entry["median"]), percent(entry["spread"])]
            if name != baseline:
                row.append(times(entry.get("ratio")))
        row.append("" if workload["target"] is None else f"{workload['target']:g}")
        row.append(mark(workload["contenders"][others[0]]) if others else "")
        rows.append(row)
    return align(rows)


def cost_table(results):
    rows = [["workload", "contender", "CPU µs/op", "peak MB", "written MB", "write ampl.", "p50 µs", "p99 µs", "p99.9 µs",
             "worst s"], None]
    for workload in results["workloads"]:
        for index, (name, entry) in enumerate(workload["contenders"].items()):
            if entry.get("error"):
                continue
            worst = entry["worst_second"]
            rows.append([workload["name"] if index == 0 else "", name, times(entry["cpu_micros_per_op"]),
                         megabytes(entry["peak_memory_bytes"]), megabytes(entry["written_bytes"]),
                         times(entry["write_amplification"])]
                        + [times(latency_of(entry, percentile)) for percentile in ("p50", "p99", "p99.9")]
                        + ["–" if worst is None else f"{worst * 100:.0f}%"])
    return align(rows)


def failures(results):
    return [f"{workload['name']}: {name} failed: {entry['error']}"
            for workload in results["workloads"] for name, entry in workload["contenders"].items() if entry.get("error")]


def verdict(results):
    """How many targets and limits each contender meets."""
    lines = []
    for contender in results["contenders"]:
        if contender["name"] == results["baseline"]:
            continue
        checks = [check for workload in results["workloads"]
                  for check in workload["contenders"][contender["name"]].get("checks", [])]
        parts = []
        for title, of_this in (("targets", [c for c in checks if c["name"] == "ratio"]),
                               ("limits", [c for c in checks if c["name"] != "ratio"])):
            if of_this:
                parts.append(f"{sum(check['is_met'] for check in of_this)} of {len(of_this)} {title}")
        if parts:
            lines.append(f"{contender['name']} meets {' and '.join(parts)} against {results['baseline']}")
    return lines


def text_of(results):
    return "\n".join(["", *speed_table(results), "", *cost_table(results), "", *failures(results), *verdict(results)])
