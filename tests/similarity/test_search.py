"""What is found, by which model, and what happens to files that are no pictures."""

import shutil

import numpy as np
import pytest
from PIL import Image

import headstart
from headstart.errors import (
    DataNotFoundError,
    ExtraMissingError,
    FolderOccupiedError,
    IndexMismatchError,
    RecipeError,
    UnreadableImageError,
    WeightsNotFoundError,
)
from headstart.recipe import Recipe
from headstart.similarity import SimilarityIndex, draw_sheet, hnsw, needs_model, search_index, write_sheet

SMALL = {"image_size": 32, "engine": "keras"}


def test_a_picture_finds_itself_or_its_copy_first(index, photos):
    results = search_index(index, photos / "red", top=3)
    for query in results.queries:
        if query.error is None:
            assert query.neighbours[0].path == f"red/{query.path.name}"
            assert query.neighbours[0].distance == 0
    (query,) = search_index(index, photos / "blue" / "copy.png", top=3).queries
    assert [neighbour.distance for neighbour in query.neighbours[:2]] == [0, 0]
    assert {neighbour.path for neighbour in query.neighbours[:2]} == {"blue/3.png", "blue/copy.png"}
    assert query.neighbours[2].distance > 0


def test_a_known_picture_needs_no_model(index, photos, fresh, monkeypatch):
    assert not needs_model(index, photos / "blue")
    assert needs_model(index, [photos / "blue" / "1.png", fresh])
    monkeypatch.setattr("headstart.similarity.embedder.open_embedder_of", None)
    assert search_index(index, photos / "blue" / "1.png").queries[0].neighbours


def test_a_new_picture_goes_through_the_model_of_the_index(index, photos, fresh, tmp_path):
    (query,) = search_index(index.path, fresh, top=5).queries
    assert [neighbour.label for neighbour in query.neighbours] == ["green"] * 5
    # The same pixels in another file: nothing is known of its bytes, and the model says the same of it.
    Image.open(photos / "green" / "2.png").save(tmp_path / "again.bmp")
    (again,) = search_index(index, tmp_path / "again.bmp", top=5).queries
    (known,) = search_index(index, photos / "green" / "2.png", top=5).queries
    assert [found.path for found in again.neighbours] == [found.path for found in known.neighbours]
    distances = [[found.distance for found in result.neighbours] for result in (again, known)]
    np.testing.assert_allclose(*distances, atol=2e-5)


def test_unreadable_files_are_named_beside_the_others(index, photos, fresh):
    results = search_index(index, [fresh, photos / "green" / "broken.png"], top=2)
    assert results.num_unreadable == 1
    assert results.queries[1].error
    assert list(results.frame["query"]) == [str(fresh)] * 2
    assert list(results.frame["rank"]) == [1, 2]
    with pytest.raises(UnreadableImageError, match=r"notes\.txt"):
        search_index(index, photos / "red" / "notes.txt")
    with pytest.raises(DataNotFoundError):
        search_index(index, photos / "yellow.png")


def test_the_graph_finds_the_same(photos, fresh, index, tmp_path):
    graph = headstart.index("vgg19_mini", photos, out=tmp_path / "graph", method="hnsw", **SMALL)
    by_graph, exactly = (headstart.search(each, fresh, top=30) for each in (graph, index))
    assert (by_graph.method, exactly.method) == ("hnsw", "exact")
    assert list(by_graph.frame["path"]) == list(exactly.frame["path"])
    np.testing.assert_allclose(by_graph.frame["distance"], exactly.frame["distance"], atol=2e-6)
    assert headstart.search(graph, fresh, top=30, method="exact").queries == exactly.queries


def test_settings_that_cannot_be_served(index, fresh, tmp_path, monkeypatch):
    with pytest.raises(RecipeError, match="no graph"):
        search_index(index, fresh, method="hnsw")
    with pytest.raises(RecipeError, match="cannot return 0"):
        search_index(index, fresh, top=0)
    with pytest.raises(RecipeError, match="--weights with its new"):
        search_index(index, fresh, model="runs/other")
    with pytest.raises(WeightsNotFoundError):
        search_index(index, fresh, weights=tmp_path / "nowhere.h5")
    monkeypatch.setattr(hnsw, "find_spec", lambda name: None)
    with pytest.raises(ExtraMissingError, match=r"pip install 'headstart\[similarity\]'"):
        search_index(index, fresh, method="hnsw")


