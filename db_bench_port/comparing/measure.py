"""Runs the workloads, interleaved: A B C, then C B A, and so on, so that a machine that slows down slows all of them.

For each workload:
  1. every contender prepares the dataset with its own program and library, unless an earlier workload has;
  2. in each round every contender runs once, timed only from outside (a clock read per operation would be measured too);
  3. then each runs once with histograms and a report per second, which gives latencies and the worst second;
  4. and where write amplification is asked for, once on the disk, where the kernel counts the bytes that go to the device. (Bytes
     handed to write calls would not do: a library may write through memory maps.) If compaction belongs to the workload, this
     run waits for it.
"""
import dataclasses
import os
import shutil

from comparing import output, process, summary

SPEED, LATENCY, WRITES = "speed", "latency", "writes"  # what a run is for


class RunFailed(Exception):
    pass


@dataclasses.dataclass
class Places:
    memory: str
    disk: str

    def of(self, place):
        return self.disk if place == "disk" else self.memory


def orders(contenders, rounds):
    """The order of each round."""
    return [contenders if index % 2 == 0 else contenders[::-1] for index in range(rounds)]


def further_runs(workload, has_details):
    """The runs after the rounds."""
    if not has_details:
        return []
    return [LATENCY] * workload.has_latency + [WRITES] * (workload.entry_bytes is not None)


def run_count(workloads, contender_count, rounds, has_details):
    """How many runs there will be, datasets included."""
    prepared = {(workload.dataset, workload.place) for workload in workloads if workload.dataset}
    return (len(prepared) + sum(rounds + len(further_runs(each, has_details)) for each in workloads)) * contender_count


class Measurement:
    def __init__(self, contenders, datasets, places, rounds, has_details, progress, timeout_seconds):
        self.contenders = contenders
        self.datasets = datasets
        self.places = places
        self.rounds = rounds
        self.has_details = has_details
        self.progress = progress
        self.timeout_seconds = timeout_seconds

    def run(self, workloads, on_workload):
        """Calls on_workload(workload, results by contender) after each."""
        for index, workload in enumerate(workloads):
            on_workload(workload, self.run_workload(workload))
            later = {(each.dataset, each.place) for each in workloads[index + 1:]}
            if workload.dataset and (workload.dataset, workload.place) not in later:
                for contender in self.contenders:
                    shutil.rmtree(self.dataset_path(contender, workload), ignore_errors=True)

    def run_workload(self, workload):
        """contender name -> {"samples", "latency", "writes", "error"}"""
        results = {contender.name: {"samples": [], LATENCY: None, WRITES: None, "error": None} for contender in self.contenders}

        def attempt(contender, what, action):
            result = results[contender.name]
            self.progress.begin(f"{workload.name} · {contender.name} · {what}")
            if result["error"] is None:
                try:
                    action(result)
                except RunFailed as failure:
                    result["error"] = str(failure)
            self.progress.end()

        if workload.dataset:
            for contender in self.contenders:
                if not os.path.isdir(self.dataset_path(contender, workload)):
                    attempt(contender, "preparing", lambda _, who=contender: self.prepare(who, workload))
        for index, order in enumerate(orders(self.contenders, self.rounds)):
            for contender in order:
                attempt(contender, f"round {index + 1} of {self.rounds}",
                        lambda result, who=contender: result["samples"].append(self.measure(who, workload, SPEED)))
        for purpose in further_runs(workload, self.has_details):
            for contender in self.contenders:
                attempt(contender, purpose,
                        lambda result, who=contender: result.update({purpose: self.measure(who, workload, purpose)}))
        return results

    def dataset_path(self, contender, workload):
        return os.path.join(self.places.of(workload.place), contender.name, f"dataset.{workload.dataset}")

    def prepare(self, contender, workload):
        path = self.dataset_path(contender, workload)
        os.makedirs(path)
        try:
            for index, flags in enumerate(self.datasets[workload.dataset].steps):
                existing = ["--use_existing_db=1"] if index > 0 else []
                self.execute(contender, flags + existing + [f"--db={path}/db"], path)
        except RunFailed:
            shutil.rmtree(path, ignore_errors=True)
            raise

    def measure(self, contender, workload, purpose):
        """One run. Returns its sample."""
        directory = os.path.join(self.places.of("disk" if purpose == WRITES else workload.place), contender.name, "run")
        shutil.rmtree(directory, ignore_errors=True)
        os.makedirs(directory)
        try:
            benchmarks = workload.run + (",flush,waitforcompaction" if purpose == WRITES and workload.settles else "")
            flags = workload.flags + [f"--benchmarks={benchmarks}", f"--db={self.database_for(contender, workload, directory)}"]
            if purpose == LATENCY:
                flags += ["--histogram=1", "--report_interval_seconds=1", f"--report_file={directory}/intervals.csv"]
            if workload.dataset:
                flags.append("--use_existing_db=1")
            reader, outcome, usages = self.execute(contender, flags, directory)
            sample = sample_of(workload, reader, outcome, usages)
            sample["intervals"] = output.read_intervals(process.read_file(f"{directory}/intervals.csv"))
            return sample
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    def database_for(self, contender, workload, directory):
        if workload.dataset is None:
            return f"{directory}/db"
        prepared = f"{self.dataset_path(contender, workload)}/db"
        if not workload.changes_dataset:
            return prepared
        shutil.copytree(prepared, f"{directory}/db")
        return f"{directory}/db"

    def execute(self, contender, flags, directory):
        """Runs a db_bench. Returns what it printed, the outcome, and the usage at each report line."""
        reader, usages = output.OutputReader(), []

        def on_line(line, usage):
            if reader.add(line) is not None:
                usages.append(usage)

        outcome = process.run([contender.program] + flags, contender.environment(), directory, on_line, self.progress.draw,
                              self.timeout_seconds)
        if outcome.exit_code != 0:
            raise RunFailed(f"exit code {outcome.exit_code}: {last_line(outcome.errors)}")
        return reader, outcome, usages


