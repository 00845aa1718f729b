"""The images of an index that are most like others."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from headstart.data import open_rgb, resize_image
from headstart.errors import RecipeError, UnreadableImageError
from headstart.files import sha256_or
from headstart.prediction import expand_paths
from headstart.progress import SILENT, Progress
from headstart.similarity.exact import nearest_exact
from headstart.similarity.hnsw import check_method, nearest_in_graph
from headstart.similarity.index import SimilarityIndex
from headstart.similarity.index_schema import EmbedderValues
from headstart.similarity.model_source import ModelSource
from headstart.similarity.results import Neighbour, QueryResult, SearchResults

DEFAULT_TOP = 12
BATCH_SIZE = 32  # what every engine takes at once
Found = Mapping[Path, np.ndarray | UnreadableImageError]


def search_index(
    index: SimilarityIndex | Path | str,
    pictures: Iterable[Path | str] | Path | str,
    *,
    top: int = DEFAULT_TOP,
    method: str | None = None,
    model: Path | str | None = None,
    weights: Path | str | None = None,
    progress: Progress = SILENT,
) -> SearchResults:
    """The nearest images of an index, by cosine distance of their embeddings.

    An image whose bytes are in the index needs no model: its embedding is known. It is its own nearest neighbour.

    Args:
        index: or its folder.
        pictures: files, folders (searched to the bottom) and patterns, or a single one of them.
        top: how many neighbours per image, at least 1; all where there are fewer.
        method: `exact` or `hnsw`; None: `hnsw` where the index has a graph, else `exact`.
        model: folder of the run that the index was made with, where it was moved.
        weights: file with the weights that the index was made with, where it was moved.
        progress: notified of every image that goes through the model.

    Raises:
        IndexNotFoundError, IndexDamagedError, IndexNewerError: as `SimilarityIndex.load`.
        IndexMismatchError: the model is not the one that the index was made with.
        UnreadableImageError: none of the files is an image; where some are, the others say so in their results.
        RecipeError: a setting is out of its range, or there is no graph to search with `hnsw`.
    """
    _check_top(top)
    if not isinstance(index, SimilarityIndex):
        index = SimilarityIndex.load(index)
    method = _method(index, method)
    paths = _files(pictures)
    source = ModelSource.from_facts(index.facts).moved(model, weights)
    found = _embeddings(index, paths, source, progress)
    readable = [path for path in paths if isinstance(found[path], np.ndarray)]
    if not readable:
        raise next(error for error in found.values() if isinstance(error, UnreadableImageError))
    queries = np.stack([np.asarray(found[path]) for path in readable])
    if index.graph_path is not None and method == "hnsw":
        rows, distances = nearest_in_graph(index.graph_path, queries, index.embeddings, top=top)
    else:
        rows, distances = nearest_exact(queries, index.embeddings, top=top)
    neighbours = {path: _neighbours(index, *pair) for path, *pair in zip(readable, rows, distances, strict=True)}
    results = tuple(_result(path, neighbours.get(path, ()), found[path]) for path in paths)
    return SearchResults(index.path, index.root, method, results)


def needs_model(index: SimilarityIndex, pictures: Iterable[Path | str] | Path | str) -> bool:
    """Whether a search for these images takes the seconds that TensorFlow needs to start."""
    return any(_hash(path) not in index.rows_of_hashes for path in _files(pictures))


def _files(pictures: Iterable[Path | str] | Path | str) -> list[Path]:
    return list(expand_paths([pictures] if isinstance(pictures, str | Path) else list(pictures)))


def _check_top(top: int) -> None:
    if top < 1:
        raise RecipeError(
            f"A search cannot return {top} images.",
            expected="top: a number from 1",
            received=f"top={top}",
            hint=f"Use a number from 1, such as {DEFAULT_TOP}, the default.",
        )


def _method(index: SimilarityIndex, method: str | None) -> str:
    if method is None:
        method = "exact" if index.graph_path is None else "hnsw"
    if check_method(method) == "hnsw" and index.graph_path is None:
        raise RecipeError(
            f"The index '{index.path}' has no graph.",
            expected="an index that was made with --method hnsw",
            received="--method hnsw for an index without one",
            hint="Search with --method exact, or make the index again with `headstart index MODEL DATA --method hnsw`.",
        )
    return method


def _embeddings(index: SimilarityIndex, paths: Sequence[Path], source: ModelSource, progress: Progress) -> Found:
    """The embedding of every file, or the reason why it has none."""
    rows = {path: index.rows_of_hashes.get(_hash(path)) for path in paths}
    known = {path: np.asarray(index.embeddings[row]) for path, row in rows.items() if row is not None}
    return {**known, **_computed(index, [path for path in paths if path not in known], source, progress)}


def _computed(index: SimilarityIndex, paths: Sequence[Path], source: ModelSource, progress: Progress) -> Found:
    found: dict[Path, np.ndarray | UnreadableImageError] = {}
    embedder = None
    for start in range(0, len(paths), BATCH_SIZE):
        images = {}
        for path in paths[start : start + BATCH_SIZE]:
            try:
                images[path] = _read(path, index.facts)
            except UnreadableImageError as error:
                found[path] = error
        if images and embedder is None:  # now that there is something to look at
            from headstart.similarity.embedder import open_embedder_of  # noqa: PLC0415  TensorFlow

            embedder = open_embedder_of(index.facts, source)
            progress.start("computing embeddings", len(paths))
        if images and embedder is not None:
            found.update(zip(images, embedder.embed(np.stack(list(images.values()))), strict=True))
        progress.advance(len(paths[start : start + BATCH_SIZE]))
    progress.finish()
    return found


def _read(path: Path, facts: EmbedderValues) -> np.ndarray:
    height, width = facts["image_size"]
    return resize_image(open_rgb(path), (height, width), facts["resize_mode"])


def _neighbours(index: SimilarityIndex, rows: np.ndarray, distances: np.ndarray) -> tuple[Neighbour, ...]:
    chosen = index.pictures.iloc[rows]
    return tuple(
        Neighbour(path, label, round(float(distance), 6))
        for path, label, distance in zip(chosen["path"], chosen["label"], distances, strict=True)
    )


def _result(path: Path, neighbours: tuple[Neighbour, ...], found: np.ndarray | UnreadableImageError) -> QueryResult:
    return QueryResult(path, neighbours, found.line if isinstance(found, UnreadableImageError) else None)


def _hash(path: Path) -> str:
    return sha256_or("unreadable", path)  # reading it as an image says why
