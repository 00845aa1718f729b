"""How good a run is: on its own test part, or on other labelled pictures."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from headstart.data import Dataset, ImageSource, audit_dataset, evaluation_batches, read_dataset
from headstart.errors import RunDamagedError, SeenImagesError
from headstart.evaluation import (
    Calibration,
    Report,
    evaluate_classification,
    evaluate_multi_label,
    measure_honesty,
)
from headstart.progress import SILENT, Progress
from headstart.run.calibrate import calibrate
from headstart.run.directory import Run
from headstart.run.pictures import check_pictures
from headstart.run.storage import write_text
from headstart.tasks import ImageClassifier

BATCH_SIZE = 32


def evaluate(run: Run, data: Path | str | None = None, *, progress: Progress = SILENT) -> Report:
    """Numbers with intervals, on the run's test part or on other labelled pictures.

    Args:
        run: a finished run.
        data: labelled pictures as `headstart.train` takes them, scored whatever their split; classes are matched by
            name. Exact copies of pictures that the run learned from are left out. None: the run's test part.
        progress: told of every step, and how many copies were left out.

    Raises:
        ClassNamesError: the data has classes that the model does not know.
        SeenImagesError: the run learned from all of these pictures.
        RunDamagedError: pictures of the test part have changed since training.
    """
    if data is None:
        check_pictures(run.dataset.part("test"))
        return evaluate_test_part(run, progress=progress)
    dataset = _read_data(run, Path(data))
    progress.start("checking pictures", len(dataset))
    audited = audit_dataset(dataset, progress=lambda *_: progress.advance(1), min_classes=1).dataset
    progress.finish()
    run.task.encode(audited)  # classes that the model does not know are told before the work
    unseen = _without_seen(run, audited)
    if len(unseen) < len(audited):
        progress.say(f"Left out: {len(audited) - len(unseen)} pictures that the run learned from, or copies of them")
    return _report(run, unseen, _answers(run.task, unseen, progress), run.calibration)


def evaluate_test_part(run: Run, *, progress: Progress = SILENT) -> Report:
    """Scores the test part and writes predictions.csv and report.json into the run.

    A run that an earlier version trained is calibrated first.
    """
    task = run.task
    if not run.calibration_path.is_file():
        check_pictures(run.dataset)
        calibrate(run, task, progress=progress)
    calibration = run.calibration
    part = run.dataset.part("test")
    answers = _answers(task, part, progress)
    report = _report(run, part, answers, calibration)
    probabilities = task.probabilities(answers.logits / calibration.temperature)
    write_text(run.predictions_path, _predictions_frame(task, part, probabilities).to_csv(index=False))
    report.write(run.report_path)
    return report


def read_predictions(run: Run) -> tuple[pd.DataFrame, np.ndarray]:
    """The rows of predictions.csv and their probabilities, `(examples, num_classes)`.

    Raises:
        RunDamagedError: the file is missing, or holds something else.
    """
    try:
        frame = pd.read_csv(run.predictions_path, dtype={"path": str, "target": str}, keep_default_na=False)
        return frame, frame[[f"p({name})" for name in run.task.class_names]].to_numpy("float64")
    except (OSError, ValueError, KeyError) as error:
        raise RunDamagedError(
            f"'{run.predictions_path}' cannot be read.",
            expected="the table that an evaluation of the run writes",
            received=str(error),
            hint=f"Write it again with `headstart evaluate {run.path}`.",
        ) from None


def _read_data(run: Run, path: Path) -> Dataset:
    """Labelled pictures, in the columns of the run's own table, without parts: copies across parts count as well."""
    section = run.recipe.data
    dataset = read_dataset(path, path_column=section.path_column, label_column=section.label_column)
    return replace(dataset, frame=dataset.frame.assign(split=""))


def _without_seen(run: Run, dataset: Dataset) -> Dataset:
    """The pictures that stood neither in the run's training nor in its validation part."""
    known = run.dataset.frame
    seen = dataset.frame["sha256"].isin(known.loc[known["split"] != "test", "sha256"])
    if not seen.all():
        return replace(dataset, frame=dataset.frame[~seen].reset_index(drop=True))
    raise SeenImagesError(
        f"The run learned from all {len(dataset)} pictures in '{dataset.root}': testing on them would flatter it.",
        expected="pictures that stood neither in training nor in validation",
        received="copies of pictures in the run's dataset.csv",
        hint=f"`headstart evaluate {run.path}` tests on the part that was set aside; or name other pictures.",
    )


@dataclass(frozen=True, eq=False)
class Answers:
    """What the model says of pictures before it is calibrated: logits `(n, num_classes)` and pooled features."""

    logits: np.ndarray
    features: np.ndarray


def _answers(task: ImageClassifier, dataset: Dataset, progress: Progress) -> Answers:
    progress.start("evaluating", 1)
    source = ImageSource(dataset.paths(), image_size=task.image_size, resize_mode=task.resize_mode, cache_bytes=0)
    logits, features = task.model_with_features.predict(evaluation_batches(source, batch_size=BATCH_SIZE), verbose=0)
    progress.advance(1)
    return Answers(logits.astype("float64"), features)


def _report(run: Run, dataset: Dataset, answers: Answers, calibration: Calibration) -> Report:
    task = run.task
    targets, training_targets = task.encode(dataset).astype(int), task.encode(run.dataset.part("train")).astype(int)
    probabilities = task.probabilities(answers.logits / calibration.temperature)
    if task.multi_label:
        report = evaluate_multi_label(
            probabilities, targets, task.class_names, baseline_targets=training_targets, seed=run.recipe.seed
        )
    else:
        report = evaluate_classification(
            probabilities,
            targets.argmax(axis=1),
            task.class_names,
            baseline_targets=training_targets.argmax(axis=1),
            seed=run.recipe.seed,
        )
    honesty = measure_honesty(
        calibration, answers.logits, targets, features=answers.features, multi_label=task.multi_label
    )
    return replace(report, honesty=honesty)


def _predictions_frame(task: ImageClassifier, dataset: Dataset, probabilities: np.ndarray) -> pd.DataFrame:
    columns = pd.DataFrame(probabilities, columns=[f"p({name})" for name in task.class_names])
    return pd.concat([dataset.frame[["path", "target"]], task.decode(probabilities), columns], axis=1)
