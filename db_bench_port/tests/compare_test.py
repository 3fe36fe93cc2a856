#!/usr/bin/env python3
"""Unit tests of compare's parts, and one comparison from end to end with programs that only pretend to be a db_bench."""
import contextlib
import io
import json
import os
import stat
import sys
import tempfile
import unittest

FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, FOLDER)

from comparing import main, measure, output, page, process, summary, table, workloads  # noqa: E402
from comparing.contender import BadContender, Contender, parse_library, parse_program  # noqa: E402
from comparing.progress import Progress  # noqa: E402

OUTPUT = """\
OpenDb:     12.5 milliseconds
DB path: [/tmp/db]
fillseq      :       3.200 micros/op 312002 ops/sec 0.032 seconds 10000 operations;   34.5 MB/s
Microseconds per write:
Count: 10000 Average: 3.2060  StdDev: 34.13
Min: 2  Median: 2.2620  Max: 3413
Percentiles: P50: 2.26 P75: 2.69 P99: 5.91 P99.9: 27.00 P99.99: 51.00
------------------------------------------------------
(       1,       2 ]     3485  34.850%  34.850% #######

readrandom   :       0.879 micros/op 1126379 ops/sec 0.009 seconds 10000 operations;  124.6 MB/s (10000 of 9999 found)

readrandom [AVG 2 runs] : 1126379 (± 12) ops/sec;  124.6 (± 9.5) MB/sec
timeseries write :      17.708 micros/op 56472 ops/sec 0.053 seconds 3000 operations;    6.2 MB/s
compact      :   14532.000 micros/op 68 ops/sec 0.015 seconds 1 operations;
xxh3         : skipped (no public header)
"""


def workload(**changes):
    values = {"name": "w", "group": "g", "benchmark": "fillseq", "run": "fillseq", "flags": [], "metric": "ops_per_second",
              "target": 2.0, "limits": {}, "dataset": None, "changes_dataset": False, "place": "memory", "entry_bytes": None,
              "settles": False, "has_latency": True, "note": ""}
    return workloads.Workload(**{**values, **changes})


def sample(value, **changes):
    return {"value": value, "operations": 1000, "seconds": 1.0, "cpu_seconds": 0.5, "device_bytes": 0,
            "peak_memory_bytes": 100, "latency": {}, "intervals": [], **changes}


def run_of(values, latency=None, writes=None):
    return {"samples": [sample(value) for value in values], "latency": latency, "writes": writes, "error": None}


class OutputTest(unittest.TestCase):
    def test_reports(self):
        reports = output.read_output(OUTPUT).reports
        self.assertEqual([report.name for report in reports], ["fillseq", "readrandom", "timeseries write", "compact"])
        self.assertEqual((reports[0].micros_per_op, reports[0].ops_per_second, reports[0].seconds, reports[0].operations),
                         (3.2, 312002, 0.032, 10000))
        self.assertEqual(reports[1].message, "(10000 of 9999 found)")

    def test_one_short_operation_has_the_rate_of_its_microseconds(self):
        self.assertAlmostEqual(output.read_output(OUTPUT).reports[3].ops_per_second, 1e6 / 14532)

    def test_latency_belongs_to_the_line_above(self):
        reports = output.read_output(OUTPUT).reports
        self.assertEqual(reports[0].latency["write"], {"count": 10000, "mean": 3.206, "stddev": 34.13, "min": 2, "max": 3413,
                                                       "p50": 2.26, "p75": 2.69, "p99": 5.91, "p99.9": 27, "p99.99": 51})
        self.assertEqual(reports[1].latency, {})

    def test_opening_and_skipped(self):
        reader = output.read_output(OUTPUT)
        self.assertEqual(reader.open_milliseconds, [12.5])
        self.assertEqual(reader.skipped, [("xxh3", "no public header")])

    def test_intervals(self):
        self.assertEqual(output.read_intervals("secs_elapsed,interval_qps\n1,100\n2,90\n3"), [100, 90])
        self.assertEqual(output.read_intervals(""), [])

    def test_busiest(self):
        self.assertEqual(output.busiest({"read": {"count": 9}, "write": {"count": 1}}), "read")
        self.assertIsNone(output.busiest({}))


