"""A run leaves everything behind, depends on its seed alone, and touches nothing that is not its own."""

import csv
import errno
import hashlib
import json
import os
import subprocess
import sys
import tomllib
import warnings
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

import headstart
import headstart.backbones
from headstart.backbones import find_backbone
from headstart.data import ImageSource
from headstart.errors import (
    DataNotFoundError,
    RecipeError,
    RunExistsError,
    StorageFullError,
    UnknownBackboneError,
    UnknownStageError,
    UnreadableImageError,
)
from headstart.progress import SilentProgress
from headstart.recipe import HeadSection
from headstart.run import Run, resume, train
from headstart.training import CheckpointDir

LIMIT = {"bank_limit": 0}
FILES = {
    "audit.json",
    "calibration.npz",
    "checkpoints",
    "dataset.csv",
    "dataset.json",
    "environment.json",
    "history.csv",
    "model.keras",
    "predictions.csv",
    "probe.json",
    "recipe.toml",
    "report.html",
    "report.json",
    "run.json",
    "run.log",
    "task.json",
}


def listing(folder):
    return {
        path.relative_to(folder): (path.stat().st_mtime_ns, path.is_file() and path.read_bytes())
        for path in [folder, *folder.rglob("*")]
    }


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_run_leaves_everything_behind_and_nothing_half_written(finished_run):
    assert {path.name for path in finished_run.path.iterdir()} == FILES
    assert not list(finished_run.path.rglob("partial-*"))
    assert list(finished_run.checkpoints.path.glob("*.weights.npy"))


def test_the_recipe_holds_what_was_asked_for_and_what_was_decided(finished_run, photos):
    recipe = tomllib.loads(finished_run.recipe_path.read_text())
    assert recipe["data"]["path"] == str(photos)
    assert recipe["backbone"] == {"name": "vgg19_mini", "weights": "none", "image_size": [32, 32]}
    assert recipe["fine_tuning_phase"]["unfreeze_from"] == "block5"
    assert recipe["frozen_phase"]["learning_rate"] == 1.0
    assert recipe["bank"]["num_views"] == 8
    assert recipe["deep_phase"]["epochs"] == 0


def test_the_environment_names_versions_and_machine(finished_run):
    environment = json.loads(finished_run.environment_path.read_text())
    assert environment["packages"]["headstart"] == headstart.__version__
    assert {"tensorflow", "keras", "numpy"} <= set(environment["packages"])
    assert {"python", "platform", "num_cpus", "gpus"} <= set(environment)


def test_the_table_holds_every_picture_with_its_part_and_hash(finished_run, photos):
    rows = rows_of(finished_run.dataset_path)
    assert {row["path"] for row in rows} == {path.relative_to(photos).as_posix() for path in photos.rglob("*.png")}
    assert {row["split"] for row in rows} == {"train", "validation", "test"}
    for row in rows:
        assert row["sha256"] == hashlib.sha256((photos / row["path"]).read_bytes()).hexdigest()
        assert row["target"] == row["path"].partition("/")[0]


def test_the_history_has_a_row_for_the_probe_and_for_every_epoch(finished_run):
    frame = finished_run.history.frame
    assert list(zip(frame["phase"], frame["epoch"], strict=True)) == [
        ("linear probe", 1),
        ("frozen", 1),
        ("frozen", 2),
        ("fine-tuning", 1),
        ("fine-tuning", 2),
    ]
    assert np.isfinite(frame.select_dtypes("number").to_numpy()).all()


def test_the_state_tells_what_each_phase_trained(finished_run):
    state = finished_run.state
    assert state["state"] == "finished"
    frozen, fine_tuning, deep = state["phases"]
    assert frozen["num_trainable"] == 128 * 3 + 3
    assert frozen["num_trainable"] + frozen["num_frozen"] == finished_run.task.model.count_params()
    assert fine_tuning["num_trainable"] > frozen["num_trainable"]
    assert fine_tuning["unfreeze_from"] == "block5"
    assert (deep["unfreeze_from"], deep["epochs"]) == ("block1", 0)
    assert set(state["seconds"]) == {
        "audit",
        "feature bank",
        "linear probe",
        "frozen phase",
        "fine-tuning phase",
        "deep fine-tuning phase",
        "calibration",
        "evaluation",
        "report",
    }


