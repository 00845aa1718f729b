"""A run's own model as a predictor, with the very same layers on top that an exported file has."""

from headstart.artifacts import KerasRuntime, Predictor, ServingModel, build_serving_model
from headstart.evaluation import DEFAULT_COVERAGE
from headstart.run.directory import Run


def predictor_of(run: Run, *, coverage: float = DEFAULT_COVERAGE) -> Predictor:
    """What answers with the run's own model in Keras.

    Args:
        run: a finished run.
        coverage: how often prediction sets hold the truth, above 0 and below 1.

    Raises:
        RunIncompleteError: the run has no model or no calibration.
        RunDamagedError: one of them cannot be read.
    """
    task = run.task
    return Predictor(
        runtime=KerasRuntime(serving_model_of(run).model),
        class_names=task.class_names,
        image_size=task.image_size,
        resize_mode=task.resize_mode,
        multi_label=task.multi_label,
        thresholds=run.calibration.thresholds,
        coverage=coverage,
    )


def serving_model_of(run: Run) -> ServingModel:
    """The run's model with its calibration on top.

    Raises:
        RunIncompleteError, RunDamagedError: as `predictor_of`.
    """
    return build_serving_model(run.task, run.calibration)
