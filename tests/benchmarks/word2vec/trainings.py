"""Trainings of ours and of gensim's with the same parameters, in processes of a pool."""

import json
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..engines import environment
from . import texts

LIBRARIES = ("gensim", "pullback")


@dataclass(frozen=True)
class Training:
    """`text`: what `texts.load` takes. `settings`: parameters that both libraries have."""

    library: str
    text: str
    settings: tuple[tuple[str, Any], ...]

    def __str__(self) -> str:
        settings = " ".join(f"{name}={value}" for name, value in self.settings)
        of = f"gensim {version('gensim')}" if self.library == "gensim" else self.library
        return f"{of}, {texts.fingerprint(self.text)}, {settings}"

    def run(self, sentences: Any) -> Any:
        """Return the trained `Word2Vec` of the library."""
        if self.library == "gensim":
            from gensim.models import Word2Vec as Theirs

            return Theirs(sentences, workers=1, **dict(self.settings))
        from nn.models.word2vec import Word2Vec

        return Word2Vec(sentences, progress=False, **dict(self.settings))


#: Trains, and returns numbers that JSON can hold. A function of a module, for the pool.
Measure = Callable[[Training], dict[str, Any]]


def measured(
    measure: Measure, trainings: Iterable[Training], cache: Path | None, jobs: int
) -> dict[Training, dict[str, Any]]:
    """Measure each training, but take gensim's from the file `cache` where it has them.

    What is measured of gensim is added to the file at once: a run that is broken off leaves what
    it had.
    """
    known = json.loads(cache.read_text()) if cache and cache.exists() else {}
    keys = {training: f"{measure.__name__}: {training}" for training in trainings}
    found = {training: known[key] for training, key in keys.items() if key in known}
    todo = [training for training in keys if training not in found]
    for training, result in _in_processes(measure, todo, jobs):
        found[training] = result
        if cache and training.library == "gensim":
            known[keys[training]] = result
            _write(cache, known)
    return found


def _in_processes(
    measure: Measure, trainings: list[Training], jobs: int
) -> Iterator[tuple[Training, dict[str, Any]]]:
    """Measure `jobs` at a time, each process with one thread; yield each when it is done."""
    context = multiprocessing.get_context("spawn")  # no NumPy yet, which reads the environment
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_use_one_thread) as pool:
        futures = {pool.submit(measure, training): training for training in trainings}
        for done, future in enumerate(as_completed(futures), 1):
            if sys.stderr.isatty():
                end = "\n" if done == len(futures) else ""
                print(f"\r{done} of {len(futures)} trained", end=end, file=sys.stderr, flush=True)
            yield futures[future], future.result()


def _use_one_thread() -> None:
    free = environment("pullback", threads=1)
    os.environ.clear()
    os.environ.update(free)


def _write(path: Path, content: dict[str, Any]) -> None:
    new = path.with_name(path.name + ".new")
    new.write_text(json.dumps(content))
    new.replace(path)