def test_the_state_tells_what_was_planned_and_what_was_computed_once(finished_run, bank_dir):
    state = finished_run.state
    assert state["plan"]["num_training"] == 17  # 0.7 of 24; the split gives every class 6
    assert set(state["plan"]["expected_seconds"]) >= {"audit", "feature bank", "fine-tuning phase"}
    assert state["bank_place"] == {"path": str(bank_dir), "limit_gigabytes": None}
    assert state["bank"]["num_views"] == 8
    assert set(state["bank"]["stages"]) == {"block4_pool"}
    assert (bank_dir / state["bank"]["name"] / "bank.json").is_file()


def test_the_probe_tells_every_strength_that_was_tried_and_the_one_with_the_lowest_loss(finished_run):
    probe = json.loads(finished_run.probe_path.read_text())
    best = min(probe["path"], key=lambda point: point["validation_loss"])
    assert best["strength"] == probe["strength"]
    assert best["validation_accuracy"] == finished_run.history.frame["val_accuracy"][0]


def test_a_phase_that_gets_no_better_leaves_the_weights_of_the_one_before(finished_run):
    losses = finished_run.history.frame.groupby("phase")["val_loss"].min()
    assert losses["linear probe"] < losses["frozen"]  # a rate of 1 for a head that a probe has solved
    task, part = finished_run.task, finished_run.dataset.part("validation")
    logits = task.model.predict(ImageSource(part.paths(), image_size=task.image_size).load_all(), verbose=0)
    loss = float(task.loss(finished_run.recipe.head.label_smoothing)(task.encode(part), logits))
    assert loss == pytest.approx(losses.min(), rel=1e-2)


def test_the_log_tells_what_happened_in_order(finished_run):
    log = finished_run.log_path.read_text()
    texts = ("audit", "feature bank", "linear probe", "frozen phase", "fine-tuning phase", "evaluation")
    places = [log.index(text) for text in (*(f"{text} starts" for text in texts), "finished")]
    assert places == sorted(places)


def test_predictions_are_those_of_the_test_part(finished_run):
    rows = rows_of(finished_run.predictions_path)
    assert [row["path"] for row in rows] == finished_run.dataset.part("test").frame["path"].tolist()
    for row in rows:
        probabilities = {name: float(row[f"p({name})"]) for name in ("blue", "green", "red")}
        assert sum(probabilities.values()) == pytest.approx(1)
        assert row["prediction"] == max(probabilities, key=probabilities.get)


@pytest.mark.parametrize("is_computed_again", [False, True])
def test_a_recipe_gives_the_same_numbers_again(finished_run, tmp_path, assert_same_result, is_computed_again):
    own_bank = {"bank_dir": tmp_path / "banks"} if is_computed_again else {}
    again = train(recipe=finished_run.recipe_path, out=tmp_path / "again", **own_bank)
    assert again.state["bank"]["num_computed"] == (18 * 8 + 3 if is_computed_again else 0)
    assert_same_result(again, finished_run)
    assert again.recipe == finished_run.recipe
    assert again.predictions_path.read_text() == finished_run.predictions_path.read_text()
    assert json.loads(again.report_path.read_text()) == json.loads(finished_run.report_path.read_text())


@pytest.mark.slow
def test_another_process_gives_the_same_numbers(finished_run, tmp_path, assert_same_result):
    code = "import sys, headstart; headstart.train(recipe=sys.argv[1], out=sys.argv[2])"
    command = [sys.executable, "-c", code, str(finished_run.recipe_path), str(tmp_path / "again")]
    env = {**os.environ, "PYTHONHASHSEED": "7"}  # another order of sets
    result = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert_same_result(Run.load(tmp_path / "again"), finished_run)


