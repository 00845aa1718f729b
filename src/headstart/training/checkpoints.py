"""Checkpoints, from which a killed run continues."""

import errno
import json
import math
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

import keras
import numpy as np
from pydantic import Field

from headstart.errors import RunDamagedError
from headstart.files import (
    PARTIAL_PREFIX,
    Hashes,
    Name,
    OtherArrayError,
    Schema,
    UnusableFileError,
    check,
    file_sha256,
    read_array,
    read_plain,
    whole_file,
)
from headstart.training.history import History

FORMAT_VERSION = 1
SUFFIX = ".weights.npy"
KEPT = 2  # the newest and the one before, in case the newest is damaged


@dataclass(frozen=True)
class Checkpoint:
    """The state of training after an epoch.

    Attributes:
        phase_index: which phase, from 0.
        epoch: epochs of that phase that are done.
        best_loss: lowest validation loss of the run so far.
        phase_best_loss: lowest validation loss of this phase so far.
        epochs_since_best: epochs of this phase since then, for early stopping.
        stopped: whether this phase is over.
        last_file: weights and optimizer state after the epoch.
        best_file: weights at the lowest validation loss.
        hashes: SHA-256 of both files.
        num_restarts: how often this phase went back to the best weights and lowered its rate.
        restarted_at: epochs of this phase that were done when it last did.
        batch_size: images per batch after memory ran out in this phase; None: as in the recipe.
    """

    phase_index: int
    epoch: int
    best_loss: float
    phase_best_loss: float
    epochs_since_best: int
    stopped: bool
    last_file: str
    best_file: str
    hashes: Mapping[str, str]
    num_restarts: int = 0
    restarted_at: int = 0
    batch_size: int | None = None


class CheckpointFacts(Schema, allow_inf_nan=True):
    """The schema of `Checkpoint`; a loss is infinite before the first epoch that has one."""

    phase_index: Annotated[int, Field(ge=0, le=3)]
    epoch: Annotated[int, Field(ge=0, le=1_000_000)]
    best_loss: float
    phase_best_loss: float
    epochs_since_best: Annotated[int, Field(ge=0, le=1_000_000)]
    stopped: bool
    last_file: Name
    best_file: Name
    hashes: Hashes
    num_restarts: Annotated[int, Field(ge=0, le=1000)] = 0
    restarted_at: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    batch_size: Annotated[int, Field(ge=1, le=4096)] | None = None


class CheckpointFile(Schema):
    """The JSON file of a checkpoint."""

    format_version: Literal[1]
    checkpoint: CheckpointFacts
    history: Annotated[list[dict[str, object]], Field(max_length=100_000)]


