"""What is in an index, what is left out, and that a damaged or foreign one is refused."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from headstart.errors import (
    DataNotFoundError,
    FolderOccupiedError,
    ImageSizeError,
    IndexDamagedError,
    IndexNewerError,
    IndexNotFoundError,
    NoReadableImagesError,
    RecipeError,
    RunNotFoundError,
    UnknownBackboneError,
    WeightsNotFoundError,
)
from headstart.features import list_banks
from headstart.progress import SilentProgress
from headstart.run import rank_backbones
from headstart.similarity import SimilarityIndex, build_index

SMALL = {"image_size": 32, "engine": "keras"}


def hashes_below(folder: Path) -> dict[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


class Steps(SilentProgress):
    """Remembers what was done, and in how many parts."""

    def __init__(self) -> None:
        self.parts: dict[str, int] = {}

    def start(self, step: str, total: int) -> None:
        self.parts[step] = total


def test_an_index_holds_every_picture_and_names_the_others(index, photos):
    assert len(index) == len(index.embeddings) == 19
    assert index.embeddings.dtype == np.float16
    assert isinstance(index.embeddings, np.memmap)
    np.testing.assert_allclose(np.linalg.norm(index.embeddings.astype(np.float32), axis=1), 1, atol=1e-3)
    assert {file["path"] for file in index.facts["left_out"]} == {"green/broken.png", "red/notes.txt"}
    assert all(file["reason"] for file in index.facts["left_out"])
    rows = index.pictures.set_index("path")
    assert rows.loc["blue/copy.png", "duplicate_group"] == rows.loc["blue/3.png", "duplicate_group"]
    assert set(rows["label"]) == set(index.facts["class_names"]) == {"red", "green", "blue"}
    assert index.facts["model"]["kind"] == "backbone"
    assert index.root == photos.resolve()


def test_pictures_of_a_colour_find_one_another(index):
    assert index.quality["recall_at_1"].value > 0.9
    assert index.quality["recall_at_1"].baseline == pytest.approx(1 / 3, abs=0.05)
    assert index.quality["recall_at_1"].num_examples == 19


def test_the_data_folder_is_only_read(photos, tmp_path):
    before = hashes_below(photos)
    build_index("vgg19_mini", photos, out=tmp_path / "index", **SMALL)
    assert hashes_below(photos) == before
    assert [path.name for path in tmp_path.iterdir()] == ["index"]


def test_no_picture_is_computed_twice_not_even_after_a_ranking(index, photos, tmp_path):
    place, steps = {"bank_dir": tmp_path / "banks"}, Steps()
    ranking = rank_backbones(photos, backbones="vgg19_mini", image_size=32, engine="keras", **place)
    again = build_index("vgg19_mini", photos, out=tmp_path / "index", progress=steps, **place, **SMALL)
    assert steps.parts["computing the feature bank"] == ranking.data["num_examples"]["test"] < len(index)
    assert len(list_banks(tmp_path / "banks")) == 1
    assert again.embeddings.tobytes() == index.embeddings.tobytes()


def test_folders_that_name_no_classes(photos, tmp_path):
    shutil.copytree(photos / "red", tmp_path / "flat")
    flat = build_index("vgg19_mini", tmp_path / "flat", out=tmp_path / "one", **SMALL)
    assert (len(flat), flat.quality, flat.facts["class_names"]) == (6, {}, None)
    unlabelled = build_index("vgg19_mini", photos, out=tmp_path / "two", labelled=False, **SMALL)
    assert (len(unlabelled), unlabelled.quality) == (19, {})
    assert set(unlabelled.pictures["label"]) == {""}
    assert {file["path"] for file in unlabelled.facts["left_out"]} == {"green/broken.png", "red/notes.txt"}


def test_a_table_gives_several_labels(photos, tmp_path):
    folder = shutil.copytree(photos, tmp_path / "photos")
    rows = ["path,label", "red/0.png,warm;red", "green/0.png,green", "blue/0.png,cold;blue", "red/1.png,warm"]
    (folder / "labels.csv").write_text("\n".join(rows))
    index = build_index("vgg19_mini", folder / "labels.csv", out=tmp_path / "index", **SMALL)
    assert set(index.pictures["label"]) == {"red;warm", "green", "blue;cold", "warm"}
    assert index.quality["recall_at_1"].num_examples == 2  # only the two warm ones have a fellow


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("embeddings.npy", b"\x93NUMPY"),
        ("embeddings.npy", None),
        ("pictures.csv", b'"path","sha256","label","duplicate_group"\n'),
        ("index.json", b"{"),
        ("index.json", b"[]"),
        ("index.json", b'{"format_version": 1}'),
        ("index.json", b'{"format_version": 1, "files": {}, "num_pictures": 19}'),
        ("index.json", b'{"format_version": "one"}'),
    ],
)
def test_a_damaged_index_is_refused(index, tmp_path, name, content):
    folder = shutil.copytree(index.path, tmp_path / "index")
    (folder / name).unlink() if content is None else (folder / name).write_bytes(content)
    with pytest.raises(IndexDamagedError, match="headstart index MODEL DATA"):
        SimilarityIndex.load(folder)


def test_a_folder_without_an_index_and_one_of_a_later_version(index, tmp_path):
    with pytest.raises(IndexNotFoundError, match="no such folder"):
        SimilarityIndex.load(tmp_path / "nowhere")
    with pytest.raises(IndexNotFoundError, match=r"without index\.json"):
        SimilarityIndex.load(tmp_path)
    folder = shutil.copytree(index.path, tmp_path / "index")
    (folder / "index.json").write_text(json.dumps({**index.facts, "format_version": 2}))
    with pytest.raises(IndexNewerError, match="pip install --upgrade"):
        SimilarityIndex.load(folder)


def test_mistakes_are_told_before_anything_is_written(photos, index, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("no picture")
    out = tmp_path / "out"
    mistakes = [
        ((tmp_path / "nowhere", photos), {}, RunNotFoundError),
        (("vgg20", photos), {}, UnknownBackboneError),
        (("vgg19_mini", tmp_path / "nowhere"), {}, DataNotFoundError),
        (("vgg19_mini", tmp_path / "empty"), {}, DataNotFoundError),
        (("vgg19_mini", tmp_path / "texts"), {}, NoReadableImagesError),
        (("vgg19_mini", photos), {"out": index.path}, FolderOccupiedError),
        (("vgg19_mini", photos), {"out": photos / "index"}, FolderOccupiedError),
        (("vgg19_mini", photos), {"weights": "nowhere.h5"}, WeightsNotFoundError),
        (("vgg19_mini", photos), {"method": "hsnw"}, RecipeError),
        (("vgg19_mini", photos), {"engine": "openvino-int8"}, RecipeError),
        (("vgg19_mini", photos), {"resize_mode": "squeeze"}, RecipeError),
        (("vgg19_mini", photos), {"image_size": 0}, ImageSizeError),
        (("vgg19_mini", photos), {"size": 32}, RecipeError),
    ]
    for arguments, options, error in mistakes:
        with pytest.raises(error):
            build_index(*arguments, **{"out": out, **options})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "texts"]


def test_the_default_folder_is_new(photos, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    places = [build_index("vgg19_mini", photos, **SMALL).path for _ in range(2)]
    assert places == [tmp_path / "indexes" / f"photos-vgg19_mini-{number}" for number in (1, 2)]
