"""Whether a graph of neighbours can be searched safely: usearch maps the file and follows its numbers unchecked.

A number that points past the end of the file would end the process instead of raising an error. The layout is that of
usearch 2: the vectors (number of rows and bytes per row as uint32, then the rows), a header of 64 bytes, a header of
the graph (five uint64: size, connectivity, connectivity of the lowest level, highest level, first node), the level of
each node as int16, then the nodes: key as uint64, level as int16, and for each of its levels a count and the
neighbours as uint32.
"""

import struct
from pathlib import Path

import numpy as np

from headstart.files import UnusableFileError, size_of

_VECTORS, _GRAPH = struct.Struct("<II"), struct.Struct("<QQQQQ")
# Name, version, metric, types of scalars, keys and slots, count, deleted, dimensions, several vectors per key, rest.
_HEADER = struct.Struct("<7s3H4BQQQ?")
_HEADER_BYTES, _NODE_BYTES, _KEY_BYTES = 64, 10, 8
_COSINE, _FLOAT16, _UINT64, _UINT32 = 99, 12, 14, 15
_MAX_CONNECTIVITY, _MAX_LEVEL = 1024, 64
_NODES_AT_A_TIME = 20_000  # their lists of neighbours take 25 MB


def check_graph(path: Path, embeddings: np.ndarray) -> None:
    """Refuses a file that is no graph over `embeddings`, `(n, d)`.

    Raises:
        UnusableFileError: the file is missing or of another layout, or a number in it leads out of it.
    """
    num_rows, dimension = embeddings.shape
    if size_of(path) < _VECTORS.size:
        raise UnusableFileError("a graph of usearch", "a file that is too short")
    content = np.memmap(path, np.uint8, mode="r")
    start = _VECTORS.size + num_rows * dimension * np.dtype(np.float16).itemsize
    if len(content) < start + _HEADER_BYTES + _GRAPH.size + 2 * num_rows:
        raise UnusableFileError(f"a graph of {num_rows} rows", f"{len(content):,} bytes")
    if _VECTORS.unpack_from(content.data) != (num_rows, dimension * np.dtype(np.float16).itemsize):
        raise UnusableFileError(f"vectors of shape {embeddings.shape}", "others")
    _check_header(content[start:], num_rows, dimension)
    _check_nodes(content[start + _HEADER_BYTES :], num_rows)


def _check_header(content: np.ndarray, num_rows: int, dimension: int) -> None:
    name, major, _, _, *kinds, count, deleted, columns, is_multi = _HEADER.unpack_from(content.data)
    if (name, major) != (b"usearch", 2):
        raise UnusableFileError("a graph of usearch 2", f"{name!r}, version {major}")
    if kinds != [_COSINE, _FLOAT16, _UINT64, _UINT32] or (count, deleted, columns) != (num_rows, 0, dimension):
        raise UnusableFileError(f"a graph over {num_rows} rows of {dimension} numbers", "another graph")
    if is_multi:
        raise UnusableFileError("one vector a key", "several")


def _check_nodes(content: np.ndarray, num_rows: int) -> None:
    size, width, base_width, top_level, entry = _GRAPH.unpack_from(content.data)
    if size != num_rows or entry >= num_rows or not 1 <= width <= base_width <= _MAX_CONNECTIVITY:
        raise UnusableFileError(f"a graph of {num_rows} nodes", "another header of the graph")
    first = _GRAPH.size + 2 * num_rows
    levels = content[_GRAPH.size : first].view("<i2").astype(np.int64)
    if top_level > _MAX_LEVEL or levels.min() < 0 or levels.max() > top_level or levels[entry] != top_level:
        raise UnusableFileError(f"levels from 0 to {_MAX_LEVEL}", "others")
    base_bytes, level_bytes = 4 + 4 * base_width, 4 + 4 * width
    sizes = _NODE_BYTES + base_bytes + levels * level_bytes
    if len(content) != first + int(sizes.sum()):
        raise UnusableFileError(f"{first + int(sizes.sum()):,} bytes of nodes", f"{len(content):,}")
    starts = first + np.cumsum(sizes) - sizes
    for begin in range(0, num_rows, _NODES_AT_A_TIME):
        rows = slice(begin, begin + _NODES_AT_A_TIME)
        own, level = starts[rows], levels[rows]
        if (_numbers(content, own, _KEY_BYTES, "<u8")[:, 0] >= num_rows).any():
            raise UnusableFileError(f"keys below {num_rows}", "a larger one")
        if (_numbers(content, own + _KEY_BYTES, 2, "<i2")[:, 0] != level).any():
            raise UnusableFileError("the same level in the list and in the node", "different ones")
        _check_neighbours(_numbers(content, own + _NODE_BYTES, base_bytes, "<u4"), levels, 0)
        for number in range(1, int(level.max()) + 1):
            places = own[level >= number] + _NODE_BYTES + base_bytes + (number - 1) * level_bytes
            _check_neighbours(_numbers(content, places, level_bytes, "<u4"), levels, number)


def _numbers(content: np.ndarray, places: np.ndarray, num_bytes: int, dtype: str) -> np.ndarray:
    """The bytes after each place as numbers, one row per place."""
    return content[places[:, None] + np.arange(num_bytes)].view(dtype)


def _check_neighbours(lists: np.ndarray, levels: np.ndarray, level: int) -> None:
    """Every list is a count, then that many nodes that exist on this level."""
    counts, nodes = lists[:, :1], lists[:, 1:]
    if (counts > nodes.shape[1]).any():
        raise UnusableFileError(f"at most {nodes.shape[1]} neighbours", "more")
    listed = nodes[np.arange(nodes.shape[1]) < counts]
    if (listed >= len(levels)).any() or (levels[listed] < level).any():
        raise UnusableFileError(f"neighbours on level {level}", "others")