class CheckpointDir:
    """A folder of checkpoints, each complete or absent.

    The JSON file that names the weights is written last and in one step.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def write_weights(self, model: keras.Model, name: str) -> str:
        """Writes weights and optimizer state under `name` + `.weights.npy` in one step; gives the file's name.

        One NumPy array after the other in one file. Walking through layers and HDF5 groups, as
        `keras.Model.save_weights` does, took most of an epoch's Python time; an `.npz` archive adds its own checksums.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        file_name = f"{name}{SUFFIX}"
        variables = _variables(model)
        _require_room(self.path, sum(math.prod(variable.shape) * 8 for variable in variables) + 2**16)
        with whole_file(self.path / file_name) as partial, partial.open("wb") as file:
            for variable in variables:
                np.save(file, keras.ops.convert_to_numpy(variable), allow_pickle=False)
        return file_name

    def read_weights(self, model: keras.Model, file_name: str) -> None:
        """Gives a model the weights and the optimizer state that `write_weights` wrote of an equal model.

        Raises:
            RunDamagedError: the file holds something else; the model is undefined then.
        """
        try:
            with (self.path / file_name).open("rb") as file:
                for variable in _variables(model):
                    dtype = keras.backend.standardize_dtype(variable.dtype)
                    variable.assign(read_array(file, tuple(variable.shape), dtype))
                if file.read(1):
                    raise UnusableFileError(f"the arrays of '{model.name}' alone", "more")
        except OtherArrayError as error:
            raise RunDamagedError(
                f"'{self.path / file_name}' was written for another form of this network: by an earlier version of "
                "Headstart, which built some networks of other layers, or with another recipe.",
                expected=error.expected,
                received=error.received,
                hint=f"The run cannot be continued. {self._train_again}",
            ) from error
        except (OSError, UnusableFileError) as error:
            raise RunDamagedError(
                f"'{self.path / file_name}' does not contain the weights of this network.",
                expected=error.expected if isinstance(error, UnusableFileError) else "a file that can be read",
                received=error.received if isinstance(error, UnusableFileError) else str(error),
                hint=self._train_again,
            ) from error

    @property
    def _train_again(self) -> str:
        return f"Train again with `headstart train --recipe {self.path.parent / 'recipe.toml'}`."

    def write(self, checkpoint: Checkpoint, history: History) -> None:
        """Makes the checkpoint the newest and removes those before the last two."""
        content = {"format_version": FORMAT_VERSION, "checkpoint": asdict(checkpoint), "history": list(history.rows)}
        name = f"{checkpoint.phase_index}-{checkpoint.epoch:04d}.json"
        with whole_file(self.path / name) as partial, partial.open("w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        self._remove_old()

    def hash_of(self, file_name: str) -> str:
        """SHA-256 of a file in this folder."""
        return file_sha256(self.path / file_name)

    def newest(self) -> tuple[Checkpoint, History] | None:
        """The newest checkpoint whose files are whole, or None before the first epoch's end.

        Raises:
            RunDamagedError: there are checkpoints, and every one is incomplete or was changed.
        """
        names = self._names()
        for path in reversed(names):
            newest = self._read(path)
            if newest is not None:
                return newest
        if names:
            raise RunDamagedError(
                f"No checkpoint in '{self.path}' is complete.",
                expected="weights with the hashes that were stored with them",
                received=f"{len(names)} checkpoints with other hashes or missing files",
                hint=self._train_again,
            )
        return None

    def _names(self) -> list[Path]:
        return sorted(self.path.glob("[0-9]*-[0-9]*.json"))

    def _read(self, path: Path) -> tuple[Checkpoint, History] | None:
        """The checkpoint that a file describes; None where the file or one that it names is not what was written."""
        try:
            content = check(read_plain(path, allow_nan=True), CheckpointFile)
            history = History.from_rows(content.history)
            hashes = content.checkpoint.hashes
            is_whole = all(self.hash_of(name) == expected for name, expected in hashes.items() if _is_plain(name))
        except (OSError, UnusableFileError):
            return None
        facts = content.checkpoint
        is_complete = {facts.last_file, facts.best_file} <= set(hashes) and all(map(_is_plain, hashes))
        return (Checkpoint(**dict(facts)), history) if is_whole and is_complete else None

    def _remove_old(self) -> None:
        names = self._names()
        needed = {name for path in names[-KEPT:] for name in _weights_of(path)}
        for path in names[:-KEPT]:
            path.unlink()
        for path in [*self.path.glob(f"*{SUFFIX}"), *self.path.glob(f"{PARTIAL_PREFIX}*")]:
            if path.name not in needed:
                path.unlink(missing_ok=True)  # one process at a time trains a run: nobody writes these


def _is_plain(name: str) -> bool:
    """Whether a name stands for a file in the folder itself."""
    return name.endswith(SUFFIX) and not set(name) & set("/\\\0")


def _weights_of(path: Path) -> list[str]:
    """The files that a checkpoint names; none if it is incomplete, which must not stop the training that continues."""
    try:
        return list(check(read_plain(path, allow_nan=True), CheckpointFile).checkpoint.hashes)
    except UnusableFileError:
        return []


def _variables(model: keras.Model) -> list[keras.Variable]:
    """Weights and optimizer state, in an order that equal models share."""
    optimizer = getattr(model, "optimizer", None)  # a model that was never compiled has no such attribute
    return [*model.variables, *(optimizer.variables if optimizer is not None else ())]


def _require_room(folder: Path, num_bytes: int) -> None:
    """Raises an error if the disk has too little space, before anything is written.

    Raises:
        OSError: the disk has too little space.
    """
    if shutil.disk_usage(folder).free < num_bytes:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
