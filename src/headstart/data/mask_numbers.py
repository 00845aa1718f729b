"""What the values of masks with one number per pixel mean, with names and without."""

from collections import Counter
from collections.abc import Sequence

from headstart.data.mask_evidence import BACKGROUND, OBJECT, Evidence, is_background, jpeg_error, listed
from headstart.data.mask_files import COLOUR
from headstart.data.mask_looks import BRIGHT, DARK
from headstart.data.mask_tables import Names
from headstart.data.masks import IGNORED, OTHER_VALUES
from headstart.errors import AnnotationsError

# Grey masks with two classes whose edges were smoothed: nearly all is nearly black or nearly white.
_MAX_SHARE_BETWEEN, _MAX_SHARE_FLAT_BETWEEN, _MIN_SMOOTHED_VALUES = 0.1, 0.002, 9
_MAX_VALUES = 160
# How much of the masks 255 may cover before it is more than a border.
_MUCH_IGNORED = 0.1
_MIN_COUNTED_OBJECTS, _MIN_DIFFERENT_COUNTS, _FEW_NUMBERS = 8, 3, 12


def by_names(evidence: Evidence, table: Names) -> dict[int, str]:
    """Meaning of values with a table of names.

    Raises:
        AnnotationsError: the names do not go together with the values.
    """
    counts = evidence.counts()
    smoothed = _smoothed(evidence, counts)
    if smoothed:
        dark, bright = _two_names(table)
        return {value: dark if name == BACKGROUND else bright for value, name in smoothed.items()}
    named = _by_palette(evidence, table) if table.by_colour else None
    if named is not None:
        return named
    if not table.by_value:
        return _by_order(evidence, table, counts)
    others = set(counts) - {0}
    if len(table.by_value) == 2 and 0 in table.by_value and len(others) == 1 and not others & set(table.by_value):
        return _in_order(evidence, table, [0, *others], _two_names(table))
    return {**({0: BACKGROUND} if counts[0] else {}), IGNORED: "", **table.by_value}


def _two_names(table: Names) -> tuple[str, str]:
    names = table.in_order or tuple(name for _, name in sorted(table.by_value.items()))
    return (names[0], names[1]) if len(names) == 2 else (BACKGROUND, names[0] if len(names) == 1 else OBJECT)


def _by_palette(evidence: Evidence, table: Names) -> dict[int, str] | None:
    """Colours of the table, where all used colours of a palette, or all grey values, are in it."""
    if all(look.has_palette for look in evidence.looks):
        border = {max(look.values) for look in evidence.looks} <= {IGNORED}
        colours = evidence.colour_counts()
        unknown = [colour for colour in colours if colour not in table.by_colour]
        if len(unknown) <= int(border or IGNORED in evidence.counts()):
            # What the number 255 marks in Pascal VOC has a colour of its own, which no table lists.
            return {**dict.fromkeys(unknown, ""), **table.by_colour}
        return None
    counts = evidence.counts()
    grey = {value: table.by_colour.get(COLOUR + value * 0x010101) for value in counts if value < 256}
    if max(counts, default=0) >= len(table.by_colour) and all(grey.values()):
        return {value: name for value, name in grey.items() if name}
    return None


def _by_order(evidence: Evidence, table: Names, counts: Counter[int]) -> dict[int, str]:
    """Names in the order of a list: the first belongs to 0, unless the masks hold as many other values as names."""
    names, num, values = table.in_order, len(table.in_order), sorted(counts)
    used = set(values) - {IGNORED}
    fits = used <= set(range(num)) and not (num <= 2 and values == [0, IGNORED])
    if not fits and num == 1 and len(values) == 2 and values[0] == 0:
        return _in_order(evidence, table, values, (BACKGROUND, names[0]))
    if not fits and len(values) == num:
        return _in_order(evidence, table, values, names)
    if used == set(range(num + 1)) and not is_background(names[0]):
        raise AnnotationsError(
            f"'{table.file}' has {num} names, but the masks contain the {num + 1} values 0 to {num}.",
            expected=f"a name for each value, the first for 0, such as 'background' before '{names[0]}'",
            received=f"{num} names",
            hint=f"Write a first line 'background' into '{table.file}', or a number before each name.",
        )
    return {IGNORED: "", **{value: name for value, name in enumerate(names) if name}}


def _in_order(evidence: Evidence, table: Names, values: Sequence[int], names: Sequence[str]) -> dict[int, str]:
    pairs = [f"{value} '{name}'" for value, name in zip(values, names, strict=True)]
    evidence.say("names_by_order", f"'{table.file}' states no value of the masks: {listed(pairs)}")
    return {IGNORED: "", **{value: name for value, name in zip(values, names, strict=True) if name}}


def by_numbers(evidence: Evidence) -> dict[int, str]:
    """The meaning of values without names."""
    counts = evidence.counts()
    smoothed = _smoothed(evidence, counts)
    if smoothed:
        return smoothed
    if _number_objects(evidence, counts):
        return {0: BACKGROUND, OTHER_VALUES: OBJECT}
    _require_flat(evidence, counts)
    found = set(counts)
    if len(found - {0}) == 1 and 0 in found:
        return {0: BACKGROUND, OTHER_VALUES: OBJECT}
    values = {value: str(value) for value in sorted(found - {0})}
    if 0 in found:
        values[0] = BACKGROUND
    if evidence.ignored is None and not evidence.nothing_ignored:
        values[IGNORED] = _name_of_255(evidence, counts)
    return values


