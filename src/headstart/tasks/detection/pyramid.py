"""From maps of several strides to one map that knows what is there and where: a feature pyramid of stock layers.

References:
    Lin et al. 2017, Feature Pyramid Networks, arXiv 1612.03144.
    Wu and He 2018, Group Normalization, arXiv 1803.08494: no statistics that move, so a head learns from few images
    a step.
"""

from collections.abc import Sequence

import keras
import numpy as np

from headstart.backbones import Backbone, operation_name, separating_layers
from headstart.heads import resized, taps_at

STRIDES = (8, 16, 32)
MAX_GROUPS = 8


def detector_taps(backbone: Backbone) -> tuple[str, ...]:
    """The layers of a backbone that a detector reads, lowest first: the richest of each stride.

    Of the layers as large as the last stage of a stride, and that everything above depends on, the one with the most
    channels, the highest if there are several: `block_6_expand_relu` of MobileNetV2 has six times the channels of the
    stage below it. Where a network has none, it is the stage itself, or the end of a block.
    """
    fallback = taps_at(backbone, STRIDES)
    separating = [backbone.model.get_layer(name).output for name in separating_layers(backbone.model)]
    maps = [tensor for tensor in separating if len(tensor.shape) == 4]
    taps = [_richest(maps, backbone.model.get_layer(name).output) for name in fallback.values()]
    return tuple(dict.fromkeys(taps))


def _richest(maps: Sequence[keras.KerasTensor], fallback: keras.KerasTensor) -> str:
    fitting = [tensor for tensor in maps if tensor.shape[1:3] == fallback.shape[1:3]]
    best = max(reversed(fitting), key=lambda tensor: tensor.shape[-1], default=fallback)
    return operation_name(best if best.shape[-1] >= fallback.shape[-1] else fallback)


class HeadLayers:
    """Makes the layers of one head, each with a seed of its own.

    Args:
        channels: of every map inside.
        seed: of first weights.
    """

    def __init__(self, channels: int, *, seed: int) -> None:
        self.channels = channels
        self._draws = np.random.default_rng(seed)

    def next_seed(self) -> int:
        """The seed of the next layer."""
        return int(self._draws.integers(2**31))

    def convolved(
        self, features: keras.KerasTensor, size: int, name: str, *, activate: bool = True
    ) -> keras.KerasTensor:
        """A convolution of `size` x `size` to `channels`, group normalisation, and a ReLU if `activate`."""
        initializer = keras.initializers.HeNormal(seed=self.next_seed())
        features = keras.layers.Conv2D(
            self.channels, size, padding="same", use_bias=False, kernel_initializer=initializer, name=name
        )(features)
        groups = next(groups for groups in range(MAX_GROUPS, 0, -1) if self.channels % groups == 0)
        features = keras.layers.GroupNormalization(groups, name=f"{name}_norm")(features)
        return keras.layers.ReLU(name=f"{name}_relu")(features) if activate else features


def pyramid(maps: Sequence[keras.KerasTensor], layers: HeadLayers) -> keras.KerasTensor:
    """The finest map, with the coarser ones enlarged and added: `(batch, h, w, channels)`.

    Args:
        maps: `(batch, h, w, c)`, finest first.
        layers: make what is needed.
    """
    known = layers.convolved(maps[-1], 1, f"head_narrow_{len(maps) - 1}", activate=False)
    for level in reversed(range(len(maps) - 1)):
        enlarged = resized(known, maps[level].shape[1:3], name=f"head_enlarge_{level}")
        narrow = layers.convolved(maps[level], 1, f"head_narrow_{level}", activate=False)
        known = keras.layers.Add(name=f"head_add_{level}")([enlarged, narrow])
        known = keras.layers.ReLU(name=f"head_add_{level}_relu")(known)
    return layers.convolved(known, 3, "head_mix")
