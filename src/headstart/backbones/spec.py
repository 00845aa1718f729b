"""The facts about a pretrained network: what it is called, where it can be cut, what it was trained on."""

import difflib
from dataclasses import dataclass

from headstart.errors import UnknownStageError


@dataclass(frozen=True)
class Stage:
    """A stretch of a backbone that ends in one tensor, through which alone the layers above see the image.

    Args:
        name: What the user types after `--unfreeze-from`.
        layer: Name of the layer whose output ends the stage.
        stride: Pixels of the image per step of the feature map, a power of two.
        channels: Channels of the feature map.
    """

    name: str
    layer: str
    stride: int
    channels: int


@dataclass(frozen=True)
class Preprocessing:
    """How RGB 0-255 becomes the input that a network was trained on: `(pixels * scale - mean) / std`.

    Args:
        mode: Key of the table in `headstart.backbones.preprocessing`.
        channels: Order of the channels after preprocessing, RGB or BGR.
        scale: Factor on the pixels.
        mean: Mean of each channel, in the order of `channels`, after scaling.
        std: Standard deviation of each channel, likewise.
    """

    mode: str
    channels: str
    scale: float
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


@dataclass(frozen=True)
class PretrainedWeights:
    """Where the weights of a backbone come from and who may use them.

    Args:
        source: `imagenet` (downloaded by Keras) or `builtin` (inside this package).
        file_name: Name of the file in Keras' folder of models, or in this package.
        url: Address of the file; empty for built-in weights.
        file_hash: MD5 or SHA-256 that Keras checks after the download; None where Keras publishes none.
        licence: SPDX identifier.
        origin: Who trained or released them.
    """

    source: str
    file_name: str
    url: str
    file_hash: str | None
    licence: str
    origin: str


@dataclass(frozen=True)
class BackboneSpec:
    """Everything known about a backbone without building it.

    Args:
        name: Lower-case name, unique in the table.
        title: Name as its authors write it.
        family: Backbones of one family share layers, stages and preprocessing.
        num_parameters: Parameters without the classifier.
        image_size: `(height, width)` in pixels the weights were trained at.
        min_image_size: Smallest `(height, width)` in pixels that can be built.
        preprocessing: What the model does to RGB 0-255 first.
        stages: From the pixels to the last feature map; strides never fall.
        weights: Where pretrained weights come from.
        paper: Title and arXiv number.
        application: `module:function` that builds the network.
    """

    name: str
    title: str
    family: str
    num_parameters: int
    image_size: tuple[int, int]
    min_image_size: tuple[int, int]
    preprocessing: Preprocessing
    stages: tuple[Stage, ...]
    weights: PretrainedWeights
    paper: str
    application: str

    @property
    def megabytes(self) -> float:
        """Size of the weights in float32, in 10⁶ bytes."""
        return self.num_parameters * 4 / 1e6

    @property
    def default_unfreeze_from(self) -> str:
        """Name of the lowest stage at the coarsest stride, the usual place to fine-tune from: `block5` of VGG19."""
        coarsest = max(stage.stride for stage in self.stages)
        return next(stage.name for stage in self.stages if stage.stride == coarsest)

    def stage_below(self, name: str) -> Stage | None:
        """The stage under the one of this name, None under the lowest: the pixels.

        Raises:
            UnknownStageError: No stage is called so.
        """
        position = self.stages.index(self.stage(name))
        return self.stages[position - 1] if position else None

    def stage(self, name: str) -> Stage:
        """The stage of this name.

        Raises:
            UnknownStageError: No stage is called so; the message lists all and the nearest.
        """
        stages = {stage.name: stage for stage in self.stages}
        if name in stages:
            return stages[name]
        nearest = difflib.get_close_matches(name.lower(), stages, n=3)
        raise UnknownStageError(
            f"{self.title} has no stage {name!r}.",
            expected=f"one of {', '.join(stages)}",
            received=repr(name),
            hint=f"Did you mean {' or '.join(nearest)}?" if nearest else f"See headstart backbones {self.name}.",
        )
