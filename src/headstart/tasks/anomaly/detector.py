"""The model: how far every place of an image is from a memory of good places."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import keras
import numpy as np

from headstart.backbones import Backbone, stage_layers
from headstart.data import Dataset, Tensor
from headstart.errors import ClassNamesError
from headstart.heads import HeadSettings, TaskModel, from_saved, plain_facts, resized, taps_at
from headstart.task_spec import ANOMALY
from headstart.tasks.anomaly.memory import memory_size
from headstart.tasks.anomaly.spec import SPEC

SCORE, MAP = SPEC.outputs
PATCHCORE, KNN = "patchcore", "knn"
# The paper reads the second and the third block of a ResNet, which have these strides.
STRIDES = (8, 16)
NEIGHBOURHOOD = 3  # places on a side that are averaged


@dataclass(frozen=True, eq=False)
class AnomalyDetector:
    """A plain Keras model from raw RGB 0-255 to squared distances from good places.

    Attributes:
        kind: of task.
        model: flat functional model of stock layers, `(batch, height, width, 3)` to `(batch, rows, columns, 1)` float32
            from 0: the squared distance of each place from its nearest neighbour in the memory, per feature. One row
            and one column if images are compared as a whole.
        class_names: name of the score.
        backbone: name of the backbone below the head.
        stages: stage name → names of the layers that belong to it, lowest stage first.
        tap_layers: layers of the backbone whose features are compared, lowest first.
        resize_mode: how an image of another size becomes one of `image_size`.

    References:
        Roth et al. 2022, Towards Total Recall in Industrial Anomaly Detection, arXiv 2106.08265, section 3. The score
        of an image is the maximum over its places, without the re-weighting of equation 7, as in the code of the
        authors.
    """

    kind: ClassVar[str] = ANOMALY

    model: keras.Model
    class_names: tuple[str, ...]
    backbone: str
    stages: Mapping[str, tuple[str, ...]] = field(repr=False)
    tap_layers: tuple[str, ...]
    resize_mode: str = "stretch"

    @property
    def image_size(self) -> tuple[int, int]:
        """Height and width of the images that the model takes."""
        _, height, width, _ = self.model.input_shape
        return height, width

    @property
    def head_layers(self) -> tuple[str, ...]:
        """Names of the new layers on top of the backbone, lowest first."""
        names = [layer.name for layer in self.model.layers]
        return (*(name for name in names if name.startswith("head_")), "logits")

    @property
    def memory(self) -> np.ndarray:
        """`(members, features)` float32, scaled as the model compares them."""
        kernel, _ = self.model.get_layer("head_memory").get_weights()
        return np.asarray(kernel.T * (kernel.shape[0] / 2), np.float32)

    @property
    def num_places(self) -> int:
        """Places of an image that are compared; 1 if images are compared as a whole."""
        _, rows, columns, _ = self.model.output_shape
        return int(rows * columns)

    def remember(self, scale: np.ndarray, memory: np.ndarray) -> None:
        """Gives the head its memory.

        The squared distance is |x|² - 2 x·m + |m|²: a dense layer with the kernel 2 m and the bias -|m|² gives for all
        members at once what has to be subtracted from |x|². All three are divided by the number of features.

        Args:
            scale: `(features,)`, by which features are multiplied.
            memory: `(members, features)`, scaled features of good places.
        """
        num_features = memory.shape[1]
        self.model.get_layer("head_scale").set_weights([scale.reshape(1, 1, -1, 1).astype("float32")])
        squares = (memory.astype("float64") ** 2).mean(axis=1)
        self.model.get_layer("head_memory").set_weights([2 * memory.T / num_features, -squares])

    @property
    def joined(self) -> keras.Model:
        """From images to the features of their places, not scaled yet: `(batch, rows, columns, features)`."""
        return keras.Model(self.model.input, self.model.get_layer("head_join").output, name="joined_features")

    def encode(self, dataset: Dataset) -> np.ndarray:
        """`(examples, 1)` float32: 1 for an image with a defect.

        Raises:
            ClassNamesError: the data is of another task.
        """
        if dataset.class_names != self.class_names:
            raise ClassNamesError(
                f"The data has {', '.join(dataset.class_names)}, which the model does not predict.",
                expected=", ".join(self.class_names),
                received=", ".join(dataset.class_names),
                hint="Give good and defective images as for `headstart train --task anomaly-detection`.",
            )
        return (~dataset.is_good()).astype("float32")[:, None]

    def loss(self, label_smoothing: float = 0.0) -> keras.losses.Loss:  # noqa: ARG002 (nothing is smoothed)
        """What the memory makes small for good images: the score, and for defects its exponential."""
        return ScoreLoss()

    def metrics(self) -> list[keras.metrics.Metric]:
        """None: nothing is trained."""
        return []

    def facts(self) -> dict[str, object]:
        """Everything but the model, as plain values that JSON can hold; `from_file` takes them back."""
        return plain_facts(self)

    @classmethod
    def from_file(cls, model_path: Path, facts: Mapping[str, object]) -> "AnomalyDetector":
        """The detector of a saved `.keras` file and its `facts`; custom code in the file is refused."""
        return from_saved(cls, model_path, facts)


class ScoreLoss(keras.losses.Loss):  # type: ignore[misc]  # Keras has no types
    """The score s of a good image, and exp(-s) of a defective one; a small memory of good places has a low one."""

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """`(batch,)` from `(batch, 1)` and `(batch, rows, columns, 1)`."""
        score = keras.ops.max(y_pred, axis=(1, 2))
        return keras.ops.mean((1 - y_true) * score + y_true * keras.ops.exp(-score), axis=-1)


def build_detector(
    backbone: Backbone,
    class_names: tuple[str, ...],
    *,
    num_images: int,
    method: str = PATCHCORE,
    resize_mode: str = "stretch",
    seed: int = 0,
) -> AnomalyDetector:
    """A detector whose memory is not filled yet.

    Args:
        backbone: the pretrained network; its layers become the detector's own.
        class_names: name of the score.
        num_images: good images to learn from; they decide the size of the memory.
        method: `patchcore` or `knn`.
        resize_mode: stored, so that prediction resizes as training did.
        seed: of the first weights, which the memory replaces.
    """
    taps = detector_taps(backbone)
    outputs = [backbone.model.get_layer(name).output for name in taps]
    joined = _whole_images(outputs) if method == KNN else _places(outputs)
    rows, columns = joined.shape[1:3]
    num_members = memory_size(num_images * rows * columns, is_whole=method == KNN)
    logits = _distances(joined, num_members=num_members, seed=seed)
    model = keras.Model(backbone.model.input, logits, name=f"{backbone.spec.name}_anomaly_detector")
    return AnomalyDetector(
        model=model,
        class_names=tuple(class_names),
        backbone=backbone.spec.name,
        stages=_stages_of(backbone, model),
        tap_layers=taps,
        resize_mode=resize_mode,
    )


def detector_taps(backbone: Backbone) -> tuple[str, ...]:
    """Names of the layers whose features are compared, lowest first."""
    return tuple(taps_at(backbone, STRIDES).values()) or (backbone.spec.stages[-1].layer,)


def _stages_of(backbone: Backbone, model: keras.Model) -> dict[str, tuple[str, ...]]:
    """Stage name → names of its layers, without stages and layers above the highest one that is read."""
    present = {layer.name for layer in model.layers}
    stages = {
        name: tuple(layer for layer in layers if layer in present)
        for name, layers in stage_layers(backbone.model, backbone.spec).items()
    }
    return {name: layers for name, layers in stages.items() if layers}


def _places(outputs: Sequence[keras.KerasTensor]) -> keras.KerasTensor:
    """Features of every place, averaged over its neighbourhood; coarser stages are enlarged to the finest."""
    averaged = [
        keras.layers.AveragePooling2D(
            NEIGHBOURHOOD, strides=1, padding="same", dtype="float32", name=f"head_average_{level}"
        )(output)
        for level, output in enumerate(outputs)
    ]
    size = averaged[0].shape[1:3]
    enlarged = [
        resized(each, size, name=f"head_enlarge_{level}") if each.shape[1:3] != size else each
        for level, each in enumerate(averaged)
    ]
    return keras.layers.Concatenate(dtype="float32", name="head_join")(enlarged)


def _whole_images(outputs: Sequence[keras.KerasTensor]) -> keras.KerasTensor:
    """Features of images as a whole, averaged over all places: one row and one column."""
    pooled = [
        keras.layers.GlobalAveragePooling2D(keepdims=True, dtype="float32", name=f"head_average_{level}")(output)
        for level, output in enumerate(outputs)
    ]
    return keras.layers.Concatenate(dtype="float32", name="head_join")(pooled)


def _distances(joined: keras.KerasTensor, *, num_members: int, seed: int) -> keras.KerasTensor:
    """Squared distance of every place from its nearest neighbour in a memory: `(batch, rows, columns, 1)`."""
    layers, (rows, columns, num_features) = keras.layers, joined.shape[1:]
    scaled = layers.DepthwiseConv2D(
        1, use_bias=False, depthwise_initializer="ones", dtype="float32", name="head_scale"
    )(joined)
    places = layers.Reshape((rows * columns, num_features), dtype="float32", name="head_places")(scaled)
    squares = layers.Multiply(dtype="float32", name="head_squares")([places, places])
    # Pooling over what stands last: `channels_first` means that places are the channels.
    size = layers.GlobalAveragePooling1D("channels_first", dtype="float32", name="head_size")(squares)
    initializer = keras.initializers.RandomNormal(
        stddev=1e-4, seed=seed
    )  # distances above 0 before the memory is there
    likeness = layers.Dense(num_members, kernel_initializer=initializer, dtype="float32", name="head_memory")(places)
    nearest = layers.GlobalMaxPooling1D("channels_first", dtype="float32", name="head_nearest")(likeness)
    distance = layers.Subtract(dtype="float32", name="head_distance")([size, nearest])
    positive = layers.ReLU(dtype="float32", name="head_positive")(distance)  # rounding may give less than 0
    return layers.Reshape((rows, columns, 1), dtype="float32", name="logits")(positive)


def _build(backbone: Backbone, dataset: Dataset, settings: HeadSettings) -> AnomalyDetector:
    is_split = bool((dataset.frame["split"] == "train").any())
    learned = dataset.part("train") if is_split else dataset
    return build_detector(
        backbone,
        dataset.class_names,
        num_images=max(1, int(learned.is_good().sum())),
        method=settings.method or PATCHCORE,
        resize_mode=settings.resize_mode,
        seed=settings.seed,
    )


def _exported(_: AnomalyDetector, logits: keras.KerasTensor) -> dict[str, keras.KerasTensor]:
    rows, columns = logits.shape[1:3]
    highest = keras.layers.GlobalMaxPooling2D(dtype="float32", name="highest")(logits)
    return {
        SCORE: keras.layers.Reshape((), dtype="float32", name=SCORE)(highest),
        MAP: keras.layers.Reshape((rows, columns), dtype="float32", name=MAP)(logits),
    }


MODEL = TaskModel(AnomalyDetector, _build, taps=detector_taps, exported=_exported)
