"""Which examples must stay together on one side of a split."""

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def connected_groups(num_items: int, pairs: np.ndarray) -> np.ndarray:
    """Number of the group of every item, where pairs belong together, also through others.

    Args:
        num_items: how many items there are.
        pairs: `(pairs, 2)` of item numbers.

    Returns:
        `(num_items,)` int64, counted from 0 in the order in which the groups first appear.
    """
    graph = coo_array((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(num_items, num_items))
    labels = connected_components(graph, directed=False)[1]
    groups: np.ndarray = pd.factorize(labels)[0].astype(np.int64)
    return groups


def separable_groups(frame: pd.DataFrame) -> np.ndarray:
    """Number of the smallest set around each example that may be separated from the rest.

    Two examples belong together when they share a group (other than "") or a duplicate group, or are linked by others
    that do.

    Returns:
        `(examples,)` int64, counted from 0 in the order of first appearance.
    """
    keys = [frame["group"].where(frame["group"] != "")]
    if "duplicate_group" in frame:
        keys.append(frame["duplicate_group"])
    return connected_groups(len(frame), np.concatenate([_pairs_with_same(key) for key in keys]))


def _pairs_with_same(key: pd.Series) -> np.ndarray:
    """Each item with the first one of the same key, `(pairs, 2)`; missing keys are like no other."""
    codes = pd.factorize(key)[0]
    known = np.flatnonzero(codes >= 0)
    first = pd.Series(known).groupby(codes[known]).transform("first").to_numpy(np.int64)
    return np.stack([first, known], axis=1)
