"""Images in several views, each a pure function of the image and of the view."""

from collections.abc import Iterable, Iterator

import numpy as np
import tensorflow as tf

from headstart.data.augmentation import Augmentation
from headstart.data.augmentation_layers import build_augmenter, build_geometry
from headstart.data.batches import batch_reader, original_errors
from headstart.data.random_keys import fold, phase_key
from headstart.data.source import ExampleSource

# A phase that no training reaches: views of a bank share no random numbers with an epoch from pixels.
_BANK_PHASE = 2**31 - 1


def view_batches(
    source: ExampleSource,
    batches: Iterable[tuple[np.ndarray, np.ndarray]],
    *,
    picture_hashes: np.ndarray,
    augmentation: Augmentation,
    seed: int,
) -> Iterator[np.ndarray]:
    """One array of images for each batch asked for, read ahead.

    View 0 is the image as it is. View v is varied by draws that depend on `seed`, v and the image's bytes alone:
    neither its place in the data set nor the number of views, of examples or of batches changes it.

    Args:
        source: images.
        batches: example numbers and view numbers, two `(n,)` int64 arrays each.
        picture_hashes: `(len(source),)` int64, from each image's bytes.
        augmentation: how views from 1 on are varied.
        seed: the run's seed, at least 0.

    Yields:
        `(n, height, width, 3)` float32, RGB 0-255.

    Raises:
        UnreadableImageError: an image became unreadable after it was audited.
    """
    read = batch_reader(source)
    augment = build_augmenter(augmentation)
    key = phase_key(seed, _BANK_PHASE)
    hashes = tf.constant(picture_hashes, tf.int64)

    def vary(row: tuple[tf.Tensor, ...]) -> tf.Tensor:
        image, view, picture_hash = row
        return tf.cond(
            tf.logical_or(view == 0, augmentation.is_none),
            lambda: tf.cast(image, tf.float32),
            lambda: augment(image, fold(key, view, picture_hash)),
        )

    @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
    def fill(examples: tf.Tensor, views: tf.Tensor) -> tf.Tensor:
        rows = (read(examples, views), views, tf.gather(hashes, examples))
        return tf.map_fn(vary, rows, fn_output_signature=tf.TensorSpec(source.shape, tf.float32))

    spec = tf.TensorSpec((None,), tf.int64)
    wanted = tf.data.Dataset.from_generator(lambda: iter(batches), output_signature=(spec, spec))
    filled = wanted.map(fill, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True).prefetch(2)
    with original_errors(source):
        yield from filled.as_numpy_iterator()


def view_matrices(
    picture_hashes: np.ndarray, *, augmentation: Augmentation, seed: int, num_views: int, image_size: tuple[int, int]
) -> np.ndarray:
    """The matrix of each view of `view_batches`: `(pictures, num_views, 3, 3)` float32, as `build_geometry` states.

    Args:
        picture_hashes: `(pictures,)` int64, from each image's bytes.
        augmentation: how views from 1 on are varied.
        seed: the run's seed, at least 0.
        num_views: of each image, the plain one included.
        image_size: `(height, width)` of the images, in pixels.
    """
    geometry = build_geometry(augmentation)
    key = phase_key(seed, _BANK_PHASE)
    shape = tf.zeros((*image_size, 3))

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def drawn(views: tf.Tensor, hashes: tf.Tensor) -> tf.Tensor:
        spec = tf.TensorSpec((3, 3), tf.float32)
        return tf.map_fn(lambda row: geometry(shape, fold(key, *row)), (views, hashes), fn_output_signature=spec)

    matrices = np.tile(np.eye(3, dtype=np.float32), (len(picture_hashes), num_views, 1, 1))
    for view in range(1, 1 if augmentation.is_none else num_views):
        matrices[:, view] = drawn(
            tf.fill((len(picture_hashes),), np.int64(view)), tf.constant(picture_hashes, tf.int64)
        )
    return matrices
