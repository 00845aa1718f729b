"""Values as they stand in JSON files of other programs."""

from typing import TypeGuard

from headstart.data.annotated import MAX_PLACE


def sound_text(text: str) -> str:
    """Text that can be written to a file: JSON can spell halves of characters."""
    return text.encode("utf-8", "replace").decode("utf-8")


def is_place(value: object) -> TypeGuard[int | float]:
    """Whether a value is a coordinate: a number, and not absurdly large."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < MAX_PLACE
