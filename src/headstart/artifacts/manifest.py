"""What stands in artifact.json: everything that whoever runs an exported file has to know."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from headstart.data import CLASSIFICATION, DETECTION, REGRESSION
from headstart.errors import ArtifactDamagedError, ArtifactNewerError, ArtifactNotFoundError
from headstart.evaluation import Thresholds
from headstart.writing import write_json

FORMAT_VERSION = 1
FILE_NAME = "artifact.json"
# Without which a task's answers mean nothing.
_PROMISED = {DETECTION: "score_threshold", REGRESSION: "residuals"}


@dataclass(frozen=True, eq=False)
class ExportedFile:
    """One format of the model.

    Attributes:
        path: relative to the artifact's folder; of a format with several files, the one (or the folder) to open.
        sha256: relative path → hash, of every file that belongs to the format.
        num_bytes: of all of them.
        any_size: whether it takes pictures of any size, or only of the model's.
        parity: how this file's answers for the test pictures differ from the model's.
        thresholds: measured with this very file on validation pictures; of a classifier only.
        promises: of other tasks, what answers follow from: of a detector `score_threshold`, of a regressor the sorted
            `residuals` of validation pictures, `(v, numbers)`.
    """

    path: str
    sha256: Mapping[str, str]
    num_bytes: int
    any_size: bool
    parity: Mapping[str, Any]
    thresholds: Thresholds | None = None
    promises: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Manifest:
    """An artifact: exported files of one model, and what their answers mean.

    Attributes:
        folder: where the files lie.
        class_names: in the order of the probabilities; of a regressor, what the numbers are called.
        image_size: `(height, width)` of the model.
        resize_mode: how a picture of another size becomes one of `image_size`.
        files: format → file.
        multi_label: whether a picture may show several classes, or none; of a classifier only.
        temperature: `(num_classes,)`, inside a classifier's files already; for the reader.
        provenance: recipe, hash of the data, versions, licence of the weights.
        task: of the model.
    """

    folder: Path
    class_names: tuple[str, ...]
    image_size: tuple[int, int]
    resize_mode: str
    files: Mapping[str, ExportedFile]
    multi_label: bool = False
    temperature: tuple[float, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    task: str = CLASSIFICATION

    def check(self, format_name: str) -> Path:
        """The file of a format, after a comparison with its hashes.

        Raises:
            ArtifactNotFoundError: the artifact has no such format.
            ArtifactDamagedError: a file is missing or was changed.
        """
        if format_name not in self.files:
            raise ArtifactNotFoundError(
                f"The artifact '{self.folder}' has no file of the format '{format_name}'.",
                expected=f"one of {', '.join(self.files)}",
                received=format_name,
                hint=f"Make it with `headstart export RUN --to {format_name}`.",
            )
        exported = self.files[format_name]
        for name, expected in exported.sha256.items():
            received = file_sha256(self.folder / name) if (self.folder / name).is_file() else "no such file"
            if received != expected:
                raise ArtifactDamagedError(
                    f"'{self.folder / name}' is not the file that was exported and checked.",
                    expected=f"SHA-256 {expected}",
                    received=received,
                    hint="Export it again with `headstart export`.",
                )
        return self.folder / exported.path

    def write(self) -> Path:
        """Writes artifact.json in one step and gives its path."""
        content = {"format_version": FORMAT_VERSION, "task": self.task, **_plain(self)}
        path = self.folder / FILE_NAME
        write_json(path, content, indent=1)
        return path


def read_manifest(folder: Path) -> Manifest:
    """The artifact in a folder.

    Raises:
        ArtifactNotFoundError: there is none.
        ArtifactNewerError: a newer version of this package wrote it.
        ArtifactDamagedError: artifact.json does not hold what this package writes.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        raise ArtifactNotFoundError(
            f"There is no artifact in '{folder}'.",
            expected=f"a folder that `headstart export` made (with {FILE_NAME})",
            received=f"a folder without {FILE_NAME}" if folder.is_dir() else "no such folder",
            hint="Make one with `headstart export RUN --to onnx`.",
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        version = content["format_version"]
        if isinstance(version, int) and version > FORMAT_VERSION:
            raise ArtifactNewerError(
                f"'{path}' was written by a newer version of Headstart.",
                expected=f"format_version {FORMAT_VERSION} or lower",
                received=f"format_version {version}",
                hint="Run `pip install --upgrade headstart`.",
            )
        return _from_plain(folder, content)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactDamagedError(
            f"'{path}' cannot be read.",
            expected="the JSON file that `headstart export` wrote",
            received=f"{type(error).__name__}: {error}".partition("\n")[0],
            hint="Export again with `headstart export`.",
        ) from error


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _plain(manifest: Manifest) -> dict[str, Any]:
    """Without what means nothing for the task."""
    content = asdict(manifest)
    is_classifier = manifest.task == CLASSIFICATION
    for name in ("folder", "task") if is_classifier else ("folder", "task", "multi_label", "temperature"):
        del content[name]
    for exported in content["files"].values():
        thresholds, promises = exported.pop("thresholds"), exported.pop("promises")
        if is_classifier:
            exported["thresholds"] = {name: np.asarray(values).tolist() for name, values in thresholds.items()}
        else:
            exported["promises"] = promises
    return content


def _from_plain(folder: Path, content: Mapping[str, Any]) -> Manifest:
    task = content.get("task", CLASSIFICATION)
    return Manifest(
        folder=folder,
        class_names=tuple(content["class_names"]),
        image_size=(content["image_size"][0], content["image_size"][1]),
        resize_mode=content["resize_mode"],
        files={name: _file(task, facts) for name, facts in content["files"].items()},
        multi_label=content["multi_label"] if task == CLASSIFICATION else False,
        temperature=tuple(content["temperature"]) if task == CLASSIFICATION else (),
        provenance=content["provenance"],
        task=task,
    )


def _file(task: str, facts: Mapping[str, Any]) -> ExportedFile:
    if task != CLASSIFICATION:
        if task in _PROMISED and _PROMISED[task] not in facts["promises"]:
            raise ValueError(f"no {_PROMISED[task]} among the promises of {facts['path']}")
        return ExportedFile(**facts)
    return ExportedFile(**{**facts, "thresholds": Thresholds.from_scores(**facts["thresholds"])})
