"""Timings of pullback against other engines, side by side. They are not tests.

    python -m tests.benchmarks                          everything that is installed
    python -m tests.benchmarks --only chain cnn         some workloads
    python -m tests.benchmarks --engines pullback numpy some engines
    python -m tests.benchmarks --threads 2 --rounds 100 --json results.json --plot ratios.png
    python -m tests.benchmarks --profile --only chain   where pullback's own time goes
    python -m tests.benchmarks --quick                  does it run? the times mean nothing

Run it from the root of the repository; `pip install -e '.[bench]'` brings the peers but two.
HIPS autograd has our package's name, and goes into a folder of its own, from which only its own
process imports it (another folder is given by `--hips`):

    pip install --target tests/benchmarks/.hips --no-deps autograd

word2vec's workloads on Shakespeare need a file of his plays, by `--shakespeare FILE`; more about
word2vec is measured by `python -m tests.benchmarks.word2vec`.

tinygrad compiles with clang, which the system must have. An engine that is missing is left out.
Everything takes an hour or so; `--only` and fewer `--rounds` shorten it.

Reading the table: every row is the median over the rounds, and beside it what a tenth of the
rounds stayed below, and above. The last column divides pullback's time by that engine's, round by
round, and is the median of that: 0.50 means that pullback takes half as long. Absolute times
belong to one machine and one hour; ratios from one run are what to compare. Workloads named
"growth" print a line per size: medians, and how many times the smallest size's they are. The plot
shows the ratios the other way round: how many times longer the others take.

Every engine runs in a process of its own, and the processes take short turns, so that whatever
else the machine does slows all of them alike. All libraries get the same
number of threads, and variables that would pin one of them to the kernels of an older processor
are taken out of the environment. Engines compute the same mathematics from the same numbers: each
reports the loss (or sums of its results) after every turn, and a row where these disagree is
marked and makes the exit status 1. Two workloads cannot be compared so: word2vec draws random
numbers. What is measured once per process (memory, growth, import, size), and the epochs of
word2vec, take part in one round out of ten. Peak memory is the operating system's account of the
process, less what it was after importing; for engines that compile, it includes the compiler.

The engine "numpy" is the same work written out by hand, forward and backward, with arrays that
are allocated once where that pays: what no engine can be far below. "pytorch-bare" is PyTorch
without its optimiser, for those who would not use it; "pytorch-fused" is its optimiser with
`fused=True`, and "pytorch-last" has its images with the channels last in memory: both faster than
what people write. "jax" is compiled by `jax.jit`, "jax-eager" is not. "pullback-workers" is
word2vec with two workers.

The reading order: `engines/__init__.py`, an engine (`engines/pullback.py`), `workloads/mlp.py`,
`measure.py`; then `processes.py`, `report.py`, `plot.py`, `profile.py` and `word2vec/`. To add an
engine: one file, and one line in the table of engines. To add a workload: forward code that all
engines share, and one entry in `workloads/__init__.py`.
"""
