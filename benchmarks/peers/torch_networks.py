"""MobileNetV2 and VGG16 in torchvision's layout with the weights of Keras, equal to Keras' networks.

What differs between the two libraries and is carried over here: Keras pads an even input of a convolution with
stride 2 below and to the right only, its batch normalisation of MobileNetV2 adds 1e-3 to the variance, VGG16 takes
BGR minus the mean colour of ImageNet (the first convolution's channels are swapped instead, and the mean becomes
that of RGB). Input is RGB between 0 and 1, normalised with the `stats` of the network as torchvision's are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from peers.exchange import require_equal_features


def import_torchvision() -> None:
    """Imports torchvision beside a CPU build of torch from elsewhere, whose operators for boxes it cannot load.

    They are declared without code: networks and transforms of images do not need them.
    """
    try:
        import torchvision  # noqa: PLC0415
    except RuntimeError:
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        import_torchvision.library = library  # it declares for as long as it lives
        import torchvision  # noqa: F401, PLC0415


import_torchvision()
from torchvision.models import mobilenet_v2, vgg16  # noqa: E402  after what it needs

# Network → mean and standard deviation of each colour between 0 and 1, as its Keras preprocessing has them.
STATS = {
    "mobilenetv2": ([0.5, 0.5, 0.5], [0.5, 0.5, 0.5]),
    "vgg16": ([123.68 / 255, 116.779 / 255, 103.939 / 255], [1 / 255, 1 / 255, 1 / 255]),
}
BATCH_SIZE = 32


@dataclass(frozen=True)
class Converted:
    """A network with the weights of Keras.

    Attributes:
        name: a key of `STATS`.
        features: from `(b, 3, h, w)` normalised RGB to the last activations.
        difference: of its pooled features to those of Keras, relative, at most.
    """

    name: str
    features: nn.Module
    difference: float


def converted_network(name: str, archive: Path, batch_norm_images: Sequence[str] = ()) -> Converted:
    """The network of an archive of `keras_weights.export_network`, after its features were compared with Keras'.

    Args:
        name: a key of `STATS`.
        archive: weights, images and features.
        batch_norm_images: files from which `restore_statistics` takes the statistics of batch normalisation.

    Raises:
        SystemExit: the features differ from those of Keras.
    """
    with np.load(archive, allow_pickle=False) as arrays:
        content = dict(arrays)
    images, expected = content.pop("images"), content.pop("features")
    features = _mobilenet_v2() if name == "mobilenetv2" else vgg16().features
    _load(features, content, swap_colours=name == "vgg16")
    features.eval()
    if len(batch_norm_images):
        restore_statistics(features, name, batch_norm_images, image_size=images.shape[1])
    pooled = np.concatenate([_pooled(features, name, images[i : i + 8]) for i in range(0, len(images), 8)])
    difference = require_equal_features(pooled, expected)
    print(f"pooled features of {len(images)} images are those of Keras up to {difference:.2g}", flush=True)
    return Converted(name, features, difference)


def pooled_features(network: Converted, paths: Sequence[str], *, image_size: int) -> np.ndarray:
    """`(n, num_features)` float32 of image files, resized without regard to their proportions."""
    batches = [paths[start : start + BATCH_SIZE] for start in range(0, len(paths), BATCH_SIZE)]
    return np.concatenate([_pooled(network.features, network.name, _pixels(batch, image_size)) for batch in batches])


def restore_statistics(features: nn.Module, name: str, paths: Sequence[str], *, image_size: int) -> None:
    """Gives every batch normalisation the mean and variance of what comes in, and leaves its output as it is.

    The weights used here have batch normalisation folded into the convolutions: mean 0 and variance 1 everywhere. In
    training mode, in which fastai runs these layers, such a network would lose its features at once, which says
    nothing about fastai. Published weights have the statistics of their images; these are those of the images given.
    """
    moments: dict[nn.BatchNorm2d, list[torch.Tensor]] = {}

    def collect(norm: nn.BatchNorm2d, inputs: tuple[torch.Tensor, ...]) -> None:
        values = inputs[0].double()
        moments.setdefault(norm, []).append(
            torch.stack([values.mean(dim=(0, 2, 3)), values.square().mean(dim=(0, 2, 3))]) * len(values)
        )

    norms = [module for module in features.modules() if isinstance(module, nn.BatchNorm2d)]
    hooks = [norm.register_forward_pre_hook(collect) for norm in norms]
    for start in range(0, len(paths), BATCH_SIZE):
        _pooled(features, name, _pixels(paths[start : start + BATCH_SIZE], image_size))
    for hook in hooks:
        hook.remove()
    for norm in norms:
        mean, square = sum(moments[norm]) / len(paths)
        _set_statistics(norm, mean, square - mean.square())


@torch.no_grad()
def _set_statistics(norm: nn.BatchNorm2d, mean: torch.Tensor, variance: torch.Tensor) -> None:
    """Other statistics and the scale and shift with which a layer in evaluation mode computes what it did."""
    scale = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
    shift = norm.bias.double() - scale * norm.running_mean.double()
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)
    norm.weight.copy_(scale * (variance + norm.eps).sqrt())
    norm.bias.copy_(shift + scale * mean)


def _mobilenet_v2() -> nn.Module:
    features = mobilenet_v2(norm_layer=partial(nn.BatchNorm2d, eps=1e-3)).features
    for block in list(features.modules()):
        for child_name, layer in list(block.named_children()):
            if isinstance(layer, nn.Conv2d) and layer.stride == (2, 2):
                layer.padding = (0, 0)
                setattr(block, child_name, nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), layer))
    return features


@torch.no_grad()
def _load(features: nn.Module, arrays: dict[str, np.ndarray], *, swap_colours: bool) -> None:
    """Copies the arrays of every layer, of which both networks have the same in the same order."""
    layers = [module for module in features.modules() if isinstance(module, nn.Conv2d | nn.BatchNorm2d)]
    unused = set(arrays)
    for number, layer in enumerate(layers):
        for kind, target in _targets(layer):
            values = torch.from_numpy(arrays[f"{number}.{kind}"].copy())
            if kind == "kernel":
                values = values.permute(2, 3, 0, 1) if layer.groups > 1 else values.permute(3, 2, 0, 1)
                values = values.flip(1) if swap_colours and number == 0 else values
            if values.shape != target.shape:
                raise SystemExit(f"Layer {number}: '{kind}' has {tuple(values.shape)}, not {tuple(target.shape)}.")
            target.copy_(values)
            unused.remove(f"{number}.{kind}")
    if unused:
        raise SystemExit(f"Arrays that no layer took: {', '.join(sorted(unused))}.")


def _targets(layer: nn.Conv2d | nn.BatchNorm2d) -> Iterator[tuple[str, torch.Tensor]]:
    if isinstance(layer, nn.BatchNorm2d):
        yield from (("gamma", layer.weight), ("beta", layer.bias))
        yield from (("moving_mean", layer.running_mean), ("moving_variance", layer.running_var))
        return
    yield "kernel", layer.weight
    if layer.bias is not None:
        yield "bias", layer.bias


@torch.no_grad()
def _pooled(features: nn.Module, name: str, pixels: np.ndarray) -> np.ndarray:
    mean, deviation = (torch.tensor(values).view(1, 3, 1, 1) for values in STATS[name])
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
    return features((images - mean) / deviation).mean(dim=(2, 3)).numpy()


def _pixels(paths: Sequence[str], image_size: int) -> np.ndarray:
    images = []
    for path in paths:
        with Image.open(path) as image:
            images.append(np.asarray(image.convert("RGB").resize((image_size, image_size), Image.Resampling.BILINEAR)))
    return np.stack(images)
