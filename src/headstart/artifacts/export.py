"""Exporting: each file is written aside, run, compared with the model, and only then put in its place."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from headstart.artifacts.checks import Measured, check_of
from headstart.artifacts.formats import ExportFormat, check_task, load_named, require
from headstart.artifacts.loading import load_runtime
from headstart.artifacts.manifest import ExportedFile, Manifest, read_manifest
from headstart.artifacts.parity import MIN_INT8_STORED, Difference, Parity
from headstart.artifacts.serving_model import ServingModel
from headstart.data import ImageSource, decode_image
from headstart.errors import ArtifactDamagedError, ArtifactNotFoundError, FolderOccupiedError, ParityError
from headstart.files import file_sha256, write_csv
from headstart.progress import SILENT, Progress

REFUSED_FOLDER, DIFFERENCES_FILE = "refused", "differences.csv"
_BATCH_SIZE = 32
_MAX_LINES = 10


@dataclass(frozen=True, eq=False)
class LabelledPictures:
    """Images that a file is tried on.

    Attributes:
        source: reads them in the model's size.
        names: of the images, as they stand in a table.
        targets: as the task encodes them; of a classifier `(n, num_classes)`, 1 where the class is present.
        answers: the model's, as the `Check` of the task has them.
    """

    source: ImageSource
    names: Sequence[str]
    targets: Any
    answers: Any


@dataclass(frozen=True, eq=False)
class ExportJob:
    """A model to export, and what it is compared on.

    Attributes:
        serving: the model, with calibration images where int8 is asked for.
        manifest: of the artifact to be, without files; its provenance says which model it is.
        test: images of the test part: the predictions of every file must equal those of the model.
        validation: images of the validation part: every file's thresholds are measured on them.
        promises: of a task that is no classification, what predictions follow from; see `ExportedFile.promises`.
    """

    serving: ServingModel
    manifest: Manifest
    test: LabelledPictures
    validation: LabelledPictures
    promises: Mapping[str, Any] = field(default_factory=dict)


def export_formats(job: ExportJob, formats: Sequence[ExportFormat], *, progress: Progress = SILENT) -> Manifest:
    """Writes, checks and keeps a file of each format; the folder's other files of the same model stay.

    Returns:
        The artifact.

    Raises:
        UnknownFormatError: there is no such format for models of the task; nothing is written.
        ExtraMissingError: a format needs packages that are not installed; nothing is written.
        FolderOccupiedError: the folder holds something that is no artifact of this model; nothing is written.
        ParityError: the predictions of files differ from those of the model, or too few weights are int8. These files
            are in the folder `refused`; the others are kept.
    """
    check_task(formats, job.manifest.task)
    for each in formats:
        require((*each.writes_with, *each.runs_with), each)
    manifest = replace(job.manifest, files=_files_of_before(job.manifest))
    manifest.folder.mkdir(parents=True, exist_ok=True)
    failures: dict[str, Parity] = {}
    for each in formats:
        progress.start(f"exporting {each.name}", 3)
        outcome = _export(job, each, progress)
        progress.finish()
        if not isinstance(outcome, ExportedFile):
            failures[each.name] = outcome
        else:
            kept = {name: file for name, file in manifest.files.items() if name != each.name}
            manifest = replace(manifest, files={**kept, each.name: outcome})
            manifest.write()
    if failures:
        raise _parity_error(manifest.folder, failures)
    return manifest


def _files_of_before(manifest: Manifest) -> Mapping[str, ExportedFile]:
    """Files that an earlier export of the same model left in the folder."""
    folder = manifest.folder
    with suppress(ArtifactNotFoundError, ArtifactDamagedError):
        before = read_manifest(folder)
        if before.provenance.get("model_sha256") == manifest.provenance["model_sha256"]:
            return before.files
    occupied = [path.name for path in folder.iterdir() if path.name != REFUSED_FOLDER] if folder.is_dir() else []
    if not occupied and not folder.is_file():
        return {}
    raise FolderOccupiedError(
        f"'{folder}' contains other files.",
        expected="a new or empty folder, or one with exported files of the same model",
        received=", ".join(sorted(occupied)[:5]) or "a file",
        hint="Choose another --out, or remove that folder.",
    )


def _export(job: ExportJob, each: ExportFormat, progress: Progress) -> ExportedFile | Parity:
    """The file in its place; or, where it was refused, what was measured."""
    aside = job.manifest.folder / f"partial-{each.name}"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    try:
        load_named(each.exporter)(job.serving, aside / each.path)
        progress.advance()
        parity = check_file(job, each, aside / each.path)
        progress.advance()
        if not parity.is_passed:
            _refuse(job.manifest.folder, each, aside, parity)
            return parity
        runtime = load_runtime(each, aside / each.path, job.manifest.task)
        measured = check_of(job.manifest.task).measure(job, runtime, lambda: _batches(job.validation.source))
        progress.advance()
        return _keep(job.manifest.folder, each, aside, parity=parity, measured=measured)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def check_file(job: ExportJob, each: ExportFormat, file: Path) -> Parity:
    """Runs a file over the test images and compares it with the model.

    Files that take images of any size get every image a second time in its own size, and the worse predictions count.
    Of int8 files, what is int8 is counted as well.
    """
    pictures, check = job.test, check_of(job.manifest.task)
    try:
        runtime = load_runtime(each, file, job.manifest.task)
        int8_share = load_named(each.int8_share)(file) if each.is_int8 else None
        answers = [check.answers(runtime, _batches(pictures.source))]
        if each.any_size:
            own_sizes = (decode_image(path)[np.newaxis] for path in pictures.source.paths)
            answers.append(check.answers(runtime, own_sizes))
    except Exception as error:  # whatever the runtime says of a damaged file
        cause = error.__cause__ or error
        failure = f"{type(cause).__name__}: {cause}".partition("\n")[0]
        return check.parity(num_pictures=len(pictures.names), is_passed=False, failure=failure)
    parities = [check.compare(job, file_answers, each.is_int8) for file_answers in answers]
    worst = min(parities, key=lambda parity: (parity.is_passed, -parity.distance))
    return worst if int8_share is None else worst.with_int8_share(int8_share)


def _batches(source: ImageSource) -> Iterator[np.ndarray]:
    for first in range(0, len(source), _BATCH_SIZE):
        examples = np.arange(first, min(first + _BATCH_SIZE, len(source)))
        yield source.load_batch(examples, np.zeros_like(examples))


def _keep(folder: Path, each: ExportFormat, aside: Path, *, parity: Parity, measured: Measured) -> ExportedFile:
    _move(aside / each.folder, folder / each.folder)
    target = folder / each.folder
    paths = sorted(path for path in target.rglob("*") if path.is_file()) if target.is_dir() else [target]
    return ExportedFile(
        path=each.path,
        sha256={path.relative_to(folder).as_posix(): file_sha256(path) for path in paths},
        num_bytes=sum(path.stat().st_size for path in paths),
        any_size=each.any_size,
        parity=parity.facts(),
        **measured,
    )


def _refuse(folder: Path, each: ExportFormat, aside: Path, parity: Parity) -> None:
    """Moves a file into the folder `refused`, with a table of where it differs."""
    refused = folder / REFUSED_FOLDER / each.name
    shutil.rmtree(refused, ignore_errors=True)
    refused.mkdir(parents=True)
    if (aside / each.folder).exists():
        _move(aside / each.folder, refused / each.folder)
    header = [each_field.name for each_field in fields(Difference)]
    write_csv(refused / DIFFERENCES_FILE, header, map(astuple, parity.differences))


def _move(source: Path, target: Path) -> None:
    if target.is_dir():
        shutil.rmtree(target)
    else:
        target.unlink(missing_ok=True)
    source.replace(target)


def _parity_error(folder: Path, failures: Mapping[str, Parity]) -> ParityError:
    hollow = [name for name, parity in failures.items() if parity.is_hollow]
    other = [name for name in failures if name not in hollow]
    reasons = [f"would give other predictions than the model: {', '.join(other)}"] if other else []
    reasons += [f"would be the float file under another name: {', '.join(hollow)}"] if hollow else []
    error = ParityError(
        f"Refused, because the file {'; or '.join(reasons)}.",
        expected="the predictions of the model for the test images"
        + (f", and at least {MIN_INT8_STORED:.0%} of the weights in int8" if hollow else ""),
        received="; ".join(f"{name}: {parity.summary()}" for name, parity in failures.items()),
        hint=f"Do not use these files. They are in '{folder / REFUSED_FOLDER}', each with a table of its differences."
        + (" Use a float format; this network loses too much accuracy in int8." if hollow else ""),
    )
    for name, parity in failures.items():
        error.add_note("\n".join([f"{name}: {parity.summary()}", *parity.table(_MAX_LINES)]))
    return error
