"""How far a run's predictions can be trusted, from its validation images alone: the test part stays closed."""

import numpy as np

from headstart.backbones import cut_model
from headstart.data import ExampleSource, SideBySide
from headstart.heads import POOLED, Task, task_as
from headstart.progress import SILENT, Progress
from headstart.run import MAX_CALIBRATION_PICTURES, LearningParts, Run, pixel_examples
from headstart.tasks.classification.classifier import ImageClassifier
from headstart.training import TrainingExamples, pooled_features
from headstart.trust import Calibration, fit_calibration


def calibrate(run: Run, task: Task, parts: LearningParts | None = None, progress: Progress = SILENT) -> Calibration:
    """Fits the calibration of a trained model and writes it into the run.

    Rows of the bank at the plain view take the place of images where the layers below them are still those that
    computed them; only what fine-tuning changed is run on them, as it is now. Validation images, whose predictions are
    what is promised, are read where the bank was quantised; for the directions of training features its rows will do.

    Args:
        run: its validation and training parts are read.
        task: the trained model.
        parts: what the phases learned from; None: the images themselves are read.
        progress: notified of every batch.
    """
    pictures = pixel_examples(task, run.recipe, run.dataset)
    rows = pictures if parts is None or run.recipe.deep_phase.epochs else parts.upper
    promised = pictures if run.recipe.bank.engine == "openvino-int8" else rows
    training = _some(len(pictures.source), seed=run.recipe.seed)
    validation = np.arange(len(pictures.validation_source))
    progress.start("calibrating", len(training) + len(validation))
    training_features = _plain_features(task, rows, rows.source, training, progress)
    features = _plain_features(task, promised, promised.validation_source, validation, progress)
    calibration = fit_calibration(
        np.asarray(cut_model(task.model, POOLED).upper(features, training=False)),
        np.asarray(pictures.validation_targets),
        features=features,
        training_features=training_features,
        multi_label=task_as(task, ImageClassifier).multi_label,
    )
    calibration.write(run.calibration_path)
    run.update_state(run.state["state"], calibration=_facts(calibration, len(training), len(validation)))
    progress.finish()
    return calibration


def _facts(calibration: Calibration, num_training: int, num_validation: int) -> dict[str, object]:
    return {
        "temperature": calibration.temperature.tolist(),
        "num_directions": calibration.projection.shape[1],
        "num_training": num_training,
        "num_validation": num_validation,
    }


def _some(num_pictures: int, *, seed: int) -> np.ndarray:
    """Numbers of all images, or of as many as are worth their time."""
    if num_pictures <= MAX_CALIBRATION_PICTURES:
        return np.arange(num_pictures)
    return np.sort(np.random.default_rng(seed).choice(num_pictures, MAX_CALIBRATION_PICTURES, replace=False))


def _plain_features(
    task: Task,
    examples: TrainingExamples,
    source: ExampleSource | SideBySide,
    numbers: np.ndarray,
    progress: Progress,
) -> np.ndarray:
    rows = np.stack([numbers, np.zeros_like(numbers)])  # view 0 is the plain image
    return pooled_features(task, source, rows, cut=examples.cut, progress=progress)