def test_another_seed_gives_other_parts_and_other_weights(finished_run, tmp_path, weights_equal):
    other = train(recipe=finished_run.recipe, seed=1, out=tmp_path / "other")
    assert other.recipe.seed == 1
    assert not weights_equal(other, finished_run)
    assert not other.dataset.frame["split"].equals(finished_run.dataset.frame["split"])
    assert not other.history.frame["loss"].equals(finished_run.history.frame["loss"])


def test_the_test_part_decides_nothing_but_the_evaluation(
    finished_run, own_photos, train_quick, write_table, tmp_path, assert_same_result
):
    rows = [{"path": row["path"], "label": row["target"], "split": row["split"]} for row in rows_of_run(finished_run)]
    table = write_table(own_photos / "labels.csv", rows)
    before = train_quick(table, tmp_path / "before")
    noise = np.random.default_rng(9)
    for row in rows:
        if row["split"] == "test":
            Image.fromarray(noise.integers(0, 256, (50, 60, 3), "uint8")).save(own_photos / row["path"])
    after = train_quick(table, tmp_path / "after")
    assert_same_result(before, after)
    assert before.predictions_path.read_text() != after.predictions_path.read_text()
    given = {row["path"]: row["split"] for row in rows}
    assert dict(zip(after.dataset.frame["path"], after.dataset.frame["split"], strict=True)) == given


def rows_of_run(run):
    return run.dataset.frame.to_dict("records")


def test_the_data_folder_is_never_written_to(own_photos, train_quick, tmp_path):
    before = listing(own_photos)
    run = train_quick(own_photos, tmp_path / "run", frozen_epochs=1, epochs=0)
    headstart.evaluate(run)
    headstart.evaluate(run, own_photos)
    headstart.predict(run, [own_photos])
    assert listing(own_photos) == before


def test_bad_files_are_left_out_by_name(own_photos, train_quick, tmp_path):
    (own_photos / "red" / "broken.png").write_bytes(b"no picture at all")
    (own_photos / "blue" / "empty.jpg").touch()
    run = train_quick(own_photos, tmp_path / "run", frozen_epochs=1, epochs=0)
    left_out = {entry["path"]: entry["reason"] for entry in json.loads(run.audit_path.read_text())["left_out"]}
    assert set(left_out) == {"red/broken.png", "blue/empty.jpg"}
    assert "empty" in left_out["blue/empty.jpg"]
    log = run.log_path.read_text()
    assert "left out: red/broken.png" in log
    assert "left out: blue/empty.jpg" in log
    assert len(run.dataset) == 24
    assert not {"red/broken.png", "blue/empty.jpg"} & set(run.dataset.frame["path"])


@pytest.mark.parametrize(("start", "phases"), [("probe", ["linear probe"]), ("random", [])])
def test_phases_of_no_epochs_leave_a_whole_run(finished_run, tmp_path, start, phases):
    recipe = finished_run.recipe.model_copy(update={"head": HeadSection(start=start)})
    run = train(recipe=recipe, out=tmp_path / "run", frozen_epochs=0, epochs=0)
    assert run.state["state"] == "finished"
    assert [row["phase"] for row in run.history.rows] == phases
    assert run.probe_path.exists() == (start == "probe")
    assert run.html_path.is_file()


def test_a_deep_phase_goes_on_from_the_pixels(photos, train_quick, tmp_path):
    run = train_quick(photos, tmp_path / "run", frozen_epochs=0, epochs=1, deep_epochs=1)
    assert run.history.frame["phase"].tolist() == ["linear probe", "fine-tuning", "deep fine-tuning"]
    assert run.state["phases"][2]["num_trainable"] > run.state["phases"][1]["num_trainable"]
    assert "from block1 upwards" in run.html_path.read_text(encoding="utf-8")


