"""An index on disk: embeddings of pictures, which picture each belongs to, and what model made them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from headstart.errors import IndexDamagedError, IndexNewerError, IndexNotFoundError
from headstart.evaluation import Metric
from headstart.writing import read_csv, write_csv, write_json

FORMAT_VERSION = 1
FACTS_FILE, EMBEDDINGS_FILE, PICTURES_FILE, GRAPH_FILE = "index.json", "embeddings.npy", "pictures.csv", "graph.usearch"
COLUMNS = ("path", "sha256", "label", "duplicate_group")


@dataclass(frozen=True, eq=False)
class SimilarityIndex:
    """Pictures and what a model made of them.

    Attributes:
        path: the folder.
        facts: what stands in index.json: `model` (kind, place, SHA-256), `image_size`, `resize_mode`, `engine`,
            `root` (the folder that paths start from), `num_pictures`, `dimension`, `class_names` (None without labels),
            `left_out` (path and reason of each file that is not in it), `quality`, and the hashes of the other files.
        embeddings: `(n, d)` float16, each row of length 1, mapped from the file.
        pictures: one row a picture: path (POSIX, relative to `root`), sha256, label ("" for none), duplicate_group (the
            same for copies).
    """

    path: Path
    facts: Mapping[str, Any]
    embeddings: np.ndarray
    pictures: pd.DataFrame

    def __len__(self) -> int:
        return len(self.pictures)

    @property
    def root(self) -> Path:
        """The folder that the paths of pictures start from."""
        return Path(self.facts["root"])

    @property
    def graph_path(self) -> Path | None:
        """The graph of neighbours, where one was built."""
        return self.path / GRAPH_FILE if GRAPH_FILE in self.facts["files"] else None

    @property
    def quality(self) -> dict[str, Metric]:
        """How well pictures of the same class are found, by name; nothing without labels."""
        return {name: Metric(name=name, **values) for name, values in self.facts["quality"].items()}

    @cached_property
    def rows_of_hashes(self) -> dict[str, int]:
        """SHA-256 of a picture → its row; of copies the first."""
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
        try:
            for name, expected in facts["files"].items():
                if (received := _file_hash(path / name)) != expected:
                    raise _damaged(path / name, f"SHA-256 {expected}", f"SHA-256 {received}")
            embeddings = np.load(path / EMBEDDINGS_FILE, mmap_mode="r", allow_pickle=False)
            pictures = _read_pictures(path / PICTURES_FILE)
            if not len(pictures) == len(embeddings) == facts["num_pictures"]:
                counts = f"{len(embeddings)} rows and {len(pictures)} pictures"
                raise _damaged(path, f"{facts['num_pictures']} of each", counts)
            _check_facts(facts)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise _damaged(
                path, "the files that `headstart index` wrote", f"{type(error).__name__}: {error}"
            ) from error
        return cls(path, facts, embeddings, pictures)


def write_pictures(path: Path, pictures: pd.DataFrame) -> None:
    """Writes the table of pictures as CSV."""
    write_csv(path, COLUMNS, pictures[list(COLUMNS)].itertuples(index=False, name=None))


def write_facts(folder: Path, facts: Mapping[str, Any]) -> None:
    """Writes index.json, with the hash of every other file; it comes last, so that a folder with it is whole."""
    hashes = {path.name: _file_hash(path) for path in sorted(folder.iterdir())}
    content = {"format_version": FORMAT_VERSION, **facts, "files": hashes}
    write_json(folder / FACTS_FILE, content, indent=1)


def _read_facts(path: Path) -> dict[str, Any]:
    file = path / FACTS_FILE
    if not file.is_file():
        raise IndexNotFoundError(
            f"There is no index in '{path}'.",
            expected=f"a folder that `headstart index` made (with {FACTS_FILE})",
            received=f"a folder without {FACTS_FILE}" if path.is_dir() else "no such folder",
            hint="Make one with `headstart index MODEL DATA`.",
        )
    try:
        facts = dict(json.loads(file.read_text(encoding="utf-8")))
        version = facts["format_version"]
        if version > FORMAT_VERSION:
            raise IndexNewerError(
                f"'{file}' was written by a newer version of Headstart.",
                expected=f"format_version {FORMAT_VERSION} or lower",
                received=f"format_version {version}",
                hint="Run `pip install --upgrade headstart`.",
            )
        return facts
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(
            file, "the JSON file that `headstart index` wrote", f"{type(error).__name__}: {error}"
        ) from error


def _check_facts(facts: Mapping[str, Any]) -> None:
    """What later code takes for granted.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: something is missing, or something else.
    """
    if not {EMBEDDINGS_FILE, PICTURES_FILE} <= set(facts["files"]):
        raise ValueError("files without a hash")
    height, width = facts["image_size"]
    if not (isinstance(height, int) and isinstance(width, int)):
        raise ValueError(f"image_size {facts['image_size']}")
    for name in ("kind", "name", "sha256"):
        facts["model"][name]
    for name in ("root", "resize_mode", "engine", "left_out"):
        facts[name]
    for name, values in facts["quality"].items():
        Metric(name=name, **values)


def _read_pictures(path: Path) -> pd.DataFrame:
    header, *rows = read_csv(path)
    if tuple(header) != COLUMNS:
        raise ValueError(f"columns {header}")
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"duplicate_group": "int64"})


def _file_hash(path: Path) -> str:
    if not path.is_file():
        return "of no such file"
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _damaged(path: Path, expected: str, received: str) -> IndexDamagedError:
    return IndexDamagedError(
        f"'{path}' is not what `headstart index` wrote.",
        expected=expected,
        received=received.partition("\n")[0],
        hint="Make the index again with `headstart index MODEL DATA`.",
    )
