"""The export of a regressor, and predictions with its own model."""

import keras
import numpy as np

from headstart.artifacts import PredictorFacts, ServingModel, build_task_serving
from headstart.run import Batches, ExportSteps, Run, model_outputs
from headstart.tasks.regression.predictor import NumberPredictor
from headstart.tasks.regression.regressor import ImageRegressor
from headstart.tasks.regression.spec import SPEC
from headstart.tasks.regression.steps import intervals_of

(NUMBERS,) = SPEC.outputs


def _serving_model(run: Run) -> ServingModel:
    return build_task_serving(run.task, _numbers)


def _numbers(logits: keras.KerasTensor) -> dict[str, keras.KerasTensor]:
    return {NUMBERS: logits}


def _predictor(run: Run, facts: PredictorFacts, coverage: float, _: float | None) -> NumberPredictor:
    return NumberPredictor(**facts, intervals=intervals_of(run), coverage=coverage)


def _answers(run: Run, batches: Batches) -> np.ndarray:
    return np.concatenate([run.task_as(ImageRegressor).decode(numbers) for numbers in model_outputs(run, batches)])


EXPORT = ExportSteps(serving_model=_serving_model, predictor=_predictor, answers=_answers)
