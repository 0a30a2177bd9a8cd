"""Processes that learn from one text at once, each from chunks of its own.

They share the table without waiting for one another (Recht et al. 2011, Hogwild,
arXiv:1106.5730): if two of them update a row at the same moment, one update is lost, which is rare.
The table and the text are in files that all of them map into memory. Jobs and results are lines in
pipes. NumPy gets one thread in each, so the user's process, whose NumPy may have more, only
distributes jobs: threads that wait for one another on busy cores would slow all of them down.
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
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from .encoded import Chunks
from .learner import Learned, Learner
from .vocabulary import Vocabulary

#: A chunk, by its number, and the learning rate.
Job = tuple[int, float]

#: The jobs that a process has at once: the one that it is doing, and the next.
_AHEAD = 2

_COMMAND = (
    "import sys; folder, seed, *sys.path = sys.argv[1:]; "
    "from nn.models.word2vec.workers import work; work(folder, int(seed))"
)


class Alone:
    """The user's process by itself."""

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


class Workers(Alone):
    """Several processes, which last as long as the context.

    Entering it raises `OSError` if the shared files cannot be written, or Python cannot be started.
    """

    def __init__(self, learner: Learner, chunks: Chunks, count: int) -> None:
        super().__init__(learner, chunks)
        self.count = count
        self.table = learner.table
        self._others: list[subprocess.Popen[str]] = []
        self._said: list[Any] = []  # their standard error
        self._room = [0] * count  # the jobs that each can still take, once started
        self._started: list[int] = []
        self._given = 0
        self._done: queue.Queue[tuple[int, Learned | None]] = queue.Queue()

    def __enter__(self) -> Workers:
        with ExitStack() as stack:  # nothing is left over, whatever fails
            try:
                self._folder = tempfile.TemporaryDirectory(
                    prefix="word2vec-", ignore_cleanup_errors=True
                )
                folder = Path(stack.enter_context(self._folder))
                self._write(folder)
                self._share(folder)
                stack.callback(self._unshare)
                for i in range(self.count):
                    self._start(i, folder, stack)
            except OSError as error:
                raise OSError(
                    f"train: workers={self.count} needs files in the temporary folder, and "
                    f"processes of {sys.executable!r}: {error}; set TMPDIR to a folder with more "
                    f"room, or train with workers=1"
                ) from error
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _write(self, folder: Path) -> None:
        self.table.tofile(folder / "table")  # in full, because the disk may be full later
        with open(folder / "text", "wb") as file:
            self.chunks.file.seek(0)
            shutil.copyfileobj(self.chunks.file, file)
        learner = self.learner
        np.savez(
            folder / "rest.npz",
            settings=np.array(json.dumps(learner.settings)),
            counts=learner.vocabulary.counts,
            places=np.array(self.chunks.places),
            shape=self.table.shape,
        )

    def _share(self, folder: Path) -> None:
        self.learner.table, self.learner.shared = _mapped(folder, self.table.shape), True

    def _unshare(self) -> None:
        self._collect()
        self.learner.table, self.learner.shared = self.table, False

    def _collect(self) -> None:
        self.table[...] = self.learner.table

    def _start(self, i: int, folder: Path, stack: ExitStack) -> None:
        said = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - closed by the stack
        self._said.append(said)
        single = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        # It imports from where this process did, and finds nn even if `sys.path` has changed since.
        path = [entry for entry in sys.path if isinstance(entry, str)]
        path.append(str(Path(__file__).parents[3]))
        seed = self.learner.generator.integers(1 << 62)
        other = subprocess.Popen(
            [sys.executable or "", "-c", _COMMAND, str(folder), str(seed), *path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            env={**os.environ, **single},
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # Ctrl-C is for this process only
        )
        listener = threading.Thread(target=self._listen, args=(i, other), daemon=True)
        stack.callback(_end, other, listener)
        self._others.append(other)
        listener.start()

    def results(self, jobs: Iterable[Job]) -> Iterator[Learned]:
        """Do the jobs, and yield results in the order in which they are done.

        Raises:
            RuntimeError: One of the processes has ended.
        """
        self.learner.table[...] = self.table  # which may have been changed in between
        for chunk, rate in jobs:
            while not self._done.empty() or self._busy():
                yield self._result()
            if most := max(self._room):
                i = self._room.index(most)
                self._room[i] -= 1
                self._given += 1
                self._send(i, f"{chunk} {rate!r}\n")
            else:  # they are still starting: until then this process goes ahead
                yield self.learner.learn(*self.chunks[chunk], rate)
        while self._given:
            yield self._result()
        self._collect()

    def _busy(self) -> bool:
        """Return whether all processes have started, and none has room for a job."""
        return len(self._started) == self.count and not any(self._room)

    def _result(self) -> Learned:
        i, result = self._done.get()
        if result is None:
            self._ended(i)
        self._room[i] += 1
        self._given -= 1
        return result

    def _send(self, i: int, line: str) -> None:
        pipe: Any = self._others[i].stdin
        try:
            pipe.write(line)
            pipe.flush()
        except OSError:
            self._ended(i)

    def _ended(self, i: int) -> NoReturn:
        code = self._others[i].wait()
        self._said[i].seek(0)
        said = self._said[i].read().decode("utf-8", "replace").strip()
        last = f", and said {said.splitlines()[-1]!r}" if said else ""
        error = RuntimeError(
            f"train: a process of workers={self.count} ended with exit code {code}{last}; train "
            f"with workers=1, and with resume=True where there is a checkpoint"
        )
        error.add_note(said)
        raise error

    def _listen(self, i: int, other: Any) -> None:
        try:
            for line in other.stdout:
                if line.endswith("started\n"):  # others may have written before
                    self._room[i] = _AHEAD
                    self._started.append(i)
                    if len(self._started) == len(self._room):
                        # All have opened the files, so none is left over if this process is killed.
                        self._folder.cleanup()
                    break
            for line in other.stdout:
                words, loss, pairs = line.split()
                self._done.put((i, Learned(int(words), float(loss), int(pairs))))
        finally:
            self._done.put((i, None))


def _end(other: Any, listener: threading.Thread) -> None:
    other.kill()
    other.wait()
    if listener.ident is not None:  # it was started
        listener.join()
    other.stdout.close()
    with suppress(OSError):  # a job that it did not take
        other.stdin.close()


def work(folder: str, seed: int) -> None:
    """Read jobs and write results: the program of another process."""
    # Only results go to the standard output; anything else that writes there goes to the error.
    results = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    place = Path(folder)
    with np.load(place / "rest.npz") as rest:
        counts, places, shape = rest["counts"], rest["places"].tolist(), tuple(rest["shape"])
        settings = json.loads(str(rest["settings"]))
    vocabulary = Vocabulary([str(i) for i in range(len(counts))], counts)
    generator = np.random.default_rng(seed)
    learner = Learner(settings, vocabulary, _mapped(place, shape), generator, shared=True)
    with open(place / "text", "rb") as file, np.errstate(over="ignore", invalid="ignore"):
        chunks = Chunks(file, places)
        print("started", file=results, flush=True)
        for line in sys.stdin:
            chunk, rate = line.split()
            learned = learner.learn(*chunks[int(chunk)], float(rate))
            print(*learned, file=results, flush=True)


def _mapped(folder: Path, shape: tuple[int, ...]) -> Any:
    table: Any = np.memmap(folder / "table", np.float32, "r+", shape=shape)
    return table.view(np.ndarray)
