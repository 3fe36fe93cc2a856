"""The parts of db_bench_port/compare.

  main.py        the command line
  contender.py   who takes part: a name, a db_bench program, a librocksdb
  workloads.py   what is run: workloads.toml, read and checked
  measure.py     runs it all, interleaved
  process.py     one run of a program, with what the kernel counts of it
  output.py      reads what a db_bench prints
  summary.py     medians, spread, ratios, targets
  progress.py    the progress bar
  table.py       the tables on the terminal
  page.py        the HTML page
"""
