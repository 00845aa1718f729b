"""The head's first weights: the solution of a linear probe on frozen features.

References:
    Kumar et al. 2022, arXiv 2202.10054: a head that already fits keeps fine-tuning from distorting the features.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from headstart.features import STRENGTHS, LinearProbe, fit_probe
from headstart.heads import ImageClassifier, Task
from headstart.progress import SILENT, Progress
from headstart.training.checkpoints import Checkpoint, CheckpointDir
from headstart.training.examples import TrainingExamples
from headstart.training.fit import learning_part
from headstart.training.history import History
from headstart.training.pooled_features import pooled_features

PHASE_NAME = "linear probe"
MAX_ROWS = 20_000  # features of more rows would not fit a small memory: 20,000 x 2,048 float32 are 164 MB
PROBE_VIEWS = 2  # at most, of each example: features and solution take as many times longer as there are views
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
        """What was tried and chosen, as plain values."""
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
        progress: told of every batch.
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


def keep_start(
    task: Task, quantities: Mapping[str, float], *, seconds: float, checkpoints: CheckpointDir, kept_from: Sequence[str]
) -> tuple[Checkpoint, History]:
    """Keeps a head that was solved and not trained as the first checkpoint of the run.

    Args:
        task: with the head as it was solved.
        quantities: losses and metrics, as an epoch of training has them.
        seconds: that solving took.
        checkpoints: where the run keeps its checkpoints.
        kept_from: as in `fit_phase`.
    """
    row = {"phase": PHASE_NAME, "epoch": 1, "learning_rate": 0.0, **quantities, "seconds": round(seconds, 3)}
    validation_loss = quantities["val_loss"]
    best_file = checkpoints.write_weights(learning_part(task, kept_from), "0-0001-best")
    checkpoint = Checkpoint(
        phase_index=0,
        epoch=1,
        best_loss=validation_loss,
        phase_best_loss=validation_loss,
        epochs_since_best=0,
        stopped=True,
        last_file=best_file,
        best_file=best_file,
        hashes={best_file: checkpoints.hash_of(best_file)},
    )
    history = History((row,))
    checkpoints.write(checkpoint, history)
    return checkpoint, history


def probe_rows(examples: TrainingExamples) -> np.ndarray:
    """`(2, rows)`: example and view of each row; fewer views, then fewer examples, where all would be too many."""
    num_examples = len(examples.source)
    num_views = max(1, min(examples.source.num_views, PROBE_VIEWS, MAX_ROWS // num_examples))
    chosen = np.arange(num_examples)
    if num_examples > MAX_ROWS:
        chosen = np.sort(np.random.default_rng(examples.seed).choice(num_examples, MAX_ROWS, replace=False))
    return np.stack([np.tile(chosen, num_views), np.repeat(np.arange(num_views), len(chosen))])
