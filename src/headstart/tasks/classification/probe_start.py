"""The head's first weights: the solution of a linear probe on frozen features.

References:
    Kumar et al. 2022, arXiv 2202.10054: a head that already fits keeps fine-tuning from distorting the features.
"""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from headstart.features import STRENGTHS, LinearProbe, fit_probe
from headstart.progress import SILENT, Progress
from headstart.tasks.classification.classifier import ImageClassifier
from headstart.training import (
    Checkpoint,
    CheckpointDir,
    History,
    TrainingExamples,
    keep_start,
    pooled_features,
    probe_rows,
)

# Where a probe wants less regularisation than this, the features must change before any head fits well, and a large
# kernel would throw the loss up as they do: on digits to 15.
MAX_STRENGTH = 0.1
PATIENCE = 2  # strengths; validation loss has one valley along the path


@dataclass(frozen=True, eq=False)
class ProbeStart:
    """A solved probe, how it does in the loss of the phases that follow, and the seconds it took."""

    probe: LinearProbe
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    seconds: float

    def facts(self) -> dict[str, object]:
        """The strengths that were tried and the chosen one, as values for JSON."""
        return {"strength": self.probe.strength, "path": [asdict(point) for point in self.probe.path]}


def solve_probe(
    task: ImageClassifier,
    examples: TrainingExamples,
    *,
    label_smoothing: float,
    precision: str = "float32",
    progress: Progress = SILENT,
) -> ProbeStart:
    """Solves the probe on what the head would see: pooled features of the first views, as far as memory allows.

    It minimises the loss of the phases that follow: without their smoothing it would grow as sure as the features let
    it, and learn to doubt again first.

    Args:
        task: its head is not changed.
        examples: what the probe learns from, and what its strength is chosen on.
        label_smoothing: of the phases that follow.
        precision: what the layers below the head compute in, as in `Phase`.
        progress: notified of every batch.
    """
    started = time.perf_counter()
    rows = probe_rows(examples)
    num_validation = len(examples.validation_source)
    validation_rows = np.stack([np.arange(num_validation), np.zeros(num_validation, np.int64)])
    progress.start("linear probe", rows.shape[1] + num_validation)
    features = pooled_features(task, examples.source, rows, cut=examples.cut, precision=precision, progress=progress)
    all_targets, validation_targets = np.asarray(examples.targets), np.asarray(examples.validation_targets)
    targets = all_targets[rows[0]]
    weights = None if examples.weights is None else examples.weights[rows[0]]
    validation_features = pooled_features(
        task, examples.validation_source, validation_rows, cut=examples.cut, precision=precision, progress=progress
    )
    probe = fit_probe(
        features,
        task.smoothed(targets, label_smoothing),
        validation_features=validation_features,
        validation_targets=task.smoothed(validation_targets, label_smoothing),
        weights=weights,
        strengths=[strength for strength in STRENGTHS if strength <= MAX_STRENGTH],
        patience=PATIENCE,
        multi_label=task.multi_label,
    )
    logits, validation_logits = probe.logits(features), probe.logits(validation_features)
    loss = task.loss(label_smoothing)
    return ProbeStart(
        probe=probe,
        loss=float(loss(targets, logits, weights)),
        accuracy=task.accuracy(logits, targets),
        validation_loss=float(loss(validation_targets, validation_logits)),
        validation_accuracy=task.accuracy(validation_logits, validation_targets),
        seconds=time.perf_counter() - started,
    )


def start_from_probe(
    task: ImageClassifier,
    start: ProbeStart,
    *,
    checkpoints: CheckpointDir,
    kept_from: Sequence[str] = (),
) -> tuple[Checkpoint, History]:
    """Gives the head the probe's solution and keeps it as the first checkpoint of the run.

    Args:
        task: its head is changed.
        start: the solved probe.
        checkpoints: where the run keeps its checkpoints.
        kept_from: as in `fit_phase`.
    """
    task.model.get_layer("logits").set_weights([start.probe.kernel, start.probe.bias])
    quantities = {
        "loss": start.loss,
        "accuracy": start.accuracy,
        "val_loss": start.validation_loss,
        "val_accuracy": start.validation_accuracy,
    }
    return keep_start(task, quantities, seconds=start.seconds, checkpoints=checkpoints, kept_from=kept_from)
