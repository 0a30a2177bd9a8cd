"""Data sets, mini-batches, augmentation and texts.

Data sets are `((images, labels), (test_images, test_labels))`. The reading order: `loader.py`
(mini-batches), `datasets.py` (digits, MNIST), `idx.py` (the files they come from), `augment.py`
(random changes of images in training), `corpus.py` (text to learn words from).
"""

from .augment import Compose, Normalize, RandomFlip, RandomShift, Transform
from .corpus import FUNCTION_WORDS, LineSentences, PathLineSentences, python_reference
from .datasets import digits, fashion_mnist, mnist
from .files import DataError
from .idx import Pair, idx_folder, read_idx
from .loader import DataLoader

__all__ = [
    "FUNCTION_WORDS",
    "Compose",
    "DataError",
    "DataLoader",
    "LineSentences",
    "Normalize",
    "Pair",
    "PathLineSentences",
    "RandomFlip",
    "RandomShift",
    "Transform",
    "digits",
    "fashion_mnist",
    "idx_folder",
    "mnist",
    "python_reference",
    "read_idx",
]
