"""From files to predictions: threads read images ahead while the model predicts those before."""

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from headstart.artifacts import TaskPredictor
from headstart.data import open_rgb, resize_image
from headstart.errors import RecipeError, UnreadableImageError
from headstart.prediction.files import path_text

DEFAULT_BATCH_SIZE = 32
# One batch that is waited for and one that is read while the model predicts: further ones would only take memory.
_BATCHES_AHEAD = 2


@dataclass(frozen=True, eq=False)
class Prediction:
    """The result for one file: a prediction, or an error.

    Attributes:
        path: of the file.
        answer: what the image shows, of the class that the task's predictor gives (a classifier's is
            `headstart.artifacts.Answer`); None for a file that is no image.
        error: why there is no prediction; empty if there is one.
        file: the file itself, whose name `path` may show otherwise where it is no text.
    """

    path: str
    answer: object | None
    error: str = ""
    file: Path | None = None


@dataclass(frozen=True, eq=False)
class _Picture:
    """One that was read: in the model's size, and how large it was, `(height, width)`."""

    pixels: np.ndarray
    size: tuple[int, int]


def check_batch_size(batch_size: int) -> None:
    """Refuses a number of images at a time that is none.

    Raises:
        RecipeError: it is below 1, or no whole number.
    """
    if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
        raise RecipeError(
            "The batch size must be at least 1.",
            expected="batch_size: a whole number, 1 or more",
            received=f"batch_size={batch_size!r}",
            hint=f"Leave it out for {DEFAULT_BATCH_SIZE}; a smaller batch needs less memory.",
        )


def answer_batches(
    predictor: TaskPredictor,
    files: Iterable[Path],
    *,
    batch_size: int = DEFAULT_BATCH_SIZE,
    num_threads: int | None = None,
) -> Iterator[list[Prediction]]:
    """The predictions for batches of files, in the order of the files.

    Args:
        predictor: gives the predictions.
        files: taken one by one, a few batches ahead.
        batch_size: files at a time; memory grows with it and not with the number of files.
        num_threads: that read images; None for one per core.
    """
    for batch in _read_ahead(predictor, files, batch_size, num_threads or _num_cores()):
        pictures = [picture for _, picture in batch if not isinstance(picture, str)]
        answers = iter(_answers(predictor, pictures))
        yield [
            Prediction(path_text(file), None, picture, file)
            if isinstance(picture, str)
            else Prediction(path_text(file), next(answers), "", file)
            for file, picture in batch
        ]


def _answers(predictor: TaskPredictor, pictures: Sequence[_Picture]) -> Sequence[object]:
    if not pictures:
        return []
    return predictor.answers(np.stack([each.pixels for each in pictures]), [each.size for each in pictures])


def _read_ahead(
    predictor: TaskPredictor, files: Iterable[Path], batch_size: int, num_threads: int
) -> Iterator[list[tuple[Path, _Picture | str]]]:
    def read(file: Path) -> _Picture | str:
        try:
            picture = open_rgb(file)
            pixels = resize_image(picture, predictor.image_size, predictor.resize_mode)
            return _Picture(pixels, (picture.height, picture.width))
        except UnreadableImageError as error:
            return error.line

    rest = iter(files)
    waiting: deque[list[tuple[Path, Future[_Picture | str]]]] = deque()
    pool = ThreadPoolExecutor(num_threads, thread_name_prefix="pictures")  # Pillow works outside Python's global lock
    try:
        while True:
            while len(waiting) <= _BATCHES_AHEAD and (chunk := list(islice(rest, batch_size))):
                waiting.append([(file, pool.submit(read, file)) for file in chunk])
            if not waiting:
                return
            yield [(file, future.result()) for file, future in waiting.popleft()]
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _num_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
