"""Units with class contents dealt out to parts in given proportions."""

import numpy as np


def apportion(contents: np.ndarray, shares: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Number of the part for every unit, such that each part gets its share of each class.

    First every part receives one unit of every class, the smallest share choosing first, so that no class is missing
    anywhere (where a class has fewer units than there are parts, the largest share chooses first). Then iterative
    stratification: the class with the fewest examples left deals out its units, the largest first, each to the part
    that lacks most of that class. Units of one example of one class end within one example of their shares wherever
    those are 1 or more.

    Args:
        contents: `(units, classes)` examples of each class in each unit; every unit has some.
        shares: `(parts,)` above 0, together 1.
        rng: decides among equals.

    Returns:
        `(units,)` int64. Where units hold several classes, a part may lack a class: see `covers`.

    References:
        Sechidis et al., "On the Stratification of Multi-Label Data", 2011, algorithm 1.
    """
    deal = _Deal(contents, shares, rng)
    for column in np.argsort((contents > 0).sum(axis=0), kind="stable"):
        deal.cover(column)
    while (deal.parts < 0).any():
        left = contents[deal.parts < 0].sum(axis=0)
        deal.deal_out(int(np.argmin(np.where(left > 0, left, left.max() + 1))))
    return deal.parts


def fill_empty(parts: np.ndarray, contents: np.ndarray, num_parts: int) -> np.ndarray:
    """The parts with a unit in each, where there are as many units; what is moved shows only what others show most.

    Args:
        parts: `(units,)`, as `apportion` gives it.
        contents: `(units, classes)`.
        num_parts: how many parts there are.
    """
    filled = parts.copy()
    num_units = (contents > 0).sum(axis=0)
    # Of its rarest class, how many units have it: where that is high, moving the unit takes little from its part.
    spare = np.where(contents > 0, num_units, num_units.max(initial=0)).min(axis=1, initial=len(parts))
    for part in range(num_parts):
        sizes = np.bincount(filled, minlength=num_parts)
        if sizes[part] == 0 and sizes.max() > 1:
            donors = np.flatnonzero(filled == sizes.argmax())
            filled[donors[np.argmax(spare[donors])]] = part
    return filled


def covers(parts: np.ndarray, contents: np.ndarray, num_parts: int) -> np.ndarray:
    """Whether each class stands in every part: `(classes,)` bool."""
    present = np.zeros((num_parts, contents.shape[1]), bool)
    np.logical_or.at(present, parts, contents > 0)
    return np.asarray(present.all(axis=0))


class _Deal:
    """A deal under way: `parts` is -1 for units not dealt yet, `lacking` what each part still lacks of a class."""

    def __init__(self, contents: np.ndarray, shares: np.ndarray, rng: np.random.Generator) -> None:
        self.contents = contents
        self.parts = np.full(len(contents), -1, np.int64)
        self.lacking = contents.sum(axis=0)[:, None] * shares
        self.lacking_in_all = self.lacking.sum(axis=0)
        self._smallest_first = np.argsort(shares, kind="stable")
        self._order = rng.permutation(len(contents))
        self._sizes = contents.sum(axis=1)

    def cover(self, column: int) -> None:
        """Gives a unit of this class to each part that has none; the largest part goes first where they do not suffice.

        What occurs nowhere but in the smallest parts could never be learned.
        """
        enough = (self.contents[:, column] > 0).sum() >= len(self._smallest_first)
        for part in self._smallest_first if enough else self._smallest_first[::-1]:
            units = self._units_left(column)
            if not len(units) or self.contents[self.parts == part, column].any():
                continue
            amounts = self.contents[units, column]
            fitting = units[amounts <= max(self.lacking[column, part], amounts.min())]
            self._give(fitting[0], part)

    def deal_out(self, column: int) -> None:
        """Deals out every unit left of this class."""
        units = self._units_left(column)
        for unit in units[np.argsort(-self._sizes[units], kind="stable")]:
            # Rounded, because equal shares differ in their last bits; then the part that lacks most of anything.
            lacking, in_all = self.lacking[column].round(9), self.lacking_in_all.round(9)
            self._give(unit, np.lexsort((in_all, lacking))[-1])

    def _units_left(self, column: int) -> np.ndarray:
        left = self._order[self.parts[self._order] < 0]
        units: np.ndarray = left[self.contents[left, column] > 0]
        return units

    def _give(self, unit: int, part: int) -> None:
        self.parts[unit] = part
        self.lacking[:, part] -= self.contents[unit]
        self.lacking_in_all[part] -= self._sizes[unit]
