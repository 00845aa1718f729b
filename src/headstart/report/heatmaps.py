"""Grad-CAM: the places of an image that raise the score of a class."""

import difflib

import keras
import numpy as np
import tensorflow as tf
from matplotlib import colormaps

from headstart.errors import PredictionsError, UnknownStageError

BATCH_SIZE = 16  # the gradient keeps every activation of a batch in memory
HEAT_SHARE = 0.5  # of the image's brightness at the hottest place; the image stays visible below


def grad_cam(model: keras.Model, images: np.ndarray, class_indices: np.ndarray, *, layer_name: str) -> np.ndarray:
    """Heat where the features of `layer_name` raise the score of a class, one map per image at the image's size.

    The gradient is taken of the model's output as it is: give a model that ends in logits, since a saturated softmax
    has no gradient left.

    Args:
        model: flat functional model, one input of images, `(n, k)` logits out.
        images: `(n, h, w, 3)` RGB 0-255, of the size that the model takes.
        class_indices: `(n,)` the class to explain in each image.
        layer_name: layer with an output `(n, h', w', channels)`, as a rule the last one before pooling.

    Returns:
        `(n, h, w)` float32 between 0 and 1; the hottest place of each image is 1. All 0 if no place raises the score of
        the class.

    Raises:
        UnknownStageError: the model has no such layer, or its output is no map.
        PredictionsError: not one class per image, or a class that the model does not know.

    References:
        Selvaraju et al. 2017, Grad-CAM, arXiv 1610.02391, section 3, equations 1 and 2.
    """
    both = keras.Model(model.inputs, [_feature_layer(model, layer_name).output, model.output])
    indices = _checked_classes(class_indices, num_images=len(images), num_classes=int(model.output.shape[-1]))
    starts = range(0, len(images), BATCH_SIZE)
    maps = [_heat(both, images[start : start + BATCH_SIZE], indices[start : start + BATCH_SIZE]) for start in starts]
    return np.concatenate(maps) if maps else np.zeros(np.shape(images)[:3], np.float32)


def overlay(image: np.ndarray, heatmap: np.ndarray) -> np.ndarray:
    """The image with its heat in colour on top, stronger where hotter.

    Args:
        image: `(h, w, 3)` RGB 0-255.
        heatmap: `(h, w)` between 0 and 1.

    Returns:
        `(h, w, 3)` uint8.
    """
    colour = 255.0 * colormaps["inferno"](heatmap)[..., :3]
    share = (HEAT_SHARE * np.sqrt(heatmap))[..., None]
    mixed = (1 - share) * np.asarray(image, dtype=np.float32) + share * colour
    pixels: np.ndarray = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
    return pixels


def _heat(both: keras.Model, images: np.ndarray, class_indices: np.ndarray) -> np.ndarray:
    pictures = tf.cast(images, tf.float32)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        # The images, because a frozen model has no variable that would connect features and logits on the tape.
        tape.watch(pictures)
        features, logits = both(pictures, training=False)
        scores = tf.gather(logits, class_indices, axis=1, batch_dims=1)
    features, slopes = tf.cast(features, tf.float32), tf.cast(tape.gradient(scores, features), tf.float32)
    importance = tf.reduce_mean(slopes, axis=(1, 2), keepdims=True)
    heat = tf.nn.relu(tf.reduce_sum(importance * features, axis=-1, keepdims=True))
    heat = tf.image.resize(heat, pictures.shape[1:3])[..., 0].numpy()
    hottest = heat.max(axis=(1, 2), keepdims=True)
    heatmaps: np.ndarray = np.divide(heat, hottest, out=np.zeros_like(heat), where=hottest > 0)
    return heatmaps


def _feature_layer(model: keras.Model, layer_name: str) -> keras.Layer:
    maps = {layer.name: layer for layer in model.layers if len(getattr(layer.output, "shape", ())) == 4}
    if layer_name not in maps:
        near = difflib.get_close_matches(layer_name, maps, n=3, cutoff=0.4)
        raise UnknownStageError(
            f"The model has no layer '{layer_name}' with a feature map as output.",
            expected="the name of a layer with an output (batch, height, width, channels)",
            received=layer_name,
            hint=f"Did you mean {', '.join(near)}?" if near else f"Use the last such layer, '{list(maps)[-1]}'.",
        )
    return maps[layer_name]


def _checked_classes(class_indices: np.ndarray, *, num_images: int, num_classes: int) -> np.ndarray:
    indices = np.asarray(class_indices)
    whole = np.issubdtype(indices.dtype, np.integer) or not indices.size
    if not whole or indices.shape != (num_images,) or not ((indices >= 0) & (indices < num_classes)).all():
        raise PredictionsError(
            "Grad-CAM explains one class per image.",
            expected=f"{num_images} class indices from 0 to {num_classes - 1}",
            received=str(indices.tolist()),
            hint="Pass the predicted class of each image.",
        )
    return indices.astype(np.int64)
