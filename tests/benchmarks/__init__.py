"""Timings of pullback against other engines, side by side. They are not tests.

    python -m tests.benchmarks                          everything that is installed
    python -m tests.benchmarks --only chain nodes       some workloads
    python -m tests.benchmarks --engines pullback numpy some engines
    python -m tests.benchmarks --threads 2 --rounds 9 --json results.json
    python -m tests.benchmarks --quick                  does it run? the times mean nothing

Run it from the root of the repository; `pip install pullback[bench]` brings the peers.

Reading the table: every row is the median over the rounds, with the smallest and the largest
round beside it. The last column divides pullback's time by that engine's, round by round, and
is the median of that: 0.50 means that pullback takes half as long. Absolute times belong to one
machine and one hour; ratios from one run are what to compare.

Every engine runs in a process of its own, and the processes take turns, so that a busy machine
slows all of them alike. All libraries get the same number of threads, and variables that would
pin one of them to the kernels of an older processor are taken out of the environment. Engines
compute the same mathematics from the same numbers: each returns the loss (or a sum of results)
after its last step, and a row where these disagree is marked and makes the exit status 1.

To add an engine: one function per workload, and one line in `engines.py`. To add a workload:
one line in `workloads.py`, which is the next file to read.
"""