def test_without_a_bank_the_same_is_learned_from_the_pixels(photos, train_quick, tmp_path, bank_dir):
    before = listing(bank_dir)
    runs = [train_quick(photos, tmp_path / name, **more) for name, more in {"a": {"views": 0}, "b": LIMIT}.items()]
    assert listing(bank_dir) == before
    for run in runs:
        assert run.state["bank"] == {}
        assert run.history.frame["phase"].tolist() == ["linear probe", "frozen", "frozen", "fine-tuning", "fine-tuning"]
    assert "no bank" in runs[1].state["plan"]["notes"][0]


def test_class_names_and_file_names_of_every_kind_survive_a_run(make_photos, train_quick, tmp_path):
    names = ["001", "1", "a;b", "NA", "<b>x", "Ä, ö 'q' \"花\"", "path", "p(path)", "target"]
    data = make_photos(tmp_path / "pho tos [1]", dict.fromkeys(names, 3))
    for name in names:
        (data / name / "0.png").rename(data / name / "ü, '0'.png")
    run = train_quick(data, tmp_path / "a run", frozen_epochs=0, epochs=0)
    assert set(run.task.class_names) == set(names)
    assert headstart.evaluate(run).num_examples == len(run.dataset.part("test"))
    assert headstart.evaluate(run, data).to_json() == run.report.to_json()
    table = headstart.predict(run, data)
    assert set(table["prediction"]) <= set(names)
    assert list(table.columns)[-len(names) :] == [f"p({name})" for name in run.task.class_names]
    assert "<b>x" not in run.html_path.read_text(encoding="utf-8")


@pytest.mark.parametrize("out", ["runs/first", "red", "."])
def test_a_run_inside_the_data_folder_is_refused(own_photos, train_quick, out):
    before = listing(own_photos)
    with pytest.raises(RunExistsError, match="inside the data folder"):
        train_quick(own_photos, own_photos / out)
    assert listing(own_photos) == before


def test_a_link_into_the_data_folder_is_no_way_around(own_photos, train_quick, tmp_path):
    (tmp_path / "link").symlink_to(own_photos, target_is_directory=True)
    with pytest.raises(RunExistsError, match="inside the data folder"):
        train_quick(own_photos, tmp_path / "link" / "run")
    assert not (own_photos / "run").exists()


