"""A run's model in files for other programs, each checked against it."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np

from headstart.artifacts import (
    ExportFormat,
    ExportJob,
    LabelledPictures,
    Manifest,
    ServingModel,
    check_task,
    export_formats,
    find_formats,
    without_places,
)
from headstart.backbones import find_backbone
from headstart.data import ImageSource, evaluation_batches, original_errors
from headstart.files import sole_use
from headstart.progress import SILENT, Progress
from headstart.run.directory import Run, read_json
from headstart.run.export_steps import export_steps_of
from headstart.run.pictures import check_pictures, file_hash
from headstart.run.predictor import serving_model_of
from headstart.run.storage import storage_errors
from headstart.task_spec import find_task

ARTIFACT_FOLDER = "artifact"
# Between 64 and 300 images the agreement of int8 files moved by less than the next draw of images would move it.
NUM_CALIBRATION_PICTURES = 100
_BATCH_SIZE = 32


def export(
    run: Run,
    formats: str | Sequence[str] = "onnx",
    *,
    out: Path | str | None = None,
    progress: Progress = SILENT,
) -> Manifest:
    """Writes the run's model as files that need neither the run nor, to predict, this package.

    Args:
        run: a finished run.
        formats: names of formats, or a text of them joined by commas; `all` for all.
        out: folder for the files; None: `artifact` in the run. Files of the same model that lie there stay.
        progress: notified of every step.

    Returns:
        The artifact: which files there are, and what their predictions mean.

    Raises:
        UnknownFormatError: there is no format of a name, or none such for models of the run's task.
        ExtraMissingError: a format needs packages that are not installed.
        RunIncompleteError: the run has no model or no calibration.
        RunDamagedError: images have changed since training.
        FolderOccupiedError: the folder holds something else.
        InUseError: another process exports into the folder.
        ParityError: the predictions of a file differ from those of the model; the others are kept.
    """
    asked = formats if isinstance(formats, str) else ",".join(formats)
    find_formats(asked)  # a name that there is not is reported before the model is loaded
    chosen = find_formats(asked, run.task.kind)
    check_task(chosen, run.task.kind)
    folder = Path(out).expanduser().absolute() if out is not None else run.path / ARTIFACT_FOLDER
    with storage_errors(folder, hint="Free disk space and export again."), _alone(folder):
        return export_formats(build_job(run, folder, chosen), chosen, progress=progress)


def _alone(folder: Path) -> AbstractContextManager[None]:
    """Keeps other exports from the folder; whether it is one, and whose, is checked later."""
    if not folder.exists():
        folder.mkdir(parents=True)
    if not folder.is_dir():
        return nullcontext()
    return sole_use(folder, purpose="exports into", hint="Wait until it ends, or choose another folder with --out.")


def build_job(run: Run, folder: Path, formats: Sequence[ExportFormat]) -> ExportJob:
    """The run's model with the images that its files are checked on.

    Raises:
        RunIncompleteError, RunDamagedError: as `export`.
    """
    serving, validation = serving_model_of(run), _labelled_pictures(run, "validation")
    if any(each.is_int8 for each in formats):
        held_out = validation.answers.probabilities if _is_calibrated(run) else None
        serving = replace(serving, calibration_pictures=_calibration_pictures(run), held_out=held_out)
    return ExportJob(
        serving=serving,
        manifest=_manifest(run, folder, serving),
        test=_labelled_pictures(run, "test"),
        validation=validation,
        promises=export_steps_of(run.task.kind).promises(run),
    )


def _calibration_pictures(run: Run) -> np.ndarray:
    part = run.dataset.part("train")
    chosen = np.random.default_rng(run.recipe.seed).permutation(len(part))[:NUM_CALIBRATION_PICTURES]
    paths = part.paths()
    source = ImageSource(
        [paths[index] for index in chosen], image_size=run.task.image_size, resize_mode=run.task.resize_mode
    )
    return source.load_all()


def _labelled_pictures(run: Run, part_name: str) -> LabelledPictures:
    task, part = run.task, run.dataset.part(part_name)
    check_pictures(run, part)
    source = ImageSource(part.paths(), image_size=task.image_size, resize_mode=task.resize_mode)
    return LabelledPictures(
        source=source,
        names=list(part.frame["path"]),
        targets=task.encode(part),
        answers=_answers(run, source),
    )


def _answers(run: Run, source: ImageSource) -> object:
    """The predictions of the run's model, decoded in NumPy and not by the layers that are exported."""
    with original_errors(source):
        return export_steps_of(run.task.kind).answers(run, evaluation_batches(source, batch_size=_BATCH_SIZE))


def _manifest(run: Run, folder: Path, serving: ServingModel) -> Manifest:
    task = run.task
    return Manifest(
        folder=folder,
        class_names=task.class_names,
        image_size=task.image_size,
        resize_mode=task.resize_mode,
        files={},
        multi_label=serving.multi_label,
        temperature=tuple(float(value) for value in run.calibration.temperature) if _is_calibrated(run) else (),
        provenance=_provenance(run),
        task=task.kind,
    )


def _provenance(run: Run) -> dict[str, object]:
    weights = find_backbone(run.recipe.backbone.name).weights
    has_known_licence = run.recipe.backbone.weights in ("imagenet", "builtin")
    facts = {
        "run": run.path.name,
        "recipe": run.recipe.model_dump(mode="json", exclude_none=True),
        "data_sha256": file_hash(run.dataset_path),
        "model_sha256": file_hash(run.model_path),
        **({"calibration_sha256": file_hash(run.calibration_path)} if _is_calibrated(run) else {}),
        "weights": {
            **run.state.get("weights", {}),
            "licence": weights.licence if has_known_licence else "unknown",
            "origin": weights.origin if has_known_licence else "a file that the user named",
        },
        "trained_with": read_json(run.environment_path).get("packages", {}),
    }
    return without_places(facts)


def _is_calibrated(run: Run) -> bool:
    return find_task(run.task.kind).has_probabilities
