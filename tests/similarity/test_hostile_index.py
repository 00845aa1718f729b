"""An index that someone changed, hashes included, is refused before anything follows what stands in it."""

import hashlib
import json
import shutil
import struct

import numpy as np
import pytest

from headstart.errors import IndexDamagedError
from headstart.similarity import SimilarityIndex, build_index

SMALL = {"image_size": 32, "engine": "keras"}


@pytest.fixture(scope="module")
def indexed_graph(photos, tmp_path_factory):
    return build_index("vgg19_mini", photos, out=tmp_path_factory.mktemp("indexes") / "a", method="hnsw", **SMALL)


@pytest.fixture
def folder(indexed_graph, tmp_path):
    return shutil.copytree(indexed_graph.path, tmp_path / "index")


def change_facts(folder, change):
    facts = json.loads((folder / "index.json").read_text())
    change(facts)
    (folder / "index.json").write_text(json.dumps(facts))


def rehash(folder, name):
    digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    change_facts(folder, lambda facts: facts["files"].update({name: digest}))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda facts: facts["files"].update({"../secret": "a" * 64}), "files"),
        (lambda facts: facts["files"].pop("pictures.csv"), "pictures.csv"),
        (lambda facts: facts["model"].update(kind="pickle"), "model.kind"),
        (lambda facts: facts.update(image_size=[10**9, 32]), "image_size"),
        (lambda facts: facts.update(resize_mode="squeeze"), "resize_mode"),
        (lambda facts: facts.update(num_pictures=10**12), "num_pictures"),
        (lambda facts: facts.update(dimension=7), "shape"),
        (lambda facts: facts.update(root="\0"), "root"),
        (lambda facts: facts["quality"]["recall_at_1"].update(value="high"), "quality"),
        (lambda facts: facts["quality"]["recall_at_1"].update(value=float("nan")), "finite"),
        (lambda facts: facts.update(left_out=[["a", "b"]]), "left_out"),
    ],
)
def test_facts_that_no_index_has_are_refused_by_name(folder, change, told):
    change_facts(folder, change)
    with pytest.raises(IndexDamagedError, match=told):
        SimilarityIndex.load(folder)


def test_facts_nested_thousands_of_times_are_refused(folder):
    (folder / "index.json").write_text('{"left_out": ' + "[" * 100_000 + "]" * 100_000 + "}")
    with pytest.raises(IndexDamagedError, match="nested"):
        SimilarityIndex.load(folder)


@pytest.mark.parametrize(
    ("cell", "told"),
    [("/etc/passwd", "data folder"), ("../a.png", "data folder"), ("", "data folder")],
)
def test_a_table_of_images_elsewhere_is_refused(folder, cell, told):
    rows = (folder / "pictures.csv").read_text().splitlines()
    rows[1] = ",".join([cell, *rows[1].split(",")[1:]])
    (folder / "pictures.csv").write_text("\n".join([*rows, ""]))
    rehash(folder, "pictures.csv")
    with pytest.raises(IndexDamagedError, match=told):
        SimilarityIndex.load(folder)


@pytest.mark.parametrize("column", [1, 3])
def test_a_row_without_a_hash_or_a_group_is_refused(folder, column):
    rows = [line.split(",") for line in (folder / "pictures.csv").read_text().splitlines()]
    rows[1][column] = ""
    (folder / "pictures.csv").write_text("\n".join([*map(",".join, rows), ""]))
    rehash(folder, "pictures.csv")
    with pytest.raises(IndexDamagedError, match="in every row"):
        SimilarityIndex.load(folder)


def test_embeddings_that_are_no_numbers_are_refused(folder):
    embeddings = np.load(folder / "embeddings.npy")
    embeddings[3, 0] = np.nan
    np.save(folder / "embeddings.npy", embeddings)
    rehash(folder, "embeddings.npy")
    with pytest.raises(IndexDamagedError, match="finite"):
        SimilarityIndex.load(folder)


def test_a_graph_that_leads_out_of_its_file_is_refused(folder, indexed_graph):
    num_rows, dimension = indexed_graph.embeddings.shape
    content = bytearray((folder / "graph.usearch").read_bytes())
    node = 8 + num_rows * dimension * 2 + 64 + 40 + 2 * num_rows
    for place, number, told in ((node + 14, 2**31, "neighbours"), (node + 10, 2**20, "neighbours"), (node, 99, "keys")):
        changed = content.copy()
        struct.pack_into("<I", changed, place, number)
        (folder / "graph.usearch").write_bytes(changed)
        rehash(folder, "graph.usearch")
        with pytest.raises(IndexDamagedError, match=told):
            SimilarityIndex.load(folder)


def test_what_a_later_version_adds_to_the_facts_is_ignored(folder, indexed_graph):
    def add(facts):
        facts["more"] = facts["quality"]["recall_at_1"]["more"] = facts["model"]["more"] = 1

    change_facts(folder, add)
    assert SimilarityIndex.load(folder).quality == indexed_graph.quality
