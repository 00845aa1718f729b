"""From feature maps of several strides to one prediction per pixel: a small U-Net decoder of stock layers.

References:
    Ronneberger et al. 2015, U-Net, arXiv 1505.04597: coarse maps are enlarged and joined with finer ones.
    Wu and He 2018, Group Normalization, arXiv 1803.08494: no statistics that move, so a head learns from few images
    a step.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np

from headstart.heads import resized

MAX_GROUPS = 8


def decode_maps(
    maps: Sequence[keras.KerasTensor],
    *,
    num_classes: int,
    image_size: tuple[int, int],
    channels: int,
    dropout: float,
    seed: int,
) -> keras.KerasTensor:
    """Logits `(batch, height, width, num_classes)` float32 of feature maps.

    Every map is brought to `channels` by a 1x1 convolution. From the coarsest down, what is known so far is enlarged to
    the next map's size, joined with it and mixed by a 3x3 convolution. Logits are made at the finest map and enlarged
    to the image.

    Args:
        maps: `(batch, h, w, c)`, finest first.
        num_classes: at least 2.
        image_size: `(height, width)` of the image.
        channels: of every map inside.
        dropout: share of channels left out before the logits while training, 0 to below 1.
        seed: of first weights and dropout.
    """
    layers = _Layers(channels, np.random.default_rng(seed))
    known = layers.mixed(layers.narrowed(maps[-1], len(maps) - 1), len(maps) - 1)
    for level in reversed(range(len(maps) - 1)):
        enlarged = resized(known, maps[level].shape[1:3], name=f"head_enlarge_{level}")
        joined = keras.layers.Concatenate(name=f"head_join_{level}")([enlarged, layers.narrowed(maps[level], level)])
        known = layers.mixed(joined, level)
    known = keras.layers.SpatialDropout2D(dropout, seed=layers.next_seed(), name="head_dropout")(known)
    initializer = keras.initializers.GlorotUniform(seed=layers.next_seed())
    classify = keras.layers.Conv2D(
        num_classes, 1, kernel_initializer=initializer, dtype="float32", name="head_classify"
    )
    return resized(classify(known), image_size, name="logits")


@dataclass(frozen=True)
class _Layers:
    """Makes the layers of one decoder, each with a seed of its own."""

    channels: int
    draws: np.random.Generator

    def next_seed(self) -> int:
        return int(self.draws.integers(2**31))

    def narrowed(self, features: keras.KerasTensor, level: int) -> keras.KerasTensor:
        return self._convolved(features, 1, f"head_narrow_{level}")

    def mixed(self, features: keras.KerasTensor, level: int) -> keras.KerasTensor:
        return self._convolved(features, 3, f"head_mix_{level}")

    def _convolved(self, features: keras.KerasTensor, size: int, name: str) -> keras.KerasTensor:
        initializer = keras.initializers.HeNormal(seed=self.next_seed())
        features = keras.layers.Conv2D(
            self.channels, size, padding="same", use_bias=False, kernel_initializer=initializer, name=name
        )(features)
        groups = next(groups for groups in range(MAX_GROUPS, 0, -1) if self.channels % groups == 0)
        features = keras.layers.GroupNormalization(groups, name=f"{name}_norm")(features)
        return keras.layers.ReLU(name=f"{name}_relu")(features)