def test_an_occupied_folder_is_refused_and_left_as_it_is(photos, train_quick, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    for out in (tmp_path, tmp_path / "notes.txt"):
        with pytest.raises(RunExistsError, match="already exists and is not empty"):
            train_quick(photos, out)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"backbone": "vgg20"}, UnknownBackboneError),
        ({"unfreeze_from": "block9"}, UnknownStageError),
        ({"batch_size": 0}, RecipeError),
        ({"epoch": 3}, RecipeError),
        ({"data": "no-such-folder"}, DataNotFoundError),
    ],
)
def test_mistakes_are_told_before_anything_is_written(finished_run, tmp_path, options, error):
    with pytest.raises(error):
        train(recipe=finished_run.recipe, out=tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()


def test_a_relative_path_in_a_recipe_is_kept_absolute(own_photos, finished_run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recipe = finished_run.recipe.model_copy(
        update={"data": finished_run.recipe.data.model_copy(update={"path": "photos"})}
    )
    run = train(recipe=recipe, out="run", frozen_epochs=0, epochs=0)
    assert run.recipe.data.path == str(own_photos)
    assert run.path == tmp_path / "run"


def test_the_use_shown_in_the_package_works(own_photos, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (50, 40), (200, 40, 40)).save("new.jpg")
    (tmp_path / "runs" / "photos-vgg19_mini-1").mkdir(parents=True)  # taken, so the next number follows
    shown = [line.strip() for line in headstart.__doc__.splitlines() if line.startswith("    ")]
    assert len(shown) == 3
    quick = 'backbone="vgg19_mini", image_size=32, frozen_epochs=1, epochs=0'
    code = "\n".join(shown).replace('backbone="mobilenetv2"', quick)
    assert quick in code
    names = {"headstart": headstart}
    exec(code, names)
    printed = capsys.readouterr().out
    assert "accuracy" in printed
    assert "new.jpg" in printed
    assert names["run"].path == tmp_path / "runs" / "photos-vgg19_mini-2"
    assert headstart.load("runs/photos-vgg19_mini-2") == names["run"]


def test_a_full_disk_is_told_and_the_run_goes_on_later(
    finished_run, photos, train_quick, tmp_path, monkeypatch, assert_same_result
):
    write_weights = CheckpointDir.write_weights

    def refuse(self, model, name):
        if name.startswith("2-"):  # fine-tuning, after the probe and the frozen phase
            raise OSError(errno.ENOSPC, "No space left on device", str(self.path))
        return write_weights(self, model, name)

    monkeypatch.setattr(CheckpointDir, "write_weights", refuse)
    with pytest.raises(StorageFullError) as caught:
        train_quick(photos, tmp_path / "run")
    monkeypatch.undo()
    assert str(tmp_path / "run") in caught.value.hint
    run = Run.load(tmp_path / "run")
    assert run.state["state"] == "failed"
    assert "No space left" in run.state["error"]
    resumed = resume(tmp_path / "run")
    assert_same_result(resumed, finished_run)
    assert "error" not in resumed.state


class Thief(SilentProgress):
    """Takes a picture away when a step begins."""

    def __init__(self, path, step):
        self.path = path
        self.step = step

    def start(self, step, total):
        if step == self.step:
            self.path.unlink()


@pytest.mark.parametrize(
    ("step", "views", "start"),
    [("computing the feature bank", 2, "probe"), ("linear probe", 0, "probe"), ("frozen phase", 0, "random")],
)
def test_a_picture_that_vanishes_while_training_is_named_and_kept_in_the_record(
    finished_run, own_photos, tmp_path, step, views, start
):
    stolen = own_photos / finished_run.dataset.part("train").frame["path"][0]
    recipe = finished_run.recipe.model_copy(update={"head": HeadSection(start=start)})
    options = {"data": own_photos, "views": views, "frozen_epochs": 1, "epochs": 0, "bank_dir": tmp_path / "banks"}
    with pytest.raises(UnreadableImageError, match=stolen.name):
        train(recipe=recipe, out=tmp_path / "run", progress=Thief(stolen, step), **options)
    state = Run.load(tmp_path / "run").state
    assert state["state"] == "failed"
    assert str(stolen) in state["error"]
    assert "failed" in (tmp_path / "run" / "run.log").read_text()


def test_the_model_of_a_run_loads_with_plain_keras_without_a_warning(finished_run):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = keras.saving.load_model(finished_run.model_path)
    assert not model.compiled


def test_the_run_records_which_weights_it_started_from(train_quick, photos, tmp_path):
    run = train_quick(photos, tmp_path / "run", weights="builtin", frozen_epochs=0, epochs=0)
    path = find_backbone("vgg19_mini").weights.file_name
    shipped = Path(headstart.backbones.__file__).parent / "weights" / path
    assert run.state["weights"] == {"source": "builtin", "sha256": hashlib.sha256(shipped.read_bytes()).hexdigest()}
    assert run.state["weights"]["sha256"] in run.html_path.read_text(encoding="utf-8")


def test_every_file_of_a_run_in_json_and_toml_names_its_version(finished_run):
    texts = [path for path in finished_run.path.iterdir() if path.suffix == ".json"]
    assert {path.name for path in texts} >= {"task.json", "environment.json", "run.json", "audit.json", "report.json"}
    assert [path.name for path in texts if json.loads(path.read_text())["format_version"] != 1] == []
    assert tomllib.loads(finished_run.recipe_path.read_text())["format_version"] == 1
