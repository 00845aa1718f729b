"""Which layers of a backbone a head reads that must know both what is there and where."""

import math
from collections.abc import Sequence

import keras

from headstart.backbones import Backbone

# Where branches meet, a block ends; other layers of the same size may hold half of what a block knows.
_JOINTS = (keras.layers.Add, keras.layers.Concatenate)


def taps_at(backbone: Backbone, strides: Sequence[int]) -> dict[int, str]:
    """The best layer of each stride: the highest stage, or where the table knows none, the end of the highest block.

    Args:
        backbone: its stages and graph are looked at.
        strides: pixels of the image per step of a map, powers of two from the finest up.

    Returns:
        Layer name by stride, finest first. A stride that the network skips is left out.
    """
    stages = {stage.stride: stage.layer for stage in backbone.spec.stages}  # the last of a stride wins
    found = {stride: stages.get(stride) or _highest_joint(backbone, stride) for stride in strides}
    return {stride: name for stride, name in found.items() if name is not None}


def _highest_joint(backbone: Backbone, stride: int) -> str | None:
    joints = [layer for layer in backbone.model.layers if isinstance(layer, _JOINTS)]
    fitting = [layer.name for layer in joints if _stride_of(layer, backbone.image_size) == stride]
    return fitting[-1] if fitting else None


def _stride_of(layer: keras.layers.Layer, image_size: tuple[int, int]) -> int:
    """The nearest power of two: networks that do not pad lose a step or two at the edge."""
    height, width = layer.output.shape[1:3]
    stride: int = 2 ** round(math.log2(math.sqrt(image_size[0] * image_size[1] / (height * width))))
    return stride


def resized(features: keras.KerasTensor, size: Sequence[int], *, name: str) -> keras.KerasTensor:
    """The map `(batch, h, w, c)` enlarged bilinearly to `size`; as `UpSampling2D` where that is a whole factor."""
    height, width = features.shape[1:3]
    factors = size[0] // height, size[1] // width
    if (height * factors[0], width * factors[1]) == tuple(size):
        return keras.layers.UpSampling2D(factors, interpolation="bilinear", dtype="float32", name=name)(features)
    return keras.layers.Resizing(*size, interpolation="bilinear", dtype="float32", name=name)(features)
