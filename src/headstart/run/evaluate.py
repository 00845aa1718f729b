"""How good a run is: on its own test part, or on other labelled images."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from headstart.data import Dataset, audit_dataset, mask_paths, read_dataset
from headstart.errors import RecipeError, SeenImagesError
from headstart.files import frame_csv, write_text
from headstart.progress import SILENT, Progress
from headstart.report import Report
from headstart.run.directory import Run
from headstart.run.pictures import check_pictures, find_moved_data, use_moved_data
from headstart.run.storage import storage_errors
from headstart.run.task_steps import steps_of
from headstart.task_spec import TargetForm


def evaluate(
    run: Run,
    data: Path | str | None = None,
    *,
    format: str | None = None,  # noqa: A002  the word that everyone uses
    ignore_value: int | str | None = None,
    path_column: str | None = None,
    label_column: str | None = None,
    progress: Progress = SILENT,
) -> Report:
    """Numbers with intervals, on the run's test part or on other labelled images.

    Args:
        run: a finished run.
        data: labelled images as `headstart.train` takes them, scored whatever their split; classes are matched by
            name. A test part alone is enough. Exact copies of images that the run learned from are left out. A new
            place of the run's own test images, the same by relative path and SHA-256, stands for the run's test part,
            and so does None.
        format: how `data` is laid out, as `read_dataset` says; None: found by looking, whatever the run learned from.
        ignore_value: of the masks in `data`; None: as in the run's recipe. So are the columns of a table.
        path_column: see `read_dataset`.
        label_column: see `read_dataset`.
        progress: notified of every step, and how many copies were left out.

    Raises:
        ClassNamesError: the data has classes that the model does not know.
        SeenImagesError: the run learned from all of these images.
        RunDamagedError: images of the test part have changed since training.
        RecipeError: there is no such format, or `data` is missing beside what says how to read it.
        DataNotFoundError: the run's data is gone, or there is nothing of the name.
    """
    asked = {
        "format": format,
        "ignore_value": ignore_value,
        "path_column": path_column,
        "label_column": label_column,
    }
    reading = {name: value for name, value in asked.items() if value is not None}
    if data is None and reading:
        raise _nothing_to_read(reading)
    moved = None if data is None else find_moved_data(run, Path(data))
    if moved is not None:
        progress.say(f"'{moved}' contains the run's own images; its test part is scored")
        with storage_errors(run.path):
            use_moved_data(run, moved)
    if data is None or moved is not None:
        check_pictures(run, run.dataset.part("test"))
        return evaluate_test_part(run, progress=progress)
    progress.say(f"'{data}' is scored as other labelled images")
    dataset = _read_data(run, Path(data), reading)
    progress.start("checking images", len(dataset))
    audited = audit_dataset(dataset, progress=lambda *_: progress.advance(1), min_classes=1).dataset
    progress.finish()
    run.task.encode(audited)  # classes that the model does not know are reported before the work
    unseen = _without_seen(run, audited)
    if len(unseen) < len(audited):
        progress.say(
            f"Left out: {len(audited) - len(unseen)} images, because the run learned from them or from copies of them"
        )
    return steps_of(dataset.task).evaluate(run, unseen, progress).report


def evaluate_test_part(run: Run, *, progress: Progress = SILENT) -> Report:
    """Scores the test part and writes predictions.csv and report.json into the run."""
    evaluated = steps_of(run.dataset.task).evaluate(run, run.dataset.part("test"), progress)
    write_text(run.predictions_path, frame_csv(evaluated.predictions))
    evaluated.report.write(run.report_path)
    return evaluated.report


def _read_data(run: Run, path: Path, reading: Mapping[str, object]) -> Dataset:
    """Labelled images, by default as the run's own table was read, without parts: copies across parts count as well.

    Args:
        run: whose task it is.
        path: of the data.
        reading: arguments of `read_dataset` that were asked for.
    """
    asked = {
        **run.recipe.data.model_dump(include={"path_column", "label_column"}),
        **{"task": run.dataset.task, "for_training": False},
        **reading,
    }
    dataset = read_dataset(path, **asked)
    own_value = run.recipe.data.ignore_value
    # A value of mask files means something else, or nothing, in masks that are drawn from outlines.
    if (
        own_value is not None
        and "ignore_value" not in reading
        and _has_mask_files(dataset) == _has_mask_files(run.dataset)
    ):
        dataset = read_dataset(path, ignore_value=own_value, **asked)
    return replace(dataset, frame=dataset.frame.assign(split=""))


def _has_mask_files(dataset: Dataset) -> bool:
    return dataset.form is TargetForm.MASKS and any(map(mask_paths, dataset.frame["target"]))


def _nothing_to_read(reading: Mapping[str, object]) -> RecipeError:
    return RecipeError(
        f"{', '.join(reading)} can only be used with other labelled images.",
        expected="these options together with --data",
        received="data=None, which is the run's own test part",
        hint="Add --data DATA, or leave out these options.",
    )


def _without_seen(run: Run, dataset: Dataset) -> Dataset:
    """The images that stood neither in the run's training nor in its validation part."""
    known = run.dataset.frame
    seen = dataset.frame["sha256"].isin(known.loc[known["split"] != "test", "sha256"])
    if not seen.all():
        return replace(dataset, frame=dataset.frame[~seen].reset_index(drop=True))
    raise SeenImagesError(
        f"The run learned from all {len(dataset)} images in '{dataset.root}'; a test on them would be too optimistic.",
        expected="images that were not used for training or validation",
        received="copies of images in the run's dataset.csv",
        hint=f"Use `headstart evaluate {run.path}` for the test images of the run, or give other images.",
    )
