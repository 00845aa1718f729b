"""Which objects an image shows, and where."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import keras
import numpy as np

from headstart.backbones import Backbone, stage_layers
from headstart.data import BoxTargets, Dataset, Tensor
from headstart.errors import ClassNamesError
from headstart.heads import HeadSettings, TaskModel, from_saved, plain_facts
from headstart.task_spec import DETECTION
from headstart.tasks.detection.detections import MAX_OVERLAP, Detections
from headstart.tasks.detection.grid import decode_grid, decode_in_graph
from headstart.tasks.detection.loss import DetectionLoss
from headstart.tasks.detection.pyramid import HeadLayers, detector_taps, pyramid
from headstart.tasks.detection.spec import SPEC

BOXES, SCORES, CLASSES = SPEC.outputs

MAX_BOXES = 100
MIN_SCORE = 1e-6  # what is no peak has 0
# A score that most cells, which hold nothing, start with: else their loss drowns the objects' (arXiv 1708.02002).
FIRST_SCORE = 0.01


@dataclass(frozen=True, eq=False)
class ObjectDetector:
    """A detector: a plain Keras model from raw RGB 0-255 to a grid of class scores and boxes.

    Attributes:
        kind: of task.
        model: flat functional model of stock layers, `(batch, height, width, 3)` to
            `(batch, rows, columns, num_classes + 4)`; see `headstart.tasks.detection.grid`.
        class_names: what each score stands for.
        backbone: name of the backbone below the head.
        stages: stage name → names of the layers that belong to it, lowest stage first.
        tap_layers: the backbone's layers that the head reads, lowest first.
        resize_mode: how an image of another size becomes one of `image_size`.
    """

    kind: ClassVar[str] = DETECTION

    model: keras.Model
    class_names: tuple[str, ...]
    backbone: str
    stages: Mapping[str, tuple[str, ...]] = field(repr=False)
    tap_layers: tuple[str, ...]
    resize_mode: str = "stretch"

    @property
    def image_size(self) -> tuple[int, int]:
        """Height and width of the images the model takes."""
        _, height, width, _ = self.model.input_shape
        return height, width

    @property
    def head_layers(self) -> tuple[str, ...]:
        """Names of the new layers on top of the backbone, lowest first."""
        return tuple(layer.name for layer in self.model.layers if layer.name.startswith(("head_", "logits")))

    def encode(self, dataset: Dataset) -> BoxTargets:
        """Boxes in pixels of the model's input, as the loss wants them.

        Raises:
            ClassNamesError: the data has a class that the model does not know.
        """
        unknown = sorted(set(dataset.class_names) - set(self.class_names))
        if unknown:
            raise ClassNamesError(
                f"The data has {len(unknown)} classes that the model does not know: {', '.join(unknown[:8])}.",
                expected=f"only the classes {', '.join(self.class_names)}",
                received=", ".join(unknown[:8]),
                hint="Rename or remove these classes, or train a model that knows them.",
            )
        known = replace(dataset, class_names=self.class_names)
        return BoxTargets(known, image_size=self.image_size, resize_mode=self.resize_mode)

    def loss(self, label_smoothing: float = 0.0) -> DetectionLoss:  # noqa: ARG002 (peaks are soft already)
        """Focal loss of class scores plus overlap of boxes; `label_smoothing` changes nothing."""
        return DetectionLoss(self.image_size)

    def metrics(self) -> list[keras.metrics.Metric]:
        """None; numbers that are reported come from `headstart.metrics`."""
        return []

    def decode(self, logits: np.ndarray) -> list[Detections]:
        """The objects of every image, in pixels of the model's input.

        Args:
            logits: `(batch, rows, columns, num_classes + 4)`.
        """
        return self.detections(*decode_grid(np.asarray(logits), self.image_size, max_boxes=MAX_BOXES))

    def detections(self, boxes: np.ndarray, scores: np.ndarray, classes: np.ndarray) -> list[Detections]:
        """Detections from the outputs of `decoding_layers`, after non-maximum suppression; only peaks are kept."""
        pictures = zip(boxes, scores, classes, strict=True)
        found = (Detections(*(np.asarray(part) for part in picture)) for picture in pictures)
        return [one.above(MIN_SCORE).without_repeats(MAX_OVERLAP) for one in found]

    def decoding_layers(self, logits: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The part of `decode` that a model can hold: everything but the removal of repeats.

        Args:
            logits: what the model gives, a tensor or a Keras tensor.

        Returns:
            Boxes `(batch, n, 4)` `xyxy` in pixels of the model's input, scores `(batch, n)` falling, classes
            `(batch, n)` int32; n is at most `MAX_BOXES`.
        """
        return decode_in_graph(logits, self.image_size, max_boxes=MAX_BOXES)

    def facts(self) -> dict[str, object]:
        """Everything but the model, as plain values that JSON can hold; `from_file` takes them back."""
        return plain_facts(self)

    @classmethod
    def from_file(cls, model_path: Path, facts: Mapping[str, object]) -> "ObjectDetector":
        """The detector of a saved `.keras` file and its `facts`; custom code in the file is refused."""
        return from_saved(cls, model_path, facts, extra_outputs=4)  # the four sides of a box


