"""The export of a segmenter, and predictions with its own model."""

import numpy as np

from headstart.artifacts import PredictorFacts, build_task_serving
from headstart.run import Batches, ExportSteps, Run, model_outputs
from headstart.tasks.segmentation.parity import NamedPixels
from headstart.tasks.segmentation.predictor import MaskPredictor
from headstart.tasks.segmentation.segmenter import Segmenter


def _predictor(_: Run, facts: PredictorFacts, _coverage: float, _score: float | None) -> MaskPredictor:
    return MaskPredictor(**facts)


def _answers(run: Run, batches: Batches) -> NamedPixels:
    task = run.task_as(Segmenter)
    classes, probabilities = [], []
    for logits in model_outputs(run, batches):
        classes.append(task.decode(logits))
        probabilities.append(task.probabilities(logits).max(axis=-1))
    return NamedPixels(np.concatenate(classes), np.concatenate(probabilities))


EXPORT = ExportSteps(serving_model=lambda run: build_task_serving(run.task), predictor=_predictor, answers=_answers)
