"""Whether masks have the sizes of their images: where none has, that is one error, not one for each image."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from headstart.data.images import upright_size
from headstart.data.mask_looks import MaskLook
from headstart.errors import AnnotationsError, UnreadableImageError


def require_sizes(root: Path, images: Sequence[str], looks: Sequence[MaskLook]) -> None:
    """Refuses masks of which none has the size of its image. Where only some differ, the audit leaves those out.

    Args:
        root: folder the paths are relative to.
        images: one path per mask.
        looks: of the masks, in the same order.

    Raises:
        AnnotationsError: no mask has the size of its image.
    """
    sizes = []
    for image, look in zip(images, looks, strict=True):
        size = None if look.error else _size_of(root / image)
        if size is not None:
            if size == look.size:
                return
            sizes.append((image, size, look))
    if not sizes:
        return
    image, size, look = sizes[0]
    raise AnnotationsError(
        f"None of the {len(sizes)} masks has the size of its image{_common_factor(sizes)}.",
        expected="as many pixels as the image, in width and height",
        received=f"{look.size[1]} x {look.size[0]} pixels in '{look.path}', {size[1]} x {size[0]} in '{image}'",
        hint=_hint(sizes),
    )


def _size_of(path: Path) -> tuple[int, int] | None:
    try:
        return upright_size(path)
    except UnreadableImageError:
        return None


def _common_factor(sizes: Sequence[tuple[str, tuple[int, int], MaskLook]]) -> str:
    factors = {Fraction(look.size[side], size[side]) for _, size, look in sizes for side in (0, 1) if size[side]}
    if len(factors) > 1:
        return ""
    factor = factors.pop()
    return f": all are {factor} of it" if factor < 1 else f": all are {factor} times as large"


def _hint(sizes: Sequence[tuple[str, tuple[int, int], MaskLook]]) -> str:
    if all(size == look.size[::-1] for _, size, look in sizes):
        return "The images are stored rotated (EXIF); turn the masks as well, or remove the rotation from the images."
    return "Resize the images to the size of the masks, or the masks with nearest-neighbour interpolation."
