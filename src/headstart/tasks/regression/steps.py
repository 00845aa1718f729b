"""The steps of a run that are specific to regression."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from headstart.data import Dataset, decode_image
from headstart.errors import RunDamagedError
from headstart.files import Number, Schema, write_json
from headstart.heads import Task, task_as
from headstart.progress import Progress
from headstart.run import (
    FORMAT_VERSION,
    Evaluated,
    LearningParts,
    PageContent,
    Run,
    TaskSteps,
    picture_outputs,
    predicted_numbers,
    read_json,
    validation_outputs,
    worst_rows,
)
from headstart.tasks.regression.intervals import RegressionIntervals
from headstart.tasks.regression.metrics import evaluate_regression
from headstart.tasks.regression.regressor import ImageRegressor
from headstart.tasks.regression.report import regression_example
from headstart.tasks.regression.ridge_probe import start_from_ridge
from headstart.training import Checkpoint, History, TrainingExamples
from headstart.trust import DEFAULT_COVERAGE


class NumberPromises(Schema):
    """promises.json of a regressor: one row per validation image."""

    format_version: Literal[1] = 1
    residuals: Annotated[list[list[Annotated[Number, Field(ge=0)]]], Field(max_length=10_000_000)]

    @model_validator(mode="after")
    def _is_ascending(self) -> "NumberPromises":
        if len({len(row) for row in self.residuals}) > 1:
            raise ValueError("should have rows of one length")
        if any(
            low > high for before, after in pairwise(self.residuals) for low, high in zip(before, after, strict=True)
        ):
            raise ValueError("should be in ascending order")
        return self


def outputs(task: Task) -> str:
    """The output of the new layers, in words."""
    return ", ".join(task.class_names)


def start_head(
    run: Run, task: Task, examples: TrainingExamples, kept_from: Sequence[str], progress: Progress
) -> tuple[Checkpoint, History]:
    """Gives the head the solution of a ridge regression."""
    checkpoint, history, strength = start_from_ridge(
        task_as(task, ImageRegressor),
        examples,
        checkpoints=run.checkpoints,
        kept_from=kept_from,
        precision=run.recipe.fine_tuning_phase.precision,
        progress=progress,
    )
    write_json(run.probe_path, {"format_version": FORMAT_VERSION, "strength": strength})
    progress.finish()
    progress.say(
        f"ridge regression: validation loss {checkpoint.best_loss:.3f}, regularization strength {strength:.2g}"
    )
    return checkpoint, history


def measure_residuals(run: Run, task: Task, parts: LearningParts | None, progress: Progress) -> None:
    """Write the errors on the validation images, from which the prediction intervals follow."""
    progress.start("measuring the errors for the intervals", 1)
    predictions = np.concatenate(list(validation_outputs(run, task, parts)))
    measured = RegressionIntervals.from_predictions(predictions, run.dataset.part("validation").numbers())
    write_json(run.promises_path, {"format_version": FORMAT_VERSION, "residuals": measured.residuals.tolist()})
    progress.finish()


def intervals_of(run: Run) -> RegressionIntervals:
    """The prediction intervals of a run, from its errors on the validation images."""
    rows = read_json(run.promises_path, NumberPromises)["residuals"]
    num_names = len(run.task.class_names)
    if rows and len(rows[0]) != num_names:
        raise RunDamagedError(
            f"'{run.promises_path}' belongs to another model.",
            expected=f"residuals of {num_names} numbers",
            received=f"residuals of {len(rows[0])}",
            hint=f"Evaluate the run again: `headstart evaluate {run.path}`.",
        )
    return RegressionIntervals(np.array(rows, np.float64).reshape(len(rows), num_names))


def evaluate_pictures(run: Run, dataset: Dataset, progress: Progress) -> Evaluated:
    """The report on images with numbers, and the prediction for each of them."""
    task = run.task
    predictions = np.concatenate(list(picture_outputs(task, dataset, progress))).astype("float64")
    half_widths = intervals_of(run).half_widths(DEFAULT_COVERAGE)
    report = evaluate_regression(
        predictions,
        dataset.numbers(),
        task.class_names,
        baseline_targets=run.dataset.part("train").numbers(),
        interval_half_width=half_widths,
        coverage=DEFAULT_COVERAGE,
        seed=run.recipe.seed,
    )
    columns: dict[str, np.ndarray] = {}
    for name, answers, half_width in zip(task.class_names, predictions.T, half_widths, strict=True):
        # Without end where too few validation images promise anything.
        columns |= {name: answers, f"{name} low": answers - half_width, f"{name} high": answers + half_width}
    return Evaluated(report, dataset.frame[["path", "target"]].assign(**columns))


def report_content(run: Run) -> PageContent:
    """Images for the report of a regressor: those with the largest errors."""
    names, test = run.task.class_names, run.dataset.part("test")
    answers, numbers, paths = predicted_numbers(run, names), test.numbers(), test.paths()
    pictures = [
        regression_example(decode_image(paths[index]), numbers[index], answers[index], names, name=paths[index].name)
        for index in worst_rows(run)
    ]
    return {"mistakes": (), "examples": pictures}


def head_facts(run: Run) -> Mapping[str, object]:
    """Facts about the new layers for the report."""
    return {
        "layers": "average over positions, dropout, one dense layer for standardized numbers",
        "first weights": "a ridge regression" if run.recipe.head.start == "probe" else "random",
        "dropout": run.recipe.head.dropout,
        "numbers": ", ".join(run.task.class_names),
    }


STEPS = TaskSteps(
    outputs=outputs,
    calibrate=measure_residuals,
    evaluate=evaluate_pictures,
    report_content=report_content,
    head_facts=head_facts,
    start=start_head,
)
