"""What answers: a run's own model, or any exported file of it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.artifacts import Manifest, Predictor, read_manifest
from headstart.errors import ArtifactNotFoundError, RecipeError, RunNotFoundError
from headstart.evaluation import DEFAULT_COVERAGE

if TYPE_CHECKING:
    from headstart.run import Run

# Of a folder with several exported files the first of these answers: exact and quick to start before the others.
_PREFERRED_FORMATS = ("onnx", "openvino", "litert", "keras", "savedmodel")
_TENSORFLOW_FORMATS = frozenset({"keras", "savedmodel"})
_MAX_DEPTH = 3  # of an exported file below its artifact.json, as savedmodel/variables/variables.index


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
        return self.format_name is None or self.format_name in _TENSORFLOW_FORMATS


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
        ArtifactNotFoundError: a model file, but not one that `headstart export` made.
        ArtifactNewerError: a newer version of this package exported it.
        ArtifactDamagedError: artifact.json cannot be read.
    """
    path = Path(path).expanduser().absolute()
    if (path / "run.json").is_file():
        return ModelPlace(path, None)
    if (path / "artifact.json").is_file():
        manifest = read_manifest(path)
        return ModelPlace(path, _preferred_format(manifest))
    if path.exists():
        for folder in list(path.parents)[:_MAX_DEPTH]:
            if (folder / "artifact.json").is_file():
                return ModelPlace(folder, _format_of(read_manifest(folder), path.relative_to(folder)))
    if path.is_file():
        raise ArtifactNotFoundError(
            f"'{path}' is no exported file that Headstart knows: there is no artifact.json with it.",
            expected="a file in the folder that `headstart export` made",
            received="a file elsewhere",
            hint="Leave exported files in their folder: artifact.json says what their answers mean.",
        )
    raise RunNotFoundError(
        f"There is neither a run nor an exported file in '{path}'.",
        expected="a folder that `headstart train` or `headstart export` made, or one of the exported files",
        received="a folder without run.json and artifact.json" if path.is_dir() else "no such folder",
        hint="Name the folder that `headstart train` printed at its end, for example runs/flowers-vgg19-1.",
    )


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
    from headstart.artifacts import load_predictor  # TEMPORARY

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


def _preferred_format(manifest: Manifest) -> str:
    names = [name for name in _PREFERRED_FORMATS if name in manifest.files] or list(manifest.files)
    if names:
        return names[0]
    raise ArtifactNotFoundError(
        f"The artifact '{manifest.folder}' holds no file.",
        expected="at least one exported file",
        received="an artifact.json without files",
        hint="Make one with `headstart export RUN --to onnx`.",
    )


def _format_of(manifest: Manifest, relative: Path) -> str:
    for name, exported in manifest.files.items():
        if any(relative == path or relative in path.parents for path in map(Path, exported.sha256)):
            return name
    raise ArtifactNotFoundError(
        f"'{manifest.folder / relative}' is not among the files of the artifact.",
        expected=" or ".join(f"'{exported.path}'" for exported in manifest.files.values()),
        received=str(relative),
        hint="Name the folder with artifact.json, or one of its files.",
    )
