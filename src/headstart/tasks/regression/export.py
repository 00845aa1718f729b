"""The export of a regressor, and predictions with its own model."""

import numpy as np

from headstart.artifacts import PredictorFacts, build_task_serving
from headstart.run import Batches, ExportSteps, Run, model_outputs
from headstart.tasks.regression.predictor import NumberPredictor
from headstart.tasks.regression.regressor import ImageRegressor
from headstart.tasks.regression.steps import intervals_of


def _predictor(run: Run, facts: PredictorFacts, coverage: float, _: float | None) -> NumberPredictor:
    return NumberPredictor(**facts, intervals=intervals_of(run), coverage=coverage)


def _answers(run: Run, batches: Batches) -> np.ndarray:
    return np.concatenate([run.task_as(ImageRegressor).decode(numbers) for numbers in model_outputs(run, batches)])


EXPORT = ExportSteps(serving_model=lambda run: build_task_serving(run.task), predictor=_predictor, answers=_answers)
