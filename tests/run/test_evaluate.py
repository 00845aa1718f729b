"""Evaluation compares by name, on the pictures that the run saw or on any others."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.errors import (
    ClassNamesError,
    DataNotFoundError,
    RecipeError,
    RunDamagedError,
    RunIncompleteError,
    SeenImagesError,
)
from headstart.prediction import predict
from headstart.progress import SilentProgress
from headstart.run import Run, evaluate


def share_right(run, paths, targets):
    """Accuracy by another way: what `predict` answers."""
    return (predict(run, paths)["prediction"].to_numpy() == np.array(targets)).mean()


@pytest.fixture(scope="module")
def others(tmp_path_factory, make_photos):
    """Pictures that the run has not seen, of two of its three classes."""
    return make_photos(tmp_path_factory.mktemp("data") / "others", {"red": 7, "green": 4}, seed=5)


def test_the_test_part_gives_the_numbers_of_the_run(own_run):
    stored = json.loads(own_run.report_path.read_text())
    own_run.report_path.unlink()
    own_run.predictions_path.unlink()
    report = evaluate(own_run)
    assert report.to_json() == stored
    assert json.loads(own_run.report_path.read_text()) == stored
    assert own_run.predictions_path.is_file()
    part = own_run.dataset.part("test")
    assert report.num_examples == len(part) == 3
    assert report.metrics["accuracy"].value == share_right(own_run, part.paths(), part.frame["target"])


def test_the_report_of_a_run_tells_its_accuracy(finished_run):
    metric = finished_run.report.metrics["accuracy"]
    assert finished_run.report.main_metric == metric
    assert 0 <= metric.low <= metric.value <= metric.high <= 1
    assert metric.num_examples == 3
    assert finished_run.state["result"] == {"test_accuracy": metric.value, "interval": [metric.low, metric.high]}


def test_a_test_part_alone_and_lists_of_other_images_are_scored_whole(finished_run, tmp_path, make_photos):
    others = make_photos(tmp_path / "others" / "test", {"red": 5, "green": 4}, seed=12)
    assert evaluate(finished_run, others.parent).num_examples == 9
    (others / "train.txt").write_text("red/77\n")
    (others / "test.txt").write_text("red/0\n")
    assert evaluate(finished_run, others).num_examples == 9


def test_other_images_are_read_as_asked(finished_run, striped_run, tmp_path, make_photos, write_table):
    others = make_photos(tmp_path / "others", {"red": 5, "green": 4}, seed=13)
    rows = [{"image": f"{name}/0.png", "colour": name, "species": "a"} for name in ("red", "green")]
    table = write_table(others / "labels.csv", rows)
    assert evaluate(finished_run, table, path_column="image", label_column="colour").num_examples == 2
    with pytest.raises(ClassNamesError):
        evaluate(finished_run, table, path_column="image", label_column="species")
    assert evaluate(finished_run, others, format="folders").num_examples == 9
    with pytest.raises(RecipeError, match="no format 'folder'"):
        evaluate(finished_run, others, format="folder")
    with pytest.raises(RecipeError, match=r"format can.*Add --data"):
        evaluate(finished_run, format="folders")


def test_other_pictures_may_have_some_of_the_classes(finished_run, others):
    report = evaluate(finished_run, others)
    paths = sorted(others.rglob("*.png"))
    assert report.class_names == finished_run.task.class_names == ("blue", "green", "red")
    assert report.num_examples == 11
    assert dict(zip(report.per_class["class"], report.per_class["support"], strict=True)) == {
        "blue": 0,
        "green": 4,
        "red": 7,
    }
    accuracy = report.metrics["accuracy"].value
    assert accuracy == pytest.approx(share_right(finished_run, paths, [path.parent.name for path in paths]))
    assert accuracy >= 0.8  # the colours are told apart, so that a mix-up of names would be seen


def test_pictures_of_a_single_class_can_be_tested(finished_run, tmp_path, make_photos):
    report = evaluate(finished_run, make_photos(tmp_path / "red only", {"red": 5}, seed=6))
    assert report.num_examples == 5
    assert report.metrics["accuracy"].value >= 0.8
    assert np.isnan(report.metrics["roc_auc"].value)
    json.dumps(report.to_json(), allow_nan=False)


def test_pictures_that_the_run_learned_from_are_left_out(finished_run, photos, others, tmp_path):
    told = []
    progress = SilentProgress()
    progress.say = told.append
    report = evaluate(finished_run, photos, progress=progress)
    assert report.to_json() == evaluate(finished_run).to_json()  # what is left is the test part
    assert told[0].endswith("is scored as other labelled images")  # the run's own folder, where nothing moved
    assert told[1].startswith("Left out: 21 images")
    assert len(told) == 2


def test_moved_data_is_the_runs_own_test_part(own_run, own_photos, tmp_path):
    stored, told = own_run.report.to_json(), []
    moved = own_photos.rename(tmp_path / "moved")
    with pytest.raises(DataNotFoundError, match=r"no longer in.*headstart evaluate .* --data NEW_PATH"):
        evaluate(own_run)
    progress = SilentProgress()
    progress.say = told.append
    assert evaluate(own_run, moved, progress=progress).to_json() == stored
    assert told == [f"'{moved}' contains the run's own images; its test part is scored"]
    again = Run.load(own_run.path)
    assert again.dataset.root == Path(again.recipe.data.path) == moved
    assert evaluate(again).to_json() == stored


def test_a_copy_of_the_data_is_not_kept_where_the_first_is_still_there(own_run, own_photos, tmp_path):
    copy = shutil.copytree(own_photos, tmp_path / "copy")
    assert evaluate(own_run, copy).to_json() == own_run.report.to_json()
    assert Run.load(own_run.path).dataset.root == own_photos


def test_moved_data_with_changed_test_images_is_other_data(own_run, own_photos, tmp_path):
    moved, told = own_photos.rename(tmp_path / "moved"), []
    for path in own_run.dataset.part("test").frame["path"]:
        image = Image.open(moved / path).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        image.save(moved / path)
    progress = SilentProgress()
    progress.say = told.append
    evaluate(own_run, moved, progress=progress)
    assert told[0] == f"'{moved}' is scored as other labelled images"
    assert Run.load(own_run.path).dataset.root == own_photos


def test_a_moved_table_keeps_its_name(striped, striped_run, tmp_path):
    own = Run(shutil.copytree(striped_run.path, tmp_path / "run"))
    folder = shutil.copytree(striped.parent, tmp_path / "moved")
    shutil.move(striped.parent, tmp_path / "away")
    try:
        assert evaluate(own, folder / striped.name).to_json() == striped_run.report.to_json()
    finally:
        shutil.move(tmp_path / "away", striped.parent)
    assert Path(Run.load(own.path).recipe.data.path) == folder / striped.name


def test_pictures_that_the_run_learned_from_alone_are_no_test(finished_run, tmp_path):
    learned = finished_run.dataset.part("train")
    for target, path in zip(learned.frame["target"], learned.paths(), strict=True):
        (tmp_path / "again" / target).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, tmp_path / "again" / target / path.name)
    with pytest.raises(SeenImagesError, match="too optimistic"):
        evaluate(finished_run, tmp_path / "again")


def test_the_order_of_the_classes_does_not_matter(finished_run, others, write_table):
    paths = sorted(others.rglob("*.png"), reverse=True)
    rows = [{"path": path.relative_to(others).as_posix(), "label": path.parent.name} for path in paths]
    table = write_table(others / "reversed.csv", rows)
    assert evaluate(finished_run, table).to_json() == evaluate(finished_run, str(others)).to_json()


def test_evaluating_other_pictures_changes_nothing_in_the_run(finished_run, others):
    before = {path: path.stat().st_mtime_ns for path in finished_run.path.rglob("*")}
    evaluate(finished_run, others)
    assert {path: path.stat().st_mtime_ns for path in finished_run.path.rglob("*")} == before


def test_a_class_that_the_model_does_not_know_is_named(finished_run, tmp_path, make_photos):
    data = make_photos(tmp_path / "photos", {"red": 2, "purple": 2})
    with pytest.raises(ClassNamesError) as caught:
        evaluate(finished_run, data)
    assert caught.value.received == "purple"
    assert "blue, green, red" in caught.value.expected


def test_bad_files_among_other_pictures_are_not_scored(finished_run, others, tmp_path):
    data = shutil.copytree(others, tmp_path / "others")
    (data / "red" / "broken.png").write_bytes(b"no picture")
    assert evaluate(finished_run, data).num_examples == 11


def test_every_row_of_a_table_is_scored_whatever_its_part(finished_run, others, write_table, tmp_path):
    data = shutil.copytree(others, tmp_path / "others")
    shutil.copy(data / "red" / "0.png", data / "red" / "copy.png")
    paths = sorted(path.relative_to(data).as_posix() for path in data.rglob("*.png"))
    parts = {"red/0.png": "train", "red/copy.png": "test"}  # training would leave the first of these copies out
    rows = [{"path": path, "label": path.partition("/")[0], "split": parts.get(path, "train")} for path in paths]
    assert evaluate(finished_run, write_table(data / "labels.csv", rows)).num_examples == 12


def test_a_table_is_read_in_the_columns_of_the_runs_own(striped_run, striped):
    report = evaluate(striped_run, striped)  # the run learned from all rows but those of its test part
    assert report.kind == "multi-label"
    assert report.num_examples == len(striped_run.dataset.part("test"))
    assert report.to_json() == striped_run.report.to_json()


def test_several_labels_are_scored_by_label(striped_run, striped):
    part = striped_run.dataset.part("test")
    report = striped_run.report
    assert report.kind == "multi-label"
    assert report.main_metric == report.metrics["subset_accuracy"]
    assert report.main_metric.value == share_right(striped_run, part.paths(), part.frame["target"])


def test_changed_pictures_of_the_test_part_are_named(own_run, own_photos):
    changed = own_run.dataset.part("test").frame["path"][1]
    Image.new("RGB", (40, 40)).save(own_photos / changed)
    with pytest.raises(RunDamagedError, match="1 of 3 images") as caught:
        evaluate(own_run)
    assert changed in caught.value.received


def test_changed_pictures_of_other_parts_do_not_matter(own_run, own_photos):
    Image.new("RGB", (40, 40)).save(own_photos / own_run.dataset.part("train").frame["path"][0])
    assert evaluate(own_run).to_json() == own_run.report.to_json()


def test_data_that_does_not_exist_is_told(finished_run, tmp_path):
    with pytest.raises(DataNotFoundError):
        evaluate(finished_run, tmp_path / "nowhere")


def test_a_run_without_a_model_says_how_to_go_on(own_run, others):
    own_run.model_path.unlink()
    own_run.update_state("interrupted")
    for data in (None, others):
        with pytest.raises(RunIncompleteError, match=r"no model\.keras") as caught:
            evaluate(own_run, data)
        assert "headstart resume" in caught.value.hint
