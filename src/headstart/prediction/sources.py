"""The source of predictions: a run's own model, or any exported file of it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from headstart.artifacts import (
    TaskPredictor,
    find_exported,
    find_format,
    load_predictor,
    read_manifest,
)
from headstart.errors import RunNotFoundError
from headstart.files import UnusableFileError, file_sha256, read_plain
from headstart.prediction.settings import Settings, with_asked
from headstart.task_spec import DEFAULT_TASK, TASK_KINDS

if TYPE_CHECKING:
    from headstart.run import Run


@dataclass(frozen=True)
class ModelPlace:
    """The place and the type of a model, found without loading it.

    Attributes:
        path: the run's folder, or the folder of the exported files.
        format_name: which of the exported files; None for a run.
    """

    path: Path
    format_name: str | None

    @property
    def needs_tensorflow(self) -> bool:
        """Whether predicting takes the seconds that TensorFlow needs to start."""
        return self.format_name is None or "tensorflow" in find_format(self.format_name).runs_with

    @property
    def kind(self) -> str:
        """The task. A run without a usable task.json, which is reported later, counts as one of the default task."""
        if self.format_name is not None:
            return read_manifest(self.path).task
        try:
            kind = read_plain(self.path / "task.json").get("task")
        except UnusableFileError:
            return DEFAULT_TASK
        return kind if kind in TASK_KINDS else DEFAULT_TASK


@dataclass(frozen=True, eq=False)
class Model:
    """A model that predicts, and what distinguishes it from any other.

    Attributes:
        predictor: gives the predictions.
        facts: kind of the model and hashes of its files.
    """

    predictor: TaskPredictor
    facts: Mapping[str, object]


def find_model(path: Path | str) -> ModelPlace:
    """The model at a path: of a run, of a folder of exported files, or of one of these files.

    Raises:
        RunNotFoundError: there is neither a run nor an exported file.
        ArtifactNotFoundError: a file that lies with exported files and is none of them.
        ArtifactNewerError: a newer version of this package exported it.
        ArtifactDamagedError: artifact.json cannot be read.
        ExtraMissingError: nothing that runs one of the files is installed.
    """
    path = Path(path).expanduser().absolute()
    if (path / "run.json").is_file():
        return ModelPlace(path, None)
    if path.exists() and any((folder / "artifact.json").is_file() for folder in (path, *path.parents)):
        manifest, format_name = find_exported(path)
        return ModelPlace(manifest.folder, format_name)
    raise RunNotFoundError(
        f"There is no run and no exported file in '{path}'.",
        expected="a folder written by `headstart train` or `headstart export`, or an exported file",
        received=_what_is_there(path),
        hint="Use the folder that `headstart train` printed at its end, for example runs/flowers-vgg19-1.",
    )


def _what_is_there(path: Path) -> str:
    if path.is_dir():
        return "a folder without run.json and artifact.json"
    return (
        "a file without artifact.json, which states the meaning of its outputs" if path.exists() else "no such folder"
    )


def open_model(source: "Run | ModelPlace | Path | str", settings: Settings | None = None) -> Model:
    """The model of a run or of an exported file, ready to predict.

    Args:
        source: a run, or where a model lies.
        settings: what is asked of predictions.

    Raises:
        RecipeError: a setting is out of its range, or means nothing for the model's task.
        RunNotFoundError, ArtifactNotFoundError, ArtifactNewerError, ArtifactDamagedError: as `find_model`.
        RunIncompleteError: the run was stopped before it had a model.
        ExtraMissingError: what runs the exported file is not installed.
    """
    settings = settings or Settings()
    place = find_model(source) if isinstance(source, str | Path) else source
    settings.check(kind_of(place))
    if isinstance(place, ModelPlace) and place.format_name is not None:
        return _open_exported(place.path, place.format_name, settings)
    return _open_run(place, settings)


def kind_of(place: "Run | ModelPlace") -> str:
    """The task of a model, without loading it."""
    return place.kind if isinstance(place, ModelPlace) else ModelPlace(place.path, None).kind


def _open_exported(folder: Path, format_name: str, settings: Settings) -> Model:
    predictor = load_predictor(
        folder, format_name=format_name, coverage=settings.chosen_coverage, min_score=settings.min_score
    )
    predictor = with_asked(predictor, settings)
    exported = read_manifest(folder).files[format_name]
    facts = {"format": format_name, "files": dict(exported.sha256), "thresholds": _thresholds_hash(predictor)}
    return Model(predictor, facts)


def _open_run(place: "Run | ModelPlace", settings: Settings) -> Model:
    from headstart.run import Run, predictor_of  # noqa: PLC0415  TensorFlow, which exported files do without

    run = place if isinstance(place, Run) else Run.load(place.path)
    predictor = predictor_of(run, coverage=settings.chosen_coverage, min_score=settings.min_score)
    predictor = with_asked(predictor, settings)
    facts = {
        "format": "run",
        "files": {"model.keras": file_sha256(run.model_path)},
        "thresholds": _thresholds_hash(predictor),
    }
    return Model(predictor, facts)


def _thresholds_hash(predictor: TaskPredictor) -> str:
    """A hash of the thresholds and the class names, because predictions depend on them as well as on the model."""
    digest = hashlib.sha256(json.dumps(predictor.class_names).encode())
    for scores in predictor.measured:
        digest.update(np.ascontiguousarray(scores, "<f8").tobytes())
    return digest.hexdigest()
