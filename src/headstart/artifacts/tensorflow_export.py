"""The serving model as a TensorFlow function, and as what TensorFlow itself writes: SavedModel and LiteRT."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

import keras
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from headstart.artifacts.outputs import INPUT
from headstart.artifacts.pillow_resize import resized
from headstart.artifacts.serving_model import ServingModel

Function: TypeAlias = tf.types.experimental.PolymorphicFunction


def any_size_function(serving: ServingModel) -> Function:
    """A `tf.function` of images `(n, h, w, 3)` uint8 of any size, resized inside."""
    return _function(
        serving,
        lambda images: resized(images, serving.image_size, serving.resize_mode),
        (None, None, None, 3),
    )


def one_size_function(serving: ServingModel, *, num_images: int | None = None) -> Function:
    """A `tf.function` of images `(num_images, height, width, 3)` uint8 of the model's size; None: any number."""
    return _function(serving, lambda images: images, (num_images, *serving.image_size, 3))


def frozen_function(variable: Function, serving: ServingModel) -> Function:
    """A `tf.function` with its weights, and the tensors of layers such as `Normalization`, as constants."""
    frozen = convert_variables_to_constants_v2(variable.get_concrete_function())
    names = sorted(serving.outputs)  # the order in which TensorFlow flattens a dictionary

    @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
    def answer(images: tf.Tensor) -> dict[str, tf.Tensor]:
        answers = dict(zip(names, tf.nest.flatten(frozen(images)), strict=True))
        return {name: tf.identity(answers[name], name=name) for name in serving.outputs}

    return tf.function(answer, input_signature=variable.input_signature)


def litert_bytes(serving: ServingModel) -> bytes:
    """The content of a `.tflite` file in float32."""
    function = frozen_function(one_size_function(serving, num_images=1), serving).get_concrete_function()
    # Without gradients: those of `swish` cannot be saved, and then the converter drops the names of inputs and outputs.
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    with TemporaryDirectory() as folder:
        tf.saved_model.save(tf.Module(), folder, signatures={"serving_default": function}, options=options)
        return bytes(tf.lite.TFLiteConverter.from_saved_model(folder).convert())


def write_savedmodel(serving: ServingModel, path: Path) -> None:
    """Writes a folder with the signature `serving_default`, for images of any size."""
    function = any_size_function(serving)
    archive = keras.export.ExportArchive()
    archive.track(serving.model)
    archive.add_endpoint("serving_default", function, input_signature=function.input_signature)
    archive.write_out(str(path), verbose=False)


def _function(
    serving: ServingModel, prepare: Callable[[tf.Tensor], tf.Tensor], shape: tuple[int | None, ...]
) -> Function:
    @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
    def answer(images: tf.Tensor) -> dict[str, tf.Tensor]:
        answers = serving.model(prepare(images), training=False)
        return {name: tf.identity(answers[name], name=name) for name in serving.outputs}

    return tf.function(answer, input_signature=[tf.TensorSpec(shape, tf.uint8, name=INPUT)])
