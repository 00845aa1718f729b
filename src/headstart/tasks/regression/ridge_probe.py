"""The first weights of a head that predicts numbers: ridge regression on frozen features, solved exactly."""

import time
from collections.abc import Sequence

import numpy as np

from headstart.features import ridge_start
from headstart.progress import SILENT, Progress
from headstart.tasks.regression.regressor import ImageRegressor
from headstart.training import (
    Checkpoint,
    CheckpointDir,
    History,
    TrainingExamples,
    keep_start,
    pooled_features,
    probe_rows,
)


def start_from_ridge(
    task: ImageRegressor,
    examples: TrainingExamples,
    *,
    checkpoints: CheckpointDir,
    kept_from: Sequence[str] = (),
    precision: str = "float32",
    progress: Progress = SILENT,
) -> tuple[Checkpoint, History, float]:
    """Gives the head the solution of a ridge regression and keeps it as the first checkpoint of the run.

    Args:
        task: its head is changed.
        examples: what is regressed, and what the strength of regularisation is chosen on.
        checkpoints: where the run keeps its checkpoints.
        kept_from: as in `fit_phase`.
        precision: what the layers below the head compute in, as in `Phase`.
        progress: notified of every batch.

    Returns:
        The checkpoint, its row of history, and the strength that was chosen; larger is less regularised.
    """
    started = time.perf_counter()
    rows, num_validation = probe_rows(examples), len(examples.validation_source)
    validation_rows = np.stack([np.arange(num_validation), np.zeros(num_validation, np.int64)])
    progress.start("linear probe", rows.shape[1] + num_validation)
    features, validation_features = (
        pooled_features(task, source, wanted, cut=examples.cut, precision=precision, progress=progress)
        for source, wanted in ((examples.source, rows), (examples.validation_source, validation_rows))
    )
    targets, validation_targets = np.asarray(examples.targets)[rows[0]], np.asarray(examples.validation_targets)
    start = ridge_start(features, targets, validation_features, validation_targets)
    task.start_from(start.kernel, start.bias)
    parts = (("", features, targets), ("val_", validation_features, validation_targets))
    quantities = {
        f"{prefix}{name}": value
        for prefix, part, wanted in parts
        for name, value in _quantities(task, part @ start.kernel + start.bias, wanted).items()
    }
    seconds = time.perf_counter() - started
    kept = keep_start(task, quantities, seconds=seconds, checkpoints=checkpoints, kept_from=kept_from)
    return (*kept, start.strength)


def _quantities(task: ImageRegressor, predictions: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    (metric,) = task.metrics()
    metric.update_state(targets, predictions)
    return {"loss": float(task.loss()(targets, predictions)), metric.name: float(metric.result())}
