"""What a search found."""

from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd


@dataclass(frozen=True)
class Neighbour:
    """An image of the index that looks like the one searched for.

    Attributes:
        path: as it stands in the index, relative to its folder of images.
        label: its class; "" without labels.
        distance: cosine distance, from 0 (the same) to 2.
    """

    path: str
    label: str
    distance: float


@dataclass(frozen=True)
class QueryResult:
    """The search result for one image.

    Attributes:
        path: the image searched for.
        neighbours: the nearest first; the image itself among them where it is in the index.
        error: why the file cannot be read as an image; None where it can.
    """

    path: Path
    neighbours: tuple[Neighbour, ...]
    error: str | None = None


@dataclass(frozen=True)
class SearchResults:
    """The search results for all images.

    Attributes:
        index_path: folder of the index.
        root: folder that the paths of neighbours start from.
        method: `exact` or `hnsw`.
        queries: one per image, in the order given.
    """

    index_path: Path
    root: Path
    method: str
    queries: tuple[QueryResult, ...]

    @property
    def num_unreadable(self) -> int:
        """The number of files that are not images."""
        return sum(query.error is not None for query in self.queries)

    @property
    def frame(self) -> pd.DataFrame:
        """One row per neighbour: query, rank (from 1), path, label, distance."""
        rows = [
            (str(query.path), rank, neighbour.path, neighbour.label, neighbour.distance)
            for query in self.queries
            for rank, neighbour in enumerate(query.neighbours, start=1)
        ]
        return pd.DataFrame(rows, columns=["query", "rank", "path", "label", "distance"])

    def facts(self) -> dict[str, object]:
        """All facts as values for JSON."""
        return {
            "index": str(self.index_path),
            "root": str(self.root),
            "method": self.method,
            "queries": [
                {
                    "path": str(query.path),
                    "error": query.error,
                    "neighbours": [asdict(neighbour) for neighbour in query.neighbours],
                }
                for query in self.queries
            ],
        }
