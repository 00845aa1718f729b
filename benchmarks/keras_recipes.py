"""What a user of plain Keras gets from TensorFlow's tutorial: the two recipes that Headstart is measured against.

`published` is the tutorial as it stands, for more than two classes: a frozen base called with `training=False`, average
pooling, dropout and a dense layer for 10 epochs of Adam 1e-3; then the base from its layer 100 on for 10 epochs of
RMSprop 1e-5. Training pictures are flipped and rotated. `careful` differs in one thing: BatchNormalization layers stay
`trainable=False` when the base is unfrozen. Without that their moving statistics move, because `fit` passes its own
`training=True` down through the base (https://github.com/keras-team/keras/issues/20285), and its features are lost.

Both decode every picture once and keep it in memory before the random changes, as the guide on fast input advises.
Nothing of Headstart is imported here.

References:
    https://www.tensorflow.org/tutorials/images/transfer_learning
    https://www.tensorflow.org/guide/data_performance
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

BATCH_SIZE = 32
DROPOUT = 0.2
FROZEN_LEARNING_RATE = 1e-3
FINE_TUNING_LEARNING_RATE = 1e-5
EPOCHS = (10, 10)


@dataclass(frozen=True)
class Base:
    """What a user looks up for one pretrained network.

    Attributes:
        build: makes the network, as the functions of `keras.applications` do.
        preprocess: the family's own normalisation of RGB 0-255.
        unfreeze_from: index of the first layer that fine-tuning trains.
    """

    build: Callable[..., keras.Model]
    preprocess: Callable[[Any], Any]
    unfreeze_from: int


# The tutorial names layer 100 for MobileNetV2. The others start at the block that lies nearest to the same depth
# (MobileNet), or at the last block, as is the custom (VGG16, VGG19).
BASES = {
    "mobilenetv2": Base(keras.applications.MobileNetV2, keras.applications.mobilenet_v2.preprocess_input, 100),
    "mobilenet": Base(keras.applications.MobileNet, keras.applications.mobilenet.preprocess_input, 55),
    "vgg16": Base(keras.applications.VGG16, keras.applications.vgg16.preprocess_input, 15),
    "vgg19": Base(keras.applications.VGG19, keras.applications.vgg19.preprocess_input, 17),
}

# Name → whether every BatchNormalization stays frozen when the base is unfrozen.
RECIPES = {"published": False, "careful": True}


@dataclass(frozen=True, eq=False)
class Pictures:
    """Picture files and the index of each one's class, `(n,)` integers."""

    paths: Sequence[Path]
    targets: np.ndarray


@dataclass(frozen=True, eq=False)
class Parts:
    """One split of a data set."""

    train: Pictures
    validation: Pictures
    test: Pictures
    num_classes: int


@dataclass(frozen=True, eq=False)
class KerasResult:
    """What one recipe gave.

    Attributes:
        model: the trained model, from RGB 0-255 to logits.
        probabilities: of the test pictures in their order, `(n, num_classes)`.
        frozen_probabilities: the same before fine-tuning.
        seconds: step → wall time. The answers before fine-tuning are not part of the recipe and not counted.
    """

    model: keras.Model
    probabilities: np.ndarray
    frozen_probabilities: np.ndarray
    seconds: dict[str, float]


def fit_keras_recipe(
    name: str,
    base: Base,
    parts: Parts,
    *,
    image_size: int,
    weights: str | Path | None,
    epochs: tuple[int, int] = EPOCHS,
    seed: int = 0,
) -> KerasResult:
    """Trains one of `RECIPES` and answers the test pictures.

    Args:
        name: a key of `RECIPES`.
        base: the pretrained network.
        parts: pictures; the validation part is scored after every epoch, as the tutorial does, and decides nothing.
        image_size: height and width in pixels.
        weights: file or name, as the network's own argument takes it.
        epochs: of the frozen and of the fine-tuning phase.
        seed: of initial weights, dropout, augmentation and order.
    """
    keras.utils.set_random_seed(seed)
    seconds: dict[str, float] = {}
    training = batches(parts.train, image_size, shuffled=True, seed=seed)
    validation = batches(parts.validation, image_size)
    test = batches(parts.test, image_size)
    with _timed(seconds, "build"):
        model, network = build_model(base, num_classes=parts.num_classes, image_size=image_size, weights=weights)
        network.trainable = False
        _compile(model, keras.optimizers.Adam(FROZEN_LEARNING_RATE))
    with _timed(seconds, "frozen phase"):
        model.fit(training, validation_data=validation, epochs=epochs[0], verbose=0)
    frozen_probabilities = _probabilities(model, test)
    with _timed(seconds, "fine-tuning phase"):
        unfreeze(network, base.unfreeze_from, keep_batch_norm_frozen=RECIPES[name])
        _compile(model, keras.optimizers.RMSprop(FINE_TUNING_LEARNING_RATE))
        model.fit(training, validation_data=validation, epochs=epochs[1], verbose=0)
    with _timed(seconds, "evaluation"):
        probabilities = _probabilities(model, test)
    return KerasResult(model, probabilities, frozen_probabilities, seconds)


def batches(pictures: Pictures, image_size: int, *, shuffled: bool = False, seed: int = 0) -> tf.data.Dataset:
    """Batches of `(b, image_size, image_size, 3)` float32 RGB 0-255 and `(b,)` class indices.

    Every picture is decoded and resized when first asked for and remembered; a shuffled order is new in every epoch.
    """

    def read(path: tf.Tensor, target: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        image = tf.io.decode_image(tf.io.read_file(path), channels=3, expand_animations=False)
        return tf.image.resize(image, (image_size, image_size)), target

    files = tf.data.Dataset.from_tensor_slices(([str(path) for path in pictures.paths], pictures.targets))
    dataset = files.map(read, num_parallel_calls=tf.data.AUTOTUNE).cache()
    if shuffled:
        dataset = dataset.shuffle(len(pictures.paths), seed=seed)
    return dataset.batch(BATCH_SIZE).prefetch(tf.data.AUTOTUNE)


def build_model(
    base: Base, *, num_classes: int, image_size: int, weights: str | Path | None
) -> tuple[keras.Model, keras.Model]:
    """The classifier from RGB 0-255 to logits, and the pretrained network inside it."""
    shape = (image_size, image_size, 3)
    network = base.build(input_shape=shape, include_top=False, weights=None if weights is None else str(weights))
    inputs = keras.Input(shape)
    flipped = keras.layers.RandomFlip("horizontal")(inputs)
    rotated = keras.layers.RandomRotation(0.2)(flipped)
    features = network(base.preprocess(rotated), training=False)
    pooled = keras.layers.GlobalAveragePooling2D()(features)
    logits = keras.layers.Dense(num_classes)(keras.layers.Dropout(DROPOUT)(pooled))
    return keras.Model(inputs, logits), network


def unfreeze(network: keras.Model, unfreeze_from: int, *, keep_batch_norm_frozen: bool) -> None:
    """Lets the layers from index `unfreeze_from` on learn, BatchNormalization with them or not."""
    network.trainable = True
    for index, layer in enumerate(network.layers):
        stays_frozen = keep_batch_norm_frozen and isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = index >= unfreeze_from and not stays_frozen


def _compile(model: keras.Model, optimizer: keras.optimizers.Optimizer) -> None:
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=optimizer, loss=loss, metrics=["accuracy"])


def _probabilities(model: keras.Model, dataset: tf.data.Dataset) -> np.ndarray:
    return tf.nn.softmax(model.predict(dataset, verbose=0)).numpy()


@contextmanager
def _timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds[step] = time.perf_counter() - started
