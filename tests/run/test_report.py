"""What a report shows comes from the run's own files."""

import re
import shutil
import tomllib

import numpy as np
import pytest
from PIL import Image

from headstart.errors import RunDamagedError
from headstart.report.content import PROBE
from headstart.run import write_report
from headstart.run.report import build_content, data_hash


@pytest.fixture(scope="module")
def content(finished_run):
    return build_content(finished_run)


def test_the_content_is_that_of_the_run(content, finished_run, photos):
    assert content.title == "photos"
    assert content.report.to_json() == finished_run.report.to_json()
    assert content.history.equals(finished_run.history.frame)
    recipe = tomllib.loads(content.recipe_text)
    assert recipe["data"]["path"] == "photos"
    recipe["data"]["path"] = str(photos)
    assert recipe == tomllib.loads(finished_run.recipe_path.read_text())
    assert content.commands == ["headstart train --recipe recipe.toml"]
    assert content.class_counts.loc[["blue", "green", "red"]].to_numpy().tolist() == [[6, 1, 1]] * 3
    assert content.facts["backbone"]["network"] == "VGG19Mini"
    assert content.facts["backbone"]["input size"] == "32 x 32 pixels, stretch"
    assert content.facts["head"]["parameters"] == "387"
    assert content.facts["head"]["first weights"] == "a linear probe"
    assert content.facts["head"]["classes"] == 3
    assert content.facts["head"]["reads"] == "block5 (128 channels)"


def test_the_page_holds_no_place_of_the_machine(finished_run, photos, tmp_path_factory):
    page = finished_run.html_path.read_text(encoding="utf-8")
    assert str(photos) not in page
    assert str(tmp_path_factory.getbasetemp()) not in page
    assert str(photos) in finished_run.recipe_path.read_text()  # from which the run is resumed


def test_the_content_tells_what_each_phase_did(content, finished_run):
    assert [phase["name"] for phase in content.phases] == ["frozen", "fine-tuning", "deep fine-tuning"]
    for phase in content.phases:
        assert phase["seconds"] == pytest.approx(finished_run.history.seconds_of(phase["name"]))
        assert phase["num_trainable"] > 0
    assert [phase["unfreeze_from"] for phase in content.phases] == [None, "block5", "block1"]


def test_the_content_tells_what_was_computed_once(content, finished_run):
    num_there = 18 * 8 + 3 - finished_run.state["bank"]["num_computed"]
    assert content.facts["bank"]["stored"] == "147 rows of block4_pool"
    assert content.facts["bank"]["reused from earlier runs"] == f"{num_there} rows"
    assert content.facts["bank"]["computed by"] == finished_run.state["bank"]["engine"]["engine"]


def test_the_page_tells_how_well_the_probe_did_that_the_head_starts_from(content, finished_run):
    accuracy = 100 * content.history["val_accuracy"][0]
    assert content.history["phase"][0] == PROBE
    page = finished_run.html_path.read_text(encoding="utf-8")
    assert f"linear probe, whose accuracy on the validation part is {accuracy:.1f} %" in page
    assert "Epoch 0 is the linear probe" in page


def test_the_content_shows_a_training_picture_of_every_class(content, finished_run):
    training = finished_run.dataset.part("train")
    assert set(content.samples) == {"blue", "green", "red"}
    for name, shown in content.samples.items():
        paths = [path for path in training.paths() if path.parent.name == name]
        assert any(np.array_equal(shown, np.asarray(Image.open(path))) for path in paths)


def test_the_content_tells_what_is_needed_to_get_the_numbers_again(content, finished_run):
    assert content.environment["seed"] == 0
    assert content.environment["data hash"] == data_hash(finished_run.dataset)
    assert {"python", "tensorflow", "keras", "headstart"} <= set(content.environment)


def test_the_hash_of_the_data_changes_with_pictures_targets_and_parts(finished_run):
    frame = finished_run.dataset.frame
    for column in ("path", "target", "split", "sha256"):
        changed = frame.copy()
        changed.loc[0, column] = "x"
        dataset = type(finished_run.dataset)(changed, finished_run.dataset.class_names, finished_run.dataset.root)
        assert data_hash(dataset) != data_hash(finished_run.dataset)


