"""Which class every pixel of an image belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import keras
import numpy as np

from headstart.backbones import Backbone, stage_layers
from headstart.data import Dataset, ImageSource, MaskTargets
from headstart.errors import ClassNamesError
from headstart.heads import HeadSettings, TaskModel, from_saved, plain_facts, taps_at
from headstart.task_spec import SEGMENTATION
from headstart.tasks.segmentation.decoder import decode_maps
from headstart.tasks.segmentation.loss import SegmentationLoss
from headstart.tasks.segmentation.spec import SPEC

CLASSES, PROBABILITY = SPEC.outputs

STRIDES = (4, 8, 16, 32)
# Of larger images the map at stride 4 is most of the bank and of the work, and the head learns more slowly with it:
# see docs/decisions/0023.
MAX_SIZE_AT_STRIDE_4 = 320
DICE_WEIGHT = 1.0


@dataclass(frozen=True, eq=False)
class Segmenter:
    """A segmenter: a plain Keras model from raw RGB 0-255 to a logit for every pixel and class.

    Attributes:
        kind: of task.
        model: flat functional model of stock layers, `(batch, height, width, 3)` to
            `(batch, height, width, num_classes)` logits.
        class_names: what each logit stands for.
        backbone: name of the backbone below the head.
        stages: stage name → names of the layers that belong to it, lowest stage first.
        tap_layers: names of the backbone's layers that the head reads, lowest first.
        resize_mode: how an image of another size becomes one of `image_size`.
    """

    kind: ClassVar[str] = SEGMENTATION

    model: keras.Model
    class_names: tuple[str, ...]
    backbone: str
    stages: Mapping[str, tuple[str, ...]] = field(repr=False)
    tap_layers: tuple[str, ...] = ()
    resize_mode: str = "stretch"

    @property
    def image_size(self) -> tuple[int, int]:
        """Height and width of the images the model takes."""
        _, height, width, _ = self.model.input_shape
        return height, width

    @property
    def head_layers(self) -> tuple[str, ...]:
        """Names of the new layers on top of the backbone, lowest first."""
        names = (layer.name for layer in self.model.layers)
        return tuple(name for name in names if name.startswith("head_") or name == "logits")

    def encode(self, dataset: Dataset) -> MaskTargets:
        """Masks in the size of the model's input, numbers in the order of its own class names.

        Raises:
            ClassNamesError: the data has a class that the model does not know.
        """
        unknown = [name for name in dataset.class_names if name not in self.class_names]
        if unknown:
            raise ClassNamesError(
                f"The masks have {len(unknown)} classes that the model does not know: {', '.join(unknown[:8])}.",
                expected=f"only the classes {', '.join(self.class_names)}",
                received=", ".join(unknown[:8]),
                hint="Rename or remove these classes, or train a model that knows them.",
            )
        named = replace(dataset, class_names=self.class_names)
        return MaskTargets(named, image_size=self.image_size, resize_mode=self.resize_mode)

    def loss(self, label_smoothing: float = 0.0) -> keras.losses.Loss:
        """Cross-entropy and soft Dice of labelled pixels; `label_smoothing` from 0 to below 1."""
        return SegmentationLoss(dice_weight=DICE_WEIGHT, label_smoothing=label_smoothing)

    def metrics(self) -> list[keras.metrics.Metric]:
        """None: the reported ones come from `headstart.metrics`, and counting every pixel would slow training."""
        return []

    def predict(self, source: ImageSource, *, batch_size: int = 8) -> np.ndarray:
        """Class of every pixel, `(pictures, height, width)` uint8 in the model's size, in the order of `source`."""
        answers = np.empty((len(source), *self.image_size), np.uint8)
        for first in range(0, len(source), batch_size):
            rows = np.arange(first, min(first + batch_size, len(source)))
            pictures = source.load_batch(rows, np.zeros_like(rows))
            answers[rows] = self.decode(self.model.predict_on_batch(pictures))
        return answers

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Softmax of every pixel, `(batch, height, width, num_classes)` float32."""
        logits = np.asarray(logits, "float32")
        exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
        shares: np.ndarray = exponentials / exponentials.sum(axis=-1, keepdims=True)
        return shares

    def decode(self, logits: np.ndarray) -> np.ndarray:
        """The likeliest class of every pixel, `(batch, height, width)` uint8, from logits or probabilities."""
        classes: np.ndarray = np.asarray(logits).argmax(axis=-1).astype(np.uint8)
        return classes

    def facts(self) -> dict[str, object]:
        """Everything but the model, as plain values that JSON can hold; `from_file` takes them back."""
        return plain_facts(self)

    @classmethod
    def from_file(cls, model_path: Path, facts: Mapping[str, object]) -> "Segmenter":
        """The segmenter of a saved `.keras` file and its `facts`; custom code in the file is refused."""
        return from_saved(cls, model_path, facts)


def segmenter_taps(backbone: Backbone) -> tuple[str, ...]:
    """Names of the backbone's layers that a segmenter reads, lowest first; fewer where images are large."""
    strides = STRIDES if max(backbone.image_size) <= MAX_SIZE_AT_STRIDE_4 else STRIDES[1:]
    return tuple(taps_at(backbone, strides).values())


def build_segmenter(
    backbone: Backbone,
    class_names: tuple[str, ...],
    *,
    resize_mode: str = "stretch",
    channels: int = 64,
    dropout: float = 0.1,
    seed: int = 0,
) -> Segmenter:
    """A segmenter with a new U-Net-like decoder on the stages of a backbone.

    Args:
        backbone: the pretrained network; its layers become the segmenter's own, nothing is nested or copied.
        class_names: at least two names, in the order of the logits.
        resize_mode: kept so that prediction resizes as training did.
        channels: of every map of the decoder.
        dropout: share of channels left out before the logits while training, 0 to below 1.
        seed: of the head's first weights and of the dropout.
    """
    tap_layers = segmenter_taps(backbone)
    logits = decode_maps(
        [backbone.model.get_layer(name).output for name in tap_layers],
        num_classes=len(class_names),
        image_size=backbone.image_size,
        channels=channels,
        dropout=dropout,
        seed=seed,
    )
    return Segmenter(
        model=keras.Model(backbone.model.input, logits, name=f"{backbone.spec.name}_segmenter"),
        class_names=tuple(class_names),
        backbone=backbone.spec.name,
        stages=stage_layers(backbone.model, backbone.spec),
        tap_layers=tap_layers,
        resize_mode=resize_mode,
    )


def _build(backbone: Backbone, dataset: Dataset, settings: HeadSettings) -> Segmenter:
    return build_segmenter(
        backbone,
        dataset.class_names,
        resize_mode=settings.resize_mode,
        seed=settings.seed,
        dropout=settings.dropout,
    )


def _masks(_segmenter: Segmenter, logits: keras.KerasTensor) -> dict[str, keras.KerasTensor]:
    """The likeliest class of every pixel, and how likely it is."""
    # Not by argmax, which Keras makes of operations on bits that OpenVINO and LiteRT do not know.
    _, classes = keras.ops.top_k(logits, 1)
    return {
        CLASSES: keras.ops.cast(classes[..., 0], "int32"),
        PROBABILITY: keras.ops.max(keras.ops.softmax(logits, axis=-1), axis=-1),
    }


MODEL = TaskModel(Segmenter, _build, segmenter_taps, exported=_masks)
