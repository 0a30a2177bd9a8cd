"""word2vec against gensim: where its vectors stay bounded, how good they are, how fast it is.

    python -m tests.benchmarks.word2vec grid       lengths of vectors over a grid of parameters
    python -m tests.benchmarks.word2vec quality    held-out loss, neighbours and analogies
    python -m tests.benchmarks.word2vec speed      words per second

`pip install -e '.[bench]'` brings gensim. With `--shakespeare FILE`, a text whose paragraphs are
sentences, that text is measured as well; `--texts` chooses among them. Both libraries get the same
sentences, parameters and seed, one thread, and gensim one worker.

grid and quality train every model in a process of its own pool (`--jobs 2` for two at a time).
`--cache FILE` keeps what was measured of gensim, so that the next run trains only ours;
`--gensim-only` fills it. The grid has thousands of cells: a run takes a sample of them in which
every pair of values occurs, with the corners, the defaults and the cells that once diverged
(`--cells` for more, `--all` for everything).

A cell of the grid is bad if our largest or mean |v| is above 1.5 times gensim's, or if ours fails
where gensim's vectors are finite. The exit status is 1 if there is a bad cell, or a quality below
gensim's by more than gensim's own spread over seeds.

The reading order: `texts.py`, `trainings.py`, `stability.py`, `quality.py`, `speed.py`.
"""
