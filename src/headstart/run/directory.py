"""A run directory: everything that one training leaves behind, under fixed names."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar, overload

from headstart.data import Dataset
from headstart.errors import RunDamagedError, RunExistsError, RunIncompleteError, RunNotFoundError
from headstart.files import Schema, UnusableFileError, check, is_inside, read_plain, write_json, write_text
from headstart.heads import Task, read_task
from headstart.recipe import Recipe
from headstart.report import PhaseState, Report
from headstart.run.rows import check_rows
from headstart.run.schemas import BankPlaceValues, RunState, RunValues, State, WeightsValues
from headstart.training import CheckpointDir, History
from headstart.trust import Calibration

FORMAT_VERSION = 1
OwnTask = TypeVar("OwnTask")
_TRAIN_AGAIN = "Train again with `headstart train --recipe RUN/recipe.toml`."


@dataclass(frozen=True)
class Run:
    """A run on disk; reads its files when they are asked for.

    Attributes:
        path: the run directory.
    """

    path: Path

    @classmethod
    def create(cls, path: Path, *, data_path: Path, is_claimed: bool = False) -> "Run":
        """A new, empty run directory.

        Args:
            path: of the directory.
            data_path: the data, which the run must not lie in.
            is_claimed: whether the directory is made by this very call, so that of two runs that start together only
                one gets the name.

        Raises:
            FileExistsError: another process made the directory, where it was to be claimed.
            RunExistsError: the folder holds something already, or lies in the data folder, which is never written to.
        """
        path = path.expanduser().absolute()
        if data_path.is_dir() and is_inside(path, data_path):
            raise RunExistsError(
                f"The folder of the run, '{path}', is inside the data folder, which is never written to.",
                expected="a folder outside the data folder",
                received=str(path),
                hint="Choose another folder with --out.",
            )
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise RunExistsError(
                f"'{path}' already exists and is not empty.",
                expected="a new or empty folder for the run",
                received="a folder with files" if path.is_dir() else "a file",
                hint=f"Choose another --out, or continue an interrupted run: `headstart resume {path}`.",
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(exist_ok=not is_claimed)
        return cls(path)

    @classmethod
    def load(cls, path: Path | str) -> "Run":
        """The run in a folder.

        Raises:
            RunNotFoundError: there is no run.
        """
        run = cls(Path(path).expanduser().absolute())
        if not run.state_path.is_file():
            raise RunNotFoundError(
                f"There is no run in '{path}'.",
                expected="a folder written by `headstart train` (with run.json and model.keras)",
                received="a folder without run.json" if run.path.is_dir() else "no such folder",
                hint="Use the folder that `headstart train` printed at its end, for example runs/flowers-vgg19-1.",
            )
        return run

    @property
    def state_path(self) -> Path:
        """JSON: state, step, seconds and result."""
        return self.path / "run.json"

    @property
    def recipe_path(self) -> Path:
        """TOML: every setting, the open choices made."""
        return self.path / "recipe.toml"

    @property
    def dataset_path(self) -> Path:
        """CSV: one row per example, with its part and hash."""
        return self.path / "dataset.csv"

    @property
    def audit_path(self) -> Path:
        """JSON: findings of the audit, and the files left out."""
        return self.path / "audit.json"

    @property
    def collages_path(self) -> Path:
        """Folder of PNG files: collages, which are training images as well."""
        return self.path / "collages"

    @property
    def probe_path(self) -> Path:
        """JSON: the linear probe's path of strengths and the one chosen."""
        return self.path / "probe.json"

    @property
    def history_path(self) -> Path:
        """CSV: one row per epoch."""
        return self.path / "history.csv"

    @property
    def model_path(self) -> Path:
        """The trained Keras model, from raw RGB to logits."""
        return self.path / "model.keras"

    @property
    def task_path(self) -> Path:
        """JSON: the meaning of the model's outputs."""
        return self.path / "task.json"

    @property
    def calibration_path(self) -> Path:
        """NumPy archive: the calibration of a classifier, measured on validation images."""
        return self.path / "calibration.npz"

    @property
    def promises_path(self) -> Path:
        """JSON: the promises of the other tasks, measured on validation images."""
        return self.path / "promises.json"

    @property
    def environment_path(self) -> Path:
        """JSON: versions and machine."""
        return self.path / "environment.json"

    @property
    def predictions_path(self) -> Path:
        """CSV: the model's prediction for every image of the test part."""
        return self.path / "predictions.csv"

    @property
    def report_path(self) -> Path:
        """JSON: the numbers."""
        return self.path / "report.json"

    @property
    def html_path(self) -> Path:
        """HTML: the report as a page."""
        return self.path / "report.html"

    @property
    def card_path(self) -> Path:
        """Markdown: the model card, where `headstart card` was asked for it."""
        return self.path / "README.md"

    @property
    def log_path(self) -> Path:
        """Text: events with their times."""
        return self.path / "run.log"

    @property
    def checkpoints(self) -> CheckpointDir:
        """The checkpoints from which an interrupted training continues."""
        return CheckpointDir(self.path / "checkpoints")

    @property
    def state(self) -> RunValues:
        """`state`, and what is known so far: `seconds` of each step, `phases`, `result`.

        Raises:
            RunDamagedError: run.json does not hold what this version writes.
        """
        values: RunValues = read_json(self.state_path, RunState)
        return values

    @overload
    def fact(self, name: Literal["seconds"]) -> dict[str, float]: ...

    @overload
    def fact(self, name: Literal["bank_place"]) -> BankPlaceValues: ...

    @overload
    def fact(self, name: Literal["weights"]) -> WeightsValues: ...

    @overload
    def fact(self, name: Literal["phases"]) -> list[PhaseState]: ...

    def fact(self, name: Literal["seconds", "bank_place", "weights", "phases"]) -> object:
        """One of the values of `state`.

        Raises:
            RunDamagedError: it is not known, though the run came further than where it is written.
        """
        if (value := self.state.get(name)) is None:
            raise _damaged(self.state_path, f"a value '{name}'", f"no '{name}'")
        return value

    def update_state(self, state: State, **facts: object) -> None:
        """Writes the state and adds to what is known; an `error` stands there only while the state is `failed`."""
        known: dict[str, object] = {"format_version": FORMAT_VERSION}
        if self.state_path.exists():
            known = {**self.state}
        known.pop("error", None)
        write_json(self.state_path, {**known, "state": state, **facts})

    def move(self, data_path: Path, *, root: Path | None = None) -> None:
        """Writes a new place of the data into the run.

        Args:
            data_path: what `headstart.train` would be given now.
            root: folder that the paths of dataset.csv are relative to; None: there is no dataset.csv yet.
        """
        moved = self.recipe.with_values("data", path=str(data_path))
        if root is not None:
            replace(self.dataset, root=root).write(self.dataset_path)
        write_text(self.recipe_path, moved.to_toml())
        for name in ("recipe", "dataset"):
            vars(self).pop(name, None)

    @cached_property
    def recipe(self) -> Recipe:
        """The recipe with all open choices made."""
        return Recipe.read(self.recipe_path)

    @cached_property
    def dataset(self) -> Dataset:
        """Every usable example with its part."""
        self._require(self.dataset_path)
        dataset = Dataset.read(self.dataset_path)
        try:
            check_rows(dataset)
        except UnusableFileError as error:
            raise _damaged(self.dataset_path, error.expected, error.received) from error
        return dataset

    @cached_property
    def task(self) -> Task:
        """The trained model and what its outputs mean, as every task has it; `task_as` gives the rest."""
        self._require(self.model_path)
        facts = read_json(self.task_path)
        try:
            return read_task(self.model_path, facts)
        except UnusableFileError as error:
            problem = f"'{self.model_path}' and '{self.task_path.name}' hold no model that can be used."
            hint = error.hint(_TRAIN_AGAIN)
            raise _damaged(self.model_path, error.expected, error.received, problem=problem, hint=hint) from error

    def task_as(self, own_class: type[OwnTask]) -> OwnTask:
        """The trained model as the class of its task.

        Raises:
            RunDamagedError: the model is of another task.
        """
        if isinstance(self.task, own_class):
            return self.task
        raise _damaged(self.task_path, f"a task of the class {own_class.__name__}", f"'{self.task.kind}'")

    @property
    def calibration(self) -> Calibration:
        """How far the model's predictions can be trusted; of a run by an earlier version, `evaluate` writes it."""
        if self.state["state"] == "finished" and not self.calibration_path.is_file():
            raise RunIncompleteError(
                f"The run '{self.path}' has no {self.calibration_path.name}; an earlier version of Headstart wrote it.",
                expected="a calibrated run",
                received="a finished run without a calibration",
                hint=f"Calibrate it with `headstart evaluate {self.path}`.",
            )
        self._require(self.calibration_path)
        return self._checked(Calibration.read(self.calibration_path))

    def _checked(self, calibration: Calibration) -> Calibration:
        """The calibration, if it is one of the run's model."""
        num_names = len(self.task.class_names)
        num_features = self.task.model.get_layer("head_pool").output.shape[-1]
        expected = (num_names,), num_features
        received = calibration.temperature.shape, len(calibration.projection)
        if received == expected:
            return calibration
        raise _damaged(
            self.calibration_path,
            f"temperatures of {num_names} classes and directions of {num_features} features",
            f"{len(calibration.temperature)} and {len(calibration.projection)}",
            hint=f"Remove the file and write a new one with `headstart evaluate {self.path}`.",
        )

    @property
    def history(self) -> History:
        """One row per epoch, as far as training came."""
        if self.history_path.exists():
            try:
                return History.read(self.history_path)
            except UnusableFileError as error:
                raise _damaged(self.history_path, error.expected, error.received) from error
        newest = self.checkpoints.newest()
        return newest[1] if newest else History()

    @property
    def report(self) -> Report:
        """The metrics on the test part."""
        self._require(self.report_path)
        return Report.read(self.report_path)

    def _require(self, path: Path) -> None:
        if path.is_file():
            return
        raise RunIncompleteError(
            f"The run '{self.path}' has no {path.name}, because it was interrupted before that.",
            expected="a finished run",
            received=f"a run in state '{self.state['state']}'",
            hint=f"Continue it with `headstart resume {self.path}`.",
        )


def read_json(path: Path, schema: type[Schema] | None = None) -> Any:
    """The content of one of a run's JSON files, as plain values.

    Args:
        path: the file.
        schema: what the content must fit; None: any JSON object.

    Raises:
        RunDamagedError: the file is missing, no JSON, or does not fit the schema.
    """
    try:
        content = read_plain(path, allow_nan=True)
        if schema is not None:
            check(content, schema)
        return content
    except UnusableFileError as error:
        raise _damaged(path, error.expected, error.received, hint=error.hint(_TRAIN_AGAIN)) from None


def _damaged(
    path: Path,
    expected: str,
    received: str,
    *,
    problem: str | None = None,
    hint: str = _TRAIN_AGAIN,
) -> RunDamagedError:
    return RunDamagedError(problem or f"'{path}' cannot be read.", expected=expected, received=received, hint=hint)
