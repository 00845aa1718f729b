"""A head whose weights were solved and not trained, as the first checkpoint of a run."""

from collections.abc import Mapping, Sequence

import numpy as np

from headstart.heads import Task
from headstart.training.checkpoints import Checkpoint, CheckpointDir
from headstart.training.examples import TrainingExamples
from headstart.training.fit import learning_part
from headstart.training.history import History

PHASE_NAME = "linear probe"
MAX_ROWS = 20_000  # features of more rows would not fit a small memory: 20,000 x 2,048 float32 are 164 MB
PROBE_VIEWS = 2  # at most, of each example: features and solution take as many times longer as there are views


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
