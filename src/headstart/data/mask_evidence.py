"""All there is to decide by, when the values of masks have to mean something, and what is said on the way."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from headstart.data.mask_files import COLOUR
from headstart.data.mask_looks import MaskLook
from headstart.data.mask_tables import Names
from headstart.errors import AnnotationsError

BACKGROUND, OBJECT = "background", "object"

_BACKGROUND_NAMES = frozenset(
    ("background", "bg", "unlabeled", "unlabelled", "void", "other", "others", "none", "ignore", "unknown", "nothing")
)
_NUM_SHOWN = 6


@dataclass
class Evidence:
    """The facts from which the meaning of mask values is decided.

    Attributes:
        looks: masks that can be read.
        ignored: value that the user wants ignored; None: what the data leaves unnamed.
        nothing_ignored: whether the user wants 255 to be a class.
        remarks: `(kind, detail)` so far.
    """

    looks: Sequence[MaskLook]
    tables: Sequence[Names]
    ignored: int | None
    nothing_ignored: bool
    remarks: list[tuple[str, str]] = field(default_factory=list)

    def counts(self) -> Counter[int]:
        """Value → pixels over all masks of one number per pixel."""
        total: Counter[int] = Counter()
        for look in self.looks:
            total.update(look.values)
        return total

    def colour_counts(self) -> Counter[int]:
        """Colour → pixels over all masks; grey counts as colour."""
        total: Counter[int] = Counter()
        for look in self.looks:
            total.update(look.colours or {COLOUR + value * 0x010101: count for value, count in look.values.items()})
        return total

    def table(self, *attributes: str) -> Names | None:
        """The first table that has one of the attributes."""
        return next((it for it in self.tables for name in attributes if getattr(it, name)), None)

    def say(self, kind: str, detail: str) -> None:
        """Adds a remark."""
        self.remarks.append((kind, detail))


def is_background(name: str) -> bool:
    """Whether a name of a class means what is no object."""
    return name.strip("_ ").lower() in _BACKGROUND_NAMES


def listed(items: Sequence[str]) -> str:
    """The first items of a list, and how many more there are."""
    more = f" and {len(items) - _NUM_SHOWN} more" if len(items) > _NUM_SHOWN else ""
    return ", ".join(items[:_NUM_SHOWN]) + more


def jpeg_error(path: str, received: str) -> AnnotationsError:
    """The error for JPEG masks of more than black and white."""
    return AnnotationsError(
        "The masks are JPEG files, whose compression has changed their values.",
        expected="PNG, or JPEG with only black and white",
        received=f"{received} in files like '{path}'",
        hint="Export the masks again as PNG; the classes cannot be recovered from JPEG.",
    )
