"""The nearest embeddings by cosine: every one is compared, a block at a time."""

from collections.abc import Iterator

import numpy as np

NUMBERS_PER_BLOCK = 16_000_000  # 64 MB of float32, however large the index is
QUERIES_PER_BLOCK = 64


def unit_rows(features: np.ndarray) -> np.ndarray:
    """Rows of length 1, `(n, d)` float32; a row of zeros stays one."""
    rows = np.asarray(features, np.float32)
    unit: np.ndarray = rows / _lengths(rows)[:, None]
    return unit


def nearest_exact(queries: np.ndarray, embeddings: np.ndarray, *, top: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows nearest to each query, the nearest first; of equally near ones the first in the index first.

    Args:
        queries: `(q, d)`, of any length.
        embeddings: `(n, d)`, of any length, float16 or float32; may be mapped from a file.
        top: how many; all where there are fewer.

    Returns:
        Row numbers `(q, k)` int64 and cosine distances `(q, k)` float32 from 0 (same direction) to 2.
    """
    parts = [
        _nearest_of_block(unit_rows(queries[start : start + QUERIES_PER_BLOCK]), embeddings, top)
        for start in range(0, len(queries), QUERIES_PER_BLOCK)
    ]
    rows, similarities = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return rows, as_distances(similarities)


def similarities_to_all(queries: np.ndarray, embeddings: np.ndarray) -> np.ndarray:
    """`(q, n)` float32 cosines of unit rows with every embedding."""
    return np.concatenate([block for _, block in _blocks(queries, embeddings)], axis=1)


def row_slices(embeddings: np.ndarray) -> Iterator[slice]:
    """Rows that are taken into memory together."""
    rows = max(1, NUMBERS_PER_BLOCK // max(embeddings.shape[1], QUERIES_PER_BLOCK))
    return (slice(start, start + rows) for start in range(0, len(embeddings), rows))


def _blocks(queries: np.ndarray, embeddings: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """First row number and `(q, rows)` cosines of each block of embeddings."""
    for rows in row_slices(embeddings):
        block = np.asarray(embeddings[rows], np.float32)
        # Divided afterwards: to scale the block would take longer than the product with a few queries.
        yield rows.start, queries @ block.T / _lengths(block)


def _lengths(rows: np.ndarray) -> np.ndarray:
    lengths: np.ndarray = np.maximum(np.sqrt(np.einsum("nd,nd->n", rows, rows)), 1e-12)
    return lengths


def as_distances(similarities: np.ndarray) -> np.ndarray:
    """Cosine distances from cosines; rounding makes none negative."""
    distances: np.ndarray = np.clip(1 - similarities, 0, 2)
    return distances


def _nearest_of_block(queries: np.ndarray, embeddings: np.ndarray, top: int) -> tuple[np.ndarray, np.ndarray]:
    best_rows = np.empty((len(queries), 0), np.int64)
    best = np.empty((len(queries), 0), np.float32)
    for start, block in _blocks(queries, embeddings):
        # Those kept so far stand first: a stable order lets them win a tie.
        values = np.concatenate([best, block], axis=1)
        rows = np.broadcast_to(np.arange(start, start + block.shape[1]), block.shape)
        rows = np.concatenate([best_rows, rows], axis=1)
        order = np.argsort(-values, axis=1, kind="stable")[:, :top]
        best, best_rows = np.take_along_axis(values, order, axis=1), np.take_along_axis(rows, order, axis=1)
    return best_rows, best
