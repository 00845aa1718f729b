"""Numbers in a table of images: what is measured rather than named."""

import math
import re
from pathlib import Path

import pandas as pd

from headstart.data.annotations import numbers_to_text
from headstart.data.dataset import Remark
from headstart.errors import TableColumnsError

# A column of versions or half stars has few values; what is measured has many.
_MANY_VALUES = 20
# A decimal comma; "1,234" may as well mean thousands.
_COMMA = re.compile(r"[-+]?\d+,\d+")
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(,\d{3})+")


def are_measured(labels: pd.Series) -> bool:
    """Whether labels are rather measured numbers than names of classes.

    They are when every one is a finite number, some are not whole, and there are more than 20 different ones or more
    than half as many as rows. "0" and "1", or years, stay classes.
    """
    numbers = [_number(label) for label in _with_points(labels)]
    if not numbers or any(number is None for number in numbers):
        return False
    num_distinct = len(set(numbers))
    is_whole = all(number is not None and number.is_integer() for number in numbers)
    return not is_whole and (num_distinct > _MANY_VALUES or 2 * num_distinct > len(numbers))


def number_targets(columns: list[pd.Series], names: tuple[str, ...], table: Path) -> list[str]:
    """Target of every row from columns of numbers.

    Raises:
        TableColumnsError: a cell is no finite number.
    """
    numbers = [[_number(cell) for cell in _with_points(column)] for column in columns]
    for name, column, cells in zip(names, columns, numbers, strict=True):
        wrong = [row for row, number in enumerate(cells) if number is None]
        if wrong:
            first = wrong[0]
            raise TableColumnsError(
                f"'{table}' has cells in column '{name}' that are not numbers.",
                expected="a number in every row, all with a decimal point or all with a decimal comma",
                received=f"{len(wrong)} others, the first is {column.iat[first]!r} in row {column.index[first] + 1}",
                hint="Correct or delete these rows, or use --task image-classification if they are class names.",
            )
    return [numbers_to_text(number for number in row if number is not None) for row in zip(*numbers, strict=True)]


def number_remarks(labels: pd.Series, column: str, table: Path) -> list[Remark]:
    """A remark where class names are numbers that may have been measured: decimals, or nearly all different."""
    numbers = [_number(label) for label in _with_points(labels)]
    if not numbers or None in numbers:
        return []
    distinct = len(set(numbers))
    decimal = any(number is not None and not number.is_integer() for number in numbers)
    if decimal or distinct > _MANY_VALUES or (distinct > 2 and 2 * distinct > len(numbers)):
        return [Remark("numbers_as_classes", table.name, f"{distinct} numbers in {len(labels)} rows of '{column}'")]
    return []


def _with_points(column: pd.Series) -> pd.Series:
    """Numbers with decimal commas as numbers with decimal points; any other column as it is."""
    with_comma = [cell for cell in column if "," in cell]
    if (
        not with_comma
        or column.str.contains(".", regex=False).any()
        or not all(map(_COMMA.fullmatch, with_comma))
        or all(map(_THOUSANDS.fullmatch, with_comma))
    ):
        return column
    return column.str.replace(",", ".", regex=False)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    # float() also takes "1_000", which nobody means as a number in a table.
    return number if math.isfinite(number) and "_" not in text else None
