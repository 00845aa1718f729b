"""An index on disk: embeddings of images, which image each belongs to, and what model made them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd

from headstart.errors import IndexDamagedError, IndexNewerError, IndexNotFoundError
from headstart.files import (
    UnusableFileError,
    check,
    file_sha256,
    map_array,
    read_plain,
    read_table,
    refuse_outside,
    shown,
    write_csv,
    write_json,
)
from headstart.metrics import Metric
from headstart.similarity.exact import row_slices
from headstart.similarity.graph_file import check_graph
from headstart.similarity.index_schema import (
    EMBEDDINGS_FILE,
    FACTS_FILE,
    GRAPH_FILE,
    MAX_FACTS_BYTES,
    PICTURES_FILE,
    IndexFacts,
    IndexValues,
)

FORMAT_VERSION = 1
COLUMNS = ("path", "sha256", "label", "duplicate_group")
_SHA256, _GROUP = re.compile(r"[0-9a-f]{64}"), re.compile(r"-?[0-9]{1,18}")

Read = TypeVar("Read")


@dataclass(frozen=True, eq=False)
class SimilarityIndex:
    """Images and what a model made of them.

    Attributes:
        path: the folder.
        facts: what stands in index.json: `model` (kind, place, SHA-256), `image_size`, `resize_mode`, `engine`,
            `root` (the folder that paths start from), `num_pictures`, `dimension`, `class_names` (None without labels),
            `left_out` (path and reason of each file that is not in it), `quality`, and the hashes of the other files.
        embeddings: `(n, d)` float16, each row of length 1, mapped from the file.
        pictures: one row per image: path (POSIX, relative to `root`), sha256, label ("" for none), duplicate_group (the
            same for copies).
    """

    path: Path
    facts: IndexValues
    embeddings: np.ndarray
    pictures: pd.DataFrame

    def __len__(self) -> int:
        return len(self.pictures)

    @property
    def root(self) -> Path:
        """The folder that the paths of images start from."""
        return Path(self.facts["root"])

    @property
    def graph_path(self) -> Path | None:
        """The graph of neighbours, where one was built."""
        return self.path / GRAPH_FILE if GRAPH_FILE in self.facts["files"] else None

    @property
    def quality(self) -> dict[str, Metric]:
        """How well images of the same class are found, by name; nothing without labels."""
        return {
            name: Metric(
                name=name,
                value=values["value"],
                low=values["low"],
                high=values["high"],
                baseline=values["baseline"],
                num_examples=values["num_examples"],
                higher_is_better=values["higher_is_better"],
            )
            for name, values in self.facts["quality"].items()  # with what later versions add
        }

    @cached_property
    def rows_of_hashes(self) -> dict[str, int]:
        """SHA-256 of an image → its row; of copies the first."""
        return {sha256: row for row, sha256 in reversed(list(enumerate(self.pictures["sha256"])))}

    @classmethod
    def load(cls, path: Path | str) -> "SimilarityIndex":
        """The index in a folder, its files compared with their hashes.

        Raises:
            IndexNotFoundError: there is none.
            IndexNewerError: a newer version of this package wrote it.
            IndexDamagedError: a file is missing, or does not hold what was written.
        """
        path = Path(path).expanduser().absolute()
        facts = _read_facts(path)
        for name, expected in facts["files"].items():
            if (received := _file_hash(path / name)) != expected:
                raise _damaged(path / name, f"SHA-256 {expected}", f"SHA-256 {received}")
        shape = facts["num_pictures"], facts["dimension"]
        embeddings = _checked(path / EMBEDDINGS_FILE, lambda file: _read_embeddings(file, shape))
        pictures = _checked(path / PICTURES_FILE, lambda file: _read_pictures(file, shape[0]))
        if GRAPH_FILE in facts["files"]:
            _checked(path / GRAPH_FILE, lambda file: check_graph(file, embeddings))
        return cls(path, facts, embeddings, pictures)


def write_pictures(path: Path, pictures: pd.DataFrame) -> None:
    """Writes the table of images as CSV."""
    write_csv(path, COLUMNS, pictures[list(COLUMNS)].itertuples(index=False, name=None))


def write_facts(folder: Path, facts: Mapping[str, object]) -> None:
    """Writes index.json, with the hash of every other file; it comes last, so that a folder with it is whole."""
    hashes = {path.name: _file_hash(path) for path in sorted(folder.iterdir())}
    content = {"format_version": FORMAT_VERSION, **facts, "files": hashes}
    write_json(folder / FACTS_FILE, content, indent=1)


def _read_facts(path: Path) -> IndexValues:
    file = path / FACTS_FILE
    if not file.is_file():
        raise IndexNotFoundError(
            f"There is no index in '{path}'.",
            expected=f"a folder written by `headstart index` (with {FACTS_FILE})",
            received=f"a folder without {FACTS_FILE}" if path.is_dir() else "no such folder",
            hint="Make one with `headstart index MODEL DATA`.",
        )
    content: IndexValues = _checked(file, lambda file: read_plain(file, max_bytes=MAX_FACTS_BYTES))
    version = content.get("format_version")
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise IndexNewerError(
            f"'{file}' was written by a newer version of Headstart.",
            expected=f"format_version {FORMAT_VERSION} or lower",
            received=f"format_version {version}",
            hint="Run `pip install --upgrade headstart`.",
        )
    _checked(file, lambda _: check(content, IndexFacts))
    return content


def _checked(path: Path, read: Callable[[Path], Read]) -> Read:
    """The result of a function that reads a file of the index.

    Raises:
        IndexDamagedError: the file does not hold what was written.
    """
    try:
        return read(path)
    except UnusableFileError as error:
        raise _damaged(path, error.expected, error.received) from error


def _read_embeddings(path: Path, shape: tuple[int, int]) -> np.ndarray:
    embeddings = map_array(path, shape, "float16")
    if not all(np.isfinite(embeddings[rows]).all() for rows in row_slices(embeddings)):
        raise UnusableFileError("finite numbers", "NaN or infinite ones")
    return embeddings


def _read_pictures(path: Path, num_pictures: int) -> pd.DataFrame:
    columns = read_table(path)
    if tuple(columns) != COLUMNS:
        raise UnusableFileError(f"the columns {', '.join(COLUMNS)}", shown(list(columns)))
    if (num_rows := len(columns["path"])) != num_pictures:
        raise UnusableFileError(f"{num_pictures} pictures", f"{num_rows}")
    refuse_outside(columns["path"])
    for name, is_right in (("sha256", _SHA256), ("duplicate_group", _GROUP)):
        if wrong := [cell for cell in columns[name] if not is_right.fullmatch(cell)]:
            raise UnusableFileError(f"a {name} in every row", shown(wrong[0]))
    return pd.DataFrame(columns).astype({"duplicate_group": "int64"})


def _file_hash(path: Path) -> str:
    return file_sha256(path) if path.is_file() else "of no such file"


def _damaged(path: Path, expected: str, received: str) -> IndexDamagedError:
    return IndexDamagedError(
        f"'{path}' is damaged or was not written by `headstart index`.",
        expected=expected,
        received=received.partition("\n")[0],
        hint="Make the index again with `headstart index MODEL DATA`.",
    )
