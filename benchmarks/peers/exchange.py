"""Files that the processes of the libraries exchange. Nothing here needs a library of either side but NumPy."""

import ast
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

PARTS = ("train", "validation", "test")
# Of the pooled features of one image, relative to their length. Rounding in float32 stays below 1e-5.
TOLERANCE = 1e-3


@dataclass(frozen=True)
class Split:
    """A data set with the part of every image.

    Attributes:
        data: folder of class folders.
        seed: of the split and of training.
        image_size: pixels per side.
        class_names: in the order of the answers' columns.
        paths: part → absolute paths.
        targets: part → class index of each path.
    """

    data: str
    seed: int
    image_size: int
    class_names: list[str]
    paths: dict[str, list[str]]
    targets: dict[str, list[int]]

    def write(self, path: Path) -> None:
        """Writes JSON."""
        path.write_text(json.dumps(asdict(self)) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "Split":
        """The split that `write` put there."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))


@dataclass
class Answers:
    """What one training gave.

    Attributes:
        test: way of answering → probabilities of the test images, `(n, num_classes)` as lists.
        validation_accuracy: way of answering → accuracy on the validation images; empty where nothing is chosen by it.
        validation_loss: way of answering → log loss on the validation images.
        seconds: step → wall seconds.
        cpu_seconds: step → processor seconds of the process and of those that it started.
        facts: versions, choices, sizes.
    """

    test: dict[str, list[list[float]]] = field(default_factory=dict)
    validation_accuracy: dict[str, float] = field(default_factory=dict)
    validation_loss: dict[str, float] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    cpu_seconds: dict[str, float] = field(default_factory=dict)
    facts: dict[str, object] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """Writes JSON, whole or not at all."""
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(self)) + "\n", encoding="utf-8")
        partial.replace(path)

    @classmethod
    def read(cls, path: Path) -> "Answers":
        """The answers that `write` put there."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def score_validation(self, way: str, probabilities: np.ndarray, targets: list[int]) -> None:
        """Keeps accuracy and log loss on the validation images."""
        own = probabilities[np.arange(len(targets)), targets]
        self.validation_accuracy[way] = float((probabilities.argmax(axis=1) == targets).mean())
        self.validation_loss[way] = float(-np.log(np.clip(own, np.finfo("float32").eps, 1.0)).mean())

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Adds the seconds of a block to a step."""
        wall, cpu = time.perf_counter(), _cpu_seconds()
        yield
        self.seconds[step] = self.seconds.get(step, 0.0) + time.perf_counter() - wall
        self.cpu_seconds[step] = self.cpu_seconds.get(step, 0.0) + _cpu_seconds() - cpu


def largest_difference(features: np.ndarray, expected: np.ndarray) -> float:
    """How far features lie from others at most: length of the difference, relative to the length of `expected`.

    Args:
        features: `(n, num_features)`, one row per image.
        expected: like `features`.
    """
    lengths = np.linalg.norm(expected, axis=1)
    return float((np.linalg.norm(features - expected, axis=1) / lengths).max())


def require_equal_features(features: np.ndarray, expected: np.ndarray) -> float:
    """The largest relative difference, which is at most `TOLERANCE`.

    Raises:
        SystemExit: the features differ, so that a comparison would be one of different networks.
    """
    if features.shape != expected.shape:
        raise SystemExit(f"The converted network gives features of shape {features.shape}, Keras {expected.shape}.")
    difference = largest_difference(features, expected)
    if not difference <= TOLERANCE:  # NaN is refused as well
        raise SystemExit(
            f"The converted network is not that of Keras: pooled features differ by {difference:.2g}, "
            f"allowed are {TOLERANCE:g}. Nothing was trained."
        )
    return difference


def num_code_lines(source: str, functions: set[str]) -> int:
    """Lines of the bodies of functions in a normal form: no comments, no docstrings, one line per statement."""
    wanted = [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef) and node.name in functions
    ]
    if {node.name for node in wanted} != functions:
        raise ValueError(f"Expected the functions {sorted(functions)}, found {sorted(node.name for node in wanted)}.")
    statements = [
        statement
        for node in wanted
        for statement in node.body
        if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
    ]
    return sum(len(ast.unparse(statement).splitlines()) for statement in statements)


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
