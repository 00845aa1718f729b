"""A run's own model as a predictor, with the very same layers on top that an exported file has."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from headstart.artifacts import (
    BoxPredictor,
    KerasRuntime,
    MaskPredictor,
    NumberPredictor,
    Predictor,
    PredictorFacts,
    ServingModel,
    TaskPredictor,
    build_serving_model,
    build_task_serving,
)
from headstart.evaluation import DEFAULT_COVERAGE
from headstart.heads import ImageClassifier
from headstart.run.detection import score_threshold
from headstart.run.directory import Run
from headstart.run.regression import intervals_of
from headstart.task_spec import CLASSIFICATION, DETECTION, REGRESSION, SEGMENTATION


def predictor_of(run: Run, *, coverage: float = DEFAULT_COVERAGE, min_score: float | None = None) -> TaskPredictor:
    """What answers with the run's own model in Keras.

    Args:
        run: a finished run.
        coverage: how often prediction sets and intervals hold the truth, above 0 and below 1.
        min_score: from which on a detector's box is an answer, 0 to 1; None: as the run chose it.

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
    return _PREDICTORS[task.kind](run, facts, coverage, min_score)


def serving_model_of(run: Run) -> ServingModel:
    """The run's model with what makes answers of its outputs on top.

    Raises:
        RunIncompleteError, RunDamagedError: as `predictor_of`.
    """
    if run.task.kind == CLASSIFICATION:
        return build_serving_model(run.task_as(ImageClassifier), run.calibration)
    return build_task_serving(run.task)


def _classifier(run: Run, facts: PredictorFacts, coverage: float, _: float | None) -> Predictor:
    return Predictor(
        **facts,
        multi_label=run.task_as(ImageClassifier).multi_label,
        thresholds=run.calibration.thresholds,
        coverage=coverage,
    )


def _detector(run: Run, facts: PredictorFacts, _: float, min_score: float | None) -> BoxPredictor:
    return BoxPredictor(**facts, min_score=score_threshold(run) if min_score is None else min_score)


def _segmenter(_: Run, facts: PredictorFacts, _coverage: float, _score: float | None) -> MaskPredictor:
    return MaskPredictor(**facts)


def _regressor(run: Run, facts: PredictorFacts, coverage: float, _: float | None) -> NumberPredictor:
    return NumberPredictor(**facts, intervals=intervals_of(run), coverage=coverage)


_PREDICTORS: Mapping[str, Callable[[Run, PredictorFacts, float, float | None], TaskPredictor]] = MappingProxyType(
    {CLASSIFICATION: _classifier, DETECTION: _detector, SEGMENTATION: _segmenter, REGRESSION: _regressor}
)
