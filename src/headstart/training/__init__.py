"""Training: phases that fit a task's model, what is frozen in each, and the record of every epoch."""

from headstart.training.checkpoints import Checkpoint, CheckpointDir
from headstart.training.examples import TrainingExamples, example_weights
from headstart.training.fit import fit_phase, learning_part
from headstart.training.freezing import TrainableCount, set_trainable
from headstart.training.history import History
from headstart.training.phases import Phase
from headstart.training.pooled_features import pooled_examples, pooled_features
from headstart.training.precision import fastest_precision
from headstart.training.recorder import without_optimizer
from headstart.training.solved_heads import PROBE_VIEWS, keep_start, probe_rows

__all__ = [
    "PROBE_VIEWS",
    "Checkpoint",
    "CheckpointDir",
    "History",
    "Phase",
    "TrainableCount",
    "TrainingExamples",
    "example_weights",
    "fastest_precision",
    "fit_phase",
    "keep_start",
    "learning_part",
    "pooled_examples",
    "pooled_features",
    "probe_rows",
    "set_trainable",
    "without_optimizer",
]
