"""Timings of pullback against other engines, side by side. They are not tests.

    python -m tests.benchmarks                          everything that is installed
    python -m tests.benchmarks --only chain nodes       some workloads
    python -m tests.benchmarks --engines pullback numpy some engines
    python -m tests.benchmarks --threads 2 --rounds 100 --json results.json
    python -m tests.benchmarks --quick                  does it run? the times mean nothing

Run it from the root of the repository; `pip install pullback[bench]` brings the peers.

Reading the table: every row is the median over the rounds, and beside it what a tenth of the
rounds stayed below, and above. The last column divides pullback's time by that engine's, round by
round, and is the median of that: 0.50 means that pullback takes half as long. Absolute times
belong to one machine and one hour; ratios from one run are what to compare.

Every engine runs in a process of its own, and the processes take turns of a few hundredths of a
second, so that whatever else the machine does slows all of them alike. All libraries get the same
number of threads, and variables that would pin one of them to the kernels of an older processor
are taken out of the environment. Engines compute the same mathematics from the same numbers: each
returns the loss (or a sum of results) after every turn, and a row where these disagree is marked
and makes the exit status 1. Workloads that are measured once per process (memory,
cnn-memory, nodes, import) take part in one round out of ten.

The engine "numpy" is the same work written out by hand, forward and backward, with arrays that
are allocated once: what no engine can be far below. "pytorch-bare" is PyTorch without its
optimiser, for those who would not use it; "pytorch-fused" is its optimiser with `fused=True`, and
"pytorch-last" has its images with the channels last in memory: both faster than what people write.

To add an engine: one function per workload, and one line in `engines.py`. To add a workload:
one line in `workloads.py`, which is the next file to read.
"""
