"""Numbers in a table of pictures: what is measured rather than named."""

import math
from pathlib import Path

import pandas as pd

from headstart.data.annotations import numbers_to_text
from headstart.errors import TableColumnsError

# A column of versions or half stars has few values; what is measured has many.
_MANY_VALUES = 20


def are_measured(labels: pd.Series) -> bool:
    """Whether labels are rather measured numbers than names of classes.

    They are when every one is a finite number, some are not whole, and there are more than 20 different ones or more
    than half as many as rows. "0" and "1", or years, stay classes.
    """
    numbers = [_number(label) for label in labels]
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
    numbers = [[_number(cell) for cell in column] for column in columns]
    for name, column, cells in zip(names, columns, numbers, strict=True):
        wrong = [row for row, number in enumerate(cells) if number is None]
        if wrong:
            raise TableColumnsError(
                f"'{table}' has cells in column '{name}' that are no numbers.",
                expected="a number with a decimal point in every row",
                received=f"{len(wrong)} others, the first is {column.iat[wrong[0]]!r} in row {wrong[0] + 1}",
                hint="Correct them, delete these rows, or ask for image-classification if they are names of classes.",
            )
    return [numbers_to_text(number for number in row if number is not None) for row in zip(*numbers, strict=True)]


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    # float() also takes "1_000", which nobody means as a number in a table.
    return number if math.isfinite(number) and "_" not in text else None
