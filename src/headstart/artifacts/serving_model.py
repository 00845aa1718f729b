"""The model that is exported: from raw pixels to predictions, all inside."""

from dataclasses import dataclass, replace

import keras
import numpy as np

from headstart.artifacts.outputs import INPUT, PROBABILITIES
from headstart.heads import Task, exported_outputs
from headstart.task_spec import DEFAULT_TASK, find_task

# Layers that stay in float32 in every format: those before the network, and the head with what stands on it. They take
# next to no time, and their rounding would be seen in every prediction.
FLOAT_LAYERS = (
    *("pixels", "preprocessing", "head_pool", "logits", "temperature", "projection"),
    *("head_class", "head_box", "head_numbers"),
)


@dataclass(frozen=True, eq=False)
class ServingModel:
    """The model that every exported file computes.

    Attributes:
        model: functional model of stock layers: `(batch, height, width, 3)` uint8 RGB of the model's size to a mapping
            of its outputs: a classifier's are `probabilities`, `(batch, num_classes)`, and `foreign_score`, `(batch,)`.
        image_size: `(height, width)`.
        resize_mode: how images of another size become ones of `image_size`.
        multi_label: whether an image may show several classes, or none.
        calibration_pictures: `(n, height, width, 3)` uint8, on which int8 formats measure the range of every number.
        held_out: a classifier's probabilities `(m, num_classes)` for images that it did not learn from, which say
            what its predictions allow.
        kind: of task.
    """

    model: keras.Model
    image_size: tuple[int, int]
    resize_mode: str
    multi_label: bool = False
    calibration_pictures: np.ndarray | None = None
    held_out: np.ndarray | None = None
    kind: str = DEFAULT_TASK

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs, in the order in which a runtime gives them."""
        return find_task(self.kind).outputs


def build_task_serving(task: Task) -> ServingModel:
    """A model whose outputs follow from its logits, as exported files compute it; weights are shared, not copied."""
    images = keras.Input((*task.image_size, 3), dtype="uint8", name=INPUT)
    pixels = keras.layers.Rescaling(1.0, dtype="float32", name="pixels")(images)
    logits = keras.layers.Activation("linear", dtype="float32", name="raw_logits")(task.model(pixels))
    model = keras.Model(images, exported_outputs(task, logits), name=f"{task.backbone}_serving")
    return ServingModel(model=model, image_size=task.image_size, resize_mode=task.resize_mode, kind=task.kind)


def with_shift(serving: ServingModel, shift: np.ndarray) -> ServingModel:
    """A classifier whose logits are lower by `shift`, `(num_classes,)`; weights are shared, not copied."""
    answers = serving.model.get_layer(PROBABILITIES)
    shifted = keras.layers.Rescaling(1.0, offset=(-shift).tolist(), dtype="float32", name="shift")(answers.input)
    probabilities = keras.layers.Activation(answers.activation, dtype="float32", name=PROBABILITIES)(shifted)
    outputs = {**serving.model.output, PROBABILITIES: probabilities}
    return replace(serving, model=keras.Model(serving.model.input, outputs, name=serving.model.name))
