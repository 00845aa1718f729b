"""The export of a classifier, and predictions with its own model."""

import numpy as np

from headstart.artifacts import Answers, Predictor, PredictorFacts, ServingModel, build_serving_model
from headstart.heads import ImageClassifier
from headstart.run import Batches, ExportSteps, Run


def _serving_model(run: Run) -> ServingModel:
    return build_serving_model(run.task_as(ImageClassifier), run.calibration)


def _predictor(run: Run, facts: PredictorFacts, coverage: float, _: float | None) -> Predictor:
    return Predictor(
        **facts,
        multi_label=run.task_as(ImageClassifier).multi_label,
        thresholds=run.calibration.thresholds,
        coverage=coverage,
    )


def _answers(run: Run, batches: Batches) -> Answers:
    task = run.task_as(ImageClassifier)
    logits, pooled = task.model_with_features.predict(batches, verbose=0)
    calibration = run.calibration
    probabilities = task.probabilities(np.asarray(logits, "float64") / calibration.temperature)
    return Answers(probabilities, calibration.foreign_score(pooled))


EXPORT = ExportSteps(serving_model=_serving_model, predictor=_predictor, answers=_answers)