class SummaryTest(unittest.TestCase):
    def test_median_and_spread(self):
        made = summary.summary_of(workload(), run_of([100, 300, 200]))
        self.assertEqual(made["median"], 200)
        self.assertEqual(made["spread"], 0.5)
        self.assertEqual(made["cpu_micros_per_op"], 500)
        self.assertIsNone(summary.summary_of(workload(), run_of([100]))["spread"])

    def test_ratio_is_better_above_one(self):
        fast, slow = {"median": 200}, {"median": 100}
        self.assertEqual(summary.ratio("ops_per_second", fast, slow), 2)
        self.assertEqual(summary.ratio("cpu_seconds", fast, slow), 0.5)

    def test_write_amplification(self):
        writes = sample(1, device_bytes=4000, operations=10)
        self.assertEqual(summary.summary_of(workload(entry_bytes=100), run_of([1], writes=writes))["write_amplification"], 4)
        nothing = sample(1, device_bytes=0, operations=10)  # the disk was none
        self.assertIsNone(summary.summary_of(workload(entry_bytes=100), run_of([1], writes=nothing))["write_amplification"])
        self.assertIsNone(summary.summary_of(workload(), run_of([1]))["write_amplification"])

    def test_worst_second_leaves_the_ends_out(self):
        self.assertEqual(summary.worst_share([1, 100, 50, 150, 2]), 0.5)
        self.assertIsNone(summary.worst_share([1, 100, 50, 2]))

    def test_checks(self):
        latency = {"latency": {"write": {"count": 1, "p99.9": 10}}, "intervals": [9, 100, 10, 100, 9]}
        slower = {"latency": {"write": {"count": 1, "p99.9": 15}}, "intervals": []}
        wanted = workload(limits={"peak_memory": 0.9, "p99.9": 0.7, "worst_second": 0.5, "write_amplification": 1})
        ours = summary.summary_of(wanted, run_of([300], latency))
        theirs = summary.summary_of(wanted, run_of([100], slower))
        met = {check["name"]: check["is_met"] for check in summary.checks_of(wanted, ours, theirs)}
        # Write amplification was not measured, so nothing is said of it.
        self.assertEqual(met, {"ratio": True, "peak_memory": False, "p99.9": True, "worst_second": False})


class WorkloadsTest(unittest.TestCase):
    def load(self, text, keys=1000):
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(text)
            file.flush()
            return workloads.load(file.name, keys)

    def test_numbers(self):
        self.assertEqual(workloads.numbers("--a={keys} --b={keys/10} --c={keys*2} --d={keys/5000}", 1000),
                         "--a=1000 --b=100 --c=2000 --d=1")

    def test_flags_add_up(self):
        _, datasets, made = self.load('''flags = "--num={keys}"
            [dataset.d]
            steps = ["--benchmarks=fillseq"]
            flags = "--bloom_bits=10"
            [[workload]]
            name = "a"
            group = "g"
            benchmark = "readrandom"
            dataset = "d"
            flags = "--reads={keys/2}"''')
        self.assertEqual(datasets["d"].steps, [["--num=1000", "--bloom_bits=10", "--benchmarks=fillseq"]])
        self.assertEqual(made[0].flags, ["--num=1000", "--bloom_bits=10", "--reads=500"])
        self.assertEqual(made[0].run, "readrandom")

    def test_mistakes_are_told(self):
        head = '[[workload]]\nname = "a"\ngroup = "g"\nbenchmark = "b"\n'
        for line, message in (("targt = 2", "unknown targt"), ('metric = "speed"', "unknown metric"), ('dataset = "d"', "unknown dataset"),
                              ("limits = {size = 1}", "unknown limit"), ('place = "moon"', "place is"), (head, "there twice")):
            with self.assertRaisesRegex(workloads.BadWorkloads, message):
                self.load(head + line)
        with self.assertRaisesRegex(workloads.BadWorkloads, "group, benchmark is missing"):
            self.load('[[workload]]\nname = "a"')

    def test_the_file_that_is_shipped(self):
        _, datasets, made = workloads.load(os.path.join(FOLDER, "workloads.toml"), 1000000)
        self.assertEqual({each.dataset for each in made if each.dataset} ^ set(datasets), set())
        self.assertTrue(all(each.target for each in made))

    def test_choose(self):
        made = [workload(name="fillseq, none", group="writes"), workload(name="readseq", group="scans")]
        self.assertEqual(workloads.choose(made, ["none"]), made[:1])
        self.assertEqual(workloads.choose(made, ["scans"]), made[1:])
        self.assertEqual(workloads.choose(made, []), made)


