"""An index whose files were damaged on purpose, their new hashes written into index.json."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from headstart.similarity import SimilarityIndex
from headstart.similarity.exact import nearest_exact
from headstart.similarity.hnsw import nearest_in_graph, write_graph
from headstart.similarity.index import write_facts, write_pictures
from headstart.similarity.model_source import ModelSource

NUM_PICTURES, DIMENSION = 40, 8


def write_index(folder: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(NUM_PICTURES, DIMENSION))
    embeddings = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)
    np.save(folder / "embeddings.npy", embeddings)
    hashes = [hashlib.sha256(bytes([number])).hexdigest() for number in range(NUM_PICTURES)]
    write_pictures(
        folder / "pictures.csv",
        pd.DataFrame(
            {
                "path": [f"cats/{number}.png" for number in range(NUM_PICTURES)],
                "sha256": hashes,
                "label": "cat",
                "duplicate_group": range(NUM_PICTURES),
            }
        ),
    )
    write_graph(folder / "graph.usearch", embeddings)
    metric = {"value": 0.5, "low": 0.4, "high": 0.6, "baseline": 0.1, "num_examples": 40, "higher_is_better": True}
    facts = {
        "model": {"kind": "backbone", "name": "vgg19_mini", "place": "builtin", "sha256": "a" * 64},
        "image_size": [32, 32], "resize_mode": "stretch", "engine": "keras", "num_pictures": NUM_PICTURES,
        "dimension": DIMENSION, "root": str(folder), "class_names": ["cat"],
        "left_out": [{"path": "a.txt", "reason": "no picture"}], "quality": {"recall_at_1": metric},
    }  # fmt: skip
    write_facts(folder, facts)


def search(path: Path) -> None:
    """As `headstart search` does with an image that is in the index."""
    index = SimilarityIndex.load(path.parent)
    ModelSource.from_facts(index.facts)
    index.quality  # noqa: B018  read by the command
    index.rows_of_hashes  # noqa: B018
    queries = np.asarray(index.embeddings[:3])
    if index.graph_path is not None:
        rows, distances = nearest_in_graph(index.graph_path, queries, index.embeddings, top=5)
    else:
        rows, distances = nearest_exact(queries, index.embeddings, top=5)
    chosen = index.pictures.iloc[rows[0]]
    json.dumps([distances.tolist(), chosen["path"].tolist(), index.facts["left_out"]], allow_nan=False)


def rehash(path: Path) -> None:
    facts = json.loads((path.parent / "index.json").read_text())
    facts["files"][path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    (path.parent / "index.json").write_text(json.dumps(facts))


@pytest.mark.parametrize("name", ["index.json", "embeddings.npy", "pictures.csv", "graph.usearch"])
def test_no_mutation_of_an_index_is_a_mistake_of_the_program(name, fuzz):
    def make(folder: Path) -> Path:
        write_index(folder)
        return folder / name

    fuzz(make, search, settle=(lambda _: None) if name == "index.json" else rehash)
