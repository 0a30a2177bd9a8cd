"""Several processes that learn from one text at once, each from chunks of its own.

They share the table, and none waits for another (Recht et al. 2011, Hogwild, arXiv:1106.5730): what
two of them do to one row at the same moment is lost for one of them, which is rare. Tables and text
lie in files that all map into their memory. Jobs and results are lines in pipes.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from .encoded import Chunks
from .learner import Learned, Learner
from .vocabulary import Vocabulary

#: A chunk, by its number, and the learning rate.
Job = tuple[int, float]

#: Jobs that wait for a process, with the one that it is at, so that it never waits for one.
_AHEAD = 2

_COMMAND = "import sys; from nn.models.word2vec.workers import work; work(sys.argv[1])"


class Alone:
    """This process by itself."""

    def __init__(self, learner: Learner, chunks: Chunks) -> None:
        self.learner, self.chunks = learner, chunks

    def __enter__(self) -> Alone:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def results(self, jobs: Iterable[Job]) -> Iterator[Learned]:
        """Do the jobs, one after the other."""
        for chunk, rate in jobs:
            yield self.learner.learn(*self.chunks[chunk], rate)

    def collect(self) -> None:
        """Put what was learned into the model's table."""


class Workers(Alone):
    """This process, and `count` - 1 others."""

    def __init__(self, learner: Learner, chunks: Chunks, count: int) -> None:
        super().__init__(learner, chunks)
        self.count = count
        self.table = learner.table

    def __enter__(self) -> Workers:
        self._folder = tempfile.TemporaryDirectory(prefix="word2vec-")
        folder = Path(self._folder.name)
        learner = self.learner
        self.table.tofile(folder / "table")  # in full: a file with holes could not be filled later
        with open(folder / "text", "wb") as file:
            self.chunks.file.seek(0)
            shutil.copyfileobj(self.chunks.file, file)
        np.savez(
            folder / "rest.npz",
            settings=np.array(json.dumps(learner.settings, default=lambda number: number.item())),
            counts=learner.vocabulary.counts,
            places=np.array(self.chunks.places),
            shape=self.table.shape,
        )
        learner.table, learner.shared = _mapped(folder, self.table.shape), True
        self._done: queue.Queue[tuple[int, Learned | None]] = queue.Queue()
        single = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        environment = {**os.environ, **single, "PYTHONPATH": os.pathsep.join(sys.path)}
        self._others: list[Any] = []
        self._room = [0] * (self.count - 1)  # for how many more jobs, once they have started
        self._given = 0
        for i in range(self.count - 1):
            seed = learner.generator.integers(1 << 62)
            other = subprocess.Popen(
                [sys.executable, "-c", _COMMAND, f"{folder}{os.sep}{seed}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
                text=True,
            )
            self._others.append(other)
            threading.Thread(target=self._listen, args=(i, other), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for other in self._others:
            other.stdin.close()
            other.kill()
            other.wait()
        self.collect()
        self.learner.table, self.learner.shared = self.table, False
        self._folder.cleanup()

    def collect(self) -> None:
        self.table[...] = self.learner.table

    def results(self, jobs: Iterable[Job]) -> Iterator[Learned]:
        """Do the jobs; their results come in the order in which they are done."""
        for chunk, rate in jobs:
            while not self._done.empty():
                yield self._result()
            # Jobs are given only to processes that have started: until then this one goes ahead.
            most = max(self._room)
            if most:
                i = self._room.index(most)
                self._room[i] -= 1
                self._given += 1
                self._send(i, f"{chunk} {rate!r}\n")
            else:
                yield self.learner.learn(*self.chunks[chunk], rate)
        while self._given:
            yield self._result()

    def _result(self) -> Learned:
        i, result = self._done.get()
        if result is None:
            self._ended(i)
        self._room[i] += 1
        self._given -= 1
        return result

    def _send(self, i: int, line: str) -> None:
        try:
            self._others[i].stdin.write(line)
            self._others[i].stdin.flush()
        except OSError:
            self._ended(i)

    def _ended(self, i: int) -> NoReturn:
        raise RuntimeError(
            f"train: a process of workers={self.count} ended with exit code "
            f"{self._others[i].wait()}; what it said stands above. Train with workers=1, or resume "
            f"from the checkpoint"
        )

    def _listen(self, i: int, other: Any) -> None:
        with other.stdout as results:
            if results.readline():
                self._room[i] = _AHEAD
            for line in results:
                words, loss, pairs = line.split()
                self._done.put((i, Learned(int(words), float(loss), int(pairs))))
        self._done.put((i, None))


def work(place: str) -> None:
    """What another process does: read jobs, and write results."""
    folder, seed = Path(place).parent, int(Path(place).name)
    # Only results go to the standard output.
    results, sys.stdout = sys.stdout, sys.stderr
    with np.load(folder / "rest.npz") as rest:
        counts, places, shape = rest["counts"], rest["places"].tolist(), tuple(rest["shape"])
        settings = json.loads(str(rest["settings"]))
    vocabulary = Vocabulary([str(i) for i in range(len(counts))], counts)
    generator = np.random.default_rng(seed)
    learner = Learner(settings, vocabulary, _mapped(folder, shape), generator, shared=True)
    with open(folder / "text", "rb") as file, np.errstate(over="ignore", invalid="ignore"):
        chunks = Chunks(file, places)
        try:
            print("started", file=results, flush=True)
            for line in sys.stdin:
                chunk, rate = line.split()
                learned = learner.learn(*chunks[int(chunk)], float(rate))
                print(*learned, file=results, flush=True)
        except KeyboardInterrupt:
            pass  # the first process tells


def _mapped(folder: Path, shape: tuple[int, ...]) -> Any:
    table: Any = np.memmap(folder / "table", np.float32, "r+", shape=shape)
    return table.view(np.ndarray)
