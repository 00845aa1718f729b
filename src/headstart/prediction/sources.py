"""What answers: a run's own model, or any exported file of it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.artifacts import Predictor, find_exported, find_format, load_predictor, read_manifest
from headstart.errors import RecipeError, RunNotFoundError
from headstart.evaluation import DEFAULT_COVERAGE

if TYPE_CHECKING:
    from headstart.run import Run


@dataclass(frozen=True)
class ModelPlace:
    """Where a model lies and what it is, found without loading it.

    Attributes:
        path: the run's folder, or the folder of the exported files.
        format_name: which of the exported files; None for a run.
    """

    path: Path
    format_name: str | None

    @property
    def needs_tensorflow(self) -> bool:
        """Whether answering takes the seconds that TensorFlow needs to start."""
        return self.format_name is None or "tensorflow" in find_format(self.format_name).runs_with


@dataclass(frozen=True, eq=False)
class Model:
    """What answers, and what tells it from any other model.

    Attributes:
        predictor: gives the answers.
        facts: kind of the model and hashes of its files.
    """

    predictor: Predictor
    facts: Mapping[str, Any]


def find_model(path: Path | str) -> ModelPlace:
    """What lies at a path: a run, a folder of exported files, or one of these files.

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
        f"There is neither a run nor an exported file in '{path}'.",
        expected="a folder that `headstart train` or `headstart export` made, or one of the exported files",
        received=_what_is_there(path),
        hint="Name the folder that `headstart train` printed at its end, for example runs/flowers-vgg19-1.",
    )


def _what_is_there(path: Path) -> str:
    if path.is_dir():
        return "a folder without run.json and artifact.json"
    return "a file without the artifact.json that says what its answers mean" if path.exists() else "no such folder"


def open_model(source: "Run | ModelPlace | Path | str", *, coverage: float = DEFAULT_COVERAGE) -> Model:
    """The model of a run or of an exported file, ready to answer.

    Args:
        source: a run, or where a model lies.
        coverage: how often prediction sets hold the truth, above 0 and below 1.

    Raises:
        RecipeError: the coverage is out of its range.
        RunNotFoundError, ArtifactNotFoundError, ArtifactNewerError, ArtifactDamagedError: as `find_model`.
        RunIncompleteError: the run was stopped before it had a model.
        ExtraMissingError: what runs the exported file is not installed.
    """
    check_coverage(coverage)
    place = find_model(source) if isinstance(source, str | Path) else source
    if isinstance(place, ModelPlace) and place.format_name is not None:
        return _open_exported(place.path, place.format_name, coverage)
    return _open_run(place, coverage)


def check_coverage(coverage: float) -> None:
    """Refuses a coverage that is no probability.

    Raises:
        RecipeError: it is not above 0 and below 1.
    """
    if not 0 < coverage < 1:
        raise RecipeError(
            "The coverage is a share of pictures.",
            expected="coverage: a number above 0 and below 1",
            received=f"coverage={coverage!r}",
            hint=f"{DEFAULT_COVERAGE} is the default; more makes the sets larger, and fewer answers sure.",
        )


def _open_exported(folder: Path, format_name: str, coverage: float) -> Model:
    predictor = load_predictor(folder, format_name=format_name, coverage=coverage)
    exported = read_manifest(folder).files[format_name]
    facts = {"format": format_name, "files": dict(exported.sha256), "thresholds": _thresholds_hash(predictor)}
    return Model(predictor, facts)


def _open_run(place: "Run | ModelPlace", coverage: float) -> Model:
    from headstart.run import Run, predictor_of  # noqa: PLC0415  TensorFlow, which exported files do without

    run = place if isinstance(place, Run) else Run.load(place.path)
    predictor = predictor_of(run, coverage=coverage)
    with run.model_path.open("rb") as file:
        model_hash = hashlib.file_digest(file, "sha256").hexdigest()
    facts = {"format": "run", "files": {"model.keras": model_hash}, "thresholds": _thresholds_hash(predictor)}
    return Model(predictor, facts)


def _thresholds_hash(predictor: Predictor) -> str:
    """What a picture is called depends on these and on the names as well as on the model."""
    digest = hashlib.sha256(json.dumps(predictor.class_names).encode())
    for scores in (predictor.thresholds.nonconformity, predictor.thresholds.foreign_scores):
        digest.update(np.ascontiguousarray(scores, "<f8").tobytes())
    return digest.hexdigest()
