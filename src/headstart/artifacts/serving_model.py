"""The model that is exported: from raw pixels to calibrated probabilities and the foreign score, all inside."""

from dataclasses import dataclass, replace

import keras
import numpy as np

from headstart.artifacts.outputs import FOREIGN_SCORE, INPUT, OUTPUTS, PROBABILITIES
from headstart.evaluation import Calibration
from headstart.heads import ImageClassifier
from headstart.task_spec import CLASSIFICATION

# Layers that stay in float32 in every format: those before the network, and the head with what stands on it. They take
# next to no time, and their rounding would be seen in every answer.
FLOAT_LAYERS = (
    *("pixels", "preprocessing", "head_pool", "logits", "temperature", "projection"),
    *("head_class", "head_box", "head_numbers"),
)
_LEAST_ENERGY = 1e-12  # of features, as in `Calibration.foreign_score`


@dataclass(frozen=True, eq=False)
class ServingModel:
    """What every exported file computes.

    Attributes:
        model: functional model of stock layers: `(batch, height, width, 3)` uint8 RGB of the model's size to a mapping
            of its outputs: a classifier's are `probabilities`, `(batch, num_classes)`, and `foreign_score`, `(batch,)`.
        image_size: `(height, width)`.
        resize_mode: how pictures of another size become ones of `image_size`.
        multi_label: whether a picture may show several classes, or none.
        calibration_pictures: `(n, height, width, 3)` uint8, on which int8 formats measure the range of every number.
        held_out: a classifier's probabilities `(m, num_classes)` for pictures that it did not learn from, which say
            what its answers bear.
        kind: of task.
    """

    model: keras.Model
    image_size: tuple[int, int]
    resize_mode: str
    multi_label: bool = False
    calibration_pictures: np.ndarray | None = None
    held_out: np.ndarray | None = None
    kind: str = CLASSIFICATION

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs, in the order in which a runtime gives them."""
        return OUTPUTS[self.kind]


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


def with_shift(serving: ServingModel, shift: np.ndarray) -> ServingModel:
    """A classifier whose logits are lower by `shift`, `(num_classes,)`; weights are shared, not copied."""
    answers = serving.model.get_layer(PROBABILITIES)
    shifted = keras.layers.Rescaling(1.0, offset=(-shift).tolist(), dtype="float32", name="shift")(answers.input)
    probabilities = keras.layers.Activation(answers.activation, dtype="float32", name=PROBABILITIES)(shifted)
    outputs = {**serving.model.output, PROBABILITIES: probabilities}
    return replace(serving, model=keras.Model(serving.model.input, outputs, name=serving.model.name))


def _probabilities(logits: keras.KerasTensor, task: ImageClassifier, calibration: Calibration) -> keras.KerasTensor:
    inverse = (1.0 / calibration.temperature).tolist()
    logits = keras.layers.Rescaling(inverse, dtype="float32", name="temperature")(logits)
    function = "sigmoid" if task.multi_label else "softmax"
    return keras.layers.Activation(function, dtype="float32", name=PROBABILITIES)(logits)


def _score(pooled: keras.KerasTensor, calibration: Calibration) -> keras.KerasTensor:
    """As `Calibration.foreign_score`: the share of the features' energy outside the directions of training pictures."""
    pooled = keras.layers.Activation("linear", dtype="float32", name="raw_features")(pooled)
    project = keras.layers.Dense(calibration.projection.shape[1], use_bias=False, dtype="float32", name="projection")
    inside = keras.ops.sum(keras.ops.square(project(pooled)), axis=-1)
    project.set_weights([calibration.projection.astype(np.float32)])
    energy = keras.ops.sum(keras.ops.square(pooled), axis=-1)
    return 1.0 - inside / keras.ops.maximum(energy, _LEAST_ENERGY)
