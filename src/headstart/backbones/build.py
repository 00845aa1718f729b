"""From a name to a Keras model that takes raw images."""

import importlib
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from headstart.backbones.catalogue import find_backbone
from headstart.backbones.flatten import flattened
from headstart.backbones.layer_names import fresh_layer_names
from headstart.backbones.preprocessing import preprocess
from headstart.backbones.spec import BackboneSpec
from headstart.backbones.weights import WeightsRecord, find_weights
from headstart.backbones.weights_file import read_weights
from headstart.errors import ImageSizeError

INPUT_NAME = "image"


@dataclass(frozen=True, eq=False)
class Backbone:
    """A pretrained network, ready to be cut or to carry a head.

    Args:
        spec: Its facts.
        model: Flat functional model from `(batch, height, width, 3)` RGB 0-255, float32 or uint8, to the last
            feature map. It contains its preprocessing and nothing that needs this package.
        image_size: `(height, width)` in pixels.
        weights: Where the weights came from.
    """

    spec: BackboneSpec
    model: keras.Model
    image_size: tuple[int, int]
    weights: WeightsRecord

    def stage_output(self, name: str) -> keras.KerasTensor:
        """The tensor that ends the stage of this name.

        Returns:
            `(batch, height / stride, width / stride, channels)`, rounded up or down as the network pads; Inception
            and its relatives lose a few steps more.

        Raises:
            UnknownStageError: No stage is called so.
        """
        return self.model.get_layer(self.spec.stage(name).layer).output


def build_backbone(
    name_or_spec: str | BackboneSpec,
    *,
    image_size: tuple[int, int] | None = None,
    weights: str | Path = "imagenet",
) -> Backbone:
    """A backbone with its weights, for images of one size.

    Layers compute in Keras' current dtype policy (`keras.config.set_dtype_policy`).

    Args:
        name_or_spec: Name in the table, or facts from it.
        image_size: `(height, width)` in pixels; None takes the size the weights were trained at.
        weights: `imagenet` lets Keras download them, `builtin` takes those inside this package, `none` draws random
            ones; anything else is the path of a `.weights.h5`, `.h5` or `.keras` file.

    Raises:
        UnknownBackboneError: No backbone is called so.
        ImageSizeError: The images are too small for the network.
        WeightsNotFoundError: The file does not exist, or the backbone has no weights of that kind.
        WeightsMismatchError: The file holds another network, or is damaged.
        WeightsDownloadError: The download failed.
    """
    spec = name_or_spec if isinstance(name_or_spec, BackboneSpec) else find_backbone(name_or_spec)
    size = spec.image_size if image_size is None else _checked(image_size, spec)
    record = find_weights(spec, weights)
    with fresh_layer_names():
        model = _build_network(spec, size)
        if record.path is not None:
            read_weights(record.path, model, spec)
        model = flattened(model)
    model = keras.Model(model.inputs[0], model.outputs[0], name=spec.name)
    return Backbone(spec=spec, model=model, image_size=size, weights=record)


def _checked(image_size: tuple[int, int], spec: BackboneSpec) -> tuple[int, int]:
    height, width = image_size
    min_height, min_width = spec.min_image_size
    if height >= min_height and width >= min_width:
        return height, width
    raise ImageSizeError(
        f"An input size of {height} x {width} pixels is too small for {spec.title}.",
        expected=f"at least {min_height} x {min_width} pixels (height x width)",
        received=f"{height} x {width}",
        hint=f"Use --image-size {max(height, width, min_height, min_width)}, or leave it out for {spec.image_size[0]}.",
    )


def _build_network(spec: BackboneSpec, image_size: tuple[int, int]) -> keras.Model:
    module, function = spec.application.split(":")
    application = getattr(importlib.import_module(module), function)
    image = keras.Input((*image_size, 3), name=INPUT_NAME)
    # Under its own name: EfficientNetV2 and ConvNeXt read from it which variant they are.
    model = application(include_top=False, weights=None, input_tensor=preprocess(image, spec.preprocessing))
    if spec.preprocessing.mode == "efficientnet":
        _write_normalization(model, spec)
    return model


def _write_normalization(model: keras.Model, spec: BackboneSpec) -> None:
    """Gives EfficientNet's own normalisation ImageNet's mean and variance, which otherwise come with a weights file."""
    (normalization,) = [layer for layer in model.layers if isinstance(layer, keras.layers.Normalization)]
    mean, std = np.array(spec.preprocessing.mean), np.array(spec.preprocessing.std)
    normalization.set_weights([mean, std**2, np.array(0)])
    normalization.finalize_state()
