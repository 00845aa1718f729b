"""A run's answers for pictures it has never seen."""

import os
from collections.abc import Iterable, Iterator
from glob import glob, has_magic
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from headstart.data import decode_image, resize_image
from headstart.errors import DataNotFoundError, UnreadableImageError
from headstart.progress import SILENT, Progress
from headstart.run.directory import Run
from headstart.tasks import ImageClassifier


def predict(
    run: Run, paths: Iterable[Path | str] | Path | str, *, batch_size: int = 32, progress: Progress = SILENT
) -> pd.DataFrame:
    """The answer for every picture; a file that is no picture gets a row that says so.

    Args:
        run: a finished run.
        paths: files, folders (searched to the bottom) and patterns such as `"new/*.jpg"`, or a single one of them.
        batch_size: pictures at a time; memory grows with it and not with the number of pictures.
        progress: told of every picture.

    Returns:
        One row a file: `path`, `prediction`, `probability`, `error` (empty when there is an answer), then one column
        `p(CLASS)` a class.

    Raises:
        DataNotFoundError: a path or pattern matches nothing.
    """
    files = expand_paths([paths] if isinstance(paths, str | Path) else paths)
    task = run.task
    progress.start("predicting", len(files))
    frames = [] if files else [_predict_chunk(task, [])]
    for chunk in _chunks(files, batch_size):
        frames.append(_predict_chunk(task, chunk))
        progress.advance(len(chunk))
    return pd.concat(frames, ignore_index=True)


def expand_paths(paths: Iterable[Path | str]) -> list[Path]:
    """Every file that the paths name, each once, in the order given; hidden files in folders are passed over.

    Raises:
        DataNotFoundError: a path does not exist, or a folder or pattern holds no file.
    """
    found: dict[Path, None] = {}
    for path in paths:
        files = list(_files_of(str(path)))
        if not files:
            raise DataNotFoundError(
                f"'{path}' matches no file.",
                expected="a picture, a folder of pictures, or a pattern such as 'new/*.jpg'",
                received="an empty folder" if os.path.isdir(path) else "nothing of that name",  # noqa: PTH112
                hint="Check the spelling; put patterns in quotes so that your shell leaves them alone.",
            )
        found.update(dict.fromkeys(files))
    return list(found)


def _files_of(text: str) -> Iterator[Path]:
    path = Path(text).expanduser()
    if os.path.isdir(path):  # noqa: PTH112  Path.is_dir raises where the name is too long
        yield from _files_below(path)
    elif os.path.exists(path):  # noqa: PTH110
        yield path
    elif has_magic(text):
        matches = sorted(glob(str(path), recursive=True))  # noqa: PTH207  Path.glob takes no absolute pattern
        yield from (Path(match) for match in matches if Path(match).is_file())


def _files_below(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(parent) / name for name in sorted(names) if not name.startswith("."))


def _chunks(files: list[Path], size: int) -> Iterator[list[Path]]:
    rest = iter(files)
    while chunk := list(islice(rest, size)):
        yield chunk


def _predict_chunk(task: ImageClassifier, files: list[Path]) -> pd.DataFrame:
    images, errors = [], []
    for file in files:
        try:
            images.append(resize_image(decode_image(file), task.image_size, task.resize_mode))
            errors.append("")
        except UnreadableImageError as error:
            errors.append(error.problem)
    answers = pd.DataFrame(
        {"path": [str(file) for file in files], "prediction": "", "probability": np.nan, "error": errors}
    ).astype({"path": str, "prediction": str, "error": str})  # also where there are no rows
    columns = [f"p({name})" for name in task.class_names]
    answers[columns] = np.nan
    if images:
        probabilities = task.probabilities(task.model.predict_on_batch(np.stack(images)))
        answered = answers["error"] == ""
        answers.loc[answered, columns] = probabilities
        answers.loc[answered, ["prediction", "probability"]] = task.decode(probabilities).to_numpy()
    return answers
