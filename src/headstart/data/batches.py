"""Batches for `model.fit` and `model.predict`.

What a batch holds is a pure function of seed, phase, epoch and example, whatever the number of threads and however
often the run was stopped: an epoch trained after a restart is the epoch that would have been trained without it.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import tensorflow as tf

from headstart.data.augmentation import Augmentation
from headstart.data.augmentation_layers import build_augmenter, build_geometry, example_key
from headstart.data.mixup import mix
from headstart.data.random_keys import MIXUP, ORDER, VIEW, fold, phase_key
from headstart.data.reading_threads import reading_threads
from headstart.data.source import ExampleSource, SideBySide
from headstart.data.targets import Targets

_ENDLESS = np.iinfo(np.int64).max


Batch: TypeAlias = tf.Tensor | tuple[tf.Tensor, ...]  # a tuple of sources side by side


@dataclass(frozen=True)
class TrainingBatches:
    """An endless stream of batches, and how many of them are an epoch.

    `model.fit(batches.dataset, steps_per_epoch=batches.steps_per_epoch, initial_epoch=first_epoch, epochs=...)` keeps
    one iterator for all its epochs, so one call trains a whole phase.

    Args:
        dataset: yields `(examples, targets)` or `(examples, targets, weights)`; images are
            `(batch, height, width, 3)` float32, RGB 0-255. A batch never holds examples of two epochs, so the last one
            of an epoch may be smaller.
        steps_per_epoch: batches in an epoch.
    """

    dataset: tf.data.Dataset
    steps_per_epoch: int


def training_batches(  # noqa: PLR0913 (what an epoch is a function of, each by its name)
    source: ExampleSource | SideBySide,
    targets: np.ndarray | Targets,
    *,
    batch_size: int,
    seed: int,
    phase: int,
    first_epoch: int = 0,
    augmentation: Augmentation | None = None,
    view_matrices: np.ndarray | None = None,
    weights: np.ndarray | None = None,
    mixup: float = 0.0,
) -> TrainingBatches:
    """Epoch after epoch of training batches, shuffled and varied.

    The epoch is a value in the stream, not a constant in a graph: nothing is traced again from epoch to epoch, and
    starting at epoch 3 gives bit for bit what epoch 3 of a run from 0 gives.

    Args:
        source: images, or features of images; of several views of an example each epoch draws one.
        targets: `(len(source), ...)` float32, in the source's order; or `Targets`, which move with their image.
        batch_size: examples in a batch, at least 1.
        seed: the run's seed, at least 0.
        phase: place of the phase in the run, from 0.
        first_epoch: the epoch to start with, from 0.
        augmentation: random variation of images; None for none.
        view_matrices: `(len(source), num_views, 3, 3)`, what `Targets` move by where the source holds varied views.
        weights: `(len(source),)` weight of each example in the loss; None for none.
        mixup: alpha of the Beta distribution that shares of mixed examples are drawn from, see
            `headstart.data.mixup`; 0 for none. Targets that move cannot be mixed.

    Raises:
        ValueError: images, targets and weights are not equally many, or there are none.
    """
    _check_lengths(source, targets, weights)
    key = phase_key(seed, phase)
    read = batch_reader(source)
    read_targets = _target_reader(targets, source, key, augmentation, view_matrices)
    arrays = [] if weights is None else [tf.constant(weights, tf.float32)]
    vary = _batch_varier(key, augmentation)

    def fill(epoch: tf.Tensor, examples: tf.Tensor, views: tf.Tensor) -> tuple[tf.Tensor, ...]:
        filled = (
            vary(read(examples, views), epoch, examples),
            read_targets(epoch, examples, views),
            *(tf.gather(array, examples) for array in arrays),
        )
        return mix(filled, mixup, fold(key, MIXUP, epoch, examples[0])) if mixup else filled

    dataset = tf.data.Dataset.range(first_epoch, _ENDLESS).flat_map(_order(source, key, batch_size))
    return TrainingBatches(_filled(dataset, fill), math.ceil(len(source) / batch_size))


def evaluation_batches(
    source: ExampleSource | SideBySide, *, batch_size: int, targets: np.ndarray | Targets | None = None
) -> tf.data.Dataset:
    """The examples in order, as they are, once.

    Args:
        source: images, or features of images, of which the plain view is taken.
        batch_size: examples in a batch, at least 1.
        targets: `(len(source), ...)`, to be yielded beside the examples; None for examples alone.

    Returns:
        Yields examples, float32, images as `(batch, height, width, 3)` RGB 0-255; or `(examples, targets)`.
    """
    read = batch_reader(source)

    def fill(examples: tf.Tensor) -> tf.Tensor | tuple[tf.Tensor, ...]:
        filled = _as_float32(read(examples, tf.zeros_like(examples)))
        return filled if targets is None else (filled, _plain_targets(targets, examples))

    return _filled(tf.data.Dataset.range(len(source)).batch(batch_size), fill)


@contextmanager
def original_errors(*sources: ExampleSource | SideBySide) -> Iterator[None]:
    """Raises the error of an unreadable image itself, where TensorFlow would raise its own with many lines around it.

    Put `model.fit` or `model.predict` inside.

    Args:
        *sources: what is read inside.

    Raises:
        UnreadableImageError: an image became unreadable after it was audited.
    """
    try:
        yield
    except tf.errors.OpError as error:
        # Images are read ahead: an earlier failure need not be what stopped the model.
        for source in sources:
            if source.failure is not None and source.failure.problem in str(error):
                raise source.failure from None
        raise


def batch_reader(source: ExampleSource | SideBySide) -> Callable[[tf.Tensor, tf.Tensor], Batch]:
    """The function that reads a batch inside TensorFlow, from example numbers and view numbers, both `(n,)` int64.

    It gives a tensor, or of sources side by side a tuple of them.
    """
    if isinstance(source, SideBySide):
        readers = [batch_reader(part) for part in source.parts]
        return lambda examples, views: tuple(read(examples, views) for read in readers)
    threads = reading_threads()

    def load(examples: np.ndarray, views: np.ndarray) -> np.ndarray:
        with threads.call():
            return source.load_batch(examples, views)

    def read(examples: tf.Tensor, views: tf.Tensor) -> tf.Tensor:
        loaded = tf.numpy_function(load, [examples, views], tf.as_dtype(source.dtype), stateful=False)
        return tf.ensure_shape(loaded, (None, *source.shape))

    return read


def _order(
    source: ExampleSource | SideBySide, key: tf.Tensor, batch_size: int
) -> Callable[[tf.Tensor], tf.data.Dataset]:
    """The batches of an epoch as numbers: of the epoch, of examples in random order, and of a view of each."""

    @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
    def order(epoch: tf.Tensor) -> tf.data.Dataset:
        examples = tf.random.experimental.stateless_shuffle(
            tf.range(len(source), dtype=tf.int64), seed=fold(key, ORDER, epoch)
        )
        views = tf.random.stateless_uniform(
            (len(source),), fold(key, VIEW, epoch), maxval=source.num_views, dtype=tf.int64
        )
        batches = tf.data.Dataset.from_tensor_slices((examples, views)).batch(batch_size)
        return batches.map(lambda examples, views: (epoch, examples, views))

    batches_of: Callable[[tf.Tensor], tf.data.Dataset] = order
    return batches_of


def _as_float32(batch: Batch) -> Batch:
    converted: Batch = tf.nest.map_structure(lambda values: tf.cast(values, tf.float32), batch)
    return converted


def _plain_targets(targets: np.ndarray | Targets, examples: tf.Tensor) -> tf.Tensor:
    if isinstance(targets, np.ndarray):
        return tf.gather(targets, examples)
    return _moved_targets(targets, examples, tf.eye(3, batch_shape=tf.shape(examples)))


def _moved_targets(targets: Targets, examples: tf.Tensor, matrices: tf.Tensor) -> tf.Tensor:
    loaded = tf.numpy_function(targets.load_batch, [examples, matrices], tf.as_dtype(targets.dtype), stateful=False)
    return tf.ensure_shape(loaded, (None, *targets.shape))


def _target_reader(
    targets: np.ndarray | Targets,
    source: ExampleSource | SideBySide,
    key: tf.Tensor,
    augmentation: Augmentation | None,
    view_matrices: np.ndarray | None,
) -> Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]:
    """Targets for epoch, examples and views; those that move do so as their image did."""
    if isinstance(targets, np.ndarray):
        array = tf.constant(targets)
        return lambda _epoch, examples, _views: tf.gather(array, examples)
    if view_matrices is not None:
        of_views = tf.constant(view_matrices)
        return lambda _epoch, examples, views: _moved_targets(
            targets, examples, tf.gather_nd(of_views, tf.stack([examples, views], axis=1))
        )
    if augmentation is None or augmentation.is_none or isinstance(source, SideBySide):  # rows of a bank do not vary
        return lambda _epoch, examples, _views: _plain_targets(targets, examples)
    geometry = build_geometry(augmentation)
    shape, spec = tf.zeros(source.shape), tf.TensorSpec((3, 3), tf.float32)

    def moved(epoch: tf.Tensor, examples: tf.Tensor, _views: tf.Tensor) -> tf.Tensor:
        matrices = tf.map_fn(
            lambda example: geometry(shape, example_key(key, epoch, example)), examples, fn_output_signature=spec
        )
        return _moved_targets(targets, examples, matrices)

    return moved


def _check_lengths(
    source: ExampleSource | SideBySide, targets: np.ndarray | Targets, weights: np.ndarray | None
) -> None:
    lengths = {"pictures": len(source), "targets": len(targets)}
    if weights is not None:
        lengths["weights"] = len(weights)
    if len(set(lengths.values())) > 1 or len(source) == 0:
        raise ValueError(f"expected equal numbers of images, targets and weights, at least one. Received: {lengths}")


def _filled(examples: tf.data.Dataset, fill: Callable[..., tf.Tensor | tuple[tf.Tensor, ...]]) -> tf.data.Dataset:
    # A whole batch is one element: batches are filled side by side, and the call into Python is paid once per batch.
    # Nothing here needs AutoGraph, which would only make tracing slower.
    fill = tf.autograph.experimental.do_not_convert(fill)
    return examples.map(fill, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True).prefetch(tf.data.AUTOTUNE)


def _batch_varier(
    key: tf.Tensor, augmentation: Augmentation | None
) -> Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]:
    if augmentation is None or augmentation.is_none:
        return lambda images, _epoch, _examples: _as_float32(images)
    augment = build_augmenter(augmentation)

    def vary(images: tf.Tensor, epoch: tf.Tensor, examples: tf.Tensor) -> tf.Tensor:
        # One image at a time, not the batch at once: vector instructions round differently at the end of an array,
        # so the last bits would depend on the size of the batch.
        return tf.map_fn(
            lambda pair: augment(pair[0], example_key(key, epoch, pair[1])),
            (images, examples),
            fn_output_signature=tf.TensorSpec(images.shape[1:], tf.float32),
        )

    return vary
