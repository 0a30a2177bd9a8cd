"""Measure word2vec beside gensim. See `__init__.py`."""

import argparse
import os
import sys
from importlib.util import find_spec
from pathlib import Path

from . import quality, speed, stability
from .texts import NAMES, SHAKESPEARE

#: The questions, with the texts that they are asked of: drawn words have no neighbours to find.
QUESTIONS = {"grid": NAMES, "quality": ("reference", "shakespeare"), "speed": NAMES}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.word2vec")
    question = parser.add_subparsers(dest="question", required=True)
    parsers = {name: question.add_parser(name) for name in QUESTIONS}
    for sub in parsers.values():
        sub.add_argument("--texts", nargs="+", choices=NAMES)
        sub.add_argument("--shakespeare", type=Path, metavar="FILE")
    for sub in (parsers["grid"], parsers["quality"]):
        sub.add_argument("--cache", type=Path, metavar="FILE", help="what is known of gensim")
        sub.add_argument("--jobs", type=int, default=1, help="trainings at a time (default: 1)")
    parsers["grid"].add_argument("--cells", type=int, default=60, help="at least (default: 60)")
    parsers["grid"].add_argument("--all", action="store_true", help="the whole grid")
    parsers["grid"].add_argument("--gensim-only", action="store_true", help="fill the cache")
    parsers["quality"].add_argument("--seeds", type=int, default=5)
    parsers["speed"].add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    if not find_spec("gensim"):
        parser.error("needs gensim: pip install -e '.[bench]'")

    if args.question == "quality" and args.seeds < 2:
        parser.error(f"--seeds {args.seeds}: a spread needs two at least")
    if args.shakespeare:
        os.environ[SHAKESPEARE] = str(args.shakespeare.resolve(strict=True))
    names = args.texts or [name for name in NAMES if name in QUESTIONS[args.question]]
    if "shakespeare" in names and not args.shakespeare:
        print("left out: shakespeare, which needs --shakespeare FILE", flush=True)
        names.remove("shakespeare")

    if args.question == "grid":
        cells = stability.grid() if args.all else stability.sample(args.cells)
        return int(not stability.run(names, cells, args.cache, args.jobs, args.gensim_only))
    if args.question == "quality":
        return int(not quality.run(names, args.seeds, args.cache, args.jobs))
    return int(not speed.run(names, args.rounds))


if __name__ == "__main__":
    sys.exit(main())
