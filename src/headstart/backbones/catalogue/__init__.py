"""The table of all backbones: every network of `keras.applications` and the one this package brings along."""

import difflib
import re

from headstart.backbones.catalogue import (
    convnext,
    densenet,
    efficientnet,
    efficientnet_v2,
    inception,
    mobilenet,
    nasnet,
    resnet,
    vgg,
)
from headstart.backbones.spec import BackboneSpec
from headstart.errors import UnknownBackboneError

_FAMILIES = (convnext, densenet, efficientnet, efficientnet_v2, inception, mobilenet, nasnet, resnet, vgg)

BACKBONES: dict[str, BackboneSpec] = {
    spec.name: spec
    for spec in sorted((spec for family in _FAMILIES for spec in family.SPECS), key=lambda spec: spec.name)
}


def backbone_names() -> tuple[str, ...]:
    """The names of all backbones, in alphabetical order."""
    return tuple(BACKBONES)


def find_backbone(name: str) -> BackboneSpec:
    """The facts of the backbone of this name; capitals and punctuation do not matter.

    Raises:
        UnknownBackboneError: No backbone is called so; the message offers the nearest.

    Example:
        >>> find_backbone("MobileNet-V2").num_parameters
        2257984
    """
    specs = {_plain(known): spec for known, spec in BACKBONES.items()}
    if _plain(name) in specs:
        return specs[_plain(name)]
    nearest = [specs[match].name for match in difflib.get_close_matches(_plain(name), specs, n=4)]
    raise UnknownBackboneError(
        f"There is no backbone {name!r}.",
        expected=f"one of the {len(BACKBONES)} names that `headstart backbones` lists",
        received=repr(name),
        hint=f"Did you mean {' or '.join(nearest)}?" if nearest else "The default is vgg19.",
    )


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()
