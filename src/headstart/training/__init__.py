"""Training: phases that fit a task's model, what is frozen in each, and the record of every epoch."""

from headstart.training.checkpoints import Checkpoint, CheckpointDir
from headstart.training.examples import TrainingExamples, example_weights
from headstart.training.fit import fit_phase, learning_part
from headstart.training.freezing import TrainableCount, set_trainable
from headstart.training.history import History
from headstart.training.phases import Phase
from headstart.training.pooled_features import pooled_examples, pooled_features
from headstart.training.precision import fastest_precision
from headstart.training.probe_start import PROBE_VIEWS, ProbeStart, solve_probe, start_from_probe
from headstart.training.recorder import without_optimizer
from headstart.training.ridge_probe import start_from_ridge

__all__ = [
    "PROBE_VIEWS",
    "Checkpoint",
    "CheckpointDir",
    "History",
    "Phase",
    "ProbeStart",
    "TrainableCount",
    "TrainingExamples",
    "example_weights",
    "fastest_precision",
    "fit_phase",
    "learning_part",
    "pooled_examples",
    "pooled_features",
    "set_trainable",
    "solve_probe",
    "start_from_probe",
    "start_from_ridge",
    "without_optimizer",
]