def _smoothed(evidence: Evidence, counts: Counter[int]) -> dict[int, str] | None:
    """Masks of two classes whose edges JPEG or smoothing has blurred: below 128 is background, the rest object."""
    if not any(look.is_jpeg for look in evidence.looks) and len(counts) < _MIN_SMOOTHED_VALUES:
        return None
    num_pixels = sum(counts.values())
    between = sum(count for value, count in counts.items() if DARK < value < BRIGHT)
    flat_between = sum(look.num_flat_between for look in evidence.looks)
    bright = sum(count for value, count in counts.items() if value >= BRIGHT)
    is_two = (
        max(counts) <= 255
        and 0 < bright < num_pixels
        and between <= _MAX_SHARE_BETWEEN * num_pixels
        and flat_between <= _MAX_SHARE_FLAT_BETWEEN * num_pixels
        and (bright + sum(count for value, count in counts.items() if value <= DARK)) > 0
    )
    jpegs = [look.path for look in evidence.looks if look.is_jpeg]
    if jpegs and not is_two:
        raise jpeg_error(jpegs[0], f"{len(counts)} values, not only black and white")
    if not is_two or not (jpegs or _is_spread(counts)):
        return None
    if jpegs:
        detail = f"{len(jpegs)} masks, such as '{jpegs[0]}', are JPEG files, which change values"
        evidence.say("jpeg_masks", f"{detail}: below 128 was read as background, the rest as object")
    else:
        detail = f"{len(counts)} values, nearly all near 0 and 255"
        evidence.say("smoothed_masks", f"{detail}: below 128 was read as background, the rest as object")
    return {value: BACKGROUND if value < 128 else OBJECT for value in range(256)}


def _is_spread(counts: Counter[int]) -> bool:
    """Whether values lie everywhere between black and white, as smoothing leaves them, and none of them often."""
    inner = {value: count for value, count in counts.items() if 0 < value < IGNORED}
    return counts[0] > max(inner.values(), default=0) < counts[IGNORED] and len(inner) >= _MIN_SMOOTHED_VALUES - 2


def _number_objects(evidence: Evidence, counts: Counter[int]) -> bool:
    """Whether the values number objects rather than classes: 1 to k in each mask, with another k in each."""
    per_mask = [set(look.values) - {0} for look in evidence.looks]
    is_wide = any(look.is_wide for look in evidence.looks)
    most = max(map(len, per_mask))
    if is_wide:
        everywhere = all(
            sum(value in values for values in per_mask) >= len(per_mask) / 2 for value in set(counts) - {0}
        )
        if len(counts) > _FEW_NUMBERS or not everywhere or max(counts) > 255 or len(per_mask) < 2:
            return True
        evidence.say(
            "few_numbers", f"{listed(list(map(str, sorted(counts))))}, the same in most masks, were read as classes"
        )
        return False
    counted = all(values == set(range(1, len(values) + 1)) for values in per_mask)
    if counted and most >= _MIN_COUNTED_OBJECTS and len({len(values) for values in per_mask}) >= _MIN_DIFFERENT_COUNTS:
        evidence.say(
            "numbered_objects", f"each mask holds 1 to its number of objects, at most {most}; all are 'object'"
        )
        return True
    return False


def _require_flat(evidence: Evidence, counts: Counter[int]) -> None:
    rough = [look for look in evidence.looks if not look.looks_like_mask()]
    if len(counts) > _MAX_VALUES or len(rough) > len(evidence.looks) / 2:
        path = rough[0].path if rough else evidence.looks[0].path
        raise AnnotationsError(
            f"The masks contain {len(counts)} different values, which look like shades and not like classes.",
            expected="areas of equal values, one value for each class",
            received=f"files like '{path}'",
            hint="Save the masks without smoothing, with the number of the class in each pixel; more than "
            f"{_MAX_VALUES} classes need a file 'classes.txt' with their names.",
        )


def _name_of_255(evidence: Evidence, counts: Counter[int]) -> str:
    """Name of 255: a class where all values are evenly spaced up to it, otherwise "", which is ignored."""
    if not counts[IGNORED]:
        return ""
    share = counts[IGNORED] / sum(counts.values())
    values = sorted(counts)
    steps = len(values) - 1
    spaced = steps >= 2 and all(abs(value - IGNORED * place / steps) <= 1 for place, value in enumerate(values))
    if spaced:
        evidence.say(
            "value_255",
            f"255 covers {share:.1%} of the pixels and was read as a class: {listed(list(map(str, values)))} are "
            "evenly spaced; --ignore-value 255 ignores it",
        )
        return str(IGNORED)
    kind = "much_ignored" if share > _MUCH_IGNORED else "ignored_value"
    evidence.say(kind, f"255 covers {share:.1%} of the pixels and is ignored; --ignore-value none makes it a class")
    return ""
