"""The content of artifact.json: the facts that are needed to use an exported file."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from headstart.artifacts.manifest_schema import FileSchema, ManifestSchema
from headstart.errors import ArtifactDamagedError, ArtifactNewerError, ArtifactNotFoundError
from headstart.files import UnusableFileError, check, file_sha256, inside, read_plain, without_nan, write_json
from headstart.task_spec import DEFAULT_TASK, find_task
from headstart.trust import Thresholds

FORMAT_VERSION = 1
FILE_NAME = "artifact.json"


@dataclass(frozen=True, eq=False)
class ExportedFile:
    """One format of the model.

    Attributes:
        path: relative to the artifact's folder; of a format with several files, the one (or the folder) to open.
        sha256: relative path → hash, of every file that belongs to the format.
        num_bytes: of all of them.
        any_size: whether it takes images of any size, or only of the model's.
        parity: how this file's predictions for the test images differ from the model's.
        thresholds: measured with this very file on validation images; of a classifier only.
        promises: of other tasks, the values that predictions depend on: of a detector `score_threshold`, of a regressor
            the sorted `residuals` of validation images, `(v, numbers)`.
    """

    path: str
    sha256: Mapping[str, str]
    num_bytes: int
    any_size: bool
    parity: Mapping[str, object]
    thresholds: Thresholds | None = None
    promises: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Manifest:
    """An artifact: exported files of one model, and what their predictions mean.

    Attributes:
        folder: where the files lie.
        class_names: in the order of the probabilities; of a regressor, what the numbers are called.
        image_size: `(height, width)` of the model.
        resize_mode: how an image of another size becomes one of `image_size`.
        files: format → file.
        multi_label: whether an image may show several classes, or none; of a classifier only.
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
    provenance: Mapping[str, object] = field(default_factory=dict)
    task: str = DEFAULT_TASK

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
                hint=f"Create it with `headstart export RUN --to {format_name}`.",
            )
        exported = self.files[format_name]
        try:
            for name, expected in exported.sha256.items():
                _compare(inside(self.folder, name), expected)
            path = inside(self.folder, exported.path)
        except UnusableFileError as error:
            raise _damaged(f"'{self.folder}' does not hold the files of its artifact.", error) from error
        self._refuse_others(path, exported)
        return path

    def _refuse_others(self, path: Path, exported: ExportedFile) -> None:
        """A runtime opens what it finds beside a file: all of it must have been compared with a hash."""
        folder = self.folder / Path(exported.path).parts[0]
        found = {each.relative_to(self.folder).as_posix() for each in folder.rglob("*") if not each.is_dir()}
        others = sorted(name for name in found - set(exported.sha256) if not Path(name).name.startswith("."))
        if others:
            raise ArtifactDamagedError(
                f"'{self.folder / others[0]}' was not exported.",
                expected=f"the {len(exported.sha256)} files of the format that artifact.json lists with their hashes",
                received=f"{len(others)} more in '{path.parent.name}'",
                hint="Remove these files, or export again with `headstart export`.",
            )

    def write(self) -> Path:
        """Writes artifact.json in one step and gives its path."""
        content = {"format_version": FORMAT_VERSION, "task": self.task, **_plain(self)}
        path = self.folder / FILE_NAME
        write_json(path, without_nan(content), indent=1)
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
            expected=f"a folder written by `headstart export` (with {FILE_NAME})",
            received=f"a folder without {FILE_NAME}" if folder.is_dir() else "no such folder",
            hint="Create one with `headstart export RUN --to onnx`.",
        )
    try:
        content = read_plain(path, allow_nan=True)
        version = content.get("format_version")
        if isinstance(version, int) and version > FORMAT_VERSION:
            raise ArtifactNewerError(
                f"'{path}' was written by a newer version of Headstart.",
                expected=f"format_version {FORMAT_VERSION} or lower",
                received=f"format_version {version}",
                hint="Run `pip install --upgrade headstart`.",
            )
        return _from_schema(folder, check(content, ManifestSchema))
    except UnusableFileError as error:
        raise _damaged(f"'{path}' cannot be read.", error) from error


def _damaged(problem: str, error: UnusableFileError) -> ArtifactDamagedError:
    return ArtifactDamagedError(
        problem,
        expected=error.expected,
        received=error.received,
        hint="Export again with `headstart export`.",
    )


def _compare(path: Path, expected: str) -> None:
    received = file_sha256(path) if path.is_file() else "no such file"
    if received != expected:
        raise ArtifactDamagedError(
            f"'{path}' is not the file that was exported and checked.",
            expected=f"SHA-256 {expected}",
            received=received,
            hint="Export it again with `headstart export`.",
        )


def _plain(manifest: Manifest) -> dict[str, object]:
    """Without what means nothing for the task."""
    content = asdict(manifest)
    has_probabilities = find_task(manifest.task).has_probabilities
    for name in ("folder", "task") if has_probabilities else ("folder", "task", "multi_label", "temperature"):
        del content[name]
    for exported in content["files"].values():
        thresholds, promises = exported.pop("thresholds"), exported.pop("promises")
        if has_probabilities:
            exported["thresholds"] = {name: np.asarray(values).tolist() for name, values in thresholds.items()}
        else:
            exported["promises"] = promises
    return content


def _from_schema(folder: Path, content: ManifestSchema) -> Manifest:
    has_probabilities = find_task(content.task).has_probabilities
    height, width = content.image_size
    return Manifest(
        folder=folder,
        class_names=tuple(content.class_names),
        image_size=(height, width),
        resize_mode=content.resize_mode,
        files={name: _file(file, has_probabilities=has_probabilities) for name, file in content.files.items()},
        multi_label=has_probabilities and content.multi_label,
        temperature=tuple(content.temperature) if has_probabilities else (),
        provenance={name: without_nan(value) for name, value in content.provenance.items()},
        task=content.task,
    )


def _file(file: FileSchema, *, has_probabilities: bool) -> ExportedFile:
    scores = file.thresholds if has_probabilities else None
    return ExportedFile(
        path=file.path,
        sha256=file.sha256,
        num_bytes=file.num_bytes,
        any_size=file.any_size,
        parity={name: without_nan(value) for name, value in file.parity.items()},
        thresholds=None if scores is None else Thresholds.from_scores(scores.nonconformity, scores.foreign_scores),
        promises={} if has_probabilities else file.promises,
    )
