"""The export of a segmenter, and predictions with its own model."""

import keras
import numpy as np

from headstart.artifacts import PredictorFacts, ServingModel, build_task_serving
from headstart.run import Batches, ExportSteps, Run, model_outputs
from headstart.tasks.segmentation.parity import NamedPixels
from headstart.tasks.segmentation.predictor import MaskPredictor
from headstart.tasks.segmentation.segmenter import Segmenter
from headstart.tasks.segmentation.spec import SPEC

CLASSES, PROBABILITY = SPEC.outputs


def _serving_model(run: Run) -> ServingModel:
    return build_task_serving(run.task, _masks)


def _masks(logits: keras.KerasTensor) -> dict[str, keras.KerasTensor]:
    """The likeliest class of every pixel, and how likely it is."""
    # Not by argmax, which Keras makes of operations on bits that OpenVINO and LiteRT do not know.
    _, classes = keras.ops.top_k(logits, 1)
    return {
        CLASSES: keras.ops.cast(classes[..., 0], "int32"),
        PROBABILITY: keras.ops.max(keras.ops.softmax(logits, axis=-1), axis=-1),
    }


def _predictor(_: Run, facts: PredictorFacts, _coverage: float, _score: float | None) -> MaskPredictor:
    return MaskPredictor(**facts)


def _answers(run: Run, batches: Batches) -> NamedPixels:
    task = run.task_as(Segmenter)
    classes, probabilities = [], []
    for logits in model_outputs(run, batches):
        classes.append(task.decode(logits))
        probabilities.append(task.probabilities(logits).max(axis=-1))
    return NamedPixels(np.concatenate(classes), np.concatenate(probabilities))


EXPORT = ExportSteps(serving_model=_serving_model, predictor=_predictor, answers=_answers)