def last_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("...")]
    return lines[-1] if lines else "nothing on stderr"


def sample_of(workload, reader, outcome, usages):
    """The figures of one run: those of the wanted report line; usage counts from the line before it to the end of the process, which
    leaves a warm-up out and closing in."""
    if workload.metric == "open_milliseconds":
        if not reader.open_milliseconds:
            raise RunFailed("no opening time was printed")
        return {"value": reader.open_milliseconds[-1], "operations": 1, "seconds": reader.open_milliseconds[-1] / 1000,
                "cpu_seconds": outcome.usage.cpu_seconds, "device_bytes": outcome.usage.device_bytes,
                "peak_memory_bytes": outcome.peak_memory_bytes, "latency": {}}
    wanted = [index for index, report in enumerate(reader.reports) if report.name == workload.benchmark]
    if not wanted:
        why = dict(reader.skipped).get(workload.benchmark, "no such line was printed")
        raise RunFailed(f"{workload.benchmark}: {why}")
    reports = [reader.reports[index] for index in wanted]
    used = outcome.usage.minus(usages[wanted[0] - 1]) if wanted[0] > 0 else outcome.usage
    operations = sum(report.operations for report in reports)
    value = {"ops_per_second": lambda: summary.median([report.ops_per_second for report in reports]),
             "micros_per_op": lambda: summary.median([report.micros_per_op for report in reports]),
             "cpu_seconds": lambda: used.cpu_seconds}[workload.metric]()
    return {"value": value, "operations": operations, "seconds": sum(report.seconds for report in reports),
            "cpu_seconds": used.cpu_seconds, "device_bytes": used.device_bytes,
            "peak_memory_bytes": outcome.peak_memory_bytes, "latency": reports[-1].latency}
