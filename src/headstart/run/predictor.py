"""A run's own model as a predictor, with the very same layers on top that an exported file has."""

from headstart.artifacts import KerasRuntime, PredictorFacts, ServingModel, TaskPredictor
from headstart.run.directory import Run
from headstart.run.export_steps import export_steps_of
from headstart.trust import DEFAULT_COVERAGE


def predictor_of(run: Run, *, coverage: float = DEFAULT_COVERAGE, min_score: float | None = None) -> TaskPredictor:
    """The predictor of the run's own model in Keras.

    Args:
        run: a finished run.
        coverage: how often prediction sets and intervals hold the truth, above 0 and below 1.
        min_score: from which on a detector's box is a prediction, 0 to 1; None: as the run chose it.

    Raises:
        RunIncompleteError: the run has no model or no calibration.
        RunDamagedError: one of them cannot be read.
    """
    task, serving = run.task, serving_model_of(run)
    facts: PredictorFacts = {
        "runtime": KerasRuntime(serving.model, serving.outputs),
        "class_names": task.class_names,
        "image_size": task.image_size,
        "resize_mode": task.resize_mode,
    }
    return export_steps_of(task.kind).predictor(run, facts, coverage, min_score)


def serving_model_of(run: Run) -> ServingModel:
    """The run's model with what makes predictions of its outputs on top.

    Raises:
        RunIncompleteError, RunDamagedError: as `predictor_of`.
    """
    return export_steps_of(run.task.kind).serving_model(run)
