"""A graph of neighbours (HNSW), for indexes that are too large to be compared one by one."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from headstart.errors import ExtraMissingError, RecipeError
from headstart.similarity.exact import as_distances, row_slices, unit_rows

METHODS = ("exact", "hnsw")
# Neighbours of a row in the graph, and how many rows are looked at while it is built and searched: those of the paper
# and of most libraries, with a wider search, because features of images have some thousand dimensions.
CONNECTIVITY, BUILD_WIDTH, SEARCH_WIDTH = 16, 128, 128


def check_method(method: str) -> str:
    """The name of the method, if it exists and its packages are installed.

    Raises:
        RecipeError: there is no method of this name.
        ExtraMissingError: usearch is not installed.
    """
    if method not in METHODS:
        raise RecipeError(
            f"There is no search method '{method}'.",
            expected=f"one of {', '.join(METHODS)}",
            received=method,
            hint="Use 'exact', which compares every image and is fast for up to some hundred thousand images.",
        )
    if method == "hnsw" and find_spec("usearch") is None:
        raise ExtraMissingError(
            "The search method 'hnsw' requires a package that is not installed.",
            expected="the package usearch",
            received="an environment without it",
            hint="Run `pip install 'headstart[similarity]'`, or search with --method exact.",
        )
    return method


def write_graph(path: Path, embeddings: np.ndarray) -> None:
    """Builds the graph over `(n, d)` embeddings and writes it; a row's number is its key.

    References:
        Malkov and Yashunin, Efficient and robust approximate nearest neighbor search using HNSW, arXiv 1603.09320.
    """
    graph = _graph_type()(
        ndim=embeddings.shape[1],
        metric="cos",
        dtype="f16",
        connectivity=CONNECTIVITY,
        expansion_add=BUILD_WIDTH,
        expansion_search=SEARCH_WIDTH,
    )
    for rows in row_slices(embeddings):
        # One thread: with several the graph, and with it some results, would be another every time.
        graph.add(np.arange(len(embeddings))[rows], np.ascontiguousarray(embeddings[rows], np.float16), threads=1)
    graph.save(str(path))


def nearest_in_graph(
    path: Path, queries: np.ndarray, embeddings: np.ndarray, *, top: int
) -> tuple[np.ndarray, np.ndarray]:
    """Like `nearest_exact`, now and then without one of the nearest; the distances are exact.

    Args:
        path: the graph over `embeddings`.
        queries: `(q, d)`, of any length.
        embeddings: `(n, d)`; only the rows that are found are read.
        top: how many; all where there are fewer.
    """
    graph = _graph_type().restore(str(path), view=True)
    graph.expansion_search = max(SEARCH_WIDTH, 2 * top)  # not kept in the file
    top = min(top, len(embeddings))
    directions = unit_rows(queries)
    rows = np.stack([_keys(graph, direction, top) for direction in directions])
    found = np.stack([unit_rows(embeddings[each]) for each in rows])
    similarities = np.einsum("qd,qkd->qk", directions, found)
    order = np.lexsort((rows, -similarities), axis=1)
    return np.take_along_axis(rows, order, axis=1), as_distances(np.take_along_axis(similarities, order, axis=1))


def _keys(graph: Any, direction: np.ndarray, top: int) -> np.ndarray:
    keys = np.asarray(graph.search(direction.astype(np.float16), top).keys, np.int64)
    if len(keys) == top:
        return keys
    # A graph over many copies of one image may not lead everywhere; a full comparison does.
    return np.asarray(graph.search(direction.astype(np.float16), top, exact=True).keys, np.int64)


def _graph_type() -> Any:
    from usearch.index import Index  # noqa: PLC0415  an extra

    return Index
