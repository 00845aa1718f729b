"""Which class the values of masks mean: by names that lie beside them, or else by what the masks hold."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from headstart.data.mask_evidence import BACKGROUND, OBJECT, Evidence, is_background, jpeg_error, listed
from headstart.data.mask_files import COLOUR, NO_VALUE, TRANSPARENT, hex_of
from headstart.data.mask_looks import MaskLook
from headstart.data.mask_numbers import by_names, by_numbers
from headstart.data.mask_tables import Names
from headstart.data.masks import IGNORED, OTHER_VALUES
from headstart.errors import AnnotationsError

_BLACK = COLOUR
# More colours than this without a table are those of a photograph, of smoothed edges or of objects.
_MAX_UNNAMED_COLOURS = 24
_MAX_UNKNOWN_SHARE = 0.5


@dataclass(frozen=True)
class Meaning:
    """The meaning of values, as `Dataset.mask_values`, and findings about it: `(kind, detail)`."""

    values: dict[int, str]
    remarks: tuple[tuple[str, str], ...] = ()


def meaning_of(looks: Sequence[MaskLook], tables: Sequence[Names], *, ignore_value: int | str | None = None) -> Meaning:
    """The meaning of all values.

    Args:
        looks: every mask; those that cannot be read do not count.
        tables: files of names, the likeliest first.
        ignore_value: value that says nothing of its pixel, a colour as "#rrggbb", or "none" for a mask in which 255 is
            a class; None: 255, and what the names leave out.

    Raises:
        AnnotationsError: no mask can be read, or what they hold is no mask that can be understood.
    """
    evidence = Evidence(
        [look for look in looks if not look.error],
        tables,
        _ignored_value(ignore_value),
        ignore_value == NO_VALUE,
    )
    values = _reader(evidence, looks)(evidence)
    heed_ignore_value(values, ignore_value, holds_255=bool(evidence.counts()[IGNORED]))
    if max(values) < COLOUR:  # colours keep the order of their table
        # The value that stands for all others comes last, though its number is below 0.
        values = {value: values[value] for value in sorted(values, key=lambda it: (it == OTHER_VALUES, it))}
    return Meaning(values, tuple(evidence.remarks))


def heed_ignore_value(values: dict[int, str], ignore_value: int | str | None, *, holds_255: bool) -> None:
    """Takes the name away from the value that the user wants ignored, or makes 255 a class, in `values`.

    Args:
        values: value → name.
        ignore_value: as for `meaning_of`.
        holds_255: whether any mask holds 255.

    Raises:
        AnnotationsError: the value is a colour and the masks hold numbers, or the other way round.
    """
    ignored = _ignored_value(ignore_value)
    if ignored is not None:
        _require_same_form(ignored, values)
        values[ignored] = ""
    elif ignore_value == NO_VALUE and values.get(IGNORED) == "" and holds_255:
        values[IGNORED] = str(IGNORED)


def _reader(evidence: Evidence, looks: Sequence[MaskLook]) -> Callable[[Evidence], dict[int, str]]:
    if not evidence.looks:
        raise AnnotationsError(
            f"None of the {len(looks)} masks can be read.",
            expected="images with one number or one colour per pixel, such as grey PNGs",
            received=f"files like '{looks[0].path}': {looks[0].error}",
            hint="Save them again as grey PNG.",
        )
    transparent = sum(look.num_transparent for look in evidence.looks)
    if 0 < transparent < sum(look.num_pixels for look in evidence.looks if look.num_colours):
        return _by_transparency
    if _are_colours(evidence.looks):
        return _by_colour
    evidence.looks = [look for look in evidence.looks if look.values]
    table = evidence.table("by_value", "in_order", "by_colour")
    return partial(by_names, table=table) if table else by_numbers


def _are_colours(looks: Sequence[MaskLook]) -> bool:
    """Whether colours prevail. Masks of background alone are grey; one coloured mask may be a mistake."""
    coloured = [look for look in looks if not look.values]
    grey = [look for look in looks if set(look.values) - {0}]
    return len(coloured) > 0 and len(coloured) >= len(grey)


def _require_same_form(ignored: int, values: Mapping[int, str]) -> None:
    holds_colours = max(values) >= COLOUR
    if holds_colours != (ignored >= COLOUR):
        raise AnnotationsError(
            f"The masks contain {'colours' if holds_colours else 'numbers'}, but the value to ignore is not one.",
            expected="a colour such as '#e0e0c0'" if holds_colours else "a number from 0 to 65535",
            received=f"ignore_value {ignored if holds_colours else hex_of(ignored)}",
            hint="Leave out --ignore-value to see which values the masks contain.",
        )


def _ignored_value(asked: int | str | None) -> int | None:
    if isinstance(asked, str) and asked != NO_VALUE:
        return COLOUR + int(asked.removeprefix("#"), 16)
    return asked if isinstance(asked, int) else None


def _by_transparency(evidence: Evidence) -> dict[int, str]:
    colours = evidence.colour_counts()
    table = evidence.table("by_colour")
    if table:
        return {TRANSPARENT: _name_of_background(table), **table.by_colour}
    few = 1 < len(colours) <= _MAX_UNNAMED_COLOURS and all(
        look.colours or not look.num_colours for look in evidence.looks
    )
    evidence.say("transparent_masks", "what is transparent is 'background'")
    if not few:
        return {TRANSPARENT: BACKGROUND, OTHER_VALUES: OBJECT}
    _say_unnamed(evidence, colours)
    return {TRANSPARENT: BACKGROUND, **{colour: hex_of(colour) for colour in sorted(colours)}}


def _name_of_background(table: Names) -> str:
    names = [*table.by_colour.values(), *table.by_value.values()]
    return next((name for name in names if is_background(name)), BACKGROUND)


def _by_colour(evidence: Evidence) -> dict[int, str]:
    table = evidence.table("by_colour")
    colours = evidence.colour_counts()
    jpeg = next((look.path for look in evidence.looks if look.is_jpeg and not look.values), None)
    if jpeg:
        raise jpeg_error(jpeg, "colours")
    crowded = next((look for look in evidence.looks if look.num_colours and not look.colours), None)
    if table:
        num_unknown = sum(count for colour, count in colours.items() if colour not in table.by_colour)
        if crowded or num_unknown > _MAX_UNKNOWN_SHARE * sum(colours.values()):
            raise AnnotationsError(
                f"The colours of most pixels in the masks are not in '{table.file}'.",
                expected="exactly " + listed([f"{hex_of(it)} {name}" for it, name in table.by_colour.items()]),
                received=listed([hex_of(colour) for colour, _ in colours.most_common()]),
                hint="Correct the file, or save the masks without smoothing and not as JPEG.",
            )
        return dict(table.by_colour)
    if crowded or len(colours) > _MAX_UNNAMED_COLOURS:
        raise AnnotationsError(
            f"The masks contain {'more than ' if crowded else ''}{max(len(colours), 1)} different colours.",
            expected=f"at most {_MAX_UNNAMED_COLOURS} colours, one for each class, or a file that lists them",
            received=f"colours like {listed([hex_of(it) for it, _ in colours.most_common()])}"
            if colours
            else f"a colour image, '{crowded.path}'"
            if crowded
            else "",
            hint="Write 'labelmap.txt' with lines such as 'car:128,0,0' beside the folders, or save the masks as grey "
            "PNG with the number of the class in each pixel. Masks must not be smoothed, resized or saved as JPEG.",
        )
    if len(colours) == 2 and _BLACK in colours:
        return {_BLACK: BACKGROUND, OTHER_VALUES: OBJECT}
    _say_unnamed(evidence, colours)
    return {colour: hex_of(colour) for colour in sorted(colours)}


def _say_unnamed(evidence: Evidence, colours: Mapping[int, int]) -> None:
    evidence.say(
        "colours_unnamed",
        f"{len(colours)} classes {listed([hex_of(colour) for colour in sorted(colours)])}; to name them, write "
        "'labelmap.txt' beside the folders, with lines such as 'car:128,0,0'",
    )
