"""The model that is exported for tasks that are no classification: from raw pixels to answers, all inside."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import keras

from headstart.artifacts.outputs import BOXES, CLASSES, INPUT, NUMBERS, PROBABILITY, SCORES
from headstart.artifacts.serving_model import ServingModel
from headstart.heads import ObjectDetector, Task, task_as
from headstart.task_spec import DETECTION, REGRESSION, SEGMENTATION

Answers = dict[str, keras.KerasTensor]


def build_task_serving(task: Task) -> ServingModel:
    """A detector, segmenter or regressor as exported files compute it; weights are shared with `task`, not copied."""
    images = keras.Input((*task.image_size, 3), dtype="uint8", name=INPUT)
    pixels = keras.layers.Rescaling(1.0, dtype="float32", name="pixels")(images)
    logits = keras.layers.Activation("linear", dtype="float32", name="raw_logits")(task.model(pixels))
    model = keras.Model(images, _ANSWERS[task.kind](task, logits), name=f"{task.backbone}_serving")
    return ServingModel(model=model, image_size=task.image_size, resize_mode=task.resize_mode, kind=task.kind)


def _boxes(task: Task, logits: keras.KerasTensor) -> Answers:
    """Everything but the removal of repeats, whose number of boxes no format fixes alike."""
    boxes, scores, classes = task_as(task, ObjectDetector).decoding_layers(logits)
    return {BOXES: boxes, SCORES: scores, CLASSES: classes}


def _masks(_: Task, logits: keras.KerasTensor) -> Answers:
    """The likeliest class of every pixel, and how likely it is."""
    # Not by argmax, which Keras makes of operations on bits that OpenVINO and LiteRT do not know.
    _, classes = keras.ops.top_k(logits, 1)
    return {
        CLASSES: keras.ops.cast(classes[..., 0], "int32"),
        PROBABILITY: keras.ops.max(keras.ops.softmax(logits, axis=-1), axis=-1),
    }


def _numbers(_: Task, logits: keras.KerasTensor) -> Answers:
    return {NUMBERS: logits}


_ANSWERS: Mapping[str, Callable[[Task, keras.KerasTensor], Answers]] = MappingProxyType(
    {DETECTION: _boxes, SEGMENTATION: _masks, REGRESSION: _numbers}
)
