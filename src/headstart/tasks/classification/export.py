"""The export of a classifier, and predictions with its own model."""

import numpy as np

from headstart.artifacts import PredictorFacts, ServingModel
from headstart.run import Batches, ExportSteps, Run
from headstart.tasks.classification.classifier import ImageClassifier
from headstart.tasks.classification.parity import Answers
from headstart.tasks.classification.predictor import ClassPredictor
from headstart.tasks.classification.serving_model import build_serving_model


def _serving_model(run: Run) -> ServingModel:
    return build_serving_model(run.task_as(ImageClassifier), run.calibration)


def _predictor(run: Run, facts: PredictorFacts, coverage: float, _: float | None) -> ClassPredictor:
    return ClassPredictor(
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
