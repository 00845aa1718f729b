"""The export of a classifier, and predictions with its own model."""

import keras
import numpy as np

from headstart.artifacts import INPUT, PredictorFacts, ServingModel
from headstart.run import Batches, ExportSteps, Run
from headstart.tasks.classification.classifier import ImageClassifier
from headstart.tasks.classification.parity import Answers
from headstart.tasks.classification.predictor import ClassPredictor
from headstart.tasks.classification.spec import SPEC
from headstart.trust import Calibration

PROBABILITIES, FOREIGN_SCORE = SPEC.outputs
_LEAST_ENERGY = 1e-12  # of features, as in `Calibration.foreign_score`


def build_serving_model(task: ImageClassifier, calibration: Calibration) -> ServingModel:
    """The run's model with its calibration on top; weights are shared with `task`, not copied."""
    images = keras.Input((*task.image_size, 3), dtype="uint8", name=INPUT)
    pixels = keras.layers.Rescaling(1.0, dtype="float32", name="pixels")(images)
    logits, pooled = task.model_with_features(pixels)
    logits = keras.layers.Activation("linear", dtype="float32", name="raw_logits")(logits)
    answers = {PROBABILITIES: _probabilities(logits, task, calibration), FOREIGN_SCORE: _score(pooled, calibration)}
    model = keras.Model(images, answers, name=f"{task.backbone}_serving")
    return ServingModel(
        model=model, image_size=task.image_size, resize_mode=task.resize_mode, multi_label=task.multi_label
    )


def _probabilities(logits: keras.KerasTensor, task: ImageClassifier, calibration: Calibration) -> keras.KerasTensor:
    inverse = (1.0 / calibration.temperature).tolist()
    logits = keras.layers.Rescaling(inverse, dtype="float32", name="temperature")(logits)
    function = "sigmoid" if task.multi_label else "softmax"
    return keras.layers.Activation(function, dtype="float32", name=PROBABILITIES)(logits)


def _score(pooled: keras.KerasTensor, calibration: Calibration) -> keras.KerasTensor:
    """As `Calibration.foreign_score`: the share of the features' energy outside the directions of training images."""
    pooled = keras.layers.Activation("linear", dtype="float32", name="raw_features")(pooled)
    project = keras.layers.Dense(calibration.projection.shape[1], use_bias=False, dtype="float32", name="projection")
    inside = keras.ops.sum(keras.ops.square(project(pooled)), axis=-1)
    project.set_weights([calibration.projection.astype(np.float32)])
    energy = keras.ops.sum(keras.ops.square(pooled), axis=-1)
    return 1.0 - inside / keras.ops.maximum(energy, _LEAST_ENERGY)


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