def test_another_model_is_refused(photos, fresh, tmp_path):
    random = headstart.index("vgg19_mini", photos, out=tmp_path / "random", weights="none", **SMALL)
    assert search_index(random, fresh, top=1).queries[0].neighbours  # drawn again, the weights are the same
    facts = {**random.facts, "model": {**random.facts["model"], "place": "builtin"}}
    other = SimilarityIndex(random.path, facts, random.embeddings, random.pictures)
    with pytest.raises(IndexMismatchError, match="differs from the one"):
        search_index(other, fresh)


@pytest.fixture(scope="module")
def run(tmp_path_factory, photos) -> headstart.Run:
    values = {
        "data": {"path": str(photos)},
        "backbone": {"name": "vgg19_mini", "weights": "none", "image_size": 32},
        "frozen_phase": {"epochs": 0},
        "fine_tuning_phase": {"epochs": 0},
    }
    return headstart.train(out=tmp_path_factory.mktemp("runs") / "photos-run", recipe=Recipe.from_values(values))


def test_the_model_of_a_run_makes_an_index(run, photos, fresh, tmp_path):
    index = headstart.index(run.path, photos, out=tmp_path / "index", engine="keras")
    assert index.facts["model"]["kind"] == "run"
    assert index.facts["image_size"] == [32, 32]
    assert index.facts["dimension"] == run.task.model.get_layer("head_pool").output.shape[-1]
    assert search_index(index, fresh, top=1).queries[0].neighbours
    for name, value in (("weights", "builtin"), ("image_size", 64), ("resize_mode", "crop")):
        with pytest.raises(RecipeError, match="cannot be used with a run"):
            headstart.index(run.path, photos, out=tmp_path / "other", **{name: value})
    moved = shutil.copytree(run.path, tmp_path / "moved")
    assert search_index(index, fresh, top=1, model=moved).queries == search_index(index, fresh, top=1).queries
    with (moved / "model.keras").open("ab") as file:
        file.write(b" ")
    with pytest.raises(IndexMismatchError):
        search_index(index, fresh, model=moved)


def test_the_sheet_shows_the_query_first_and_all_neighbours(index, photos, fresh, tmp_path):
    results = search_index(index, [fresh, photos / "red" / "1.png"], top=12)
    path = write_sheet(results, tmp_path / "new" / "sheet.png")
    with Image.open(path) as sheet:
        pixels = np.asarray(sheet.convert("RGB")).astype(int)
    assert [file.name for file in path.parent.iterdir()] == ["sheet.png"]
    is_green = (pixels[..., 1] > pixels[..., 0] + 60) & (pixels[..., 1] > pixels[..., 2] + 60)
    assert is_green[24:180, 24:180].mean() > 0.5  # the query's place
    assert pixels.shape[0] > 4 * 168  # two queries in two rows each
    assert draw_sheet(search_index(index, fresh, top=1)).width < pixels.shape[1]


def test_a_sheet_of_pictures_that_are_gone_and_one_among_the_pictures(index, photos, fresh, tmp_path):
    gone = {**index.facts, "root": str(tmp_path / "gone")}
    results = search_index(SimilarityIndex(index.path, gone, index.embeddings, index.pictures), fresh, top=2)
    assert draw_sheet(results).height > 168
    with pytest.raises(FolderOccupiedError):
        write_sheet(search_index(index, fresh), photos / "sheet.png")
    assert not list(photos.glob("*.png"))


@pytest.mark.shared
def test_pictures_of_waste_find_their_own_kind(shared_dir, tmp_path):
    """Thirty pictures of each class: by chance one in six would."""
    for folder in sorted((shared_dir / "data" / "trashnet").iterdir()):
        (tmp_path / "trash" / folder.name).mkdir(parents=True)
        for file in sorted(folder.iterdir())[:30]:
            shutil.copy(file, tmp_path / "trash" / folder.name)
    index = headstart.index(
        "mobilenetv2",
        tmp_path / "trash",
        out=tmp_path / "index",
        weights=shared_dir / "weights" / "mobilenet_v2_notop.weights.h5",
        image_size=128,
    )
    recall = index.quality["recall_at_1"]
    assert recall.low > 0.4 > 2 * recall.baseline