class ContenderTest(unittest.TestCase):
    def test_forms(self):
        self.assertEqual(parse_library("a=/x", "/p"), Contender("a", "/p", "/x"))
        self.assertEqual(parse_library("a=", "/p"), Contender("a", "/p", ""))
        self.assertEqual(parse_program("a=/p:/x"), Contender("a", "/p", "/x"))
        for text in ("a", "=x"):
            with self.assertRaises(BadContender):
                parse_library(text)
            with self.assertRaises(BadContender):
                parse_program(text)

    def test_a_program_without_the_library_is_refused(self):
        with self.assertRaisesRegex(BadContender, "loads no librocksdb"):
            Contender("a", "/bin/sh", "").check()
        with self.assertRaisesRegex(BadContender, "is not a program"):
            Contender("a", "/nosuch", "").check()


FAKE = """#!/bin/sh
# Says who runs, then prints what a db_bench would. SPEED is operations per second.
echo "$NAME $*" >> "$JOURNAL"
case "$*" in *--db=*fails*) echo "put error: no space" >&2; exit 1;; esac
db=$(echo "$*" | sed 's/.*--db=\\([^ ]*\\).*/\\1/')
mkdir -p "$db"
case "$*" in *report_interval_seconds*) printf 'secs_elapsed,interval_qps\\n1,5\\n2,10\\n3,8\\n4,12\\n5,5\\n' > "$db/../intervals.csv";; esac
for name in $(echo "$*" | sed 's/.*--benchmarks=\\([^ ]*\\).*/\\1/' | tr ',' ' '); do
  echo "$name :       1.000 micros/op $SPEED ops/sec 0.010 seconds 1000 operations;"
  case "$*" in *histogram*)
    printf 'Microseconds per read:\\nCount: 1000 Average: 1.0  StdDev: 0.1\\nMin: 1  Median: 1.0  Max: 9\\n'
    printf 'Percentiles: P50: 1.00 P75: 1.10 P99: 2.00 P99.9: 3.00 P99.99: 4.00\\n';;
  esac
done
"""


class FakeContender(Contender):
    def __init__(self, name, program, speed, journal):
        super().__init__(name, program, "")
        self.own = {"NAME": name, "SPEED": str(speed), "JOURNAL": journal, "PATH": os.environ["PATH"]}

    def environment(self):
        return self.own


class EndToEndTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="compare_test.")
        self.journal = os.path.join(self.directory.name, "journal")
        program = os.path.join(self.directory.name, "fake")
        with open(program, "w", encoding="utf-8") as file:
            file.write(FAKE)
        os.chmod(program, os.stat(program).st_mode | stat.S_IXUSR)
        self.contenders = [FakeContender("a", program, 300, self.journal), FakeContender("b", program, 100, self.journal)]

    def tearDown(self):
        self.directory.cleanup()

    def measure(self, made, datasets=None, rounds=2):
        places = measure.Places(os.path.join(self.directory.name, "memory"), os.path.join(self.directory.name, "disk"))
        progress = Progress(measure.run_count(made, 2, rounds, True), io.StringIO())
        runs = []
        measurement = measure.Measurement(self.contenders, datasets or {}, places, rounds, True, progress, 60)
        measurement.run(made, lambda each, results: runs.append((each, results)))
        self.assertEqual(progress.done, progress.total)
        return runs

    def journal_lines(self):
        with open(self.journal, encoding="utf-8") as file:
            return file.read().splitlines()

    def test_rounds_alternate_and_further_runs_follow(self):
        self.measure([workload(entry_bytes=116, settles=True)], rounds=3)
        lines = self.journal_lines()
        self.assertEqual([line[0] for line in lines], ["a", "b", "b", "a", "a", "b", "a", "b", "a", "b"])
        self.assertTrue(all("--histogram" not in line for line in lines[:6]))
        self.assertTrue(all("--histogram=1" in line and "/memory/" in line for line in lines[6:8]))
        self.assertTrue(all("fillseq,flush,waitforcompaction" in line and "/disk/" in line for line in lines[8:]))

    def test_a_dataset_is_prepared_once_and_copied_where_it_changes(self):
        dataset = workloads.Dataset("d", [["--benchmarks=fillseq"], ["--benchmarks=deleteseq"]], [])
        self.measure([workload(name="1", dataset="d", benchmark="readseq", run="readseq"),
                      workload(name="2", dataset="d", changes_dataset=True, benchmark="overwrite", run="overwrite")],
                     {"d": dataset}, rounds=1)
        lines = [line for line in self.journal_lines() if line.startswith("a ")]
        self.assertEqual([("fillseq" in line, "deleteseq" in line) for line in lines[:2]], [(True, False), (False, True)])
        self.assertNotIn("use_existing_db", lines[0])
        self.assertTrue(all("--use_existing_db=1" in line for line in lines[1:]))
        self.assertIn("/a/dataset.d/db", lines[2])
        self.assertIn("/a/run/db", lines[4])
        self.assertEqual(len(lines), 6)
        self.assertFalse(os.path.exists(os.path.join(self.directory.name, "memory", "a", "dataset.d")))

    def test_results_table_and_page(self):
        made = workload(run="readseq,fillseq", name="</script>", limits={"worst_second": 0.9})
        [(each, runs)] = self.measure([made])
        results = {"title": "t", "made": "2026-01-01T00:00", "machine": {}, "command": "c", "keys": 1, "rounds": 2, "baseline": "b",
                   "contenders": [{"name": name, "program": "p", "library": "l"} for name in "ab"],
                   "workloads": [main.result_of(each, runs, "b")]}
        entry = results["workloads"][0]["contenders"]["a"]
        self.assertEqual((entry["median"], entry["ratio"], entry["operations"], entry["operation"]), (300, 3, 1000, "read"))
        self.assertEqual(entry["worst_second"], 0.8)
        self.assertEqual([(check["name"], check["is_met"]) for check in entry["checks"]], [("ratio", True), ("worst_second", False)])
        self.assertGreater(entry["peak_memory_bytes"], 0)
        shown = table.text_of(results)
        self.assertRegex(shown, r"</script> +ops/s +100 +±0% +300 +±0% +3.00 +2 +✓")
        self.assertIn("a meets 1 of 1 targets and 0 of 1 limits against b", shown)
        self.assertTrue(main.misses_a_target(results))
        built = page.build(results, "var charts = '</script>';")
        self.assertEqual(built.count("</script>"), 3)
        kept = built[built.index('id="results">') + 13:]
        self.assertEqual(json.loads(kept[:kept.index("</script>")].replace("<\\/", "</")), results)

    def test_a_failure_is_told_and_the_rest_goes_on(self):
        self.contenders[1].name = "fails"
        [(each, runs)] = self.measure([workload()])
        self.assertEqual(len(runs["a"]["samples"]), 2)
        self.assertEqual(runs["fails"]["error"], "exit code 1: put error: no space")
        self.assertEqual(sum(line.startswith("b ") for line in self.journal_lines()), 1)
        result = main.result_of(each, runs, "a")
        self.assertEqual(result["contenders"]["fails"], {"error": "exit code 1: put error: no space"})

    def test_the_wrong_line_is_a_failure(self):
        [(_, runs)] = self.measure([workload(run="readseq")])
        self.assertEqual(runs["a"]["error"], "fillseq: no such line was printed")


class ProcessTest(unittest.TestCase):
    def test_lines_errors_and_code(self):
        lines = []
        with tempfile.TemporaryDirectory() as directory:
            outcome = process.run(["/bin/sh", "-c", "echo one; echo two >&2; echo three; exit 3"], dict(os.environ), directory,
                                  lambda line, usage: lines.append(line))
        self.assertEqual((lines, outcome.exit_code, outcome.errors), (["one", "three"], 3, "two"))

    def test_cpu_and_memory_are_counted(self):
        code = "b = bytearray(200000000)\nfor i in range(2000000): pass"
        with tempfile.TemporaryDirectory() as directory:
            outcome = process.run([sys.executable, "-c", code], dict(os.environ), directory, lambda line, usage: None)
        self.assertGreater(outcome.usage.cpu_seconds, 0.01)
        self.assertGreater(outcome.peak_memory_bytes, 200000000)

    def test_a_program_that_takes_too_long_is_ended(self):
        with tempfile.TemporaryDirectory() as directory:
            outcome = process.run(["/bin/sleep", "100"], dict(os.environ), directory, lambda line, usage: None, timeout_seconds=0)
        self.assertEqual(outcome.exit_code, -9)


class CommandLineTest(unittest.TestCase):
    def test_list_and_mistakes(self):
        told = io.StringIO()
        with contextlib.redirect_stdout(told):
            self.assertEqual(main.main(["--list", "--only", "readmissing"]), 0)
        self.assertIn("readmissing, Bloom", told.getvalue())
        with contextlib.redirect_stderr(told):
            self.assertEqual(main.main(["--library", "a=/nosuch"]), 2)
            self.assertEqual(main.main(["--render", "/nosuch/compare.json"]), 2)
        self.assertIn("two contenders or more", told.getvalue())
        self.assertIn("No such file or directory: '/nosuch/compare.json'", told.getvalue())


if __name__ == "__main__":
    unittest.main()