def test_mistakes_are_the_wrong_answers_the_most_confident_first(own_run):
    """Swapped probabilities turn every answer into a mistake, however good the model is."""
    header, *lines = own_run.predictions_path.read_text().splitlines()
    names = [column[2:-1] for column in header.split(",")[4:]]
    answers = [line.split(",") for line in lines]
    wrong = {"blue": "red", "red": "green", "green": "blue"}
    for row in answers:
        surest, place = 4 + np.argmax(np.array(row[4:], float)), 4 + names.index(wrong[row[1]])
        row[surest], row[place] = row[place], row[surest]
    own_run.predictions_path.write_text("\n".join([header, *map(",".join, answers)]) + "\n")
    mistakes = build_content(own_run).mistakes
    assert {mistake.name for mistake in mistakes} == {row[0].rpartition("/")[2] for row in answers}
    assert sorted((mistake.predicted, mistake.true) for mistake in mistakes) == sorted(
        (wrong[row[1]], row[1]) for row in answers
    )
    probabilities = [mistake.probability for mistake in mistakes]
    assert probabilities == sorted(probabilities, reverse=True)
    for mistake in mistakes:
        assert mistake.picture.shape == mistake.overlay.shape == (32, 32, 3)


def test_the_page_stands_alone(finished_run):
    page = finished_run.html_path.read_text(encoding="utf-8")
    for text in ("photos", "VGG19Mini", "accuracy", "block5", "headstart train --recipe recipe.toml", "confusion"):
        assert text in page
    for name in ("blue", "green", "red"):
        assert name in page
    assert 'src="http' not in page
    assert "<link" not in page


def test_the_report_can_be_written_again(own_run):
    page = own_run.html_path.read_bytes()
    own_run.html_path.unlink()
    assert write_report(own_run) == own_run.html_path
    assert own_run.html_path.read_bytes() == page


def test_the_audit_stands_in_the_report(own_photos, train_quick, tmp_path):
    shutil.copy(own_photos / "red" / "0.png", own_photos / "red" / "copy.png")
    (own_photos / "red" / "broken.png").write_bytes(b"no picture")
    content = build_content(train_quick(own_photos, tmp_path / "run2", frozen_epochs=0, epochs=0))
    summary = content.audit_summary.set_index("kind")
    assert summary.loc["exact_duplicate", "count"] == 1
    assert summary["severity"].tolist()[0] == "error"


def test_several_labels_have_a_report_of_their_own(striped_run):
    content = build_content(striped_run)
    assert content.title == "labels"
    assert content.report.kind == "multi-label"
    assert content.report.confusion.shape == (2, 2, 2)
    assert set(content.samples) == {"green", "red", "green;red"}
    for mistake in content.mistakes:
        name = mistake.true.removeprefix("not ")
        assert name in ("green", "red")
        assert {mistake.true, mistake.predicted} == {name, f"not {name}"}
    page = striped_run.html_path.read_text(encoding="utf-8")
    assert "Subset accuracy" in page


def test_mistakes_in_several_labels_tell_the_label(striped_run, tmp_path):
    run = type(striped_run)(shutil.copytree(striped_run.path, tmp_path / "run"))
    test = run.dataset.part("test").frame
    rows = [
        (path, target, "", 0.5, *(("green" in target), ("red" in target)))
        for path, target in test[["path", "target"]].values
    ]
    wrong = next(number for number, row in enumerate(rows) if row[1] == "green")
    rows[wrong] = (*rows[wrong][:2], "red", 0.8, 0.1, 0.8)
    header = run.predictions_path.read_text().splitlines()[0]
    assert header == "path,target,prediction,probability,p(green),p(red)"
    text = [",".join([*map(str, row[:4]), *(str(float(p)) for p in row[4:])]) for row in rows]
    run.predictions_path.write_text("\n".join([header, *text, ""]))
    mistakes = build_content(run).mistakes
    assert [(mistake.true, mistake.predicted) for mistake in mistakes] == [("green", "not green"), ("not red", "red")]
    assert [mistake.probability for mistake in mistakes] == pytest.approx([0.9, 0.8])


def with_last_cells(text: str, cell: str) -> str:
    """The table with another last cell in every row but the header."""
    header, rows = text.split("\n", 1)
    return header + "\n" + re.sub(r"[^,\n]+$", cell, rows, flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: "", "header"),
        (lambda text: text.replace("p(red)", "p(rot)"), "p\\(red\\)"),
        (lambda text: text.replace("red/", "../red/"), "path of each"),
        (lambda text: text.rpartition("\n")[0].rpartition("\n")[0], "path of each"),
        (lambda text: text + text.partition("\n")[2], "path of each"),
        (lambda text: text.replace(",red,red,", ",blue,red,"), "target of each"),
        (lambda text: with_last_cells(text, "nan"), "finite"),
        (lambda text: with_last_cells(text, "surely"), "numbers"),
        (lambda text: with_last_cells(text, "-0.5"), "0 to 1"),
        (lambda text: with_last_cells(text, "0.123"), "sum 1"),
    ],
)
def test_predictions_that_are_not_those_of_the_test_part_are_refused(own_run, change, told):
    own_run.predictions_path.write_text(change(own_run.predictions_path.read_text()))
    with pytest.raises(RunDamagedError, match=told) as caught:
        write_report(own_run)
    assert caught.value.hint == f"Write it again with `headstart evaluate {own_run.path}`."
