"""The export of a detector of anomalies, and predictions with its own model."""

import numpy as np

from headstart.artifacts import PredictorFacts, build_task_serving
from headstart.run import Batches, ExportSteps, Run, model_outputs
from headstart.tasks.anomaly.parity import Scored
from headstart.tasks.anomaly.predictor import ScorePredictor
from headstart.tasks.anomaly.steps import good_scores_of


def _predictor(run: Run, facts: PredictorFacts, _coverage: float, _score: float | None) -> ScorePredictor:
    return ScorePredictor(**facts, good=good_scores_of(run), false_alarms=run.recipe.head.false_alarms)


def _answers(run: Run, batches: Batches) -> Scored:
    maps = np.concatenate([maps[..., 0] for maps in model_outputs(run, batches)])
    return Scored(maps.max(axis=(1, 2)).astype(np.float64), maps)


EXPORT = ExportSteps(serving_model=lambda run: build_task_serving(run.task), predictor=_predictor, answers=_answers)
