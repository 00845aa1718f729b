"""How far training images are varied at random: the values. `augmentation_layers` applies them.

Imports no TensorFlow, so that a recipe can be read and refused in milliseconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Literal

from headstart.errors import RecipeError

EDGES = ("mirror", "grey")
# Largest value of each amount. Zoom stays below 1: at 1 an image may shrink to a point.
_LIMITS = {
    "rotation_degrees": 180.0,
    "zoom": 0.9,
    "translation": 1.0,
    "brightness": 1.0,
    "contrast": 1.0,
    "saturation": 1.0,
    "hue": 1.0,
}


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """Random variation of training images; each amount is the largest step to either side, 0 is none.

    A mirrored letter or digit is another sign, or none: switch `horizontal_flip` off for them, and wherever left and
    right tell the classes apart (`dataclasses.replace(augmentation, horizontal_flip=False)`).

    Args:
        horizontal_flip: mirror half of the images left to right.
        vertical_flip: mirror half of the images top to bottom; right for images from above or through a microscope.
        rotation_degrees: turn by up to so many degrees, 0 to 180.
        zoom: enlarge or shrink by up to this fraction, 0 to 0.9; the proportions stay.
        translation: move by up to this fraction of the height and of the width, 0 to 1.
        brightness: add up to this fraction of white, or take it away, 0 to 1.
        contrast: multiply the distance to the mean colour by 1 - contrast to 1 + contrast, 0 to 1.
        saturation: 0 to 1; 1 reaches from grey to fully saturated.
        hue: turn the colour circle by up to this fraction of a half turn, 0 to 1.
        edges: what comes into view at the edges: `mirror`, the image mirrored there, or `grey`. Detection takes grey,
            because a mirrored object has no box and would be learned as background.

    Raises:
        RecipeError: an amount is outside its range.

    Example:
        >>> Augmentation(rotation_degrees=15).is_none
        False
        >>> Augmentation.from_name("none") == Augmentation()
        True
    """

    horizontal_flip: bool = False
    vertical_flip: bool = False
    rotation_degrees: float = 0.0
    zoom: float = 0.0
    translation: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    hue: float = 0.0
    edges: Literal["mirror", "grey"] = "mirror"

    def __post_init__(self) -> None:
        for name, limit in _LIMITS.items():
            _check_amount(name, getattr(self, name), limit)
        if self.edges not in EDGES:
            raise RecipeError(
                f"The augmentation cannot have edges '{self.edges}'.",
                expected=f"one of {', '.join(EDGES)}",
                received=f"edges={self.edges!r}",
                hint="Use 'mirror', or 'grey' for detection.",
            )

    @property
    def is_none(self) -> bool:
        """Whether every image stays as it is."""
        return not any(getattr(self, field.name) for field in fields(self) if field.name != "edges")

    def with_flips(self, flips: str) -> "Augmentation":
        """The augmentation with other flips: `none`, `horizontal`, `vertical` or `both`."""
        return replace(
            self, horizontal_flip=flips in {"horizontal", "both"}, vertical_flip=flips in {"vertical", "both"}
        )

    @classmethod
    def from_strength(cls, strength: float) -> "Augmentation":
        """Everything varied in step by one number, as in RandAugment: one magnitude serves as well as one for each.

        Unlike RandAugment, which picks a few operations and applies each at full magnitude, every operation is
        applied with a random step up to its magnitude; the largest magnitudes are therefore smaller than there.

        Args:
            strength: 0 (none) to 10 (turned by up to 30 degrees, half the contrast, ...).

        Raises:
            RecipeError: `strength` is outside 0 to 10.

        References:
            Cubuk et al., RandAugment, arXiv 1909.13719, section 3.
        """
        _check_amount("strength", strength, 10.0)
        share = strength / 10
        return cls(
            horizontal_flip=strength > 0,
            rotation_degrees=30 * share,
            zoom=0.3 * share,
            translation=0.2 * share,
            brightness=0.3 * share,
            contrast=0.5 * share,
            saturation=0.5 * share,
            hue=0.1 * share,
        )

    @classmethod
    def from_name(cls, name: str) -> "Augmentation":
        """The augmentation the user gives: one of `AUGMENTATIONS`, or a strength from 0 to 10.

        Raises:
            RecipeError: the name is neither.

        Example:
            >>> Augmentation.from_name("5") == Augmentation.from_strength(5)
            True
        """
        if name in AUGMENTATIONS:
            return AUGMENTATIONS[name]
        try:
            strength = float(name)
        except ValueError:
            raise RecipeError(
                f"There is no augmentation '{name}'.",
                expected=f"one of {', '.join(AUGMENTATIONS)}, or a strength from 0 to 10",
                received=f"augment={name!r}",
                hint="Use 'medium' for most photos; 'none' turns augmentation off.",
            ) from None
        return cls.from_strength(strength)


def _check_amount(name: str, amount: float, limit: float) -> None:
    if 0 <= amount <= limit:  # false for NaN as well
        return
    raise RecipeError(
        f"The augmentation cannot have {name} {amount}.",
        expected=f"{name} from 0 to {limit:g}",
        received=f"{name}={amount}",
        hint="Choose a value in this range; 0 turns it off.",
    )


# The hue turns only in 'strong': colour often tells classes apart, and turning it costs most time of all.
AUGMENTATIONS: Mapping[str, Augmentation] = MappingProxyType(
    {
        "none": Augmentation(),
        "light": Augmentation(
            horizontal_flip=True, rotation_degrees=5, zoom=0.05, translation=0.05, brightness=0.1, contrast=0.1
        ),
        "medium": Augmentation(
            horizontal_flip=True,
            rotation_degrees=15,
            zoom=0.15,
            translation=0.1,
            brightness=0.15,
            contrast=0.2,
            saturation=0.2,
        ),
        "strong": Augmentation(
            horizontal_flip=True,
            rotation_degrees=30,
            zoom=0.3,
            translation=0.15,
            brightness=0.25,
            contrast=0.4,
            saturation=0.4,
            hue=0.05,
        ),
    }
)
