"""Which images a bank holds, in which views, and what each row is called."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from headstart.data import Augmentation


@dataclass(frozen=True)
class Views:
    """The views of an image: view 0 is plain, the others are varied at random.

    Attributes:
        augmentation: how views from 1 on are varied.
        seed: of their random draws, together with view and image.
        count: views of each training image, at least 1; a training of several epochs sees one of them an epoch.
    """

    augmentation: Augmentation
    seed: int
    count: int

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What distinguishes each view from every other view that a bank may hold."""
        varied = hashlib.sha256(json.dumps([asdict(self.augmentation), self.seed]).encode()).hexdigest()[:12]
        return ("plain", *(f"{view}-{varied}" for view in range(1, self.count)))


@dataclass(frozen=True, eq=False)
class Pictures:
    """Images to compute features of.

    Attributes:
        paths: the files.
        hashes: SHA-256 of each file's bytes, as the audit noted it.
        num_views: how many of the views are wanted.
    """

    paths: Sequence[Path]
    hashes: Sequence[str]
    num_views: int = 1

    def row_keys(self, views: Views) -> list[list[str]]:
        """The key of every row, by image and view."""
        names = views.names[: self.num_views]
        return [[f"{picture_hash}:{name}" for name in names] for picture_hash in self.hashes]


def as_numbers(hashes: Sequence[str]) -> np.ndarray:
    """`(n,)` int64: the first 60 bits of each hash, to seed random draws."""
    return np.array([int(picture_hash[:15], 16) for picture_hash in hashes], np.int64)