def build_detector(
    backbone: Backbone,
    class_names: tuple[str, ...],
    *,
    resize_mode: str = "stretch",
    channels: int = 96,
    seed: int = 0,
) -> ObjectDetector:
    """A detector with a new head on a backbone: a feature pyramid, and on its finest map scores and boxes.

    Args:
        backbone: the pretrained network; its layers become the detector's own, nothing is nested or copied.
        class_names: at least one name, in the order of the scores.
        resize_mode: kept so that prediction resizes as training did.
        channels: of every map of the head.
        seed: of the head's first weights.
    """
    tap_layers = detector_taps(backbone)
    layers = HeadLayers(channels, seed=seed)
    features = pyramid([backbone.model.get_layer(name).output for name in tap_layers], layers)
    scores = _predicted(features, layers, "head_class", len(class_names), bias=-np.log(1 / FIRST_SCORE - 1))
    sides = _predicted(features, layers, "head_box", 4, bias=0.0)
    logits = keras.layers.Concatenate(dtype="float32", name="logits")([scores, sides])
    return ObjectDetector(
        model=keras.Model(backbone.model.input, logits, name=f"{backbone.spec.name}_detector"),
        class_names=tuple(class_names),
        backbone=backbone.spec.name,
        stages=stage_layers(backbone.model, backbone.spec),
        tap_layers=tap_layers,
        resize_mode=resize_mode,
    )


def _predicted(
    features: keras.KerasTensor, layers: HeadLayers, name: str, channels: int, *, bias: float
) -> keras.KerasTensor:
    """A 3x3 convolution of its own, then a 1x1 convolution to what is predicted."""
    features = layers.convolved(features, 3, f"{name}_mix")
    return keras.layers.Conv2D(
        channels,
        1,
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.01, seed=layers.next_seed()),
        bias_initializer=keras.initializers.Constant(float(bias)),
        dtype="float32",
        name=name,
    )(features)


def _build(backbone: Backbone, dataset: Dataset, settings: HeadSettings) -> ObjectDetector:
    return build_detector(backbone, dataset.class_names, resize_mode=settings.resize_mode, seed=settings.seed)


def _boxes(detector: ObjectDetector, logits: keras.KerasTensor) -> dict[str, keras.KerasTensor]:
    """Everything but the removal of repeats, whose number of boxes no format fixes alike."""
    boxes, scores, classes = detector.decoding_layers(logits)
    return {BOXES: boxes, SCORES: scores, CLASSES: classes}


MODEL = TaskModel(ObjectDetector, _build, detector_taps, exported=_boxes)
