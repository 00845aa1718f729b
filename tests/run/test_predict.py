"""Answers for new pictures, a row a file."""

import csv

import numpy as np
import pytest
from PIL import Image

from headstart.errors import DataNotFoundError
from headstart.prediction import expand_paths, predict
from headstart.progress import SilentProgress

FIXED = ["path", "prediction", "probability", "error", "prediction_set", "is_sure", "is_foreign", "foreign_score"]
PROBABILITIES = ["p(blue)", "p(green)", "p(red)"]
COLUMNS = [*FIXED, *PROBABILITIES]


class Counter(SilentProgress):
    def __init__(self):
        self.total = self.done = 0

    def start(self, step, total):
        self.total = total

    def advance(self, count=1, note=""):
        self.done += count


@pytest.fixture(scope="module")
def new(tmp_path_factory, make_photos):
    folder = make_photos(tmp_path_factory.mktemp("data") / "new", {"red": 3, "blue": 2}, seed=7)
    (folder / "notes.txt").write_text("no picture")
    (folder / ".hidden.png").write_bytes(b"")
    (folder / ".thumbnails").mkdir()
    (folder / ".thumbnails" / "0.png").write_bytes(b"")
    return folder


def names(table, folder):
    return [path.removeprefix(f"{folder}/") for path in table["path"]]


def test_the_answer_is_the_class_with_the_highest_probability(finished_run, new):
    table = predict(finished_run, [new / "red" / "0.png", new / "blue" / "1.png"])
    assert list(table.columns) == COLUMNS
    assert table["path"].tolist() == [str(new / "red" / "0.png"), str(new / "blue" / "1.png")]
    assert table["error"].tolist() == ["", ""]
    probabilities = table[PROBABILITIES]
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-6)
    np.testing.assert_array_equal(probabilities.max(axis=1), table["probability"])
    assert [f"p({name})" for name in table["prediction"]] == probabilities.idxmax(axis=1).tolist()


def test_answers_are_those_of_the_evaluation(finished_run):
    with finished_run.predictions_path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    table = predict(finished_run, finished_run.dataset.part("test").paths())
    assert table["prediction"].tolist() == [row["prediction"] for row in rows]
    for column in PROBABILITIES:
        np.testing.assert_allclose(table[column], [float(row[column]) for row in rows], atol=1e-6)


def test_several_labels_are_joined(striped_run):
    part = striped_run.dataset
    table = predict(striped_run, part.paths())
    decided = table[["p(green)", "p(red)"]].to_numpy() >= 0.5
    expected = [";".join(np.array(["green", "red"])[row]) for row in decided]
    assert table["prediction"].tolist() == expected


def test_a_folder_is_searched_to_the_bottom_without_hidden_files(finished_run, new):
    table = predict(finished_run, [new])
    assert names(table, new) == [
        "notes.txt",
        "blue/0.png",
        "blue/1.png",
        "red/0.png",
        "red/1.png",
        "red/2.png",
    ]


def test_patterns_find_files_in_order(finished_run, new):
    assert names(predict(finished_run, [f"{new}/red/*.png"]), new) == ["red/0.png", "red/1.png", "red/2.png"]
    assert names(predict(finished_run, [f"{new}/**/1.png"]), new) == ["blue/1.png", "red/1.png"]


def test_a_file_that_is_named_twice_is_answered_once(new):
    assert len(list(expand_paths([new / "red" / "0.png", new / "red", f"{new}/red/*"]))) == 3


def test_a_single_path_needs_no_list(finished_run, new):
    for path in (new / "red" / "0.png", str(new / "red" / "0.png")):
        assert names(predict(finished_run, path), new) == ["red/0.png"]


def test_nothing_asked_is_nothing_answered(finished_run, new):
    empty, some = predict(finished_run, []), predict(finished_run, [new])
    assert list(empty.columns) == COLUMNS
    assert empty.empty
    assert empty.dtypes.equals(some.dtypes)


def test_a_file_that_is_no_picture_gets_a_row_that_says_so(finished_run, new):
    table = predict(finished_run, [new / "red" / "0.png", new / "notes.txt", new / "red" / "1.png"])
    alone = predict(finished_run, [new / "red" / "0.png", new / "red" / "1.png"])
    bad = table.loc[1]
    assert "notes.txt" in bad["error"]
    assert bad["prediction"] == ""
    assert bad["prediction_set"] == ""
    assert bad[["probability", "is_sure", "is_foreign", "foreign_score", *PROBABILITIES]].isna().all()
    assert table.loc[[0, 2]].reset_index(drop=True).equals(alone)


def test_files_without_any_picture_are_answered_as_well(finished_run, new):
    table = predict(finished_run, [new / "notes.txt"])
    assert table["probability"].isna().all()
    assert table["probability"].dtype == "float64"


def test_the_number_of_pictures_at_a_time_does_not_matter(finished_run, new):
    progress = Counter()
    one = predict(finished_run, [new], batch_size=1, progress=progress)
    many = predict(finished_run, [new], batch_size=64)
    assert progress.done == progress.total == 6
    assert one["prediction"].equals(many["prediction"])
    for column in PROBABILITIES:
        np.testing.assert_allclose(one[column], many[column], atol=1e-5)


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK"])
def test_pictures_of_every_kind_are_answered(finished_run, tmp_path, mode):
    path = tmp_path / ("picture.tif" if mode == "CMYK" else "picture.png")
    Image.new("RGB", (70, 20), (200, 30, 30)).convert(mode).save(path)
    table = predict(finished_run, path)
    assert table["error"].tolist() == [""]
    assert table["probability"].notna().all()


@pytest.mark.parametrize("name", ["missing.jpg", "*.gif", "empty", "x" * 300, "missing/x.png"])
def test_a_path_that_matches_nothing_is_named(finished_run, tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataNotFoundError) as caught:
        predict(finished_run, [tmp_path / name])
    assert name in caught.value.problem
    assert caught.value.received == ("an empty folder" if name == "empty" else "nothing of that name")
